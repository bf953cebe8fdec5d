"""Whatever order a booking's words arrive in, and however often: the calendars end as the last word says."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.bookings import Booking, Invitee, Meeting, Replaced
from supops.models.entries import entry_id
from supops.sandbox.server import Sandbox
from supops.services.ports import TeamCalendar
from supops.services.routing import Router
from tests.boards import KEYS, Board, FakeBoard, GoogleBoard, IcsBoard
from tests.fakes.console import FakeNotices
from tests.make import HOST, at, invitee, meeting, us_government_team

NAMES = {"Support onboarding": "global", "US Federal Support": "us-government"}


@dataclass
class Story:
    """What really happened at the scheduler, and the words that it sent about that."""

    words: list[Booking] = field(default_factory=list)
    # Cancellations that a later booking implies: these may get lost.
    implied: list[Booking] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    taking_part: dict[str, list[Invitee]] = field(default_factory=dict)
    _people: int = 0

    def state(self, number: int) -> Meeting:
        base = meeting(number, hosts=(HOST,))
        there = self.taking_part.setdefault(base.uri, [])
        name = self.names.setdefault(base.uri, "Support onboarding")
        return replace(base, name=name, canceled=not there, active_invitees=len(there))

    def now(self) -> datetime:
        return at(len(self.words) + len(self.implied))

    def book(self, number: int, replaced: Replaced | None = None) -> None:
        self._people += 1
        person = invitee(self._people, of=number)
        self.taking_part[self.state(number).uri].append(person)
        self.words.append(Booking("invitee.created", self.now(), self.state(number), (person,), replaced))

    def cancel(self, number: int, which: int, *, reschedules_to: int | None = None) -> None:
        there = self.taking_part[self.state(number).uri]
        if not there:
            return
        person = there.pop(which % len(there))
        gone = replace(person, canceled=True)
        word = Booking("invitee.canceled", self.now(), self.state(number), (gone,))
        if reschedules_to is None:
            self.words.append(word)
            return
        self.implied.append(word)
        self.book(reschedules_to, Replaced(word.meeting.uri, person.uri))

    def rename(self, number: int, name: str) -> None:
        """It shows in the words that follow."""
        self.names[self.state(number).uri] = name


def expected(story: Story, heard: list[Booking]) -> dict[str, set[tuple[str, frozenset[str]]]]:
    """By calendar: the entries' ids and who is named in them."""
    calendars: dict[str, set[tuple[str, frozenset[str]]]] = {"global": set(), "us-government": set()}
    for uri, there in story.taking_part.items():
        about = [word for word in heard if word.meeting.uri == uri]
        if there and about:
            last = max(about, key=lambda word: word.time)
            names = frozenset(person.name for person in there)
            calendars[NAMES[last.meeting.name]].add((entry_id(uri), names))
    return calendars


def seen(board: Board) -> dict[str, set[tuple[str, frozenset[str]]]]:
    def people(description: str) -> frozenset[str]:
        lines = description.split("\n")
        return frozenset(line.removeprefix("Invitee: ") for line in lines if line.startswith("Invitee: "))

    return {key: {(identity, people(text)) for identity, text in board.shown(key).items()} for key in KEYS}


