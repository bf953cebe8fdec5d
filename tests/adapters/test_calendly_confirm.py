"""What `confirm` trusts: Calendly's answer, and nothing of the payload but the URIs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.errors import NotFound
from supops.models.bookings import Host, Replaced
from supops.models.secrets import Secret
from supops.sandbox.bookings import slot
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.states import CalendlyState
from supops.services.ports import Clock
from tests.conftest import IMPATIENT
from tests.fakes.calendly import told
from tests.fakes.clock import START, FakeClock
from tests.fakes.console import FakeNotices

MEETING = told("global.json").meeting


class Watch(Clock):
    """Remembers how many requests had arrived when it was looked at."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.seen: list[int] = []

    def now(self) -> datetime:
        self.seen.append(len(self._sandbox.requests))
        return START


@pytest.fixture
def state(sandbox: Sandbox) -> CalendlyState:
    return sandbox.world.calendly


@pytest.fixture
def desk(sandbox: Sandbox, notices: FakeNotices) -> Iterator[CalendlyDesk]:
    token = Secret("demo-calendly-token", "CALENDLY_TOKEN")
    client = calendly_client(sandbox.urls["calendly"], token, notices=notices, patience=IMPATIENT)
    yield CalendlyDesk(client, notices=notices, clock=FakeClock())
    client.close()


def paths(sandbox: Sandbox) -> list[str]:
    return [f"{request.method} {request.path}" for request in sandbox.requests]


def test_confirming_trusts_the_answer_and_not_the_payload(desk: CalendlyDesk) -> None:
    word = told("global.json")
    lies = replace(MEETING, name="US Federal", start=word.time, hosts=(Host("evil@example.com"),))

    confirmed = desk.confirm(replace(word, meeting=lies))

    assert (confirmed.meeting, confirmed.invitees) == (MEETING, word.invitees)
    assert confirmed.confirmed


def test_only_the_configured_platform_is_asked(sandbox: Sandbox, desk: CalendlyDesk) -> None:
    number = MEETING.uri.rpartition("/")[2]
    elsewhere = replace(MEETING, uri=f"https://evil.example.com/scheduled_events/{number}")

    assert desk.confirm(replace(told("global.json"), meeting=elsewhere)).meeting.uri == MEETING.uri

    assert paths(sandbox) == [f"GET /scheduled_events/{number}", f"GET /scheduled_events/{number}/invitees"]


def test_the_time_is_taken_before_the_first_request(sandbox: Sandbox, desk: CalendlyDesk) -> None:
    desk._clock = watch = Watch(sandbox)

    assert desk.confirm(told("global.json")).time == START

    assert watch.seen == [0]


def test_every_invitee_is_confirmed_and_whom_the_word_is_about_comes_first(desk: CalendlyDesk) -> None:
    confirmed = desk.confirm(told("several-2.json"))

    assert [one.name for one in confirmed.invitees] == ["Bo Ek", "Ina Vitee", "Cy <b>Twombly</b>"]


@pytest.mark.parametrize("names_hosts", [True, False])
def test_hosts_have_emails_however_the_platform_names_them(
    state: CalendlyState, desk: CalendlyDesk, names_hosts: bool
) -> None:
    state.names_hosts = names_hosts

    emails = {host.email for host in desk.confirm(told("several-1.json")).meeting.hosts}

    assert emails == {"bjorn.hakansson@example.com", "ciaran.byrne@example.com"}


def test_a_host_that_is_gone_is_only_a_warning(
    sandbox: Sandbox, state: CalendlyState, desk: CalendlyDesk, notices: FakeNotices
) -> None:
    state.names_hosts = False
    sandbox.faults.add(Fault("empty", path="/users/*", times=1))

    hosts = desk.confirm(told("several-1.json")).meeting.hosts

    assert sorted(host.email is None for host in hosts) == [False, True]
    (warning,) = notices.warnings
    assert "does not know the host https://api.calendly.com/users/" in warning


def test_a_meeting_that_calendly_does_not_know_may_be_forged(desk: CalendlyDesk) -> None:
    unknown = replace(MEETING, uri="https://api.calendly.com/scheduled_events/unknown")

    with pytest.raises(NotFound, match="confirm the scheduled event") as raised:
        desk.confirm(replace(told("global.json"), meeting=unknown))

    assert "it may be forged" in raised.value.hint


def test_a_rescheduled_booking_names_the_one_that_it_replaces(desk: CalendlyDesk) -> None:
    confirmed = desk.confirm(told("rescheduled-3-created.json"))

    assert confirmed.replaced == Replaced(slot(6).uri, slot(6).invitee_uri(0))
    assert desk.confirm(told("global.json")).replaced is None


def test_a_canceled_meeting_is_confirmed_as_canceled(desk: CalendlyDesk) -> None:
    assert desk.confirm(told("rescheduled-1-created.json")).meeting.canceled


def test_invitees_are_read_to_the_last_page(
    sandbox: Sandbox, state: CalendlyState, desk: CalendlyDesk
) -> None:
    whole = desk.confirm(told("several-2.json"))
    asked = len(sandbox.requests)
    state.largest_page = 1

    confirmed = desk.confirm(told("several-2.json"))

    assert confirmed.invitees == whole.invitees
    assert [path.rpartition("/")[2] for path in paths(sandbox)[asked + 1 :]].count("invitees") == 3
