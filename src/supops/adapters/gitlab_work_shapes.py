"""What GitLab shows of issues, iterations and milestones, and what we make of it (source: platforms, G-2 and G-3)."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from supops.adapters.gitlab import User
from supops.models.work import Iteration, LabelEvent, Milestone, StateEvent, WorkIssue, WorkNote


class IterationShape(msgspec.Struct):
    """A week; those of an automatic cadence have no title."""

    id: int
    start_date: date | None = None
    due_date: date | None = None
    title: str | None = None
    web_url: str | None = None


class MilestoneShape(msgspec.Struct):
    """A milestone of the project or of a group above it."""

    id: int
    title: str
    start_date: date | None = None
    due_date: date | None = None


class References(msgspec.Struct):
    """What an issue is called: ``full`` has the path of its project as it is now."""

    full: str = ""


class IssueShape(msgspec.Struct):
    """An issue. Weight and iteration are left out where the plan has none."""

    iid: int
    project_id: int
    title: str
    state: str
    created_at: datetime
    updated_at: datetime
    web_url: str
    description: str | None = None
    labels: list[str] = []
    author: User | None = None
    assignees: list[User] = []
    iteration: IterationShape | None = None
    milestone: MilestoneShape | None = None
    weight: int | None = None
    confidential: bool = False
    closed_at: datetime | None = None
    references: References = msgspec.field(default_factory=References)


class LabelShape(msgspec.Struct):
    """A label."""

    name: str


class EventShape(msgspec.Struct):
    """A label came to an issue, or went: ``action`` is ``add`` or ``remove``. Of a label that is gone, nothing is told."""

    id: int
    action: str
    created_at: datetime
    label: LabelShape | None = None
    user: User | None = None


class StateShape(msgspec.Struct):
    """An issue was closed or opened again: ``state`` is ``closed`` or ``reopened``. No comment tells of it."""

    id: int
    state: str
    created_at: datetime
    user: User | None = None


class NoteShape(msgspec.Struct):
    """A comment. In older versions, ``internal`` is called ``confidential``."""

    id: int
    body: str
    created_at: datetime
    author: User | None = None
    system: bool = False
    internal: bool | None = None
    confidential: bool | None = None


class NamespaceShape(msgspec.Struct):
    """What a project is in: ``kind`` is ``group`` or ``user``."""

    kind: str = ""


class ProjectShape(msgspec.Struct):
    """A project."""

    id: int
    namespace: NamespaceShape = msgspec.field(default_factory=NamespaceShape)


class GroupShape(msgspec.Struct):
    """A group."""

    id: int


def iteration_of(one: IterationShape | None) -> Iteration | None:
    """Return an iteration; None for none, and for one without days."""
    if one is None:
        return None
    start, due = one.start_date or one.due_date, one.due_date or one.start_date
    if start is None or due is None:
        return None
    return Iteration(one.id, one.title or None, start, due, one.web_url or "")


def milestone_of(one: MilestoneShape) -> Milestone:
    """Return a milestone."""
    return Milestone(one.id, one.title, one.start_date, one.due_date)


def issue_of(one: IssueShape) -> WorkIssue:
    """Return an issue."""
    return WorkIssue(
        one.iid,
        one.title,
        one.description or "",
        one.state,
        tuple(one.labels),
        one.author.username if one.author else "",
        one.created_at,
        one.updated_at,
        one.web_url,
        assignees=tuple(user.username for user in one.assignees),
        iteration=iteration_of(one.iteration),
        milestone=milestone_of(one.milestone) if one.milestone else None,
        weight=one.weight,
        confidential=one.confidential,
        closed_at=one.closed_at,
    )


def note_of(one: NoteShape) -> WorkNote:
    """Return a comment."""
    return WorkNote(
        one.id,
        one.body,
        one.author.username if one.author else "",
        one.created_at,
        system=one.system,
        internal=bool(one.internal or one.confidential),
    )


def notes_of(found: Iterable[NoteShape]) -> tuple[WorkNote, ...]:
    """Return comments, each once, the oldest first."""
    notes = {one.id: note_of(one) for one in found}
    return tuple(sorted(notes.values(), key=lambda one: (one.created_at, one.id)))


def events_of(found: Iterable[EventShape]) -> tuple[LabelEvent, ...]:
    """Return how labels came and went, each event once, the oldest first; what went before what came at the same time."""
    events = {one.id: one for one in found}
    ordered = sorted(events.values(), key=lambda one: (one.created_at, one.action == "add", one.id))
    return tuple(
        LabelEvent(
            one.label.name if one.label else "",
            one.action == "add",
            one.created_at,
            one.user.username if one.user else "",
        )
        for one in ordered
    )


def states_of(found: Iterable[StateShape]) -> tuple[StateEvent, ...]:
    """Return when an issue was closed and opened again, each event once, the oldest first."""
    events = {one.id: one for one in found if one.state in ("closed", "reopened")}
    return tuple(
        StateEvent(one.state == "closed", one.created_at, one.user.username if one.user else "")
        for one in sorted(events.values(), key=lambda one: (one.created_at, one.id))
    )


def difference(before: WorkIssue, after: WorkIssue) -> tuple[str, ...]:
    """Return what is other about an issue, in words; nothing where only a comment, or what we don't look at, was changed."""
    names = {
        "title": "title",
        "description": "description",
        "state": "state",
        "labels": "labels",
        "assignees": "assignees",
        "iteration": "iteration",
        "milestone": "milestone",
        "weight": "weight",
        "confidential": "confidentiality",
    }
    return tuple(word for name, word in names.items() if getattr(before, name) != getattr(after, name))
