"""The second entrance: takes deliveries in over HTTP. Size, signature, JSON, store, and then 202; it decides nothing.

Only ``receiver_server`` and the tests import this: it needs the packages of the extra ``receiver``.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from supops.errors import SupopsError
from supops.models.deliveries import NewDelivery
from supops.receiver_metrics import Metrics
from supops.receiver_store import StoreWatch, Writer
from supops.services.inbox_ports import Journal, Source
from supops.services.ports import Clock
from supops.services.sparing import Sparing

MAX_BODY = 256 * 1024
# Senders give up after 10 to 15 s (source: platforms, C-6 and Z-8).
STORE_SECONDS = 8.0
RETRY_AFTER_SECONDS = 5
# A sender that is refused may say so much more before its answer is cut off.
LINGER_BYTES = 1024 * 1024
LINGER_SECONDS = 2.0
LONGEST_ADDRESS = 60
# Put into the scope by the protocol when it has hung up on a sender that is too slow.
LATE = "supops.late"
HEALTH_PATHS = ("/healthz", "/readyz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """What the app is made of.

    Attributes:
        sources: By path. Where there is a secret, it follows each path.
        path_secret: The last part of each path that nobody can guess; empty for none.
        store_seconds: How long the store may take. What it has stored later is found by the repeat.
        refusals: Tells of requests that are refused.
    """

    sources: Mapping[str, Source]
    writer: Writer
    watch: StoreWatch
    clock: Clock
    journal: Journal
    metrics: Metrics
    path_secret: str = ""
    store_seconds: float = STORE_SECONDS
    refusals: Sparing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "refusals", Sparing(self.journal, "refused", time.monotonic))

    def app(self) -> Starlette:
        """Return the ASGI app."""
        secret = "/{secret:path}" if self.path_secret else ""
        routes = [
            *(Route(f"{path}{secret}", _Endpoint(self, source)) for path, source in self.sources.items()),
            Route("/healthz", _alive),
            Route("/readyz", self._ready),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: self._refuse})
        # A redirect is a failure for those who send.
        app.router.redirect_slashes = False
        return app

    async def _ready(self, _request: Request) -> Response:
        state = await self.watch.state_soon()
        facts: dict[str, object] = {"ready": not state.problem}
        if state.backlog is not None:
            facts |= {"backlog": state.backlog.open, "oldest_due_seconds": round(state.oldest_seconds, 1)}
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if state.problem else {}
        return Response(
            json.dumps(facts),
            status_code=503 if state.problem else 200,
            media_type="application/json",
            headers={"Cache-Control": "no-store", **headers},
        )

    async def _refuse(self, _request: Request, error: Exception) -> Response:
        """Answer for what there is no route for."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = getattr(error, "headers", None)
        self.metrics.refused.labels("method" if status == 405 else "path").inc()
        return Response(status_code=status, headers=headers)


async def _alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer without a body: it says nothing but its status."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def start(self) -> Message:
        return {
            "type": "http.response.start",
            "status": self.status,
            "headers": [(b"content-length", b"0"), *self.headers],
        }


CLOSE = (b"connection", b"close")
ACCEPTED = _Answer(202)
NOT_JSON = _Answer(400)
UNSIGNED = _Answer(401)
UNKNOWN = _Answer(404)
WRONG_METHOD = _Answer(405, ((b"allow", b"POST"),))
TOO_LARGE = _Answer(413, (CLOSE,))
UNAVAILABLE = _Answer(503, ((b"retry-after", str(RETRY_AFTER_SECONDS).encode()),))


class _Refused(Exception):
    """A request that is not taken in.

    Attributes:
        reason: For those who run the receiver.
        rest_follows: Whether the sender may still be sending.
    """

    def __init__(self, answer: _Answer, reason: str, detail: str = "", *, rest_follows: bool = False) -> None:
        super().__init__(reason)
        self.answer = answer
        self.reason = reason
        self.detail = detail
        self.rest_follows = rest_follows


class _Gone(Exception):
    """The sender hung up before all of it was there."""


