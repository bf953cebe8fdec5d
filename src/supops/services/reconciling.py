"""Comparing the store of deliveries with the team calendars, booking by booking, and mending what is different.

The calendars hold the state, and a repeat of a delivery changes nothing twice. So a booking's deliveries are routed once more, first
on copies of its entries: what would be changed there is different. A worker that was frozen past its lease may have left that.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from supops.errors import ConfigError, CredentialError, ExitCode, SupopsError
from supops.models.bookings import Booking, OtherEvent
from supops.models.comparisons import Comparison, Deviation, Difference, Unread
from supops.models.deliveries import CALENDLY, SCHEDULE, Delivery, Filter, State
from supops.models.entries import Card, Entry, Record
from supops.models.routings import Action, Change
from supops.models.subscriptions import CALENDAR_EVENTS
from supops.services.inbox_ports import Inbox
from supops.services.planning import summed
from supops.services.ports import EntryConflict, Notices, TeamCalendar
from supops.services.routing import Router

PAGE = 500
SMALL_PAGE = 10
AT_LEAST = timedelta(days=2)
AT_MOST = timedelta(days=30)
OVERLAP = timedelta(days=1)
# So many bookings, one after the other, that can't be compared: then it is not the bookings.
PATIENCE = 5
MOST_SAID = 100
DEVIATIONS = {
    Action.INSERTED: Deviation.MISSING,
    Action.UPDATED: Deviation.STALE,
    Action.DELETED: Deviation.LEFT_OVER,
}

Read = Callable[[bytes], Booking | OtherEvent]


class CopiedCalendar(TeamCalendar):
    """A team calendar in which writing has no effect but on what is read from here afterwards."""

    def __init__(self, original: TeamCalendar) -> None:
        self.name = original.name
        self._original = original
        self._entries: dict[str, Entry | None] = {}

    def find(self, entry_id: str) -> Entry | None:
        """See `TeamCalendar`."""
        if entry_id not in self._entries:
            self._entries[entry_id] = self._original.find(entry_id)
        return self._entries[entry_id]

    def insert(self, entry_id: str, card: Card | None, record: Record) -> None:
        """See `TeamCalendar`."""
        if self.find(entry_id) is not None:
            raise EntryConflict
        self._write(entry_id, card, record, "")

    def update(self, entry: Entry, card: Card | None, record: Record) -> None:
        """See `TeamCalendar`."""
        self._write(entry.id, card, record, entry.version)

    def _write(self, entry_id: str, card: Card | None, record: Record, version: str) -> None:
        self._entries[entry_id] = Entry(entry_id, card is None, record, version)


class SaidOnce(Notices):
    """Passes each message on once: what is so for one booking is so for many."""

    def __init__(self, listener: Notices) -> None:
        self._listener = listener
        self._said: set[str] = set()

    def note(self, message: str) -> None:
        """See `Notices`."""
        if self._is_new(message):
            self._listener.note(message)

    def warn(self, message: str) -> None:
        """See `Notices`."""
        if self._is_new(message):
            self._listener.warn(message)

    def detail(self, message: str) -> None:
        """See `Notices`."""
        self._listener.detail(message)

    def debug(self, message: str) -> None:
        """See `Notices`."""
        self._listener.debug(message)

    def _is_new(self, message: str) -> bool:
        if message in self._said or len(self._said) >= MOST_SAID:
            return False
        self._said.add(message)
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparer:
    """Compares.

    Attributes:
        router: Routes as workers do.
        read: Reads a delivery's body.
        step: Called for each booking.
    """

    inbox: Inbox
    router: Router
    read: Read
    step: Callable[[], None] = lambda: None

    def compare(self, since: datetime, *, dry_run: bool = False) -> Comparison:
        """Compare every booking of which a delivery was done since then.

        Raises:
            ConfigError: The calendars are not configured.
            CredentialError: They refuse the credential.
            SupopsError: The store can't be read.
        """
        bookings = deliveries = failed_in_a_row = 0
        differences: list[Difference] = []
        unread: list[Unread] = []
        for booking, last in self._bookings(since):
            found = 0
            try:
                payloads = tuple(self._payloads(booking, last))
                found = len(payloads)
                differences += self._compared(booking, payloads, dry_run=dry_run)
                failed_in_a_row = 0
            except (ConfigError, CredentialError):
                raise
            except SupopsError as error:
                unread.append(Unread(booking, error.message))
                failed_in_a_row += 1
            bookings, deliveries = bookings + 1, deliveries + found
            self.step()
            if failed_in_a_row >= PATIENCE:
                reason = (
                    f"{PATIENCE} bookings one after the other could not be compared; the rest was left out"
                )
                unread.append(Unread("", reason))
                break
        return Comparison(since, bookings, deliveries, tuple(differences), tuple(unread), dry_run)

    def _bookings(self, since: datetime) -> Iterator[tuple[str, int]]:
        """Yield what bookings' deliveries were done since a time, each once, with the id of its last delivery now."""
        wanted = Filter(source=CALENDLY, state=State.DONE, finished_since=since)
        top: int | None = None
        for delivery in self._all(wanted, None):
            top = delivery.id + 1 if top is None else top
            about = replace(wanted, lock_key=delivery.lock_key)
            # The newest of a booking stands for it: so nothing has to be remembered of those before.
            those = self._all(about, top, limit=SMALL_PAGE)
            newest = next((one.id for one in those if one.event in CALENDAR_EVENTS), None)
            if newest == delivery.id:
                yield delivery.lock_key, top

    def _payloads(self, booking: str, top: int) -> Iterator[Booking]:
        """Yield what a booking's deliveries say, newest first; also those from before."""
        for delivery in self._all(Filter(source=CALENDLY, state=State.DONE, lock_key=booking), top):
            if delivery.event in CALENDAR_EVENTS:
                payload = self.read(self.inbox.delivery(delivery.id).body)
                if isinstance(payload, Booking):
                    yield payload

    def _all(self, wanted: Filter, before: int | None, limit: int = PAGE) -> Iterator[Delivery]:
        while page := self.inbox.page(wanted, before=before, limit=limit):
            yield from page
            before = page[-1].id

    def _compared(
        self, booking: str, payloads: tuple[Booking, ...], *, dry_run: bool
    ) -> Iterator[Difference]:
        """Yield what is different, after it was mended."""
        copies = _Copies(self.router.open_calendars)
        trial = replace(self.router, open_calendars=copies.open, thorough=True, dry_run=False)
        changes = _routed(trial, payloads)
        if not dry_run and _seen(changes):
            # What another process has mended meanwhile is no difference any more.
            changes = _routed(replace(self.router, thorough=True), payloads)
        for change in _seen(changes):
            yield Difference(
                booking,
                change.calendar.key,
                change.calendar.name,
                change.entry_id,
                DEVIATIONS[change.action],
                "the meeting takes place" if change.action is Action.INSERTED else change.why,
                change.before,
                change.after,
            )


