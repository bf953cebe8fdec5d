"""``python -m bench.load closed|open PORT SECONDS [RATE]``: send signed deliveries, and print how long the answers took, as JSON.

Runs in a process of its own, so that what it costs does not count as the receiver's.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import cast

import uvloop

from supops.adapters.calendly_deliveries import signed_headers
from supops.models.secrets import Secret

KEY = Secret("bench-signing-key", "bench")
CONNECTIONS = 16
BODY_BYTES = 2600
MOST_PER_SECOND = 12_000


def a_body(number: int, run: str) -> bytes:
    """Return the body of a delivery that no other is a repeat of."""
    booking = f"https://api.calendly.example.com/scheduled_events/{run}-{number}"
    payload = {
        "uri": f"{booking}/invitees/1",
        "email": "lena@example.com",
        "scheduled_event": {"uri": booking, "name": "Support"},
        "questions_and_answers": [{"question": "About", "answer": ""}],
    }
    envelope = {
        "event": "invitee.created",
        "created_at": "2026-10-01T08:00:00.000000Z",
        "payload": payload,
    }
    short = len(json.dumps(envelope))
    payload["questions_and_answers"] = [{"question": "About", "answer": "x" * (BODY_BYTES - short)}]
    return json.dumps(envelope).encode()


def a_request(number: int, run: str) -> bytes:
    """Return a whole request."""
    body = a_body(number, run)
    headers = signed_headers(KEY, body, datetime.now(UTC)) | {
        "Host": "hooks.example.com",
        "Content-Length": str(len(body)),
        "User-Agent": "Calendly",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /calendly HTTP/1.1\r\n{head}\r\n".encode() + body


class Sender(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it."""
        # uvloop's are no subclass of it.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take an answer; all of them are small, and have no body."""
        self.status = int(data[9:12])
        self.answered.set()

    async def send(self, request: bytes) -> float:
        """Send a request; return after how many seconds it was accepted."""
        began = time.perf_counter()
        self.transport.write(request)
        await self.answered.wait()
        self.answered.clear()
        if self.status != 202:
            raise RuntimeError(f"answered {self.status}")
        return time.perf_counter() - began


async def closed_loop(senders: list[Sender], requests: list[bytes], seconds: float) -> list[float]:
    """Send on each connection as fast as answers come."""
    waiting, took = iter(requests), []
    until = time.perf_counter() + seconds

    async def one(sender: Sender) -> None:
        for request in waiting:
            if time.perf_counter() >= until:
                return
            took.append(await sender.send(request))

    await asyncio.gather(*(one(sender) for sender in senders))
    return took


async def open_loop(senders: list[Sender], requests: list[bytes], rate: float) -> list[float]:
    """Send at a fixed rate, whether answers come or not; what waits for a free connection waits in the measured time."""
    free: asyncio.Queue[Sender] = asyncio.Queue()
    for sender in senders:
        free.put_nowait(sender)
    took: list[float] = []
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def one(number: int, request: bytes) -> None:
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        sender = await free.get()
        await sender.send(request)
        free.put_nowait(sender)
        took.append(loop.time() - due)

    await asyncio.gather(*(one(number, request) for number, request in enumerate(requests)))
    return took


async def _main(kind: str, port: int, seconds: float, rate: float) -> None:
    loop = asyncio.get_running_loop()
    connections = CONNECTIONS if kind == "closed" else CONNECTIONS * 4
    run = f"{time.time_ns():x}"
    number = int(seconds * (MOST_PER_SECOND if kind == "closed" else rate))
    requests = [a_request(one, run) for one in range(number)]
    senders = [(await loop.create_connection(Sender, "127.0.0.1", port))[1] for _ in range(connections)]
    started = time.perf_counter()
    if kind == "closed":
        took = await closed_loop(senders, requests, seconds)
    else:
        took = await open_loop(senders, requests, rate)
    elapsed = time.perf_counter() - started
    took.sort()
    facts = {
        "per_second": len(took) / elapsed,
        "p50": took[len(took) // 2],
        "p99": took[int(len(took) * 0.99)],
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    words = [*sys.argv[1:], "0"]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(words[0], int(words[1]), float(words[2]), float(words[3])))
