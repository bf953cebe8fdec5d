"""The roster in a git repository."""

import subprocess
from pathlib import Path

import pytest

from supops.adapters.roster_git import RosterRepository
from supops.errors import SupopsError, UsageError
from tests.fakes.console import FakeNotices


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._git("init", "-q")

    def commit(self, name: str) -> None:
        (self.folder / "jo.yaml").write_text(f"name: {name}\nemail: jo@example.com\n")
        self._git("add", ".")
        self._git("commit", "-qm", name)

    def _git(self, *words: str) -> None:
        who = ["-c", "user.name=Jo", "-c", "user.email=jo@example.com"]
        subprocess.run(["git", *who, "-C", str(self.folder), *words], check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit("Jo")
    return made


def source(repository: Repository, tmp_path: Path, max_age: float) -> RosterRepository:
    url = f"file://{repository.folder}"
    return RosterRepository(url, cache_folder=tmp_path / "cache", max_age=max_age, notices=FakeNotices())


def test_a_young_clone_is_used_again(repository: Repository, tmp_path: Path) -> None:
    assert source(repository, tmp_path, 60).read().members[0].name == "Jo"
    repository.commit("Joe")

    assert source(repository, tmp_path, 60).read().members[0].name == "Jo"


def test_an_old_clone_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    source(repository, tmp_path, 0).read()
    repository.commit("Joe")

    assert source(repository, tmp_path, 0).read().members[0].name == "Joe"


def test_what_git_says_is_shown(tmp_path: Path) -> None:
    missing = RosterRepository(
        f"file://{tmp_path}/nowhere", cache_folder=tmp_path / "cache", max_age=60, notices=FakeNotices()
    )

    with pytest.raises(
        SupopsError, match="git says:\n.*does not appear to be a git repository|not exist"
    ) as raised:
        missing.read()

    assert "deploy key" in raised.value.hint
    assert list((tmp_path / "cache").rglob("clone-*")) == []


def test_a_failed_refresh_is_an_error_and_no_old_roster(repository: Repository, tmp_path: Path) -> None:
    source(repository, tmp_path, 0).read()
    repository.folder.rename(tmp_path / "moved")

    with pytest.raises(SupopsError, match="could not be cloned"):
        source(repository, tmp_path, 0).read()


def test_credentials_in_the_address_are_not_shown(tmp_path: Path) -> None:
    notices = FakeNotices()
    refused = RosterRepository(
        "https://oauth2:SECRET@127.0.0.1:9/x.git", cache_folder=tmp_path, max_age=60, notices=notices
    )

    with pytest.raises(SupopsError) as raised:
        refused.read()

    assert "SECRET" not in raised.value.message + raised.value.hint + notices.everything


@pytest.mark.parametrize("url", ["--upload-pack=touch x", "-x"])
def test_an_address_is_no_option_of_git(url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        RosterRepository(url, cache_folder=tmp_path, max_age=60, notices=FakeNotices())


def test_an_address_runs_no_command(tmp_path: Path) -> None:
    evil = RosterRepository(
        f"ext::sh -c touch% {tmp_path}/ran", cache_folder=tmp_path, max_age=60, notices=FakeNotices()
    )

    with pytest.raises(SupopsError):
        evil.read()

    assert not (tmp_path / "ran").exists()


def test_no_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SupopsError, match="no git on this machine"):
        RosterRepository("file:///x", cache_folder=tmp_path, max_age=60, notices=FakeNotices()).read()
