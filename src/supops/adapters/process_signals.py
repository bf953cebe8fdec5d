"""Signals that ask a process to end: it ends what it is at, and nothing is cut in the middle."""

import os
import secrets
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterable
from types import FrameType

from supops.services.inbox_ports import Stop

GRACEFUL = (signal.SIGTERM, signal.SIGINT)


class StopRequest(Stop):
    """Remembers that it is time to end. Unlike with a `threading.Event`, a signal's handler may say so at any moment."""

    def __init__(self) -> None:
        self._is_set = False
        self._reader, self._writer = os.pipe()
        self._callbacks: list[Callable[[], None]] = []

    def set(self) -> None:
        """Say that it is time."""
        if not self._is_set:
            self._is_set = True
            os.write(self._writer, b"x")
            for callback in self._callbacks:
                callback()

    def then(self, callback: Callable[[], None]) -> None:
        """Have something called when it is time, from within a signal's handler: it must do next to nothing."""
        self._callbacks.append(callback)

    def is_set(self) -> bool:
        """See `Stop`."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """See `Stop`."""
        if not self._is_set:
            select.select([self._reader], [], [], timeout)
        return self._is_set


def stop_on_signals(*, ignored: Iterable[signal.Signals] = ()) -> StopRequest:
    """Have the signals that ask this process to end do no more than that, from now on.

    Args:
        ignored: Those that do nothing at all.
    """
    stop = StopRequest()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for one in GRACEFUL:
        signal.signal(one, signal.SIG_IGN if one in ignored else ask)
    return stop


def stop_with_parent(stop: StopRequest, file: int = 0) -> None:
    """End when the process that holds the other end of a pipe has ended, however it did.

    Args:
        stop: Told so.
        file: The pipe's end here; by default this process's standard input.
    """

    def watch() -> None:
        while True:
            try:
                if not os.read(file, 1024):
                    break
            except OSError:
                break
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def process_name() -> str:
    """Return a name for this process that no other has, on any machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
