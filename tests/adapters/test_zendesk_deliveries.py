"""Zendesk's signature, and what its deliveries are about."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.zendesk_deliveries import (
    INVOCATION,
    PUBLIC_TEST_SECRET,
    SIGNATURE,
    TIMESTAMP,
    ZendeskSource,
    signature,
    signed_headers,
)
from supops.models.secrets import Secret
from supops.models.signatures import Flaw

SECRET = Secret("c2VjcmV0IG9mIGEgd2ViaG9vaw==", "the file secrets, line 1")
OTHER = Secret("YW5vdGhlciB3ZWJob29rJ3M=", "the file secrets, line 2")
NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
SOURCE = ZendeskSource([SECRET, OTHER], timedelta(seconds=300))
BODY = b'{"id":"e1","type":"zen:event-type:ticket.x"}'


def headers(body: bytes = BODY, secret: Secret = SECRET, now: datetime = NOW) -> dict[str, str]:
    return {name.lower(): value for name, value in signed_headers(secret, body, now).items()}


def flaw(given: dict[str, str], body: bytes = BODY, now: datetime = NOW) -> Flaw | None:
    return SOURCE.verify(given, body, now).flaw


def test_the_signature_is_as_zendesk_makes_it() -> None:
    """The vector is the one of Zendesk's documentation."""
    made = signature(
        Secret(PUBLIC_TEST_SECRET, ""), "2021-03-25T05:09:27Z", b'{"event":"ticket.updated","id":123}'
    )

    assert made == "S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM="


def test_each_webhook_has_a_secret_of_its_own() -> None:
    for secret in (SECRET, OTHER):
        verdict = SOURCE.verify(headers(secret=secret), BODY, NOW)
        assert verdict.good
        assert secret.origin in verdict.detail
    assert flaw(headers(secret=Secret("neither", ""))) is Flaw.KEY


def test_the_public_test_secret_proves_nothing_even_where_it_is_configured() -> None:
    public = Secret(PUBLIC_TEST_SECRET, "the file secrets, line 3")
    careless = ZendeskSource([SECRET, public], timedelta(seconds=300))

    verdict = careless.verify(headers(secret=public), BODY, NOW)

    assert verdict.flaw is Flaw.KEY
    assert "public test secret" in verdict.detail


@pytest.mark.parametrize("name", [SIGNATURE, TIMESTAMP])
def test_every_changed_bit_of_a_header_is_refused(name: str) -> None:
    good = headers()
    raw = good[name].encode()
    for place in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[place // 8] ^= 1 << place % 8
        assert flaw(good | {name: changed.decode("latin-1")}) is not None, bytes(changed)


def test_every_changed_bit_of_the_body_is_refused() -> None:
    good = headers()
    for place in range(len(BODY) * 8):
        changed = bytearray(BODY)
        changed[place // 8] ^= 1 << place % 8
        assert flaw(good, bytes(changed)) is Flaw.KEY


@pytest.mark.parametrize(
    ("seconds", "expected"), [(300, None), (-300, None), (301, Flaw.TIME), (-301, Flaw.TIME)]
)
def test_a_time_that_is_too_far_away_is_refused_both_ways(seconds: int, expected: Flaw | None) -> None:
    assert flaw(headers(), now=NOW + timedelta(seconds=seconds)) is expected


@pytest.mark.parametrize("left_out", [SIGNATURE, TIMESTAMP])
def test_a_missing_header_is_told_from_a_bad_one(left_out: str) -> None:
    given = {name: value for name, value in headers().items() if name != left_out}

    assert flaw(given) is Flaw.MISSING
    assert left_out in SOURCE.verify(given, BODY, NOW).detail


@pytest.mark.parametrize(
    "stamp",
    [
        "now",
        "2026-11-26",
        "2026-11-26T12:00:00",
        "2026-11-26 12:00:00Z",
        "2026-13-26T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "\x00",
    ],
)
def test_a_time_of_another_form_is_refused(stamp: str) -> None:
    assert flaw(headers() | {TIMESTAMP: stamp}) is Flaw.FORMAT


@given(st.text(max_size=60), st.text(max_size=60), st.binary(max_size=50))
def test_no_headers_are_good_by_chance_or_raise(given: str, stamp: str, body: bytes) -> None:
    assert flaw({SIGNATURE: given, TIMESTAMP: stamp}, body) is not None


def key(body: bytes, given: dict[str, str] | None = None) -> str:
    found = SOURCE.describe(given or {}, body)
    assert found is not None
    return found.key


def test_an_event_is_known_by_its_id_however_often_it_is_sent() -> None:
    event = {"id": "e1", "type": "zen:event-type:ticket.x", "subject": "zen:ticket:7"}
    body = json.dumps(event).encode()

    found = SOURCE.describe({}, body)

    assert found is not None
    assert (found.lock_key, found.event) == ("zen:ticket:7", "zen:event-type:ticket.x")
    assert key(body, {INVOCATION: "01A"}) == key(body, {INVOCATION: "01B"})
    assert key(json.dumps({**event, "id": "e2"}).encode()) != found.key


def test_the_body_of_a_trigger_is_known_by_its_signed_time() -> None:
    body = b'{"ticket": 7}'

    first, later = {TIMESTAMP: "2026-11-26T12:00:00Z"}, {TIMESTAMP: "2026-11-26T12:00:01Z"}
    # Nobody signs the invocation's id.
    assert key(body, first | {INVOCATION: "01A"}) == key(body, first | {INVOCATION: "01B"})
    assert key(body, first) != key(body, later)
    assert key(body, {TIMESTAMP: "a"}) != key(body, {TIMESTAMP: "b"})
    assert key(b"[]") != key(b"{}")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_what_is_not_json_is_about_nothing(body: bytes) -> None:
    assert SOURCE.describe({}, body) is None
