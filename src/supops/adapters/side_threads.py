"""Work in threads beside other work."""

import threading
from collections.abc import Callable, Iterator
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
