"""The receiver, against the same endpoint that verifies and does not store; with much in the store, and with nothing to do."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.load import KEY, a_body
from bench.measure import ROOT, Result
from supops.adapters.clock import SystemClock
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import CALENDLY, Filter, NewDelivery, State
from supops.services.inbox_ports import Inbox

# The best of each counts: they take turns, so that a noisy moment hits all alike.
ROUNDS = 4
SECONDS = 3.0
RATE = 500
MANY = 1_000_000
IDLE_SECONDS = 20.0


def measure() -> Iterator[Result]:
    """Measure receiving, listing and idling."""
    with tempfile.TemporaryDirectory() as folder:
        empty, full = Path(folder) / "empty.db", Path(folder) / "full.db"
        yield from _storing(Path(folder) / "store.db")
        yield from _at_a_rate(Path(folder) / "rate.db")
        # As much to list as a page has, and no more.
        fill(empty, 300, dead_every=3)
        fill(full, MANY)
        yield from _with_many(empty, full)
    yield from _idle()


def _storing(path: Path) -> Iterator[Result]:
    rounds: dict[str, list[dict[str, float]]] = {"store": [], "verify": []}
    with serving("store", path) as storing, serving("verify", path) as verifying:
        for _ in range(ROUNDS):
            for name, port in (("store", storing), ("verify", verifying)):
                rounds[name].append(load("closed", port, SECONDS))
    rate = {name: max(one["per_second"] for one in found) for name, found in rounds.items()}
    p99 = {name: min(one["p99"] for one in found) for name, found in rounds.items()}
    detail = f"{rate['store']:,.0f}/s with commits, {rate['verify']:,.0f}/s without"
    yield Result(
        "receiver: durable / verify only", rate["store"] / rate["verify"], 0.4, at_least=True, detail=detail
    )
    detail = f"p99 {p99['store'] * 1000:.1f} ms with commits, {p99['verify'] * 1000:.1f} ms without"
    yield Result("receiver: p99, durable / verify only", p99["store"] / p99["verify"], 5, detail=detail)


def _at_a_rate(path: Path) -> Iterator[Result]:
    with serving("store", path) as port:
        found = min((load("open", port, 5, RATE) for _ in range(ROUNDS)), key=lambda one: one["p99"])
    detail = f"p50 {found['p50'] * 1000:.1f} ms"
    yield Result(f"receiver: p99 at {RATE}/s", found["p99"] * 1000, 50, unit="ms", detail=detail)


def _with_many(empty: Path, full: Path) -> Iterator[Result]:
    for title, wanted in (
        ("all", Filter()),
        ("dead", Filter(state=State.DEAD)),
        ("waiting", Filter(state=State.PENDING)),
        ("of an event", Filter(event="invitee.canceled")),
    ):
        seconds = {path.stem: _listing(path, wanted) for path in (empty, full)}
        detail = f"{seconds['full'] * 1000:.2f} ms and {seconds['empty'] * 1000:.2f} ms"
        yield Result(
            f"listing 50, {title}: full / empty", seconds["full"] / seconds["empty"], 1.5, detail=detail
        )
    # Last: what is received waits then.
    rounds: dict[str, list[float]] = {"empty": [], "full": []}
    with serving("store", empty) as little, serving("store", full) as much:
        for _ in range(ROUNDS):
            for name, port in (("empty", little), ("full", much)):
                rounds[name].append(load("closed", port, SECONDS)["per_second"])
    rate = {name: max(found) for name, found in rounds.items()}
    detail = f"{rate['full']:,.0f}/s with {MANY:,}, {rate['empty']:,.0f}/s with next to none"
    yield Result("receiver: time, full store / empty", rate["empty"] / rate["full"], 1.5, detail=detail)


def _listing(path: Path, wanted: Filter) -> float:
    inbox = SqlInbox(SqliteDatabase(path))
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        inbox.page(wanted, limit=50)
        best = min(best, time.perf_counter() - began)
    return best


def _idle() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "supops.yaml"
        config.write_text(f"roster: {{path: {folder}}}\nqueue: {{path: {folder}/inbox.db}}\n")
        process = subprocess.Popen(
            [sys.executable, "-m", "supops", "--config", str(config), "webhooks", "worker"],
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(3)
            before = _cpu_seconds(process.pid)
            time.sleep(IDLE_SECONDS)
            share = (_cpu_seconds(process.pid) - before) / IDLE_SECONDS * 100
            status = Path(f"/proc/{process.pid}/status").read_text()
        finally:
            process.terminate()
            process.wait()
    resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    yield Result("worker, idle: CPU", share, 0.5, unit="%", detail=f"over {IDLE_SECONDS:.0f} s")
    yield Result("worker, idle: memory", resident / 1024, 45, unit="MB", detail="resident")


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(kind: str, port: int, seconds: float, rate: float = 0) -> dict[str, float]:
    """Send deliveries from another process; return what it measured."""
    words = [sys.executable, "-m", "bench.load", kind, str(port), str(seconds), str(rate)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def serving(mode: str, path: Path) -> Iterator[int]:
    """Run the receiver in another process; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    words = [sys.executable, "-m", "bench.receiver", mode, str(path), str(port)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_for(port)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the receiver does not start")


def fill(path: Path, number: int, *, dead_every: int = 1000) -> None:
    """Store many deliveries, done but for some that are dead."""
    inbox = SqlInbox(SqliteDatabase(path))
    inbox.check()
    began, body = datetime.now(UTC) - timedelta(days=80), a_body(0, "filled")
    step = timedelta(days=79) / number
    events = ("invitee.created", "invitee.created", "invitee.canceled")

    def one(place: int) -> NewDelivery:
        return NewDelivery(
            source=CALENDLY,
            key=f"filled:{place}",
            lock_key=f"https://api.calendly.example.com/scheduled_events/filled-{place // 2}",
            event=events[place % 3],
            # As large as others would take ten minutes to write; what is measured are the indexes.
            body=body[:200],
            headers={},
            received_at=began + step * place,
        )

    for start in range(0, number, 10_000):
        inbox.add([one(place) for place in range(start, min(number, start + 10_000))])
    _finish(path, dead_every)


def _finish(path: Path, dead_every: int) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE inbox SET state = CASE WHEN id % ? = 0 THEN 'dead' ELSE 'done' END, finished_at = received_at, attempts = 1",
            (dead_every,),
        )


