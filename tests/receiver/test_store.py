"""Storing, and what is known of the store, and for how long."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supops.adapters.clock import SystemClock
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.errors import SupopsError
from supops.models.deliveries import Backlog, Filter, NewDelivery
from supops.receiver_store import FRESH_SECONDS, LONGEST_FRESH_SECONDS, Overloaded, StoreWatch, Writer
from tests.postgres import until


class SlowInbox(SqlInbox):
    """Takes its time, by a clock that it moves on."""

    seconds = 0.0
    is_locked = False
    counting = 0.0

    def check(self) -> None:
        if self.is_locked:
            self.seconds += 5
            raise SupopsError("another process has kept it")

    def backlog(self, now: datetime) -> Backlog:
        self.seconds += self.counting
        return super().backlog(now)


def a_delivery(number: int) -> NewDelivery:
    return NewDelivery(
        source="calendly",
        key=f"key {number}",
        lock_key="meeting",
        event="invitee.created",
        body=b"{}",
        headers={},
        received_at=datetime.now(UTC),
    )


def test_a_problem_is_told_no_longer_than_it_lasts(tmp_path: Path) -> None:
    inbox = SlowInbox(SqliteDatabase(tmp_path / "inbox.db"))
    watch = StoreWatch(inbox, SystemClock(), monotonic=lambda: inbox.seconds)
    inbox.is_locked = True
    assert watch.state().problem

    inbox.is_locked = False
    inbox.seconds += FRESH_SECONDS

    assert not watch.state().problem
    watch.close()


def test_a_store_that_does_not_answer_is_one_that_can_not_be_used(tmp_path: Path) -> None:
    """As a database whose machine is frozen: nobody who asks waits for it, and the other metrics are told."""
    go_on = threading.Event()

    class SilentInbox(SqlInbox):
        def check(self) -> None:
            go_on.wait(30)

    inbox = SilentInbox(SqliteDatabase(tmp_path / "inbox.db"))
    watch = StoreWatch(inbox, SystemClock(), fresh=0.0, patience=0.05)

    for state in (watch.state(), watch.state(), asyncio.run(watch.state_soon())):
        assert state.problem
        assert state.backlog is None

    go_on.set()
    assert until(lambda: not watch.state().problem)
    watch.close()


def test_a_store_that_takes_long_to_count_is_counted_seldom(tmp_path: Path) -> None:
    inbox = SlowInbox(SqliteDatabase(tmp_path / "inbox.db"))
    watch = StoreWatch(inbox, SystemClock(), monotonic=lambda: inbox.seconds)
    inbox.counting = 1.0
    inbox.add([a_delivery(1)])
    assert watch.state().backlog
    inbox.add([a_delivery(2)])
    inbox.seconds += 15

    stale = watch.state().backlog
    inbox.seconds += LONGEST_FRESH_SECONDS
    fresh = watch.state().backlog

    assert stale
    assert fresh
    assert (stale.open, fresh.open) == (1, 2)
    watch.close()


def test_a_file_that_was_deleted_is_not_written_to_any_more(tmp_path: Path) -> None:
    path = tmp_path / "inbox.db"
    inbox = SqlInbox(SqliteDatabase(path))
    inbox.add([a_delivery(1)])

    for file in tmp_path.iterdir():
        file.unlink()
    inbox.add([a_delivery(2)])

    # What was acknowledged is there for others.
    others = SqlInbox(SqliteDatabase(path)).page(Filter(), limit=9)
    assert [one.key for one in others] == ["key 2"]


class StuckInbox(SqlInbox):
    """Stores nothing until it may."""

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)
        self.go_on = threading.Event()

    def add(self, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        self.go_on.wait(5)
        return super().add(deliveries)


def test_what_waits_in_memory_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supops.receiver_store.MOST_WAITING_BYTES", 1000)
    inbox = StuckInbox(SqliteDatabase(tmp_path / "inbox.db"))
    writer = Writer(inbox)

    def large(number: int) -> NewDelivery:
        return replace(a_delivery(number), body=b"x" * 600)

    async def store() -> list[int | None]:
        waiting = [writer.store(large(1)), writer.store(large(2))]
        # Also those that the writer is at.
        with pytest.raises(Overloaded, match="wait to be stored"):
            writer.store(large(3))
        inbox.go_on.set()
        found = [await one for one in waiting]
        while len(found) < 3:
            try:
                found.append(await writer.store(large(3)))
            except Overloaded:
                await asyncio.sleep(0.01)
        return found

    assert len(set(asyncio.run(asyncio.wait_for(store(), 10)))) == 3
    writer.close()
