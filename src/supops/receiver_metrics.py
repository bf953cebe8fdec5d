"""What the receiver counts, and where Prometheus finds it."""

import errno
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import HTTPServer

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from supops.errors import SupopsError
from supops.models.deliveries import State
from supops.receiver_store import StoreWatch

LOOPBACK = "127.0.0.1"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Why a request is refused. Each is there from the beginning, so that its growth can be seen.
REASONS = ("signature", "size", "json", "slow", "method", "path", "gone", "busy", "http")


@dataclass(frozen=True, slots=True)
class Metrics:
    """Counters, in a registry of their own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    received: Counter = field(init=False)
    refused: Counter = field(init=False)
    stored: Counter = field(init=False)
    repeats: Counter = field(init=False)
    unstored: Counter = field(init=False)
    seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        def counter(name: str, text: str, labels: tuple[str, ...] = ("source",)) -> Counter:
            return Counter(f"supops_webhooks_{name}", text, labels, registry=self.registry)

        made = {
            "received": counter("received", "Requests to the path of a source."),
            "refused": counter("refused", "Requests that were refused, and why.", ("reason",)),
            "stored": counter("stored", "Deliveries that were stored."),
            "repeats": counter("repeats", "Deliveries that had been stored before."),
            "unstored": counter("unstored", "Deliveries that could not be stored."),
            "seconds": Histogram(
                "supops_webhooks_answer_seconds",
                "Time from a request's headers to its answer.",
                registry=self.registry,
                buckets=BUCKETS,
            ),
        }
        for name, one in made.items():
            object.__setattr__(self, name, one)
        for reason in REASONS:
            self.refused.labels(reason)


class StoreCollector(Collector):
    """Tells what is in the store, when Prometheus asks."""

    def __init__(self, watch: StoreWatch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        """Yield the store's metrics; only that it can't be used where that is so."""
        state = self._watch.state()
        yield GaugeMetricFamily(
            "supops_webhooks_store_writable",
            "Whether deliveries can be stored.",
            value=0 if state.problem else 1,
        )
        if state.backlog is None:
            return
        deliveries = GaugeMetricFamily(
            "supops_webhooks_deliveries", "Deliveries in the store, by state.", labels=("state",)
        )
        for one in State:
            deliveries.add_metric((str(one),), state.backlog.counts.get(one, 0))
        yield deliveries
        yield GaugeMetricFamily(
            "supops_webhooks_backlog",
            "Deliveries that wait, or are being processed.",
            value=state.backlog.open,
        )
        yield GaugeMetricFamily(
            "supops_webhooks_oldest_due_seconds",
            "For how long the oldest delivery that is due has been so.",
            value=state.oldest_seconds,
        )


@dataclass(frozen=True, slots=True)
class MetricsServer:
    """Serves the metrics on the loopback address."""

    server: HTTPServer
    thread: threading.Thread

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server.server_address[1])

    def close(self) -> None:
        """End."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def serve_metrics(port: int, metrics: Metrics, watch: StoreWatch) -> MetricsServer:
    """Serve the metrics on a port of the loopback address; 0 for any.

    Raises:
        SupopsError: Another process has the port.
    """
    metrics.registry.register(StoreCollector(watch))
    try:
        server, thread = start_http_server(port, addr=LOOPBACK, registry=metrics.registry)
    except OSError as error:
        reason = (
            "another process has that port"
            if error.errno == errno.EADDRINUSE
            else str(error.strerror or error)
        )
        raise SupopsError(
            f"Metrics can't be served on {LOOPBACK}:{port}: {reason}.",
            hint="Set receiver.metrics_port to another port, or to 0 for no metrics.",
        ) from None
    return MetricsServer(server, thread)
