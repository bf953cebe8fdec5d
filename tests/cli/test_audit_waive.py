"""``supops audit waive`` as people run it."""

import csv
import json
import os
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Ran, Run

WAIVE = ("audit", "waive", "light-agent", "jo@example.com", "--reason", "is trained: soon", "--owner", "Sam")
UNTIL = ("--expires", "2099-12-31")
ENTRY = """\
- check: light-agent
  subject: jo@example.com
  reason: "is trained: soon"
  owner: Sam
  expires: 2099-12-31
"""
COMMENT = "# Ours.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of waivers that the settings name, without any."""
    (tmp_path / "supops.yaml").write_text("waivers: ./waivers.yaml\n")
    path = tmp_path / "waivers.yaml"
    path.write_text(COMMENT)
    return path


def test_the_entry_is_added_and_shown(run: Run, file: Path) -> None:
    ran = run(*WAIVE, *UNTIL)

    assert ran.status == 0
    assert ran.out == f"added: waivers.yaml:2\n{ENTRY}"
    assert ran.err == "warning: the waiver runs until 2099-12-31, which is more than a year ahead\n"
    assert file.read_text() == COMMENT + ENTRY


def test_a_dry_run_shows_it_and_writes_nothing(run: Run, file: Path) -> None:
    ran = run(*WAIVE, *UNTIL, "--dry-run")

    assert (ran.status, ran.out) == (0, f"would be added: waivers.yaml:2\n{ENTRY}")
    assert file.read_text() == COMMENT


def test_one_that_is_there_is_replaced_when_asked_to(run: Run, file: Path) -> None:
    run(*WAIVE, *UNTIL)
    other = (*WAIVE[:-1], "Lee", *UNTIL)

    refused = run(*other)
    assert refused.status == 2
    assert f"{file.name}:2 waives light-agent for jo@example.com already" in refused.err
    assert "--replace" in refused.err

    planned = run(*other, "--replace", "--dry-run")
    assert planned.out.startswith("would be replaced: waivers.yaml:2\n")
    assert "owner  Sam     Lee" in planned.out
    assert file.read_text() == COMMENT + ENTRY

    assert run(*other, "--replace").out.startswith("replaced: waivers.yaml:2\n")
    assert file.read_text() == COMMENT + ENTRY.replace("Sam", "Lee")


def test_json(run: Run, file: Path) -> None:
    words = (*WAIVE, *UNTIL, "-o", "json")
    planned, added = json.loads(run(*words, "--dry-run").out), json.loads(run(*words).out)
    replaced = json.loads(run(*words, "--replace").out)

    for document in (planned, added, replaced):
        validate(document, "supops.waiver-1.json")
    assert [one["action"] for one in (planned, added, replaced)] == ["planned", "added", "replaced"]
    assert added["waiver"] == {
        "check": "light-agent",
        "subject": "jo@example.com",
        "reason": "is trained: soon",
        "owner": "Sam",
        "expires": "2099-12-31",
        "source": {"file": "waivers.yaml", "line": 2},
    }
    assert (added["before"], replaced["before"]) == (None, added["waiver"])


def test_csv_and_markdown(run: Run, file: Path) -> None:
    (row,) = csv.DictReader(StringIO(run(*WAIVE, *UNTIL, "--dry-run", "-o", "csv").out))
    assert (row["action"], row["subject"], row["line"]) == ("planned", "jo@example.com", "2")

    assert "`jo@example.com`" in run(*WAIVE, *UNTIL, "--dry-run", "-o", "markdown").out


def test_the_file_is_made_where_there_is_none(run: Run, file: Path) -> None:
    file.unlink()

    assert run(*WAIVE, *UNTIL).status == 0

    comment, entry = file.read_text().split("\n", 1)
    assert comment.startswith("# ")
    assert entry == ENTRY


def test_where_the_setting_is_missing_that_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "supops.yaml").write_text("roster: {path: ./team}\n")

    ran = run(*WAIVE, *UNTIL)

    assert ran.status == 2
    assert "has no waivers, which this command needs" in ran.err
    assert "Add waivers" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*WAIVE, "--expires", "2020-01-01"), "is in the past"),
        ((*WAIVE, "--expires", "soon"), "should be a date"),
        (WAIVE, "--expires"),
        ((*WAIVE, *UNTIL, "--owner", " "), "--owner is empty"),
        (("audit", "waive", "light-agnt", *WAIVE[3:], *UNTIL), "Did you mean light-agent?"),
        (("audit", "waive", "unused-waiver", *WAIVE[3:], *UNTIL), "can't be waived"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, file: Path, words: tuple[str, ...], said: str) -> None:
    ran = run(*words)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert file.read_text() == COMMENT


def test_a_file_with_mistakes_is_not_edited(run: Run, file: Path) -> None:
    file.write_text("- check: light-agnt\n  subject: x\n")

    ran = run(*WAIVE, *UNTIL)

    assert ran.status == 2
    assert "waivers.yaml:1: reason is missing" in ran.err
    assert "waivers.yaml:1: check: there is none named 'light-agnt'" in ran.err
    assert file.read_text() == "- check: light-agnt\n  subject: x\n"


def test_hostile_texts_are_shown_harmlessly_and_survive(run: Run, file: Path) -> None:
    reason = "=1+1 <b>\x1b[31m\n- check: x\u202e"

    ran = run(*WAIVE[:5], reason, "--owner", "yes", *UNTIL)
    again = json.loads(run(*WAIVE, *UNTIL, "--replace", "--dry-run", "-o", "json").out)

    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    assert (again["before"]["reason"], again["before"]["owner"]) == (reason, "yes")


def test_in_the_embedded_world(home: dict[str, str], run: Run, tmp_path: Path) -> None:
    added = run("--demo", *WAIVE, *UNTIL)
    status, screen = run_in_terminal(
        ("--no-color", "--demo", *WAIVE, *UNTIL, "--replace", "--dry-run"), env=home, cwd=tmp_path
    )

    assert added.out.startswith("added: waivers.yaml:21\n")
    assert (status, "would be replaced: waivers.yaml:21\n" in screen) == (0, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(run: Run, file: Path) -> None:
    file.parent.chmod(0o500)
    try:
        ran: Ran = run(*WAIVE, *UNTIL)
    finally:
        file.parent.chmod(0o700)

    assert ran.status == 1
    assert "can't be written" in ran.err
    assert file.read_text() == COMMENT
