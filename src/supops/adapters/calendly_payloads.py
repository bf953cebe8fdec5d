"""Calendly's webhook payloads, read into bookings (source: platforms, C-7).

The only place that knows their shape. Another scheduler's payloads are one more module like this.
"""

import re
from datetime import datetime
from functools import cache
from typing import Annotated, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from supops.adapters.decoding import UNDECODABLE
from supops.errors import UsageError
from supops.models.bookings import Booking, Host, Invitee, Meeting, OtherEvent, Replaced
from supops.models.redaction import publishable
from supops.models.subscriptions import CALENDAR_EVENTS, EVENTS
from supops.services.ports import Notices

# Calendly's own payloads have a few kilobytes.
MAX_BYTES = 1024 * 1024
LONGEST_URI = 500
# Calendars have no others, and the arithmetic of times fails near the ends of all time.
YEARS = range(1971, 2200)
# Files of the time zone database that a name may lead to.
NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
CREATED = "invitee.created"
SHAPE_HINT = (
    "A webhook delivery of Calendly's is a JSON object with the keys event, created_at and payload; "
    "`supops calendly webhooks sample invitee.created` shows one."
)
AT_PATH = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>\$[^`]*)`)?$", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(?P<key>[^`]+)`")
# What an address is made of.
VISIBLE = re.compile(r"[!-~]+")
EXPECTED = re.compile(r"Expected `(?P<expected>[^`]+)`, got `(?P<got>[^`]+)`")
JSON_NAMES = {"object": "an object", "array": "a list", "str": "text", "int": "a number", "float": "a number"}
JSON_NAMES |= {"null": "null", "bool": "true or false", "datetime": "a time", "str | null": "text"}

Shape = TypeVar("Shape")
Moment = Annotated[datetime, Meta(tz=True)]


class _Envelope(msgspec.Struct):
    event: str


class _Member(msgspec.Struct):
    user: str | None = None
    user_email: str | None = None
    user_name: str | None = None


class _Counter(msgspec.Struct):
    active: int | None = None


class EventShape(msgspec.Struct):
    """A scheduled event, as payloads and answers have it."""

    uri: str
    # Null where it has none; a decision without the key would be a guess, as without hosts.
    name: str | None
    start_time: Moment
    end_time: Moment
    event_memberships: list[_Member]
    status: str = "active"
    location: dict[str, object] | None = None
    invitees_counter: _Counter | None = None


class _Answer(msgspec.Struct):
    question: str | None = None
    answer: str | None = None


class InviteeShape(msgspec.Struct):
    """An invitee, as payloads and answers have it."""

    uri: str
    name: str | None = None
    status: str = "active"
    timezone: str | None = None
    questions_and_answers: list[_Answer] = []
    old_invitee: str | None = None


class _InviteePayload(InviteeShape, kw_only=True):
    scheduled_event: EventShape


class _InviteeEnvelope(msgspec.Struct):
    event: str
    created_at: Moment
    payload: _InviteePayload


