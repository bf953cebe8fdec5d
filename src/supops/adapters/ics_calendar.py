"""Team calendars as ``.ics`` files: one file for each, which any calendar program can open. Made for trying supops without Google.

A removed entry stays in the file with the status CANCELLED, and without what it was about. Beside the file lies a list of all ids
that were ever in it, so that an entry that somebody took out of the file is known to be deleted and does not come back. Where the whole
file was taken away, that is a fresh start, and the list counts no longer.

Of what others wrote into the file nothing is read but where it begins and ends. It stays as it is.
"""

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

from icalendar import Calendar, Event, Timezone, vText

from supops import __version__
from supops.adapters.entry_notes import from_properties, to_properties
from supops.adapters.ics_files import CalendarFile, Component, NoCalendarFile
from supops.errors import SupopsError
from supops.files import write_whole
from supops.models.entries import Card, Entry, Record, TeamCalendarName
from supops.models.health import Contact
from supops.services.ports import Clock, EntryConflict, Probe, TeamCalendar

CANCELLED = "CANCELLED"
ABSENT = "absent"
NOTE = "X-SUPOPS-"
EVENT, TIMEZONE = "VEVENT", "VTIMEZONE"
# The format wants a time even of what is not shown.
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
TIME_IN_ZONE = re.compile(r"^DT(?:START|END);TZID=", re.MULTILINE)
# What the rules of a zone that are written into the file are for. Meetings before and after are written in UTC.
ZONES_FROM, ZONES_UNTIL = date(2010, 1, 1), date(2038, 1, 1)
UNUSABLE = "Set calendars.folder to a folder that can be written to."


class IcsCalendar(TeamCalendar, Probe):
    """One calendar in one file.

    Args:
        name: The calendar.
        folder: Where its file is, named after the calendar's key. It is made when something is written.
        remedy: What to do where the file can't be used.
    """

    def __init__(
        self,
        name: TeamCalendarName,
        folder: Path,
        *,
        clock: Clock,
        remedy: str = UNUSABLE,
    ) -> None:
        self._remedy = remedy
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
            event = self._event(entry_id, card, record)
            if opened.is_new:
                ids.truncate(0)
            self._write(opened.with_event(event, card))
            # One line, at the end: nothing that was there is touched.
            ids.write(f"{entry_id}\n".encode())

    def update(self, entry: Entry, card: Card | None, record: Record) -> None:
        """See `supops.services.ports.TeamCalendar`."""
        with self._locked():
            opened = self._read()
            current = opened.entry(entry.id)
            if current is None or current.version != entry.version:
                raise EntryConflict
            self._write(opened.with_event(self._event(entry.id, card, record), card))

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: reads the file, where there is one."""
        if not self.file.exists():
            return Contact(f"{self.file} is made with the first entry")
        shown = sum(not _is_removed(event) for event in self._read().file.named(EVENT))
        return Contact(f"{self.file}, {shown} entries")

    def _event(self, entry_id: str, card: Card | None, record: Record) -> Component:
        event = Event()
        event.add("UID", entry_id)
        event.add("DTSTAMP", self._clock.now())
        if card is None:
            event.add("DTSTART", NO_TIME)
            event.add("SUMMARY", "Removed booking")
            event.add("STATUS", CANCELLED)
        else:
            start, end = _as_written(card)
            event.add("DTSTART", start)
            event.add("DTEND", end)
            event.add("SUMMARY", card.summary)
            event.add("DESCRIPTION", "\n".join(card.lines))
            event.add("URL", card.link)
            event.add("STATUS", "CONFIRMED")
            if card.location:
                event.add("LOCATION", card.location)
        for name, value in to_properties(record).items():
            event.add(f"{NOTE}{name.upper().replace('_', '-')}", vText(value))
        return Component(EVENT, event.to_ical().decode())

    def _write(self, file: CalendarFile) -> None:
        write_whole(self.file, file.text.encode("utf-8", "surrogateescape"))

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
            if not self.file.exists():
                return _Opened(CalendarFile.read(_empty(self.name.name)), frozenset(), is_new=True)
            data = self.file.read_bytes()
            ids = self._ids_file.read_bytes() if self._ids_file.exists() else b""
        except OSError as error:
            raise self._unusable("be read", error) from None
        # What is no UTF-8 is not ours, and stays.
        text = data.decode("utf-8", "surrogateescape") if data.strip() else _empty(self.name.name)
        try:
            file = CalendarFile.read(text)
        except NoCalendarFile as error:
            raise SupopsError(
                f"{self.file} is no calendar file that can be read: {error}",
                hint="Mend it or move it away; it was not touched.",
            ) from None
        return _Opened(file, frozenset(ids.decode("ascii", "replace").split()))

    def _unusable(self, what: str, error: OSError) -> SupopsError:
        return SupopsError(
            f"The calendar file {self.file} can't {what}: {error.strerror}",
            hint=self._remedy,
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    """A calendar file that was read, and the ids that were ever in it."""

    file: CalendarFile
    known: frozenset[str]
    is_new: bool = False

    def entry(self, entry_id: str) -> Entry | None:
        event = self._event(entry_id)
        if event is None:
            deleted = Entry(entry_id, removed=True, record=None, version=ABSENT)
            return deleted if entry_id in self.known else None
        notes = {
            name.removeprefix(NOTE).lower().replace("-", "_"): value
            for name, value in event.properties.items()
            if name.startswith(NOTE)
        }
        version = hashlib.sha256(event.text.encode("utf-8", "surrogateescape")).hexdigest()
        return Entry(entry_id, _is_removed(event), from_properties(notes), version)

    def with_event(self, event: Component, card: Card | None) -> CalendarFile:
        """Return the file with an event in place of the one with the same id, and the zone of its times."""
        file = self.file.with_component(event, instead_of=self._event(event.properties["UID"]))
        zones = {zone.properties.get("TZID") for zone in file.named(TIMEZONE)}
        if card is None or card.zone in zones or not TIME_IN_ZONE.search(event.text):
            return file
        rules = Timezone.from_tzid(card.zone, first_date=ZONES_FROM, last_date=ZONES_UNTIL)
        return file.with_component(Component(TIMEZONE, rules.to_ical().decode()), instead_of=None, first=True)

    def _event(self, entry_id: str) -> Component | None:
        events = self.file.named(EVENT)
        return next((event for event in events if event.properties.get("UID") == entry_id), None)


def _empty(name: str) -> str:
    calendar = Calendar()
    calendar.add("PRODID", f"-//supops//{__version__}//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("X-WR-CALNAME", name)
    return bytes(calendar.to_ical()).decode()


def _is_removed(event: Component) -> bool:
    return event.properties.get("STATUS", "").strip().upper() == CANCELLED


def _as_written(card: Card) -> tuple[datetime, datetime]:
    """Return start and end in the zone that they are shown in, or in UTC where that would not say which instants they are.

    A local time has no word for which of the two it is that an hour has when clocks are put back.
    """
    both = (card.start.replace(microsecond=0), card.end.replace(microsecond=0))
    if card.zone == "UTC" or not all(map(_is_clear, both)):
        return both[0].astimezone(UTC), both[1].astimezone(UTC)
    return both


def _is_clear(moment: datetime) -> bool:
    if not ZONES_FROM.year < moment.year < ZONES_UNTIL.year - 1:
        return False
    return moment.replace(fold=0).utcoffset() == moment.replace(fold=1).utcoffset()
