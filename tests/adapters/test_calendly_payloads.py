"""Reading Calendly's payloads: what it sends, and whatever else arrives."""

import copy
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from supops.adapters.calendly_payloads import is_zone, read_calendly
from supops.errors import UsageError
from supops.models.bookings import Booking, Host, OtherEvent, Replaced
from supops.models.subscriptions import CALENDAR_EVENTS, EVENTS
from supops.sandbox.bookings import created, payload_files, sample, slot
from tests.fakes.console import FakeNotices

Path = tuple[str | int, ...]
GOOD = created(slot(2))
EVENT: Path = ("payload", "scheduled_event")
GONE = object()


def read(data: bytes) -> Booking | OtherEvent:
    return read_calendly(data, FakeNotices())


def changed(path: Path, value: object) -> bytes:
    """Return the good payload with another value in one place; without the key for `GONE`."""
    document: Any = copy.deepcopy(GOOD)
    *way, last = path
    inner = document
    for step in way:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(document).encode()


def booking(path: Path, value: object) -> Booking:
    found = read(changed(path, value))
    assert isinstance(found, Booking)
    return found


def refusal(data: bytes) -> UsageError:
    with pytest.raises(UsageError) as raised:
        read(data)
    return raised.value


@pytest.mark.parametrize("name", sorted(payload_files()))
def test_every_payload_of_the_embedded_world_is_read(name: str) -> None:
    notices = FakeNotices()

    found = read_calendly(payload_files()[name], notices)

    assert isinstance(found, OtherEvent) == (name == "no-show.json")
    assert notices.everything == ""


@pytest.mark.parametrize("event", EVENTS)
def test_a_sample_of_every_event_is_read(event: str) -> None:
    found = read(json.dumps(sample(event)).encode())

    assert found.event == event
    assert isinstance(found, Booking if event in CALENDAR_EVENTS else OtherEvent)
    if isinstance(found, OtherEvent):
        assert found.reason == f"{event} changes no calendar: invitee.created and invitee.canceled do"


def test_an_event_that_nobody_knows_is_no_error() -> None:
    found = read(json.dumps({"event": "invitee.rescued" * 100, "new": [1]}).encode())

    assert isinstance(found, OtherEvent)
    assert found.reason.startswith("'invitee.rescued")
    assert "is no event that supops knows" in found.reason
    assert len(found.reason) < 150


def test_what_a_payload_tells() -> None:
    found = booking(("payload", "old_invitee"), slot(6).invitee_uri(0))
    meeting, (invitee,) = found.meeting, found.invitees

    assert (found.event, found.time.isoformat()) == ("invitee.created", "2026-11-20T09:00:02+00:00")
    assert (meeting.uri, meeting.name, meeting.canceled) == (slot(2).uri, "Support onboarding", False)
    assert meeting.start.isoformat() == "2026-12-01T16:00:00+00:00"
    assert meeting.hosts == (Host("chloe.tremblay@example.com", "Chloe Tremblay"),)
    assert (invitee.name, invitee.zone, invitee.canceled) == ("Bo Ek", "Europe/Stockholm", False)
    assert invitee.answers == (("Ticket number?", "4712"),)
    assert found.replaced == Replaced(slot(6).uri, slot(6).invitee_uri(0))
    assert not found.confirmed


def test_a_cancellation_of_one_of_several_leaves_the_meeting_on() -> None:
    found = read(payload_files()["several-1-canceled.json"])

    assert isinstance(found, Booking)
    assert not found.meeting.canceled
    assert found.invitees[0].canceled
    assert found.replaced is None


