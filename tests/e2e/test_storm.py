"""Storms: receiver and two workers, deliveries shuffled and repeated, a calendar that fails, and kills at random moments.

In the end every delivery that was acknowledged is stored, and done or dead, and the calendars say what they should. The seeds are
fixed; `SUPOPS_TEST_KILLS` makes them longer.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from supops.adapters.calendly_deliveries import CalendlySource
from supops.models.deliveries import State
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from tests.e2e.starting import Starter
from tests.e2e.station import Station
from tests.e2e.weather import Weather, shown, weather
from tests.postgres import Cluster, cluster_or_skip

KILLS = int(os.environ.get("SUPOPS_TEST_KILLS", "50"))
WORKERS = ("worker 1", "worker 2")
SENDERS = 4
# Longer than the lease.
FROZEN_SECONDS = 1.3


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


@dataclass
class Storm:
    """One storm over a station.

    Attributes:
        sabotage: What is wrong with each process, by its kind.
        acknowledged: The bodies that were answered with 202.
    """

    station: Station
    sandbox: Sandbox
    weather: Weather
    chance: random.Random
    sabotage: dict[str, str] = field(default_factory=dict)
    acknowledged: list[bytes] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def blow(self, kills: int, *, cluster: Cluster | None = None) -> None:
        """Send everything, and kill meanwhile; then wait until nothing is left to do."""
        self._start("receiver")
        for name in WORKERS:
            self._start(name)
        over = threading.Event()
        pause = 0.12 * kills / max(1, len(self.weather.deliveries))
        # Several at once, so that commits are shared, and repeats of one delivery meet.
        senders = [
            threading.Thread(
                target=self._send, args=(self.weather.deliveries[place::SENDERS], pause * SENDERS, over)
            )
            for place in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        for number in range(kills):
            time.sleep(self.chance.uniform(0.02, 0.25))
            self._trouble()
            if cluster is not None and number in (kills // 3, 2 * kills // 3):
                cluster.kill()
                time.sleep(0.3)
                cluster.start()
            name = self.chance.choice(["receiver", *WORKERS])
            self.station.running[name].kill()
            self._start(name)
        self.sandbox.faults.clear()
        for sender in senders:
            sender.join(120)
            assert not sender.is_alive(), self.station.said()
        assert not self.errors, self.errors
        assert self.station.settles(90), self.station.said()
        # Whoever says that it is done may not have done it yet.
        self._end()

    def check(self) -> None:
        """See that nothing is lost, and nothing wrong."""
        stored = {delivery.key: delivery for delivery in self.station.all_deliveries()}
        source = CalendlySource((), tolerance=timedelta(0))
        dead = set()
        for body in self.acknowledged:
            about = source.describe({}, body)
            assert about is not None
            assert about.key in stored, "an acknowledged delivery is lost"
            delivery = stored[about.key]
            assert delivery.state in (State.DONE, State.DEAD)
            if delivery.state is State.DEAD:
                dead.add(body)
        assert shown(self.sandbox.world) == self.weather.expected, "the calendars say something else"
        assert dead == self.weather.poison, "something else is dead than what makes no sense"

    def _start(self, name: str) -> None:
        kind = "receiver" if name == "receiver" else "worker"
        sabotage = self.sabotage.get(kind, "")
        if kind == "receiver":
            self.station.receiver(sabotage=sabotage)
        else:
            self.station.worker(name, sabotage=sabotage)

    def _send(self, bodies: Sequence[bytes], pause: float, over: threading.Event) -> None:
        try:
            for body in bodies:
                self.station.deliver(body)
                self.acknowledged.append(body)
                over.wait(pause)
        except BaseException as error:  # noqa: BLE001  (told by the thread that waits)
            self.errors.append(error)

    def _trouble(self) -> None:
        """Have the calendar fail now and then, before or after it has done what it was asked; or freeze a worker for a while."""
        if self.chance.random() < 0.1:
            frozen = self.station.running[self.chance.choice(WORKERS)]
            frozen.send(signal.SIGSTOP)
            threading.Timer(FROZEN_SECONDS, frozen.send, [signal.SIGCONT]).start()
        if self.chance.random() < 0.5:
            kind = self.chance.choice(["500", "503", "reset", "truncated"])
            acts = self.chance.random() < 0.5
            self.sandbox.faults.add(
                Fault(kind, "google-calendar", times=self.chance.randint(1, 2), acts=acts)
            )

    def _end(self) -> None:
        for one in self.station.running.values():
            one.send(signal.SIGTERM)
        for name, one in self.station.running.items():
            assert one.ends(30), f"{name} does not end: {one.text[-1500:]}"


def storm_over(station: Station, sandbox: Sandbox, *, seed: int, bookings: int) -> Storm:
    return Storm(station, sandbox, weather(seed, bookings), random.Random(seed))


def test_a_storm_over_a_file(
    tmp_path: Path, starter: Starter, home: dict[str, str], sandbox: Sandbox
) -> None:
    station = Station(tmp_path, starter, home, sandbox, tries=60)
    try:
        storm = storm_over(station, sandbox, seed=1, bookings=KILLS)
        storm.blow(KILLS)
        storm.check()
    finally:
        station.close()


def test_a_storm_over_postgresql_which_is_killed_as_well(
    tmp_path: Path, starter: Starter, home: dict[str, str], sandbox: Sandbox, cluster: Cluster
) -> None:
    station = Station(tmp_path, starter, home, sandbox, url=cluster.new_database(), tries=60)
    try:
        storm = storm_over(station, sandbox, seed=2, bookings=KILLS)
        storm.blow(KILLS, cluster=cluster)
        storm.check()
    finally:
        station.close()


@pytest.mark.parametrize(
    ("kind", "wrong", "noticed"),
    [
        ("receiver", "answers_before_commit", "an acknowledged delivery is lost"),
        ("worker", "done_before_effect", "something else"),
        ("worker", "last_arrival_wins", "something else"),
    ],
)
def test_a_storm_notices_what_is_wrong(
    tmp_path: Path,
    starter: Starter,
    home: dict[str, str],
    sandbox: Sandbox,
    kind: str,
    wrong: str,
    noticed: str,
) -> None:
    station = Station(tmp_path, starter, home, sandbox, tries=60)
    try:
        storm = storm_over(station, sandbox, seed=3, bookings=15)
        storm.sabotage[kind] = wrong
        storm.blow(12)
        with pytest.raises(AssertionError, match=noticed):
            storm.check()
    finally:
        station.close()
