"""The receiver as a process: its port, its server, its workers, and how it ends without losing what it has begun."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_network

import uvicorn
import uvloop

from supops.adapters.process_signals import StopRequest
from supops.errors import ConfigError, SupopsError
from supops.receiver import Receiver
from supops.receiver_metrics import Metrics, serve_metrics
from supops.receiver_protocol import REQUEST_SECONDS, BoundedProtocol
from supops.receiver_store import StoreWatch, Writer
from supops.receiver_workers import Workers
from supops.services.inbox_ports import Inbox, Journal, Source
from supops.services.ports import Clock
from supops.services.ticking import SECONDS, heartbeat

# Longer than proxies keep a connection (nginx: 60 s): one that they use again must not be one that we are about to close.
KEEP_ALIVE_SECONDS = 75
# What is being answered when it is time to end has so long.
GRACEFUL_SECONDS = 15
BACKLOG = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is to be served.

    Attributes:
        sources: By path.
        path_secret: The last part of each path; empty for none.
        trusted_proxies: Addresses and networks whose X-Forwarded-For is believed.
        metrics_port: 0 for none.
        name: Of this process, in the store.
        worker: The command line of a worker.
        workers: How many of them.
        seconds: How long a request may take to arrive.
    """

    sources: Mapping[str, Source]
    path_secret: str
    host: str
    port: int
    trusted_proxies: Sequence[str]
    metrics_port: int
    inbox: Inbox
    clock: Clock
    journal: Journal
    name: str
    worker: Sequence[str]
    workers: int
    seconds: float = REQUEST_SECONDS


def serve(service: Service, stop: StopRequest, new_writer: Callable[[Inbox], Writer] = Writer) -> None:
    """Receive deliveries until it is time to end.

    Args:
        service: What is to be served.
        stop: Says when it is time.
        new_writer: Makes what stores deliveries.

    Raises:
        SupopsError: The port is taken, or the store can't be used.
    """
    _check_proxies(service.trusted_proxies)
    # That nothing can be stored is better known now than by the first delivery.
    service.inbox.check()
    listening = _listen(service.host, service.port)
    metrics, watch = Metrics(), StoreWatch(service.inbox, service.clock)
    try:
        exporter = serve_metrics(service.metrics_port, metrics, watch) if service.metrics_port else None
    except SupopsError:
        for one in listening:
            one.close()
        raise
    writer = new_writer(service.inbox)
    receiver = Receiver(
        sources=service.sources,
        writer=writer,
        watch=watch,
        clock=service.clock,
        journal=service.journal,
        metrics=metrics,
        path_secret=service.path_secret,
    )
    _tell_where(service, listening)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(service, receiver, listening, stop))
    finally:
        writer.close()
        if exporter is not None:
            exporter.close()
        # Nothing says any more that this process takes part, when it says that it is gone.
        watch.close()
        with suppress(SupopsError):
            service.inbox.gone(service.name)
        receiver.refusals.settle(ends=True)
    service.journal.tell("ended")


async def _run(
    service: Service, receiver: Receiver, listening: Sequence[socket.socket], stop: StopRequest
) -> None:
    server = _Server(_configured(service, receiver), receiver.journal)
    workers = Workers(service.worker, service.workers, service.journal)
    stop.then(server.end)
    if stop.is_set():
        server.end()
    beating = asyncio.create_task(_beat(service, receiver))
    working = asyncio.create_task(workers.run())
    try:
        # Returns when every request that was begun is answered.
        await server.serve(sockets=list(listening))
    finally:
        workers.end()
        await working
        # Until the last worker has ended this process takes part, and says so.
        beating.cancel()


def _configured(service: Service, receiver: Receiver) -> uvicorn.Config:
    bounds = {"metrics": receiver.metrics, "seconds": service.seconds}
    return uvicorn.Config(
        receiver.app(),
        http=type("Protocol", (BoundedProtocol,), bounds),
        ws="none",
        lifespan="off",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(service.trusted_proxies),
        forwarded_allow_ips=list(service.trusted_proxies),
        workers=1,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn's, with signals left to us, and its own words in the journal."""

    def __init__(self, config: uvicorn.Config, journal: Journal) -> None:
        super().__init__(config)
        self._journal = journal
        self._words = _Words(journal)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, and answer what was begun."""
        self._journal.tell("ending", text="nothing more is received; what was begun is finished")
        await super().shutdown(sockets=sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone; what uvicorn has to say goes to the journal meanwhile."""
        logger = logging.getLogger("uvicorn.error")
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.addHandler(self._words)
        try:
            yield
        finally:
            logger.removeHandler(self._words)

    def end(self) -> None:
        """Take nothing new, answer what is there, and end."""
        self.should_exit = True


class _Words(logging.Handler):
    """Tells the journal of uvicorn's errors: what kind they are, and nothing that a request brought."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.ERROR)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of one."""
        kind = record.exc_info[0] if record.exc_info else None
        said = str(record.msg).strip()
        self._journal.tell("fault", error=f"{said} ({kind.__name__})" if kind else said)


async def _beat(service: Service, receiver: Receiver) -> None:
    beat = heartbeat(service.inbox, service.clock, service.name, "receiver")
    while True:
        receiver.refusals.settle()
        with suppress(SupopsError):
            await receiver.watch.beside(beat)
        await asyncio.sleep(SECONDS)


def _listen(host: str, port: int) -> list[socket.socket]:
    """Return sockets at every address of a host; with port 0 all at the same one that is free."""
    opened: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            actual = opened[0].getsockname()[1] if opened else port
            opened.append(socket.create_server((str(address[0]), actual), family=family, backlog=BACKLOG))
    except OSError as error:
        for one in opened:
            one.close()
        raise _not_listening(host, port, error) from None
    return opened


def _not_listening(host: str, port: int, error: OSError) -> SupopsError:
    where = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return ConfigError(
            f"{host} is no address of this machine.", hint="Set receiver.host, or give --host."
        )
    if error.errno == errno.EADDRINUSE:
        return SupopsError(
            f"Another process listens on {where} already.",
            hint="End that one, or set receiver.port, or give --port.",
        )
    if error.errno == errno.EACCES:
        return SupopsError(
            f"{where} can't be listened on: ports below 1024 are for the system.",
            hint="Take a higher one, and have a proxy in front that speaks TLS.",
        )
    return SupopsError(
        f"{where} can't be listened on: {error.strerror}.", hint="Set receiver.host, or give --host."
    )


def _tell_where(service: Service, listening: Sequence[socket.socket]) -> None:
    secret = "/***" if service.path_secret else ""
    for one in listening:
        host, port = one.getsockname()[:2]
        address = f"[{host}]" if one.family == socket.AF_INET6 else host
        for path, source in service.sources.items():
            url = f"http://{address}:{port}{path}{secret}"
            service.journal.tell("listening", source=source.name, url=url)


def _check_proxies(networks: Sequence[str]) -> None:
    for one in networks:
        try:
            ip_network(one)
        except ValueError as error:
            raise ConfigError(
                f"receiver.trusted_proxies: {error}.",
                hint="Name addresses or networks, such as 10.0.0.0/8.",
            ) from None