def test_a_byte_order_mark_is_no_fault() -> None:
    assert isinstance(read(b"\xef\xbb\xbf" + changed((*EVENT, "name"), "Support")), Booking)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "The payload is empty."),
        (b" \r\n\t", "The payload is empty."),
        (b"\xef\xbb\xbf", "The payload is empty."),
        (b"\xef\xbb\xbf\n", "The payload is empty."),
        (b"event=invitee.created", "The payload is not JSON"),
        (b"<html>", "The payload is not JSON"),
        (b'{"event":"invitee.created"', "The payload is not JSON"),
        (b'{"event":"invitee.created"} x', "The payload is not JSON"),
        (b'{"event":"x","n":NaN}', "The payload is not JSON"),
        (b'{"event":"x","n":-Infinity}', "The payload is not JSON"),
        (b'{"event":"\xff"}', "The payload is not JSON"),
        (b'{"event":"\\ud800"}', "The payload is not JSON"),
        (b'{"event":"x","deep":' + b"[" * 200_000, "The payload is not JSON"),
        (b'{"event":"x","deep":' + b'{"a":' * 200_000, "The payload is not JSON"),
        ("{}".encode("utf-16"), "The payload is not JSON"),
        (b"\x00" * 10, "The payload is not JSON"),
        (b"[]", "the whole should be an object, and is a list"),
        (b"3", "the whole should be an object, and is a number"),
        (b'"invitee.created"', "the whole should be an object, and is text"),
        (b"null", "the whole should be an object, and is null"),
        (b"true", "the whole should be an object, and is true or false"),
        (b"{}", "event is missing"),
        (b'{"event":null}', "event should be text, and is null"),
        (b'{"event":"invitee.created"}', "created_at is missing"),
        (b" " * (1024 * 1024 + 1), "larger than 1 MiB"),
        (b"[" * 10_000_000, "larger than 1 MiB"),
    ],
    ids=range(26),
)
def test_what_is_no_payload_is_refused_with_the_shape_that_it_should_have(data: bytes, says: str) -> None:
    error = refusal(data)

    assert says in error.message
    assert len(error.message) < 200
    assert "event, created_at and payload" in error.hint


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("created_at",), GONE, "created_at is missing"),
        (("created_at",), 5, "created_at should be a time, and is a number"),
        (("created_at",), "yesterday", "created_at: Invalid RFC3339"),
        (("payload",), GONE, "payload is missing"),
        (("payload",), None, "payload should be an object, and is null"),
        (("payload",), [], "payload should be an object, and is a list"),
        (("payload", "uri"), GONE, "payload.uri is missing"),
        (("payload", "uri"), 3, "payload.uri should be text, and is a number"),
        (("payload", "name"), {}, "payload.name should be text, and is an object"),
        (("payload", "timezone"), 1.5, "payload.timezone should be text, and is a number"),
        (("payload", "old_invitee"), False, "payload.old_invitee should be text, and is true or false"),
        (("payload", "questions_and_answers"), "x", "payload.questions_and_answers should be a list"),
        (("payload", "questions_and_answers", 0), 7, "questions_and_answers[0] should be an object"),
        (("payload", "questions_and_answers", 0, "answer"), 7, "questions_and_answers[0].answer should be"),
        (EVENT, GONE, "payload.scheduled_event is missing"),
        (EVENT, slot(2).uri, "payload.scheduled_event should be an object, and is text"),
        ((*EVENT, "uri"), GONE, "payload.scheduled_event.uri is missing"),
        ((*EVENT, "start_time"), GONE, "payload.scheduled_event.start_time is missing"),
        ((*EVENT, "end_time"), None, "payload.scheduled_event.end_time should be a time, and is null"),
        ((*EVENT, "status"), 1, "payload.scheduled_event.status should be text, and is a number"),
        ((*EVENT, "event_memberships"), {}, "scheduled_event.event_memberships should be a list"),
        ((*EVENT, "event_memberships", 0), "jo", "event_memberships[0] should be an object, and is text"),
        ((*EVENT, "event_memberships", 0, "user_email"), 1, "event_memberships[0].user_email should be text"),
        ((*EVENT, "location"), "here", "payload.scheduled_event.location should be"),
        ((*EVENT, "invitees_counter", "active"), "x", "invitees_counter.active should be"),
    ],
)
def test_a_wrong_shape_is_told_by_its_key(path: Path, value: object, says: str) -> None:
    error = refusal(changed(path, value))

    assert says in error.message
    assert "supops calendly webhooks sample" in error.hint


