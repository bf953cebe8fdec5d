"""Filing with everything in memory: one issue, whatever happens on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from supops.errors import NetworkError, PlatformError, Rejected, SupopsError
from supops.models.audits import Audit, Item, Listing
from supops.models.filings import Action
from supops.models.findings import Finding, Severity, Subject
from supops.models.issues import Issue, IssueDraft, Note, TrackerFacts
from supops.render.issue_body import IssueBody
from supops.services.audit_ports import IssueTracker
from supops.services.filing import Filer
from tests.fakes.clock import START, FakeClock
from tests.fakes.console import FakeNotices

SAM = Finding(
    "suspended-agent", Severity.HIGH, Subject("Sam", "sam@example.com", 8), "suspended", actual="suspended"
)


@dataclass
class Tracker(IssueTracker):
    """Issues in memory. What is in `breaks` is raised by the next calls of that name; after the effect where it says so."""

    issues: list[Issue] = field(default_factory=list)
    comments: dict[int, list[Note]] = field(default_factory=dict)
    breaks: dict[str, list[tuple[SupopsError, bool]]] = field(default_factory=dict)
    now: datetime = START
    calls: list[str] = field(default_factory=list)
    hidden_looks: int = 0

    def _break(self, call: str, *, after: bool) -> None:
        waiting = self.breaks.get(call, [])
        if waiting and waiting[0][1] == after:
            raise waiting.pop(0)[0]

    def facts(self, labels: Sequence[str], assignees: Sequence[str]) -> TrackerFacts:
        return TrackerFacts(
            "team/audits",
            self.now,
            tuple(label for label in labels if label == "misspelt"),
            tuple(name for name in assignees if name == "nobody"),
        )

    def issues_since(self, moment: datetime) -> tuple[Issue, ...]:
        self.calls.append("issues_since")
        if self.hidden_looks:
            self.hidden_looks -= 1
            return ()
        return tuple(self.issues)

    def create(self, draft: IssueDraft) -> Issue:
        self.calls.append("create")
        self._break("create", after=False)
        number = len(self.issues) + 1
        issue = Issue(
            number,
            draft.title,
            draft.description,
            f"https://gitlab.example.com/-/issues/{number}",
            labels=draft.labels,
            assignees=draft.assignees,
            due_date=draft.due_date,
        )
        self.issues.append(issue)
        self._break("create", after=True)
        return issue

    def update(self, issue: Issue, description: str) -> Issue:
        self.calls.append("update")
        self._break("update", after=False)
        place = next(place for place, one in enumerate(self.issues) if one.iid == issue.iid)
        self.issues[place] = replace(self.issues[place], description=description, is_confidential=True)
        return self.issues[place]

    def notes(self, issue: Issue) -> tuple[Note, ...]:
        return tuple(self.comments.get(issue.iid, ()))

    def add_note(self, issue: Issue, body: str) -> None:
        self.calls.append("add_note")
        self._break("add_note", after=False)
        notes = self.comments.setdefault(issue.iid, [])
        notes.append(Note(len(notes) + 1, body))
        self._break("add_note", after=True)

    def update_note(self, issue: Issue, note: Note, body: str) -> None:
        self.calls.append("update_note")
        self.comments[issue.iid] = [
            replace(one, body=body) if one.id == note.id else one for one in self.notes(issue)
        ]

    def delete_note(self, issue: Issue, note: Note) -> None:
        self.calls.append("delete_note")
        self.comments[issue.iid] = [one for one in self.notes(issue) if one.id != note.id]


def audit(*findings: Finding, kind: str = "zendesk", agents: int = 1) -> Audit:
    items = tuple(Item(str(number), {"name": f"Agent {number}"}) for number in range(agents))
    instance, title = ("global", "Zendesk Global") if kind == "zendesk" else (None, "Tokens")
    listing = Listing("admins", "Admins", ("name",), items)
    return Audit(kind, instance, title, START, START, (listing,), findings)


def filer(tracker: Tracker, notices: FakeNotices | None = None, **options: object) -> Filer:
    body = IssueBody("0.1.0", "supops audit", longest=10_000)
    made = Filer(tracker, body, FakeClock(), notices or FakeNotices(), START.date())
    for name, value in options.items():
        setattr(made, name, value)
    return made


def test_the_first_time_an_issue_is_created_as_the_settings_say() -> None:
    tracker = Tracker()

    filed = filer(tracker, labels=("audit",), assignees=("jo",), due_after=timedelta(days=30)).file(
        audit(SAM), None
    )

    (issue,) = tracker.issues
    assert (filed.action, filed.issue) == (Action.CREATED, issue)
    assert issue.title == "Zendesk Global audit - 2026 Q4"
    assert (issue.labels, issue.assignees, issue.due_date) == (("audit",), ("jo",), date(2026, 10, 31))
    assert "- [ ] **Sam**" in issue.description


def test_the_second_time_it_is_updated_and_ticks_stay() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    ticked = tracker.issues[0].description.replace("- [ ]", "- [x]")
    tracker.issues[0] = replace(tracker.issues[0], description=ticked, title="renamed")

    filed = filer(tracker).file(audit(SAM), None)

    assert filed.action is Action.UPDATED
    assert len(tracker.issues) == 1
    assert "- [x] **Sam**" in tracker.issues[0].description


def test_nothing_is_sent_where_nothing_changed() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    tracker.calls.clear()

    filer(tracker).file(audit(SAM), None)

    assert tracker.calls == ["issues_since"]


def test_each_quarter_and_each_audit_has_its_own() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    filer(tracker, day=date(2027, 1, 1), day_is_given=True).file(audit(SAM), None)
    filer(tracker).file(audit(SAM, kind="tokens"), None)

    assert [issue.title for issue in tracker.issues] == [
        "Zendesk Global audit - 2026 Q4",
        "Zendesk Global audit - 2027 Q1",
        "Tokens audit - 2026 Q4",
    ]


def test_an_issue_that_people_closed_is_updated_left_closed_and_that_is_said() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(), None)
    tracker.issues[0] = replace(tracker.issues[0], is_closed=True)

    filed = filer(tracker).file(audit(SAM), None)

    assert tracker.issues[0].is_closed
    assert "**Sam**" in tracker.issues[0].description
    assert filed.remarks == ("it was closed by people, and is left closed",)


def test_an_issue_that_became_public_is_made_confidential_again() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    tracker.issues[0] = replace(tracker.issues[0], is_confidential=False)

    filed = filer(tracker).file(audit(SAM), None)

    assert tracker.issues[0].is_confidential
    assert "confidential" in filed.remarks[0]


LOST = NetworkError("no answer")


@pytest.mark.parametrize("looks_too_early", [0, 1, 2])
def test_an_answer_that_is_lost_makes_no_second_issue(looks_too_early: int) -> None:
    tracker = Tracker(breaks={"create": [(LOST, True)]})
    made = filer(tracker)
    tracker.hidden_looks = 1 + looks_too_early

    filed = made.file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert filed.action is Action.CREATED
    assert tracker.calls.count("create") == 1


def test_a_request_that_never_arrived_is_repeated_after_a_look() -> None:
    tracker = Tracker(breaks={"create": [(LOST, False)]})
    waits: list[float] = []

    filer(tracker, pause=waits.append).file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert tracker.calls == ["issues_since", "create", *["issues_since"] * 3, "create", "issues_since"]
    assert waits == [1.0, 4.0, 10.0]


def test_a_refusal_is_not_repeated() -> None:
    tracker = Tracker(breaks={"create": [(Rejected("no"), False)]})

    with pytest.raises(Rejected):
        filer(tracker).file(audit(SAM), None)

    assert tracker.calls.count("create") == 1


def test_what_fails_twice_is_an_error_and_filing_again_mends_it() -> None:
    tracker = Tracker(breaks={"create": [(PlatformError("500"), False), (PlatformError("500"), False)]})

    with pytest.raises(PlatformError):
        filer(tracker).file(audit(SAM), None)
    filer(tracker).file(audit(SAM), None)

    assert len(tracker.issues) == 1


def test_long_audits_go_on_in_notes_and_a_lost_answer_repeats_none() -> None:
    tracker = Tracker(breaks={"add_note": [(LOST, True), (LOST, False)]})

    filed = filer(tracker).file(audit(SAM, agents=2_000), None)

    notes = tracker.comments[1]
    assert len(notes) == len(filed.parts) - 1 >= 2
    assert [note.body for note in notes] == list(filed.parts[1:])


def test_filing_that_was_killed_between_notes_is_completed_and_shorter_texts_leave_none_behind() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM, agents=2_000), None)
    whole = [note.body for note in tracker.comments[1]]
    del tracker.comments[1][1:]

    filer(tracker).file(audit(SAM, agents=2_000), None)
    assert [note.body for note in tracker.comments[1]] == whole

    filer(tracker).file(audit(SAM), None)
    assert tracker.comments[1] == []


def test_a_mark_that_was_removed_is_put_back_in_an_issue_of_ours() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    tracker.issues[0] = replace(tracker.issues[0], description="by hand")

    filed = filer(tracker).file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert tracker.issues[0].description.endswith("by hand")
    assert any("put back" in remark for remark in filed.remarks)


def test_an_issue_of_somebody_else_with_the_title_is_left_alone() -> None:
    notices = FakeNotices()
    other = Issue(1, "Zendesk Global audit - 2026 Q4", "mine", "https://gitlab.example.com/1", is_ours=False)
    tracker = Tracker([other])

    filed = filer(tracker, notices).file(audit(SAM), None)

    assert filed.action is Action.CREATED
    assert tracker.issues[0] == other
    assert "left alone" in notices.warnings[0]


def test_an_audit_of_tokens_without_findings_is_not_filed_but_an_issue_there_is_updated() -> None:
    tracker = Tracker()
    assert filer(tracker).file(audit(kind="tokens"), None).action is Action.NOTHING
    assert tracker.issues == []

    filer(tracker).file(audit(SAM, kind="tokens"), None)
    assert filer(tracker).file(audit(kind="tokens"), None).action is Action.UPDATED
    assert "**Sam**" not in tracker.issues[0].description


def test_a_dry_run_plans_the_same_and_changes_nothing() -> None:
    tracker = Tracker()
    planned = filer(tracker, dry_run=True).file(audit(SAM), None)
    assert tracker.calls == ["issues_since"]

    done = filer(tracker).file(audit(SAM), None)
    again = filer(tracker, dry_run=True).file(audit(), None)

    assert planned.action is Action.WOULD_CREATE
    assert (planned.parts, planned.draft) == (done.parts, done.draft)
    assert again.action is Action.WOULD_UPDATE
    assert "**Sam**" in tracker.issues[0].description


def test_labels_and_people_that_there_are_not_are_named_before_anything_is_filed() -> None:
    notices = FakeNotices()
    made = filer(Tracker(), notices, labels=("audit", "misspelt"), assignees=("jo", "nobody"))

    made.check()

    assert "the label 'misspelt' does not exist in team/audits" in notices.warnings[0]
    assert "'nobody'" in notices.warnings[1]
    assert made.assignees == ("jo",)


@pytest.mark.parametrize(
    ("skew", "given", "outcome"),
    [
        (timedelta(minutes=1), False, "quiet"),
        (timedelta(minutes=20), False, "warned"),
        (timedelta(days=-2), False, "refused"),
        (timedelta(days=-2), True, "warned"),
    ],
)
def test_clocks_that_disagree(skew: timedelta, given: bool, outcome: str) -> None:
    notices = FakeNotices()
    made = filer(Tracker(now=START + skew), notices, day_is_given=given)

    if outcome == "refused":
        with pytest.raises(SupopsError, match="which quarter"):
            made.check()
        return
    made.check()
    assert bool(notices.warnings) == (outcome == "warned")


def test_two_runs_at_the_same_moment_are_told_of_each_other() -> None:
    tracker = Tracker()
    first, second = filer(tracker), filer(tracker)
    first._known()
    second._known()

    first.file(audit(SAM), None)
    filed = second.file(audit(SAM), None)

    assert len(tracker.issues) == 2
    assert "at the same moment: https://gitlab.example.com/-/issues/1" in filed.remarks[0]
    assert filer(tracker).file(audit(SAM), None).issue == tracker.issues[0]
