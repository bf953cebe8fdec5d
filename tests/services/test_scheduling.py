"""Schedules: slots, what is due, each once; and running them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.errors import SupopsError, UsageError
from supops.models.deliveries import Claim, Delivery, Filter, ScheduleSwitch, State
from supops.models.schedules import CommandEnd, Schedule, Slot
from supops.services.ports import Clock
from supops.services.processing import CantHeal, Processor
from supops.services.running import TRIES_IF_INCOMPLETE, SlotDesk, SlotHandler, run_exit_code
from supops.services.scheduling import SCHEDULES, Scheduler, delivery_of, due_slots, every_minute
from tests.fakes.commands import FakeRunner

BY_NAME = {one.name: one for one in SCHEDULES}
# A Thursday.
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TIMES = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ALL_ON = {name: ScheduleSwitch(name, enabled=True, changed_at=NOW) for name in BY_NAME}


@dataclass
class HandClock(Clock):
    """Is set by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass
class Silent:
    """A journal that nobody reads."""

    events: list[str] = field(default_factory=list)

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        self.events.append(event)


@contextmanager
def not_kept(_claim: Claim) -> Iterator[None]:
    yield


class Bench:
    """A store, a clock, and what works with them."""

    def __init__(self, folder: Path, *ends: CommandEnd | int | SupopsError) -> None:
        self.inbox = SqlInbox(SqliteDatabase(folder / "inbox.db"))
        self.clock = HandClock()
        self.runner = FakeRunner(*ends)
        self.lacks: set[str] = {"issues"}
        self.waited = 0

    @property
    def scheduler(self) -> Scheduler:
        return Scheduler(inbox=self.inbox, clock=self.clock, has_command=self.has)

    def has(self, words: Sequence[str]) -> bool:
        return words[0] not in self.lacks

    def processor(self, tries: int = 12) -> Processor:
        return Processor(
            inbox=self.inbox,
            handlers={"schedule": SlotHandler(runner=self.runner, has_command=self.has)},
            keep=not_kept,
            clock=self.clock,
            journal=Silent(),
            worker="one",
            tries=tries,
            jitter=lambda: 1.0,
        )

    def desk(self) -> SlotDesk:
        def wait(_delivery: Delivery) -> None:
            self.waited += 1
            self.clock.time += timedelta(seconds=10)

        return SlotDesk(inbox=self.inbox, clock=self.clock, process=self.processor().process, wait=wait)

    def stored(self) -> list[str]:
        return [one.key for one in reversed(self.inbox.page(Filter(), limit=100))]

    def work(self) -> None:
        """Do what is due, as a worker does."""
        while (identity := self.inbox.due(self.clock.now())) is not None:
            self.processor().process(identity)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def slot(name: str, day: str) -> Slot:
    return Slot(BY_NAME[name], date.fromisoformat(day))


@pytest.mark.parametrize(
    ("name", "now", "latest", "following"),
    [
        ("compare", "2026-11-26T03:00:00", "2026-11-26", "2026-11-27"),
        ("compare", "2026-11-26T02:59:59", "2026-11-25", "2026-11-26"),
        ("token-audit", "2026-11-23T05:59:59", "2026-11-16", "2026-11-23"),
        ("token-audit", "2026-11-29T23:00:00", "2026-11-23", "2026-11-30"),
        ("quarterly-audit", "2027-01-01T05:00:00", "2026Q4", "2027Q1"),
        ("quarterly-audit", "2027-01-01T06:00:00", "2027Q1", "2027Q2"),
        ("quarterly-audit", "2026-12-31T23:59:59", "2026Q4", "2027Q1"),
    ],
)
def test_the_slots_around_a_time(name: str, now: str, latest: str, following: str) -> None:
    time = datetime.fromisoformat(now).replace(tzinfo=UTC)

    assert BY_NAME[name].latest(time).label == latest
    assert BY_NAME[name].next(time).label == following


def test_keys_and_words() -> None:
    quarter = slot("quarterly-audit", "2027-01-01")

    assert quarter.key == "sched:quarterly-audit:2027Q1"
    assert quarter.command == "supops audit quarterly --as-of 2027-01-01"
    assert slot("token-audit", "2026-11-23").key == "sched:token-audit:2026-11-23"
    new = delivery_of(quarter, NOW)
    assert (new.source, new.lock_key, new.event) == ("schedule", "sched:quarterly-audit", "quarterly-audit")
    assert json.loads(new.body)["words"] == ["audit", "quarterly", "--as-of", "2027-01-01"]


@given(st.sampled_from(SCHEDULES), TIMES)
def test_labels_lead_back_and_grow(one: Schedule, now: datetime) -> None:
    latest, following = one.latest(now), one.next(now)

    assert latest.due <= now < following.due
    assert latest.label < following.label
    for each in (latest, following):
        assert one.slot(each.label) == one.slot(each.label.lower()) == each


