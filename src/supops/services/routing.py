"""Routing: from a booking to its entry in a team calendar.

Any number of processes may route the same or other words about one meeting, in any order, and repeat them: an entry is only
replaced as it was read, and whoever finds it changed looks again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from supops.errors import ConfigError, CredentialError, ExitCode, PlatformError, SupopsError
from supops.models.bookings import Booking, OtherEvent
from supops.models.entries import Entry, entry_id
from supops.models.roster import Roster
from supops.models.routings import Action, Change, Decision, Routing
from supops.services.deciding import US_GOVERNMENT_NAMES, Team, decide, team_of, unreadable_team
from supops.services.planning import Hearing, News, Rescheduling, Step, lives_in, plan
from supops.services.ports import BookingDesk, EntryConflict, Notices, TeamCalendar

MOST_TRIES = 8
Calendars = Mapping[str, TeamCalendar]


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
            note = "it is not certain where the meeting belongs: nothing was written"
            return replace(routing, note=note, incomplete_reasons=verdict.doubts)
        if verdict.decision is Decision.NONE:
            return self._concluded(routing, *self._settle_all(booking, "", self._calendars_if_ready()))
        calendars = self.open_calendars()
        if verdict.decision not in calendars:
            raise self.missing_calendar(verdict.decision)
        name = calendars[verdict.decision].name
        routing = replace(routing, calendar=name, entry_id=entry_id(booking.meeting.uri))
        return self._concluded(routing, *self._settle_all(booking, name.key, calendars))

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

    def _calendars_if_ready(self) -> Calendars:
        """Return the calendars for a meeting that belongs into none: an entry from before has to go.

        Whoever has not set calendars up has no entries either.
        """
        try:
            return self.open_calendars()
        except (ConfigError, CredentialError) as error:
            self.notices.detail(f"not looked for an entry from before: {error.message}")
            return {}

    def _settle_all(
        self, booking: Booking, home: str, calendars: Calendars
    ) -> tuple[tuple[Change, ...], str]:
        changes, note = self._settle(Hearing(booking, home), calendars)
        if booking.replaced is None:
            return changes, note
        left = Rescheduling(booking.replaced.meeting, booking.replaced.invitee, booking.time, home)
        further, _ = self._settle(left, calendars)
        return (*changes, *further), note

    def _settle(self, news: News, calendars: Calendars) -> tuple[tuple[Change, ...], str]:
        for attempt in range(MOST_TRIES):
            found = _find(news, calendars, sure=attempt > 0 or self.dry_run)
            steps, note = plan(news, found, calendars, restore=self.restore)
            try:
                if not self.dry_run:
                    for step in steps:
                        _carry_out(step)
            except EntryConflict:
                continue
            return tuple(step.change for step in steps), note
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
        if self.dry_run and any(change.action is not Action.UNCHANGED for change in changes):
            return replace(routing, action=Action.PLANNED, planned=done)
        return routing


def exit_code(routing: Routing) -> ExitCode:
    """Decide what a pipeline is told."""
    return ExitCode.DONE if routing.complete else ExitCode.INCOMPLETE


def _find(news: News, calendars: Calendars, *, sure: bool) -> dict[str, Entry]:
    """Look for a meeting's entry in as few requests as find it.

    Unless it has to be sure, it leaves out the calendar that the entry most likely has to be inserted into: inserting finds out.
    """
    identity = entry_id(news.meeting)
    others = [key for key in calendars if key != news.home]
    homes = [key for key in calendars if key == news.home]
    found: dict[str, Entry] = {}
    for key in [*others, *homes] if news.is_likely_new and not sure else [*homes, *others]:
        if key in homes and news.is_likely_new and not sure and not found:
            break
        entry = calendars[key].find(identity)
        if entry is not None:
            found[key] = entry
        if entry is not None and key in homes and lives_in(entry, key):
            break
    return found


def _carry_out(step: Step) -> None:
    if step.entry is None:
        step.calendar.insert(step.change.entry_id, step.card, step.record)
    else:
        step.calendar.update(step.entry, step.card, step.record)
