"""Google Calendar on bad days, and how a service account gets in."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from supops.adapters.google_account import GoogleAccount
from supops.adapters.google_calendar import GoogleTeamCalendar
from supops.adapters.patience import Patience
from supops.errors import (
    CredentialError,
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    SupopsError,
    Unauthorized,
)
from supops.models.entries import TeamCalendarName
from supops.models.secrets import Secret
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.states import GoogleState
from supops.sandbox.world import CALENDAR_IDS
from supops.services.ports import EntryConflict
from tests.conftest import IMPATIENT
from tests.fakes.console import FakeNotices
from tests.make import MEETING_ID as ID
from tests.make import RECORD, card_shown, found, meeting

ADDRESS = "supops@demo-project.iam.example.com"
NAME = TeamCalendarName("global", "GitLab Support", CALENDAR_IDS["global"])
EVENTS = f"/calendar/v3/calendars/{NAME.id.replace('@', '%40')}/events"


@pytest.fixture
def state(sandbox: Sandbox) -> GoogleState:
    return sandbox.world.google_calendar


@pytest.fixture(scope="module")
def key() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


Open = Callable[..., GoogleTeamCalendar]


@pytest.fixture
def opened(sandbox: Sandbox, notices: FakeNotices, key: str) -> Iterator[Open]:
    accounts = []

    def opener(
        *,
        subject: str | None = None,
        as_account: str | None = None,
        patience: Patience = IMPATIENT,
        calendar: TeamCalendarName = NAME,
    ) -> GoogleTeamCalendar:
        url = sandbox.urls["google-calendar"]
        document = {
            "type": "service_account",
            "client_email": as_account,
            "private_key": key,
            "token_uri": f"{url}/token",
        }
        accounts.append(
            GoogleAccount(
                credentials=Secret(json.dumps(document), "SERVICE_CREDS") if as_account else None,
                subject=subject,
                endpoint=f"{url}/calendar/v3/",
                notices=notices,
                patience=patience,
            )
        )
        return GoogleTeamCalendar(calendar, accounts[-1])

    yield opener
    for account in accounts:
        account.close()


@pytest.fixture
def calendar(opened: Open) -> GoogleTeamCalendar:
    return opened()


def test_an_entry_is_an_event_as_google_wants_it(calendar: GoogleTeamCalendar, sandbox: Sandbox) -> None:
    calendar.insert(ID, card_shown(), RECORD)

    sent = json.loads(sandbox.requests[-1].body)
    assert sandbox.requests[-1].path == EVENTS
    assert (sent["id"], sent["summary"]) == (ID, "Support onboarding - Invitee Number 1")
    assert sent["start"] == {"dateTime": "2026-11-28T11:00:00+01:00", "timeZone": "Europe/Berlin"}
    assert sent["source"] == {"title": "Booking", "url": meeting().uri}
    private = sent["extendedProperties"]["private"]
    assert (private["booking_state"], private["booking_uri"]) == ("active", meeting().uri)
    assert private["booking_time"] == "2026-11-20T09:00:00+00:00"
    assert not sent.get("attendees")


def test_nobody_is_sent_mail(calendar: GoogleTeamCalendar, sandbox: Sandbox) -> None:
    calendar.insert(ID, card_shown(), RECORD)
    entry = calendar.find(ID)
    assert entry is not None
    calendar.update(entry, None, RECORD)

    writes = [request for request in sandbox.requests if request.method in ("POST", "PATCH")]
    assert [("sendUpdates=none" in request.query) for request in writes] == [True, True]


@pytest.mark.parametrize("kind", ["429", "quota", "500", "502", "503", "504", "reset", "truncated"])
@pytest.mark.parametrize("times", [1, 2])
def test_what_passes_is_tried_again(
    calendar: GoogleTeamCalendar, sandbox: Sandbox, notices: FakeNotices, kind: str, times: int
) -> None:
    sandbox.faults.add(Fault(kind, platform="google-calendar", times=times))

    calendar.insert(ID, card_shown(), RECORD)

    assert calendar.find(ID) is not None
    # After a reset connection the library tries once more by itself; what was cut short was done all the same.
    assert kind in ("reset", "truncated") or len(notices.notes) == times


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("429", RateLimited, "is limiting requests"),
        ("quota", RateLimited, "is limiting requests"),
        ("500", PlatformError, "failed to insert the entry"),
        ("reset", NetworkError, "could not be asked to insert the entry"),
        ("truncated", NetworkError, "could not be asked to look for the entry"),
        ("slow", NetworkError, "could not be asked to insert the entry"),
        ("html", PlatformError, "with what we don't understand"),
        ("redirect", PlatformError, "redirects the request"),
        ("expired", Unauthorized, "401"),
    ],
)
def test_what_does_not_pass_is_an_error_with_a_way_on(
    opened: Open, sandbox: Sandbox, kind: str, error: type[SupopsError], words: str
) -> None:
    sandbox.faults.add(Fault(kind, platform="google-calendar", seconds=0.2))
    calendar = opened(patience=replace(IMPATIENT, read=0.05, tries=2))

    with pytest.raises(error, match=words) as raised:
        calendar.insert(ID, card_shown(), RECORD)
    assert raised.value.hint


def test_google_is_waited_for_as_long_as_it_asks(
    opened: Open, sandbox: Sandbox, notices: FakeNotices
) -> None:
    sandbox.faults.add(Fault("429", platform="google-calendar", times=1, retry_after="1"))

    opened().insert(ID, card_shown(), RECORD)

    assert notices.notes == ["waiting 1 s, Google's limit"]


def test_who_is_asked_to_wait_too_long_is_told_so_at_once(opened: Open, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("429", platform="google-calendar", retry_after="3600"))

    with pytest.raises(RateLimited):
        opened().insert(ID, card_shown(), RECORD)
    assert len(sandbox.requests) == 1


def test_a_refusal_that_is_no_limit_is_not_tried_again(
    calendar: GoogleTeamCalendar, sandbox: Sandbox, state: GoogleState
) -> None:
    state.calendars[NAME.id].access = "reader"

    with pytest.raises(Forbidden, match="does not allow us to insert the entry") as raised:
        calendar.insert(ID, card_shown(), RECORD)
    assert "with the right to make changes" in (raised.value.hint or "")
    assert len(sandbox.requests) == 1


def test_an_insert_whose_answer_is_lost_is_no_conflict(
    calendar: GoogleTeamCalendar, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault("truncated", platform="google-calendar", method="POST", times=1))

    calendar.insert(ID, card_shown(), RECORD)

    entry = calendar.find(ID)
    assert entry is not None
    assert entry.record == RECORD


def test_an_update_whose_answer_is_lost_is_no_conflict(
    calendar: GoogleTeamCalendar, sandbox: Sandbox
) -> None:
    calendar.insert(ID, card_shown(), RECORD)
    before = calendar.find(ID)
    assert before is not None
    sandbox.faults.add(Fault("truncated", platform="google-calendar", method="PATCH", times=1))

    calendar.update(before, None, replace(RECORD, shown=False))

    after = calendar.find(ID)
    assert after is not None
    assert after.removed


class TestRemovedFromTheBeginning:
    """Where Google does not take the status of a new event, it is deleted right after."""

    @pytest.fixture(autouse=True)
    def ignoring(self, state: GoogleState) -> None:
        state.ignores_status = True

    def test_it_is_deleted(self, calendar: GoogleTeamCalendar, sandbox: Sandbox) -> None:
        calendar.insert(ID, None, RECORD)

        assert [request.method for request in sandbox.requests] == ["POST", "DELETE"]
        assert found(calendar).removed
        assert found(calendar).record == RECORD

    @pytest.mark.parametrize("method", ["POST", "DELETE"])
    def test_it_is_deleted_although_an_answer_is_lost(
        self, calendar: GoogleTeamCalendar, sandbox: Sandbox, method: str
    ) -> None:
        sandbox.faults.add(Fault("truncated", platform="google-calendar", method=method, times=1))

        calendar.insert(ID, None, RECORD)

        assert found(calendar).removed

    def test_what_somebody_changed_in_between_is_not_deleted(
        self, opened: Open, calendar: GoogleTeamCalendar, sandbox: Sandbox
    ) -> None:
        # The deletion takes its time, and meanwhile another run has brought the meeting into the calendar.
        sandbox.faults.add(Fault("slow", platform="google-calendar", method="DELETE", times=1, seconds=0.3))
        other = opened()
        running = threading.Timer(0.1, lambda: other.update(found(other), card_shown(), RECORD))
        running.start()

        with pytest.raises(EntryConflict):
            calendar.insert(ID, None, replace(RECORD, shown=False))

        running.join()
        assert not found(calendar).removed


class TestServiceAccount:
    def test_it_signs_for_a_token_and_asks_for_events_only(self, opened: Open, state: GoogleState) -> None:
        state.takes_anybody = False

        opened(as_account=ADDRESS).insert(ID, card_shown(), RECORD)

        [claims] = state.claims
        assert claims["iss"] == ADDRESS
        assert claims["scope"] == "https://www.googleapis.com/auth/calendar.events"
        assert "sub" not in claims

    def test_it_acts_as_the_subject_where_that_is_allowed(self, opened: Open, state: GoogleState) -> None:
        state.takes_anybody, state.delegates = False, True

        opened(as_account=ADDRESS, subject="calendar@example.com").insert(ID, card_shown(), RECORD)

        assert state.claims[0]["sub"] == "calendar@example.com"

    def test_without_delegation_it_says_what_to_ask_for(self, opened: Open) -> None:
        with pytest.raises(Unauthorized, match=ADDRESS) as raised:
            opened(as_account=ADDRESS, subject="calendar@example.com").find(ID)
        assert "domain-wide delegation" in (raised.value.hint or "")

    def test_one_that_google_does_not_know(self, opened: Open) -> None:
        with pytest.raises(Unauthorized, match=r"stranger@example\.com"):
            opened(as_account="stranger@example.com").find(ID)

    def test_a_calendar_that_is_not_shared_names_the_address_to_share_it_with(
        self, opened: Open, state: GoogleState
    ) -> None:
        state.calendars[NAME.id].access = "none"

        with pytest.raises(NotFound, match="does not know the calendar GitLab Support") as raised:
            opened(as_account=ADDRESS).insert(ID, card_shown(), RECORD)
        assert f"Share the calendar with {ADDRESS}" in (raised.value.hint or "")
        # It is not taken for an empty one either.
        with pytest.raises(NotFound, match="does not know the calendar GitLab Support"):
            opened(as_account=ADDRESS).find(ID)

    def test_a_calendar_that_does_not_exist(self, opened: Open) -> None:
        elsewhere = TeamCalendarName("global", "GitLab Support", "nowhere@group.calendar.example.com")

        with pytest.raises(NotFound, match=r"nowhere@group\.calendar\.example\.com"):
            opened(as_account=ADDRESS, calendar=elsewhere).insert(ID, card_shown(), RECORD)

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ("SECRETKEY", "are not JSON"),
            ('["SECRETKEY"]', "are not JSON"),
            ('{"type": "authorized_user", "private_key": "SECRETKEY"}', "not those of a service account"),
            ('{"type": "service_account", "private_key": "SECRETKEY"}', "incomplete, or their private key"),
            (
                '{"type": "service_account", "private_key": "SECRETKEY", "client_email": "a@example.com",'
                ' "token_uri": "https://x.example.com"}',
                "incomplete, or their private key",
            ),
        ],
    )
    def test_credentials_that_make_no_sense(self, notices: FakeNotices, document: str, words: str) -> None:
        with pytest.raises(CredentialError, match=words) as raised:
            GoogleAccount(
                credentials=Secret(document, "SERVICE_CREDS"), subject=None, endpoint=None, notices=notices
            )
        assert "SECRETKEY" not in str(raised.value)
        assert "SERVICE_CREDS" in str(raised.value)


def test_of_a_removed_entry_google_may_tell_the_id_only(
    calendar: GoogleTeamCalendar, state: GoogleState
) -> None:
    calendar.insert(ID, None, RECORD)
    state.forgets_removed = True

    # Entries are looked for by what they remember; that the id is taken is said when it is to be used.
    assert calendar.find(ID) is None
    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(), RECORD)
    entry = found(calendar)
    assert (entry.removed, entry.record) == (True, None)


def test_a_copy_that_somebody_made_is_no_entry(calendar: GoogleTeamCalendar, state: GoogleState) -> None:
    calendar.insert(ID, card_shown(), RECORD)
    events = state.calendars[NAME.id].events
    events["acopy"] = {**events.pop(ID), "id": "acopy"}

    assert calendar.find(ID) is None


def test_the_probe_lists_one_entry(opened: Open, sandbox: Sandbox) -> None:
    assert opened(as_account=ADDRESS).contact().facts == f"{NAME.id}, as {ADDRESS}"
    assert "maxResults=1" in sandbox.requests[-1].query
