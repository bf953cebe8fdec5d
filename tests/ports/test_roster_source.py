"""What every source of the roster promises: the fake in memory, a folder, and a git repository."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from supops.adapters.roster_files import RosterFolder
from supops.adapters.roster_git import RosterRepository
from supops.models.roster import Member, ProblemKind, Roster, RosterProblem
from supops.services.ports import RosterSource
from tests.fakes.console import FakeNotices
from tests.fakes.roster_files import FakeRoster

GOOD = b"name: Jo Doe\nemail: jo@example.com\n"
BAD = b"name: Nobody\n"


@pytest.fixture(params=["fake", "folder", "cached folder", "git"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], RosterSource]:
    """Return a maker of a roster with Jo in b/jo.yaml and a file without an email in a.yml."""
    folder = tmp_path / "roster"
    (folder / "b").mkdir(parents=True)
    (folder / "b" / "jo.yaml").write_bytes(GOOD)
    (folder / "a.yml").write_bytes(BAD)
    cache = tmp_path / "cache"

    def make() -> RosterSource:
        if request.param == "fake":
            jo = Member("Jo Doe", "jo@example.com", file="b/jo.yaml", lines={"name": 1, "email": 2})
            problem = RosterProblem(
                ProblemKind.UNREADABLE, 1, "email is missing or empty", "email", file="a.yml"
            )
            return FakeRoster(Roster((jo,), (problem,)))
        if request.param == "git":
            git = ["git", "-c", "user.name=Jo", "-c", "user.email=jo@example.com", "-C", str(folder)]
            for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "roster"]):
                subprocess.run([*git, *words], check=True)
            return RosterRepository(f"file://{folder}", cache_folder=cache, max_age=60, notices=FakeNotices())
        source = RosterFolder(folder, cache_folder=cache if request.param == "cached folder" else None)
        if request.param == "cached folder":
            source.read()
        return source

    return make


def test_gives_members_and_problems_with_their_places(source: Callable[[], RosterSource]) -> None:
    roster = source().read()

    (jo,) = roster.members
    assert (jo.name, jo.email, jo.file, jo.line_of("email")) == ("Jo Doe", "jo@example.com", "b/jo.yaml", 2)
    (problem,) = roster.problems
    assert (problem.kind, problem.file, problem.line) == (ProblemKind.UNREADABLE, "a.yml", 1)
