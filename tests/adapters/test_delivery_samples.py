"""Samples of deliveries: one for each event that is known, like those of the simulated Calendly, and each a new one."""

import json
from datetime import UTC, datetime

import pytest

from supops.adapters.calendly_deliveries import CalendlySource
from supops.adapters.calendly_payloads import read_calendly
from supops.adapters.delivery_samples import (
    SENDERS,
    TICKET_CREATED,
    Fresh,
    about,
    agreeing,
    sample,
    scheduled_event_of,
)
from supops.models.bookings import Booking, OtherEvent
from supops.models.deliveries import CALENDLY, ZENDESK
from supops.models.subscriptions import CALENDAR_EVENTS, EVENTS
from supops.sandbox.bookings import sample as simulated
from supops.services.sampling import with_values
from tests.fakes.console import FakeNotices

NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)


def shape(value: object) -> object:
    """Return the keys of a document, without what it says."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value) if value else None


def test_there_is_one_of_every_event() -> None:
    assert {event for event, sender in SENDERS.items() if sender == CALENDLY} == set(EVENTS)
    assert [event for event, sender in SENDERS.items() if sender == ZENDESK] == [TICKET_CREATED]


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_each_is_like_what_the_simulated_calendly_sends(event: str) -> None:
    document = sample(event, Fresh(NOW))

    assert shape(document) == shape(simulated(event))
    read = read_calendly(json.dumps(document).encode(), FakeNotices())
    assert isinstance(read, Booking if event in CALENDAR_EVENTS else OtherEvent)


@pytest.mark.parametrize("event", sorted(SENDERS))
def test_no_two_are_the_same_delivery(event: str) -> None:
    source = CalendlySource((), tolerance=NOW - NOW)
    first, second = (json.dumps(sample(event, Fresh(NOW))).encode() for _ in range(2))
    described = [source.describe({}, body) for body in (first, second)]

    assert first != second
    assert described[0] is not None
    assert described[1] is not None
    assert described[0].key != described[1].key


def test_the_meeting_is_tomorrow() -> None:
    read = read_calendly(json.dumps(sample("invitee.created", Fresh(NOW))).encode(), FakeNotices())

    assert isinstance(read, Booking)
    assert read.meeting.start == datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    assert "Support" in read.meeting.name


def test_a_cancellation_can_be_one_of_an_earlier_booking() -> None:
    booked = scheduled_event_of(sample("invitee.created", Fresh(NOW)))
    document = sample("invitee.canceled", Fresh(NOW))

    changed = agreeing(with_values(document, [f"payload.scheduled_event.uri={booked}"]))

    payload = changed["payload"]
    assert isinstance(payload, dict)
    assert (scheduled_event_of(changed), payload["event"]) == (booked, booked)
    assert str(payload["uri"]).startswith(f"{booked}/invitees/")
    assert agreeing(document) == document


def test_what_they_are_about() -> None:
    ticket = sample(TICKET_CREATED, Fresh(NOW))

    assert about(ticket) == ticket["subject"]
    assert about(sample("contact.created", Fresh(NOW))) is None
    assert agreeing(ticket) == ticket