@given(st.sets(st.sampled_from(sorted(BY_NAME))), TIMES, TIMES)
def test_due_is_the_latest_of_what_is_on_and_nothing_from_before(
    on: set[str], since: datetime, now: datetime
) -> None:
    switches = {name: ScheduleSwitch(name, name in on, since) for name in BY_NAME}

    slots = due_slots(SCHEDULES, switches, now)

    expected = [BY_NAME[name].latest(now) for name in BY_NAME if name in on]
    assert list(slots) == [one for one in expected if one.due >= since]


@settings(max_examples=200)
@given(st.data(), st.integers(0, 120), TIMES)
def test_each_slot_is_run_once_whatever_is_pruned_between(
    data: st.DataObject, retention: int, start: datetime
) -> None:
    """Any gaps; what is finished is pruned after a retention of any length, but for the last of each schedule."""
    now, kept, ran = start, dict[str, datetime](), list[str]()
    switches = {name: ScheduleSwitch(name, enabled=True, changed_at=start) for name in BY_NAME}
    for _ in range(data.draw(st.integers(1, 12))):
        now += timedelta(minutes=data.draw(st.one_of(st.integers(0, 3000), st.integers(0, 300_000))))
        slots = due_slots(SCHEDULES, switches, now)
        for one in slots:
            if one.key not in kept:
                ran.append(one.key)
                kept[one.key] = now
        for name in BY_NAME:
            mine = sorted(key for key in kept if key.startswith(f"sched:{name}:"))
            for key in mine[:-1]:
                if kept[key] < now - timedelta(days=retention):
                    del kept[key]
        latest = {one.latest(now).key for one in SCHEDULES if one.latest(now).due >= start}
        assert latest <= kept.keys()

    assert len(ran) == len(set(ran))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TIMES, min_size=1, max_size=6))
def test_any_jump_of_the_clock_runs_each_slot_at_most_once(
    tmp_path_factory: pytest.TempPathFactory, times: list[datetime]
) -> None:
    bench = Bench(tmp_path_factory.mktemp("store"))
    bench.scheduler.switch("quarterly-audit", enabled=True)

    for time in times:
        bench.clock.time = time
        for _ in range(2):
            bench.scheduler.tick()
            bench.work()

    keys = bench.stored()
    assert len(bench.runner.ran) == len(keys) == len(set(keys))
    quarters = [key for key in keys if "quarterly" in key]
    assert all(key >= "sched:quarterly-audit:2027Q1" for key in quarters)


def test_a_store_begins_with_what_is_due_next(bench: Bench) -> None:
    bench.scheduler.tick()
    bench.scheduler.tick()
    assert bench.stored() == []

    bench.clock.time += timedelta(days=1)
    bench.scheduler.tick()
    bench.scheduler.tick()

    assert bench.stored() == ["sched:compare:2026-11-27", "sched:retention:2026-11-27"]


def test_after_a_week_off_the_latest_slot_is_run_and_not_all(bench: Bench) -> None:
    bench.scheduler.tick()
    bench.clock.time += timedelta(days=8)
    bench.scheduler.tick()

    assert bench.stored() == ["sched:compare:2026-12-04", "sched:retention:2026-12-04"]


def test_what_is_switched_on_begins_then_and_off_is_off(bench: Bench) -> None:
    scheduler = bench.scheduler
    assert scheduler.switch("quarterly-audit", enabled=True)
    assert not scheduler.switch("quarterly-audit", enabled=True)
    assert scheduler.switch("compare", enabled=False)
    assert not scheduler.switch("retention", enabled=True)
    assert scheduler.switch("retention", enabled=False, dry_run=True)
    scheduler.tick()
    bench.clock.time = datetime(2027, 1, 1, 6, tzinfo=UTC)
    scheduler.tick()

    assert bench.stored() == ["sched:quarterly-audit:2027Q1", "sched:retention:2027-01-01"]


def test_switched_on_under_a_wrong_clock_it_can_be_switched_on_again(bench: Bench) -> None:
    bench.clock.time = datetime(2031, 1, 1, tzinfo=UTC)
    bench.scheduler.switch("token-audit", enabled=True)
    bench.scheduler.tick()
    bench.clock.time = NOW

    assert bench.scheduler.switch("token-audit", enabled=True)
    bench.scheduler.tick()

    assert {one.changed_at for one in bench.inbox.switches().values()} == {NOW}


