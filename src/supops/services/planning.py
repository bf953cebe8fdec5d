"""Planning: what has to be written, in which calendar, so that the calendars say what is known of a meeting.

Pure: from the entries as they were found and one piece of news to the steps, which a dry run shows and a real one carries out.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from supops.models.bookings import Booking
from supops.models.entries import Card, Entry, Record, entry_id
from supops.models.routings import Action, Change
from supops.services.ports import TeamCalendar
from supops.services.recording import (
    card_of,
    hear,
    hear_of_rescheduling,
    is_active,
    to_keep,
    unite,
)

FOR_NO_CALENDAR = "the event is for no team calendar"
DELETED_BY_HAND = "the entry was deleted by hand and stays deleted; --restore brings it back"
REMOVED = (
    "the entry was removed, and the calendar no longer tells why: it stays removed; --restore brings it back"
)


@dataclass(frozen=True, slots=True)
class Hearing:
    """A word about a meeting itself.

    Attributes:
        home: Key of the calendar that it leads to; empty for none.
    """

    booking: Booking
    home: str

    @property
    def meeting(self) -> str:
        """The meeting's URI."""
        return self.booking.meeting.uri

    @property
    def is_likely_new(self) -> bool:
        """Whether this is most likely the first that is heard of the meeting."""
        somebody_comes = any(not one.canceled for one in self.booking.invitees)
        return bool(self.home) and somebody_comes and not self.booking.meeting.canceled

    def added_to(self, record: Record) -> Record:
        """Return a record after this."""
        return hear(record, self.booking, self.home)


@dataclass(frozen=True, slots=True)
class Rescheduling:
    """The news, from somebody's new booking, that they have left an earlier meeting."""

    meeting: str
    invitee: str
    time: datetime
    home: str
    is_likely_new: bool = False

    def added_to(self, record: Record) -> Record:
        """Return a record after this."""
        return hear_of_rescheduling(record, self.invitee, self.time)


News = Hearing | Rescheduling


@dataclass(frozen=True, slots=True)
class Step:
    """One entry to write.

    Attributes:
        entry: As it was found; None to insert one.
        card: What it will show; None for nothing.
    """

    calendar: TeamCalendar
    change: Change
    entry: Entry | None
    card: Card | None
    record: Record


def plan(
    news: News, found: Mapping[str, Entry], calendars: Mapping[str, TeamCalendar], *, restore: bool
) -> tuple[list[Step], str]:
    """Return the steps, and what should be known beside them.

    Args:
        news: What was heard.
        found: The meeting's entries, by the calendars' keys.
        calendars: By key.
        restore: Bring back what was deleted by hand.
    """
    known = unite(
        [Record(news.meeting), *(entry.record for entry in found.values() if entry.record is not None)]
    )
    record = to_keep(news.added_to(known))
    by_hand = _is_deleted_by_hand(found.values())
    home = record.word.calendar if record.word else ""
    active = is_active(record)
    shown_in = home if active and home in calendars and (restore or not by_hand) else ""
    if len({*found, shown_in} - {""}) > 1:
        record = replace(record, scattered=True)
    steps = list(_steps(news, found, calendars, record, shown_in))
    if active and by_hand and not restore:
        return steps, DELETED_BY_HAND if any(entry.record for entry in found.values()) else REMOVED
    seen = any(step.change.action is not Action.UNCHANGED for step in steps)
    return steps, "" if seen else _why_nothing(news, record, known)


