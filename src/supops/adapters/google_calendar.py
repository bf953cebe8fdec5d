"""Team calendars in Google Calendar (source: platforms, K-1 to K-4).

An entry's id is ours, so that inserting twice is refused. A removed entry is one with status ``cancelled``: it keeps its id and
what it remembers. Entries are changed under the version that was read (``If-Match``), and only in what is ours: colours, guests and
reminders that people added stay.

Events are gcsa's. They are sent with the client of Google's that is below gcsa: gcsa's own knows neither versions nor another endpoint,
and brings a login in a browser, which takes as long to import as all the rest.
"""

import html
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import msgspec
from gcsa.event import Event
from gcsa.serializers.event_serializer import EventSerializer
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from supops.adapters.entry_notes import changed_properties, from_properties, to_properties
from supops.adapters.google_account import ConflictAfterTrying, GoogleAccount
from supops.adapters.google_errors import id_is_gone
from supops.errors import NotFound
from supops.models.entries import Card, Entry, Record, TeamCalendarName
from supops.models.health import Contact
from supops.services.ports import EntryConflict, Probe, TeamCalendar

CANCELLED = "cancelled"
# The property that an entry is looked for by.
ENTRY = "booking_entry"
# What of an event we write. The rest is other people's.
OURS = ("summary", "start", "end", "description", "location", "status", "source")
# Google's limit is 8192, as far as is known, and counts the description as it is sent.
LONGEST_DESCRIPTION = 8_000
MORE = "and more"
# The API wants times even of what is not shown.
NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
Result = TypeVar("Result")


