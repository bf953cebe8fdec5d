"""GitLab's projects: who may change branches, both forms of approval settings, and what is not shown."""

from collections.abc import Iterator

import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_projects import GitLabProjects
from supops.adapters.parallel import in_parallel
from supops.errors import NotFound, PlatformError, Unauthorized
from supops.models.projects import Access, Approvals, Level, Project, ProjectState
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_seed import many_projects
from supops.sandbox.gitlab_state import ApprovalSettings, BranchProtection, Grant
from supops.sandbox.server import Sandbox
from tests.connecting import gitlab_of
from tests.fakes.console import FakeNotices, FakeProgress

GROUP = "support-readiness"
NEW, OLD = "*/merge_request_approval_setting", "*/approvals"


@pytest.fixture
def gitlab(sandbox: Sandbox, notices: FakeNotices) -> Iterator[GitLabConnection]:
    connection = gitlab_of(sandbox, notices=notices)
    yield connection
    connection.close()


@pytest.fixture
def progress() -> FakeProgress:
    return FakeProgress()


@pytest.fixture
def projects(gitlab: GitLabConnection, progress: FakeProgress) -> GitLabProjects:
    return GitLabProjects(gitlab, GROUP, progress=progress)


def roster(sandbox: Sandbox) -> Project:
    """One where all is well, until a test changes it."""
    one = sandbox.world.gitlab.project(f"{GROUP}/roster")
    return Project(one.id, one.path, "", one.default_branch)


def with_push(sandbox: Sandbox, projects: GitLabProjects, *grants: Grant) -> tuple[Access, ...]:
    sandbox.world.gitlab.project(f"{GROUP}/roster").protections = (BranchProtection("main", push=grants),)
    state = projects.examine(roster(sandbox))
    assert state.protections is not None
    return state.protections[0].push


@pytest.mark.parametrize(
    ("level", "access"),
    [
        (0, Access("No one", Level.NOBODY)),
        (30, Access("Developers + Maintainers", Level.DEVELOPERS)),
        (40, Access("Maintainers", Level.MAINTAINERS)),
        (60, Access("Administrators", Level.ADMINS)),
        (50, Access("Owners", None)),
        (35, Access("Something new", None)),
    ],
)
def test_levels(sandbox: Sandbox, projects: GitLabProjects, level: int, access: Access) -> None:
    title = access.title if access.level is None else ""

    assert with_push(sandbox, projects, Grant(level, title=title)) == (access,)


def test_users_groups_and_deploy_keys_have_no_level(sandbox: Sandbox, projects: GitLabProjects) -> None:
    found = with_push(
        sandbox, projects, Grant(user=7100), Grant(group=410), Grant(deploy_key=31, title="Old laptop")
    )

    assert found == (
        Access("Support Bot", username="support-bot"),
        Access("group Customer Support Operations"),
        Access("deploy key Old laptop"),
    )


def test_a_user_that_is_gone_has_no_name_and_is_no_bot(sandbox: Sandbox, projects: GitLabProjects) -> None:
    assert with_push(sandbox, projects, Grant(user=4711, title="Somebody")) == (Access("Somebody"),)


def test_where_it_can_not_be_told_who_may_push_that_is_missing(
    sandbox: Sandbox, projects: GitLabProjects
) -> None:
    sandbox.faults.add(Fault("503", path="*/users/*"))

    states = list(in_parallel(projects.examine, [roster(sandbox)] * 3, limit=3))

    assert {state.protections for state in states} == {None}
    assert len({state.missing for state in states}) == 1
    assert "look up who may change protected branches" in states[0].missing[0]
    # Once, with all its tries, and not for each project.
    assert len([one for one in sandbox.requests if "/users/" in one.path]) == 3


def test_a_user_is_looked_up_once_for_all_projects(sandbox: Sandbox, projects: GitLabProjects) -> None:
    listed = projects.list_projects().projects
    list(in_parallel(projects.examine, listed, limit=8))

    assert len([one for one in sandbox.requests if one.path == "/api/v4/users/7100"]) == 1


def test_a_project_takes_two_requests(sandbox: Sandbox, projects: GitLabProjects) -> None:
    projects.examine(roster(sandbox))
    before = len(sandbox.requests)
    projects.examine(roster(sandbox))

    assert len(sandbox.requests) - before == 2


def test_many_protected_branches_come_in_several_pages(sandbox: Sandbox, projects: GitLabProjects) -> None:
    rules = tuple(BranchProtection(f"release/{number}") for number in range(230))
    sandbox.world.gitlab.project(f"{GROUP}/roster").protections = rules

    state = projects.examine(roster(sandbox))

    assert state.protections is not None
    assert [one.name for one in state.protections] == [one.name for one in rules]


