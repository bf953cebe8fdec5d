"""Processing: attempts, pauses, what is given up, and what is not ended twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.errors import ConfigError, CredentialError, NetworkError, PlatformError, UsageError
from supops.models.deliveries import Claim, Delivery, NewDelivery, Outcome, State
from supops.services.ports import Clock
from supops.services.processing import LONGEST_PAUSE, CantHeal, Processor, can_not_heal, pause, said

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DONE = Outcome("inserted in GitLab Support", '{"schema": "supops.routing/1"}')


@dataclass
class Book:
    """A journal that remembers."""

    lines: list[tuple[str, dict[str, str | float | None]]] = field(default_factory=list)

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        self.lines.append((event, facts))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]


@dataclass
class StillClock(Clock):
    """Stands still."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@contextmanager
def not_kept(_claim: Claim) -> Iterator[None]:
    yield


class Bench:
    """A store, and processors that use it."""

    def __init__(self, folder: Path) -> None:
        self.inbox = SqlInbox(SqliteDatabase(folder / "inbox.db"))
        self.clock = StillClock()
        self.book = Book()

    def processor(self, handler: Callable[[Delivery], Outcome], worker: str = "one") -> Processor:
        return Processor(
            inbox=self.inbox,
            handlers={"calendly": handler},
            keep=not_kept,
            clock=self.clock,
            journal=self.book,
            worker=worker,
            tries=3,
            jitter=lambda: 1.0,
        )

    def stored(self, number: int = 1, *, about: str = "meeting", source: str = "calendly") -> int:
        delivery = NewDelivery(
            source=source,
            key=f"key {number}",
            lock_key=about,
            event="invitee.created",
            body=b"{}",
            headers={},
            received_at=self.clock.now(),
        )
        (identity,) = self.inbox.add([delivery])
        assert identity is not None
        return identity


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def fails(error: Exception) -> Callable[[Delivery], Outcome]:
    def handler(_delivery: Delivery) -> Outcome:
        raise error

    return handler


def test_a_delivery_is_done_once(bench: Bench) -> None:
    identity = bench.stored()
    seen: list[Delivery] = []

    def handler(delivery: Delivery) -> Outcome:
        seen.append(delivery)
        return DONE

    processor = bench.processor(handler)
    assert processor.process(identity) is None
    assert processor.process(identity) is None

    assert [delivery.body for delivery in seen] == [b"{}"]
    delivery = bench.inbox.delivery(identity)
    assert (delivery.state, delivery.outcome, delivery.result) == (State.DONE, DONE.text, DONE.result)
    assert bench.book.events == ["started", "done"]


def test_an_error_is_tried_again_later_each_time_and_then_given_up(bench: Bench) -> None:
    identity = bench.stored()
    processor = bench.processor(fails(NetworkError("Google does not answer", hint="Wait.")))

    pauses = []
    while (next_at := processor.process(identity)) is not None:
        pauses.append((next_at - bench.clock.now()).total_seconds())
        # Before that time nothing happens.
        assert processor.process(identity) == next_at
        bench.clock.time = next_at

    assert pauses == [10, 20]
    delivery = bench.inbox.delivery(identity)
    assert (delivery.state, delivery.attempts) == (State.DEAD, 3)
    assert delivery.last_error == "Google does not answer. Wait."
    assert [one.succeeded for one in bench.inbox.attempts(identity)] == [False, False, False]
    assert bench.book.events == ["started", "failed"] * 2 + ["started", "dead"]


@pytest.mark.parametrize(
    ("error", "heals"),
    [
        (UsageError("the payload makes no sense"), False),
        (CantHeal("no"), False),
        (ConfigError("calendars.global.id is not set"), True),
        (CredentialError("refused"), True),
        (PlatformError("500"), True),
        (ValueError("a bug"), True),
    ],
)
def test_what_can_not_heal_is_given_up_at_once(bench: Bench, error: Exception, heals: bool) -> None:
    identity = bench.stored()

    assert (bench.processor(fails(error)).process(identity) is not None) == heals

    assert can_not_heal(error) != heals
    assert bench.inbox.delivery(identity).state is (State.PENDING if heals else State.DEAD)