@pytest.mark.parametrize("key", ["created_at", "start_time", "end_time"])
@pytest.mark.parametrize(
    ("time", "says"),
    [
        ("2026-12-01T16:00:00", "timezone"),
        ("2026-12-01", "RFC3339"),
        ("2026-13-41T16:00:00Z", "RFC3339"),
        ("0001-01-01T00:00:00Z", "is in the year 1, "),
        ("0001-01-01T00:00:00+14:00", "is in the year 1, "),
        ("9999-12-31T23:59:59Z", "is in the year 9999"),
        ("9999-12-31T23:59:59-14:00", "is in the year 9999"),
    ],
)
def test_times_that_are_none_for_a_meeting(key: str, time: str, says: str) -> None:
    error = refusal(changed((key,) if key == "created_at" else (*EVENT, key), time))

    assert key in error.message
    assert says in error.message


def test_an_end_before_the_start() -> None:
    error = refusal(changed((*EVENT, "end_time"), "2026-12-01T16:59:59+01:00"))

    assert (
        "end_time (2026-12-01T16:59:59+01:00) is before its start_time (2026-12-01T16:00:00" in error.message
    )
    assert booking((*EVENT, "end_time"), "2026-12-01T17:00:00+01:00").meeting.name


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "slot-2",
        "https://[x/1",
        "https://api.calendly.com",
        "https:///scheduled_events/1",
        "https://api.calendly.com/scheduled_events/1?token=demo",
        "https://api.calendly.com/scheduled_events/1#part",
        "https://user@api.calendly.com/scheduled_events/1",
        "https://user:demo@api.calendly.com/scheduled_events/1",
        "https://api.calendly.com/scheduled events/1",
        "https://api.calendly.com/scheduled_events/1\n",
        "https://api.calendly.com/scheduled_events/\u202e1",
        "https://api.calendly.com/scheduled_events/" + "1" * 600,
        "javascript:alert(1)",
        "ftp://api.calendly.com/scheduled_events/1",
    ],
)
def test_what_is_no_uri_of_a_meeting_is_refused(uri: str) -> None:
    error = refusal(changed((*EVENT, "uri"), uri))

    assert "payload.scheduled_event.uri is no URI of a scheduled event" in error.message
    assert len(error.message) < 200


@pytest.mark.parametrize(
    "old",
    [
        None,
        "",
        "x",
        "x/invitees/1",
        "javascript:1/invitees/1",
        "https://[x/invitees/1",
        "https://a.example.com/1",
    ],
)
def test_an_old_invitee_that_makes_no_sense_replaces_nothing(old: str | None) -> None:
    assert booking(("payload", "old_invitee"), old).replaced is None


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Base",
        "Factory",
        "posixrules",
        "localtime",
        "right/UTC",
        "posix/UTC",
        "Europe",
        ".",
        "/etc/localtime",
        "../../etc/passwd",
        "Europe/../UTC",
        "zone.tab",
        "tzdata.zi",
        "Europe/Berlin\x00",
        "x" * 5000,
        "<b>",
    ],
)
def test_an_unknown_time_zone_is_a_warning_and_times_are_shown_in_utc(zone: str) -> None:
    notices = FakeNotices()

    found = read_calendly(changed(("payload", "timezone"), zone), notices)

    assert isinstance(found, Booking)
    assert found.invitees[0].zone is None
    (warning,) = notices.warnings
    assert "is not known; times are shown in UTC" in warning
    assert len(warning) < 150


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "Europe/Kyiv"])
def test_zones_that_there_are(zone: str) -> None:
    assert is_zone(zone)