class _Endpoint:
    """Takes in the deliveries of one source."""

    def __init__(self, receiver: Receiver, source: Source) -> None:
        self._receiver = receiver
        self._source = source
        metrics = receiver.metrics
        self._received = metrics.received.labels(source.name)
        for counter in (metrics.stored, metrics.repeats, metrics.unstored):
            counter.labels(source.name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        secret = scope["path_params"].get("secret", "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(secret, self._receiver.path_secret.encode()):
            self._receiver.metrics.refused.labels("path").inc()
            await _send(send, UNKNOWN)
            return
        self._received.inc()
        try:
            answer = await self._take(scope, receive, began)
        except _Refused as refused:
            self._receiver.metrics.refused.labels(refused.reason).inc()
            self._tell_refused(scope, began, refused.reason, refused.detail)
            await _send(send, refused.answer, receive if refused.rest_follows else None)
        except _Gone:
            reason = "slow" if scope.get(LATE) else "gone"
            self._receiver.metrics.refused.labels(reason).inc()
            self._tell_refused(scope, began, reason)
        except Exception as error:  # noqa: BLE001  (a fault of ours: the sender repeats what was not stored)
            self._receiver.metrics.unstored.labels(self._source.name).inc()
            self._tell("unstored", scope, began, error=f"{type(error).__name__}. This is a bug of supops.")
            await _send(send, UNAVAILABLE)
        else:
            await _send(send, answer)
        self._receiver.metrics.seconds.observe(time.perf_counter() - began)

    async def _take(self, scope: Scope, receive: Receive, began: float) -> _Answer:
        if scope["method"] != "POST":
            raise _Refused(WRONG_METHOD, "method")
        headers = _headers(scope, self._source.kept_headers)
        body = await self._body(scope, receive)
        now = self._receiver.clock.now()
        verdict = self._source.verify(headers, body, now)
        if verdict.flaw is not None:
            raise _Refused(UNSIGNED, "signature", str(verdict.flaw))
        about = self._source.describe(headers, body)
        if about is None:
            raise _Refused(NOT_JSON, "json")
        delivery = NewDelivery(
            source=self._source.name,
            key=about.key,
            lock_key=about.lock_key,
            event=about.event,
            body=body,
            headers=headers,
            received_at=now,
        )
        return await self._store(delivery, scope, began)

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        declared = _declared_length(scope)
        if declared is not None and declared > MAX_BODY:
            raise _Refused(TOO_LARGE, "size", rest_follows=True)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            part = message.get("body", b"")
            size += len(part)
            if size > MAX_BODY:
                raise _Refused(TOO_LARGE, "size", rest_follows=True)
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _store(self, delivery: NewDelivery, scope: Scope, began: float) -> _Answer:
        metrics = self._receiver.metrics
        try:
            # What is being stored is stored, whether somebody waits for it or not.
            async with asyncio.timeout(self._receiver.store_seconds):
                identity = await self._receiver.writer.store(delivery)
        except (SupopsError, TimeoutError) as error:
            said = error.message if isinstance(error, SupopsError) else "it takes too long"
            metrics.unstored.labels(self._source.name).inc()
            self._tell("unstored", scope, began, event=delivery.event, error=said)
            return UNAVAILABLE
        counter, what = (metrics.repeats, "repeat") if identity is None else (metrics.stored, "stored")
        counter.labels(self._source.name).inc()
        self._tell(what, scope, began, id=identity, event=delivery.event)
        return ACCEPTED

    def _tell(self, what: str, scope: Scope, began: float, **facts: str | float | None) -> None:
        """Tell of a request, without anything that it brought but the event of one that is genuine."""
        self._receiver.journal.tell(what, source=self._source.name, **facts, **_origin(scope, began))

    def _tell_refused(self, scope: Scope, began: float, reason: str, detail: str = "") -> None:
        kind = (("source", self._source.name), ("reason", reason), ("detail", detail))
        self._receiver.refusals.tell(kind, **_origin(scope, began))


def _origin(scope: Scope, began: float) -> dict[str, str | float | None]:
    """Return where a request came from, and how long it took."""
    client = scope.get("client")
    return {
        "client": str(client[0])[:LONGEST_ADDRESS] if client else None,
        "ms": round((time.perf_counter() - began) * 1000, 1),
    }


def _headers(scope: Scope, kept: frozenset[str]) -> dict[str, str]:
    """Return the headers that are kept. One that came several times is a list, as HTTP has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1")
        if name in kept:
            value = raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _declared_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            # The protocol has refused what is no number.
            return int(value) if value.isdigit() and len(value) < 20 else MAX_BODY + 1
    return None


async def _send(send: Send, answer: _Answer, rest: Receive | None = None) -> None:
    """Send an answer; then take what the sender still sends, for a while: it would not see the answer on a connection that was reset."""
    await send(answer.start)
    if rest is not None:
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        await _linger(rest)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _linger(receive: Receive) -> None:
    size = 0
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            while size <= LINGER_BYTES:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
