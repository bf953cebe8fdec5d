"""What a store of deliveries does, in whatever database, and in memory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import (
    Claim,
    Filter,
    NewDelivery,
    Outcome,
    Process,
    ScheduleSwitch,
    State,
    Waiting,
)
from supops.services.inbox_ports import Inbox, NoSuchDelivery, Queue
from tests.fakes.inbox import FakeInbox
from tests.postgres import Cluster, cluster_or_skip

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
DONE = Outcome("inserted", '{"a": 1}')


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


class Store(Inbox, Queue, Protocol):
    """Whatever keeps deliveries."""


@pytest.fixture(params=["sqlite", "postgres", "memory"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: SqliteDatabase | PostgresDatabase
    if request.param == "memory":
        yield FakeInbox()
        return
    if request.param == "sqlite":
        made = SqliteDatabase(tmp_path / "folder" / "inbox.db")
    else:
        made = PostgresDatabase(request.getfixturevalue("cluster").new_database())
        made.upgrade()
    yield SqlInbox(made)
    made.close()


def a_delivery(
    number: int = 1, *, lock: str | None = None, at: datetime = NOW, event: str = "e"
) -> NewDelivery:
    return NewDelivery(
        source="calendly",
        key=f"key {number}",
        lock_key=lock or f"lock {number}",
        event=event,
        body=b'{"n": %d, "raw": "\x00\xff"}' % number,
        headers={"content-type": "application/json", "x": 'quoted "\u00fc"'},
        received_at=at,
    )


def stored(inbox: Store, *deliveries: NewDelivery) -> list[int]:
    ids = inbox.add(deliveries or [a_delivery()])
    return [one for one in ids if one is not None]


def begun(inbox: Store, identity: int, *, now: datetime = NOW, worker: str = "w", tries: int = 3) -> Claim:
    claim = inbox.begin(identity, worker=worker, now=now, lease=LEASE, tries=tries)
    assert isinstance(claim, Claim)
    return claim


def test_a_delivery_comes_back_as_it_was(inbox: Store) -> None:
    new = a_delivery()
    (identity,) = stored(inbox, new)

    found = inbox.delivery(identity)

    assert (found.source, found.key, found.lock_key, found.event) == ("calendly", "key 1", "lock 1", "e")
    assert (found.body, found.headers, found.received_at) == (new.body, new.headers, NOW)
    assert (found.state, found.attempts, found.next_at) == (State.PENDING, 0, NOW)
    assert inbox.find("key 1") == found
    assert inbox.find("key 2") is None


def test_a_repeat_is_stored_once_also_within_one_batch(inbox: Store) -> None:
    ids = inbox.add([a_delivery(1), a_delivery(2), a_delivery(1)])
    again = inbox.add([a_delivery(2), a_delivery(3)])

    assert [one is None for one in ids] == [False, False, True]
    assert [one is None for one in again] == [True, False]
    assert len(inbox.page(Filter(), limit=10)) == 3


def test_a_repeat_changes_nothing(inbox: Store) -> None:
    (identity,) = stored(inbox)
    inbox.finish(begun(inbox, identity), DONE, now=NOW)
    before = inbox.delivery(identity)

    inbox.add([replace(a_delivery(), body=b"other", received_at=NOW + SECOND)])

    assert inbox.delivery(identity) == before


def test_what_is_begun_is_counted_before_it_is_done(inbox: Store) -> None:
    (identity,) = stored(inbox)

    claim = begun(inbox, identity)

    assert claim.number == 1
    found = inbox.delivery(identity)
    assert (found.state, found.attempts, found.worker) == (State.RUNNING, 1, "w")
    assert found.lease_until == NOW + LEASE
    (attempt,) = inbox.attempts(identity)
    assert (attempt.number, attempt.finished_at, attempt.succeeded) == (1, None, None)


def test_nobody_else_begins_it_before_the_lease_ends(inbox: Store) -> None:
    (identity,) = stored(inbox)
    first = begun(inbox, identity)

    assert isinstance(inbox.begin(identity, worker="v", now=NOW + SECOND, lease=LEASE, tries=3), Waiting)
    second = begun(inbox, identity, now=NOW + LEASE + SECOND, worker="v")

    assert second.number == 2
    assert not inbox.finish(first, DONE, now=NOW + LEASE + 2 * SECOND)
    assert not inbox.fail(first, "x", now=NOW, next_at=NOW)
    assert not inbox.renew(first, until=NOW + 2 * LEASE)
    assert inbox.finish(second, DONE, now=NOW + LEASE + 3 * SECOND)


def test_a_claim_can_be_kept(inbox: Store) -> None:
    (identity,) = stored(inbox)
    claim = begun(inbox, identity)

    assert inbox.renew(claim, until=NOW + 3 * LEASE)

    later = NOW + 2 * LEASE
    assert isinstance(inbox.begin(identity, worker="v", now=later, lease=LEASE, tries=3), Waiting)


def test_what_is_done_is_done(inbox: Store) -> None:
    (identity,) = stored(inbox)

    assert inbox.finish(begun(inbox, identity), DONE, now=NOW + SECOND)

    found = inbox.delivery(identity)
    assert (found.state, found.outcome, found.result) == (State.DONE, "inserted", '{"a": 1}')
    assert found.finished_at == NOW + SECOND
    assert inbox.begin(identity, worker="w", now=NOW, lease=LEASE, tries=3) is None
    assert inbox.due(NOW + LEASE) is None
    (attempt,) = inbox.attempts(identity)
    assert attempt.succeeded


def test_after_an_error_it_is_due_later(inbox: Store) -> None:
    (identity,) = stored(inbox)
    due = NOW + 10 * SECOND

    assert inbox.fail(begun(inbox, identity), "no calendar", now=NOW, next_at=due)

    assert inbox.due(NOW + SECOND) is None
    assert inbox.due(due) == identity
    found = inbox.delivery(identity)
    assert (found.state, found.last_error, found.next_at) == (State.PENDING, "no calendar", due)
    waiting = inbox.begin(identity, worker="w", now=NOW + SECOND, lease=LEASE, tries=3)
    assert isinstance(waiting, Waiting)
    assert waiting.until == due


def test_what_has_no_next_time_is_dead(inbox: Store) -> None:
    (identity,) = stored(inbox)

    assert inbox.fail(begun(inbox, identity), "nonsense", now=NOW, next_at=None)

    found = inbox.delivery(identity)
    assert (found.state, found.last_error) == (State.DEAD, "nonsense")


def test_what_was_begun_too_often_and_never_ended_is_dead(inbox: Store) -> None:
    (identity,) = stored(inbox)
    for number in range(3):
        begun(inbox, identity, now=NOW + number * 2 * LEASE)

    assert inbox.begin(identity, worker="w", now=NOW + 10 * LEASE, lease=LEASE, tries=3) is None

    found = inbox.delivery(identity)
    assert (found.state, found.attempts) == (State.DEAD, 3)
    assert "the worker ended" in found.last_error


def test_deliveries_about_the_same_thing_are_not_processed_at_once(inbox: Store) -> None:
    first, second, other = stored(
        inbox, a_delivery(1, lock="a"), a_delivery(2, lock="a"), a_delivery(3, lock="b")
    )
    claim = begun(inbox, first)

    assert inbox.due(NOW) == other
    assert isinstance(inbox.begin(second, worker="v", now=NOW, lease=LEASE, tries=3), Waiting)
    begun(inbox, other, worker="v")
    inbox.finish(claim, DONE, now=NOW)

    assert inbox.due(NOW) == second


def test_one_that_fails_does_not_block_a_later_one_about_the_same_thing(inbox: Store) -> None:
    first, second = stored(inbox, a_delivery(1, lock="a"), a_delivery(2, lock="a"))

    inbox.fail(begun(inbox, first), "x", now=NOW, next_at=NOW + LEASE)

    assert inbox.due(NOW) == second


def test_what_is_due_longest_comes_first(inbox: Store) -> None:
    late, early = stored(inbox, a_delivery(1, at=NOW), a_delivery(2, at=NOW - SECOND))

    assert inbox.due(NOW) == early
    begun(inbox, early)
    assert inbox.due(NOW) == late


def test_replay_begins_anew_but_leaves_alone_what_is_being_processed(inbox: Store) -> None:
    dead, done, running = stored(inbox, *(a_delivery(number) for number in (1, 2, 3)))
    inbox.fail(begun(inbox, dead), "x", now=NOW, next_at=None)
    inbox.finish(begun(inbox, done), DONE, now=NOW)
    begun(inbox, running)

    assert inbox.replay([dead, done, running, 99], now=NOW + SECOND) == (dead, done)

    found = inbox.delivery(dead)
    assert (found.state, found.attempts, found.next_at) == (State.PENDING, 0, NOW + SECOND)
    assert len(inbox.attempts(dead)) == 1
    for identity in (dead, done):
        found = inbox.delivery(identity)
        assert (found.last_error, found.outcome, found.result) == ("", "", "")


def test_what_waits_or_is_dead_can_be_given_up(inbox: Store) -> None:
    waiting, running = stored(inbox, a_delivery(1), a_delivery(2))
    begun(inbox, running)

    assert inbox.discard(waiting, "a test", now=NOW)
    assert not inbox.discard(waiting, "again", now=NOW)
    assert not inbox.discard(running, "no", now=NOW)

    assert (inbox.delivery(waiting).state, inbox.delivery(waiting).outcome) == (State.DISCARDED, "a test")


def test_only_what_was_finished_long_ago_is_deleted_with_its_attempts(inbox: Store) -> None:
    old, new, waiting = stored(inbox, *(a_delivery(number) for number in (1, 2, 3)))
    inbox.finish(begun(inbox, old), DONE, now=NOW)
    inbox.finish(begun(inbox, new), DONE, now=NOW + 2 * SECOND)

    assert inbox.prune(NOW + SECOND, dry_run=True) == 1
    assert inbox.delivery(old).id == old
    assert inbox.prune(NOW + SECOND, dry_run=True, state=State.DEAD) == 0
    assert inbox.prune(NOW + SECOND, state=State.DEAD) == 0
    assert inbox.prune(NOW + SECOND, dry_run=True, state=State.DONE) == 1
    assert inbox.prune(NOW + SECOND) == 1

    with pytest.raises(NoSuchDelivery):
        inbox.delivery(old)
    assert inbox.attempts(old) == ()
    assert {one.id for one in inbox.page(Filter(), limit=9)} == {new, waiting}


def test_no_more_are_deleted_at_once_than_that_the_oldest_first(inbox: Store) -> None:
    ids = stored(inbox, *(a_delivery(number, at=NOW + number * SECOND) for number in range(5)))
    for identity in ids:
        inbox.finish(begun(inbox, identity, now=NOW + 5 * SECOND), DONE, now=NOW + 5 * SECOND)

    assert inbox.prune(NOW + LEASE, limit=2) == 2
    assert [one.id for one in inbox.page(Filter(), limit=9)] == ids[:1:-1]
    assert inbox.prune(NOW + LEASE, limit=2, dry_run=True) == 3
    assert [inbox.prune(NOW + LEASE, limit=2) for _ in range(3)] == [2, 1, 0]


def test_filters_by_when_it_was_finished(inbox: Store) -> None:
    first, second, _ = stored(inbox, *(a_delivery(number) for number in range(3)))
    inbox.finish(begun(inbox, first), DONE, now=NOW)
    inbox.fail(begun(inbox, second), "x", now=NOW + SECOND, next_at=None)

    def found(wanted: Filter) -> list[int]:
        return [one.id for one in inbox.page(wanted, limit=9)]

    assert found(Filter(finished_since=NOW + SECOND)) == [second]
    assert found(Filter(finished_until=NOW + SECOND)) == [first]


def test_pages_are_complete_and_without_the_bodies(inbox: Store) -> None:
    ids = stored(inbox, *(a_delivery(number) for number in range(5)))

    first = inbox.page(Filter(), limit=2)
    second = inbox.page(Filter(), before=first[-1].id, limit=2)
    third = inbox.page(Filter(), before=second[-1].id, limit=2)

    assert [one.id for one in (*first, *second, *third)] == sorted(ids, reverse=True)
    assert {one.body for one in first} == {b""}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), {1, 2, 3}),
        (Filter(state=State.DEAD), {1}),
        (Filter(event="b"), {2}),
        (Filter(source="zendesk"), set()),
        (Filter(since=NOW + SECOND), {2, 3}),
        (Filter(until=NOW + SECOND), {1}),
        (Filter(lock_key="lock 3"), {3}),
        (Filter(state=State.PENDING, event="a", since=NOW + SECOND), {3}),
    ],
)
def test_filters(inbox: Store, wanted: Filter, expected: set[int]) -> None:
    events = ("a", "b", "a")
    ids = stored(
        inbox,
        *(
            a_delivery(number + 1, event=event, at=NOW + number * SECOND)
            for number, event in enumerate(events)
        ),
    )
    inbox.fail(begun(inbox, ids[0]), "x", now=NOW, next_at=None)

    assert {ids.index(one.id) + 1 for one in inbox.page(wanted, limit=9)} == expected


@pytest.mark.parametrize("identity", [0, -1, 99, 2**63, 10**30])
def test_a_delivery_that_is_not_there(inbox: Store, identity: int) -> None:
    with pytest.raises(NoSuchDelivery):
        inbox.delivery(identity)


def test_attempts_can_be_followed(inbox: Store) -> None:
    first, second = stored(inbox, a_delivery(1), a_delivery(2))
    one, two = begun(inbox, first), begun(inbox, second)

    assert [attempt.id for attempt in inbox.attempts_after(0, limit=9)] == [one.attempt, two.attempt]
    assert [attempt.id for attempt in inbox.attempts_after(one.attempt, limit=9)] == [two.attempt]
    assert len(inbox.attempts_after(0, limit=1)) == 1


def test_the_backlog_is_counted(inbox: Store) -> None:
    assert inbox.backlog(NOW).open == 0
    assert inbox.backlog(NOW).oldest is None
    dead, running, *_ = stored(
        inbox, *(a_delivery(number, at=NOW - number * SECOND) for number in (1, 2, 3, 4))
    )
    inbox.fail(begun(inbox, dead), "x", now=NOW, next_at=None)
    begun(inbox, running)

    backlog = inbox.backlog(NOW)

    assert (backlog.counts[State.DEAD], backlog.open) == (1, 3)
    assert backlog.oldest == NOW - 4 * SECOND


def test_looking_whether_something_could_be_stored_stores_nothing(inbox: Store) -> None:
    inbox.check()
    inbox.check()

    assert inbox.page(Filter(), limit=9) == ()


def test_who_takes_part_is_known_until_it_is_gone(inbox: Store) -> None:
    inbox.seen(Process("a", "worker", NOW))
    inbox.seen(Process("b", "receiver", NOW))
    inbox.seen(Process("a", "worker", NOW + SECOND))

    assert set(inbox.processes()) == {Process("a", "worker", NOW + SECOND), Process("b", "receiver", NOW)}
    inbox.gone("a")
    inbox.gone("never there")
    assert [one.name for one in inbox.processes()] == ["b"]


def test_schedules_are_switched(inbox: Store) -> None:
    assert inbox.switches() == {}
    inbox.switch(ScheduleSwitch("x", enabled=True, changed_at=NOW))
    inbox.switch(ScheduleSwitch("x", enabled=False, changed_at=NOW + SECOND))

    assert inbox.switches() == {"x": ScheduleSwitch("x", enabled=False, changed_at=NOW + SECOND)}
