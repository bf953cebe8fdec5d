"""Entries in team calendars: what they show, and what they remember of the meeting that they stand for."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from supops.models.bookings import Meeting


@dataclass(frozen=True, slots=True)
class TeamCalendarName:
    """A team calendar.

    Attributes:
        key: ``us-government`` or ``global``, as in the settings; it is also the decision that leads there.
        id: What the platform calls it.
    """

    key: str
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Card:
    """What people see of an entry. All texts are of limited length, on one line, and without secrets.

    Attributes:
        start: An instant, in the zone that it is shown in; so is `end`.
        zone: That zone's IANA name.
        location: The place, or the link to join; may be empty.
        lines: The description.
        link: Where the meeting is found at the scheduler.
    """

    summary: str
    start: datetime
    end: datetime
    zone: str
    location: str
    lines: tuple[str, ...]
    link: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """An invitee of a meeting, as the words about it told.

    Attributes:
        seen: The time of the latest word that had them taking part; None when only a cancellation was heard of.
        canceled: The time of the earliest word that had them canceled; None for none.
        zone: IANA name of their time zone; None for none that is known.
    """

    name: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    seen: datetime | None = None
    canceled: datetime | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """The latest word about a meeting as a whole.

    Attributes:
        calendar: Key of the calendar that the meeting belongs into; empty for none.
        meeting: How the meeting was then; None when that is of no more use.
        about: The attendee whom the word showed taking part; empty for none.
    """

    time: datetime
    canceled: bool
    calendar: str
    meeting: Meeting | None = None
    about: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """All that an entry remembers of its meeting, so that words may arrive in any order and more than once.

    Attributes:
        meeting: The meeting's URI.
        word: The latest word; None when only a rescheduling told that the meeting exists.
        closed: The time of the latest word that had the whole meeting canceled.
        attendees: By `attendee_key`.
        shown: Whether the entry was left visible. One that is not visible any more was removed by somebody's hand.
        scattered: Whether other calendars may have an entry of the meeting too, because it has moved or was moving.
    """

    meeting: str
    word: Word | None = None
    closed: datetime | None = None
    attendees: dict[str, Attendee] = field(default_factory=dict)
    shown: bool = False
    scattered: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a calendar has it.

    Attributes:
        removed: Whether it is no longer shown. A removed entry keeps its id, and keeps others from using it.
        record: What it remembers; None where that was lost, or changed by somebody so that it makes no sense.
        version: What the calendar compares, so that nobody overwrites what they have not read.
    """

    id: str
    removed: bool
    record: Record | None
    version: str


def entry_id(meeting: str) -> str:
    """Return the id of a meeting's entry: the same in every run, so that created twice is one entry.

    Made of what Google Calendar allows: ``a`` to ``v`` and digits (source: platforms, K-1).
    """
    return f"supops{hashlib.sha256(meeting.strip().encode()).hexdigest()}"


def attendee_key(invitee: str) -> str:
    """Return the short name of an invitee's URI."""
    return hashlib.sha256(invitee.strip().encode()).hexdigest()[:16]
