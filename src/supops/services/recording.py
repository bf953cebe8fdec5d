"""Recording what is heard about a meeting, so that any order and any number of repeats give the same entry.

What is kept grows in one direction only: the latest word about the meeting as a whole, the latest cancellation of it, and for
each attendee the latest time they were seen and the earliest time they were known to have canceled. Two records of one meeting
can therefore be united, and hearing a word twice is hearing it once.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import reduce
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from supops.models.bookings import Booking, Host, Invitee, Meeting
from supops.models.entries import Attendee, Card, Record, Word, attendee_key
from supops.models.redaction import answered, harmless_link, publishable

# Of each text: how many characters are shown, and how many it may take to write them down (an emoji takes twelve).
NAME = (200, 800)
PERSON = (80, 160)
HOST = (60, 240)
QUESTION = (200, 600)
ANSWER = (400, 1600)
LONGEST_LINK = 700
MOST_HOSTS = 5
MOST_ANSWERS = 10
NAMES_IN_SUMMARY = 2
LONGEST_LIST_OF_INVITEES = 3_500
# An entry of Google Calendar remembers up to 32 kB in all, and that is the tightest place there is. What is left of it after the
# meeting and the times of its attendees is shared by their names and answers.
MOST_ATTENDEES = 50
ROOM_FOR_ATTENDEES = 14_000
ROOM_FOR_ONE = 4_000


def hear(record: Record, booking: Booking, calendar: str) -> Record:
    """Return a record after one more word.

    Args:
        record: What was known before.
        booking: The word.
        calendar: Key of the calendar that it leads to; empty for none.
    """
    before = record
    if booking.confirmed:
        record, booking = _overruled(record, booking)
    heard = Record(
        record.meeting,
        _word(booking, calendar),
        closed=booking.time if booking.meeting.canceled else None,
        attendees={attendee_key(one.uri): _attendee(one, booking.time) for one in booking.invitees},
    )
    united = unite([record, heard])
    if _is_repeat_with_another_outcome(united.word, heard.word):
        # The same word again, but the roster or the rules have changed since: this is how it is now.
        united = replace(united, word=heard.word)
    united = replace(united, shown=record.shown)
    # Asked again, the scheduler dates the same answer later: that is no news.
    return before if booking.confirmed and _is_the_same_to_people(before, united) else united


def hear_of_rescheduling(record: Record, invitee: str, time: datetime) -> Record:
    """Return a record after hearing that an invitee has rescheduled to another meeting, and so left this one."""
    left = Record(record.meeting, attendees={attendee_key(invitee): Attendee(canceled=time)})
    return replace(unite([record, left]), shown=record.shown)


def unite(records: Iterable[Record]) -> Record:
    """Return what records of one meeting know together; in whatever order, the same."""
    return reduce(_united, records)


def is_active(record: Record) -> bool:
    """Whether the meeting takes place, and so has an entry.

    The latest word about it decides. Only somebody's leaving that this word could not know of yet (they rescheduled, and the
    cancellation has not arrived) is counted on top: the meeting takes place as long as others take part.
    """
    word = record.word
    if word is None or word.canceled:
        return False
    counted = word.meeting.active_invitees if word.meeting else None
    if counted == 0 and not word.about:
        return False
    left = [key for key, one in record.attendees.items() if _left_unnoticed(key, one, word)]
    if not left:
        return True
    return bool(_taking_part(record)) or (counted is not None and counted > len(left))


def card_of(record: Record) -> Card | None:
    """Return what the entry shows; None where the meeting does not take place."""
    word = record.word
    if word is None or word.meeting is None or not is_active(record):
        return None
    meeting, attendees = word.meeting, _taking_part(record)
    zone = _zone(next((one.zone for one in attendees if one.zone), "UTC"))
    return Card(
        summary=_summary(meeting, [one.name for one in attendees if one.name]),
        start=meeting.start.astimezone(zone),
        end=meeting.end.astimezone(zone),
        zone=zone.key,
        location=meeting.join_link or meeting.place or "",
        lines=tuple(_lines(meeting, attendees)),
        link=meeting.uri,
    )


def to_keep(record: Record) -> Record:
    """Return what of a record is kept: nothing personal of those who left, and no more than an entry can hold.

    What is left out depends on whom was heard of, and never on the order: on their number, and on the names that we gave them.
    """
    taking_part = {key for _, key in _present(record)}
    kept = sorted(record.attendees)[:MOST_ATTENDEES]
    room = min(ROOM_FOR_ONE, ROOM_FOR_ATTENDEES // max(1, len(kept)))
    attendees = {}
    for key in kept:
        one = record.attendees[key]
        attendees[key] = (
            replace(one, answers=_within(room - _written(one.name), one.answers))
            if key in taking_part
            else replace(one, name="", answers=(), zone=None)
        )
    return replace(record, attendees=attendees)


def _summary(meeting: Meeting, names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_IN_SUMMARY])
    more = f" and {len(names) - NAMES_IN_SUMMARY} more" if len(names) > NAMES_IN_SUMMARY else ""
    return f"{meeting.name} - {shown}{more}" if shown else meeting.name


def _lines(meeting: Meeting, attendees: list[Attendee]) -> Iterator[str]:
    yield f"Event: {meeting.name}"
    yield from (f"Host: {_host_text(host)}" for host in meeting.hosts)
    room = LONGEST_LIST_OF_INVITEES
    for attendee in attendees:
        told = [f"Invitee: {attendee.name or 'not named'}"]
        told += [f"{question}: {answer}" for question, answer in attendee.answers]
        # As HTML, which Google shows.
        room -= sum(len(escape(line, quote=False)) for line in told)
        if room < 0:
            break
        yield from told
    if room < 0 or len(attendees) >= MOST_ATTENDEES:
        yield "and more invitees"
    yield from (
        f"{label}: {text}" for label, text in (("Where", meeting.place), ("Join", meeting.join_link)) if text
    )
    yield f"Booking: {meeting.uri}"


def _host_text(host: Host) -> str:
    return f"{host.name} ({host.email})" if host.name and host.email else str(host)


def _taking_part(record: Record) -> list[Attendee]:
    return [record.attendees[key] for _, key in _present(record)]


def _present(record: Record) -> list[tuple[datetime, str]]:
    """Return since when who takes part, in the order of their bookings."""
    closed = record.closed
    return sorted(
        (one.seen, key)
        for key, one in record.attendees.items()
        if one.seen is not None and one.canceled is None and (closed is None or one.seen > closed)
    )


def _left_unnoticed(key: str, attendee: Attendee, word: Word) -> bool:
    return attendee.canceled is not None and (attendee.canceled > word.time or key == word.about)


def _word(booking: Booking, calendar: str) -> Word:
    present = [one for one in booking.invitees if not one.canceled]
    canceled = booking.meeting.canceled
    return Word(
        booking.time,
        canceled,
        calendar,
        # What a canceled meeting was about is nobody's business any more.
        None if canceled else _remembered(booking.meeting),
        about=attendee_key(present[0].uri) if len(present) == 1 else "",
    )


def _attendee(invitee: Invitee, time: datetime) -> Attendee:
    if invitee.canceled:
        return Attendee(canceled=time)
    answers = [(_text(question, QUESTION), _answer(question, answer)) for question, answer in invitee.answers]
    told = tuple(pair for pair in answers if all(pair))[:MOST_ANSWERS]
    return Attendee(_text(invitee.name, PERSON), told, seen=time, zone=invitee.zone)


def _answer(question: str, answer: str) -> str:
    return _fitting(answered(question, answer, longest=ANSWER[0]), ANSWER[1])


def _remembered(meeting: Meeting) -> Meeting:
    known = published(meeting)
    return replace(known, hosts=known.hosts[:MOST_HOSTS])


def published(meeting: Meeting) -> Meeting:
    """Return a meeting as a whole team may read of it: texts of limited length, each on one line, without secrets."""
    link = harmless_link(meeting.join_link or "")
    return replace(
        meeting,
        name=_title(meeting.name) or "(no name)",
        hosts=tuple(
            Host(_text(host.email, HOST) or None, _text(host.name, HOST) or None) for host in meeting.hosts
        ),
        place=_text(meeting.place, NAME) or None,
        # None at all rather than a part of one.
        join_link=link if 0 < len(link) <= LONGEST_LINK else None,
    )


def _text(value: str | None, limits: tuple[int, int]) -> str:
    """Return a text as it may stand in an entry."""
    return _fitting(publishable(value or "", longest=limits[0]), limits[1])


def _title(value: str) -> str:
    return _fitting(publishable(value, longest=NAME[0], is_title=True), NAME[1])


def _fitting(text: str, room: int) -> str:
    """Cut a text so that it takes no more than so many characters to write it down."""
    while _written(text) > room:
        text = f"{text[: len(text) * room // _written(text) - 1].rstrip()}…"
    return text


def _written(text: str) -> int:
    """Return how many characters of ASCII it takes to write a text down as JSON."""
    return len(json.dumps(text)) - 2


def _within(room: int, answers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the first answers, as many as there is room for."""
    kept = []
    for question, answer in answers:
        room -= _written(question) + _written(answer)
        if room < 0:
            break
        kept.append((question, answer))
    return tuple(kept)


