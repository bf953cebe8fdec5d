"""Work in parallel, in threads that die with the program: an interrupt never waits for a slow answer."""

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(work: Callable[[Item], Result], items: Iterable[Item], *, limit: int) -> Iterator[Result]:
    """Do the work for every item, at most `limit` at once, and yield results as they are ready.

    The first exception ends it: it is raised here, and no further item is begun. So does leaving the iterator.
    """
    waiting: SimpleQueue[Item] = SimpleQueue()
    count = 0
    for item in items:
        waiting.put(item)
        count += 1
    done: SimpleQueue[Result | _Failed] = SimpleQueue()
    stopped = threading.Event()

    def worker() -> None:
        while not stopped.is_set():
            try:
                item = waiting.get_nowait()
            except Empty:  # another thread took the last one
                return
            try:
                done.put(work(item))
            except BaseException as error:  # noqa: BLE001  (raised again where the results are read)
                done.put(_Failed(error))
                return

    # Daemon threads, unlike those of concurrent.futures, are not waited for when the program ends.
    for _ in range(min(limit, count)):
        threading.Thread(target=worker, daemon=True).start()
    try:
        for _ in range(count):
            result = done.get()
            if isinstance(result, _Failed):
                raise result.error
            yield result
    finally:
        stopped.set()


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error
