"""``supops webhooks serve`` and ``worker``: the processes that receive and process deliveries."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.options import new_group, wiring_of

if TYPE_CHECKING:
    from supops.services.inbox_ports import Journal
    from supops.wiring import Wiring

app = new_group("Receive deliveries, and process them.")

MOST_WORKERS = 64


class LogFormat(StrEnum):
    """How the journal is written."""

    TEXT = "text"
    JSON = "json"


LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="How to write what happens to standard error.")
]


HostOption = Annotated[
    str | None, typer.Option("--host", help="Address to listen on, instead of receiver.host.")
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, help="Port, instead of receiver.port; 0 for any that is free."),
]
PathOption = Annotated[
    str | None, typer.Option("--path", help="Path of Calendly's deliveries, instead of receiver.path.")
]
MetricsPortOption = Annotated[
    int | None,
    typer.Option(
        "--metrics-port",
        min=0,
        max=65535,
        help="Port of /metrics, instead of receiver.metrics_port; 0 for none.",
    ),
]
WorkersOption = Annotated[
    int, typer.Option("--workers", min=0, max=MOST_WORKERS, help="How many workers to run beside.")
]


@app.command()
def serve(
    ctx: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    path: PathOption = None,
    metrics_port: MetricsPortOption = None,
    workers: WorkersOption = 1,
    log_format: LogFormatOption = LogFormat.TEXT,
) -> None:
    """Receive deliveries, store them, and have workers process them.

    Answers 202 when a delivery is on the disk. At SIGTERM or an interrupt it answers what it has begun, lets each worker finish what it
    is at, and ends with status 0.
    """
    from supops.adapters.extras import needed

    with needed("the receiver", extra="receiver"):
        from supops.receiver_server import Service
        from supops.receiver_server import serve as serve_deliveries
    from supops.adapters.process_signals import process_name, stop_on_signals
    from supops.models.hosts import is_loopback

    wiring = wiring_of(ctx)
    settings, receiver = wiring.config.settings.receiver, wiring.webhooks.receiver
    stop = stop_on_signals()
    journal, address = _journal(wiring, log_format), host or settings.host
    if not is_loopback(address):
        wiring.terminal.warn(
            f"{address} is not the loopback address, and this is plain HTTP: have a proxy in front that speaks TLS"
        )
    service = Service(
        sources=receiver.sources(path),
        path_secret=receiver.path_secret,
        host=address,
        port=settings.port if port is None else port,
        trusted_proxies=settings.trusted_proxies,
        metrics_port=settings.metrics_port if metrics_port is None else metrics_port,
        inbox=wiring.webhooks.inbox,
        clock=wiring.clock,
        journal=journal,
        name=process_name(),
        worker=receiver.worker_command("--with-parent", "--log-format", log_format),
        workers=workers,
    )
    serve_deliveries(service, stop)


@app.command()
def worker(
    ctx: typer.Context,
    log_format: LogFormatOption = LogFormat.TEXT,
    with_parent: Annotated[
        bool,
        typer.Option("--with-parent", hidden=True, help="End when standard input does."),
    ] = False,
) -> None:
    """Process deliveries, as one more worker: beside a receiver on this machine, or with a store in PostgreSQL on any other.

    At SIGTERM or an interrupt it finishes the delivery that it is at, and ends with status 0.
    """
    import signal
    import time
    from contextlib import suppress

    from supops.adapters.process_signals import process_name, stop_on_signals, stop_with_parent
    from supops.adapters.side_threads import repeated, side_by_side
    from supops.errors import SupopsError
    from supops.services.ticking import SECONDS, Ticker, heartbeat

    wiring = wiring_of(ctx)
    # An interrupt on the terminal reaches all; the receiver tells its workers when they should end.
    stop = stop_on_signals(ignored=[signal.SIGINT] if with_parent else [])
    if with_parent:
        stop_with_parent(stop)
    journal, name, webhooks = _journal(wiring, log_format), process_name(), wiring.webhooks
    beat = Ticker([heartbeat(webhooks.inbox, wiring.clock, name, "worker")], journal, time.monotonic, 0.0)
    processor = webhooks.processor(name, journal)
    journal.tell("working", worker=name)
    try:
        tick = Ticker([webhooks.schedule_tick()], journal, time.monotonic)
        deliveries = webhooks.engine(journal, tick, slots=False)
        # A schedule's command may take an hour: deliveries don't wait for it.
        slots = webhooks.engine(journal, lambda: None, slots=True)
        with repeated(beat, seconds=SECONDS):
            side_by_side(
                lambda: deliveries.run(processor.process, stop=stop),
                lambda: slots.run(processor.process, stop=stop),
                stop.set,
            )
    finally:
        with suppress(SupopsError):
            webhooks.inbox.gone(name)
    journal.tell("ended", worker=name)


def _journal(wiring: "Wiring", log_format: LogFormat) -> "Journal":
    """Return the journal; whatever else is said is in it as well."""
    import sys

    from supops.render.journal import JournalTerminal, JsonJournal, TextJournal

    kind = TextJournal if log_format is LogFormat.TEXT else JsonJournal
    journal, options = kind(sys.stderr, wiring.clock.now), wiring.options
    wiring.opened.callback(journal.close)
    wiring.terminal = JournalTerminal(
        sys.stdout,
        sys.stderr,
        journal,
        quiet=options.quiet,
        verbose=options.verbose,
        debug=options.debug,
    )
    return journal
