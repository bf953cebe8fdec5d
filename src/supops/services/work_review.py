"""What is done with many issues at once: Queued ones whose iteration has come, and the weekly review of Blocked ones (source: domain, 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from supops.errors import CredentialError, SupopsError
from supops.models.work import Change, WorkIssue
from supops.models.work_marks import Mark, mark_of, marked
from supops.models.work_moves import Comment, Given, Moved, Plan
from supops.models.workflow import CLOSED, Template, Verb
from supops.services.ports import Parallel
from supops.services.work_applying import Applier
from supops.services.work_guards import block_of, is_close_unfinished
from supops.services.work_moving import Mover, told_names
from supops.services.work_ports import Changed
from supops.services.work_reading import Desk, Dossier, type_of

WEEK, DAY = timedelta(weeks=1), timedelta(days=1)
ASK, CLOSE_AFTER = 1, 4
NO_LADDER = "escalated to nobody in particular: the flow file (`issues.flow`) names no `ladder`"
ASKED_FIRST = "nothing was asked before: closing comes after asking and escalating"
# What the review itself writes is no update.
REVIEWS = (Template.ASKED, Template.ESCALATED, Template.ABANDONED)
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Failed:
    """An issue that something went wrong with; the others go on."""

    issue: WorkIssue
    error: SupopsError


def _each(work: Callable[[int], Done], listed: WorkIssue) -> Done | Failed:
    """Do something with an issue; once more where somebody changes it meanwhile: nobody watches a schedule who could say it again."""
    try:
        try:
            return work(listed.iid)
        except Changed:
            return work(listed.iid)
    except CredentialError:
        raise
    except SupopsError as error:
        return Failed(listed, error)


@dataclass(frozen=True, slots=True)
class Dequeued:
    """What became of Queued issues.

    Attributes:
        moved: Those whose iteration has come, in the order of their numbers; illegal ones say what they lack.
        waiting: How many wait for an iteration to come.
        failed: Those that something went wrong with.
        unavailable: Why nothing can be told, where there are no iterations; else empty.
    """

    moved: tuple[Moved, ...]
    waiting: int
    failed: tuple[Failed, ...]
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Dequeuer:
    """Moves Queued issues on whose iteration has come."""

    desk: Desk
    mover: Mover
    applier: Applier
    parallel: Parallel

    def dequeue(self) -> Dequeued:
        """Move every Queued issue whose iteration has begun; each by itself, several at once.

        Raises:
            CredentialError: The credential is not accepted, or may not write.
            SupopsError: The issues can't be listed.
        """
        desk, flow = self.desk, self.desk.flow
        issues = desk.tracker.issues(labels=[flow.stage_label(flow.queued)])
        listing = desk.iterations
        if listing.unavailable:
            return Dequeued((), len(issues), (), listing.unavailable)
        come = [one for one in issues if one.iteration is None or one.iteration.start <= desk.today]
        if come:
            # Once, before several ask at the same time.
            _ = (desk.team, desk.labels)
        done = [*self.parallel(self._one, come)]
        moved = sorted((one for one in done if isinstance(one, Moved)), key=lambda one: one.issue.iid)
        failed = sorted((one for one in done if isinstance(one, Failed)), key=lambda one: one.issue.iid)
        return Dequeued(tuple(moved), len(issues) - len(come), tuple(failed))

    def _one(self, listed: WorkIssue) -> Moved | Failed:
        return _each(self._start, listed)

    def _start(self, iid: int) -> Moved:
        dossier = self.desk.dossier(iid)
        place = dossier.place
        if place != self.desk.flow.queued:
            plan = Plan(dossier.issue, dossier.type, place, place, remarks=("it was moved meanwhile",))
            return Moved(plan, dossier.issue, done=False)
        return self.applier.apply(self.mover.plan(dossier, Given(), verb=Verb.START))


class Step(StrEnum):
    """What the weekly review does with a Blocked issue."""

    NOTHING = "nothing"
    ASK = "ask"
    ESCALATE = "escalate"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Asks:
    """What a comment of the review says: since when, how many weeks, and whom it turns to."""

    since: datetime
    weeks: int
    to: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What the review found of a Blocked issue, and did.

    Attributes:
        since: Its last update.
        weeks: Whole weeks since then.
        step: What is to be done; nothing where that is done already.
        done_before: Whether this week's step was done before.
        to: Username of whom it turns to; empty for nobody in particular.
        held: Why a step that is due is not done; empty where it is.
        note: What is odd about the step; empty where nothing is.
    """

    issue: WorkIssue
    since: datetime
    weeks: int
    step: Step
    plan: Plan
    to: str = ""
    done_before: bool = False
    held: str = ""
    note: str = ""
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What became of the Blocked issues, the longest blocked first."""

    reviewed: tuple[Reviewed, ...]
    failed: tuple[Failed, ...]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Does the weekly review of Blocked issues (source: domain, 4).

    After a week without an update it asks, after two and three it escalates, after four it closes. Nothing is closed that was not
    asked or escalated before.

    Args:
        closes: Whether issues are closed; else those are named only.
    """

    desk: Desk
    mover: Mover
    applier: Applier
    parallel: Parallel
    closes: bool = True

    def review(self) -> Review:
        """Look at all Blocked issues, and do with each what its time asks for, once.

        Raises:
            CredentialError: The credential is not accepted, or may not write.
            SupopsError: The issues can't be listed.
        """
        flow = self.desk.flow
        issues = self.desk.tracker.issues(labels=[flow.stage_label(flow.blocked)])
        if issues:
            _ = self.desk.team
        done = [*self.parallel(self._one, issues)]
        reviewed = sorted(
            (one for one in done if isinstance(one, Reviewed)), key=lambda one: (one.since, one.issue.iid)
        )
        failed = sorted((one for one in done if isinstance(one, Failed)), key=lambda one: one.issue.iid)
        return Review(tuple(reviewed), tuple(failed))

    def _one(self, listed: WorkIssue) -> Reviewed | Failed:
        return _each(self._review, listed)

    def _review(self, iid: int) -> Reviewed:
        found = self.look(self.desk.dossier(iid))
        if found.step is Step.NOTHING or found.held:
            return found
        return replace(found, moved=self.applier.apply(found.plan))

    def look(self, dossier: Dossier) -> Reviewed:
        """Say what is to be done with a Blocked issue now."""
        issue, flow = dossier.issue, self.desk.flow
        since = last_update(dossier)
        weeks = max(0, (self.desk.now - since) // WEEK)
        nothing = Plan(issue, type_of(flow, issue), flow.blocked, flow.blocked)
        if weeks < ASK or dossier.place != flow.blocked:
            return Reviewed(issue, since, weeks, Step.NOTHING, nothing)
        earlier = _steps_since(dossier, since)
        stage, was_done = self._week(weeks, earlier)
        step = Step.CLOSE if stage == CLOSE_AFTER else Step.ASK if stage == ASK else Step.ESCALATE
        to = self._whom(dossier, stage)
        if was_done and step is not Step.CLOSE:
            return Reviewed(issue, since, weeks, Step.NOTHING, nothing, to, done_before=True)
        plan = self._plan(dossier, step, stage, Asks(since, weeks, to), says=not was_done)
        held = "closing needs --yes" if step is Step.CLOSE and not self.closes else ""
        note = ASKED_FIRST if weeks >= CLOSE_AFTER and not earlier else ""
        if step is Step.ESCALATE and not to:
            note = NO_LADDER
        return Reviewed(issue, since, weeks, step, plan, to, held=held, note=note)

    def _week(self, weeks: int, earlier: Sequence[tuple[datetime, int]]) -> tuple[int, bool]:
        """Return which week's step is due, and whether it was done: who was never asked is asked, and each step has its week."""
        if not earlier:
            return (weeks if weeks < CLOSE_AFTER else ASK), False
        at, last = earlier[-1]
        # Schedules do not run to the second.
        has_come = self.desk.now - at >= WEEK - DAY
        stage = max(last, min(weeks, CLOSE_AFTER, last + 1)) if has_come else last
        return stage, stage == last

    def _plan(self, dossier: Dossier, step: Step, stage: int, asks: Asks, *, says: bool) -> Plan:
        issue, flow = dossier.issue, self.desk.flow
        kinds = {Step.ASK: Template.ASKED, Step.ESCALATE: Template.ESCALATED, Step.CLOSE: Template.ABANDONED}
        mark = Mark(kinds[step], {"week": stage, "since": asks.since.isoformat(timespec="seconds")})
        comments = (self._comment(dossier, kinds[step], mark, asks.weeks, asks.to),) if says else ()
        told = {issue.author, *issue.assignees, *(one.author for one in dossier.notes)}
        told |= {name for comment in comments for name in comment.mentions}
        return Plan(
            issue,
            type_of(flow, issue),
            flow.blocked,
            CLOSED if step is Step.CLOSE else flow.blocked,
            comments=comments,
            change=Change(close=True) if step is Step.CLOSE else Change(),
            notify=told_names(self.desk, told) if comments else (),
        )

    def _whom(self, dossier: Dossier, week: int) -> str:
        """Return whom the review turns to: the blocking party, or the next level of leadership."""
        ladder = self.desk.flow.ladder
        block = block_of(dossier)
        blocking = block.text("on") if block else ""
        if week == ASK:
            return blocking or next(iter(dossier.issue.assignees), "") or dossier.issue.author
        if week >= CLOSE_AFTER:
            return ""
        place = min(week - ASK, len(ladder)) - 1
        return ladder[place] if place >= 0 else ""

    def _comment(self, dossier: Dossier, kind: Template, mark: Mark, weeks: int, to: str) -> Comment:
        block = block_of(dossier) or Mark(Template.BLOCKED)
        values = {
            "iid": dossier.issue.iid,
            "title": dossier.issue.title,
            "weeks": weeks,
            "since": mark.text("since")[:10],
            "to": to,
            "until": block.text("until"),
            "then": block.text("then"),
            "ladder": list(self.desk.flow.ladder),
        }
        text = self.mover.wording.compose(kind, values)
        return Comment(kind, mark, f"{mark.line}\n{text}", self.mover.wording.mentions(text))


def last_update(dossier: Dossier) -> datetime:
    """Return when a Blocked issue was updated last: it was blocked, reopened, or somebody commented; what the review wrote does not count."""
    flow, issue = dossier.flow, dossier.issue
    blocked = flow.stage_label(flow.blocked)
    moments = [one.at for one in dossier.events if one.added and one.label == blocked][-1:] or [
        issue.created_at
    ]
    moments += [one.created_at for one in dossier.notes if not _is_review(dossier, one.author, one.body)]
    latest = max(moments)
    if dossier.desk.now - latest < WEEK:
        return latest
    return max(_reopenings(dossier, latest))


def _reopenings(dossier: Dossier, since: datetime) -> list[datetime]:
    """Return when an issue was opened again: what the platform tells, or, where it does not, what follows from a close of ours."""
    told = [one.at for one in dossier.state_events if not one.closed]
    closing = next((one for one, _ in marked(dossier.team_notes, Template.ABANDONED)), None)
    if closing is None or closing.created_at < max([since, *told]):
        return [since, *told]
    if is_close_unfinished(dossier):
        return [since, *told]
    # It was closed, and is open. What the review wrote since then remembers since when.
    later = (mark_of(one.body) for one in dossier.team_notes if one.created_at > closing.created_at)
    known = next((at for mark in later if mark and mark.kind in REVIEWS and (at := _since(mark))), None)
    return [since, *told, closing.created_at, known or dossier.issue.updated_at]


def _since(mark: Mark) -> datetime | None:
    try:
        found = datetime.fromisoformat(mark.text("since"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _steps_since(dossier: Dossier, since: datetime) -> list[tuple[datetime, int]]:
    """Return which weeks' steps the review has done since the last update, and when, the oldest first."""
    return [
        (one.created_at, mark.number("week"))
        for one in dossier.team_notes
        if one.created_at >= since and (mark := mark_of(one.body)) and mark.kind in REVIEWS
    ]


def _is_review(dossier: Dossier, author: str, body: str) -> bool:
    mark = mark_of(body)
    return mark is not None and mark.kind in REVIEWS and author in dossier.desk.team
