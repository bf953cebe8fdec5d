"""Whatever order a booking's words arrive in, and however often: the calendars end as the last word says."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.bookings import Booking, Invitee, Meeting, Replaced
from supops.models.entries import entry_id
from supops.services.routing import Router
from tests.fakes.calendars import FakeCalendar
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


def seen(calendar: FakeCalendar) -> set[tuple[str, frozenset[str]]]:
    return {
        (
            key,
            frozenset(
                line.removeprefix("Invitee: ") for line in kept.card.lines if line.startswith("Invitee: ")
            ),
        )
        for key, kept in calendar.kept.items()
        if kept.card is not None
    }


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


@settings(max_examples=300)
@given(stories(), st.data())
def test_the_last_word_wins_in_any_order(story: Story, data: st.DataObject) -> None:
    arrived = [word for word in story.implied if data.draw(st.booleans(), label="cancellation arrives")]
    heard = [*story.words, *arrived]
    deliveries = [
        *data.draw(st.permutations(heard)),
        *data.draw(st.lists(st.sampled_from(heard), max_size=6)),
    ]
    calendars = {key: FakeCalendar(key) for key in ("us-government", "global")}
    router = Router(
        read_roster=us_government_team,
        open_calendars=lambda: calendars,
        missing_calendar=ConfigError,
        notices=FakeNotices(),
    )

    for word in deliveries:
        router.route(word)

    assert {key: seen(calendar) for key, calendar in calendars.items()} == expected(story, heard)

    writes = sum(calendar.asked.count("update") for calendar in calendars.values())
    for word in heard:
        assert router.route(word).action in ("unchanged", "none")
    assert writes == sum(calendar.asked.count("update") for calendar in calendars.values())