def read_calendly(data: bytes, notices: Notices) -> Booking | OtherEvent:
    """Read a payload.

    Args:
        data: The body of a delivery.
        notices: Told what was left out because it made no sense.

    Raises:
        UsageError: It is no payload of Calendly's; the message says which key is wrong.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"The payload is larger than {MAX_BYTES >> 20} MiB; Calendly's have a few kilobytes.",
            hint=SHAPE_HINT,
        )
    text = data.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise UsageError("The payload is empty.", hint=SHAPE_HINT)
    event = _decoded(text, _Envelope).event
    if event not in CALENDAR_EVENTS:
        return OtherEvent(event, _why_not(event))
    envelope = _decoded(text, _InviteeEnvelope)
    _check_time(envelope.created_at, "created_at")
    invitee = envelope.payload
    return Booking(
        event,
        envelope.created_at,
        meeting_of(invitee.scheduled_event, "payload.scheduled_event"),
        (invitee_of(invitee, notices, canceled=event != CREATED),),
        replaced_by(invitee.old_invitee) if event == CREATED else None,
    )


def meeting_of(event: EventShape, where: str) -> Meeting:
    """Return the meeting that a scheduled event is.

    Args:
        event: The scheduled event.
        where: What it is called in messages.

    Raises:
        UsageError: Its URI is none, its times are in no year that a calendar has, or it ends before it starts.
    """
    if not _is_uri(event.uri):
        raise UsageError(
            f"{where}.uri is no URI of a scheduled event: {publishable(event.uri, longest=80)!r}",
            hint=SHAPE_HINT,
        )
    _check_time(event.start_time, f"{where}.start_time")
    _check_time(event.end_time, f"{where}.end_time")
    if event.end_time < event.start_time:
        raise UsageError(
            f"{where}.end_time ({event.end_time.isoformat()}) is before its start_time ({event.start_time.isoformat()}).",
            hint="No entry can be made of that.",
        )
    place, link = _place_and_link(event.location or {})
    return Meeting(
        event.uri,
        event.name or "",
        event.start_time,
        event.end_time,
        event.status == "canceled",
        tuple(Host(member.user_email, member.user_name) for member in event.event_memberships),
        place,
        link,
        event.invitees_counter.active if event.invitees_counter else None,
    )


def invitee_of(invitee: InviteeShape, notices: Notices, *, canceled: bool = False) -> Invitee:
    """Return the invitee.

    Args:
        invitee: As Calendly has it.
        notices: Told where the time zone is none that is known.
        canceled: Whether more than its status says so.
    """
    zone = invitee.timezone if is_zone(invitee.timezone or "") else None
    if invitee.timezone and zone is None:
        notices.warn(f"the time zone {invitee.timezone[:60]!r} is not known; times are shown in UTC")
    answers = tuple((one.question or "", one.answer or "") for one in invitee.questions_and_answers)
    return Invitee(invitee.uri, invitee.name or "", canceled or invitee.status == "canceled", answers, zone)


def replaced_by(old_invitee: str | None) -> Replaced | None:
    """Return what a new booking stands in for, by the URI of the invitee that it replaces."""
    meeting, separator, _ = (old_invitee or "").partition("/invitees/")
    return Replaced(meeting, old_invitee or "") if separator and _is_uri(meeting) else None


@cache
def is_zone(name: str) -> bool:
    """Whether this is the IANA name of a time zone. Not every file beside them is one."""
    if name in NO_ZONES or name.startswith(("posix/", "right/")):
        return False
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _why_not(event: str) -> str:
    if event in EVENTS:
        return f"{event} changes no calendar: {' and '.join(CALENDAR_EVENTS)} do"
    return f"{event[:60]!r} is no event that supops knows; it changes no calendar"


def _place_and_link(location: dict[str, object]) -> tuple[str | None, str | None]:
    """Return where a meeting is. Of what a location has, only this is for a calendar: its `data` has passwords."""

    def text(key: str) -> str:
        value = location.get(key)
        return value if isinstance(value, str) else ""

    link = text("join_url")
    place = ", ".join(part for part in (text("location"), text("additional_info")) if part)
    return place or None, link if _is_web_address(link) else None


def _is_uri(text: str) -> bool:
    """Whether this is a plain address, with nothing in it that is not for everybody's eyes."""
    if not _is_web_address(text) or not VISIBLE.fullmatch(text) or len(text) > LONGEST_URI:
        return False
    parts = urlsplit(text)
    return bool(parts.netloc and parts.path) and not (parts.query or parts.fragment or "@" in parts.netloc)


def _check_time(time: datetime, where: str) -> None:
    if time.year not in YEARS:
        raise UsageError(f"{where} is in the year {time.year}, which is no time for a meeting.")


def _is_web_address(link: str) -> bool:
    try:
        return link.isascii() and urlsplit(link).scheme in ("http", "https")
    except ValueError:
        return False


def _decoded(data: bytes, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"The payload is not what it should be: {_in_words(str(error))}", hint=SHAPE_HINT
        ) from None
    except UNDECODABLE as error:
        raise UsageError(f"The payload is not JSON: {error}", hint=SHAPE_HINT) from None


def _in_words(error: str) -> str:
    """Return msgspec's words in ours: which key, and what is wrong with it."""
    match = AT_PATH.match(error)
    problem, path = (match["problem"], match["path"]) if match else (error, None)
    key = (path or "$").removeprefix("$").removeprefix(".")
    missing = MISSING.search(problem)
    if missing:
        return f"{key}.{missing['key']} is missing" if key else f"{missing['key']} is missing"
    expected = EXPECTED.search(problem)
    if expected:
        wanted, got = (JSON_NAMES.get(expected[name], expected[name]) for name in ("expected", "got"))
        return f"{key or 'the whole'} should be {wanted}, and is {got}"
    return f"{key}: {problem}" if key else problem
