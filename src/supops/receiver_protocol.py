"""HTTP as the receiver speaks it: uvicorn's protocol, with bounds on time, size and number that it lacks."""

import asyncio
from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from supops.receiver import LATE

if TYPE_CHECKING:
    from asyncio.events import TimerHandle

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from supops.receiver_metrics import Metrics

MOST_CONNECTIONS = 500
MAX_HEAD = 32 * 1024
MOST_HEADERS = 100
# With all that may be around a body: the sizes of its chunks, trailers, and what is read and thrown away.
MAX_MESSAGE = 2 * 1024 * 1024
# Requests that are sent before the answer to the one before.
MOST_PIPELINED = 8
# For the whole of a request, from its first byte to its last.
REQUEST_SECONDS = 10.0

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
MALFORMED = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _TooMuch(Exception):
    """Headers that are larger, or more, than any sender's."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A request has a few seconds from its first byte to its last, and a connection that sends nothing no more.

    Attributes:
        seconds: How long a request may take to arrive.
        metrics: Counts what is refused here.
    """

    seconds: float = REQUEST_SECONDS
    metrics: "Metrics"

    _timer: "TimerHandle | None" = None
    _bytes: int = 0
    _head: int = 0
    _in_head: bool = True
    _is_refused: bool = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to count the time; a connection too many is told so."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse("busy", BUSY)
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what arrives, as long as it is not too much."""
        if self._is_refused:
            return
        if not self._bytes:
            # The first byte: that the connection was opened earlier costs the request nothing.
            self._arm()
        self._bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and self._bytes > MAX_HEAD:
            self._refuse("size", TOO_LARGE)
        elif self._bytes > MAX_MESSAGE:
            self._refuse("size", b"")

    def on_message_begin(self) -> None:
        """Begin to count the time and the size of a request."""
        super().on_message_begin()
        if self._timer is None:
            self._arm()
        self._in_head, self._head = True, 0

    def on_url(self, url: bytes) -> None:
        """Count the request's target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header; trailers as well."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to take the body, unless too many requests wait already."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise _TooMuch
        super().on_headers_complete()
        self._in_head = False

    def on_message_complete(self) -> None:
        """Stop counting the time."""
        super().on_message_complete()
        self._disarm()
        self._bytes, self._in_head = 0, True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  (uvicorn's signature)
        """Refuse what is not HTTP, or too much of it."""
        if self._head > MAX_HEAD:
            self._refuse("size", TOO_LARGE)
        else:
            self._refuse("http", MALFORMED)

    def _count(self, size: int) -> None:
        self._head += size
        if self._head > MAX_HEAD or len(self.headers) >= MOST_HEADERS:
            self._head = MAX_HEAD + 1
            raise _TooMuch

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(self.seconds, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self.pipeline or (self._in_head and self._is_answering):
            # It is we who don't read on, until the request before is answered.
            self._arm()
            return
        if self._in_head:
            # A connection on which nothing was sent just ends.
            if self._bytes:
                self.metrics.refused.labels("slow").inc()
        else:
            # The app counts it.
            scope = cast("dict[str, object]", self.scope)
            scope[LATE] = True
        self._end(TOO_SLOW if self._bytes else b"")

    @property
    def _is_answering(self) -> bool:
        # Before the first request there is none.
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is not None and not cycle.response_complete

    @property
    def _may_answer(self) -> bool:
        """Whether an answer would be one to the request that is being read."""
        if self._in_head:
            return not self._is_answering
        return not self.pipeline and not self.cycle.response_started

    def _refuse(self, reason: str, answer: bytes) -> None:
        if not self.transport.is_closing():
            self.metrics.refused.labels(reason).inc()
        self._end(answer)

    def _end(self, answer: bytes) -> None:
        """Close the connection, with an answer where that is possible."""
        self._is_refused = True
        self._disarm()
        if self.transport.is_closing():
            return
        if answer and self._may_answer:
            self.transport.write(answer)
        self.transport.close()
