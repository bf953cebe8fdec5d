"""The team's issues on GitLab: what is asked and how often, and what becomes of faults."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_work import GitLabWork
from supops.adapters.parallel import in_parallel
from supops.errors import Forbidden, NetworkError, NotFound, PlatformError, Rejected, Unauthorized
from supops.models.work import Change, Iteration
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_planning import FOREIGN_ITERATION, current_iteration
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_state import GitLabNote
from supops.sandbox.gitlab_work_seed import many_issues
from supops.sandbox.server import Sandbox
from supops.services.work_ports import Changed
from tests.conftest import IMPATIENT
from tests.connecting import gitlab_of
from tests.fakes.console import FakeNotices

GRAPHQL = "/api/graphql"


@pytest.fixture
def gitlab(sandbox: Sandbox, notices: FakeNotices) -> Iterator[GitLabConnection]:
    # On a busy machine an answer may take a while, and what was asked is counted here.
    connection = gitlab_of(sandbox, notices=notices, patience=replace(IMPATIENT, read=10))
    yield connection
    connection.close()


@pytest.fixture
def work(gitlab: GitLabConnection) -> GitLabWork:
    return GitLabWork(gitlab, TRACKER)


def asked(sandbox: Sandbox, method: str) -> list[str]:
    return [request.path for request in sandbox.requests if request.method == method]


def next_week(sandbox: Sandbox) -> Iteration:
    today = datetime.fromtimestamp(sandbox.world.now(), UTC).date()
    return Iteration(current_iteration(sandbox.world.now()) + 1, None, today, today)


def aged(sandbox: Sandbox, count: int) -> None:
    """Have so many issues and no others, none of which was changed just now."""
    sandbox.world.gitlab.issues = []
    many_issues(sandbox.world.gitlab, count, sandbox.world.now() - 86_400)


def test_five_hundred_issues_take_five_requests_most_of_them_at_once(
    sandbox: Sandbox, work: GitLabWork
) -> None:
    aged(sandbox, 500)
    sandbox.latency = 0.05

    found = work.issues()

    assert [one.iid for one in found] == [
        one.iid for one in sorted(sandbox.world.gitlab.issues, key=lambda one: (one.created_at, one.id))
    ]
    assert len(sandbox.requests) == 5
    assert 2 <= sandbox.in_flight_peak("gitlab") <= 8


def test_a_list_that_changes_while_it_is_read_is_read_again_by_cursor(
    sandbox: Sandbox, work: GitLabWork
) -> None:
    aged(sandbox, 250)
    state = sandbox.world.gitlab
    # Somebody closes one and opens another: there are as many as before, and none of the later pages begins where it did.
    first, last = (sorted(state.issues, key=lambda one: (one.created_at, one.id))[place] for place in (0, -1))
    last.state = "closed"
    now = datetime.fromtimestamp(sandbox.world.now(), UTC).isoformat(timespec="milliseconds")
    handle = threading.Timer(0.15, lambda: _swap(sandbox, first.iid, last.iid, now.replace("+00:00", "Z")))
    sandbox.faults.add(Fault("slow", "gitlab", path="*/issues", after=1, times=2, seconds=0.3))
    handle.start()

    found = work.issues()
    handle.join()

    assert {one.iid for one in found} == {one.iid for one in state.issues if one.state == "opened"}
    assert len(sandbox.requests) == 6


def _swap(sandbox: Sandbox, closed: int, opened: int, now: str) -> None:
    with sandbox.world.alone():
        state = sandbox.world.gitlab
        state.close_issue(TRACKER, closed, by="owner", at=now)
        issue = state.issue(TRACKER, opened)
        issue.state = "opened"
        issue.updated_at = now


@pytest.mark.parametrize("kind", ["reset", "truncated", "502", "429"])
def test_a_page_that_fails_is_asked_for_again(sandbox: Sandbox, work: GitLabWork, kind: str) -> None:
    aged(sandbox, 320)
    sandbox.faults.add(Fault(kind, "gitlab", path="*/issues", after=1, times=2))

    assert len(work.issues()) == 320


def test_a_list_that_can_not_be_read_to_its_end_is_an_error(sandbox: Sandbox, work: GitLabWork) -> None:
    aged(sandbox, 320)
    sandbox.faults.add(Fault("truncated", "gitlab", path="*/issues", after=2))

    with pytest.raises(NetworkError, match="broke off"):
        work.issues()


def test_long_texts_come_in_smaller_pages(
    sandbox: Sandbox, work: GitLabWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supops.adapters.gitlab_session.MAX_ANSWER_BYTES", 100_000)
    issues = [one for one in sandbox.world.gitlab.issues if one.state == "opened"]
    for one in issues:
        one.description = "x" * 3_000
    issues[0].notes = [
        GitLabNote(number, "owner", "y" * 4_000, one.created_at, one.created_at)
        for number in range(50)
        for one in issues[:1]
    ]

    assert len(work.issues()) == len(issues)
    assert len(work.notes(issues[0].iid)) == 50


def test_the_errors_of_lists_name_the_project(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    elsewhere = GitLabWork(gitlab, "cust-support-ops/nothing")

    for call in (elsewhere.issues, elsewhere.labels, elsewhere.milestones, elsewhere.team):
        with pytest.raises(NotFound, match="cust-support-ops/nothing"):
            call()
    with pytest.raises(NotFound, match="cust-support-ops/nothing"):
        elsewhere.issue(1)


def test_confidential_issues_are_not_found_by_who_may_not_see_them(
    sandbox: Sandbox, work: GitLabWork
) -> None:
    hidden = work.issue(47)
    connection = gitlab_of(sandbox, "demo-gitlab-guest-token")
    guest = GitLabWork(connection, TRACKER)

    assert 47 not in [one.iid for one in guest.issues()]
    calls: tuple[Callable[[], object], ...] = (
        lambda: guest.issue(47),
        lambda: guest.notes(47),
        lambda: guest.label_events(47),
        lambda: guest.state_events(47),
        lambda: guest.update(hidden, Change(("urgent",))),
        lambda: guest.set_iteration(hidden, next_week(sandbox)),
        lambda: guest.comment(hidden, "Hello"),
    )
    for call in calls:
        with pytest.raises(NotFound, match=TRACKER) as raised:
            call()
        assert "confidential" in raised.value.hint
    connection.close()


def test_a_token_that_is_not_taken_is_named(sandbox: Sandbox) -> None:
    connection = gitlab_of(sandbox, "revoked-or-misspelt")
    with pytest.raises(Unauthorized, match="GL_TOKEN"):
        GitLabWork(connection, TRACKER).issues()
    connection.close()


@pytest.mark.parametrize(
    "token", ["demo-gitlab-read-token", "demo-gitlab-guest-token"], ids=["scope", "role"]
)
def test_who_may_only_look_is_told_scope_and_role(sandbox: Sandbox, token: str) -> None:
    connection = gitlab_of(sandbox, token)
    work = GitLabWork(connection, TRACKER)
    issue = work.issue(12)

    changes: tuple[Callable[[], object], ...] = (
        lambda: work.update(issue, Change(add_labels=("roadmap_item",))),
        lambda: work.set_iteration(issue, next_week(sandbox)),
    )
    for change in changes:
        with pytest.raises(Forbidden, match="GL_TOKEN") as raised:
            change()
        assert "scope api" in raised.value.hint
        assert "Reporter" in raised.value.hint
    connection.close()
    assert "roadmap_item" not in sandbox.world.gitlab.issue(TRACKER, 12).labels
    assert sandbox.world.gitlab.issue(TRACKER, 12).iteration is None


def test_reading_needs_no_more_than_read_api(sandbox: Sandbox) -> None:
    connection = gitlab_of(sandbox, "demo-gitlab-read-token")
    work = GitLabWork(connection, TRACKER)

    assert work.issues()
    assert work.iterations().iterations
    assert work.milestones()
    assert work.labels()
    assert work.team()
    assert work.person("owner")
    assert work.notes(9)
    assert work.label_events(9)
    assert work.state_events(33)
    connection.close()


def test_a_change_is_one_request_after_one_look(sandbox: Sandbox, work: GitLabWork) -> None:
    issue, milestone = work.issue(13), work.milestones()[1]
    before = len(sandbox.requests)

    work.update(
        issue,
        Change(("Stage::Queued",), ("roadmap_item",), milestone=milestone, weight=21, close=True),
    )

    look, write = sandbox.requests[before:]
    assert (look.method, write.method) == ("GET", "PUT")
    assert msgspec.json.decode(write.body) == {
        "add_labels": "Stage::Queued",
        "remove_labels": "Stage::Scheduling",
        "milestone_id": milestone.id,
        "weight": 21,
        "state_event": "close",
    }


def test_what_is_so_already_is_not_sent(sandbox: Sandbox, work: GitLabWork) -> None:
    issue = work.issue(13)
    assert issue.iteration is not None

    after = work.update(
        issue,
        Change(
            issue.labels,
            ("Stage::Queued",),
            assignees=issue.assignees,
            milestone=issue.milestone,
            weight=issue.weight,
            reopen=True,
        ),
    )

    assert work.set_iteration(after, issue.iteration) == work.update(after, Change()) == issue
    assert asked(sandbox, "PUT") == asked(sandbox, "POST") == []


def test_two_labels_of_one_key_become_one_whatever_the_plan(sandbox: Sandbox, work: GitLabWork) -> None:
    for paid in (True, False):
        sandbox.world.gitlab.paid_plan = paid
        state = sandbox.world.gitlab.issue(TRACKER, 45)
        state.labels = ["Stage::Planning", "Stage::Development", "RequestType::Bug"]

        after = work.update(work.issue(45), Change(("Stage::Development",)))

        assert sorted(after.labels) == ["RequestType::Bug", "Stage::Development"]


def test_a_change_without_answer_is_sent_again(sandbox: Sandbox, work: GitLabWork) -> None:
    issue = work.issue(12)
    sandbox.faults.add(
        Fault("reset", "gitlab", method="PUT", times=1, acts=True),
        Fault("503", "gitlab", method="PUT", times=1),
    )

    assert "Stage::Queued" in work.update(issue, Change(("Stage::Queued",))).labels
    state = sandbox.world.gitlab.issue(TRACKER, 12)
    assert [one.label for one in state.events[-2:]] == ["Stage::Scheduling", "Stage::Queued"]


def test_what_somebody_changed_is_not_overwritten_and_is_named(sandbox: Sandbox, work: GitLabWork) -> None:
    issue = work.issue(12)
    theirs = sandbox.world.gitlab.issue(TRACKER, 12)
    theirs.assignees = ["maria-delgado"]
    theirs.touch(issue.updated_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    changes: tuple[Callable[[], object], ...] = (
        lambda: work.update(issue, Change(assignees=("owner",))),
        lambda: work.set_iteration(issue, next_week(sandbox)),
    )
    for change in changes:
        with pytest.raises(Changed, match=r"issues/12 was changed .*\(assignees\)"):
            change()
    assert (theirs.assignees, theirs.iteration) == (["maria-delgado"], None)


@pytest.mark.parametrize("kind", ["reset", "truncated", "502"])
@pytest.mark.parametrize("acts", [True, False], ids=["done", "not done"])
def test_an_iteration_without_answer_is_looked_at_and_not_sent_again(
    sandbox: Sandbox, work: GitLabWork, kind: str, acts: bool
) -> None:
    week = next_week(sandbox)
    issue = work.issue(12)
    sandbox.faults.add(Fault(kind, "gitlab", path=GRAPHQL, times=1, acts=acts))

    # Half an answer comes from a platform that did it.
    if acts or kind == "truncated":
        after = work.set_iteration(issue, week)
        assert after.iteration is not None
        assert after.iteration.id == week.id
    else:
        with pytest.raises(PlatformError, match="into the iteration"):
            work.set_iteration(issue, week)
    assert asked(sandbox, "POST") == [GRAPHQL]


def test_a_limit_is_waited_for_because_nothing_was_done(sandbox: Sandbox, work: GitLabWork) -> None:
    sandbox.faults.add(Fault("429", "gitlab", path=GRAPHQL, times=1, retry_after="0"))

    after = work.set_iteration(work.issue(12), next_week(sandbox))

    assert after.iteration is not None
    assert len(asked(sandbox, "POST")) == 2


def test_what_graphql_refuses_as_data_is_an_error(sandbox: Sandbox, work: GitLabWork) -> None:
    week = next_week(sandbox)
    foreign = Iteration(FOREIGN_ITERATION, "Platform", week.start, week.due)
    with pytest.raises(Rejected, match="did not put the issue #12 .* not one of the groups"):
        work.set_iteration(work.issue(12), foreign)

    sandbox.world.gitlab.iteration_problem = "Iteration is locked"
    with pytest.raises(Rejected, match="Iteration is locked"):
        work.set_iteration(work.issue(12), week)
    assert sandbox.world.gitlab.issue(TRACKER, 12).iteration is None


def test_what_graphql_does_not_understand_is_an_error(
    sandbox: Sandbox, work: GitLabWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "supops.adapters.gitlab_work.SET_ITERATION",
        "mutation($iid: String!) { issueSetIteration(input: {projectPath: $iid, iid: $iid}) { mistakes } }",
    )
    with pytest.raises(Rejected, match="'mistakes' doesn't exist") as raised:
        work.set_iteration(work.issue(12), next_week(sandbox))
    assert "older" in raised.value.hint


def test_an_iteration_that_is_said_to_be_set_is_looked_at(sandbox: Sandbox, work: GitLabWork) -> None:
    sandbox.world.gitlab.forgets_iterations = True

    with pytest.raises(PlatformError, match="said that it did"):
        work.set_iteration(work.issue(12), next_week(sandbox))


def test_a_sign_in_page_is_not_taken_for_an_answer(sandbox: Sandbox, work: GitLabWork) -> None:
    issue = work.issue(12)
    sandbox.faults.add(Fault("html", "gitlab", path=GRAPHQL))

    with pytest.raises(PlatformError, match="what we don't understand"):
        work.set_iteration(issue, next_week(sandbox))


@pytest.mark.parametrize("status", [403, 404])
def test_a_plan_without_iterations_is_said_and_no_error(
    sandbox: Sandbox, work: GitLabWork, status: int
) -> None:
    sandbox.world.gitlab.without_iterations = status

    listing = work.iterations()

    assert listing.iterations == ()
    assert "Premium" in listing.unavailable
    assert work.issue(16).iteration is None
    assert work.milestones()


def test_iterations_that_may_not_be_seen_are_an_error(sandbox: Sandbox) -> None:
    connection = gitlab_of(sandbox, "demo-gitlab-narrow-token")
    with pytest.raises(Forbidden, match="scope"):
        GitLabWork(connection, TRACKER).iterations()
    connection.close()


@pytest.mark.parametrize(("kind", "acts"), [("reset", True), ("reset", False), ("502", True)])
def test_a_comment_without_answer_is_not_sent_again(
    sandbox: Sandbox, work: GitLabWork, kind: str, acts: bool
) -> None:
    issue = work.issue(12)
    sandbox.faults.add(Fault(kind, "gitlab", method="POST", acts=acts))

    with pytest.raises(PlatformError):
        work.comment(issue, "Hello")

    assert len(asked(sandbox, "POST")) == 1
    bodies = [note.body for note in sandbox.world.gitlab.issue(TRACKER, 12).notes]
    assert ("Hello" in bodies) == acts


def test_a_comment_that_gitlab_takes_for_commands_is_no_comment(work: GitLabWork) -> None:
    with pytest.raises(Rejected, match="quick actions"):
        work.comment(work.issue(12), "/weight 3")


def test_many_are_changed_at_once_eight_at_most(sandbox: Sandbox, work: GitLabWork) -> None:
    many_issues(sandbox.world.gitlab, 40, sandbox.world.now(), only="Queued")
    sandbox.latency = 0.01
    issues = work.issues(labels=["Stage::Queued"])

    done = [*in_parallel(lambda one: work.update(one, Change(("Stage::Development",))), issues, limit=8)]

    assert len(done) == 40
    assert work.issues(labels=["Stage::Queued"]) == ()
    assert sandbox.in_flight_peak("gitlab") <= 8


def test_users_are_looked_up_once(sandbox: Sandbox, work: GitLabWork) -> None:
    issue = work.issue(12)
    issue = work.update(issue, Change(assignees=("Tessa-Young", "owner")))
    assert sorted(issue.assignees) == ["owner", "tessa-young"]
    issue = work.update(issue, Change(assignees=("owner",)))
    assert work.update(issue, Change(assignees=())).assignees == ()
    assert len([one for one in sandbox.requests if one.path.endswith("/users")]) == 2

    with pytest.raises(NotFound, match="no user nobody-known"):
        work.update(work.issue(12), Change(assignees=("nobody-known",)))
    assert work.person("") is None
