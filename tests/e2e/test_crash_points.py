"""Processes that are killed at exactly one place, in both stores (source: engine, the table "killed exactly")."""

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supops.models.deliveries import State
from supops.models.entries import entry_id
from supops.sandbox.bookings import canceled, created, slot
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS
from supops.services.scheduling import SCHEDULES, delivery_of
from tests.e2e.starting import Starter
from tests.e2e.station import Station
from tests.e2e.weather import shown
from tests.postgres import Cluster, cluster_or_skip, until

MEETING = slot(2)
BODY = json.dumps(created(MEETING)).encode()
ONE_ENTRY = {("global", entry_id(MEETING.uri))}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


@pytest.fixture(params=["sqlite", "postgres"])
def station(
    request: pytest.FixtureRequest, tmp_path: Path, starter: Starter, home: dict[str, str], sandbox: Sandbox
) -> Iterator[Station]:
    url = None
    if request.param == "postgres":
        running: Cluster = request.getfixturevalue("cluster")
        url = running.new_database()
    made = Station(tmp_path, starter, home, sandbox, url=url)
    yield made
    made.close()


def test_a_receiver_killed_before_the_commit_has_stored_nothing(station: Station) -> None:
    receiver = station.receiver(sabotage="before_commit")

    assert station.post(BODY) is None
    assert receiver.ends()
    assert station.all_deliveries() == []

    # The sender repeats.
    station.receiver()
    station.deliver(BODY)
    assert len(station.all_deliveries()) == 1


def test_a_receiver_killed_after_the_commit_has_stored_it_once(station: Station) -> None:
    receiver = station.receiver(sabotage="after_commit")

    assert station.post(BODY) is None
    assert receiver.ends()
    assert len(station.all_deliveries()) == 1

    station.receiver()
    station.deliver(BODY)
    assert len(station.all_deliveries()) == 1


@pytest.mark.parametrize(
    ("place", "attempts"),
    [("in_claim", 1), ("after_claim", 2), ("after_effect", 2), ("after_done", 1)],
)
def test_what_a_killed_worker_left_is_done_by_another(
    station: Station, sandbox: Sandbox, place: str, attempts: int
) -> None:
    station.receiver()
    station.deliver(BODY)
    assert station.worker(sabotage=place).ends(), station.said()

    station.worker()

    assert station.settles(20), station.said()
    (delivery,) = station.all_deliveries()
    assert (delivery.state, delivery.attempts) == (State.DONE, attempts)
    assert shown(sandbox.world) == ONE_ENTRY
    history = station.inbox.attempts(delivery.id)
    assert [one.succeeded for one in history] == [*[None] * (attempts - 1), True]


def test_deliveries_do_not_wait_for_the_command_of_a_schedule(station: Station) -> None:
    compare = next(one for one in SCHEDULES if one.name == "compare").latest(datetime.now(UTC))
    station.receiver()
    (slot_id,) = station.inbox.add([delivery_of(compare, datetime.now(UTC))])
    assert slot_id
    station.worker(sabotage="endless_slots")
    assert until(lambda: station.inbox.delivery(slot_id).state is State.RUNNING), station.said()

    station.deliver(BODY)

    def is_done() -> bool:
        return {one.state for one in station.all_deliveries() if one.id != slot_id} == {State.DONE}

    assert until(is_done), station.said()
    assert station.inbox.delivery(slot_id).state is State.RUNNING


def test_poison_is_dead_after_exactly_its_tries_and_is_replayed_after_the_fix(
    station: Station, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault("html", "google-calendar"))
    station.receiver()
    station.deliver(BODY)
    station.worker()

    assert station.settles(), station.said()
    (delivery,) = station.all_deliveries()
    assert (delivery.state, delivery.attempts) == (State.DEAD, 12)
    assert len(station.inbox.attempts(delivery.id)) == 12
    assert delivery.last_error
    assert shown(sandbox.world) == set()

    sandbox.faults.clear()
    assert station.inbox.replay([delivery.id], now=datetime.now(UTC)) == (delivery.id,)
    assert station.settles(), station.said()
    assert station.inbox.delivery(delivery.id).state is State.DONE
    assert shown(sandbox.world) == ONE_ENTRY


