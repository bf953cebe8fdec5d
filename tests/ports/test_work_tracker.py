"""What every tracker of work promises: the fake in memory, and the adapter on the simulated GitLab."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pytest

from supops.adapters.gitlab_work import GitLabWork
from supops.errors import Forbidden, NotFound, Rejected
from supops.models.work import Change, Iteration, IterationListing, WorkIssue
from supops.sandbox.gitlab_pages import moment
from supops.sandbox.gitlab_planning import FOREIGN_ITERATION
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_state import GitLabIssue, Label
from supops.sandbox.server import Sandbox
from supops.services.work_ports import Changed, WorkTracker
from tests.connecting import gitlab_of
from tests.fakes.work import LEADER, ME, NOW, REQUESTER, TEAMMATE, FakeWork

TRIAGE, PLANNING, BUG = "Stage::Triage", "Stage::Planning", "RequestType::Bug"
KNOWN = (TRIAGE, PLANNING, "Stage::Blocked", BUG, "Priority::1", "Priority::2", "urgent")
# Of no group that the project is in.
ELSEWHERE = Iteration(FOREIGN_ITERATION, "Elsewhere", date(2026, 1, 4), date(2026, 1, 10))


class Place(Protocol):
    """A tracker without issues, and what people do there past us. The labels are `KNOWN`."""

    tracker: WorkTracker
    me: str
    # Who may label issues, and who may not: the first of those opens them.
    team: tuple[str, str]
    others: tuple[str, ...]
    today: date

    def opened(
        self, *labels: str, title: str = "Something", description: str = "", confidential: bool = False
    ) -> int:
        """Have an issue, and return its number."""
        ...

    def label(self, iid: int, *labels: str) -> None:
        """Have somebody of the team replace all labels, whatever their keys."""
        ...

    def close(self, iid: int) -> None:
        """Have somebody of the team close an issue."""
        ...

    def may_only_look(self) -> WorkTracker:
        """Return the same place for a credential that may not write."""
        ...

    def without_iterations(self) -> None:
        """Have a plan that has none."""
        ...


class FakePlace:
    """In memory."""

    def __init__(self) -> None:
        self.fake = FakeWork(labels=KNOWN)
        self.tracker: WorkTracker = self.fake
        self.me = ME
        self.team = (TEAMMATE, LEADER)
        self.others: tuple[str, ...] = (REQUESTER,)
        self.today = NOW.date()

    def opened(
        self, *labels: str, title: str = "Something", description: str = "", confidential: bool = False
    ) -> int:
        return self.fake.opened(*labels, title=title, description=description, confidential=confidential)

    def label(self, iid: int, *labels: str) -> None:
        self.fake.relabel(iid, *labels)

    def close(self, iid: int) -> None:
        self.fake.closed(iid)

    def may_only_look(self) -> WorkTracker:
        self.fake.may_write = False
        return self.fake

    def without_iterations(self) -> None:
        self.fake.listing = IterationListing(unavailable="the plan has none")


class SandboxPlace:
    """The adapter on the simulated GitLab."""

    def __init__(self, sandbox: Sandbox, connect: Callable[[str], GitLabWork]) -> None:
        self.world, self.connect = sandbox.world, connect
        state = sandbox.world.gitlab
        state.issues = []
        state.labels = [
            *(one for one in state.labels if one.place != TRACKER),
            *(Label(500 + place, name, TRACKER) for place, name in enumerate(KNOWN)),
        ]
        self.tracker: WorkTracker = connect("demo-gitlab-token")
        self.me = "support-bot"
        # A Reporter and a Maintainer; a Guest, and somebody who is no member.
        self.team = ("tessa-young", "owner")
        self.others: tuple[str, ...] = ("sam-nakamura", "zoe-fraser")
        self.today = datetime.fromtimestamp(sandbox.world.now(), UTC).date()

    def opened(
        self, *labels: str, title: str = "Something", description: str = "", confidential: bool = False
    ) -> int:
        state = self.world.gitlab
        iid = len(state.issues) + 1
        made = moment(self.world.now() - 3_600 + iid)
        issue = GitLabIssue(state.new_id(), iid, TRACKER, title, self.others[0], made, made, description)
        issue.labels, issue.confidential = [*labels], confidential
        state.issues.append(issue)
        return iid

    def label(self, iid: int, *labels: str) -> None:
        issue = self.world.gitlab.issue(TRACKER, iid)
        issue.labels = [*labels]
        issue.touch(moment(self.world.now()))

    def close(self, iid: int) -> None:
        at = moment(self.world.now())
        self.world.gitlab.close_issue(TRACKER, iid, by=self.team[1], at=at)

    def may_only_look(self) -> WorkTracker:
        return self.connect("demo-gitlab-read-token")

    def without_iterations(self) -> None:
        self.world.gitlab.without_iterations = 403


@pytest.fixture(params=["fake", "sandbox"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    if request.param == "fake":
        yield FakePlace()
        return
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    connections = []

    def connect(token: str) -> GitLabWork:
        connections.append(gitlab_of(sandbox, token))
        return GitLabWork(connections[-1], TRACKER)

    yield SandboxPlace(sandbox, connect)
    for connection in connections:
        connection.close()


@pytest.fixture
def tracker(place: Place) -> WorkTracker:
    return place.tracker


@pytest.fixture
def issue(place: Place) -> WorkIssue:
    return place.tracker.issue(place.opened(TRIAGE, BUG))


def test_an_issue_is_as_it_was_made(place: Place) -> None:
    iid = place.opened(TRIAGE, "urgent", title="Üñí <b>", description="Text\n\n- [ ] box", confidential=True)

    issue = place.tracker.issue(iid)

    assert (issue.iid, issue.title, issue.description) == (iid, "Üñí <b>", "Text\n\n- [ ] box")
    assert (issue.author, issue.state, issue.is_closed, issue.closed_at) == (
        place.others[0],
        "opened",
        False,
        None,
    )
    assert sorted(issue.labels) == [TRIAGE, "urgent"]
    assert issue.confidential
    assert (issue.assignees, issue.iteration, issue.milestone, issue.weight) == ((), None, None, None)
    assert issue.created_at.tzinfo is not None
    assert issue.updated_at >= issue.created_at
    assert issue.web_url.endswith(f"/{place.tracker.project}/-/issues/{iid}")
    assert place.tracker.issues() == (issue,)


def test_issues_are_listed_by_state_and_labels_the_oldest_first(place: Place) -> None:
    tracker = place.tracker
    for labels in ((TRIAGE, BUG), (PLANNING, BUG), (TRIAGE,), (), ("Stage::Blocked",)):
        place.opened(*labels)
    place.close(3)

    def found(**how: object) -> list[int]:
        return [one.iid for one in tracker.issues(**how)]  # type: ignore[arg-type]

    assert found() == [1, 2, 4, 5]
    assert found(state="closed") == [3]
    assert found(state="all") == [1, 2, 3, 4, 5]
    assert found(labels=[TRIAGE], state="all") == [1, 3]
    assert found(labels=[TRIAGE, BUG]) == [1]
    since = tracker.issue(3).updated_at
    assert found(state="all", changed_since=since) == [3]
    assert found(changed_since=since) == []
    assert found(state="closed", changed_since=since - timedelta(days=1)) == [3]
    assert found(labels=["nothing"]) == []


def test_long_lists_are_whole(place: Place) -> None:
    made = [place.opened(TRIAGE) for _ in range(230)]

    assert [one.iid for one in place.tracker.issues(labels=[TRIAGE])] == made


def test_what_is_not_there_is_not_found(tracker: WorkTracker) -> None:
    for call in (tracker.issue, tracker.notes, tracker.label_events, tracker.state_events):
        with pytest.raises(NotFound, match=tracker.project):
            call(999)


def test_a_change_changes_what_it_names_and_nothing_else(place: Place, issue: WorkIssue) -> None:
    tracker = place.tracker
    milestone = tracker.milestones()[0]
    change = Change(
        (PLANNING, "urgent"),
        (BUG, "not there"),
        assignees=place.team,
        milestone=milestone,
        weight=8,
        close=True,
    )

    after = tracker.update(issue, change)

    assert sorted(after.labels) == [PLANNING, "urgent"]
    assert sorted(after.assignees) == sorted(place.team)
    assert (after.milestone, after.weight, after.is_closed) == (milestone, 8, True)
    assert after.milestone
    assert (after.milestone.title, after.milestone.due) == (milestone.title, milestone.due)
    assert after.closed_at is not None
    assert after.updated_at > issue.updated_at
    assert (after.title, after.description, after.author, after.iteration) == (
        issue.title,
        issue.description,
        issue.author,
        None,
    )
    assert tracker.issue(issue.iid) == after
    again = tracker.update(after, Change(reopen=True, assignees=()))
    assert (again.is_closed, again.assignees, again.closed_at) == (False, (), None)
    assert sorted(again.labels) == [PLANNING, "urgent"]
    assert (again.milestone, again.weight) == (milestone, 8)


def test_a_scoped_label_takes_the_place_of_all_others_of_its_key(place: Place) -> None:
    iid = place.opened(TRIAGE, PLANNING, "Priority::1")

    after = place.tracker.update(place.tracker.issue(iid), Change((PLANNING, "Priority::2")))

    assert sorted(after.labels) == ["Priority::2", PLANNING]


def test_repeating_a_change_changes_nothing(place: Place, issue: WorkIssue) -> None:
    change = Change((PLANNING,), (BUG,), assignees=place.team[:1], weight=3, close=True)
    once = place.tracker.update(issue, change)
    events = place.tracker.label_events(issue.iid)

    twice = place.tracker.update(once, change)

    assert (sorted(twice.labels), twice.assignees, twice.weight, twice.is_closed) == (
        [PLANNING],
        place.team[:1],
        3,
        True,
    )
    assert place.tracker.label_events(issue.iid) == events


def test_an_empty_change_writes_nothing(place: Place, issue: WorkIssue) -> None:
    assert place.tracker.update(issue, Change()) == issue
    assert place.tracker.issue(issue.iid) == issue


def test_what_was_changed_since_it_was_read_is_not_overwritten(place: Place, issue: WorkIssue) -> None:
    place.label(issue.iid, TRIAGE)
    now = place.tracker.issue(issue.iid)

    with pytest.raises(Changed, match="was changed"):
        place.tracker.update(issue, Change((PLANNING,)))
    with pytest.raises(Changed, match="was changed"):
        place.tracker.set_iteration(issue, place.tracker.iterations().iterations[-1])

    assert place.tracker.issue(issue.iid) == now
    assert place.tracker.update(now, Change((PLANNING,))).labels == (PLANNING,)


def test_a_comment_is_a_change_as_well(place: Place, issue: WorkIssue) -> None:
    place.tracker.comment(issue, "Hello")

    assert place.tracker.issue(issue.iid).updated_at > issue.updated_at
    with pytest.raises(Changed):
        place.tracker.update(issue, Change((PLANNING,)))


def test_who_is_not_known_is_not_assigned(place: Place, issue: WorkIssue) -> None:
    with pytest.raises(NotFound, match="nobody-known"):
        place.tracker.update(issue, Change((PLANNING,), assignees=("nobody-known",)))

    assert place.tracker.issue(issue.iid) == issue


def test_comments_are_listed_oldest_first(place: Place, issue: WorkIssue) -> None:
    tracker = place.tracker
    made = [tracker.comment(issue, f"Comment {number}\n\n<!-- mark -->") for number in range(25)]

    notes = [one for one in tracker.notes(issue.iid) if not one.system]

    assert notes == made
    assert notes[3].body == "Comment 3\n\n<!-- mark -->"
    assert {(one.author, one.internal) for one in notes} == {(place.me, False)}
    assert [one.created_at for one in notes] == sorted(one.created_at for one in notes)


def test_closed_issues_take_comments(place: Place, issue: WorkIssue) -> None:
    place.close(issue.iid)

    place.tracker.comment(issue, "Afterwards")

    assert [one.body for one in place.tracker.notes(issue.iid) if not one.system] == ["Afterwards"]


def test_labels_come_and_go_in_the_history(place: Place, issue: WorkIssue) -> None:
    tracker = place.tracker
    before = tracker.label_events(issue.iid)

    after = tracker.update(issue, Change((PLANNING,), (BUG,)))
    tracker.update(after, Change(("Stage::Blocked",)))

    events = tracker.label_events(issue.iid)[len(before) :]
    assert [(one.added, one.label) for one in events[:3]] in (
        [(False, TRIAGE), (False, BUG), (True, PLANNING)],
        [(False, BUG), (False, TRIAGE), (True, PLANNING)],
    )
    assert [(one.added, one.label) for one in events[3:]] == [(False, PLANNING), (True, "Stage::Blocked")]
    assert {one.by for one in events} == {place.me}
    assert [one.at for one in events] == sorted(one.at for one in events)


def test_closing_and_opening_again_is_told_by_events_and_by_no_comment(
    place: Place, issue: WorkIssue
) -> None:
    tracker = place.tracker
    place.close(issue.iid)
    closed = tracker.issue(issue.iid)

    again = tracker.update(closed, Change(close=True))
    tracker.update(tracker.update(again, Change(reopen=True)), Change((PLANNING,), close=True))

    events = tracker.state_events(issue.iid)
    assert [one.closed for one in events] == [True, False, True]
    assert [one.by == place.me for one in events] == [False, True, True]
    assert events[0].at == closed.closed_at
    assert [one.at for one in events] == sorted(one.at for one in events)
    assert tracker.notes(issue.iid) == ()


def test_iterations_are_weeks_and_today_is_in_one(place: Place) -> None:
    listing = place.tracker.iterations()

    assert listing.unavailable == ""
    assert list(listing.iterations) == sorted(listing.iterations, key=lambda one: one.start)
    (current,) = [one for one in listing.iterations if one.contains(place.today)]
    assert listing.iterations[0].due < current.start
    assert listing.iterations[-1].start > current.due
    assert current.due - current.start == timedelta(days=6)


def test_an_iteration_is_set_once(place: Place, issue: WorkIssue) -> None:
    tracker = place.tracker
    first, second = tracker.iterations().iterations[-2:]

    after = tracker.set_iteration(issue, first)
    assert after.iteration == first
    assert (after.iteration.title, after.iteration.start, after.iteration.due) == (
        first.title,
        first.start,
        first.due,
    )
    assert after.updated_at > issue.updated_at
    assert (after.labels, after.assignees, after.state) == (issue.labels, issue.assignees, issue.state)
    assert tracker.set_iteration(after, first) == after
    assert tracker.set_iteration(after, second).iteration == second


def test_an_iteration_of_another_group_is_refused(place: Place, issue: WorkIssue) -> None:
    with pytest.raises(Rejected):
        place.tracker.set_iteration(issue, ELSEWHERE)

    assert place.tracker.issue(issue.iid) == issue


def test_plans_may_have_no_iterations(place: Place) -> None:
    place.without_iterations()

    listing = place.tracker.iterations()

    assert listing.iterations == ()
    assert listing.unavailable


def test_milestones_are_active_ones_the_earliest_due_first(tracker: WorkTracker) -> None:
    found = tracker.milestones()

    dues = [one.due for one in found if one.due]
    assert dues == sorted(dues)
    assert dues
    assert all(one.title.endswith(str(one.due)) for one in found if one.due)
    assert [one.due is None for one in found] == sorted(one.due is None for one in found)


def test_labels_are_known_by_name(tracker: WorkTracker) -> None:
    assert {*KNOWN} <= tracker.labels()
    assert "Stage::Nowhere" not in tracker.labels()


def test_people_are_known_with_what_they_may_do(place: Place) -> None:
    people = [place.tracker.person(name) for name in (*place.team, *place.others)]

    assert [(one.username, one.may_plan) for one in people if one] == [
        *((name, True) for name in place.team),
        *((name, False) for name in place.others),
    ]
    assert all(one and one.name for one in people)
    assert place.tracker.person(place.team[0].upper()) == people[0]
    assert place.tracker.person("nobody-known") is None


def test_the_team_are_those_who_may_label(place: Place) -> None:
    team = place.tracker.team()

    assert place.tracker.me() == place.me
    assert {place.me, *place.team} <= team
    assert team.isdisjoint(place.others)


def test_who_may_only_look_is_told_what_is_missing(place: Place, issue: WorkIssue) -> None:
    looking = place.may_only_look()
    writes: tuple[Callable[[], object], ...] = (
        lambda: looking.update(issue, Change((PLANNING,))),
        lambda: looking.set_iteration(issue, looking.iterations().iterations[-1]),
        lambda: looking.comment(issue, "Hello"),
    )

    for write in writes:
        with pytest.raises(Forbidden) as raised:
            write()
        assert "api" in raised.value.hint
    assert looking.issues() == (issue,)
    assert place.tracker.notes(issue.iid) == ()