class GoogleTeamCalendar(TeamCalendar, Probe):
    """One calendar of Google Calendar."""

    def __init__(self, name: TeamCalendarName, account: GoogleAccount) -> None:
        self.name = name
        self._account = account
        # Ids that Google said are taken, or changed by others, and were not looked at since.
        self._refused: set[str] = set()

    def find(self, entry_id: str) -> Entry | None:
        """See `supops.services.ports.TeamCalendar`."""
        kept = self._got(entry_id) if entry_id in self._refused else self._listed(entry_id)
        self._refused.discard(entry_id)
        if kept is None:
            return None
        return Entry(entry_id, kept.status == CANCELLED, from_properties(kept.properties.private), kept.etag)

    def _listed(self, entry_id: str) -> "_Kept | None":
        """Look for an entry by what it remembers. By its id it would be not found in a calendar that is not shared with us, too."""

        def page(token: str) -> _Page:
            request = self._events.list(
                calendarId=self.name.id,
                privateExtendedProperty=f"{ENTRY}={entry_id}",
                showDeleted=True,
                **({"pageToken": token} if token else {}),
            )
            return msgspec.convert(request.execute(), type=_Page)

        found: list[_Kept] = []
        token = ""
        while True:
            # A page may be empty, and not be the last one.
            answer = self._ask(partial(page, token), "look for the entry")
            # Somebody's copy of an entry remembers the same, under an id of its own.
            found += [one for one in answer.items if one.id == entry_id]
            token = answer.next_page
            if found or not token:
                return found[0] if found else None

    def _got(self, entry_id: str) -> "_Kept":
        """Look for an entry by its id: it is there, although it may not remember anything."""
        try:
            return self._ask(
                lambda: _kept(self._events.get(calendarId=self.name.id, eventId=entry_id)),
                "look for the entry",
            )
        except NotFound:
            raise id_is_gone(self.name.name) from None

    def insert(self, entry_id: str, card: Card | None, record: Record) -> None:
        """See `supops.services.ports.TeamCalendar`."""
        body = EventSerializer.to_json(_event(entry_id, card, record))

        def insert() -> _Kept:
            return _kept(self._events.insert(calendarId=self.name.id, body=body, sendUpdates="none"))

        self._settle(self._write(insert, "insert the entry", entry_id, record), card)

    def update(self, entry: Entry, card: Card | None, record: Record) -> None:
        """See `supops.services.ports.TeamCalendar`."""
        body = _changes(_event(entry.id, card, record), record)

        def change() -> _Kept:
            request = self._events.patch(
                calendarId=self.name.id, eventId=entry.id, body=body, sendUpdates="none"
            )
            if entry.version:
                request.headers["If-Match"] = entry.version
            return _kept(request)

        self._settle(self._write(change, "update the entry", entry.id, record), card)

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: asks for one entry of the calendar."""

        def first() -> object:
            return self._events.list(calendarId=self.name.id, maxResults=1).execute()

        self._ask(first, "list the entries")
        return Contact(f"{self.name.id}, as {self._account.address or 'nobody in particular'}")

    @property
    def _events(self) -> discovery.Resource:
        return self._account.events

    def _write(self, request: Callable[[], "_Kept"], purpose: str, entry_id: str, record: Record) -> Entry:
        """Write an entry, and return it. Where the answer was lost and the second try met a conflict, look whether it was with ourselves."""
        try:
            kept = self._ask(request, purpose)
        except EntryConflict as conflict:
            self._refused.add(entry_id)
            written = self.find(entry_id) if isinstance(conflict, ConflictAfterTrying) else None
            if written is None or written.record != record:
                raise
            return written
        return Entry(entry_id, kept.status == CANCELLED, record, kept.etag)

    def _settle(self, entry: Entry, card: Card | None) -> None:
        """See to it that what was written is shown, or removed, as it was meant to be."""
        if card is None and not entry.removed:
            # The documentation does not promise that an event can be written as a removed one.
            self._remove(entry)
        elif card is not None and entry.removed:
            # Somebody deleted it before we could look.
            raise EntryConflict

    def _remove(self, entry: Entry) -> None:
        def delete() -> None:
            request = self._events.delete(calendarId=self.name.id, eventId=entry.id, sendUpdates="none")
            if entry.version:
                request.headers["If-Match"] = entry.version
            try:
                request.execute()
            except HttpError as error:
                # It is removed already: by us, where the answer was lost.
                if error.resp.status != 410:
                    raise

        self._ask(delete, "remove the entry")

    def _ask(self, request: Callable[[], Result], purpose: str) -> Result:
        return self._account.ask(request, purpose=purpose, calendar=self.name)


class _Properties(msgspec.Struct):
    private: dict[str, str] = {}


class _Kept(msgspec.Struct):
    """Of an event in an answer, what we look at. Of a cancelled one, there may be nothing but its id."""

    id: str = ""
    status: str = ""
    etag: str = ""
    properties: _Properties = msgspec.field(name="extendedProperties", default_factory=_Properties)


class _Page(msgspec.Struct):
    items: list[_Kept] = []
    next_page: str = msgspec.field(name="nextPageToken", default="")


def _kept(request: HttpRequest) -> _Kept:
    return msgspec.convert(request.execute(), type=_Kept)


def _changes(event: Event, record: Record) -> dict[str, object]:
    """Return what makes an event of ours of one that is there. What is not named stays; None takes away."""
    written: dict[str, object] = EventSerializer.to_json(event)
    ours = {name: written.get(name) or None for name in OURS}
    for name in ("start", "end"):
        # Somebody may have made it one of whole days.
        ours[name] = {"date": None, **written[name]}  # type: ignore[dict-item]
    private = {**changed_properties(record), ENTRY: written.get("id")}
    return {**ours, "extendedProperties": {"private": private}}


def _description(lines: Iterable[str]) -> str:
    """Return the lines as Google shows them, as HTML: as many as there is room for."""
    escaped = [html.escape(line, quote=False) for line in lines]
    kept: list[str] = []
    room = LONGEST_DESCRIPTION - len(f"\n{MORE}")
    for line in escaped:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, MORE])
        kept.append(line)
    return "\n".join(kept)


def _event(entry_id: str, card: Card | None, record: Record) -> Event:
    notes = {"extendedProperties": {"private": {**to_properties(record), ENTRY: entry_id}}}
    if card is None:
        return Event(
            "Removed booking",
            start=NO_TIME,
            end=NO_TIME + timedelta(minutes=1),
            timezone="UTC",
            event_id=entry_id,
            status=CANCELLED,
            **notes,
        )
    return Event(
        card.summary,
        start=card.start.replace(microsecond=0),
        end=card.end.replace(microsecond=0),
        timezone=card.zone,
        event_id=entry_id,
        description=_description(card.lines),
        location=card.location,
        status="confirmed",
        source={"title": "Booking", "url": card.link},
        **notes,
    )
