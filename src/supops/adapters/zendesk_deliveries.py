"""Zendesk's webhook deliveries: their signature, and what they are about (source: platforms, Z-8)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from supops.adapters.decoding import UNDECODABLE, is_json
from supops.models.deliveries import ZENDESK
from supops.models.secrets import Secret
from supops.models.signatures import Description, Flaw, Verdict, distance
from supops.services.inbox_ports import Source

SIGNATURE = "x-zendesk-webhook-signature"
TIMESTAMP = "x-zendesk-webhook-signature-timestamp"
WEBHOOK = "x-zendesk-webhook-id"
INVOCATION = "x-zendesk-webhook-invocation-id"
EVENT_PREFIX = "zen:event-type:"
# Everybody knows it: what is signed with it proves nothing.
PUBLIC_TEST_SECRET = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z")
BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=")
PLAIN = re.compile(r"[\x21-\x7e]{1,200}")


class _Event(msgspec.Struct):
    id: str = ""
    type: str = ""
    subject: str = ""


class ZendeskSource(Source):
    """Zendesk's webhooks, of all instances.

    Args:
        secrets: The signing secrets of the webhooks: each has its own.
        tolerance: How far a signature's time may be from now, both ways.
    """

    name = ZENDESK
    kept_headers = frozenset({SIGNATURE, TIMESTAMP, WEBHOOK, INVOCATION, "content-type", "user-agent"})

    def __init__(self, secrets: Sequence[Secret], tolerance: timedelta) -> None:
        self._secrets = tuple(one for one in secrets if one.reveal() != PUBLIC_TEST_SECRET)
        self._tolerance = tolerance

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Verdict:
        """See `Source`."""
        given, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
        if not given or not stamp:
            return Verdict(Flaw.MISSING, f"there is no header {TIMESTAMP if given else SIGNATURE}")
        time = _time_of(stamp)
        if time is None or not BASE64.fullmatch(given):
            what = f"{TIMESTAMP} should be a time such as 2026-01-31T12:00:00Z" if time is None else None
            return Verdict(Flaw.FORMAT, what or f"{SIGNATURE} should be 32 bytes in base64")
        away = abs((now - time).total_seconds())
        if away > self._tolerance.total_seconds():
            return Verdict(
                Flaw.TIME,
                f"it is of {stamp}, {distance(time, now)}; up to {self._tolerance.total_seconds():.0f} s are accepted",
            )
        for secret in self._secrets:
            if hmac.compare_digest(signature(secret, stamp, body), given):
                return Verdict(None, f"the signature is good, with the secret from {secret.origin}")
        if hmac.compare_digest(signature(Secret(PUBLIC_TEST_SECRET, ""), stamp, body), given):
            return Verdict(Flaw.KEY, "it is signed with Zendesk's public test secret, which proves nothing")
        several = len(self._secrets) > 1
        known = f"none of the {len(self._secrets)} secrets gives" if several else "the secret does not give"
        return Verdict(Flaw.KEY, f"{known} this signature for this body")

    def describe(self, headers: Mapping[str, str], body: bytes) -> Description | None:
        """See `Source`.

        An event has an id of its own. The body of a trigger's webhook is anything, and is the same delivery as long as its signed time is.
        The invocation's id is not signed: whoever repeats a delivery may give it another.
        """
        try:
            event = msgspec.json.decode(body, type=_Event)
        except msgspec.ValidationError:
            if not is_json(body):
                return None
            event = _Event()
        except UNDECODABLE:
            return None
        if event.id and event.type:
            identity = f"event\0{event.id}\0{event.type}"
        else:
            identity = f"body\0{headers.get(TIMESTAMP, '')}\0{hashlib.sha256(body).hexdigest()}"
        key = f"{ZENDESK}:{hashlib.sha256(identity.encode('utf-8', 'backslashreplace')).hexdigest()}"
        about = event.subject if PLAIN.fullmatch(event.subject) else key
        return Description(key, about, event.type if PLAIN.fullmatch(event.type) else "")


def signature(secret: Secret, stamp: str, body: bytes) -> str:
    """Return the signature of a body at a time, in base64. The secret is used as it is, although it looks like base64."""
    signed = stamp.encode("ascii") + body
    return base64.b64encode(hmac.digest(secret.reveal().encode(), signed, "sha256")).decode("ascii")


def signed_headers(secret: Secret, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers of a delivery that is sent now."""
    stamp = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Signature": signature(secret, stamp, body),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
    }


def _time_of(stamp: str) -> datetime | None:
    if not TIME.fullmatch(stamp):
        return None
    try:
        return datetime.fromisoformat(stamp)
    except ValueError:
        return None
