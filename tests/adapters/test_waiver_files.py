"""The file of waivers: what is read, and every mistake with its line."""

from datetime import date
from pathlib import Path

import pytest

from supops.adapters.waiver_files import WaiverFile
from supops.errors import ConfigError
from supops.models.waivers import Waiver
from tests.waivers import CHECKS, JO, ONE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "waivers.yaml"


def read(path: Path, content: str | bytes) -> tuple[Waiver, ...]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return WaiverFile(path).read(CHECKS)


def refusal(path: Path, content: str | bytes) -> ConfigError:
    with pytest.raises(ConfigError) as raised:
        read(path, content)
    return raised.value


def mistakes(path: Path, content: str) -> list[str]:
    return [line.strip() for line in refusal(path, content).message.splitlines()[1:]]


def test_entries_have_their_lines(path: Path) -> None:
    second = "# Why.\n- {check: suspended-agent, subject: 390000000021, reason: 'x', owner: y, expires: '2027-01-01'}\n"

    assert read(path, ONE + second) == (
        JO,
        Waiver("suspended-agent", "390000000021", "x", "y", date(2027, 1, 1), "waivers.yaml", 7),
    )


@pytest.mark.parametrize("content", ["", "# none\n", "[]\n", "---\n", "~\n", "null\n"])
def test_an_empty_file_has_no_waivers(path: Path, content: str) -> None:
    assert read(path, content) == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_however_an_editor_saved_it(path: Path, encoding: str) -> None:
    assert read(path, ONE.replace("\n", "\r\n").encode(encoding)) == (JO,)


def test_a_file_that_is_not_there(path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        WaiverFile(path).read(CHECKS)

    assert str(path) in raised.value.message
    assert "the setting `waivers`" in raised.value.message
    assert "Make it" in raised.value.hint
    assert "remove the setting" in raised.value.hint


def test_every_mistake_is_told_with_its_line_all_at_once(path: Path) -> None:
    content = """- check: light-agnt
  subject: [jo@example.com]
  reson: x
  owner: ""
  expires: 31.03.2027
- just text
- check: light-agent
  subject: Jo@Example.com
  reason: x
  owner: y
  owner: z
  expires: 2027-02-30
- check: light-agent
  subject: jo@example.com
  reason: ~
  owner: y
  expires: 2027-01-01
"""
    assert mistakes(path, content) == [
        "waivers.yaml:1: reason is missing",
        "waivers.yaml:1: check: there is none named 'light-agnt' that can be waived; did you mean light-agent?",
        "waivers.yaml:2: subject: expected text, found a list or a mapping",
        "waivers.yaml:3: there is no key 'reson'; did you mean reason?",
        "waivers.yaml:4: owner is empty",
        "waivers.yaml:5: expires: expected a date such as 2027-03-31, found '31.03.2027'",
        "waivers.yaml:6: expected an entry with the keys check, subject, reason, owner, expires",
        "waivers.yaml:11: owner stands in line 10 already",
        "waivers.yaml:12: expires: expected a date such as 2027-03-31, found '2027-02-30'",
        "waivers.yaml:13: light-agent is waived for jo@example.com in line 7 already",
        "waivers.yaml:15: reason is empty",
    ]
    assert "expires: 2027-03-31" in refusal(path, content).hint


def test_every_key_is_needed(path: Path) -> None:
    assert mistakes(path, "- {}\n") == [
        f"waivers.yaml:1: {key} is missing" for key in ("check", "subject", "reason", "owner", "expires")
    ]


@pytest.mark.parametrize("expires", ["20270331", "2027-W13-3", "2027-3-31", "2027-03-31T00:00:00Z", "never"])
def test_a_date_is_written_in_one_way(path: Path, expires: str) -> None:
    (mistake,) = mistakes(path, ONE.replace("2027-03-31", expires))

    assert mistake.startswith("waivers.yaml:5: expires: expected a date")


def test_each_repetition_names_the_first(path: Path) -> None:
    found = mistakes(path, ONE * 3)

    assert [line.split(" in ")[1] for line in found] == ["line 1 already"] * 2


@pytest.mark.parametrize("content", ["waivers: []\n", "text\n", '""\n', "{}\n"])
def test_what_is_no_list(path: Path, content: str) -> None:
    error = refusal(path, content)

    assert error.message == f"{path}:1: expected a list of waivers."
    assert "- check: suspended-agent" in error.hint


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"- check: [\n", 2),
        (ONE.encode() + b"# \xff\n", 6),
        (ONE.encode() + b"---\n[]\n", 6),
        (b"#" * 300_000, 1),
        (b"[" * 10_000, 1),
    ],
    ids=range(5),
)
def test_what_is_no_yaml_is_told_with_the_line(path: Path, content: bytes, line: int) -> None:
    message = refusal(path, content).message

    assert message.startswith(f"{path}:{line}: ")
    assert len(message) < len(str(path)) + 200


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        WaiverFile(tmp_path).read(CHECKS)
