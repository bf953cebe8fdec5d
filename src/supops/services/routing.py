"""Routing: from a booking to its entry in a team calendar.

Any number of processes may route the same or other words about one meeting, in any order, and repeat them: an entry is only
replaced as it was read, and whoever finds it changed looks again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from supops.errors import ConfigError, ExitCode, PlatformError, SupopsError, UsageError
from supops.models.bookings import Booking, OtherEvent
from supops.models.entries import Entry, entry_id
from supops.models.redaction import publishable
from supops.models.roster import Roster
from supops.models.routings import Action, Change, Decision, Routing
from supops.services.deciding import US_GOVERNMENT_NAMES, Team, decide, team_of, unreadable_team
from supops.services.planning import (
    DELETED_BY_HAND,
    FOR_NO_CALENDAR,
    REMOVED,
    Hearing,
    News,
    Rescheduling,
    Step,
    is_alone_in,
    plan,
    summed,
)
from supops.services.ports import BookingDesk, EntryConflict, Notices, TeamCalendar
from supops.services.recording import published

MOST_TRIES = 8
# Who reads it has a payload in a file, or a delivery that a worker processes.
AGAIN = "A worker tries it again by itself; a payload in a file has to be routed again."
LONGEST_EVENT = 60
LONGEST_DETAIL = 400
CLOCKS_DIFFER = timedelta(days=1)
STAYS_REMOVED = (DELETED_BY_HAND, REMOVED)
Calendars = Mapping[str, TeamCalendar]
# Asks the scheduler how a booking is now.
Ask = Callable[[], Booking]


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """Routes bookings.

    Attributes:
        read_roster: Reads the team's roster.
        open_calendars: Returns the team calendars that are configured, by key.
        missing_calendar: Returns the error for one that is needed and not configured.
        now: Tells the time.
        desk: Asked to confirm what payloads say; None to take payloads at their word.
        dry_run: Change nothing, and tell what would be done.
        restore: Bring back entries that were deleted by hand.
        thorough: Look into every calendar, also where an entry says that it is the only one.
    """

    read_roster: Callable[[], Roster]
    open_calendars: Callable[[], Calendars]
    missing_calendar: Callable[[str], SupopsError]
    notices: Notices
    now: Callable[[], datetime]
    desk: BookingDesk | None = None
    dry_run: bool = False
    restore: bool = False
    thorough: bool = False

    def route(self, payload: Booking | OtherEvent) -> Routing:
        """Decide where a booking belongs, and make the team calendars say what is so.

        Raises:
            SupopsError: A calendar or the scheduler refuses, or can't be reached or read.
        """
        if isinstance(payload, OtherEvent):
            event = publishable(payload.event, longest=LONGEST_EVENT)
            return Routing(event, Decision.NONE, Action.NONE, payload.reason)
        if self.desk is None:
            self._check_time(payload)
        booking = self.desk.confirm(payload) if self.desk else payload
        verdict = decide(booking.meeting, self._team(booking))
        routing = Routing(
            booking.event,
            verdict.decision,
            Action.NONE,
            meeting=published(booking.meeting),
            reasons=tuple(
                replace(one, detail=publishable(one.detail, longest=LONGEST_DETAIL))
                for one in verdict.reasons
            ),
        )
        if verdict.doubts:
            note = f"it is not certain where the meeting belongs, and nothing was written: mend what is named. {AGAIN}"
            return replace(routing, note=note, incomplete_reasons=verdict.doubts, certain=False)
        ask = partial(self.desk.confirm, payload) if self.desk else None
        if verdict.decision is Decision.NONE:
            return self._for_no_calendar(routing, booking, ask)
        calendars = self.open_calendars()
        if verdict.decision not in calendars:
            raise self.missing_calendar(verdict.decision)
        name = calendars[verdict.decision].name
        routing = replace(routing, calendar=name, entry_id=entry_id(booking.meeting.uri))
        return self._settle_all(routing, booking, name.key, calendars, ask)

    def _check_time(self, booking: Booking) -> None:
        """Refuse a word from the future: nothing that is said until then could be the later one."""
        if booking.time > self.now() + CLOCKS_DIFFER:
            raise UsageError(
                f"The payload's time ({booking.time.isoformat()}) is in the future.",
                hint="Compare this machine's clock with `supops doctor`. Calendly dates a payload when it makes it.",
            )

    def _team(self, booking: Booking) -> Team:
        """Read the roster. That it can't be read is a matter of doubt only where it may change the decision."""
        try:
            team = team_of(self.read_roster())
            missing = f"not all of the roster could be read: {_first_of(team.doubts)}"
        except SupopsError as error:
            missing = f"the roster could not be read: {error.message}"
            team = unreadable_team(missing)
        in_doubt = any(part in booking.meeting.name for part in US_GOVERNMENT_NAMES)
        if team.doubts and not (in_doubt and decide(booking.meeting, team).doubts):
            self.notices.warn(f"{missing.rstrip('.')}. This decision does not need it")
        return team

    def _for_no_calendar(self, routing: Routing, booking: Booking, ask: Ask | None) -> Routing:
        """Take out the entry that a meeting which belongs into no calendar may have from before.

        Whoever has not set calendars up has no entries either.
        """
        meetings = [booking.meeting.uri, *([booking.replaced.meeting] if booking.replaced else [])]
        try:
            calendars = self.open_calendars()
            found = any(
                calendar.find(entry_id(meeting)) is not None
                for meeting in meetings
                for calendar in calendars.values()
            )
        except ConfigError as error:
            self.notices.note(f"not looked for an entry from before: {error.message}")
            return replace(routing, note=FOR_NO_CALENDAR)
        except SupopsError as error:
            missing = f"an entry from before could not be looked for: {error.message}"
            return replace(routing, note=FOR_NO_CALENDAR, incomplete_reasons=(missing,))
        if not found:
            return replace(routing, note=FOR_NO_CALENDAR)
        return self._settle_all(routing, booking, "", calendars, ask)

    def _settle_all(
        self, routing: Routing, booking: Booking, home: str, calendars: Calendars, ask: Ask | None
    ) -> Routing:
        """Make the calendars say what is known after a word, of its meeting and of the one that it replaces.

        What was done before something failed is shown, with what is missing.
        """
        done: list[Change] = []
        note = ""
        try:
            note = self._settle(Hearing(booking, home), calendars, done, ask)
            if booking.replaced is not None:
                left = Rescheduling(booking.replaced.meeting, booking.replaced.invitee, booking.time, home)
                self._settle(left, calendars, done)
        except SupopsError as error:
            if not done:
                raise
            missing = f"not all could be done: {error.message.rstrip('.')}. {AGAIN}"
            routing = replace(routing, incomplete_reasons=(missing,))
        return self._concluded(routing, summed(done), note)

    def _settle(self, news: News, calendars: Calendars, done: list[Change], ask: Ask | None = None) -> str:
        """Make the calendars say what is known after the news. Return what should be known beside the changes.

        Most news is of a new meeting. It is inserted without a look, which the calendar refuses where it has it already; then the
        other calendars are looked at. So of two runs that insert the same meeting in two calendars, at least one sees both.
        """
        restore = self.restore and isinstance(news, Hearing)
        everywhere = self.dry_run or self.thorough
        is_new = news.is_likely_new and not everywhere
        found = {} if is_new else _find(news, calendars, everywhere=everywhere)
        begun = len(done)
        for _ in range(MOST_TRIES):
            if found and ask and isinstance(news, Hearing):
                news = replace(news, booking=_asked_again(news.booking, ask))
            steps, note = plan(news, found, calendars, restore=restore)
            if self.dry_run:
                done += [step.change for step in steps]
                return note
            try:
                for step in steps:
                    _carry_out(step)
                    done.append(step.change)
            except EntryConflict:
                found = _find(news, calendars, everywhere=True)
                continue
            if not _has_company(news, steps, found, calendars):
                return note if note in STAYS_REMOVED or not _are_seen(summed(done[begun:])) else ""
            found = _find(news, calendars, everywhere=True)
        raise PlatformError(
            f"The entry of {news.meeting} is changed by others faster than it can be read.",
            hint=f"{AGAIN} What was done already is not done twice.",
        )

    def _concluded(self, routing: Routing, changes: tuple[Change, ...], note: str) -> Routing:
        """Sum up. With a dry run, that something would be remembered is something that would be done, too."""
        ours = [change.action for change in changes if change.entry_id == routing.entry_id]
        if routing.entry_id is None:
            ours = [change.action for change in changes]
        untouched = Action.NONE if routing.decision is Decision.NONE and not changes else Action.UNCHANGED
        done = next((action for action in ours if action is not Action.UNCHANGED), untouched)
        routing = replace(routing, changes=changes, note=note, action=done)
        return replace(routing, action=Action.PLANNED, planned=done) if self.dry_run and changes else routing


