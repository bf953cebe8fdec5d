"""Routing: from a booking to its entry in a team calendar.

Any number of processes may route the same or other words about one meeting, in any order, and repeat them: an entry is only
replaced as it was read, and whoever finds it changed looks again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from supops.errors import ConfigError, CredentialError, ExitCode, PlatformError, SupopsError
from supops.models.bookings import Booking, OtherEvent
from supops.models.entries import Entry, entry_id
from supops.models.roster import Roster
from supops.models.routings import Action, Change, Decision, Routing
from supops.services.deciding import US_GOVERNMENT_NAMES, Team, decide, team_of, unreadable_team
from supops.services.planning import (
    DELETED_BY_HAND,
    FOR_NO_CALENDAR,
    Hearing,
    News,
    Rescheduling,
    Step,
    is_alone_in,
    plan,
    summed,
)
from supops.services.ports import BookingDesk, EntryConflict, Notices, TeamCalendar

MOST_TRIES = 8
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
        desk: Asked to confirm what payloads say; None to take payloads at their word.
        dry_run: Change nothing, and tell what would be done.
        restore: Bring back entries that were deleted by hand.
    """

    read_roster: Callable[[], Roster]
    open_calendars: Callable[[], Calendars]
    missing_calendar: Callable[[str], SupopsError]
    notices: Notices
    desk: BookingDesk | None = None
    dry_run: bool = False
    restore: bool = False

    def route(self, payload: Booking | OtherEvent) -> Routing:
        """Decide where a booking belongs, and make the team calendars say what is so.

        Raises:
            SupopsError: A calendar or the scheduler refuses, or can't be reached or read.
        """
        if isinstance(payload, OtherEvent):
            return Routing(payload.event, Decision.NONE, Action.NONE, payload.reason)
        booking = self.desk.confirm(payload) if self.desk else payload
        verdict = decide(booking.meeting, self._team(booking))
        routing = Routing(
            booking.event, verdict.decision, Action.NONE, meeting=booking.meeting, reasons=verdict.reasons
        )
        if verdict.doubts:
            note = "it is not certain where the meeting belongs, and nothing was written: mend the roster, and route the payload again"
            return replace(routing, note=note, incomplete_reasons=verdict.doubts)
        ask = partial(self.desk.confirm, payload) if self.desk else None
        if verdict.decision is Decision.NONE:
            calendars = self._calendars_with_entries(booking)
            if not calendars:
                return replace(routing, note=FOR_NO_CALENDAR)
            return self._concluded(routing, *self._settle_all(booking, "", calendars, ask))
        calendars = self.open_calendars()
        if verdict.decision not in calendars:
            raise self.missing_calendar(verdict.decision)
        name = calendars[verdict.decision].name
        routing = replace(routing, calendar=name, entry_id=entry_id(booking.meeting.uri))
        return self._concluded(routing, *self._settle_all(booking, name.key, calendars, ask))

    def _team(self, booking: Booking) -> Team:
        """Read the roster. That it can't be read is a matter of doubt only where it may change the decision."""
        try:
            team = team_of(self.read_roster())
        except SupopsError as error:
            team = unreadable_team(f"the roster could not be read: {error.message}")
        in_doubt = any(part in booking.meeting.name for part in US_GOVERNMENT_NAMES)
        if team.doubts and not (in_doubt and decide(booking.meeting, team).doubts):
            more = (
                f", and {len(team.doubts) - 1} more: see `supops team check`" if len(team.doubts) > 1 else ""
            )
            self.notices.warn(
                f"this decision does not need it, but not all of the roster could be read: {team.doubts[0]}{more}"
            )
        return team

    def _calendars_with_entries(self, booking: Booking) -> Calendars:
        """Return the calendars if a meeting that belongs into none has an entry from before, which has to go; otherwise none.

        Whoever has not set calendars up has no entries either; and nobody is stopped because one that is not needed does not answer.
        """
        meetings = [booking.meeting.uri, *([booking.replaced.meeting] if booking.replaced else [])]
        try:
            calendars = self.open_calendars()
            found = any(
                calendar.find(entry_id(meeting)) is not None
                for meeting in meetings
                for calendar in calendars.values()
            )
        except (ConfigError, CredentialError) as error:
            self.notices.detail(f"not looked for an entry from before: {error.message}")
            return {}
        except SupopsError as error:
            self.notices.warn(
                f"nothing is to be done, but an entry from before could not be looked for: {error.message}"
            )
            return {}
        return calendars if found else {}

    def _settle_all(
        self, booking: Booking, home: str, calendars: Calendars, ask: Ask | None
    ) -> tuple[tuple[Change, ...], str]:
        changes, note = self._settle(Hearing(booking, home), calendars, ask)
        if booking.replaced is None:
            return changes, note
        left = Rescheduling(booking.replaced.meeting, booking.replaced.invitee, booking.time, home)
        further, _ = self._settle(left, calendars, None)
        return (*changes, *further), note

    def _settle(self, news: News, calendars: Calendars, ask: Ask | None) -> tuple[tuple[Change, ...], str]:
        """Make the calendars say what is known after the news."""
        done: list[Change] = []
        for attempt in range(MOST_TRIES):
            found = _find(news, calendars, everywhere=attempt > 0 or self.dry_run)
            if found and ask and isinstance(news, Hearing):
                news = replace(news, booking=_asked_again(news.booking, ask))
            steps, note = plan(news, found, calendars, restore=self.restore)
            if self.dry_run:
                return tuple(step.change for step in steps), note
            try:
                for step in steps:
                    _carry_out(step)
                    done.append(step.change)
            except EntryConflict:
                continue
            changes = summed(done)
            return changes, note if note == DELETED_BY_HAND or not _are_seen(changes) else ""
        raise PlatformError(
            f"The entry of {news.meeting} is changed by others faster than it can be read.",
            hint="Route the payload again: what was done already is not done twice.",
        )

    def _concluded(self, routing: Routing, changes: tuple[Change, ...], note: str) -> Routing:
        ours = [change.action for change in changes if change.entry_id == routing.entry_id]
        if routing.entry_id is None:
            ours = [change.action for change in changes]
        untouched = Action.NONE if routing.decision is Decision.NONE and not changes else Action.UNCHANGED
        done = next((action for action in ours if action is not Action.UNCHANGED), untouched)
        routing = replace(routing, changes=changes, note=note, action=done)
        if self.dry_run and _are_seen(changes):
            return replace(routing, action=Action.PLANNED, planned=done)
        return routing


