"""Comparing the store of deliveries with the team calendars: what a frozen worker left is mended, and nothing else is touched."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.errors import ConfigError, NetworkError, UsageError
from supops.models.bookings import Booking, OtherEvent
from supops.models.comparisons import Comparison, Deviation
from supops.models.deliveries import Claim, NewDelivery, Outcome, State
from supops.models.entries import entry_id
from supops.services.reconciling import (
    AT_MOST,
    PATIENCE,
    Comparer,
    beginning,
    comparison_exit_code,
)
from tests.boards import FakeBoard
from tests.make import TIME, at, invitee, meeting
from tests.services.test_booking_life import Story, deliveries, expected, router_on, seen

LEASE = timedelta(seconds=30)
SINCE = TIME - timedelta(days=1)


class Desk:
    """A store of deliveries, and the calendars that they were routed into."""

    def __init__(self, folder: Path) -> None:
        self.inbox = SqlInbox(SqliteDatabase(folder / "inbox.db"))
        self.board = FakeBoard()
        self.words: list[Booking | OtherEvent | Exception] = []

    def receive(
        self,
        word: Booking | OtherEvent | Exception,
        *,
        about: str = "",
        event: str = "",
        done: datetime | None = TIME,
        routed: bool = True,
    ) -> int:
        """Store a delivery, route it, and say that it is done."""
        self.words.append(word)
        if isinstance(word, Booking):
            about, event = word.meeting.uri, word.event
        number = len(self.words) - 1
        new = NewDelivery(
            source="calendly",
            key=f"key {number}",
            lock_key=about,
            event=event or "invitee.created",
            body=str(number).encode(),
            headers={},
            received_at=TIME,
        )
        (identity,) = self.inbox.add([new])
        assert identity is not None
        if routed and isinstance(word, Booking):
            router_on(self.board.calendars).route(word)
        if done is not None:
            claim = self.inbox.begin(identity, worker="one", now=TIME, lease=LEASE, tries=12)
            assert isinstance(claim, Claim)
            self.inbox.finish(claim, Outcome("inserted"), now=done)
        return identity

    def read(self, body: bytes) -> Booking | OtherEvent:
        word = self.words[int(body)]
        if isinstance(word, Exception):
            raise word
        return word

    def compare(self, *, dry_run: bool = False, since: datetime = SINCE) -> Comparison:
        router = router_on(self.board.calendars)
        return Comparer(inbox=self.inbox, router=router, read=self.read).compare(since, dry_run=dry_run)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def booked(number: int = 1, *, minute: int = 0, name: str = "Support onboarding") -> Booking:
    person = invitee(number, of=number)
    return Booking("invitee.created", at(minute), replace(meeting(number), name=name), (person,))


def canceled(number: int = 1, *, minute: int = 1) -> Booking:
    person = invitee(number, of=number, canceled=True)
    return Booking("invitee.canceled", at(minute), meeting(number, canceled=True), (person,))


def test_where_all_is_as_it_should_be_nothing_is_written(desk: Desk) -> None:
    desk.receive(booked(1))
    desk.receive(canceled(1))
    desk.receive(booked(2))
    desk.receive(OtherEvent("invitee_no_show.created", "no"), about="x", event="invitee_no_show.created")
    for calendar in desk.board.calendars.values():
        calendar.asked.clear()

    comparison = desk.compare()

    assert (comparison.bookings, comparison.deliveries) == (2, 3)
    assert (comparison.differences, comparison.unread) == ((), ())
    assert comparison_exit_code(comparison) == 0
    # One look at each booking in each calendar.
    asked = [one for calendar in desk.board.calendars.values() for one in calendar.asked]
    assert asked == ["find"] * 4


def test_an_entry_that_should_not_be_there_is_taken_out(desk: Desk) -> None:
    """A worker was frozen before it inserted, and killed after: meanwhile the booking was canceled, and not in its sight."""
    desk.receive(booked(1))
    desk.receive(canceled(1))
    other = FakeBoard()
    router_on(other.calendars).route(booked(1))
    identity = entry_id(meeting(1).uri)
    desk.board.calendars["us-government"].kept[identity] = other.calendars["global"].kept[identity]

    planned = desk.compare(dry_run=True)
    assert [one.deviation for one in planned.differences] == [Deviation.LEFT_OVER]
    assert comparison_exit_code(planned) == 3
    assert desk.board.shown("us-government")

    (difference,) = desk.compare().differences
    assert (difference.calendar, difference.entry_id) == ("us-government", identity)
    assert difference.booking == meeting(1).uri
    assert difference.before
    assert difference.before.summary == "Support onboarding - Invitee Number 1"
    assert difference.after is None
    assert desk.board.shown("us-government") == desk.board.shown("global") == {}
    assert desk.compare().differences == ()


def test_an_entry_that_is_missing_is_put_in(desk: Desk) -> None:
    desk.receive(booked(1))
    desk.receive(booked(1))
    desk.board.clear()

    comparison = desk.compare()

    (difference,) = comparison.differences
    assert (difference.deviation, difference.why) == (Deviation.MISSING, "the meeting takes place")
    assert comparison_exit_code(comparison) == 0
    assert len(desk.board.shown("global")) == 1


def test_an_entry_of_before_is_brought_up_to_date(desk: Desk) -> None:
    desk.receive(booked(1))
    old = desk.board.calendars["global"].kept.copy()
    desk.receive(booked(1, minute=5, name="Support call"))
    desk.board.calendars["global"].kept = old

    (difference,) = desk.compare().differences

    assert difference.deviation is Deviation.STALE
    assert difference.before
    assert difference.after
    assert (difference.before.summary, difference.after.summary) == (
        "Support onboarding - Invitee Number 1",
        "Support call - Invitee Number 1",
    )


def test_what_a_person_deleted_stays_deleted(desk: Desk) -> None:
    desk.receive(booked(1))
    desk.board.delete_by_hand("global", entry_id(meeting(1).uri))

    assert desk.compare().differences == ()
    assert desk.board.shown("global") == {}


def test_only_what_was_done_since_then_is_compared_with_all_that_is_known_of_it(desk: Desk) -> None:
    desk.receive(booked(1), done=SINCE - timedelta(days=1))
    desk.receive(booked(2), done=SINCE - timedelta(days=1))
    desk.receive(canceled(2), done=TIME)
    desk.receive(booked(3), done=None, routed=False)
    desk.board.clear()

    comparison = desk.compare()

    assert (comparison.bookings, comparison.deliveries) == (1, 2)
    assert desk.board.shown("global") == {}


def test_what_can_not_be_compared_is_told_and_keeps_no_other_from_its_turn(desk: Desk) -> None:
    desk.receive(UsageError("The payload is empty."), about="broken")
    desk.receive(booked(1))
    desk.board.clear()

    comparison = desk.compare()

    assert [(one.booking, one.reason) for one in comparison.unread] == [("broken", "The payload is empty.")]
    assert len(comparison.differences) == 1
    assert (comparison.complete, comparison_exit_code(comparison)) == (False, 5)


def test_calendars_that_can_not_be_reached_are_not_asked_for_ever(desk: Desk) -> None:
    for number in range(1, PATIENCE + 4):
        desk.receive(booked(number))
    desk.board.calendars["global"].error = NetworkError("Google Calendar can't be reached.")

    comparison = desk.compare()

    assert comparison.bookings == PATIENCE
    assert "the rest was left out" in comparison.unread[-1].reason
    assert comparison_exit_code(comparison) == 5


def test_settings_that_are_wrong_are_wrong_for_all(desk: Desk) -> None:
    desk.receive(booked(1))
    desk.board.calendars["global"].error = ConfigError("google.credentials is not set.")

    with pytest.raises(ConfigError):
        desk.compare()


def test_many_deliveries_and_bookings_over_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supops.services.reconciling.PAGE", 3)
    monkeypatch.setattr("supops.services.reconciling.SMALL_PAGE", 2)
    for number in (1, 2, 1, 3, 1, 2, 4, 1):
        desk.receive(booked(number))
        desk.receive(OtherEvent("routing", "no"), about=meeting(number).uri, event="invitee_no_show.created")

    comparison = desk.compare()

    assert (comparison.bookings, comparison.deliveries, comparison.differences) == (4, 8, ())


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries(), st.data())
def test_whatever_is_left_of_an_earlier_state_is_mended(
    tmp_path_factory: pytest.TempPathFactory,
    told: tuple[Story, list[Booking], list[Booking]],
    data: st.DataObject,
) -> None:
    story, heard, delivered = told
    desk = Desk(tmp_path_factory.mktemp("store"))
    for word in (*delivered, *heard):
        desk.receive(word)
    assert desk.compare().differences == ()
    frozen = FakeBoard()
    for word in data.draw(st.lists(st.sampled_from(heard), max_size=3)):
        router_on(frozen.calendars).route(word)
    for key, calendar in frozen.calendars.items():
        for identity, kept in calendar.kept.items():
            if data.draw(st.booleans()):
                desk.board.calendars[key].kept[identity] = kept

    planned = desk.compare(dry_run=True)
    mended = desk.compare()

    assert seen(desk.board) == expected(story, heard)
    assert {one.entry_id for one in planned.differences} == {one.entry_id for one in mended.differences}
    assert desk.compare().differences == ()


def test_since_when(desk: Desk) -> None:
    now = datetime(2026, 11, 26, 3, 1, tzinfo=UTC)

    def compared(days: float, outcome: str) -> None:
        time = now - timedelta(days=days)
        new = NewDelivery(
            source="schedule",
            key=f"sched:compare:{time.date()}",
            lock_key="sched:compare",
            event="compare",
            body=b"",
            headers={},
            received_at=time,
        )
        (identity,) = desk.inbox.add([new])
        assert identity is not None
        claim = desk.inbox.begin(identity, worker="one", now=time, lease=LEASE, tries=12)
        assert isinstance(claim, Claim)
        desk.inbox.finish(claim, Outcome(outcome), now=time)
        assert desk.inbox.delivery(identity).state is State.DONE

    check: Callable[[], timedelta] = lambda: now - beginning(desk.inbox, now)  # noqa: E731
    assert check() == timedelta(days=2)
    compared(70, "exit 0")
    assert check() == AT_MOST
    compared(7, "exit 0")
    assert check() == timedelta(days=8)
    compared(3, "exit 5: incomplete")
    assert check() == timedelta(days=8)
    compared(0.5, "exit 0")
    assert check() == timedelta(days=2)
