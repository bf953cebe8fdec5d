"""Calendly's signature, and what its deliveries are about."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.calendly_deliveries import HEADER, CalendlySource, signature, signed_headers
from supops.models.secrets import Secret
from supops.models.signatures import Flaw
from tests.contracts import FOLDER, WHY_SKIPPED

KEY = Secret("supops-test-signing-key", "CALENDLY_SIGNING_KEY")
OLD_KEY = Secret("the-key-before", "the file keys, line 2")
NOW = datetime(2026, 11, 18, 14, 26, 40, tzinfo=UTC)
SOURCE = CalendlySource([KEY], timedelta(seconds=180))
BODY = b'{"event":"invitee.created"}'
SAMPLES = FOLDER / "calendly-samples"
PAYLOADS = Path(__file__).parents[1] / "payloads"


def header(body: bytes = BODY, key: Secret = KEY, now: datetime = NOW) -> str:
    return signed_headers(key, body, now)["Calendly-Webhook-Signature"]


def flaw(
    given: str, body: bytes = BODY, *, source: CalendlySource = SOURCE, now: datetime = NOW
) -> Flaw | None:
    return source.verify({HEADER: given}, body, now).flaw


def samples() -> dict[str, str]:
    file = SAMPLES / "signatures.json"
    return dict(json.loads(file.read_text())["files"]) if file.exists() else {}


@pytest.mark.skipif(not samples(), reason=WHY_SKIPPED)
def test_the_signatures_of_the_samples_are_good() -> None:
    said = json.loads((SAMPLES / "signatures.json").read_text())
    source = CalendlySource([Secret(said["signing_key"], "samples")], timedelta(seconds=180))
    now = datetime.fromtimestamp(int(said["t"]), UTC)

    for name, header_of_it in samples().items():
        body = (SAMPLES / name).read_bytes()
        assert flaw(header_of_it, body, source=source, now=now) is None
        assert flaw(header_of_it, body + b"\n", source=source, now=now) is Flaw.KEY


def test_a_good_signature_names_its_key() -> None:
    verdict = SOURCE.verify({HEADER: header()}, BODY, NOW)

    assert verdict.good
    assert "CALENDLY_SIGNING_KEY" in verdict.detail
    assert KEY.reveal() not in verdict.detail


def test_every_changed_bit_of_the_body_is_refused() -> None:
    given = header()
    for place in range(len(BODY) * 8):
        changed = bytearray(BODY)
        changed[place // 8] ^= 1 << place % 8
        assert flaw(given, bytes(changed)) is Flaw.KEY


def test_every_changed_bit_of_the_header_is_refused() -> None:
    given = header().encode()
    for place in range(len(given) * 8):
        changed = bytearray(given)
        changed[place // 8] ^= 1 << place % 8
        assert flaw(changed.decode("latin-1")) is not None, bytes(changed)


@pytest.mark.parametrize("given", [b"", b"\x00", b"\xff\xfe", b"[1]", "\u00fc".encode(), b"x" * 300_000])
def test_any_bytes_can_be_signed(given: bytes) -> None:
    assert flaw(header(given), given) is None


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, None), (180, None), (-180, None), (181, Flaw.TIME), (-181, Flaw.TIME)]
)
def test_a_time_that_is_too_far_away_is_refused_both_ways(seconds: int, expected: Flaw | None) -> None:
    assert flaw(header(), now=NOW + timedelta(seconds=seconds)) is expected


def test_the_tolerance_can_be_set() -> None:
    strict = CalendlySource([KEY], timedelta(seconds=5))

    assert flaw(header(), source=strict, now=NOW + timedelta(seconds=6)) is Flaw.TIME


def test_while_keys_are_changed_both_are_good() -> None:
    both = CalendlySource([KEY, OLD_KEY], timedelta(seconds=180))
    verdict = both.verify({HEADER: header(key=OLD_KEY)}, BODY, NOW)

    assert verdict.good
    assert "line 2" in verdict.detail
    assert flaw(header(key=OLD_KEY)) is Flaw.KEY
    assert flaw(header(key=Secret("neither", "")), source=both) is Flaw.KEY


def test_a_sender_may_send_several_signatures() -> None:
    time = str(int(NOW.timestamp()))
    good = signature(KEY, time, BODY)

    assert flaw(f"t={time},v1={'0' * 64},v1={good}") is None
    assert flaw(f"v1={good}, t={time}") is None
    assert flaw(f"t={time},v1={'0' * 64}") is Flaw.KEY


GOOD = signature(KEY, str(int(NOW.timestamp())), BODY)


@pytest.mark.parametrize(
    "given",
    [
        "t",
        "t=",
        "t=1",
        f"v1={GOOD}",
        f"t={int(NOW.timestamp())}",
        f"t={int(NOW.timestamp())},v0={GOOD}",
        f"t={int(NOW.timestamp())},v1={GOOD.upper()}",
        f"t={int(NOW.timestamp())},v1={GOOD[:-1]}",
        f"t={int(NOW.timestamp())},t={int(NOW.timestamp())},v1={GOOD}",
        f"t={int(NOW.timestamp())},v1={GOOD},",
        f"t={int(NOW.timestamp())};v1={GOOD}",
        f"t= {int(NOW.timestamp())},v1={GOOD}",
        f"t={int(NOW.timestamp())}.0,v1={GOOD}",
        f"t=+{int(NOW.timestamp())},v1={GOOD}",
        "t=99999999999999999999,v1=" + GOOD,
        "t=\u0661\u0662\u0663,v1=" + GOOD,
        "t=1," * 5000,
        "\x00",
        "\xff" * 10,
    ],
)
def test_a_header_of_another_form_is_refused(given: str) -> None:
    assert flaw(given) is Flaw.FORMAT


def test_a_missing_header_is_told_from_a_bad_one() -> None:
    assert SOURCE.verify({}, BODY, NOW).flaw is Flaw.MISSING
    assert flaw("") is Flaw.MISSING


@given(st.text(max_size=200), st.binary(max_size=50))
def test_no_header_is_good_by_chance_or_raises(given: str, body: bytes) -> None:
    assert flaw(given, body) is not None


def about(body: bytes) -> tuple[str, str, str]:
    found = SOURCE.describe({}, body)
    assert found is not None
    return found.key, found.lock_key, found.event


def test_a_booking_is_what_it_is_about() -> None:
    body = (PAYLOADS / "us-government.json").read_bytes()
    payload = json.loads(body)["payload"]

    key, lock_key, event = about(body)

    assert event == "invitee.created"
    assert lock_key == payload["scheduled_event"]["uri"]
    assert about(json.dumps(json.loads(body)).encode())[0] == key


def test_what_differs_in_event_thing_or_time_is_another_delivery() -> None:
    whole = json.loads((PAYLOADS / "us-government.json").read_bytes())
    keys = {about(json.dumps(whole).encode())[0]}
    for name, value in (("event", "invitee.canceled"), ("created_at", "2026-01-01T00:00:00Z")):
        keys.add(about(json.dumps({**whole, name: value}).encode())[0])
    other = {**whole, "payload": {**whole["payload"], "uri": "https://api.calendly.com/other"}}
    keys.add(about(json.dumps(other).encode())[0])

    assert len(keys) == 4


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b'{"event": 1}',
        b'{"event": "e", "created_at": "t", "payload": {"uri": 1}}',
    ],
)
def test_json_of_another_form_is_a_delivery_of_its_own(body: bytes) -> None:
    key, lock_key, _ = about(body)

    assert about(body) == about(body)
    assert about(body + b" ")[0] != key
    assert lock_key


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{]", b"hello", b"{} {}"])
def test_what_is_not_json_is_about_nothing(body: bytes) -> None:
    assert SOURCE.describe({}, body) is None


@given(st.text())
def test_texts_are_such_as_a_database_and_a_log_can_have(text: str) -> None:
    body = json.dumps({"event": text, "created_at": text, "payload": {"uri": text, "event": text}}).encode()

    _, lock_key, event = about(body)

    for one in (lock_key, event):
        assert one.isascii()
        assert one == "" or one.isprintable()
        assert len(one) <= 500
