"""GitLab's tokens: whose are seen, and what GitLab does not show."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_tokens import GitLabTokens
from supops.errors import Forbidden, NotFound, PlatformError, RateLimited, SupopsError, Unauthorized
from supops.models.tokens import TokenKind
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_seed import many_projects
from supops.sandbox.gitlab_state import AccessToken
from supops.sandbox.server import Sandbox
from tests.connecting import gitlab_of
from tests.fakes.console import FakeProgress

GROUP = "support-readiness"
BOT = "support-bot"


@pytest.fixture
def gitlab(sandbox: Sandbox) -> Iterator[GitLabConnection]:
    connection = gitlab_of(sandbox)
    yield connection
    connection.close()


@pytest.fixture
def progress() -> FakeProgress:
    return FakeProgress()


@pytest.fixture
def tokens(gitlab: GitLabConnection, progress: FakeProgress) -> GitLabTokens:
    return GitLabTokens(gitlab, GROUP, progress=progress)


def test_what_is_known_of_a_token(tokens: GitLabTokens) -> None:
    today = datetime.now(UTC).date()
    by_id = {one.id: one for one in tokens.list_tokens([BOT]).tokens}

    soon, endless, unused = by_id[802], by_id[812], by_id[814]
    assert (soon.kind, soon.owner, soon.name) == (TokenKind.PERSONAL, BOT, "pipelines")
    assert soon.expires_at in (today + timedelta(days=10), today + timedelta(days=11))
    assert soon.last_used_at is not None
    assert soon.last_used_at.tzinfo is not None
    assert (endless.expires_at, endless.owner) == (None, f"{GROUP}/zendesk/apps")
    assert (unused.last_used_at, unused.kind) == (None, TokenKind.PROJECT)
    assert unused.created_at is not None


def test_only_active_tokens_are_listed(sandbox: Sandbox, tokens: GitLabTokens) -> None:
    found = {one.id for one in tokens.list_tokens([BOT]).tokens}

    assert not found & {804, 805, 815}
    assert {801, 802, 803, 811, 812, 813, 814, 821, 822} <= found
    lists = [one for one in sandbox.requests if one.path.endswith("access_tokens")]
    assert lists
    assert all("state=active" in one.query for one in lists)


def test_tokens_of_archived_projects_work_as_well_and_are_listed(
    sandbox: Sandbox, tokens: GitLabTokens
) -> None:
    path = f"{GROUP}/tools/old-reports"
    sandbox.world.gitlab.tokens.append(AccessToken(999, "forgotten", "project_5003_bot", project=path))

    assert 999 in {one.id for one in tokens.list_tokens([]).tokens}


def test_personal_tokens_of_others_need_an_administrator_and_that_is_said(tokens: GitLabTokens) -> None:
    listing = tokens.list_tokens([BOT, "second-bot"])

    (missing,) = [one for one in listing.missing if "second-bot" in one]
    assert "administrator" in missing
    assert "gitlab.token" in missing


def test_an_administrator_sees_those_of_each_user_alone(sandbox: Sandbox) -> None:
    sandbox.world.gitlab.tokens.append(AccessToken(998, "theirs", "second-bot"))
    admin = gitlab_of(sandbox, "demo-gitlab-admin-token")

    listing = GitLabTokens(admin, GROUP, progress=FakeProgress()).list_tokens(["second-bot", "root"])

    assert listing.missing == ()
    personal = {(one.owner, one.id) for one in listing.tokens if one.kind is TokenKind.PERSONAL}
    assert ("second-bot", 998) in personal
    assert {owner for owner, _ in personal} == {"second-bot", "root"}
    admin.close()


def test_a_user_that_there_is_not(tokens: GitLabTokens) -> None:
    (missing, *_) = tokens.list_tokens(["gone"]).missing

    assert "gone" in missing
    assert "gitlab.bot_users" in missing


def test_projects_that_do_not_show_theirs_are_counted_and_named(sandbox: Sandbox) -> None:
    reporter = gitlab_of(sandbox, "demo-gitlab-member-token")

    listing = GitLabTokens(reporter, GROUP, progress=FakeProgress()).list_tokens([])

    assert listing.tokens == ()
    group, project = listing.missing
    assert group.startswith(f"the tokens of 4 groups ({GROUP}, {GROUP}/partners, ")
    assert "an Owner" in group
    assert project.startswith("the tokens of 19 projects (")
    assert "and 14 more" in project
    assert "a Maintainer" in project
    # GitLab answers all of these as it answers a wrong token: that it is not one was asked once.
    assert len([one for one in sandbox.requests if one.path == "/api/v4/user"]) == 1
    reporter.close()


@pytest.mark.parametrize(("kind", "word"), [("empty", "Maintainer"), ("502", "502")])
def test_one_project_that_fails_does_not_hide_the_others(
    sandbox: Sandbox, tokens: GitLabTokens, kind: str, word: str
) -> None:
    whole = tokens.list_tokens([BOT])
    sandbox.faults.add(Fault(kind, path="*/projects/5003/access_tokens"))

    listing = tokens.list_tokens([BOT])

    assert {one.id for one in whole.tokens} - {one.id for one in listing.tokens} == {811, 812}
    (missing,) = [one for one in listing.missing if f"{GROUP}/zendesk/apps" in one]
    assert word in missing


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("expired", path="*/projects/5003/access_tokens"), None),
        (Fault("expired", after=5), Unauthorized),
        (Fault("429", path="*access_tokens"), RateLimited),
        (Fault("reset", path="*/projects/5003/access_tokens"), PlatformError),
        (Fault("502", path="*/projects"), PlatformError),
        (Fault("502", path="*/descendant_groups", after=0), PlatformError),
    ],
    ids=["one refused", "token expired", "limit", "network", "projects", "subgroups"],
)
def test_what_concerns_everything_ends_it(
    sandbox: Sandbox, tokens: GitLabTokens, fault: Fault, error: type[SupopsError] | None
) -> None:
    sandbox.faults.add(fault)

    if error is None:
        assert tokens.list_tokens([BOT]).missing
    else:
        with pytest.raises(error):
            tokens.list_tokens([BOT])


def test_several_pages_of_tokens_and_projects_with_progress(
    sandbox: Sandbox, tokens: GitLabTokens, progress: FakeProgress
) -> None:
    many_projects(sandbox.world.gitlab, 130)
    path = f"{GROUP}/tools/project-0129"
    sandbox.world.gitlab.tokens += [
        AccessToken(2000 + number, f"token {number}", BOT, project=path) for number in range(230)
    ]

    listing = tokens.list_tokens([])

    assert len([one for one in listing.tokens if one.owner == path]) == 230
    task = progress.tasks["GitLab: token"]
    assert (task.steps, task.total) == (135, 135)
    assert task.items == len(listing.tokens)
    assert sandbox.in_flight_peak("gitlab") <= 8


def test_a_group_that_there_is_not_names_the_setting(gitlab: GitLabConnection) -> None:
    with pytest.raises(NotFound, match="the group no-such") as raised:
        GitLabTokens(gitlab, "no-such", progress=FakeProgress()).list_tokens([])

    assert "gitlab.group" in raised.value.hint


def test_a_token_that_may_look_at_nothing_is_refused(sandbox: Sandbox) -> None:
    narrow = gitlab_of(sandbox, "demo-gitlab-narrow-token")

    with pytest.raises(Forbidden, match="insufficient_scope"):
        GitLabTokens(narrow, GROUP, progress=FakeProgress()).list_tokens([])
    narrow.close()
