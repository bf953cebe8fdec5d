"""Work in threads beside other work."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def repeated(work: Callable[[], None], *, seconds: float) -> Iterator[None]:
    """Do something at once, and then again and again while the block runs, however long that takes.

    Args:
        work: What.
        seconds: The pause.
    """
    over = threading.Event()

    def repeat() -> None:
        while True:
            work()
            if over.wait(seconds):
                return

    thread = threading.Thread(target=repeat, name="repeated", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def side_by_side(here: Callable[[], None], beside: Callable[[], None], end: Callable[[], None]) -> None:
    """Do two things at the same time, until both have ended. When one fails, the other is asked to end.

    Args:
        here: Done in this thread.
        beside: Done in another one.
        end: Asks both to end.
    """

    def ending(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:
            end()
            raise

    with ThreadPoolExecutor(1, thread_name_prefix="beside") as executor:
        other = executor.submit(ending, beside)
        ending(here)
        other.result()