def router_on(calendars: Mapping[str, TeamCalendar], **options: bool) -> Router:
    return Router(
        read_roster=us_government_team,
        open_calendars=lambda: calendars,
        missing_calendar=ConfigError,
        notices=FakeNotices(),
        now=lambda: at(100),
        **options,  # type: ignore[arg-type]
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story()
    numbers = st.integers(1, 3)
    story.book(draw(numbers))
    for _ in range(draw(st.integers(0, 7))):
        what = draw(st.sampled_from(["book", "cancel", "reschedule", "reschedule", "rename"]))
        number = draw(numbers)
        if what == "book":
            story.book(number)
        elif what == "cancel":
            story.cancel(number, draw(st.integers(0, 3)))
        elif what == "reschedule":
            story.cancel(
                number,
                draw(st.integers(0, 3)),
                reschedules_to=draw(st.sampled_from([n for n in (1, 2, 3) if n != number])),
            )
        else:
            story.rename(number, draw(st.sampled_from(sorted(NAMES))))
    return story


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[Story, list[Booking], list[Booking]]:
    """A story; what of it arrived; and all deliveries of that, in any order and some more than once."""
    story = draw(stories())
    heard = [*story.words, *(word for word in story.implied if draw(st.booleans()))]
    repeats = draw(st.lists(st.sampled_from(heard), max_size=6))
    return story, heard, draw(st.permutations([*heard, *repeats]))


def check_that_the_last_word_wins(board: Board, told: tuple[Story, list[Booking], list[Booking]]) -> None:
    story, heard, delivered = told
    board.clear()
    router = router_on(board.calendars)

    for word in delivered:
        router.route(word)

    assert seen(board) == expected(story, heard)
    for word in heard:
        assert router.route(word).action in ("unchanged", "none")
    assert seen(board) == expected(story, heard)


@settings(max_examples=300)
@given(deliveries())
def test_the_last_word_wins_in_any_order(told: tuple[Story, list[Booking], list[Booking]]) -> None:
    check_that_the_last_word_wins(FakeBoard(), told)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
def test_the_last_word_wins_in_calendar_files(
    files: IcsBoard, told: tuple[Story, list[Booking], list[Booking]]
) -> None:
    check_that_the_last_word_wins(files, told)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries())
def test_the_last_word_wins_in_google_calendar(
    google: GoogleBoard, told: tuple[Story, list[Booking], list[Booking]]
) -> None:
    check_that_the_last_word_wins(google, told)


@pytest.fixture
def files(tmp_path: Path) -> IcsBoard:
    return IcsBoard(tmp_path)


@pytest.fixture
def google(sandbox: Sandbox) -> Iterator[GoogleBoard]:
    board = GoogleBoard(sandbox)
    yield board
    board.account.close()


class Killed(BaseException):
    """The process is no more."""


@settings(max_examples=200)
@given(deliveries(), st.data())
def test_a_run_that_is_killed_at_any_point_is_made_good_by_what_follows(
    told: tuple[Story, list[Booking], list[Booking]], data: st.DataObject
) -> None:
    story, heard, delivered = told
    board = FakeBoard()
    router = router_on(board.calendars)
    again: list[Booking] = data.draw(st.permutations(heard))

    for word in delivered:
        board.calm_down()
        board.killed_before(data.draw(st.integers(0, 6)), Killed)
        with contextlib.suppress(Killed):
            router.route(word)
    board.calm_down()
    for word in again:
        router.route(word)

    assert seen(board) == expected(story, heard)


@settings(max_examples=200)
@given(deliveries(), st.data())
def test_what_is_deleted_by_hand_stays_deleted_until_it_is_restored(
    told: tuple[Story, list[Booking], list[Booking]], data: st.DataObject
) -> None:
    story, heard, delivered = told
    board = FakeBoard()
    router, restorer = router_on(board.calendars), router_on(board.calendars, restore=True)
    before = data.draw(st.integers(1, len(delivered)))
    for word in delivered[:before]:
        router.route(word)
    shown = [(key, identity) for key in KEYS for identity in board.shown(key)]
    assume(shown)
    key, deleted = data.draw(st.sampled_from(shown))

    board.delete_by_hand(key, deleted)
    for word in (*delivered[before:], *heard):
        router.route(word)
        assert all(deleted not in board.shown(each) for each in KEYS)
    restorer.route(next(word for word in heard if entry_id(word.meeting.uri) == deleted))
    for word in heard:
        router.route(word)

    assert seen(board) == expected(story, heard)


@settings(max_examples=200)
@given(deliveries(), st.data())
def test_runs_at_the_same_time_get_on_with_each_other(
    told: tuple[Story, list[Booking], list[Booking]], data: st.DataObject
) -> None:
    story, heard, delivered = told
    board = FakeBoard()
    router = router_on(board.calendars)
    waiting = list(delivered)

    def another_run() -> None:
        happens: bool = data.draw(st.booleans())
        if waiting and happens:
            router.route(waiting.pop())

    board.before_each_request(another_run)
    while waiting:
        router.route(waiting.pop())

    assert seen(board) == expected(story, heard)