def test_the_last_slot_of_each_schedule_is_never_pruned(bench: Bench) -> None:
    scheduler = bench.scheduler
    scheduler.switch("quarterly-audit", enabled=True)
    for month in (1, 4):
        bench.clock.time = datetime(2027, month, 1, 6, tzinfo=UTC)
        scheduler.tick()
        bench.work()
    bench.clock.time += timedelta(days=60)

    before = bench.clock.time - timedelta(days=30)
    assert bench.inbox.prune(before, dry_run=True) == bench.inbox.prune(before)
    scheduler.tick()

    quarters = [key for key in bench.stored() if "quarterly" in key]
    assert quarters == ["sched:quarterly-audit:2027Q2"]
    assert bench.inbox.page(Filter(event="quarterly-audit"), limit=1)[0].state is State.DONE


def test_a_schedule_without_its_command_is_not_begun(bench: Bench) -> None:
    bench.inbox.switch(ScheduleSwitch("dequeue", enabled=True, changed_at=NOW))
    bench.clock.time += timedelta(days=1)
    bench.scheduler.tick()
    assert bench.stored() == []
    with pytest.raises(UsageError, match="not in this version"):
        bench.scheduler.switch("dequeue", enabled=True)
    with pytest.raises(UsageError, match="not in this version"):
        bench.scheduler.slot("escalate")

    bench.lacks.clear()
    bench.scheduler.tick()
    assert "sched:dequeue:2026-11-27" in bench.stored()


def test_how_schedules_stand(bench: Bench) -> None:
    bench.scheduler.tick()
    bench.scheduler.switch("token-audit", enabled=True)
    bench.clock.time += timedelta(days=1)
    bench.scheduler.tick()
    bench.work()
    bench.clock.time += timedelta(days=1)

    standings = {one.schedule.name: one for one in bench.scheduler.standings()}

    compare = standings["compare"]
    assert (compare.enabled, compare.since) == (True, NOW)
    assert compare.last
    assert compare.last.outcome == "exit 0"
    assert compare.following
    # It is due, and no worker has begun it.
    assert compare.following.label == "2026-11-28"
    assert (standings["dequeue"].available, standings["dequeue"].following) == (False, None)
    assert (standings["quarterly-audit"].enabled, standings["quarterly-audit"].since) == (False, None)
    assert standings["token-audit"].following
    assert standings["token-audit"].following.label == "2026-11-30"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("compair", "no schedule"),
        ("compare:2026-11-31", "no slot"),
        ("compare:20261125", "no slot"),
        ("token-audit:2026-11-24", "no slot"),
        ("quarterly-audit:2027Q5", "no slot"),
        ("quarterly-audit:2026-10-02", "no slot"),
        ("quarterly-audit:2027Q1", "not due before 2027-01-01 06:00 UTC"),
    ],
)
def test_slots_that_there_are_not(bench: Bench, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        bench.scheduler.slot(text)
    assert caught.value.hint


def test_slots_by_name(bench: Bench) -> None:
    assert bench.scheduler.slot("compare").label == "2026-11-26"
    assert bench.scheduler.slot("sched:compare:2026-11-20").label == "2026-11-20"
    assert bench.scheduler.slot("quarterly-audit:2026q3").label == "2026Q3"
    assert "Did you mean compare" in _hint(bench, "compre")


def _hint(bench: Bench, name: str) -> str:
    with pytest.raises(UsageError) as caught:
        bench.scheduler.named(name)
    return caught.value.hint


def test_ticks_are_a_minute_apart_whatever_the_clock_does() -> None:
    clock, done = HandClock(), []
    tick = every_minute(lambda: done.append(clock.time), clock)
    for seconds in (0, 10, 59, 60, 70, -100_000, -99_990):
        clock.time = NOW + timedelta(seconds=seconds)
        tick()

    assert [(time - NOW).total_seconds() for time in done] == [0, 60, -100_000]


def test_a_slot_is_run_here_and_now_and_once(bench: Bench) -> None:
    compare = bench.scheduler.slot("compare")

    first = bench.desk().run(compare, again=False)
    second = bench.desk().run(compare, again=False)
    third = bench.desk().run(compare, again=True)

    assert (first.ran, second.ran, third.ran) == (True, False, True)
    assert bench.runner.ran == [("webhooks", "compare")] * 2
    assert {run_exit_code(one) for one in (first, second, third)} == {0}
    result = json.loads(first.delivery.result)
    assert (result["exit_status"], result["slot"]) == (0, "2026-11-26")


def test_a_slot_that_failed_is_run_again_when_somebody_asks(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 1, 2, 3)
    audit = bench.scheduler.slot("token-audit")

    failed = bench.desk().run(audit, again=False)
    dead = bench.desk().run(audit, again=False)
    done = bench.desk().run(audit, again=False)

    states = [one.delivery.state for one in (failed, dead, done)]
    assert states == [State.PENDING, State.DEAD, State.DONE]
    assert [run_exit_code(one) for one in (failed, dead, done)] == [1, 1, 0]
    assert done.delivery.outcome == "exit 3: findings"


def test_a_slot_that_was_discarded_needs_more_than_asking(tmp_path: Path) -> None:
    bench = Bench(tmp_path, 2)
    audit = bench.scheduler.slot("token-audit")
    dead = bench.desk().run(audit, again=False).delivery
    bench.inbox.discard(dead.id, "not wanted", now=bench.clock.now())

    run = bench.desk().run(audit, again=False)

    assert (run.ran, run_exit_code(run)) == (False, 1)
    assert bench.desk().run(audit, again=True).delivery.state is State.DONE


def test_a_slot_that_somebody_else_runs_is_waited_for(bench: Bench) -> None:
    compare = bench.scheduler.slot("compare")
    (identity,) = bench.inbox.add([delivery_of(compare, NOW)])
    assert identity is not None
    lease = timedelta(seconds=30)
    claim = bench.inbox.begin(identity, worker="other", now=NOW, lease=lease, tries=12)
    assert isinstance(claim, Claim)

    run = bench.desk().run(compare, again=False)

    # The other one never ended: its lease did.
    assert bench.waited == 3
    assert (run.delivery.state, run.delivery.worker, run.delivery.attempts) == (State.DONE, "one", 2)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (
            CommandEnd(1, "", "note\nerror: GitLab said no.\nGrant it the scope api.\n"),
            "GitLab said no. Grant it",
        ),
        (CommandEnd(4, "", ""), "exit status 4: a credential is missing or refused"),
        (CommandEnd(5, "Tokens\nINCOMPLETE: one project\nlast\n", ""), "5: incomplete: one project"),
        (CommandEnd(-9, "", ""), "a signal ended it"),
    ],
)
def test_what_failed_is_tried_again_and_says_why(tmp_path: Path, end: CommandEnd, words: str) -> None:
    bench = Bench(tmp_path, end)

    run = bench.desk().run(bench.scheduler.slot("token-audit"), again=False)

    assert run.delivery.state is State.PENDING
    assert words in run.delivery.last_error


