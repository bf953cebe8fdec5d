"""Team calendars in Google Calendar (source: platforms, K-1 to K-4).

An entry's id is ours, so that inserting twice is refused. A removed entry is one with status ``cancelled``: it keeps its id and
what it remembers. Entries are changed under the version that was read (``If-Match``), and only in what is ours: colours, guests and
reminders that people added stay.

Events are gcsa's. They are sent with the client of Google's that is below gcsa: gcsa's own knows neither versions nor another endpoint,
and brings a login in a browser, which takes as long to import as all the rest.
"""

import html
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httplib2
import msgspec
import tenacity
from gcsa.event import Event
from gcsa.serializers.event_serializer import EventSerializer
from google.auth.credentials import Credentials
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from googleapiclient.http import HttpRequest

from supops.adapters.decoding import UNDECODABLE
from supops.adapters.entry_notes import changed_properties, from_properties, to_properties
from supops.adapters.google_errors import id_is_gone, passes, reason_of, translated
from supops.adapters.patience import Patience, retry_after_of, spoken
from supops.errors import CredentialError, NotFound
from supops.models.entries import Card, Entry, Record, TeamCalendarName
from supops.models.health import Contact
from supops.models.hosts import is_loopback
from supops.models.secrets import Secret
from supops.services.ports import EntryConflict, Notices, Probe, TeamCalendar

SCOPE = "https://www.googleapis.com/auth/calendar.events"
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

for _library in ("gcsa", "googleapiclient", "google", "google_auth_httplib2"):
    # They would speak on standard error, past us.
    logging.getLogger(_library).addHandler(logging.NullHandler())


class ConflictAfterTrying(EntryConflict):
    """A conflict, perhaps with ourselves: an earlier try may have been carried out although no answer arrived."""


class GoogleAccount:
    """Google Calendar as one service account sees it.

    Args:
        credentials: The service account's JSON; None for a test server that asks for none.
        subject: The user to act as, with domain-wide delegation.
        endpoint: Address of another server than Google's.
        ca: File with the certificates to trust instead of the usual ones.

    Raises:
        CredentialError: The JSON is not that of a service account.

    Attributes:
        address: The service account's, which calendars are shared with; empty where there is none.
    """

    def __init__(
        self,
        *,
        credentials: Secret | None,
        subject: str | None,
        endpoint: str | None,
        notices: Notices,
        patience: Patience | None = None,
        ca: Path | None = None,
    ) -> None:
        self._credentials = _service_account(credentials, subject) if credentials else None
        self.address = str(getattr(self._credentials, "service_account_email", "") or "")
        self._endpoint = endpoint
        self._notices = notices
        self._patience = patience or Patience()
        self._ca = ca

    @cached_property
    def events(self) -> discovery.Resource:
        """The requests about events that there are, to be made over our connection."""
        options = {"api_endpoint": self._endpoint} if self._endpoint else None
        return discovery.build("calendar", "v3", http=self._http, client_options=options).events()

    @cached_property
    def _http(self) -> httplib2.Http | AuthorizedHttp:
        host = urlsplit(self._endpoint or "").hostname
        http = httplib2.Http(
            timeout=self._patience.read,
            ca_certs=str(self._ca) if self._ca and self._ca.is_file() else None,
            # A proxy must not see what is meant for this machine only.
            proxy_info=None if host and is_loopback(host) else httplib2.proxy_info_from_environment,
        )
        http.follow_redirects = False
        return AuthorizedHttp(self._credentials, http=http) if self._credentials else http

    def close(self) -> None:
        """Close all connections."""
        if "_http" in vars(self):
            self._http.close()

    def ask(self, request: Callable[[], Result], *, purpose: str, calendar: TeamCalendarName) -> Result:
        """Ask, and ask again where that may help. All that is asked may be repeated: ids are ours, versions are compared.

        Raises:
            ConflictAfterTrying: As `EntryConflict`, and an earlier try of the same request may have done it.
            EntryConflict: The entry is there already (409), or is not what was read (412).
            SupopsError: Google refuses, or can't be reached.
        """
        patience = self._patience
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._may_be_repeated),
            stop=tenacity.stop_after_attempt(patience.tries),
            wait=self._pause,
            before_sleep=lambda state: self._tell_of_pause(state, purpose),
            reraise=True,
        )
        try:
            result = retrying(request)
        except Exception as error:
            self._notices.debug(f"Google Calendar: {purpose} -> {_status_of(error)}")
            if isinstance(error, HttpError) and error.resp.status in (409, 412):
                tries = retrying.statistics.get("attempt_number", 1)
                raise (ConflictAfterTrying if tries > 1 else EntryConflict) from None
            where = f"the calendar {calendar.name} ({calendar.id})"
            raise translated(error, purpose=purpose, calendar=where, account=self.address) from error
        self._notices.debug(f"Google Calendar: {purpose} -> done")
        return result

    def _may_be_repeated(self, error: BaseException) -> bool:
        return passes(error) and (_asked_to_wait(error) or 0) <= self._patience.longest_retry_after

    def _pause(self, state: tenacity.RetryCallState) -> float:
        asked = _asked_to_wait(state.outcome.exception() if state.outcome else None)
        if asked is not None:
            return asked
        patience = self._patience
        wait = tenacity.wait_random_exponential(
            multiplier=patience.first_pause, max=patience.longest_pause, min=patience.first_pause
        )
        return wait(state)

    def _tell_of_pause(self, state: tenacity.RetryCallState, purpose: str) -> None:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, HttpError):
            # What broke off leaves a connection that is good for nothing.
            self._http.close()
        seconds = state.upcoming_sleep
        if isinstance(error, HttpError) and error.resp.status in (403, 429):
            self._notices.note(f"waiting {spoken(seconds)}, Google's limit")
        else:
            self._notices.note(f"trying again in {spoken(seconds)} to {purpose}")


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


def _service_account(secret: Secret, subject: str | None) -> Credentials:
    hint = "Make a key for the service account in the Google Cloud console, and keep the whole JSON file as the secret."
    try:
        known = msgspec.json.decode(secret.reveal(), type=dict[str, object])
    except UNDECODABLE:
        message = f"The Google credentials from {secret.origin} are not JSON."
        raise CredentialError(message, hint=hint) from None
    if known.get("type") != "service_account":
        message = f"The Google credentials from {secret.origin} are not those of a service account."
        raise CredentialError(message, hint=hint)
    try:
        made: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            known, scopes=[SCOPE], subject=subject
        )
    except ValueError:
        # Its message may quote what is in the file.
        message = (
            f"The Google credentials from {secret.origin} are incomplete, or their private key is broken."
        )
        raise CredentialError(message, hint=hint) from None
    return made


def _asked_to_wait(error: BaseException | None) -> float | None:
    return retry_after_of(error.resp.get("retry-after")) if isinstance(error, HttpError) else None


def _status_of(error: Exception) -> str:
    return f"{error.resp.status} {reason_of(error)}" if isinstance(error, HttpError) else type(error).__name__
