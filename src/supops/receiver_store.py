"""Storing what is received: one writer for all, and one durable commit for all that wait."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from supops.errors import SupopsError
from supops.models.deliveries import Backlog, NewDelivery
from supops.services.inbox_ports import Inbox
from supops.services.ports import Clock

# At most so many, and so much, wait for a commit; whoever comes then is asked to come again.
MOST_WAITING = 2000
MOST_WAITING_BYTES = 32 * 1024 * 1024
MOST_AT_ONCE = 256
# How long what is known of the store may be told again.
FRESH_SECONDS = 2.0
LONGEST_FRESH_SECONDS = 30.0
# Longer than a lock of the store is waited for; shorter than those wait who ask (Prometheus: 10 s).
PATIENCE_SECONDS = 8.0

Answer = asyncio.Future["int | None"]


class Overloaded(SupopsError):
    """More deliveries wait to be stored than should."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    delivery: NewDelivery
    answer: Answer
    loop: asyncio.AbstractEventLoop


class Writer:
    """A thread that stores deliveries. Whoever waits is told only when the commit that has the delivery is on the disk.

    Args:
        inbox: Used by this thread only.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._queue: list[_Waiting] = []
        self._size = 0
        self._condition = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def store(self, delivery: NewDelivery) -> Answer:
        """Return the future id of a delivery, None for a repeat; or the error why it could not be stored.

        Nothing changes when nobody waits for it any more.

        Raises:
            Overloaded: Too many wait.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(delivery, loop.create_future(), loop)
        with self._condition:
            is_full = len(self._queue) >= MOST_WAITING or self._size >= MOST_WAITING_BYTES
            if self._is_closing or is_full:
                raise Overloaded(f"{len(self._queue)} deliveries wait to be stored")
            self._queue.append(waiting)
            self._size += len(delivery.body)
            self._condition.notify()
        return waiting.answer

    def close(self) -> None:
        """Store what waits, and end."""
        with self._condition:
            self._is_closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._is_closing:
                    self._condition.wait()
                if not self._queue:
                    return
                taken, self._queue = self._queue[:MOST_AT_ONCE], self._queue[MOST_AT_ONCE:]
            self._write(taken)
            with self._condition:
                # Until then they are in memory.
                self._size -= sum(len(one.delivery.body) for one in taken)

    def _write(self, taken: Sequence[_Waiting]) -> None:
        try:
            stored = self._inbox.add([one.delivery for one in taken])
        except SupopsError as error:
            _tell(taken, [error] * len(taken))
        except Exception as error:  # noqa: BLE001  (a fault of ours: nobody may wait for ever, and the next may be stored)
            if len(taken) > 1:
                # One that can't be stored must not keep the others from it.
                for one in taken:
                    self._write([one])
            else:
                _tell(taken, [SupopsError(f"{type(error).__name__}. This is a bug of supops.")])
        else:
            _tell(taken, stored)


def _tell(taken: Sequence[_Waiting], results: Sequence[int | SupopsError | None]) -> None:
    def tell() -> None:
        for one, result in zip(taken, results, strict=True):
            if one.answer.done():
                continue
            if isinstance(result, SupopsError):
                one.answer.set_exception(result)
            else:
                one.answer.set_result(result)

    try:
        # They all came through one loop.
        taken[0].loop.call_soon_threadsafe(tell)
    except RuntimeError:
        # It has ended: nobody waits.
        return


@dataclass(frozen=True, slots=True)
class StoreState:
    """What is known of the store.

    Attributes:
        problem: Why nothing can be stored; empty where that can be.
        backlog: None where it can't be read.
        oldest_seconds: For how long the oldest one that is due has been so; 0 for none.
    """

    problem: str
    backlog: Backlog | None
    oldest_seconds: float


SILENT = StoreState("it does not answer", None, 0.0)


class StoreWatch:
    """Looks at the store, but not more often than every few seconds, however often it is asked. Any thread may ask.

    Args:
        inbox: Used by one thread only.
        fresh: For how many seconds an answer is given again.
        patience: After how many seconds a store that does not answer is one that can't be used.
    """

    def __init__(
        self,
        inbox: Inbox,
        clock: Clock,
        *,
        fresh: float = FRESH_SECONDS,
        patience: float = PATIENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._clock = clock
        self._fresh = fresh
        self._patience = patience
        self._monotonic = monotonic
        self._known: StoreState | None = None
        self._until = 0.0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="watch")

    def state(self) -> StoreState:
        """Return what is known; wait for it."""
        looking = self._executor.submit(self._state)
        try:
            return looking.result(self._patience)
        except TimeoutError:
            # One that has not begun will not: there may be many of them by now.
            looking.cancel()
            return SILENT

    async def state_soon(self) -> StoreState:
        """Return what is known, without keeping others from their turn."""
        looking = asyncio.wrap_future(self._executor.submit(self._state))
        try:
            return await asyncio.wait_for(looking, self._patience)
        except TimeoutError:
            return SILENT

    async def beside(self, work: Callable[[], None]) -> None:
        """Do something else with the store in the same thread."""
        await asyncio.wrap_future(self._executor.submit(work))

    def close(self) -> None:
        """End."""
        self._executor.shutdown()

    def _state(self) -> StoreState:
        if self._known is None or self._monotonic() >= self._until:
            self._known, counting = self._look()
            # To count a million takes a while, and must not be all that is done.
            self._until = self._monotonic() + max(self._fresh, min(counting * 20, LONGEST_FRESH_SECONDS))
        return self._known

    def _look(self) -> tuple[StoreState, float]:
        """Look, and return what is known and how long the counting took; what a lock took is no work of ours."""
        now = self._clock.now()
        try:
            self._inbox.check()
            began = self._monotonic()
            backlog = self._inbox.backlog(now)
        except SupopsError as error:
            return StoreState(error.message, None, 0.0), 0.0
        oldest = (now - backlog.oldest).total_seconds() if backlog.oldest else 0.0
        return StoreState("", backlog, max(0.0, oldest)), self._monotonic() - began
