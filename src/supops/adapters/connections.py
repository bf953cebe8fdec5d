"""Connections that are kept open between transactions, and used by one thread at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection."""

    def close(self) -> None:
        """Close it."""
        ...


Connection = TypeVar("Connection", bound=Closable)


class Connections(Generic[Connection]):
    """Opens a connection when none is free; as many are kept as were ever used at the same time.

    Args:
        opened: Opens one.
        usable: Whether one may be used again; asked before and after each use.
    """

    def __init__(
        self, opened: Callable[[], Connection], usable: Callable[[Connection], bool] = lambda _: True
    ) -> None:
        self._opened = opened
        self._usable = usable
        self._free: list[Connection] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Have one for the time of the block."""
        connection = self._taken() or self._opened()
        try:
            yield connection
        finally:
            if self._usable(connection):
                with self._lock:
                    self._free.append(connection)
            else:
                connection.close()
                # The others are of the same time, and as good as gone.
                self.close()

    def _taken(self) -> Connection | None:
        """Take one of those that are free; None where there is none that may be used."""
        with self._lock:
            connection = self._free.pop() if self._free else None
        if connection is None or self._usable(connection):
            return connection
        connection.close()
        self.close()
        return None

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            free, self._free = self._free, []
        for connection in free:
            connection.close()