def exit_code(routing: Routing) -> ExitCode:
    """Decide what a pipeline is told."""
    return ExitCode.DONE if routing.complete else ExitCode.INCOMPLETE


def _find(news: News, calendars: Calendars, *, everywhere: bool) -> dict[str, Entry]:
    """Look for a meeting's entries. One that never had company is believed, unless it has to be everywhere."""
    found: dict[str, Entry] = {}
    for key in sorted(calendars, key=lambda key: key != news.home):
        entry = calendars[key].find(entry_id(news.meeting))
        if entry is not None:
            found[key] = entry
            if not everywhere and is_alone_in(entry, key):
                break
    return found


def _has_company(news: News, steps: Iterable[Step], found: Collection[str], calendars: Calendars) -> bool:
    """Whether, after something was inserted, another calendar has an entry of the meeting that was not known of."""
    inserted = {step.change.calendar.key for step in steps if step.entry is None}
    if not inserted:
        return False
    unseen = calendars.keys() - inserted - set(found)
    return any(calendars[key].find(entry_id(news.meeting)) is not None for key in unseen)


def _asked_again(booking: Booking, ask: Ask) -> Booking:
    """Ask the scheduler again now that an entry was read, so that its answer is newer than all that the entry knows."""
    answer = ask()
    if (answer.meeting.name, answer.meeting.hosts) != (booking.meeting.name, booking.meeting.hosts):
        raise PlatformError("The event was changed at the scheduler while it was routed.", hint=AGAIN)
    return answer


def _first_of(doubts: Sequence[str]) -> str:
    first = next(iter(doubts), "")
    return f"{first}, and {len(doubts) - 1} more: see `supops team check`" if len(doubts) > 1 else first


def _carry_out(step: Step) -> None:
    if step.entry is None:
        step.calendar.insert(step.change.entry_id, step.card, step.record)
    else:
        step.calendar.update(step.entry, step.card, step.record)


def _are_seen(changes: Iterable[Change]) -> bool:
    return any(change.action is not Action.UNCHANGED for change in changes)