def _united(one: Record, other: Record) -> Record:
    words = [record.word for record in (one, other) if record.word is not None]
    attendees = dict(one.attendees)
    for key, attendee in other.attendees.items():
        attendees[key] = _joined(attendees[key], attendee) if key in attendees else attendee
    return Record(
        one.meeting,
        max(words, key=_rank, default=None),
        closed=max((record.closed for record in (one, other) if record.closed), default=None),
        attendees=attendees,
        shown=one.shown or other.shown,
        scattered=one.scattered or other.scattered,
    )


def _rank(word: Word) -> tuple[datetime, bool, bool, int, str, str]:
    """Later is more; at the same time a cancellation is more than a booking, a full word more than an empty one, fewer invitees more."""
    counted = word.meeting.active_invitees if word.meeting else None
    return (word.time, word.canceled, word.meeting is not None, -(counted or 0), word.calendar, word.about)


def _joined(one: Attendee, other: Attendee) -> Attendee:
    latest = max(
        (one, other), key=lambda each: (each.seen is not None, each.seen or each.canceled, each.name)
    )
    cancellations = [each.canceled for each in (one, other) if each.canceled is not None]
    return replace(latest, canceled=min(cancellations, default=None))


def _is_repeat_with_another_outcome(kept: Word | None, heard: Word | None) -> bool:
    return (
        kept is not None
        and heard is not None
        and kept.calendar != heard.calendar
        and replace(kept, calendar=heard.calendar) == heard
    )


def _overruled(record: Record, booking: Booking) -> tuple[Record, Booking]:
    """Make room for what the scheduler said when it was asked: it is the latest word, and whom it does not name has left."""
    known = [time for time in (record.word.time if record.word else None, record.closed) if time]
    dated = replace(booking, time=max([booking.time, *known]))
    present = {attendee_key(one.uri) for one in booking.invitees if not one.canceled}
    attendees = {
        key: replace(one, canceled=None if key in present else one.canceled or dated.time)
        for key, one in record.attendees.items()
    }
    return replace(record, word=None, closed=None, attendees=attendees), dated


def _is_the_same_to_people(one: Record, other: Record) -> bool:
    if one.word is None or other.word is None or one.word.calendar != other.word.calendar:
        return False
    return is_active(one) == is_active(other) and card_of(one) == card_of(other)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Known where the record was written, and not on this machine: the instants stay the same.
        return ZoneInfo("UTC")
