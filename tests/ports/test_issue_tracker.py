"""What every issue tracker promises: the fake in memory, and the adapter on the simulated GitLab."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_issues import GitLabIssues
from supops.errors import NotFound, Rejected
from supops.models.issues import Issue, IssueDraft
from supops.sandbox.server import Sandbox
from supops.services.audit_ports import IssueTracker
from tests.connecting import gitlab_of
from tests.fakes.gitlab import PROJECT, FakeTracker

DRAFT = IssueDraft(
    "Zendesk Global audit 2026 Q4",
    "## Zendesk Global\n\nüñí and more <!-- supops -->",
    ("audit", "Priority::2"),
    ("maria-delgado", "owner"),
    date(2026, 12, 1),
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stage:
    """A tracker, and what people do to an issue past us."""

    tracker: IssueTracker
    by_people: Callable[[Issue, str], None]


Open = Callable[..., Stage]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a maker; the project may have no issue tracker."""
    connections: list[GitLabConnection] = []

    def fake(*, enabled: bool = True) -> Stage:
        tracker = FakeTracker(
            labels=("audit", "Priority::2"), people=("maria-delgado", "owner"), enabled=enabled
        )

        def by_people(issue: Issue, what: str) -> None:
            known = tracker.issues[issue.iid]
            closed, public = what == "close" or known.is_closed, what == "publish"
            tracker.put(
                Issue(
                    known.iid,
                    known.title,
                    known.description,
                    known.web_url,
                    is_closed=closed,
                    is_confidential=not public,
                )
            )

        return Stage(tracker, by_people)

    def real(*, enabled: bool = True) -> Stage:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        state = sandbox.world.gitlab
        state.project(PROJECT).issues_access = "enabled" if enabled else "disabled"
        connections.append(gitlab_of(sandbox))

        def by_people(issue: Issue, what: str) -> None:
            known = next(one for one in state.issues if (one.project, one.iid) == (PROJECT, issue.iid))
            if what == "close":
                known.state = "closed"
            else:
                known.confidential = False

        return Stage(GitLabIssues(connections[-1], PROJECT), by_people)

    yield fake if request.param == "fake" else real
    for connection in connections:
        connection.close()


@pytest.fixture
def stage(opened: Open) -> Stage:
    return opened()


@pytest.fixture
def tracker(stage: Stage) -> IssueTracker:
    return stage.tracker


def test_what_is_created_is_as_it_was_asked_for_and_listed_so(tracker: IssueTracker) -> None:
    made = tracker.create(DRAFT)

    assert (made.title, made.description, made.due_date) == (DRAFT.title, DRAFT.description, DRAFT.due_date)
    assert sorted(made.labels) == sorted(DRAFT.labels)
    assert sorted(made.assignees) == sorted(DRAFT.assignees)
    assert made.is_confidential
    assert made.is_ours
    assert not made.is_closed
    assert made.web_url.endswith(f"/{PROJECT}/-/issues/{made.iid}")
    assert tracker.issues_since(LONG_AGO) == (made,)


def test_issues_are_listed_oldest_first_and_none_from_before(tracker: IssueTracker) -> None:
    made = [tracker.create(IssueDraft(f"issue {number}", "")) for number in range(45)]

    assert tracker.issues_since(LONG_AGO) == tuple(made)
    assert tracker.issues_since(datetime.now(UTC) + timedelta(days=400)) == ()


def test_an_update_changes_the_description_and_nothing_else(tracker: IssueTracker) -> None:
    made = tracker.create(DRAFT)

    changed = tracker.update(made, "other text")

    assert changed.description == "other text"
    assert (changed.iid, changed.title, sorted(changed.labels)) == (made.iid, made.title, sorted(made.labels))
    assert tracker.issues_since(LONG_AGO) == (changed,)


def test_an_update_makes_confidential_again_and_does_not_reopen(stage: Stage) -> None:
    made = stage.tracker.create(IssueDraft("a", "b"))
    stage.by_people(made, "publish")
    stage.by_people(made, "close")

    changed = stage.tracker.update(made, "c")

    assert changed.is_confidential
    assert changed.is_closed


def test_what_people_did_is_seen(stage: Stage) -> None:
    made = stage.tracker.create(IssueDraft("a", "b"))
    stage.by_people(made, "publish")

    assert [one.is_confidential for one in stage.tracker.issues_since(LONG_AGO)] == [False]


def test_comments_are_listed_oldest_first_changed_and_deleted(tracker: IssueTracker) -> None:
    issue = tracker.create(DRAFT)
    assert tracker.notes(issue) == ()

    for number in range(25):
        tracker.add_note(issue, f"part {number}")
    notes = tracker.notes(issue)
    assert [note.body for note in notes] == [f"part {number}" for number in range(25)]

    tracker.update_note(issue, notes[1], "other")
    tracker.delete_note(issue, notes[0])
    assert [note.body for note in tracker.notes(issue)[:2]] == ["other", "part 2"]


def test_deleting_a_comment_twice_is_fine_and_changing_it_then_is_not(tracker: IssueTracker) -> None:
    issue = tracker.create(DRAFT)
    tracker.add_note(issue, "part 2")
    (note,) = tracker.notes(issue)

    tracker.delete_note(issue, note)
    tracker.delete_note(issue, note)

    with pytest.raises(NotFound):
        tracker.update_note(issue, note, "other")


def test_the_facts_name_labels_and_people_that_there_are_not(tracker: IssueTracker) -> None:
    facts = tracker.facts(("audit", "Audit", "misspelt"), ("owner", "nobody"))

    assert facts.name == PROJECT
    assert facts.unknown_labels == ("Audit", "misspelt")
    assert facts.unknown_people == ("nobody",)
    assert facts.now.tzinfo is not None


def test_a_label_is_known_once_it_was_used(tracker: IssueTracker) -> None:
    tracker.create(IssueDraft("a", "b", ("fresh",)))

    assert tracker.facts(("fresh",), ()).unknown_labels == ()


def test_a_disabled_tracker_is_said_before_anything_is_filed(opened: Open) -> None:
    with pytest.raises(Rejected, match="disabled"):
        opened(enabled=False).tracker.facts((), ())


def test_who_is_not_known_is_not_assigned(tracker: IssueTracker) -> None:
    assert tracker.create(IssueDraft("a", "b", (), ("owner", "nobody"))).assignees == ("owner",)
