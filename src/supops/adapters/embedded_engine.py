"""The engine of one machine: looks into the store for what is due, and takes it with a lease."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from supops.errors import SupopsError
from supops.models.deliveries import Claim
from supops.services.inbox_ports import Engine, Inbox, Journal, Queue, Stop, Work
from supops.services.ports import Clock

POLL_SECONDS = 0.2
# After the store could not be used.
PAUSE_SECONDS = 2.0


class EmbeddedEngine(Engine):
    """Asks the store again and again.

    Args:
        queue: The store.
        tick: Called between deliveries, for what has to be done from time to time.
        poll: Seconds between two looks, when there is nothing to do.
        slots: True for slots of schedules only, False for all other deliveries; None for both.
    """

    def __init__(
        self,
        queue: Queue,
        *,
        clock: Clock,
        journal: Journal,
        tick: Callable[[], None] = lambda: None,
        poll: float = POLL_SECONDS,
        slots: bool | None = None,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._journal = journal
        self._tick = tick
        self._poll = poll
        self._slots = slots

    def run(self, work: Work, *, stop: Stop) -> None:
        """See `Engine`."""
        while not stop.is_set():
            try:
                self._tick()
                identity = self._queue.due(self._clock.now(), slots=self._slots)
                if identity is None:
                    stop.wait(self._poll)
                elif work(identity) is not None:
                    # It failed, or somebody else was faster.
                    stop.wait(self._poll / 10)
            except SupopsError as error:
                self._journal.tell("store", error=error.message)
                stop.wait(PAUSE_SECONDS)


@contextmanager
def kept(inbox: Inbox, clock: Clock, lease: timedelta, claim: Claim) -> Iterator[None]:
    """Renew a claim, again and again, while the block runs. One that was lost is not taken back."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease.total_seconds() / 3):
            try:
                if not inbox.renew(claim, until=clock.now() + lease):
                    return
            except SupopsError:
                # It is tried again in time, or somebody takes over.
                continue

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