def exit_code(routing: Routing) -> ExitCode:
    """Decide what a pipeline is told."""
    return ExitCode.DONE if routing.complete else ExitCode.INCOMPLETE


def _find(news: News, calendars: Calendars, *, everywhere: bool) -> dict[str, Entry]:
    """Look for a meeting's entries in as few requests as find them.

    Unless it has to be everywhere, the calendar that a new entry most likely has to be inserted into is left out: it refuses what it
    has already. And whoever knows that a meeting never had an entry elsewhere is believed.
    """
    found: dict[str, Entry] = {}
    is_new = news.is_likely_new and not everywhere
    for key in sorted(calendars, key=lambda key: (key == news.home) == is_new):
        if is_new and key == news.home and not found:
            break
        entry = calendars[key].find(entry_id(news.meeting))
        if entry is not None:
            found[key] = entry
            if not everywhere and is_alone_in(entry, key):
                break
    return found


def _asked_again(booking: Booking, ask: Ask) -> Booking:
    """Ask the scheduler again now that an entry was read, so that its answer is newer than all that the entry knows."""
    answer = ask()
    if (answer.meeting.name, answer.meeting.hosts) != (booking.meeting.name, booking.meeting.hosts):
        raise PlatformError(
            "The event was changed at the scheduler while it was routed.", hint="Route the payload again."
        )
    return answer


def _carry_out(step: Step) -> None:
    if step.entry is None:
        step.calendar.insert(step.change.entry_id, step.card, step.record)
    else:
        step.calendar.update(step.entry, step.card, step.record)


def _are_seen(changes: Iterable[Change]) -> bool:
    return any(change.action is not Action.UNCHANGED for change in changes)