APPROVALS = [
    (ApprovalSettings(), Approvals(True, True, True, True)),
    (ApprovalSettings(author=True), Approvals(False, True, True, True)),
    (ApprovalSettings(committer=True), Approvals(True, False, True, True)),
    (ApprovalSettings(overrides=True), Approvals(True, True, False, True)),
    (ApprovalSettings(retained=True), Approvals(True, True, True, False)),
]


@pytest.mark.parametrize(("settings", "approvals"), APPROVALS)
@pytest.mark.parametrize("form", ["new", "old"])
def test_both_forms_of_approval_settings_say_the_same(
    sandbox: Sandbox, projects: GitLabProjects, form: str, settings: ApprovalSettings, approvals: Approvals
) -> None:
    sandbox.world.gitlab.project(f"{GROUP}/roster").approvals = settings
    if form == "old":
        sandbox.faults.add(Fault("empty", path=NEW))

    state = projects.examine(roster(sandbox))

    assert state.approvals == approvals
    assert state.missing == ()


def test_a_plan_without_approvals_is_not_known_to_be_fine(sandbox: Sandbox, projects: GitLabProjects) -> None:
    sandbox.world.gitlab.paid_plan = False

    state = projects.examine(roster(sandbox))

    assert state.approvals == Approvals()
    assert state.protections
    (missing,) = state.missing
    assert "Premium" in missing
    assert "Maintainer" in missing


@pytest.mark.parametrize("path", [NEW, OLD])
def test_a_failure_is_not_taken_for_a_plan_without_approvals(
    sandbox: Sandbox, projects: GitLabProjects, path: str
) -> None:
    sandbox.faults.add(Fault("502", path=path))
    if path == OLD:
        sandbox.faults.add(Fault("empty", path=NEW))

    state = projects.examine(roster(sandbox))

    assert state.approvals == Approvals()
    assert "(502)" in state.missing[0]
    assert "Premium" not in state.missing[0]


def test_a_project_that_one_may_hardly_see(sandbox: Sandbox, projects: GitLabProjects) -> None:
    portal = sandbox.world.gitlab.project(f"{GROUP}/partners/portal")
    portal.levels = {"support-bot": 10}

    state = projects.examine(Project(portal.id, portal.path, "", "main"))

    assert state.protections is None
    assert state.approvals == Approvals()
    assert len(state.missing) == 2
    # The same for all such projects, so that one sentence says it of all.
    assert portal.path not in "".join(state.missing)


def test_a_project_that_is_gone_is_one_reason_and_one_request(
    sandbox: Sandbox, projects: GitLabProjects
) -> None:
    state = projects.examine(Project(4711, f"{GROUP}/gone", ""))

    assert state == ProjectState(state.project, None, Approvals(), state.missing)
    assert len(state.missing) == len(sandbox.requests) == 1


def test_a_token_that_is_no_longer_accepted_ends_it(sandbox: Sandbox, projects: GitLabProjects) -> None:
    sandbox.faults.add(Fault("expired", after=1))

    with pytest.raises(Unauthorized, match="GL_TOKEN"):
        projects.examine(roster(sandbox))


def test_what_is_only_shared_with_the_group_is_not_its_own(projects: GitLabProjects) -> None:
    listing = projects.list_projects()

    assert "platform/runners" not in {project.path for project in listing.projects}
    assert listing.archived == (f"{GROUP}/tools/old-reports", f"{GROUP}/zendesk/old-apps")


def test_several_pages_of_projects_with_progress(
    sandbox: Sandbox, projects: GitLabProjects, progress: FakeProgress
) -> None:
    many_projects(sandbox.world.gitlab, 230)
    sandbox.faults.add(Fault("truncated", path="*/projects", after=1, times=1))

    listing = projects.list_projects()
    list(in_parallel(projects.examine, listing.projects[:20], limit=8))

    assert len(listing.projects) == 231
    listed, examined = progress.tasks["GitLab: project"], progress.tasks["GitLab: settings: project"]
    assert (listed.steps, listed.items, listed.total) == (3, 231, 3)
    assert (examined.steps, examined.items, examined.total) == (20, 20, 231)
    projects.close()


def test_a_list_of_projects_is_never_short(sandbox: Sandbox, projects: GitLabProjects) -> None:
    many_projects(sandbox.world.gitlab, 150)
    sandbox.faults.add(Fault("502", path="*/projects", after=1))

    with pytest.raises(PlatformError, match="502"):
        projects.list_projects()


def test_a_group_that_there_is_not_names_the_setting(gitlab: GitLabConnection) -> None:
    with pytest.raises(NotFound, match="the group no-such") as raised:
        GitLabProjects(gitlab, "no-such", progress=FakeProgress()).list_projects()

    assert "gitlab.group" in raised.value.hint
