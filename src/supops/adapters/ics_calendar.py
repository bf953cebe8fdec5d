"""Team calendars as ``.ics`` files: one file for each, which any calendar program can open. Made for trying supops without Google.

A removed entry stays in the file with the status CANCELLED, and without what it was about. Beside the file lies a list of all ids
that were ever in it, so that an entry that somebody took out of the file is known to be deleted and does not come back.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from icalendar import Calendar, Event

from supops import __version__
from supops.adapters.entry_notes import from_properties, to_properties
from supops.errors import SupopsError
from supops.files import write_whole
from supops.models.entries import Card, Entry, Record, TeamCalendarName
from supops.models.health import Contact
from supops.services.ports import Clock, EntryConflict, Probe, TeamCalendar

CANCELLED = "CANCELLED"
ABSENT = "absent"
NOTE = "X-SUPOPS-"
# The format wants a time even of what is not shown.
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class IcsCalendar(TeamCalendar, Probe):
    """One calendar in one file.

    Args:
        name: The calendar.
        folder: Where its file is, named after the calendar's key. It is made when something is written.
    """

    def __init__(self, name: TeamCalendarName, folder: Path, *, clock: Clock) -> None:
        self.name = name
        self.file = folder / f"{name.key}.ics"
        self._ids_file = folder / f".{name.key}.ics.ids"
        self._clock = clock

    def find(self, entry_id: str) -> Entry | None:
        """See `supops.services.ports.TeamCalendar`."""
        return self._read().entry(entry_id)

    def insert(self, entry_id: str, card: Card | None, record: Record) -> None:
        """See `supops.services.ports.TeamCalendar`."""
        with self._locked() as ids:
            opened = self._read()
            if opened.entry(entry_id) is not None:
                raise EntryConflict
            opened.put(self._event(entry_id, card, record))
            self._write(opened)
            # One line, at the end: nothing that was there is touched.
            ids.write(f"{entry_id}\n".encode())

    def update(self, entry: Entry, card: Card | None, record: Record) -> None:
        """See `supops.services.ports.TeamCalendar`."""
        with self._locked():
            opened = self._read()
            current = opened.entry(entry.id)
            if current is None or current.version != entry.version:
                raise EntryConflict
            opened.put(self._event(entry.id, card, record))
            self._write(opened)

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: reads the file, where there is one."""
        if not self.file.exists():
            return Contact(f"{self.file} is made with the first entry")
        shown = sum(str(event.get("STATUS")) != CANCELLED for event in self._read().calendar.walk("VEVENT"))
        return Contact(f"{self.file}, {shown} entries")

    def _event(self, entry_id: str, card: Card | None, record: Record) -> Event:
        event = Event()
        event.add("UID", entry_id)
        event.add("DTSTAMP", self._clock.now())
        if card is None:
            event.add("DTSTART", NO_TIME)
            event.add("SUMMARY", "Removed booking")
            event.add("STATUS", CANCELLED)
        else:
            event.add("DTSTART", card.start)
            event.add("DTEND", card.end)
            event.add("SUMMARY", card.summary)
            event.add("DESCRIPTION", "\n".join(card.lines))
            event.add("URL", card.link)
            event.add("STATUS", "CONFIRMED")
            if card.location:
                event.add("LOCATION", card.location)
        for name, value in to_properties(record).items():
            event.add(f"{NOTE}{name.upper().replace('_', '-')}", value)
        return event

    def _write(self, opened: "_Opened") -> None:
        opened.calendar.add_missing_timezones()
        write_whole(self.file, opened.calendar.to_ical())

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        """Keep others from changing the file, and open the list of ids to add to it."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._ids_file.open("ab") as ids:
                fcntl.flock(ids, fcntl.LOCK_EX)
                yield ids
        except OSError as error:
            raise self._unusable("be written", error) from None

    def _read(self) -> "_Opened":
        """Read the file as it is now. It is always replaced as a whole, so that nothing has to be locked for that."""
        try:
            data = self.file.read_bytes() if self.file.exists() else b""
            ids = self._ids_file.read_bytes() if self._ids_file.exists() else b""
        except OSError as error:
            raise self._unusable("be read", error) from None
        return _Opened(self._parsed(data), frozenset(ids.decode("ascii", "replace").split()))

    def _parsed(self, data: bytes) -> Calendar:
        if not data.strip():
            calendar = Calendar()
            calendar.add("PRODID", f"-//supops//{__version__}//EN")
            calendar.add("VERSION", "2.0")
            calendar.add("X-WR-CALNAME", self.name.name)
            return calendar
        try:
            parsed = Calendar.from_ical(data)
        except (ValueError, KeyError, IndexError) as error:
            raise SupopsError(
                f"{self.file} is no calendar file that can be read: {error}",
                hint="Mend it or move it away; it was not touched.",
            ) from None
        if not isinstance(parsed, Calendar):
            raise SupopsError(f"{self.file} is no calendar file: it holds something else.")
        return parsed

    def _unusable(self, what: str, error: OSError) -> SupopsError:
        return SupopsError(
            f"The calendar file {self.file} can't {what}: {error.strerror}",
            hint="Set calendars.folder to a folder that can be written to.",
        )


class _Opened:
    """A calendar file that was read, and the ids that were ever in it."""

    def __init__(self, calendar: Calendar, known: frozenset[str]) -> None:
        self.calendar = calendar
        self._known = known

    def entry(self, entry_id: str) -> Entry | None:
        event = self._event(entry_id)
        if event is None:
            deleted = Entry(entry_id, removed=True, record=None, version=ABSENT)
            return deleted if entry_id in self._known else None
        notes = {
            str(name).upper().removeprefix(NOTE).lower().replace("-", "_"): str(value)
            for name, value in event.items()
            if str(name).upper().startswith(NOTE)
        }
        removed = str(event.get("STATUS", "")).upper() == CANCELLED
        version = hashlib.sha256(event.to_ical()).hexdigest()
        return Entry(entry_id, removed, from_properties(notes), version)

    def put(self, event: Event) -> None:
        old = self._event(str(event["UID"]))
        if old is not None:
            self.calendar.subcomponents.remove(old)
        self.calendar.add_component(event)

    def _event(self, entry_id: str) -> Event | None:
        events = (one for one in self.calendar.subcomponents if isinstance(one, Event))
        return next((event for event in events if str(event.get("UID")) == entry_id), None)
