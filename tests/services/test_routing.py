"""Routing one payload: where it goes, what is done there, what is said about it, and in how many requests."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from supops.errors import ConfigError, ExitCode, Forbidden, NetworkError, PlatformError, UsageError
from supops.models.bookings import Booking, OtherEvent, Replaced
from supops.models.entries import Card, Entry, Record, entry_id
from supops.models.roster import ProblemKind, Roster, RosterProblem
from supops.models.routings import Action, Decision, Routing
from supops.services.ports import BookingDesk, EntryConflict, TeamCalendar
from supops.services.routing import Router, exit_code
from tests.boards import FakeBoard
from tests.fakes.calendars import FakeCalendar
from tests.fakes.console import FakeNotices
from tests.make import HOST, at, booked, canceled, invitee, meeting, us_government_team

FEDERAL = "US Federal Support"
ID = entry_id(meeting().uri)


class FakeDesk(BookingDesk):
    """A scheduler that gives its answers one after the other, the last one for ever."""

    def __init__(self, *answers: Booking) -> None:
        self.answers = list(answers)

    def confirm(self, booking: Booking) -> Booking:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return replace(answer, confirmed=True)


@pytest.fixture
def board() -> FakeBoard:
    return FakeBoard()


@pytest.fixture
def notices() -> FakeNotices:
    return FakeNotices()


Route = Callable[..., Routing]


@pytest.fixture
def route(board: FakeBoard, notices: FakeNotices) -> Route:
    def router(
        word: Booking | OtherEvent,
        *,
        roster: Callable[[], Roster] = us_government_team,
        calendars: Mapping[str, TeamCalendar] | None = None,
        desk: BookingDesk | None = None,
        dry_run: bool = False,
        restore: bool = False,
    ) -> Routing:
        opened = board.calendars if calendars is None else calendars
        return Router(
            read_roster=roster,
            open_calendars=lambda: opened,
            missing_calendar=lambda key: ConfigError(f"calendars.{key}.id is not set"),
            notices=notices,
            now=lambda: at(100),
            desk=desk,
            dry_run=dry_run,
            restore=restore,
        ).route(word)

    return router


def requests(board: FakeBoard) -> list[str]:
    asked = [f"{key} {what}" for key, calendar in board.calendars.items() for what in calendar.asked]
    for calendar in board.calendars.values():
        calendar.asked.clear()
    return asked


def described(board: FakeBoard, key: str = "global") -> list[str]:
    return [line for card in board.calendars[key].cards() for line in card.lines]


def test_a_booking_is_inserted_with_what_the_team_needs_to_know(route: Route, board: FakeBoard) -> None:
    routing = route(booked())

    assert (routing.decision, routing.action, routing.entry_id) == ("global", "inserted", ID)
    assert routing.calendar == board.calendars["global"].name
    [card] = board.calendars["global"].cards()
    assert card.summary == "Support onboarding - Invitee Number 1"
    assert (card.start.isoformat(), card.zone) == ("2026-11-28T11:00:00+01:00", "Europe/Berlin")
    assert card.lines == (
        "Event: Support onboarding",
        "Host: jo@example.com",
        "Invitee: Invitee Number 1",
        "Ticket?: 4701",
        f"Booking: {meeting().uri}",
    )


def test_a_us_government_booking_goes_to_its_own_calendar(route: Route, board: FakeBoard) -> None:
    routing = route(booked(of=meeting(name=FEDERAL, hosts=(HOST,))))

    assert routing.decision is Decision.US_GOVERNMENT
    assert (list(board.shown("us-government")), board.shown("global")) == ([ID], {})


def test_two_requests_are_enough_for_a_new_booking(route: Route, board: FakeBoard) -> None:
    route(booked())

    assert requests(board) == ["us-government find", "global insert"]


def test_two_requests_are_enough_for_a_cancellation(route: Route, board: FakeBoard) -> None:
    route(booked())
    requests(board)

    route(canceled())

    assert requests(board) == ["global find", "global update"]


def test_a_repeat_is_refused_and_looked_at_and_writes_nothing(route: Route, board: FakeBoard) -> None:
    route(booked())
    requests(board)

    route(booked())

    assert requests(board) == ["us-government find", "global insert", "global find"]


def test_a_payload_that_arrives_twice_changes_nothing_twice(route: Route, board: FakeBoard) -> None:
    route(booked())

    routing = route(booked())

    assert (routing.action, routing.changes) == (Action.UNCHANGED, ())
    assert routing.note == "the calendar says so already"
    assert list(board.shown("global")) == [ID]


def test_a_cancellation_takes_the_entry_out(route: Route, board: FakeBoard) -> None:
    route(booked())

    routing = route(canceled())

    assert routing.action is Action.DELETED
    assert [change.why for change in routing.changes] == ["the meeting was canceled"]
    assert board.shown("global") == {}


def test_a_removed_entry_remembers_nothing_about_people(route: Route, board: FakeBoard) -> None:
    route(booked())
    route(canceled())

    assert "Invitee Number" not in repr(board.calendars["global"].kept)
    assert "Support onboarding" not in repr(board.calendars["global"].kept)


def test_a_cancellation_that_comes_first_keeps_the_booking_out(route: Route, board: FakeBoard) -> None:
    first = route(canceled())
    second = route(booked())

    assert (first.action, second.action) == (Action.UNCHANGED, Action.UNCHANGED)
    assert second.note == "the meeting is canceled, and stays out of the calendar"
    assert board.shown("global") == {}


def test_the_entry_stays_while_others_take_part(route: Route, board: FakeBoard) -> None:
    group = meeting(active=2)
    route(booked(0, of=meeting(active=1), by=invitee(1)))
    route(booked(1, of=group, by=invitee(2)))

    routing = route(canceled(5, of=meeting(active=1), by=invitee(1, canceled=True)))

    assert routing.action is Action.UPDATED
    assert "Invitee: Invitee Number 2" in described(board)
    assert "Invitee: Invitee Number 1" not in described(board)


def test_a_meeting_without_anybody_is_not_shown(route: Route, board: FakeBoard) -> None:
    # One of several has canceled, the event stays active for now, and nobody is left in it.
    route(canceled(of=meeting(active=0), by=invitee(canceled=True)))

    assert board.shown("global") == {}


def moved_to(number: int, minutes: int) -> Booking:
    """Return a booking that stands in for the one of the first meeting."""
    return booked(
        minutes, of=meeting(number), by=invitee(9, of=number), replaced=Replaced(meeting().uri, invitee().uri)
    )


def test_a_rescheduling_whose_cancellation_is_lost_takes_the_old_entry_out(
    route: Route, board: FakeBoard
) -> None:
    route(booked())

    routing = route(moved_to(2, 5))

    assert routing.action is Action.INSERTED
    assert [(change.action, change.why) for change in routing.changes] == [
        ("inserted", "the meeting is booked"),
        ("deleted", "rescheduled"),
    ]
    assert list(board.shown("global")) == [entry_id(meeting(2).uri)]


def test_a_rescheduling_leaves_the_others_of_the_old_meeting_alone(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(active=1), by=invitee(1)))
    route(booked(1, of=meeting(active=2), by=invitee(2)))

    route(moved_to(2, 5))

    assert set(board.shown("global")) == {ID, entry_id(meeting(2).uri)}
    assert "Invitee Number 1" not in board.shown("global")[ID]


def test_a_meeting_whose_decision_changed_is_moved(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(hosts=(HOST,))))

    routing = route(booked(1, of=meeting(name=FEDERAL, hosts=(HOST,)), by=invitee(2)))

    assert routing.action is Action.INSERTED
    assert [(change.action, change.calendar.key) for change in routing.changes] == [
        ("inserted", "us-government"),
        ("deleted", "global"),
    ]
    assert (list(board.shown("us-government")), board.shown("global")) == ([ID], {})


def test_a_meeting_that_belongs_nowhere_any_more_is_taken_out(route: Route, board: FakeBoard) -> None:
    route(booked(0))

    routing = route(booked(1, of=meeting(name="Product demo"), by=invitee(2)))

    assert (routing.decision, routing.action) == (Decision.NONE, Action.DELETED)
    assert board.shown("global") == {}


class Killed(BaseException):
    """The process is no more."""


def test_a_move_that_was_interrupted_leaves_no_second_entry_for_ever(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(hosts=(HOST,))))
    board.killed_before(2, Killed)
    with pytest.raises(Killed):
        route(booked(1, of=meeting(name=FEDERAL, hosts=(HOST,)), by=invitee(2)))
    board.calm_down()

    route(booked(1, of=meeting(name=FEDERAL, hosts=(HOST,)), by=invitee(2)))
    off = meeting(name=FEDERAL, hosts=(HOST,), canceled=True)
    route(canceled(5, of=off, by=invitee(2, canceled=True)))

    assert (board.shown("us-government"), board.shown("global")) == ({}, {})


def test_an_entry_that_has_company_says_so_from_the_beginning(route: Route, board: FakeBoard) -> None:
    for number in (1, 2):
        there = meeting(hosts=(HOST,), active=number)
        route(booked(number, of=there, by=invitee(number)))
    renamed = meeting(name=FEDERAL, hosts=(HOST,), active=1)
    # The move that comes with a cancellation ends before the old entry is removed, and is not made good by a repeat.
    board.killed_before(3, Killed)
    with pytest.raises(Killed):
        route(canceled(5, of=renamed, by=invitee(2, canceled=True)))
    board.calm_down()
    assert (list(board.shown("us-government")), list(board.shown("global"))) == ([ID], [ID])

    route(canceled(9, of=replace(renamed, canceled=True), by=invitee(1, canceled=True)))

    assert (board.shown("us-government"), board.shown("global")) == ({}, {})


def test_what_a_move_left_behind_without_a_memory_is_not_taken_for_deleted_by_hand(
    route: Route, board: FakeBoard
) -> None:
    route(booked(0, of=meeting(hosts=(HOST,))))
    federal = meeting(name=FEDERAL, hosts=(HOST,), active=2)
    route(booked(1, of=federal, by=invitee(2)))
    board.calendars["global"].kept[ID].record = None

    route(booked(2, of=replace(federal, active_invitees=3), by=invitee(3)))

    assert list(board.shown("us-government")) == [ID]


def test_an_entry_that_was_deleted_by_hand_stays_deleted(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(active=1)))
    board.delete_by_hand("global", ID)

    routing = route(booked(1, of=meeting(active=2), by=invitee(2)))

    assert (routing.action, board.shown("global")) == (Action.UNCHANGED, {})
    assert "--restore brings it back" in routing.note
    again = route(booked(1, of=meeting(active=2), by=invitee(2)), restore=True)
    assert again.action is Action.INSERTED
    assert {"Invitee: Invitee Number 1", "Invitee: Invitee Number 2"} <= set(described(board))


def test_what_was_restored_stays_although_the_meeting_was_renamed_in_between(
    route: Route, board: FakeBoard
) -> None:
    federal = meeting(name=FEDERAL, hosts=(HOST,), active=1)
    route(booked(0, of=meeting(hosts=(HOST,), active=1)))
    board.delete_by_hand("global", ID)
    route(booked(1, of=federal))
    route(booked(1, of=federal), restore=True)

    for word in (booked(1, of=federal), booked(2, of=replace(federal, active_invitees=2), by=invitee(2))):
        route(word)

    assert (list(board.shown("us-government")), board.shown("global")) == ([ID], {})


def test_only_the_meeting_of_the_payload_is_restored(route: Route, board: FakeBoard) -> None:
    old = meeting(1, active=2)
    route(booked(0, of=meeting(1, active=1)))
    route(booked(1, of=old, by=invitee(2)))
    board.delete_by_hand("global", entry_id(old.uri))

    routing = route(moved_to(2, 5), restore=True)

    assert [change.entry_id for change in routing.changes if change.action is Action.INSERTED] == [
        entry_id(meeting(2).uri)
    ]
    assert list(board.shown("global")) == [entry_id(meeting(2).uri)]


def test_two_runs_with_two_decisions_leave_one_entry(route: Route, board: FakeBoard) -> None:
    federal = booked(1, of=meeting(name=FEDERAL, hosts=(HOST,)), by=invitee(2))
    others = [federal]

    def another_run() -> None:
        if others:
            route(others.pop())

    board.calendars["global"].before = another_run

    route(booked(0, of=meeting(hosts=(HOST,))))

    assert (list(board.shown("us-government")), board.shown("global")) == ([ID], {})


def test_cancellations_at_the_same_time_come_to_rest(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(active=2)))
    route(booked(1, of=meeting(active=2), by=invitee(2)))
    words = [
        canceled(5, of=meeting(active=1), by=invitee(1, canceled=True)),
        canceled(5, of=meeting(active=0), by=invitee(2, canceled=True)),
    ]

    for word in words:
        route(word)

    assert board.shown("global") == {}
    assert {route(word).action for word in (*words, *words)} == {Action.UNCHANGED}


def test_what_was_done_before_something_failed_is_shown(route: Route, board: FakeBoard) -> None:
    route(booked(0, of=meeting(1)))
    calendar = board.calendars["global"]

    def fails_on_update() -> None:
        if calendar.asked == ["insert", "find"]:
            calendar.error = NetworkError("the line is dead")

    calendar.asked.clear()
    calendar.before = fails_on_update
    routing = route(moved_to(2, 5))

    assert [(change.action, change.entry_id) for change in routing.changes] == [
        ("inserted", entry_id(meeting(2).uri))
    ]
    assert exit_code(routing) is ExitCode.INCOMPLETE
    assert "the line is dead" in routing.incomplete_reasons[0]


def test_a_word_from_the_future_is_refused(route: Route) -> None:
    with pytest.raises(UsageError, match="is in the future"):
        route(booked(24 * 60 + 200))


def test_nothing_secret_or_unseen_is_in_the_result(route: Route) -> None:
    name = "Support https://ina:hunter2@example.com/?token=hunter2\u202e\x1b[31m passcode: hunter2"
    routing = route(booked(of=meeting(name=name, hosts=("https://x.example.com/?pwd=hunter2",))))
    other = route(OtherEvent("\x1b[31m" + "x" * 1000, "it is not known"))

    assert routing.decision is Decision.GLOBAL
    assert all(part not in repr((routing, other)) for part in ("hunter2", "\\x1b", "\\u202e"))
    assert len(other.event) <= 60


def test_a_dry_run_tells_of_what_is_only_remembered(route: Route) -> None:
    routing = route(canceled(), dry_run=True)

    assert (routing.action, routing.planned) == (Action.PLANNED, Action.UNCHANGED)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(route: Route, board: FakeBoard) -> None:
    routing = route(booked(), dry_run=True)

    assert (routing.action, routing.planned) == (Action.PLANNED, Action.INSERTED)
    assert "insert" not in {what for calendar in board.calendars.values() for what in calendar.asked}
    assert route(booked()).changes == routing.changes
    assert route(booked(), dry_run=True).action is Action.UNCHANGED
    assert route(canceled(), dry_run=True).planned is Action.DELETED


def test_whoever_finds_an_entry_changed_looks_again(route: Route, board: FakeBoard) -> None:
    first, second = booked(0, of=meeting(active=1)), booked(1, of=meeting(active=2), by=invitee(2))
    others = [second]

    def another_run() -> None:
        if others:
            route(others.pop())

    # Between looking and inserting.
    board.calendars["global"].before = another_run

    routing = route(first)

    assert routing.action is Action.UPDATED
    assert list(board.shown("global")) == [ID]
    assert {"Invitee: Invitee Number 1", "Invitee: Invitee Number 2"} <= set(described(board))


def test_an_entry_that_never_comes_to_rest_is_an_error(route: Route, board: FakeBoard) -> None:
    route(booked())

    class Restless(FakeCalendar):
        def update(self, entry: Entry, card: Card | None, record: Record) -> None:
            raise EntryConflict

    restless = Restless("global")
    restless.kept = board.calendars["global"].kept

    with pytest.raises(PlatformError, match="changed by others faster") as raised:
        route(canceled(), calendars={"global": restless})
    assert "What was done already is not done twice" in (raised.value.hint or "")


def test_other_events_concern_no_calendar(route: Route, board: FakeBoard) -> None:
    routing = route(OtherEvent("invitee_no_show.created", "it changes no calendar"))

    assert (routing.decision, routing.action, routing.note) == ("none", "none", "it changes no calendar")
    assert exit_code(routing) is ExitCode.DONE
    assert requests(board) == []


class TestWithoutAWholeRoster:
    PROBLEM = RosterProblem(ProblemKind.UNREADABLE, 3, "is no YAML", file="new.yaml")

    def broken(self) -> Roster:
        return replace(us_government_team(), problems=(self.PROBLEM,))

    def missing(self) -> Roster:
        raise ConfigError("the folder team does not exist")

    @pytest.mark.parametrize(
        ("roster", "said"),
        [
            ("broken", "not all of the roster could be read: new.yaml:3: is no YAML"),
            ("missing", "the roster could not be read: the folder team does not exist"),
        ],
    )
    def test_what_does_not_depend_on_it_goes_on_with_a_warning(
        self, route: Route, notices: FakeNotices, roster: str, said: str
    ) -> None:
        routing = route(booked(), roster=getattr(self, roster))

        assert (routing.action, routing.complete) == (Action.INSERTED, True)
        assert notices.warnings == [f"{said}. This decision does not need it"]

    def test_a_host_who_is_known_is_in_no_doubt(self, route: Route) -> None:
        routing = route(booked(of=meeting(name=FEDERAL, hosts=(HOST,))), roster=self.broken)

        assert (routing.decision, routing.complete) == (Decision.US_GOVERNMENT, True)

    @pytest.mark.parametrize("roster", ["broken", "missing"])
    def test_where_it_matters_nothing_is_written(self, route: Route, board: FakeBoard, roster: str) -> None:
        word = booked(of=meeting(name=FEDERAL, hosts=("new@example.com",)))

        routing = route(word, roster=getattr(self, roster))

        assert exit_code(routing) is ExitCode.INCOMPLETE
        assert (routing.decision, routing.action) == (Decision.NONE, Action.NONE)
        assert routing.incomplete_reasons
        assert requests(board) == []


class TestForNoCalendar:
    WORD = booked(of=meeting(name="Product demo"))

    def test_nothing_is_done(self, route: Route, board: FakeBoard) -> None:
        routing = route(self.WORD)

        assert (routing.action, routing.note) == ("none", "the event is for no team calendar")
        assert sorted(requests(board)) == ["global find", "us-government find"]

    def test_calendars_that_are_not_set_up_are_not_missed(self, route: Route) -> None:
        assert route(self.WORD, calendars={}).action is Action.NONE

    def test_one_that_does_not_answer_may_have_an_entry_from_before(
        self, route: Route, board: FakeBoard
    ) -> None:
        board.calendars["global"].error = NetworkError("Google Calendar is not there")

        routing = route(self.WORD)

        assert exit_code(routing) is ExitCode.INCOMPLETE
        assert "Google Calendar is not there" in routing.incomplete_reasons[0]


def test_a_calendar_that_is_needed_and_not_set_up_is_named(route: Route, board: FakeBoard) -> None:
    only = {"us-government": board.calendars["us-government"]}

    with pytest.raises(ConfigError, match=r"calendars\.global\.id"):
        route(booked(), calendars=only)


def test_a_refusal_is_passed_on(route: Route, board: FakeBoard) -> None:
    board.calendars["global"].error = Forbidden("not shared with us")

    with pytest.raises(Forbidden, match="not shared with us"):
        route(booked())


class TestConfirmed:
    def test_the_schedulers_answer_counts_and_not_the_payload(self, route: Route, board: FakeBoard) -> None:
        said = booked(of=meeting(name="Support, as it is"))

        routing = route(booked(of=meeting(name="Product demo, forged")), desk=FakeDesk(said))

        assert routing.meeting == said.meeting
        assert "Event: Support, as it is" in described(board)

    def test_a_forged_cancellation_changes_nothing(self, route: Route, board: FakeBoard) -> None:
        route(booked())

        routing = route(canceled(), desk=FakeDesk(booked(5)))

        assert (routing.action, list(board.shown("global"))) == (Action.UNCHANGED, [ID])

    def test_an_answer_that_became_old_on_the_way_does_not_win(self, route: Route, board: FakeBoard) -> None:
        # Asked while the meeting was active; before it was written down, another run heard of the cancellation and wrote that.
        route(canceled(20))

        routing = route(booked(), desk=FakeDesk(booked(10), canceled(30)))

        assert routing.action is Action.UNCHANGED
        assert board.shown("global") == {}

    def test_a_newer_answer_overrules_what_was_heard(self, route: Route, board: FakeBoard) -> None:
        # A forged payload, from as far in the future as is believed.
        route(canceled(1_500))

        route(booked(), desk=FakeDesk(booked(5)))

        assert list(board.shown("global")) == [ID]

    def test_what_changes_while_it_is_routed_has_to_be_routed_again(self, route: Route) -> None:
        route(booked())
        renamed = booked(5, of=meeting(name="Product demo"))

        with pytest.raises(PlatformError, match="changed at the scheduler while it was routed"):
            route(canceled(), desk=FakeDesk(booked(5), renamed))

    def test_asked_twice_the_second_time_changes_nothing(self, route: Route, board: FakeBoard) -> None:
        route(booked(), desk=FakeDesk(booked(5)))
        version = board.calendars["global"].kept[ID].version

        routing = route(booked(), desk=FakeDesk(replace(booked(5), time=at(50))))

        assert routing.action is Action.UNCHANGED
        assert board.calendars["global"].kept[ID].version == version
