"""Lines on their way to a stream that perhaps nobody reads: whoever tells something never waits for whoever reads."""

import io
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

# So much may wait for a reader that takes its time.
MOST_BYTES = 1024 * 1024
# What a pipe takes whole, so that the lines of several processes don't mix.
WHOLE_BYTES = 4096


class LineQueue:
    """Hands lines to a thread that writes them. What does not fit is left out, and counted.

    Args:
        stream: Where to; one that is gone is no reason to stop.
        left_out: Returns the line that says how many were left out, told as soon as something is read again.
        most: How many bytes may wait.
    """

    def __init__(self, stream: TextIO, left_out: Callable[[int], str], *, most: int = MOST_BYTES) -> None:
        self._write = _writer(stream)
        self._left_out = left_out
        self._most = most
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._missing = 0
        self._is_writing = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="journal", daemon=True).start()

    def put(self, line: str) -> None:
        """Have a line written, after those before it. Returns at once."""
        data = f"{line}\n".encode("utf-8", "backslashreplace")
        with self._changed:
            # After one that was left out come no others: what is told would have a gap that nobody sees.
            if self._missing or self._size + len(data) > self._most:
                self._missing += 1
                return
            self._waiting.append(data)
            self._size += len(data)
            self._changed.notify_all()

    def flush(self, seconds: float) -> None:
        """Wait until all is written, but not longer than so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._waiting or self._missing or self._is_writing), seconds)

    def _run(self) -> None:
        while True:
            data = self._next()
            # Nothing may depend on whether somebody reads along.
            with suppress(OSError, ValueError):
                self._write(data)
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()

    def _next(self) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._missing)
            if not self._waiting:
                self._waiting.append(f"{self._left_out(self._missing)}\n".encode())
                self._missing = 0
                self._size = len(self._waiting[0])
            taken = [self._waiting.popleft()]
            length = len(taken[0])
            while self._waiting and length + len(self._waiting[0]) <= WHOLE_BYTES:
                taken.append(self._waiting.popleft())
                length += len(taken[-1])
            self._size -= length
            self._is_writing = True
            return b"".join(taken)


def _writer(stream: TextIO) -> Callable[[bytes], None]:
    """Return what writes to a stream; to its file, where it has one, so that no lock is held while nobody reads."""
    try:
        file = stream.fileno()
    except (OSError, ValueError, io.UnsupportedOperation):

        def write(data: bytes) -> None:
            stream.write(data.decode())
            stream.flush()

        return write

    def write_all(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(file, rest) :]
            except BlockingIOError:
                select.select([], [file], [], 1.0)

    return write_all
