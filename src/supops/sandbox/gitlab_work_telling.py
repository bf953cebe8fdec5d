"""How the story of the team's issues is told: days count back from now, and labels and history follow from the steps."""

import json
from dataclasses import dataclass, field

from supops.sandbox import gitlab_planning
from supops.sandbox.gitlab_pages import moment
from supops.sandbox.gitlab_state import GitLabIssue, GitLabNote, LabelEvent, StateEvent

DAY = 86_400.0
# Who works on requests, and who asks for things.
OLIVIA, MARIA, TESSA, LUIS = "owner", "maria-delgado", "tessa-young", "luis-hernandez"
INES, PETER, NADIA = "ines-castro", "peter-vale", "nadia-haddad"


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody changed labels.

    Attributes:
        ago: How many days ago.
        labels: What they added; of a scoped one, others with its key went.
        by: Who.
        gone: What they took away.
        beside: Whether others with the same key stayed, as where labels were brought along from elsewhere.
    """

    ago: float
    labels: tuple[str, ...]
    by: str = OLIVIA
    gone: tuple[str, ...] = ()
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody commented."""

    ago: float
    body: str
    by: str = OLIVIA
    internal: bool = False
    system: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An issue of the story.

    Attributes:
        ago: How many days ago it was created.
        week: Its iteration, counted from the current one; None for none.
        month: The milestone of which month's deployment, counted from this month; None for none.
        closed_ago: How many days ago it was closed; None for an open one.
    """

    iid: int
    title: str
    author: str
    ago: float
    text: str
    steps: tuple[Step, ...] = ()
    notes: tuple[Said, ...] = ()
    assignees: tuple[str, ...] = ()
    week: int | None = None
    month: int | None = None
    weight: int | None = None
    closed_ago: float | None = None
    confidential: bool = False


def stage(name: str) -> str:
    """Return the label of a stage."""
    return f"Stage::{name}"


def kind(request_type: str, priority: int, customer: str, *more: str) -> tuple[str, ...]:
    """Return the labels that triage puts in place."""
    return (f"RequestType::{request_type}", f"Priority::{priority}", f"Customer::{customer}", *more)


def mark(name: str, **facts: str | int | bool | None) -> str:
    """Return the hidden mark at the beginning of a comment that a tool wrote."""
    return f"<!-- supops:issue {name} {json.dumps(facts, sort_keys=True, separators=(',', ':'))} -->\n"


def history(*stays: tuple[str, float], by: str = OLIVIA) -> tuple[Step, ...]:
    """Return the steps through stages, each with how many days ago it was."""
    return tuple(Step(ago, (stage(name),), by) for name, ago in stays)


@dataclass(slots=True)
class _Ids:
    """Ids of what an issue has, the same each time that the story is told."""

    next: int

    def new(self) -> int:
        self.next += 1
        return self.next


@dataclass(slots=True)
class _Labels:
    at_last: list[str] = field(default_factory=list)
    events: list[LabelEvent] = field(default_factory=list)


def issue_of(project: str, told: Told, now: float) -> GitLabIssue:
    """Return an issue as the platform keeps it."""
    ids = _Ids(1_000_000 + told.iid * 100)

    def at(ago: float) -> str:
        return moment(now - ago * DAY)

    labels = _labels(told, ids, now)
    notes = [
        GitLabNote(
            ids.new(), one.by, one.body, at(one.ago), at(one.ago), system=one.system, internal=one.internal
        )
        for one in sorted(told.notes, key=lambda one: -one.ago)
    ]
    times = [told.ago, *(one.ago for one in told.steps), *(one.ago for one in told.notes)]
    made = GitLabIssue(
        60_000 + told.iid,
        told.iid,
        project,
        told.title,
        told.author,
        at(told.ago),
        at(min(times)),
        told.text,
        confidential=told.confidential,
        labels=sorted(labels.at_last, key=str.lower),
        assignees=[*told.assignees],
        notes=notes,
        weight=told.weight,
        events=labels.events,
    )
    if told.week is not None:
        made.iteration = gitlab_planning.current_iteration(now) + told.week
    if told.month is not None:
        today = gitlab_planning.day_of(now)
        (first,) = gitlab_planning.months(today, told.month, told.month)
        made.milestone = gitlab_planning.deployment(first, today).id
    if told.closed_ago is not None:
        by = told.steps[-1].by if told.steps else OLIVIA
        made.state, made.closed_at, made.closed_by = "closed", at(told.closed_ago), by
        made.updated_at = max(made.updated_at, made.closed_at)
        made.states.append(StateEvent(ids.new(), by, "closed", made.closed_at))
    return made


def _labels(told: Told, ids: _Ids, now: float) -> _Labels:
    found = _Labels()
    for step in told.steps:
        at = moment(now - step.ago * DAY)
        keys = {label.rpartition("::")[0] for label in step.labels} - {""}
        for label in [*found.at_last]:
            replaced = label.rpartition("::")[0] in keys and not step.beside and label not in step.labels
            if replaced or label in step.gone:
                found.at_last.remove(label)
                found.events.append(LabelEvent(ids.new(), step.by, label, "remove", at))
        for label in step.labels:
            if label not in found.at_last:
                found.at_last.append(label)
                found.events.append(LabelEvent(ids.new(), step.by, label, "add", at))
    return found