def summed(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return what was done in all, one change for each entry: what was inserted and taken out again is no change."""
    sums: dict[tuple[str, str], Change] = {}
    for change in changes:
        entry = (change.calendar.key, change.entry_id)
        earlier = sums.get(entry)
        sums[entry] = _sum(earlier, change) if earlier else change
    return tuple(sums.values())


def _sum(earlier: Change, later: Change) -> Change:
    if Action.UNCHANGED in (earlier.action, later.action):
        seen = later if earlier.action is Action.UNCHANGED else earlier
        return replace(seen, before=earlier.before, after=later.after)
    if earlier.before is None and later.after is None:
        action = Action.UNCHANGED
    elif earlier.before is None:
        action = Action.INSERTED
    else:
        action = Action.UPDATED if later.after else Action.DELETED
    return replace(later, action=action, before=earlier.before)


def _steps(
    news: News,
    found: Mapping[str, Entry],
    calendars: Mapping[str, TeamCalendar],
    record: Record,
    shown_in: str,
) -> Iterator[Step]:
    """Yield the steps: what has to appear first, so that an interruption loses nothing."""
    identity = entry_id(news.meeting)

    def step(key: str, action: Action, why: str, left: Record) -> Step:
        entry = found.get(key)
        before = card_of(entry.record) if entry and entry.record and not entry.removed else None
        after = card_of(left) if left.shown and shown_in == key else None
        change = Change(calendars[key].name, identity, action, why, before, after)
        return Step(calendars[key], change, entry, after, left)

    if shown_in:
        entry = found.get(shown_in)
        action, why = _appearance(entry, record)
        if action is not Action.NONE:
            yield step(shown_in, action, why, replace(record, shown=True))
    keeper = shown_in or _keeper(found, record)
    for key, entry in found.items():
        if key == shown_in:
            continue
        by_hand = _was_deleted_by_hand(entry)
        left = replace(record, shown=by_hand) if key == keeper else _moved_away(record)
        if not entry.removed:
            yield step(key, Action.DELETED, _disappearance(news, record), left)
        elif entry.record != left if key == keeper else _was_deleted_by_hand(entry) or lives_in(entry, key):
            yield step(key, Action.UNCHANGED, "remembers what was heard", left)
    if not found and not shown_in and news.home and not is_active(record):
        why = "remembers the cancellation, so that a booking that arrives late stays out"
        yield step(news.home, Action.UNCHANGED, why, replace(record, shown=False))


def lives_in(entry: Entry, key: str) -> bool:
    """Whether this calendar's entry knows all of the meeting."""
    return entry.record is not None and entry.record.word is not None and entry.record.word.calendar == key


def is_alone_in(entry: Entry, key: str) -> bool:
    """Whether no other calendar has to be looked at: the meeting lives in this one, and never had an entry elsewhere."""
    return lives_in(entry, key) and entry.record is not None and not entry.record.scattered


def _keeper(found: Mapping[str, Entry], record: Record) -> str:
    """Return the calendar whose entry remembers a meeting that is shown nowhere; empty where there is no entry."""
    home = record.word.calendar if record.word else ""
    by_hand = [key for key, entry in found.items() if _was_deleted_by_hand(entry)]
    return next(iter([*by_hand, *(key for key in found if key == home), *found]), "")


def _appearance(entry: Entry | None, record: Record) -> tuple[Action, str]:
    if entry is None:
        return Action.INSERTED, "the meeting is booked"
    if entry.removed:
        by_hand = _was_deleted_by_hand(entry)
        return Action.INSERTED, "restored" if by_hand else "the meeting takes place after all"
    before, after = entry.record, replace(record, shown=True)
    if before is None or card_of(before) != card_of(after):
        return Action.UPDATED, _what_changed(card_of(before) if before else None, card_of(after))
    if before == after:
        return Action.NONE, ""
    return Action.UNCHANGED, "remembers what was heard"


def _disappearance(news: News, record: Record) -> str:
    if is_active(record):
        return "the meeting belongs elsewhere now"
    return "rescheduled" if isinstance(news, Rescheduling) else "the meeting was canceled"


def _what_changed(before: Card | None, after: Card | None) -> str:
    if before is None or after is None:
        return "what it showed was not known"
    parts = {
        "summary": before.summary != after.summary,
        "time": (before.start, before.end) != (after.start, after.end),
        "zone": before.zone != after.zone,
        "location": before.location != after.location,
        "description": before.lines != after.lines,
    }
    return f"changed: {', '.join(name for name, changed in parts.items() if changed)}"


def _moved_away(record: Record) -> Record:
    """Return what stays behind: where the meeting has gone, and nothing about it."""
    word = record.word and replace(record.word, meeting=None)
    return Record(record.meeting, word, shown=False)


def _was_deleted_by_hand(entry: Entry) -> bool:
    return entry.removed and (entry.record is None or entry.record.shown)


def _is_deleted_by_hand(found: Collection[Entry]) -> bool:
    """Whether somebody deleted the meeting's entry.

    A removed one that remembers nothing is taken for that, unless another one is shown: then it is what a move left behind.
    """
    removed = [entry for entry in found if _was_deleted_by_hand(entry)]
    return any(entry.record for entry in removed) or len(removed) == len(found) > 0


def _why_nothing(news: News, record: Record, known: Record) -> str:
    if isinstance(news, Hearing) and not news.home and known.word is None:
        return FOR_NO_CALENDAR
    if not is_active(record):
        return "the meeting is canceled, and stays out of the calendar"
    if isinstance(news, Hearing) and known.word and news.booking.time < known.word.time:
        return "a later word about this meeting has arrived before"
    return "the calendar says so already"
