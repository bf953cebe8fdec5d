"""Comparisons of the store of deliveries with the team calendars: what was different."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from supops.models.entries import Card


class Deviation(StrEnum):
    """In which way an entry is not what the deliveries say."""

    MISSING = "missing"
    STALE = "stale"
    LEFT_OVER = "left over"


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry that is not what the deliveries say.

    Attributes:
        booking: The scheduled event's URI.
        calendar: The team calendar's key.
        calendar_name: What people call it.
        why: Why the deliveries say otherwise.
        before: What people saw; None for nothing.
        after: What they see now, or would see; None for nothing.
    """

    booking: str
    calendar: str
    calendar_name: str
    entry_id: str
    deviation: Deviation
    why: str
    before: Card | None
    after: Card | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A booking that could not be compared, and why."""

    booking: str
    reason: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of comparing the deliveries with the team calendars.

    Attributes:
        since: Bookings were compared of which deliveries were done since then.
        bookings: How many were compared.
        deliveries: How many deliveries were read for that.
        unread: Those that could not be compared, or not be mended.
        dry_run: Whether nothing was mended.
    """

    since: datetime
    bookings: int
    deliveries: int
    differences: tuple[Difference, ...]
    unread: tuple[Unread, ...]
    dry_run: bool

    @property
    def complete(self) -> bool:
        """Whether every booking could be compared."""
        return not self.unread
