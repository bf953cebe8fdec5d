"""Calendly's webhook deliveries: their signature, and what they are about (source: platforms, C-6 and C-7)."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from supops.adapters.decoding import UNDECODABLE, is_json
from supops.models.deliveries import CALENDLY
from supops.models.secrets import Secret
from supops.models.signatures import Description, Flaw, Verdict, distance
from supops.services.inbox_ports import Source

HEADER = "calendly-webhook-signature"
# ``t`` in seconds since 1970, and one or more signatures: a sender that changes keys may send several.
FIELD = re.compile(r"(?P<name>[a-z][a-z0-9]{0,7})=(?P<value>[0-9A-Za-z]{1,128})")
SECONDS = re.compile(r"[0-9]{1,11}")
HEXADECIMAL = re.compile(r"[0-9a-f]{64}")
SCHEDULED_EVENTS = "https://api.calendly.com/scheduled_events/"
# A UUID, or capital letters and digits.
EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?=[A-Z]*[0-9])[0-9A-Z]{12,32}")
MOST_FIELDS = 8
LONGEST_EVENT = 80
LONGEST_REFERENCE = 500


class _Meeting(msgspec.Struct):
    uri: str = ""


class _Payload(msgspec.Struct):
    uri: str = ""
    event: str | dict[str, object] | None = None
    scheduled_event: _Meeting | None = None


class _Envelope(msgspec.Struct):
    event: str
    created_at: str
    payload: _Payload


class CalendlySource(Source):
    """Calendly.

    Args:
        keys: That deliveries may be signed with; several while keys are changed.
        tolerance: How far a signature's time may be from now, both ways.
    """

    name = CALENDLY
    kept_headers = frozenset({HEADER, "content-type", "user-agent"})

    def __init__(self, keys: Sequence[Secret], tolerance: timedelta) -> None:
        self._keys = tuple(keys)
        self._tolerance = tolerance

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Verdict:
        """See `Source`."""
        header = headers.get(HEADER, "")
        if not header:
            return Verdict(Flaw.MISSING, f"there is no header {HEADER}")
        time, signatures = _parts(header)
        if time is None or not signatures:
            return Verdict(Flaw.FORMAT, "the header should be t=SECONDS,v1=HEXADECIMAL, of 64 digits")
        away = abs(now.timestamp() - int(time))
        if away > self._tolerance.total_seconds():
            when = datetime.fromtimestamp(int(time), UTC)
            return Verdict(
                Flaw.TIME,
                f"it is of {when:%Y-%m-%d %H:%M:%S} UTC, {distance(when, now)}; "
                f"up to {self._tolerance.total_seconds():.0f} s are accepted",
            )
        for key in self._keys:
            good = signature(key, time, body)
            if any(hmac.compare_digest(good, one) for one in signatures):
                return Verdict(None, f"the signature is good, with the key from {key.origin}")
        several = len(self._keys) > 1
        known = f"none of the {len(self._keys)} keys gives" if several else "the key does not give"
        return Verdict(Flaw.KEY, f"{known} this signature for this body")

    def describe(self, headers: Mapping[str, str], body: bytes) -> Description | None:  # noqa: ARG002
        """See `Source`. There is no id of a delivery: the same event of the same thing at the same time is the same delivery."""
        digest = hashlib.sha256(body).hexdigest()
        try:
            envelope = msgspec.json.decode(body, type=_Envelope)
        except msgspec.ValidationError:
            if not is_json(body):
                return None
            return Description(f"{CALENDLY}:body:{digest}", f"{CALENDLY}:{digest}", _event_of(body))
        except UNDECODABLE:
            return None
        payload = envelope.payload
        event = _short(envelope.event, LONGEST_EVENT)
        meeting = payload.scheduled_event.uri if payload.scheduled_event else ""
        about = meeting or (payload.event if isinstance(payload.event, str) else "") or payload.uri
        parts = (envelope.event, payload.uri, envelope.created_at)
        key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        key = f"{CALENDLY}:{key}" if payload.uri else f"{CALENDLY}:body:{digest}"
        return Description(key, _short(about, LONGEST_REFERENCE) or f"{CALENDLY}:{digest}", event)


def scheduled_event_uri(text: str) -> str:
    """Return a scheduled event's URI, of which the id alone may have been typed; anything else as it is."""
    return f"{SCHEDULED_EVENTS}{text}" if EVENT_ID.fullmatch(text) else text


def signature(key: Secret, time: str, body: bytes) -> str:
    """Return the signature of a body at a time, in hexadecimal."""
    signed = time.encode("ascii") + b"." + body
    return hmac.new(key.reveal().encode(), signed, hashlib.sha256).hexdigest()


def signed_headers(key: Secret, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a delivery that is sent now."""
    time = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "Calendly-Webhook-Signature": f"t={time},v1={signature(key, time, body)}",
    }


def _parts(header: str) -> tuple[str | None, list[str]]:
    """Return a header's time, and its signatures that may be right; None where it is none."""
    fields = [FIELD.fullmatch(part.strip(" ")) for part in header.split(",", MOST_FIELDS)]
    if len(fields) > MOST_FIELDS:
        return None, []
    known = [(field["name"], field["value"]) for field in fields if field]
    times = [value for name, value in known if name == "t"]
    if len(known) != len(fields) or len(times) != 1 or not SECONDS.fullmatch(times[0]):
        return None, []
    return times[0], [value for name, value in known if name == "v1" and HEXADECIMAL.fullmatch(value)]


class _Named(msgspec.Struct):
    event: str = ""


def _event_of(body: bytes) -> str:
    try:
        return _short(msgspec.json.decode(body, type=_Named).event, LONGEST_EVENT)
    except (msgspec.ValidationError, *UNDECODABLE):
        return ""


def _short(text: str, longest: int) -> str:
    """Return a text as a database and a line of a log can have it."""
    plain = text.encode("ascii", "backslashreplace").decode()
    return "".join(letter for letter in plain if letter.isprintable())[:longest]