def test_a_source_that_nobody_knows_is_given_up(bench: Bench) -> None:
    identity = bench.stored(source="reclaim")

    assert bench.processor(fails(ValueError())).process(identity) is None
    assert "'reclaim'" in bench.inbox.delivery(identity).last_error


def test_workers_that_end_in_the_middle_are_counted(bench: Bench) -> None:
    identity = bench.stored()

    def crash(_delivery: Delivery) -> Outcome:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            bench.processor(crash).process(identity)
        bench.clock.time += timedelta(seconds=31)

    assert bench.processor(fails(AssertionError("a fourth try"))).process(identity) is None
    delivery = bench.inbox.delivery(identity)
    assert (delivery.state, delivery.attempts) == (State.DEAD, 3)
    assert "ended in the middle" in delivery.last_error


def test_one_thing_is_not_processed_twice_at_the_same_time(bench: Bench) -> None:
    first, second, other = bench.stored(1), bench.stored(2), bench.stored(3, about="another")
    inner: dict[str, object] = {}

    def handler(_delivery: Delivery) -> Outcome:
        beside = bench.processor(lambda _: DONE, "two")
        inner["same"] = beside.process(first)
        inner["same thing"] = beside.process(second)
        inner["other"] = beside.process(other)
        return DONE

    bench.processor(handler).process(first)

    assert inner["same"] == NOW + timedelta(seconds=30)
    assert inner["same thing"] == NOW + timedelta(seconds=5)
    assert inner["other"] is None
    states = [bench.inbox.delivery(one).state for one in (first, second, other)]
    assert states == [State.DONE, State.PENDING, State.DONE]


def test_a_failing_delivery_does_not_keep_a_later_one_waiting(bench: Bench) -> None:
    first, second = bench.stored(1), bench.stored(2)
    bench.processor(fails(PlatformError("500"))).process(first)

    assert bench.processor(lambda _: DONE).process(second) is None
    assert bench.inbox.delivery(second).state is State.DONE


def test_whoever_was_overtaken_ends_nothing(bench: Bench) -> None:
    identity = bench.stored()

    def frozen(_delivery: Delivery) -> Outcome:
        bench.clock.time += timedelta(seconds=31)
        bench.processor(lambda _: Outcome("by the other"), "two").process(identity)
        return Outcome("by the frozen one")

    again = bench.processor(frozen).process(identity)

    # The other one may end in the middle as well.
    assert again == bench.clock.now() + timedelta(seconds=30)
    assert bench.inbox.delivery(identity).outcome == "by the other"
    assert bench.book.events[-1] == "overtaken"
    assert [one.succeeded for one in bench.inbox.attempts(identity)] == [None, True]


def test_an_error_of_whoever_was_overtaken_changes_nothing(bench: Bench) -> None:
    identity = bench.stored()

    def frozen(_delivery: Delivery) -> Outcome:
        bench.clock.time += timedelta(seconds=31)
        bench.processor(lambda _: DONE, "two").process(identity)
        raise PlatformError("late")

    assert bench.processor(frozen).process(identity) is not None
    assert bench.inbox.delivery(identity).state is State.DONE


@given(st.integers(1, 10_000), st.floats(0.2, 1.0))
def test_pauses_double_up_to_an_hour(attempt: int, factor: float) -> None:
    base = timedelta(seconds=10)

    now = pause(attempt, base, factor)

    assert timedelta(0) < now <= LONGEST_PAUSE
    assert now <= pause(attempt + 1, base, factor)
    if attempt < 9:
        assert now == base * 2 ** (attempt - 1) * factor


def test_errors_are_told_without_secrets_on_one_line() -> None:
    error = PlatformError("refused\nhttps://example.com/cb?token=abcdefghijklmnop", hint="Look.\nTwice.")

    assert said(error) == said(error).strip()
    assert "abcdefghijklmnop" not in said(error)
    assert "\n" not in said(error)
