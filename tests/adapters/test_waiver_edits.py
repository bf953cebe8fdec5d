"""What an entry that is added to the file of waivers, or changed there, leaves as it is: all else, to the last byte."""

import json
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.waiver_files import WaiverFile
from supops.errors import ConfigError, SupopsError, UsageError
from supops.models.waivers import Waiver
from tests.waivers import ADDED, CHECKS, JO, NEW, ONE

FLOW_ADDED = (
    '{"check": "suspended-agent", "subject": "lee@example.com", "reason": "on leave", "owner": "Sam", '
    '"expires": "2027-06-30"}'
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "waivers.yaml"


def add(path: Path, waiver: Waiver = NEW, *, overwrite: bool = False, dry_run: bool = False) -> str:
    WaiverFile(path).add(waiver, checks=CHECKS, replace=overwrite, dry_run=dry_run)
    return path.read_bytes().decode()


def test_a_new_file_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new" / "waivers.yaml"

    first, rest = add(path).split("\n", 1)

    assert first.startswith("# ")
    assert rest == ADDED


@pytest.mark.parametrize(
    "content",
    [
        ONE,
        f"# Ours.\n{ONE}  # Not before spring.\n# The end.\n",
        f"---\n{ONE}",
        f"\ufeff{ONE}",
        ONE.replace("is trained", '"caf\\u00e9, \\\n    folded"   # why'),
        ONE.replace("is trained", "folded\n      plain text"),
        ONE.replace("is trained", "|\n    of lines\n\n    # and this"),
        ONE.replace("reason", "'reason'")
        .replace("Sam", "&sam Sam")
        .replace("2027-03-31", "!!str 2027-03-31"),
    ],
    ids=range(8),
)
def test_all_that_is_there_stays_to_the_last_byte(path: Path, content: str) -> None:
    path.write_bytes(content.encode())

    assert add(path) == content + ADDED


def test_line_ends_of_windows_and_the_end_of_the_document(path: Path) -> None:
    path.write_bytes(f"{ONE}...\n# bye\n".replace("\n", "\r\n").encode())

    assert add(path) == f"{ONE}{ADDED}...\n# bye\n".replace("\n", "\r\n")


def test_a_last_line_without_an_end(path: Path) -> None:
    path.write_bytes(ONE.rstrip().encode())

    assert add(path) == ONE + ADDED


def test_an_entry_looks_like_its_neighbours(path: Path) -> None:
    indented = (
        "".join(f"    {line}\n" for line in ONE.splitlines())
        .replace("- ", "-   ")
        .replace("      ", "        ")
    )
    path.write_text(indented)
    assert add(path).splitlines()[5:7] == [
        "    -   check: suspended-agent",
        "        subject: lee@example.com",
    ]

    between = f"{ONE}\n# Another.\n{ONE.replace('jo@', 'kim@')}"
    path.write_text(between)
    assert add(path) == f"{between}\n{ADDED}"


@pytest.mark.parametrize(
    ("content", "becomes"),
    [
        ("", ADDED),
        ("# none yet\n", f"# none yet\n{ADDED}"),
        ("[]\n", ADDED),
        ("# none\n[\n] # yet\n", f"# none\n{ADDED} # yet\n"),
        ("---\n~\n...\n", f"---\n{ADDED}...\n"),
        ("---", f"---\n{ADDED}"),
        ("--- []", f"--- \n{ADDED}"),
    ],
)
def test_a_file_without_waivers_becomes_a_list(path: Path, content: str, becomes: str) -> None:
    path.write_text(content)

    assert add(path) == becomes


@pytest.mark.parametrize(
    ("content", "becomes"),
    [
        ("[{%s}]\n", f"[{{%s}}, {FLOW_ADDED}]\n"),
        ("[{%s},]\n", f"[{{%s}}, {FLOW_ADDED},]\n"),
        ("[\n  {%s}  # why\n]\n", f"[\n  {{%s}},\n  {FLOW_ADDED}  # why\n]\n"),
    ],
)
def test_a_list_in_brackets_stays_one(path: Path, content: str, becomes: str) -> None:
    entry = "check: light-agent, subject: b, reason: c, owner: d, expires: 2027-01-01"
    path.write_text(content % entry)

    assert add(path) == becomes % entry


@pytest.mark.parametrize("content", [None, "[]", "[\n]\n"])
def test_json_stays_json(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "waivers.json"
    if content is not None:
        path.write_text(content)

    add(path)
    add(path, replace(NEW, subject="kim@example.com"))
    text = add(path, replace(NEW, reason='"new"', expires=date(2028, 1, 1)), overwrite=True)

    assert [(one["subject"], one["reason"], one["expires"]) for one in json.loads(text)] == [
        ("lee@example.com", '"new"', "2028-01-01"),
        ("kim@example.com", "on leave", "2027-06-30"),
    ]


@pytest.mark.parametrize(
    ("reason", "becomes"),
    [
        ("is trained   # until spring", "still is   # until spring"),
        ("'is trained'", "still is"),
        ('"is trained"', '"still is"'),
        ("|\n    is\n    trained\n\n  # why", "still is\n\n  # why"),
        ("is\n    trained", "still is"),
        ("!!str is trained", "still is"),
    ],
)
def test_only_what_is_different_is_replaced(path: Path, reason: str, becomes: str) -> None:
    other = f"\n# Another.\n{ONE.replace('jo@', 'kim@')}# end\n"
    path.write_text(ONE.replace("is trained", reason) + other)

    text = add(path, replace(JO, reason="still is", subject="JO@example.com"), overwrite=True)

    assert text == ONE.replace("is trained", becomes) + other


def test_in_braces_too(path: Path) -> None:
    path.write_text("- {check: light-agent, subject: b, reason: c, owner: d, expires: 2027-01-01} # x\n")

    text = add(path, replace(JO, subject="B", reason="x, y}", owner="d"), overwrite=True)

    assert text == (
        '- {check: light-agent, subject: b, reason: "x, y}", owner: d, expires: "2027-03-31"} # x\n'
    )


def test_what_others_refer_to_is_not_changed(path: Path) -> None:
    content = ONE.replace("is trained", "&why is trained") + ADDED.replace("on leave", "*why")
    path.write_text(content)

    with pytest.raises(SupopsError, match="without changing more") as raised:
        add(path, replace(JO, reason="new"), overwrite=True)

    assert "  reason: new" in raised.value.hint
    assert path.read_text() == content
    # The other end of it can be.
    assert "reason: new\n" in add(path, replace(NEW, reason="new"), overwrite=True)


def test_an_entry_that_is_there_already_names_its_line(path: Path) -> None:
    path.write_text(f"# Ours.\n{ONE}")

    with pytest.raises(UsageError) as raised:
        add(path, replace(JO, subject="Jo@example.com"))

    assert raised.value.message == (
        f"{path}:2 waives light-agent for jo@example.com already, until 2027-03-31."
    )
    assert "--replace" in raised.value.hint


def test_a_file_with_mistakes_is_not_edited(path: Path) -> None:
    content = ONE.replace("owner: Sam\n", "owner:\n")
    path.write_text(content)

    for dry_run in (True, False):
        with pytest.raises(ConfigError, match=r"waivers.yaml:4: owner is empty"):
            add(path, dry_run=dry_run)
    assert path.read_text() == content


def test_permissions_and_links_stay(tmp_path: Path, path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text(ONE)
    real.chmod(0o640)
    path.symlink_to(real)

    add(path)

    assert path.is_symlink()
    assert real.read_text() == ONE + ADDED
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == [real, path]


def test_a_file_that_would_become_too_large_is_left_alone(path: Path) -> None:
    path.write_text(ONE)

    with pytest.raises(SupopsError):
        add(path, replace(NEW, reason="x" * 300_000))
    assert path.read_text() == ONE


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SupopsError, match="can't be"):
        add(tmp_path / "file" / "waivers.yaml")


# fmt: off
HOSTILE = st.sampled_from([
    "yes", "null", "~", "1e3", "0o17", "2026-01-01", "*a", "&a", "!a", "'", '"', "{a}", "[", "|", ">", "?", "%TAG", "---", "...", "\\",
    "\\n", "@a", "\U0001f600", "\x00", "\x7f\x1b[0m", "a: b", "# x", "x #y", "- a", "a\nb: c\r\n- d", "\x85a\u2028b", "\ufeffa", "a, b}",
])
# fmt: on
TEXTS = (st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | HOSTILE).map(str.strip).filter(bool)
FLOW = f"[{{{', '.join(line.strip('- ') for line in ONE.splitlines())}}}]\n"
FRAMES = ("", ONE, f"{ONE}# end", ONE.replace("\n", "\r\n"), "[]", f"\ufeff{ONE}", FLOW)


@given(
    subject=TEXTS,
    reason=TEXTS,
    owner=TEXTS,
    day=st.dates(),
    frame=st.sampled_from(FRAMES),
    utf16=st.booleans(),
)
def test_whatever_is_written_is_read(
    subject: str, reason: str, owner: str, day: date, frame: str, utf16: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "waivers.yaml"
        path.write_bytes(frame.lstrip("\ufeff").encode("utf-16") if utf16 else frame.encode())
        book = WaiverFile(path)
        before = book.read(CHECKS)
        new = Waiver("suspended-agent", subject, reason, owner, day)

        written = book.add(new, checks=CHECKS, replace=False, dry_run=False)

        assert replace(written.waiver, file="", line=1) == new
        assert book.read(CHECKS) == (*before, written.waiver)

        other = replace(new, reason=owner, owner=reason, expires=date(2027, 1, 1))
        changed = book.add(other, checks=CHECKS, replace=True, dry_run=False)

        assert replace(changed.waiver, file="", line=1) == other
        assert changed.before == written.waiver
        assert book.read(CHECKS) == (*before, changed.waiver)
