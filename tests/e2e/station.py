"""A receiver and its workers as they run in production, each in a process, with the simulated platforms beside them."""

import itertools
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx

from supops.adapters.calendly_deliveries import signed_headers
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import Delivery, Filter
from supops.models.secrets import Secret
from supops.sandbox.people import roster_files
from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS
from tests.e2e.starting import Started, Starter
from tests.postgres import until

KEY = Secret("storm-signing-key", "STORM_KEY")
LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Station:
    """Starts the processes, and sends them deliveries.

    Args:
        folder: For the store, the roster and what the processes print.
        starter: Starts them.
        sandbox: The platforms; they survive what happens to the processes.
        url: Of the store in PostgreSQL; None for a file.
        lease: As `queue.lease`.
    """

    def __init__(
        self,
        folder: Path,
        starter: Starter,
        home: Mapping[str, str],
        sandbox: Sandbox,
        *,
        url: str | None = None,
        lease: str = "1s",
        tries: int = 12,
    ) -> None:
        for path, content in roster_files().items():
            file = folder / "roster" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        env = dict(home) | {
            "SUPOPS_ROSTER__PATH": str(folder / "roster"),
            "SUPOPS_CALENDARS__GLOBAL__ID": CALENDAR_IDS["global"],
            "SUPOPS_CALENDARS__US_GOVERNMENT__ID": CALENDAR_IDS["us-government"],
            "SUPOPS_GOOGLE__API_ENDPOINT": f"{sandbox.urls['google-calendar']}/calendar/v3/",
            "SUPOPS_CALENDLY__SIGNING_KEY__ENV": "STORM_KEY",
            "STORM_KEY": KEY.reveal(),
            "SUPOPS_RECEIVER__METRICS_PORT": "0",
            "SUPOPS_QUEUE__LEASE": lease,
            "SUPOPS_QUEUE__TRIES": str(tries),
            "SUPOPS_QUEUE__FIRST_PAUSE": "0s",
        }
        env |= {"SUPOPS_QUEUE__URL": url} if url else {"SUPOPS_QUEUE__PATH": str(folder / "inbox.db")}
        self._database = PostgresDatabase(url) if url else SqliteDatabase(folder / "inbox.db")
        if isinstance(self._database, PostgresDatabase):
            self._database.upgrade()
        self.inbox = SqlInbox(self._database)
        self._starter, self._env, self._folder = starter, env, folder
        self.client = httpx.Client(timeout=5.0, trust_env=False)
        self.running: dict[str, Started] = {}
        self._port = 0
        self._names = itertools.count(1)

    def close(self) -> None:
        """End all processes, however they are."""
        for one in self.running.values():
            one.kill()
        self.client.close()
        self._database.close()

    def receiver(self, *, sabotage: str = "") -> Started:
        """Start a receiver without workers; the first finds a port, the others take the same."""
        words = ("webhooks", "serve", "--workers", "0", "--port", str(self._port))
        started = self._start(*words, sabotage=sabotage)
        self.running["receiver"] = started
        assert until(lambda: LISTENS.search(started.text) is not None or not started.is_alive), (
            "it says nothing"
        )
        found = LISTENS.search(started.text)
        assert found, started.text
        self._port = int(found[1])
        return started

    def worker(self, name: str = "worker", *, sabotage: str = "") -> Started:
        """Start a worker."""
        started = self._start("webhooks", "worker", sabotage=sabotage)
        self.running[name] = started
        return started

    def _start(self, *words: str, sabotage: str) -> Started:
        return self._starter.start(*words, env=self._env, folder=self._folder, sabotage=sabotage)

    def post(self, body: bytes) -> int | None:
        """Send a delivery once; return the answer's status, None where there was none."""
        url = f"http://127.0.0.1:{self._port}/calendly"
        try:
            headers = signed_headers(KEY, body, datetime.now(UTC))
            return self.client.post(url, content=body, headers=headers).status_code
        except httpx.HTTPError:
            return None

    def deliver(self, body: bytes, seconds: float = 60.0) -> None:
        """Send a delivery until it is acknowledged, as its sender does."""
        deadline = time.monotonic() + seconds
        while self.post(body) != 202:
            assert time.monotonic() < deadline, f"not acknowledged: {self.running['receiver'].text[-2000:]}"
            time.sleep(0.02)

    def all_deliveries(self) -> list[Delivery]:
        """Return everything that is stored, newest first."""
        found: list[Delivery] = []
        before = None
        while page := self.inbox.page(Filter(), before=before, limit=500):
            found += page
            before = page[-1].id
        return found

    def settles(self, seconds: float = 60.0) -> bool:
        """Wait until nothing is left to do; return whether it came to that."""
        return until(lambda: self.inbox.backlog(datetime.now(UTC)).open == 0, seconds)

    def said(self) -> str:
        """Return the last words of all processes, for the message of a test that fails."""
        return "\n".join(f"== {name}\n{one.text[-1500:]}" for name, one in self.running.items())
