"""What became of a payload: the decision with its reasons, and what was done in the team calendars."""

from dataclasses import dataclass
from enum import StrEnum

from supops.models.bookings import Meeting
from supops.models.entries import Card, TeamCalendarName


class Decision(StrEnum):
    """Where a meeting belongs; also the keys of the team calendars."""

    US_GOVERNMENT = "us-government"
    GLOBAL = "global"
    NONE = "none"


class Criterion(StrEnum):
    """What a decision looks at (source: domain, "From a Calendly event to a team calendar")."""

    HOST = "host-is-us-government-agent"
    US_GOVERNMENT_NAME = "name-contains-us-government"
    SUPPORT_NAME = "name-contains-support"


@dataclass(frozen=True, slots=True)
class Reason:
    """A criterion, and whether it is met. None: part of the roster could not be read, and it may be met or not."""

    criterion: Criterion
    met: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision and why.

    Attributes:
        doubts: What could not be read and could change the decision; empty when it is certain.
    """

    decision: Decision
    reasons: tuple[Reason, ...]
    doubts: tuple[str, ...] = ()


class Action(StrEnum):
    """What was done to an entry."""

    INSERTED = "inserted"
    UPDATED = "updated"
    DELETED = "deleted"
    UNCHANGED = "unchanged"
    NONE = "none"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was done, or with ``--dry-run`` would be, to one entry.

    Attributes:
        action: ``UNCHANGED`` where only what the entry remembers was changed, and nothing that people see.
        before: What people saw; None for nothing. So is `after`.
    """

    calendar: TeamCalendarName
    entry_id: str
    action: Action
    why: str
    before: Card | None = None
    after: Card | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """The result of routing one payload.

    Attributes:
        meeting: As a whole team may read of it; None for events that are about no meeting.
        action: What was done to the meeting's entry; ``PLANNED`` with ``--dry-run`` where something would be done.
        planned: What would be done.
        calendar: The calendar that the meeting belongs into; None for none.
        changes: All that was done, the entries of replaced meetings included.
        note: What should be known beside that, in a sentence.
        certain: Whether the decision is; if not, nothing was done.
    """

    event: str
    decision: Decision
    action: Action
    note: str = ""
    planned: Action | None = None
    meeting: Meeting | None = None
    calendar: TeamCalendarName | None = None
    entry_id: str | None = None
    reasons: tuple[Reason, ...] = ()
    changes: tuple[Change, ...] = ()
    incomplete_reasons: tuple[str, ...] = ()
    certain: bool = True

    @property
    def complete(self) -> bool:
        """Whether everything that it depends on could be read, and everything that it asks for be done."""
        return not self.incomplete_reasons
