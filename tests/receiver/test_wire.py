"""The receiver at the other end of a real connection: senders that are slow, large, many, or gone."""

import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from supops.adapters.clock import SystemClock
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.adapters.process_signals import StopRequest
from supops.errors import ConfigError, SupopsError
from supops.receiver import MAX_BODY
from supops.receiver_protocol import MAX_HEAD, MAX_MESSAGE, MOST_HEADERS, MOST_PIPELINED
from supops.receiver_server import Service, serve
from tests.fakes.journal import FakeJournal
from tests.receiver.asking import BODY, Wrapped, a_body, signed, sources, stored

SECONDS = 0.4


@dataclass
class Running:
    """A receiver in a thread of this process."""

    inbox: Wrapped
    trusted: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    metrics_port: int = 0
    worker: tuple[str, ...] = ()
    journal: FakeJournal = field(default_factory=FakeJournal)
    stop: StopRequest = field(default_factory=StopRequest)
    problem: Exception | None = None

    def start(self) -> None:
        service = Service(
            sources=sources(),
            path_secret="",
            host=self.host,
            port=0,
            trusted_proxies=self.trusted,
            metrics_port=self.metrics_port,
            inbox=self.inbox,
            clock=SystemClock(),
            journal=self.journal,
            name="test",
            worker=self.worker,
            workers=1 if self.worker else 0,
            seconds=SECONDS,
        )

        def run() -> None:
            try:
                serve(service, self.stop)
            except Exception as problem:  # noqa: BLE001
                self.problem = problem

        self._thread = threading.Thread(target=run)
        self._thread.start()
        until(lambda: bool(self.journal.of("listening")) or not self._thread.is_alive())

    @property
    def port(self) -> int:
        port = urlsplit(str(self.journal.of("listening")[0]["url"])).port
        assert port is not None
        return port

    def end(self) -> None:
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self.problem:
            raise self.problem

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def exchange(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Send pieces, and return all that comes back until the other side closes, or pauses."""
        with closing(self.connect()) as connection:
            for part in parts:
                try:
                    connection.sendall(part)
                except OSError:
                    break
                time.sleep(pause)
            return everything(connection)


def everything(connection: socket.socket, seconds: float = 3.0) -> bytes:
    connection.settimeout(seconds)
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except OSError:
        pass
    return found


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.005)


def head(body: bytes = BODY, *lines: str, length: int | None = None, close: bool = True) -> bytes:
    headers = signed(body, datetime.now(UTC)) | {"Host": "localhost"}
    text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text += "".join(f"{line}\r\n" for line in lines)
    if not any("chunked" in line for line in lines):
        text += f"Content-Length: {len(body) if length is None else length}\r\n"
    return f"POST /calendly HTTP/1.1\r\n{text}{'Connection: close' if close else 'X-Any: y'}\r\n\r\n".encode()


def statuses(answer: bytes) -> list[int]:
    return [int(line[9:12]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


@pytest.fixture
def inbox(tmp_path: Path) -> Wrapped:
    return Wrapped(SqliteDatabase(tmp_path / "inbox.db"))


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    one = Running(Wrapped(SqliteDatabase(tmp_path_factory.mktemp("receiver") / "inbox.db")))
    one.start()
    yield one
    one.end()


@pytest.fixture
def running(started: Running) -> Running:
    """One that runs on and on, with nothing in its store."""
    started.inbox.before = lambda: None
    started.inbox.clear()
    started.journal.lines[:] = [line for line in started.journal.lines if line[0] == "listening"]
    return started


def test_a_delivery(running: Running) -> None:
    answer = running.exchange(head() + BODY)

    assert statuses(answer) == [202]
    assert b"server:" not in answer.lower()
    assert len(stored(running.inbox)) == 1


def test_a_connection_is_used_again(running: Running) -> None:
    with closing(running.connect()) as connection:
        for number in range(5):
            connection.sendall(head(a_body(number), close=False) + a_body(number))
            assert statuses(connection.recv(4096)) == [202]
    assert len(stored(running.inbox)) == 5


def test_requests_that_are_sent_at_once_are_answered_in_their_order(running: Running) -> None:
    wrong = head(b"{}", close=False) + b"[]"
    answer = running.exchange(
        head(close=False)
        + BODY
        + wrong
        + head(a_body(2), close=False)
        + a_body(2)
        + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert statuses(answer) == [202, 401, 202, 200]
    assert len(stored(running.inbox)) == 2


def test_too_many_at_once_are_cut_off(running: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

    assert len(statuses(running.exchange(one * (MOST_PIPELINED + 50)))) <= MOST_PIPELINED + 1


def timed(work: Callable[[], bytes]) -> tuple[bytes, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"\r\n"] * 20,
        [b"POST /", *[b"a"] * 20],
        [b"POST /calendly HTTP/1.1\r\nHost: x\r\n", *[b"X-A: b\r\n"] * 20],
        [head(length=1000), *[b"x"] * 20],
        [head(b"", "Transfer-Encoding: chunked"), *[b"1\r\nx\r\n"] * 20],
        [b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 20],
    ],
    ids=["silent", "empty-lines", "request-line", "headers", "body", "chunks", "body-to-nowhere"],
)
def test_a_slow_sender_is_cut_off_at_the_deadline(running: Running, parts: list[bytes]) -> None:
    with closing(running.connect()) as connection:
        began = time.monotonic()
        for part in parts:
            try:
                connection.sendall(part)
            except OSError:
                break
            time.sleep(0.05)
        answer = everything(connection)
        took = time.monotonic() - began

    assert SECONDS * 0.9 <= took < 3 * SECONDS + 0.5
    assert statuses(answer) in ([], [408], [404])
    assert stored(running.inbox) == []


def test_a_slow_body_is_told_and_counted(running: Running) -> None:
    assert statuses(running.exchange(head(length=1000), b"x")) == [408]

    until(lambda: bool(running.journal.of("refused")))
    assert running.journal.of("refused")[0]["reason"] == "slow"


def test_a_sender_that_takes_its_time_but_not_too_much(running: Running) -> None:
    request = head() + BODY
    third = len(request) // 3

    assert statuses(
        running.exchange(request[:third], request[third : 2 * third], request[2 * third :], pause=0.05)
    ) == [202]


def test_a_connection_that_was_opened_early_costs_the_request_nothing(running: Running) -> None:
    with closing(running.connect()) as connection:
        time.sleep(SECONDS * 0.8)
        connection.sendall(head())
        time.sleep(SECONDS * 0.5)
        connection.sendall(BODY)

        assert statuses(everything(connection)) == [202]


def test_a_large_body_is_refused_while_it_is_read(running: Running) -> None:
    chunk = b"8000\r\n" + b" " * 0x8000 + b"\r\n"

    assert statuses(running.exchange(head(b"", "Transfer-Encoding: chunked"), *[chunk] * 12)) == [413]
    assert statuses(running.exchange(head(length=MAX_BODY + 1), b" " * (MAX_BODY + 1))) == [413]
    assert stored(running.inbox) == []


def test_a_body_without_end_is_cut_off(running: Running) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    _, took = timed(lambda: running.exchange(head(b"", "Transfer-Encoding: chunked"), *[chunk] * 200))

    assert took < 3
    assert stored(running.inbox) == []


def test_trailers_and_sizes_of_chunks_are_bounded_as_well(running: Running) -> None:
    start = head(b"", "Transfer-Encoding: chunked")
    trailers = [b"0\r\n", *[b"X-T: " + b"y" * 1000 + b"\r\n"] * 100]
    extension = [b"1;" + b"x" * 1000, *[b"x" * 65536] * (MAX_MESSAGE // 65536 + 4)]

    for parts in (trailers, extension):
        assert statuses(running.exchange(start, *parts)) in ([], [400], [408], [413], [431])


def test_lengths_that_lie(running: Running) -> None:
    assert statuses(running.exchange(head(length=len(BODY) - 1) + BODY))[0] == 401
    for lines in (["Content-Length: 5"], ["Transfer-Encoding: chunked", "Content-Length: 5"]):
        assert statuses(running.exchange(head(BODY, *lines) + BODY)) == [400]
    assert stored(running.inbox) == []


@pytest.mark.parametrize(
    "start",
    [
        b"GET /" + b"x" * (2 * MAX_HEAD) + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * (2 * MAX_HEAD) + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * (2 * MAX_HEAD),
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (MOST_HEADERS + 1) + b"\r\n",
    ],
    ids=["target", "header", "endless", "many"],
)
def test_headers_are_bounded(running: Running, start: bytes) -> None:
    assert statuses(running.exchange(start)) == [431]


def test_a_target_that_makes_no_sense_is_told_so(running: Running) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for start in (b"CONNECT a:1 HTTP/1.1\r\n\r\n", b"GET http://[::1 HTTP/1.1\r\n\r\n"):
        assert statuses(running.exchange(start)) == [400]
        with closing(running.connect()) as connection:
            connection.sendall(one)
            assert statuses(connection.recv(4096)) == [200]
            connection.sendall(start)
            assert statuses(everything(connection)) == [400]


def test_connections_are_bounded(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supops.receiver_protocol.MOST_CONNECTIONS", 3)
    with ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(closing(running.connect())).sendall(b"G")
        time.sleep(0.05)

        assert statuses(running.exchange(b"")) == [503]


def test_what_is_not_http_never_is_a_fault(running: Running) -> None:
    dice = random.Random(7)
    good = head(close=True) + BODY
    lines = [
        b"",
        b"\r\n",
        b"\x00\xff",
        b"GET * HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]
    lines += [
        b"POST http://[::1 HTTP/1.1\r\n\r\n",
        b"POST /%ff%00 HTTP/1.1\r\n\r\n",
        b"POST \xff HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ]
    lines += [
        good.replace(b"X-Any", b"Upgrade"),
        good.replace(b"Connection: close", b"Connection: Upgrade\r\nUpgrade: websocket"),
    ]
    lines += [
        good.replace(b"Host", b"Expect: 100-continue\r\nHost"),
        good.replace(b"HTTP/1.1", b"HTTP/0.9"),
        b"GET / HTTP/9.9\r\n\r\n",
    ]
    for _ in range(150):
        changed = bytearray(good)
        for _ in range(dice.randrange(1, 4)):
            changed[dice.randrange(len(head()))] = dice.randrange(256)
        lines.append(bytes(changed))
    found: set[int] = set()
    for line in lines:
        with closing(running.connect()) as connection:
            connection.sendall(line)
            connection.shutdown(socket.SHUT_WR)
            found.update(statuses(everything(connection, 1.0)))

    assert found <= {100, 200, 202, 400, 401, 404, 405, 408, 413, 431}
    assert 400 in found
    assert running.journal.of("fault") == []
    assert statuses(running.exchange(head() + BODY)) == [202]


def test_who_hangs_up_while_it_is_stored_has_delivered(running: Running) -> None:
    first, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        first.set()
        go_on.wait(5)

    running.inbox.before = hold
    with closing(running.connect()) as connection:
        connection.sendall(head() + BODY)
        assert first.wait(5)
    go_on.set()

    until(lambda: len(stored(running.inbox)) == 1)
    running.inbox.before = lambda: None
    assert statuses(running.exchange(head() + BODY)) == [202]
    assert running.journal.events.count("repeat") == 1


def test_what_is_being_stored_when_it_ends_is_answered(inbox: Wrapped) -> None:
    one = Running(inbox)
    one.start()
    first = threading.Event()

    def slowly() -> None:
        first.set()
        time.sleep(0.4)

    inbox.before = slowly
    with closing(one.connect()) as connection, closing(one.connect()) as idle:
        connection.sendall(head() + BODY)
        assert first.wait(5)
        one.stop.set()

        assert statuses(everything(connection)) == [202]
        assert everything(idle) == b""
    one.end()
    assert len(stored(inbox)) == 1
    assert inbox.processes() == ()
    assert one.journal.events[-2:] == ["stored", "ended"]
    with pytest.raises(ConnectionRefusedError):
        one.connect()


def test_it_takes_part_until_its_last_worker_has_ended(
    inbox: Wrapped, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supops.receiver_server.SECONDS", 0.05)
    seen: list[float] = []
    monkeypatch.setattr(inbox, "seen", lambda _: seen.append(time.monotonic()))
    code = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: time.sleep(0.5) or exit()); print(); time.sleep(60)"
    running = Running(inbox, worker=(sys.executable, "-S", "-c", code))
    running.start()
    time.sleep(0.5)

    began = time.monotonic()
    running.end()

    assert len([one for one in seen if one > began + 0.1]) >= 3


def test_the_address_in_the_journal_is_the_one_that_trusted_proxies_tell(inbox: Wrapped) -> None:
    for trusted, client in (
        ((), "127.0.0.1"),
        (("127.0.0.0/8",), "192.0.2.9"),
        (("10.0.0.0/8",), "127.0.0.1"),
    ):
        one = Running(inbox, trusted)
        one.start()
        one.exchange(head(BODY, "X-Forwarded-For: 198.51.100.1, 192.0.2.9") + BODY)
        one.end()
        assert [facts["client"] for event, facts in one.journal.lines if event in ("stored", "repeat")] == [
            client
        ]


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy", "*", ""])
def test_proxies_are_addresses(inbox: Wrapped, network: str) -> None:
    one = Running(inbox, (network,))
    one.start()

    with pytest.raises(ConfigError, match=r"receiver\.trusted_proxies"):
        one.end()


def test_metrics_are_on_a_port_of_their_own(inbox: Wrapped) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = int(free.getsockname()[1])
        taken = Running(inbox, metrics_port=port)
        taken.start()
        with pytest.raises(SupopsError, match="another process has that port") as raised:
            taken.end()
        assert "receiver.metrics_port" in raised.value.hint
    one = Running(inbox, metrics_port=port)
    one.start()
    one.exchange(head() + BODY)
    one.exchange(head() + BODY)
    one.exchange(head() + b"x" * len(BODY))

    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    one.end()

    for line in (
        'supops_webhooks_received_total{source="calendly"} 3.0',
        'supops_webhooks_stored_total{source="calendly"} 1.0',
        'supops_webhooks_repeats_total{source="calendly"} 1.0',
        'supops_webhooks_unstored_total{source="calendly"} 0.0',
        'supops_webhooks_refused_total{reason="signature"} 1.0',
        'supops_webhooks_refused_total{reason="slow"} 0.0',
        'supops_webhooks_deliveries{state="pending"} 1.0',
        'supops_webhooks_deliveries{state="dead"} 0.0',
        "supops_webhooks_backlog 1.0",
        "supops_webhooks_store_writable 1.0",
        "supops_webhooks_answer_seconds_count 3.0",
    ):
        assert line in text.splitlines()
    assert "supops_webhooks_oldest_due_seconds" in text


@pytest.mark.parametrize(
    ("host", "said"), [("no.such.host.example.com", "no address"), ("192.0.2.1", "can't be listened on")]
)
def test_an_address_that_is_not_here(inbox: Wrapped, host: str, said: str) -> None:
    one = Running(inbox, host=host)
    one.start()

    with pytest.raises(SupopsError, match=said):
        one.end()


def test_a_store_that_can_not_be_used_is_known_at_once(tmp_path: Path) -> None:
    (tmp_path / "inbox.db").write_bytes(b"not a database" * 100)
    one = Running(Wrapped(SqliteDatabase(tmp_path / "inbox.db")))
    one.start()

    with pytest.raises(SupopsError, match="store of deliveries"):
        one.end()
