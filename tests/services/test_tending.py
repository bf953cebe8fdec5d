"""Tending the store: pages, replays, what is given up and deleted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from supops.errors import ExitCode, SupopsError
from supops.models.deliveries import Claim, Delivery, Filter, NewDelivery, Outcome, Process, State
from supops.services import tending
from supops.services.inbox_ports import NoSuchDelivery
from supops.services.tending import CHUNK, PAGE, PRUNED, Tender, Worktop, pages, wholes
from tests.fakes.clock import START, FakeClock
from tests.fakes.inbox import FakeInbox

SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)


def stored(inbox: FakeInbox, number: int, *, about: str | None = None, at: datetime = START) -> int:
    new = NewDelivery(
        source="calendly",
        key=f"key {number}",
        lock_key=about or f"about {number}",
        event="invitee.created",
        body=b"{}",
        headers={},
        received_at=at,
    )
    (identity,) = inbox.add([new])
    assert identity is not None
    return identity


def begun(inbox: FakeInbox, identity: int, *, at: datetime = START) -> Claim:
    claim = inbox.begin(identity, worker="w", now=at, lease=LEASE, tries=3)
    assert isinstance(claim, Claim)
    return claim


def dead(inbox: FakeInbox, number: int) -> int:
    identity = stored(inbox, number)
    inbox.fail(begun(inbox, identity), "no calendar", now=START, next_at=None)
    return identity


def done(inbox: FakeInbox, number: int, *, at: datetime = START) -> int:
    identity = stored(inbox, number, at=at)
    inbox.finish(begun(inbox, identity, at=at), Outcome("inserted"), now=at)
    return identity


@pytest.fixture
def inbox() -> FakeInbox:
    return FakeInbox()


@pytest.fixture
def tender(inbox: FakeInbox) -> Tender:
    return Tender(inbox=inbox, clock=FakeClock())


@pytest.mark.parametrize("there", [0, 1, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("limit", [None, 1, 3, 4, 8, 20])
def test_pages_are_complete_and_say_where_they_end(
    inbox: FakeInbox, there: int, limit: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tending, "PAGE", 4)
    ids = [stored(inbox, number) for number in range(there)][::-1]

    found = list(pages(inbox, Filter(), limit=limit))

    listed = [one.id for page in found for one in page.deliveries]
    wanted = ids if limit is None else ids[:limit]
    assert listed == wanted
    assert found[-1].next_before == (wanted[-1] if len(wanted) < there else None)
    if found[-1].next_before:
        rest = [
            one.id for page in pages(inbox, Filter(), before=found[-1].next_before) for one in page.deliveries
        ]
        assert listed + rest == ids


def test_what_is_deleted_while_it_is_written_out_is_left_out(inbox: FakeInbox) -> None:
    first, second = done(inbox, 1), done(inbox, 2, at=START - LEASE)
    found = wholes(inbox, Filter())

    assert next(found).delivery.id == second
    inbox.prune(START + SECOND)
    assert list(found) == []
    assert first


def test_all_that_are_named_must_be_there(tender: Tender, inbox: FakeInbox) -> None:
    identity = dead(inbox, 1)

    with pytest.raises(NoSuchDelivery, match=r"no delivery 7, 9\. Nothing was changed"):
        tender.named([identity, 9, 7])

    assert [one.id for one in tender.named([identity, identity])] == [identity]
    assert inbox.delivery(identity).state is State.DEAD


def test_all_that_are_dead_are_replayed_over_all_pages(inbox: FakeInbox) -> None:
    pauses: list[int] = []
    tender = Tender(inbox=inbox, clock=FakeClock(), pause=lambda: pauses.append(1))
    ids = [dead(inbox, number) for number in range(PAGE + CHUNK + 1)]
    alive = stored(inbox, -1)

    replay = tender.replay(tender.dead(), dry_run=False)

    assert [one.was.id for one in replay.items] == ids
    assert {inbox.delivery(identity).state for identity in ids} == {State.PENDING}
    assert {(one.was.state, one.now.state, one.now.attempts) for one in replay.items} == {
        (State.DEAD, State.PENDING, 0)
    }
    assert len(pauses) == 2
    assert alive not in {one.was.id for one in replay.items}
    assert (replay.lacks_worker, replay.exit_code) == (True, ExitCode.DONE)


def test_a_dry_run_changes_nothing(tender: Tender, inbox: FakeInbox) -> None:
    one, busy = dead(inbox, 1), stored(inbox, 2)
    begun(inbox, busy)

    replay = tender.replay(tender.named([one, busy]), dry_run=True)

    assert ([item.was.id for item in replay.items], replay.busy) == ([one], (busy,))
    assert inbox.delivery(one).state is State.DEAD


def test_what_is_being_processed_is_left_alone(tender: Tender, inbox: FakeInbox) -> None:
    busy = stored(inbox, 1)
    begun(inbox, busy)

    replay = tender.replay(tender.named([busy]), dry_run=False)

    assert (replay.items, replay.busy, replay.lacks_worker) == ((), (busy,), False)


@pytest.mark.parametrize(
    ("kind", "ago", "lacks"),
    [("worker", 59, False), ("worker", 120, True), ("receiver", 0, True)],
)
def test_whether_a_worker_was_seen(
    tender: Tender, inbox: FakeInbox, kind: str, ago: int, *, lacks: bool
) -> None:
    inbox.seen(Process("one", kind, START - ago * SECOND))

    assert tender.replay(tender.named([dead(inbox, 1)]), dry_run=False).lacks_worker is lacks


def worker(inbox: FakeInbox, outcomes: dict[int, str]) -> Callable[[int], datetime | None]:
    """Return what processes; an outcome is an error, or empty."""

    def process(identity: int) -> datetime | None:
        now = datetime.now(UTC)
        claim = inbox.begin(identity, worker="here", now=now, lease=LEASE, tries=3)
        if isinstance(claim, Claim):
            error = outcomes.get(identity, "")
            if error:
                inbox.fail(claim, error, now=now, next_at=now + LEASE)
            else:
                inbox.finish(claim, Outcome("inserted"), now=now)
        return None

    return process


def test_processed_here_each_once_and_failures_are_told(tender: Tender, inbox: FakeInbox) -> None:
    good, bad = dead(inbox, 1), dead(inbox, 2)
    steps: list[int] = []
    worktop = Worktop(
        inbox=inbox,
        process=worker(inbox, {bad: "still no calendar"}),
        wait=lambda _: pytest.fail("nobody else is at it"),
    )

    replay = worktop.run(tender.replay(tender.dead(), dry_run=False), lambda: steps.append(1))

    assert [(one.now.id, one.now.state, one.now.attempts) for one in replay.items] == [
        (good, State.DONE, 1),
        (bad, State.PENDING, 1),
    ]
    assert ([one.id for one in replay.failed], replay.exit_code, len(steps)) == ([bad], ExitCode.ERROR, 2)
    assert replay.lacks_worker


def test_processed_here_waits_for_another_of_the_same_booking(tender: Tender, inbox: FakeInbox) -> None:
    one, other = dead(inbox, 1), stored(inbox, 2, about="about 1")
    claim = begun(inbox, other, at=datetime.now(UTC))
    waits: list[int] = []

    def wait(delivery: Delivery) -> None:
        waits.append(delivery.id)
        inbox.finish(claim, Outcome("inserted"), now=START)

    worktop = Worktop(inbox=inbox, process=worker(inbox, {}), wait=wait)
    replay = worktop.run(tender.replay(tender.named([one]), dry_run=False), lambda: None)

    assert (waits, replay.items[0].now.state) == ([one], State.DONE)


def test_what_waits_or_is_dead_is_given_up_once(tender: Tender, inbox: FakeInbox) -> None:
    for identity in (dead(inbox, 1), stored(inbox, 2)):
        planned = tender.discard(identity, "a test", dry_run=True)
        first = tender.discard(identity, "a test", dry_run=False)
        again = tender.discard(identity, "another", dry_run=False)

        assert (planned.changed, first.changed, again.changed) == (False, True, False)
        assert (again.delivery.state, again.delivery.outcome) == (State.DISCARDED, "a test")


def test_what_is_done_or_processed_is_not_given_up(tender: Tender, inbox: FakeInbox) -> None:
    finished, busy = done(inbox, 1), stored(inbox, 2)
    begun(inbox, busy)

    with pytest.raises(SupopsError, match="is done, and can't be given up"):
        tender.discard(finished, "x", dry_run=False)
    with pytest.raises(SupopsError, match="being processed at this moment, by w"):
        tender.discard(busy, "x", dry_run=True)
    with pytest.raises(NoSuchDelivery):
        tender.discard(99, "x", dry_run=False)


def test_what_is_old_is_deleted_in_steps(inbox: FakeInbox) -> None:
    pauses: list[int] = []
    steps: list[int] = []
    tender = Tender(inbox=inbox, clock=FakeClock(), pause=lambda: pauses.append(1))
    for number in range(2 * PRUNED + 3):
        done(inbox, number, at=START - LEASE)
    young, waiting = done(inbox, -1), stored(inbox, -2, at=START - LEASE)

    counted = tender.prune(START, dry_run=True, step=steps.append)
    pruned = tender.prune(START, dry_run=False, step=steps.append)

    assert (counted.deliveries, counted.dry_run) == (2 * PRUNED + 3, True)
    assert (pruned.deliveries, steps, len(pauses)) == (2 * PRUNED + 3, [PRUNED, PRUNED, 3], 3)
    assert {one.id for one in inbox.page(Filter(), limit=9)} == {young, waiting}