@pytest.mark.parametrize("zone", [None, ""])
def test_no_time_zone_is_no_warning(zone: str | None) -> None:
    notices = FakeNotices()

    read_calendly(changed(("payload", "timezone"), zone), notices)

    assert notices.warnings == []


@pytest.mark.parametrize(
    ("members", "hosts"),
    [
        ([], ()),
        ([{}], (Host(),)),
        ([{"user": "https://api.calendly.com/users/X"}], (Host(),)),
        ([{"user_email": None, "user_name": "Jo"}], (Host(None, "Jo"),)),
        ([{"user_email": "a@example.com"}, {"user_name": "B"}], (Host("a@example.com"), Host(None, "B"))),
    ],
)
def test_hosts_as_far_as_they_are_told(members: object, hosts: tuple[Host, ...]) -> None:
    assert booking((*EVENT, "event_memberships"), members).meeting.hosts == hosts


@pytest.mark.parametrize("key", ["name", "event_memberships"])
def test_what_decides_has_to_be_told(key: str) -> None:
    assert f"payload.scheduled_event.{key} is missing" in refusal(changed((*EVENT, key), GONE)).message


def test_an_event_without_a_name_may_be_told() -> None:
    assert booking((*EVENT, "name"), None).meeting.name == ""


@pytest.mark.parametrize(
    ("location", "place", "link"),
    [
        (GONE, None, None),
        (None, None, None),
        ({}, None, None),
        (
            {"type": "physical", "location": "Room 1", "additional_info": "2nd floor"},
            "Room 1, 2nd floor",
            None,
        ),
        ({"type": "outbound_call", "location": "+1 555 0100"}, "+1 555 0100", None),
        ({"type": "inbound_call", "location": "+1 555 0100", "additional_info": ""}, "+1 555 0100", None),
        ({"type": "ask_invitee", "location": "at my desk"}, "at my desk", None),
        ({"type": "custom", "location": None}, None, None),
        ({"type": "zoom", "join_url": "https://zoom.example.com/j/1"}, None, "https://zoom.example.com/j/1"),
        ({"type": "google_conference", "status": "processing", "join_url": None}, None, None),
        ({"type": "zoom", "data": {"password": "demo", "join_url": "https://x.example.com"}}, None, None),
        ({"type": "zoom", "join_url": "javascript:alert(1)"}, None, None),
        ({"type": "zoom", "join_url": "zoom.example.com/j/1"}, None, None),
        ({"type": "zoom", "join_url": "https://[x/1"}, None, None),
        ({"type": "zoom", "join_url": "https://zoom.ex\u0430mple.com/j/1"}, None, None),
        ({"type": 3, "location": ["x"], "join_url": {"a": 1}}, None, None),
    ],
)
def test_where_it_is(location: object, place: str | None, link: str | None) -> None:
    meeting = booking((*EVENT, "location"), location).meeting

    assert (meeting.place, meeting.join_link) == (place, link)


def places(node: object, path: Path = ()) -> list[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(node, dict):
        inner = list(node.items())
    elif isinstance(node, list):
        inner = list(enumerate(node))
    return [(*path, key) for key, _ in inner] + [
        deep for key, value in inner for deep in places(value, (*path, key))
    ]


TEXTS = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    ["canceled", "UTC", "2026-12-01T16:00:00Z", "9999-12-31T23:59:59.9-23:59", "https://[::1", "//", "\0"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(places(GOOD)), VALUES)
@example(("created_at",), 10**400)
@example((*EVENT, "invitees_counter", "active"), 10**30)
@example(("payload", "timezone"), "\ud800")
def test_whatever_stands_anywhere_is_read_or_refused(path: Path, value: object) -> None:
    try:
        found = read(changed(path, value))
    except UsageError as error:
        assert "\n" not in error.message
    else:
        assert isinstance(found, Booking | OtherEvent)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_whatever_arrives_is_refused_or_another_event(data: bytes) -> None:
    with suppress(UsageError):
        assert isinstance(read(data), OtherEvent)