class _Copies:
    """Copies of the team calendars, made when they are first needed."""

    def __init__(self, originals: Callable[[], Mapping[str, TeamCalendar]]) -> None:
        self._originals = originals
        self._copies: dict[str, TeamCalendar] = {}

    def open(self) -> Mapping[str, TeamCalendar]:
        """Return them."""
        if not self._copies:
            self._copies = {key: CopiedCalendar(one) for key, one in self._originals().items()}
        return self._copies


def _routed(router: Router, payloads: tuple[Booking, ...]) -> tuple[Change, ...]:
    """Route payloads, and return what that changed in all."""
    changes: list[Change] = []
    for payload in payloads:
        routing = router.route(payload)
        if not routing.complete:
            raise SupopsError("; ".join(routing.incomplete_reasons))
        changes += routing.changes
    return summed(changes)


def _seen(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes that people see. What an entry remembers beside that is no difference."""
    return tuple(change for change in changes if change.action in DEVIATIONS)


def beginning(inbox: Inbox, now: datetime) -> datetime:
    """Return since when deliveries are to be compared: two days, or since the comparison before, so that no day is left out."""
    done = inbox.page(Filter(source=SCHEDULE, event="compare", state=State.DONE), limit=SMALL_PAGE)
    before = [one.received_at - OVERLAP for one in done if "incomplete" not in one.outcome]
    return max(now - AT_MOST, min([now - AT_LEAST, *before[:1]]))


def comparison_exit_code(comparison: Comparison) -> ExitCode:
    """Decide what a pipeline is told: what could not be compared comes first. What was mended is no finding any more."""
    if not comparison.complete:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if comparison.dry_run and comparison.differences else ExitCode.DONE
