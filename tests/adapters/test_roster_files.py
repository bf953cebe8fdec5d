"""The roster in a folder: nothing is skipped in silence, and the second time is faster."""

import subprocess
import sys
from pathlib import Path

import pytest

from supops.adapters.roster_files import RosterFolder
from supops.adapters.roster_reader import read_member
from supops.adapters.roster_readings import FileReading
from supops.errors import ConfigError
from supops.sandbox.people import write_roster

JO = b"name: Jo\nemail: jo@example.com\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "roster"
    made.mkdir()
    return made


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collects the contents that had to be parsed."""
    contents: list[bytes] = []

    def watching(data: bytes) -> FileReading:
        contents.append(data)
        return read_member(data)

    monkeypatch.setattr("supops.adapters.roster_reader.read_member", watching)
    return contents


def test_a_missing_folder_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist") as raised:
        RosterFolder(tmp_path / "nowhere").read()

    assert "roster.path" in raised.value.hint


def test_an_empty_folder_is_an_error_and_no_empty_team(folder: Path) -> None:
    (folder / "notes.txt").write_text("no YAML")

    with pytest.raises(ConfigError, match="no .yaml or .yml file"):
        RosterFolder(folder).read()


def test_searches_recursively_in_a_stable_order_and_leaves_hidden_files_out(folder: Path) -> None:
    for path in ("b/jo.yml", "a/jo.YAML", ".gitlab-ci.yml", ".git/jo.yaml", "jo.txt"):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(JO)

    assert [member.file for member in RosterFolder(folder).read().members] == ["a/jo.YAML", "b/jo.yml"]


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_bytes(JO)
    (folder / "jo.yaml").symlink_to(tmp_path / "outside.yaml")
    (folder / "real.yaml").write_bytes(JO)
    (folder / "inside.yaml").symlink_to(folder / "real.yaml")

    roster = RosterFolder(folder).read()

    assert [member.file for member in roster.members] == ["inside.yaml", "real.yaml"]
    assert [(problem.file, problem.message) for problem in roster.problems] == [
        ("jo.yaml", "a link that leads out of the roster's folder")
    ]


def test_a_file_that_can_not_be_opened_is_a_problem(folder: Path) -> None:
    (folder / "jo.yaml").write_bytes(JO)
    (folder / "gone.yaml").symlink_to(folder / "nothing.yaml")

    roster = RosterFolder(folder).read()

    assert [problem.file for problem in roster.problems] == ["gone.yaml"]
    assert "can't be opened" in roster.problems[0].message


def test_the_cache_saves_parsing_and_changes_nothing(
    folder: Path, tmp_path: Path, parsed: list[bytes]
) -> None:
    write_roster(folder / "team")
    source = RosterFolder(folder, cache_folder=tmp_path / "cache")

    first = source.read()
    count = len(parsed)
    second = source.read()

    assert second == first
    assert len(parsed) == count


def test_with_everything_in_the_cache_no_parser_is_imported(folder: Path, tmp_path: Path) -> None:
    write_roster(folder / "team")
    RosterFolder(folder, cache_folder=tmp_path / "cache").read()
    program = (
        "import sys; from pathlib import Path; from supops.adapters.roster_files import RosterFolder; "
        "RosterFolder(Path(sys.argv[1]), cache_folder=Path(sys.argv[2])).read(); "
        "sys.exit('ruamel.yaml' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(folder), str(tmp_path / "cache")], check=False, timeout=60
    )

    assert done.returncode == 0


def test_a_changed_file_is_parsed_again(folder: Path, tmp_path: Path, parsed: list[bytes]) -> None:
    (folder / "jo.yaml").write_bytes(JO)
    (folder / "al.yaml").write_bytes(JO.replace(b"jo", b"al"))
    source = RosterFolder(folder, cache_folder=tmp_path / "cache")
    source.read()
    parsed.clear()

    (folder / "jo.yaml").write_bytes(JO.replace(b"Jo", b"Joe"))

    assert {member.name for member in source.read().members} == {"Jo", "Joe"}
    assert parsed == [JO.replace(b"Jo", b"Joe")]


@pytest.mark.parametrize("damage", [b"", b"\x00", b"not msgpack"])
def test_a_damaged_cache_is_made_anew(folder: Path, tmp_path: Path, damage: bytes) -> None:
    (folder / "jo.yaml").write_bytes(JO)
    source = RosterFolder(folder, cache_folder=tmp_path / "cache")
    first = source.read()
    (cache,) = (tmp_path / "cache").iterdir()
    cache.write_bytes(damage)

    assert source.read() == first
    assert len(cache.read_bytes()) > len(damage)


def test_the_cache_is_for_its_owner_only(folder: Path, tmp_path: Path) -> None:
    (folder / "jo.yaml").write_bytes(JO)
    RosterFolder(folder, cache_folder=tmp_path / "cache").read()

    (cache,) = (tmp_path / "cache").iterdir()
    assert cache.stat().st_mode & 0o777 == 0o600


def test_a_cache_that_can_not_be_written_is_no_error(folder: Path, tmp_path: Path) -> None:
    (folder / "jo.yaml").write_bytes(JO)
    (tmp_path / "file").write_text("")

    assert RosterFolder(folder, cache_folder=tmp_path / "file").read().members
