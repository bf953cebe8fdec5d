"""Both engines: what is due is given to the worker, once, and what is at work is finished first."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from supops.adapters.clock import SystemClock
from supops.adapters.embedded_engine import EmbeddedEngine, kept
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.adapters.procrastinate_engine import Pace, ProcrastinateEngine
from supops.errors import PlatformError, SupopsError
from supops.models.deliveries import Claim, Delivery, NewDelivery, Outcome, State
from supops.services.inbox_ports import Engine
from supops.services.processing import Processor
from tests.postgres import Cluster, cluster_or_skip, until

CLOCK = SystemClock()
LEASE = timedelta(seconds=1)
Handle = Callable[[Delivery], Outcome]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


@dataclass
class Shop:
    """A store with an engine, and workers that are threads here."""

    database: SqliteDatabase | PostgresDatabase
    new_engine: Callable[["Shop"], Engine]
    ticks: list[float] = field(default_factory=list)
    lines: list[tuple[str, object]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = SqlInbox(self.database)

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        self.lines.append((event, facts.get("error")))

    def tick(self) -> None:
        self.ticks.append(time.monotonic())

    def work(self, handler: Handle, name: str = "one", base: float = 0.0) -> threading.Thread:
        processor = Processor(
            inbox=self.inbox,
            handlers={"calendly": handler},
            keep=partial(kept, self.inbox, CLOCK, LEASE),
            clock=CLOCK,
            journal=self,
            worker=name,
            tries=4,
            base=timedelta(seconds=base),
            lease=LEASE,
        )
        engine = self.new_engine(self)
        thread = threading.Thread(target=lambda: engine.run(processor.process, stop=self.stop), daemon=True)
        thread.start()
        self.threads.append(thread)
        return thread

    def add(self, *numbers: int, about: str | None = None) -> list[int]:
        deliveries = [
            NewDelivery(
                source="calendly",
                key=f"key {number}",
                lock_key=about or f"meeting {number}",
                event="invitee.created",
                body=str(number).encode(),
                headers={},
                received_at=CLOCK.now(),
            )
            for number in numbers
        ]
        return [identity for identity in self.inbox.add(deliveries) if identity is not None]

    def states(self, identities: list[int]) -> list[State]:
        return [self.inbox.delivery(identity).state for identity in identities]

    def close(self) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(10)
            assert not thread.is_alive(), "a worker does not end"
        self.database.close()


PACE = Pace(heartbeat=0.1, stalled=0.5, poll=0.1, look=0.1)


def embedded(shop: Shop) -> Engine:
    return EmbeddedEngine(shop.inbox, clock=CLOCK, journal=shop, tick=shop.tick, poll=0.02)


def shared(shop: Shop) -> Engine:
    assert isinstance(shop.database, PostgresDatabase)
    return ProcrastinateEngine(shop.database, journal=shop, tick=shop.tick, pace=PACE)


def shop_in(cluster: Cluster) -> Shop:
    database = PostgresDatabase(cluster.new_database())
    database.upgrade()
    return Shop(database, shared)


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    if request.param == "sqlite":
        made = Shop(SqliteDatabase(tmp_path / "inbox.db"), embedded)
    else:
        made = shop_in(request.getfixturevalue("cluster"))
    yield made
    made.close()


def done(_delivery: Delivery) -> Outcome:
    return Outcome("done")


def test_what_is_due_is_done_by_whoever_works(shop: Shop) -> None:
    before = shop.add(1, 2, 3)
    seen: list[bytes] = []

    def handler(delivery: Delivery) -> Outcome:
        seen.append(delivery.body)
        return Outcome("done")

    shop.work(handler)
    shop.work(handler, "two")
    after = shop.add(4, 5)

    assert until(lambda: set(shop.states(before + after)) == {State.DONE})
    assert sorted(seen) == [b"1", b"2", b"3", b"4", b"5"]
    assert until(lambda: len(shop.ticks) > 1)


def test_an_error_comes_again_and_keeps_no_other_waiting(shop: Shop) -> None:
    broken, fine = shop.add(1, 2, about="the same meeting")
    order: list[bytes] = []

    def handler(delivery: Delivery) -> Outcome:
        order.append(delivery.body)
        if delivery.body == b"1" and order.count(b"1") < 3:
            raise PlatformError("not yet")
        return Outcome("done")

    shop.work(handler, base=0.3)

    assert until(lambda: set(shop.states([broken, fine])) == {State.DONE})
    assert order.count(b"1") == 3
    assert order.index(b"2") < len(order) - 1, "the later one waited for the one that failed"
    assert shop.inbox.delivery(broken).attempts == 3


def test_one_meeting_is_never_worked_on_twice_at_once(shop: Shop) -> None:
    identities = shop.add(*range(12), about="the same meeting")
    at_work: list[bytes] = []
    most = [0]

    def handler(delivery: Delivery) -> Outcome:
        at_work.append(delivery.body)
        most[0] = max(most[0], len(at_work))
        time.sleep(0.02)
        at_work.remove(delivery.body)
        return Outcome("done")

    for name in ("one", "two", "three"):
        shop.work(handler, name)

    assert until(lambda: set(shop.states(identities)) == {State.DONE})
    assert most == [1]


def test_what_a_dead_worker_left_is_taken_over(shop: Shop) -> None:
    (identity,) = shop.add(1)
    claim = shop.inbox.begin(identity, worker="dead", now=CLOCK.now(), lease=LEASE, tries=4)
    assert isinstance(claim, Claim)
    shop.work(done)

    assert until(lambda: shop.states([identity]) == [State.DONE])
    assert shop.inbox.delivery(identity).worker == "one"
    assert not shop.inbox.finish(claim, Outcome("late"), now=CLOCK.now())


def test_work_that_takes_longer_than_the_lease_stays_with_its_worker(shop: Shop) -> None:
    (identity,) = shop.add(1)
    workers: list[str] = []

    def handler(delivery: Delivery) -> Outcome:
        workers.append(delivery.worker)
        time.sleep(2.2)
        return Outcome("done")

    shop.work(handler)
    shop.work(handler, "two")

    assert until(lambda: shop.states([identity]) == [State.DONE])
    assert len(workers) == 1


def test_what_is_at_work_is_finished_before_the_end(shop: Shop) -> None:
    identities = shop.add(1, 2)
    begun = threading.Event()

    def handler(_delivery: Delivery) -> Outcome:
        begun.set()
        time.sleep(0.4)
        return Outcome("done")

    shop.work(handler)
    assert begun.wait(10)
    shop.close()

    assert sorted(shop.states(identities)) == [State.DONE, State.PENDING]


def test_a_delivery_is_replayed(shop: Shop) -> None:
    (identity,) = shop.add(1)
    outcomes = iter(["first", "second"])
    shop.work(lambda _: Outcome(next(outcomes)))
    assert until(lambda: shop.states([identity]) == [State.DONE])

    shop.inbox.replay([identity], now=datetime.now(UTC))

    assert until(lambda: shop.inbox.delivery(identity).outcome == "second")
    assert [one.number for one in shop.inbox.attempts(identity)] == [1, 1]


def test_a_database_that_is_gone_is_waited_for(cluster: Cluster) -> None:
    shop = shop_in(cluster)
    shop.work(done)
    first = shop.add(1)
    assert until(lambda: shop.states(first) == [State.DONE])

    cluster.kill()
    with pytest.raises(SupopsError, match="can't be used"):
        shop.add(2)
    assert until(lambda: any(event == "store" for event, _ in shop.lines))
    cluster.start()

    second: list[int] = []

    def is_added() -> bool:
        with suppress(SupopsError):
            second.extend(shop.add(2))
        return bool(second)

    assert until(is_added)
    assert until(lambda: shop.states(second) == [State.DONE])
    shop.close()


def test_a_file_that_can_not_be_used_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    shop = Shop(SqliteDatabase(path, patience=0.05), embedded)
    (identity,) = shop.add(1)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        shop.work(done)
        assert until(lambda: "store" in [event for event, _ in shop.lines])
        assert "another process has kept it" in str(shop.lines[0][1])
        other.execute("ROLLBACK")

    assert until(lambda: shop.states([identity]) == [State.DONE])
    shop.close()