def test_a_worker_that_was_frozen_past_its_lease_ends_nothing_that_another_began(
    station: Station, sandbox: Sandbox
) -> None:
    # The first calls take long enough to be frozen in.
    sandbox.faults.add(Fault("slow", "google-calendar", times=1, seconds=1.0, acts=True))
    station.receiver()
    station.deliver(BODY)
    frozen = station.worker("frozen")
    assert until(lambda: bool(station.all_deliveries()[0].attempts)), station.said()
    frozen.send(signal.SIGSTOP)

    station.worker("other")
    assert station.settles(30), station.said()
    (delivery,) = station.all_deliveries()
    assert (delivery.state, delivery.attempts) == (State.DONE, 2)

    frozen.send(signal.SIGCONT)
    time.sleep(1.5)
    after = station.inbox.delivery(delivery.id)
    assert (after.state, after.attempts, after.worker) == (State.DONE, 2, delivery.worker)
    assert shown(sandbox.world) == ONE_ENTRY


def test_what_a_worker_left_that_had_overtaken_a_frozen_one_is_done_by_a_third(
    station: Station, sandbox: Sandbox
) -> None:
    sandbox.faults.add(Fault("slow", "google-calendar", times=2, seconds=1.0))
    station.receiver()
    station.deliver(BODY)
    frozen = station.worker("frozen")
    assert until(lambda: station.all_deliveries()[0].attempts == 1), station.said()
    frozen.send(signal.SIGSTOP)
    time.sleep(1.2)
    sandbox.faults.clear()
    sandbox.faults.add(Fault("slow", "google-calendar", times=1, seconds=1.5))
    other = station.worker("other")
    assert until(lambda: station.all_deliveries()[0].attempts == 2), station.said()
    other.send(signal.SIGSTOP)
    # The first wakes up while the delivery is the other's, and finds itself overtaken; then the other ends in the middle.
    frozen.send(signal.SIGCONT)
    assert until(lambda: "overtaken" in frozen.text), station.said()
    frozen.kill()
    other.kill()

    station.worker("third")

    assert station.settles(20), station.said()
    (delivery,) = station.all_deliveries()
    assert (delivery.state, delivery.attempts) == (State.DONE, 3)
    assert shown(sandbox.world) == ONE_ENTRY


def test_workers_that_are_at_one_booking_at_once_still_make_one_entry(
    station: Station, sandbox: Sandbox
) -> None:
    """Without the lock, the calendar's own compare-and-set has to do."""
    hours = slot(5)
    words = [created(hours, place) for place in range(3)]
    words += [canceled(hours, 0, minute=40, active=2), canceled(hours, 2, minute=45, active=1)]
    words += [created(slot(2)), canceled(slot(2), minute=50)]
    station.receiver(sabotage="without_order")
    for word in words:
        station.deliver(json.dumps(word).encode())

    for name in ("one", "two", "three"):
        station.worker(name, sabotage="without_lock")

    assert station.settles(), station.said()
    assert {one.state for one in station.all_deliveries()} == {State.DONE}
    assert shown(sandbox.world) == {("global", entry_id(hours.uri))}
    with sandbox.world.alone():
        calendar = sandbox.world.google_calendar.calendars[CALENDAR_IDS["global"]]
        (entry,) = (event for event in calendar.events.values() if event["status"] != "cancelled")
    assert "Bo Ek" in str(entry["summary"])
    assert "Ina Vitee" not in str(entry["summary"])


def test_workers_that_write_at_the_same_moment_overwrite_nothing(station: Station, sandbox: Sandbox) -> None:
    """Both have read the same before either writes; what the second one writes must not lack the word of the first."""
    hours = slot(5)
    station.receiver(sabotage="without_order")
    station.worker("one", sabotage="writes_together")
    station.deliver(json.dumps(created(hours, 0)).encode())
    assert station.settles(), station.said()

    station.worker("two", sabotage="writes_together")
    for place in (1, 2):
        station.deliver(json.dumps(created(hours, place)).encode())

    assert station.settles(), station.said()
    with sandbox.world.alone():
        calendar = sandbox.world.google_calendar.calendars[CALENDAR_IDS["global"]]
        (entry,) = calendar.events.values()
    first_names = [guest.name.split()[0] for guest in hours.guests]
    assert [name for name in first_names if f"Invitee: {name}" not in str(entry["description"])] == []


def test_the_clock_of_a_lease_that_jumped_keeps_nobody_waiting(station: Station) -> None:
    """A lease that ends in a year was taken while the clock was wrong."""
    station.receiver()
    station.deliver(BODY)
    (delivery,) = station.all_deliveries()
    ahead = datetime.now(UTC) + timedelta(days=365)
    assert station.inbox.begin(delivery.id, worker="gone", now=ahead, lease=timedelta(seconds=1), tries=12)

    station.worker()

    assert station.settles(20), station.said()
