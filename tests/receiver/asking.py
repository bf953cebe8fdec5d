"""A receiver for tests, in process, and requests for it."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from supops.adapters.calendly_deliveries import CalendlySource, signed_headers
from supops.adapters.inbox import SqlInbox
from supops.adapters.zendesk_deliveries import ZendeskSource
from supops.models.deliveries import Filter, NewDelivery
from supops.models.secrets import Secret
from supops.receiver import Receiver
from supops.receiver_metrics import Metrics
from supops.receiver_store import StoreWatch, Writer
from supops.services.inbox_ports import Inbox, Source
from supops.services.ports import Clock
from tests.fakes.journal import FakeJournal

KEY = Secret("a-key-for-tests-of-the-receiver", "KEY")
SECRET = Secret("c2VjcmV0IG9mIGEgd2ViaG9vaw==", "SECRET")
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BODY = b'{"event": "invitee.created", "created_at": "now", "payload": {"uri": "https://example.com/1"}}'
Raw = list[tuple[bytes, bytes]]


def a_body(number: int) -> bytes:
    return BODY.replace(b"/1", b"/%d" % number)


def signed(body: bytes = BODY, now: datetime = NOW, key: Secret = KEY) -> dict[str, str]:
    return signed_headers(key, body, now)


def sources() -> dict[str, Source]:
    tolerance = timedelta(seconds=180)
    return {
        "/calendly": CalendlySource([KEY], tolerance),
        "/zendesk": ZendeskSource([SECRET], tolerance),
    }


@dataclass
class SetClock(Clock):
    """Shows what it is set to."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True)
class Answered:
    """An answer, as the app gave it."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Asking:
    """A receiver, and what it told."""

    inbox: Inbox
    path_secret: str = ""
    store_seconds: float = 8.0
    clock: SetClock = field(default_factory=SetClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.writer = Writer(self.inbox)
        self.watch = StoreWatch(self.inbox, self.clock, fresh=0.0, monotonic=self._seconds)
        receiver = Receiver(
            sources=sources(),
            writer=self.writer,
            watch=self.watch,
            clock=self.clock,
            journal=self.journal,
            metrics=self.metrics,
            path_secret=self.path_secret,
            store_seconds=self.store_seconds,
        )
        self.app = receiver.app()

    def _seconds(self) -> float:
        return self.clock.time.timestamp()

    def close(self) -> None:
        self.writer.close()
        self.watch.close()

    def post(
        self,
        body: bytes = BODY,
        headers: Mapping[str, str] | None = None,
        path: str = "/calendly",
        method: str = "POST",
    ) -> Answered:
        given = signed(body, self.clock.time) if headers is None else headers
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items()]
        return self.run(self.ask(raw, [body], path=path, method=method))

    def run(self, one: Coroutine[Any, Any, Answered]) -> Answered:
        return asyncio.run(one)

    async def ask(
        self,
        headers: Raw,
        parts: Sequence[bytes],
        *,
        path: str = "/calendly",
        method: str = "POST",
        hangs_up: bool = False,
    ) -> Answered:
        """Ask the app itself, as the server does."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode("utf-8", "surrogateescape"),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("192.0.2.7", 4711),
            "server": ("127.0.0.1", 8080),
        }
        last = len(parts) - 1
        messages: Iterable[dict[str, object]] = (
            {"type": "http.request", "body": part, "more_body": number < last or hangs_up}
            for number, part in enumerate(parts)
        )
        coming, sent = iter(messages), []

        async def receive() -> Any:
            return next(coming, {"type": "http.disconnect"})

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        if not sent:
            return Answered(0, {}, b"")
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answered(sent[0]["status"], found, b"".join(one.get("body", b"") for one in sent[1:]))

    def count(self, name: str, **labels: str) -> float:
        """Return a counter of the metrics."""
        return self.metrics.registry.get_sample_value(f"supops_webhooks_{name}", labels) or 0.0


def stored(inbox: SqlInbox) -> list[str]:
    """Return the keys of what is stored, oldest first."""
    return [one.key for one in reversed(inbox.page(Filter(), limit=1000))]


class Wrapped(SqlInbox):
    """A store in which something can be done before each time that something is stored."""

    before: Any = staticmethod(lambda: None)

    def __init__(self, database: Any) -> None:
        super().__init__(database)
        self.batches: list[int] = []

    def clear(self) -> None:
        with self._database.writing() as session:
            session.run("DELETE FROM inbox")

    def add(self, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        self.batches.append(len(deliveries))
        self.before()
        return super().add(deliveries)