def test_what_stays_incomplete_is_done_in_the_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, *[5] * TRIES_IF_INCOMPLETE)
    bench.scheduler.tick()
    (identity,) = bench.inbox.add([delivery_of(bench.scheduler.slot("token-audit"), NOW)])
    assert identity is not None

    while bench.inbox.delivery(identity).state is State.PENDING:
        bench.clock.time = bench.inbox.delivery(identity).next_at
        bench.processor().process(identity)

    delivery = bench.inbox.delivery(identity)
    assert (delivery.state, delivery.outcome) == (State.DONE, "exit 5: incomplete")
    assert len(bench.runner.ran) == TRIES_IF_INCOMPLETE
    assert delivery.finished_at
    assert timedelta(minutes=2) < delivery.finished_at - NOW < timedelta(minutes=15)


@pytest.mark.parametrize("tries", [1, 3])
def test_what_stays_incomplete_is_done_with_the_last_try(tmp_path: Path, tries: int) -> None:
    said = "Audits\n2 incomplete\n", "warning: incomplete: Tokens: one project\nerror: not filed\n"
    bench = Bench(tmp_path, *[CommandEnd(5, *said)] * tries)
    handler = SlotHandler(runner=bench.runner, has_command=bench.has, tries=tries)
    bench.scheduler.switch("token-audit", enabled=True)
    (identity,) = bench.inbox.add([delivery_of(bench.scheduler.slot("token-audit"), NOW)])
    assert identity is not None
    stored = bench.inbox.delivery(identity)

    for attempt in range(1, tries):
        with pytest.raises(SupopsError, match="incomplete: Tokens: one project; error: not filed"):
            handler(_changed(stored, attempts=attempt))

    outcome = handler(_changed(stored, attempts=tries))
    assert outcome.text == "exit 5: incomplete: Tokens: one project; error: not filed"


def test_the_store_names_slots_and_no_commands(bench: Bench) -> None:
    handler = SlotHandler(runner=bench.runner, has_command=bench.has)
    made = bench.inbox.add([delivery_of(slot("compare", "2026-11-26"), NOW)])[0]
    assert made is not None
    stored = bench.inbox.delivery(made)
    body = json.dumps({"schedule": "compare", "slot": "2026-11-26", "words": ["demo", "reset"]})

    handler(_changed(stored, body=body.encode()))
    assert bench.runner.ran == [("webhooks", "compare")]
    with pytest.raises(CantHeal, match="no such slot"):
        handler(_changed(stored, key="sched:compare:soon"))
    with pytest.raises(SupopsError, match="has no schedule"):
        handler(_changed(stored, lock_key="sched:other"))
    bench.lacks.add("webhooks")
    with pytest.raises(SupopsError, match="lacks `supops webhooks compare`"):
        handler(stored)


def _changed(delivery: Delivery, **changes: object) -> Delivery:
    return replace(delivery, **changes)  # type: ignore[arg-type]
