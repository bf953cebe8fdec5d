"""The store of deliveries in one SQLite file: for one machine, with nothing to install."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from supops.adapters.connections import Connections
from supops.adapters.inbox_database import Database, Due, Row, Session, Values
from supops.adapters.inbox_schema import SQLITE_STEPS
from supops.adapters.sqlite_file import SqliteFile, SqliteKind
from supops.errors import ConfigError

KIND = SqliteKind(
    "store of deliveries",
    0x73757071,  # "supq"
    SQLITE_STEPS,
    "Mend that, or set queue.path to another file.",
)
PATIENCE_SECONDS = 5.0


class _SqliteSession(Session):
    is_shared = False

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, text: str, values: Values | None = None) -> int:
        return self._connection.execute(text, values or {}).rowcount

    def rows(self, text: str, values: Values | None = None) -> list[Row]:
        return self._connection.execute(text, values or {}).fetchall()

    def row(self, text: str, values: Values | None = None) -> Row | None:
        # All rows are taken: a statement that is left in the middle keeps its transaction open.
        return next(iter(self.rows(text, values)), None)

    def lock(self, key: str) -> None:
        """Nothing is to be done: there is one writer at a time."""

    def check_open(self) -> None:
        moved = self.row("SELECT value FROM facts WHERE name = 'moved'")
        if moved:
            raise ConfigError(
                f"This store of deliveries was moved to {moved[0]}.",
                hint="Set queue.url to that address; this one is kept as it was.",
            )

    def notify(self, due: Sequence[Due]) -> None:
        """Nothing is to be done: the engine looks at the rows."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A connection, and which file it is to: device and inode."""

    connection: sqlite3.Connection
    file: tuple[int, int]

    def close(self) -> None:
        self.connection.close()


class SqliteDatabase(Database):
    """An SQLite file, made when it is first opened. Threads may share it.

    A file that was deleted or replaced meanwhile is not written to any more: what is stored in it would be lost.

    Args:
        path: The file.
        patience: Seconds that another process is waited for.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self._file = SqliteFile(path, KIND, patience)
        self._connections = Connections(self._opened, self._is_there)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """See `Database`."""
        yield from self._transaction("BEGIN IMMEDIATE", "written")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """See `Database`."""
        yield from self._transaction("BEGIN", "read")

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def _transaction(self, begin: str, what: str) -> Iterator[Session]:
        with self._file.translated(what), self._connections.one() as opened:
            connection = opened.connection
            connection.execute(begin)
            try:
                yield _SqliteSession(connection)
                connection.execute("COMMIT")
            except BaseException:
                # Where the disk is full, SQLite has rolled back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _is_there(self, opened: _Opened) -> bool:
        try:
            return _identity(self.path) == opened.file
        except OSError:
            return False

    def _opened(self) -> _Opened:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        file = _identity(self.path)
        connection = self._file.connect("rw", shared=True)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            # Every commit is on the disk when it returns, and readers don't wait for writers.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # What is deleted is personal, and does not stay in the file.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA cache_size = -32768")
            self._file.upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return _Opened(connection, file)


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
