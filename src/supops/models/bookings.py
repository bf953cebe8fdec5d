"""Bookings: what a scheduler (Calendly; another one may follow) says has been booked, moved or canceled.

Each payload is read into one of these, and nothing past the reader knows the scheduler's own shape.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Host:
    """Somebody of the team whom a meeting is booked with. Either may be unknown."""

    email: str | None = None
    name: str | None = None

    def __str__(self) -> str:
        """Name the host by what is known best."""
        return self.email or self.name or "a host without email"


@dataclass(frozen=True, slots=True)
class Meeting:
    """A scheduled event: one time that hosts and invitees meet at.

    Attributes:
        uri: What the scheduler calls it; the same in everything it says of this meeting.
        start: Aware of its zone; so is `end`, which is not before it.
        canceled: Whether the meeting as a whole is off. One invitee of several may cancel, and it is not.
        place: Where it is, or the number to call.
        join_link: Where it is online.
        active_invitees: How many have not canceled, as far as the scheduler tells.
    """

    uri: str
    name: str
    start: datetime
    end: datetime
    canceled: bool = False
    hosts: tuple[Host, ...] = ()
    place: str | None = None
    join_link: str | None = None
    active_invitees: int | None = None


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody who booked a meeting.

    Attributes:
        uri: What the scheduler calls this booking of theirs; a rescheduled one has a new one.
        answers: Each question with its answer.
        zone: IANA name of the invitee's time zone; None where there is none that is known.
    """

    uri: str
    name: str
    canceled: bool = False
    answers: tuple[tuple[str, str], ...] = ()
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """The booking that a new one stands in for: somebody rescheduled. URIs of the old meeting and of the old invitee."""

    meeting: str
    invitee: str


@dataclass(frozen=True, slots=True)
class Booking:
    """One word of the scheduler's: at this time, this was so.

    Attributes:
        event: The scheduler's name for what happened, such as ``invitee.created``.
        time: When it happened. The later word wins, in whatever order they arrive.
        invitees: Whom the word is about: one; all there are, where the scheduler was asked.
        replaced: What a rescheduled booking stands in for.
        confirmed: Whether the scheduler itself was asked, so that this is how it is now, whatever was said before.
    """

    event: str
    time: datetime
    meeting: Meeting
    invitees: tuple[Invitee, ...]
    replaced: Replaced | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class OtherEvent:
    """Something that concerns no calendar.

    Attributes:
        event: The scheduler's name for what happened.
        reason: Why nothing is done about it, in a sentence.
    """

    event: str
    reason: str
