"""Reading what the flow needs to know: of the project once, and of an issue what is asked for."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from supops.errors import UsageError
from supops.models.work import (
    Iteration,
    IterationListing,
    LabelEvent,
    Milestone,
    StateEvent,
    WorkIssue,
    WorkNote,
)
from supops.models.work_marks import Mark, is_kind, mark_of
from supops.models.workdays import working_days
from supops.models.workflow import CLOSED, NOWHERE, Flow, Goal, Stage, Template, Validation
from supops.services.ports import Clock
from supops.services.work_ports import WorkTracker


@dataclass
class Desk:
    """The project's issues and the flow, with what is the same for all issues; each is read once, when it is asked for."""

    tracker: WorkTracker
    flow: Flow
    clock: Clock

    @property
    def now(self) -> datetime:
        """The present time."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """The day in UTC."""
        return self.now.date()

    @cached_property
    def iterations(self) -> IterationListing:
        """The iterations that there are."""
        return self.tracker.iterations()

    @cached_property
    def milestones(self) -> tuple[Milestone, ...]:
        """The active milestones."""
        return self.tracker.milestones()

    @cached_property
    def labels(self) -> frozenset[str]:
        """All labels of the project."""
        return self.tracker.labels()

    @cached_property
    def team(self) -> frozenset[str]:
        """Whose comments are believed: those who may label issues, and whoever the credential belongs to."""
        return self.tracker.team() | {self.tracker.me()}

    def dossier(self, issue: WorkIssue | int) -> "Dossier":
        """Return what is known of an issue; one that is named by its number is read now.

        Raises:
            NotFound: There is none, or the credential does not see it.
        """
        return Dossier(self, self.tracker.issue(issue) if isinstance(issue, int) else issue)


@dataclass
class Dossier:
    """An issue, with its comments and its history; these are read when they are asked for."""

    desk: Desk
    issue: WorkIssue

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.desk.flow

    @cached_property
    def all_notes(self) -> tuple[WorkNote, ...]:
        """All comments, those that the platform wrote included, the oldest first."""
        return self.desk.tracker.notes(self.issue.iid)

    @cached_property
    def notes(self) -> tuple[WorkNote, ...]:
        """All comments that people wrote, the oldest first."""
        return tuple(one for one in self.all_notes if not one.system)

    @cached_property
    def team_notes(self) -> tuple[WorkNote, ...]:
        """The comments of people who may label issues: only their marks count, anybody can write one."""
        return tuple(one for one in self.notes if one.author in self.desk.team)

    @cached_property
    def events(self) -> tuple[LabelEvent, ...]:
        """When which label came and went."""
        return self.desk.tracker.label_events(self.issue.iid)

    @cached_property
    def state_events(self) -> tuple[StateEvent, ...]:
        """When it was closed, and opened again."""
        return self.desk.tracker.state_events(self.issue.iid)

    def written(self, kind: Template) -> WorkNote | None:
        """Return the latest comment of a kind; None where there is none."""
        return next((one for one in reversed(self.team_notes) if is_kind(one, kind)), None)

    @cached_property
    def latest_move(self) -> tuple[WorkNote, Mark] | None:
        """The latest comment of the team on a move, with its mark; others, such as a gameplan, say nothing of moves."""
        marks = ((note, mark_of(note.body)) for note in reversed(self.team_notes))
        return next(((note, mark) for note, mark in marks if mark and "n" in mark.facts), None)

    @property
    def steps(self) -> int:
        """How often stage or validation were set, or it was closed or opened again: what tells a round from the one before."""
        keys = (self.flow.labels.stage, self.flow.labels.validation)
        labels = sum(1 for one in self.events if one.added and one.label.startswith(keys))
        return labels + len(self.state_events)

    @property
    def place(self) -> str:
        """The stage that the issue is in, or `CLOSED`; `NOWHERE` where it has none. Of several it is none of them."""
        if self.issue.is_closed:
            return CLOSED
        stages = self.flow.stages_of(self.issue.labels)
        return stages[0] if len(stages) == 1 else NOWHERE

    @property
    def type(self) -> str | None:
        """The key of its type; None where it has none, several, or one that is not known."""
        return type_of(self.flow, self.issue)


def type_of(flow: Flow, issue: WorkIssue) -> str | None:
    """Return the key of an issue's type; None where it has none, several, or one that is not known."""
    names = flow.types_of(issue.labels)
    known = flow.type(names[0]) if len(names) == 1 else None
    return known.key if known else None


def stage_of(flow: Flow, issue: WorkIssue) -> str:
    """Return the name of an issue's stage; empty where it has none, all with a comma where it has several."""
    return ", ".join(flow.stages_of(issue.labels))


@dataclass(frozen=True, slots=True)
class Age:
    """How long an issue is in its stage.

    Attributes:
        days: Working days; of what is only known to lie between two numbers, the smaller.
        most: The greater one.
        since: Since when; None where that is not known exactly.
        goal: How long it should be at the most; None where there is no goal.
        of: What the goal is for: the stage, or the validation in it.
    """

    days: int
    most: int
    since: datetime | None
    goal: Goal | None
    of: str

    @property
    def is_exact(self) -> bool:
        """Whether it is known exactly."""
        return self.days == self.most

    @property
    def is_late(self) -> bool:
        """Whether it is certainly longer than it should be."""
        return self.goal is not None and self.days > self.goal.most

    @property
    def is_settled(self) -> bool:
        """Whether it is certain that it is late, or that it is not."""
        return self.goal is None or self.is_late or self.most <= self.goal.most


