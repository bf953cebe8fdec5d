"""What every directory of projects promises: the fake in memory, and the adapter on the simulated GitLab."""

from collections.abc import Callable, Iterator

import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_projects import GitLabProjects
from supops.adapters.parallel import in_parallel
from supops.errors import NotFound
from supops.models.projects import Access, Approvals, Level, Project, ProjectState, Protection
from supops.sandbox.server import Sandbox
from supops.services.audit_ports import ProjectDirectory
from tests.connecting import gitlab_of
from tests.fakes.console import FakeProgress
from tests.fakes.gitlab import FakeProjects

GROUP = "support-readiness"
MAINTAINERS = (Access("Maintainers", Level.MAINTAINERS),)
BOT = (Access("Support Bot", username="support-bot"),)
CAREFUL = Approvals(True, True, True, True)
STATES = [
    ProjectState(
        Project(5002, f"{GROUP}/roster", f"https://gitlab.example.com/{GROUP}/roster", "main"),
        (Protection("main", MAINTAINERS, BOT), Protection("release/*", MAINTAINERS, BOT)),
        CAREFUL,
    ),
    ProjectState(
        Project(
            5008,
            f"{GROUP}/zendesk/us-government",
            f"https://gitlab.example.com/{GROUP}/zendesk/us-government",
            "main",
        ),
        (Protection("main", MAINTAINERS, MAINTAINERS),),
        Approvals(False, False, False, False),
    ),
    ProjectState(
        Project(5015, f"{GROUP}/tools/handover", f"https://gitlab.example.com/{GROUP}/tools/handover"),
        (),
        CAREFUL,
    ),
]
Open = Callable[..., ProjectDirectory]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a maker; the group may be one that there is not."""
    connections: list[GitLabConnection] = []

    def fake(*, exists: bool = True) -> ProjectDirectory:
        error = None if exists else NotFound("there is no such group")
        return FakeProjects(STATES, archived=[f"{GROUP}/tools/old-reports"], error=error)

    def real(*, exists: bool = True) -> ProjectDirectory:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        connections.append(gitlab_of(sandbox))
        return GitLabProjects(connections[-1], GROUP if exists else "no-such", progress=FakeProgress())

    yield fake if request.param == "fake" else real
    for connection in connections:
        connection.close()


def test_projects_are_listed_by_path_and_archived_ones_apart(opened: Open) -> None:
    listing = opened().list_projects()

    paths = [project.path for project in listing.projects]
    assert paths == sorted(set(paths))
    assert {state.project for state in STATES} <= {*listing.projects}
    assert f"{GROUP}/tools/old-reports" in listing.archived
    assert not {*listing.archived} & {*paths}
    assert all(path.startswith(f"{GROUP}/") for path in paths)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.project.path)
def test_a_project_is_examined(opened: Open, state: ProjectState) -> None:
    assert opened().examine(state.project) == state


def test_threads_may_examine_at_once(opened: Open) -> None:
    directory = opened()
    projects = directory.list_projects().projects

    found = list(in_parallel(directory.examine, projects, limit=8))

    assert {state.project for state in found} == {*projects}


def test_a_project_that_is_gone_is_not_known_to_be_fine(opened: Open) -> None:
    gone = Project(4711, f"{GROUP}/gone", "https://gitlab.example.com/gone", "main")

    state = opened().examine(gone)

    assert state.protections is None
    assert state.approvals == Approvals()
    assert state.missing


def test_a_group_that_there_is_not(opened: Open) -> None:
    with pytest.raises(NotFound):
        opened(exists=False).list_projects()
