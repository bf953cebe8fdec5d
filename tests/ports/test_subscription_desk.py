"""What every scheduler promises: the fake in memory, and the adapter on the simulated Calendly."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.adapters.http import HttpClient
from supops.errors import Conflict, Forbidden, NotFound, PlatformError
from supops.models.bookings import Booking
from supops.models.secrets import Secret
from supops.models.subscriptions import Wanted
from supops.sandbox.server import Sandbox
from supops.services.ports import BookingDesk, SubscriptionDesk
from tests.conftest import IMPATIENT
from tests.fakes.calendly import FakeDesk, told
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices
from tests.make import booked, meeting

KEY = Secret("demo-key", "KEY")
BOTH = ("invitee.created", "invitee.canceled")
WANTED = [
    Wanted("https://new.example.com/calendly", BOTH, "organization"),
    Wanted("https://new.example.com/calendly", BOTH, "user"),
    Wanted("https://new.example.com/calendly", BOTH, "group", "https://api.calendly.com/groups/G1"),
]


@dataclass(frozen=True)
class Stage:
    """A scheduler, the signing keys that reached it, by the subscription's URI, and a booking that it knows."""

    desk: SubscriptionDesk
    booking_desk: BookingDesk
    keys: Mapping[str, str]
    known: Booking


Open = Callable[..., Stage]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a maker; the credential may be one that can't see the organisation's subscriptions."""
    clients: list[HttpClient] = []

    def fake(*, sees_the_organization: bool = True) -> Stage:
        known = booked()
        desk = FakeDesk(
            forbidden=() if sees_the_organization else ("organization",), known={known.meeting.uri: known}
        )
        return Stage(desk, desk, desk.signing_keys, known)

    def real(*, sees_the_organization: bool = True) -> Stage:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        token = Secret("demo-calendly-token" if sees_the_organization else "demo-member-token", "TOKEN")
        url = sandbox.urls["calendly"]
        clients.append(calendly_client(url, token, notices=FakeNotices(), patience=IMPATIENT))
        desk = CalendlyDesk(clients[-1], notices=FakeNotices(), clock=FakeClock())
        return Stage(desk, desk, sandbox.world.calendly.signing_keys, told("global.json"))

    yield fake if request.param == "fake" else real
    for client in clients:
        client.close()


@pytest.fixture
def stage(opened: Open) -> Stage:
    return opened()


def addresses(desk: SubscriptionDesk, wanted: Wanted) -> list[str]:
    listed = desk.subscriptions(desk.account(), wanted.scope, wanted.group)
    return [one.callback_url for one in listed]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.scope)
def test_what_is_created_is_listed_once_and_shown_and_gone_when_deleted(stage: Stage, wanted: Wanted) -> None:
    desk = stage.desk
    made = desk.create(wanted, desk.account(), KEY)

    assert wanted.is_served_by(made)
    assert made.state == "active"
    assert addresses(desk, wanted).count(wanted.callback_url) == 1
    assert desk.subscription(made.id) == desk.subscription(made.uri) == made

    desk.delete(made)

    assert wanted.callback_url not in addresses(desk, wanted)
    with pytest.raises(NotFound):
        desk.subscription(made.id)


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: wanted.scope)
def test_it_is_listed_under_no_other_scope(stage: Stage, wanted: Wanted) -> None:
    stage.desk.create(wanted, stage.desk.account(), None)

    for other in WANTED:
        assert (wanted.callback_url in addresses(stage.desk, other)) == (other.scope == wanted.scope)


def test_another_group_does_not_have_it(stage: Stage) -> None:
    group = WANTED[2]
    stage.desk.create(group, stage.desk.account(), None)

    assert stage.desk.subscriptions(stage.desk.account(), "group", f"{group.group}2") == ()


def test_deleting_twice_is_fine(stage: Stage) -> None:
    made = stage.desk.create(WANTED[0], stage.desk.account(), None)

    stage.desk.delete(made)
    stage.desk.delete(made)


def test_the_address_can_be_used_again_when_it_is_free(stage: Stage) -> None:
    desk = stage.desk
    first = desk.create(WANTED[0], desk.account(), None)
    desk.delete(first)

    assert desk.create(WANTED[0], desk.account(), None).uri != first.uri


@pytest.mark.parametrize("second", WANTED, ids=lambda wanted: wanted.scope)
def test_an_address_is_taken_once_whatever_the_scope(stage: Stage, second: Wanted) -> None:
    stage.desk.create(WANTED[0], stage.desk.account(), None)

    with pytest.raises(Conflict):
        stage.desk.create(second, stage.desk.account(), None)


def test_what_may_not_be_seen_is_refused_and_no_empty_list(opened: Open) -> None:
    desk = opened(sees_the_organization=False).desk
    account = desk.account()

    with pytest.raises(Forbidden):
        desk.subscriptions(account, "organization")
    assert desk.subscriptions(account, "user") == ()


def test_one_that_there_is_not(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.desk.subscription("f9999999-0000-4000-8000-000000000000")


@pytest.mark.parametrize(("key", "arrives"), [(KEY, "demo-key"), (None, "")])
def test_the_signing_key_arrives_and_is_not_shown(stage: Stage, key: Secret | None, arrives: str) -> None:
    made = stage.desk.create(WANTED[0], stage.desk.account(), key)

    assert stage.keys[made.uri] == arrives
    assert "demo-key" not in repr(made)


def test_a_sample_has_the_event_that_was_asked_for(stage: Stage) -> None:
    sample = stage.desk.sample("invitee.canceled", "user", stage.desk.account())

    assert sample["event"] == "invitee.canceled"


def test_there_is_no_sample_of_an_event_that_there_is_not(stage: Stage) -> None:
    with pytest.raises(PlatformError):
        stage.desk.sample("invitee.cancelled", "user", stage.desk.account())


def test_a_booking_that_is_known_is_confirmed(stage: Stage) -> None:
    confirmed = stage.booking_desk.confirm(stage.known)

    assert confirmed.confirmed
    assert confirmed.meeting.uri == stage.known.meeting.uri


def test_a_booking_of_a_meeting_that_there_is_not(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.booking_desk.confirm(booked(of=meeting(404)))