def goal_of(flow: Flow, issue: WorkIssue) -> tuple[Goal | None, str, str]:
    """Return an issue's service goal, what it is for, and the label since which time counts."""
    names = flow.stages_of(issue.labels)
    stage: Stage | None = flow.stage(names[0]) if len(names) == 1 else None
    if stage is None:
        return None, "", ""
    waits = flow.validation_of(issue.labels) is Validation.REQUESTED
    if waits and stage.name == flow.validation:
        known = flow.labels.validations[Validation.REQUESTED]
        label = next(one for one in issue.labels if one.removeprefix(flow.labels.validation) in known)
        return flow.validation_goal, "validation", label
    return stage.goal, stage.name, flow.stage_label(names[0])


def bounds_of(flow: Flow, issue: WorkIssue, now: datetime) -> Age:
    """Return between what an issue's age lies, from the issue alone: its stage was set between its creation and its last change."""
    goal, of, _ = goal_of(flow, issue)
    now = issue.closed_at or now
    least, most = working_days(issue.updated_at, now), working_days(issue.created_at, now)
    return Age(least, most, issue.created_at if least == most else None, goal, of)


def age_of(dossier: Dossier) -> Age:
    """Return exactly how long an issue is in its stage, from its history; since its creation where that says nothing.

    Of a closed issue, until it was closed.
    """
    issue = dossier.issue
    now = issue.closed_at or dossier.desk.now
    goal, of, label = goal_of(dossier.flow, issue)
    came = [one.at for one in dossier.events if one.added and one.label == label]
    since = came[-1] if came else issue.created_at
    days = working_days(since, now)
    return Age(days, days, since, goal, of)


@dataclass(frozen=True, slots=True)
class Stay:
    """A time that an issue was in a stage, or closed.

    Attributes:
        stage: The name of the stage, or `CLOSED`.
        until: None where it is still there.
        by: Username of who put it there.
        days: Working days.
    """

    stage: str
    since: datetime
    until: datetime | None
    by: str
    days: int


def history_of(dossier: Dossier) -> tuple[Stay, ...]:
    """Return the stages that an issue was in, and when it was closed, the oldest first."""
    key = dossier.flow.labels.stage
    stays: list[Stay] = []
    here: dict[str, tuple[datetime, str]] = {}
    stages: list[str] = []
    closed = False
    for event in _course_of(dossier):
        if isinstance(event, StateEvent):
            closed = event.closed
        elif (stage := event.label.removeprefix(key)) == event.label:
            continue
        elif event.added:
            # A scoped label takes the place of the one before, which GitLab does not always record.
            stages = [stage]
        else:
            stages = [one for one in stages if one != stage]
        places = [CLOSED] if closed else stages
        for place in [one for one in here if one not in places]:
            since, by = here.pop(place)
            stays.append(Stay(place, since, event.at, by, working_days(since, event.at)))
        here |= {one: (event.at, event.by) for one in places if one not in here}
    now = dossier.desk.now
    stays += [Stay(place, at, None, by, working_days(at, now)) for place, (at, by) in here.items()]
    return tuple(sorted(stays, key=lambda one: one.since))


def _course_of(dossier: Dossier) -> list[LabelEvent | StateEvent]:
    """Return all that happened to an issue, in order; of imported ones, not all of it is told."""
    issue, states = dossier.issue, [*dossier.state_events]
    if issue.is_closed and issue.closed_at and not (states and states[-1].closed):
        states.append(StateEvent(closed=True, at=issue.closed_at, by=""))
    # What was changed together with the state was changed before that.
    return sorted([*dossier.events, *states], key=lambda one: (one.at, isinstance(one, StateEvent)))


def chosen_iteration(desk: Desk, text: str) -> Iteration:
    """Return an iteration by what people call it: ``current``, ``next``, its number, its title, or a day of it.

    Raises:
        UsageError: There is none, or more than one.
    """
    listing = desk.iterations
    if listing.unavailable:
        raise UsageError(
            f"No iteration can be set: {listing.unavailable}.",
            hint="Leave --iteration out: the milestone alone says when the work is planned for.",
        )
    upcoming = [one for one in listing.iterations if one.due >= desk.today]
    wanted = text.strip().casefold()
    later = [one for one in upcoming if one.start > desk.today]
    if wanted == "current":
        found = [one for one in upcoming if one not in later]
    elif wanted == "next":
        # Where a group has several cadences, several may begin on that day.
        found = [one for one in later if one.start == later[0].start]
    else:
        found = [one for one in listing.iterations if _is_called(one, wanted)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"{one.name} (id {one.id})" for one in upcoming[:4]) or "none"
    said = "More than one iteration is" if found else "No iteration is"
    raise UsageError(
        f"{said} called {text[:60]!r}.",
        hint=f"Say current, next, an id, a title, or a day such as {desk.today.isoformat()}. Those to come: {names}.",
    )


def _is_called(one: Iteration, wanted: str) -> bool:
    title = (one.title or "").strip().casefold()
    if wanted == str(one.id) or (title and wanted == title):
        return True
    try:
        return one.contains(date.fromisoformat(wanted))
    except ValueError:
        return False


def chosen_milestone(desk: Desk, text: str) -> Milestone:
    """Return an active milestone by its title, the end of that, or ``next``: the first that is not due before today.

    Raises:
        UsageError: There is none, or more than one.
    """
    wanted = text.strip().casefold()
    known = desk.milestones
    if wanted == "next":
        found = [one for one in known if one.due is not None and one.due >= desk.today][:1]
    else:
        found = [one for one in known if one.title.casefold() == wanted]
        found = found or [one for one in known if wanted and one.title.casefold().endswith(f" {wanted}")]
    if len(found) == 1:
        return found[0]
    said = "More than one active milestone is" if found else "No active milestone is"
    names = ", ".join(one.title for one in known[:6]) or "none"
    raise UsageError(
        f"{said} called {text[:60]!r}.",
        hint=f"There are: {names}. `next` is the first that is to come.",
    )