def _serve(mode: str, path: Path, port: int) -> None:
    from supops.adapters.calendly_deliveries import CalendlySource
    from supops.adapters.process_signals import process_name, stop_on_signals
    from supops.receiver_server import Service, serve
    from supops.receiver_store import Answer, Writer
    from supops.render.journal import TextJournal

    class NoWriter(Writer):
        """Stores nothing, and says at once that it did."""

        def __init__(self, inbox: Inbox) -> None:
            """Start no thread."""

        def store(self, delivery: NewDelivery) -> Answer:  # noqa: ARG002
            answer: Answer = asyncio.get_running_loop().create_future()
            answer.set_result(1)
            return answer

        def close(self) -> None:
            """Nothing waits."""

    clock = SystemClock()
    service = Service(
        sources={"/calendly": CalendlySource([KEY], timedelta(minutes=10))},
        path_secret="",
        host="127.0.0.1",
        port=port,
        trusted_proxies=(),
        metrics_port=0,
        inbox=SqlInbox(SqliteDatabase(path)),
        clock=clock,
        journal=TextJournal(sys.stderr, clock.now),
        name=process_name(),
        worker=(),
        workers=0,
    )
    serve(service, stop_on_signals(), NoWriter if mode == "verify" else Writer)


if __name__ == "__main__":
    _serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
