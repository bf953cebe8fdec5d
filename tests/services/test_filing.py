"""Filing with everything in memory: one issue, whatever happens on the way."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from supops.errors import NetworkError, PlatformError, Rejected, SupopsError
from supops.models.audits import Audit, Item, Listing
from supops.models.filings import Action
from supops.models.findings import Finding, Severity, Subject
from supops.models.issues import Issue
from supops.render.issue_body import IssueBody
from supops.services.filing import Filer
from tests.fakes.clock import START, FakeClock
from tests.fakes.console import FakeNotices
from tests.fakes.gitlab import Failure, FakeTracker

SAM = Finding(
    "suspended-agent", Severity.HIGH, Subject("Sam", "sam@example.com", 8), "suspended", actual="suspended"
)


class Tracker(FakeTracker):
    """A tracker with one label and one person; for some looks it does not show what there is, as when a platform is slow."""

    def __init__(self, *failures: Failure, now: datetime = START, hidden_looks: int = 0) -> None:
        super().__init__(labels=["audit"], people=["jo"], start=now)
        self.failures += failures
        self.hidden_looks = hidden_looks

    def issues_since(self, moment: datetime) -> tuple[Issue, ...]:
        found = super().issues_since(moment)
        if self.hidden_looks:
            self.hidden_looks -= 1
            return ()
        return found


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

    (issue,) = tracker.issues.values()
    assert (filed.action, filed.issue) == (Action.CREATED, issue)
    assert issue.title == "Zendesk Global audit - 2026 Q4"
    assert (issue.labels, issue.assignees, issue.due_date) == (("audit",), ("jo",), date(2026, 10, 31))
    assert "- [ ] **Sam**" in issue.description


def test_the_second_time_it_is_updated_and_ticks_stay() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    ticked = tracker.issues[1].description.replace("- [ ]", "- [x]")
    tracker.issues[1] = replace(tracker.issues[1], description=ticked, title="renamed")

    filed = filer(tracker).file(audit(SAM), None)

    assert filed.action is Action.UPDATED
    assert len(tracker.issues) == 1
    assert "- [x] **Sam**" in tracker.issues[1].description


def test_nothing_is_sent_where_nothing_changed() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    tracker.calls.clear()

    filer(tracker).file(audit(SAM), None)

    assert tracker.calls == ["issues_since", "notes"]


def test_each_quarter_and_each_audit_has_its_own() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    filer(tracker, day=date(2027, 1, 1), day_is_given=True).file(audit(SAM), None)
    filer(tracker).file(audit(SAM, kind="tokens"), None)

    assert [issue.title for issue in tracker.issues.values()] == [
        "Zendesk Global audit - 2026 Q4",
        "Zendesk Global audit - 2027 Q1",
        "Tokens audit - 2026 Q4",
    ]


def test_an_issue_that_people_closed_is_updated_left_closed_and_that_is_said() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(), None)
    tracker.issues[1] = replace(tracker.issues[1], is_closed=True)

    filed = filer(tracker).file(audit(SAM), None)

    assert tracker.issues[1].is_closed
    assert "**Sam**" in tracker.issues[1].description
    assert filed.remarks == ("it was closed by people, and is left closed",)


def test_an_issue_that_became_public_is_made_confidential_again() -> None:
    tracker = Tracker()
    filer(tracker).file(audit(SAM), None)
    tracker.issues[1] = replace(tracker.issues[1], is_confidential=False)

    filed = filer(tracker).file(audit(SAM), None)

    assert tracker.issues[1].is_confidential
    assert "confidential" in filed.remarks[0]


LOST = NetworkError("no answer")


@pytest.mark.parametrize("looks_too_early", [0, 1, 2])
def test_an_answer_that_is_lost_makes_no_second_issue(looks_too_early: int) -> None:
    tracker = Tracker(Failure("create", LOST, True))
    made = filer(tracker)
    tracker.hidden_looks = 1 + looks_too_early

    filed = made.file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert filed.action is Action.CREATED
    assert tracker.calls.count("create") == 1


def test_a_request_that_never_arrived_is_repeated_after_a_look() -> None:
    tracker = Tracker(Failure("create", LOST, False))
    waits: list[float] = []

    filer(tracker, pause=waits.append).file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert tracker.calls == ["issues_since", "create", *["issues_since"] * 3, "create", "issues_since"]
    assert waits == [1.0, 4.0, 10.0]


def test_a_refusal_is_not_repeated() -> None:
    tracker = Tracker(Failure("create", Rejected("no"), False))

    with pytest.raises(Rejected):
        filer(tracker).file(audit(SAM), None)

    assert tracker.calls.count("create") == 1


def test_what_fails_twice_is_an_error_and_filing_again_mends_it() -> None:
    tracker = Tracker(
        Failure("create", PlatformError("500"), False), Failure("create", PlatformError("500"), False)
    )

    with pytest.raises(PlatformError):
        filer(tracker).file(audit(SAM), None)
    filer(tracker).file(audit(SAM), None)

    assert len(tracker.issues) == 1


def test_long_audits_go_on_in_notes_and_a_lost_answer_repeats_none() -> None:
    tracker = Tracker(Failure("add_note", LOST, True), Failure("add_note", LOST, False))

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
    tracker.issues[1] = replace(tracker.issues[1], description="by hand")

    filed = filer(tracker).file(audit(SAM), None)

    assert len(tracker.issues) == 1
    assert tracker.issues[1].description.endswith("by hand")
    assert any("put back" in remark for remark in filed.remarks)


def test_an_issue_of_somebody_else_with_the_title_is_left_alone() -> None:
    notices = FakeNotices()
    other = Issue(1, "Zendesk Global audit - 2026 Q4", "mine", "https://gitlab.example.com/1", is_ours=False)
    tracker = Tracker()
    tracker.put(other)

    filed = filer(tracker, notices).file(audit(SAM), None)

    assert filed.action is Action.CREATED
    assert tracker.issues[1] == other
    assert "left alone" in notices.warnings[0]


def test_an_audit_of_tokens_without_findings_is_not_filed_but_an_issue_there_is_updated() -> None:
    tracker = Tracker()
    assert filer(tracker).file(audit(kind="tokens"), None).action is Action.NOTHING
    assert tracker.issues == {}

    filer(tracker).file(audit(SAM, kind="tokens"), None)
    assert filer(tracker).file(audit(kind="tokens"), None).action is Action.UPDATED
    assert "**Sam**" not in tracker.issues[1].description


def test_a_dry_run_plans_the_same_and_changes_nothing() -> None:
    tracker = Tracker()
    planned = filer(tracker, dry_run=True).file(audit(SAM), None)
    assert tracker.calls == ["issues_since"]

    done = filer(tracker).file(audit(SAM), None)
    again = filer(tracker, dry_run=True).file(audit(), None)

    assert planned.action is Action.WOULD_CREATE
    assert (planned.parts, planned.draft) == (done.parts, done.draft)
    assert again.action is Action.WOULD_UPDATE
    assert "**Sam**" in tracker.issues[1].description


def test_labels_and_people_that_there_are_not_are_named_before_anything_is_filed() -> None:
    notices = FakeNotices()
    made = filer(Tracker(), notices, labels=("audit", "misspelt"), assignees=("jo", "nobody"))

    made.check()

    assert "the label 'misspelt' does not exist in support-readiness/system-audits" in notices.warnings[0]
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
    assert f"at the same moment: {tracker.issues[1].web_url}" in filed.remarks[0]
    assert filer(tracker).file(audit(SAM), None).issue == tracker.issues[1]
