"""Signals that ask a process to end: it ends what it is at, and nothing is cut in the middle."""

import os
import secrets
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType

from supops.services.inbox_ports import Stop

GRACEFUL = (signal.SIGTERM, signal.SIGINT)
GRACE_SECONDS = 10.0
# The variable that names the pipe of a process that has to end with the one that has started it.
PARENT_PIPE = "SUPOPS_PARENT_PIPE"


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
        _wait_for_end(file)
        stop.set()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def end_with_parent(file: int, *, grace: float = GRACE_SECONDS) -> None:
    """Have this process end when the one that holds the other end of a pipe has ended: asked to, and then by force.

    Args:
        file: The pipe's end here.
        grace: How many seconds it has for putting things away. Then what it has started in its session ends as well.
    """
    os.set_inheritable(file, False)  # noqa: FBT003

    def watch() -> None:
        _wait_for_end(file)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace)
        with suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _wait_for_end(file: int) -> None:
    """Wait until nobody holds the other end of a pipe any more."""
    with suppress(OSError):
        while os.read(file, 1024):
            pass


def process_name() -> str:
    """Return a name for this process that no other has, on any machine."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
