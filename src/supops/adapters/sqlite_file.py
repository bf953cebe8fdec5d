"""SQLite files of ours: told from those of others, taken from version to version, and what is wrong with one said in words."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from supops.errors import SupopsError

Steps = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class SqliteKind:
    """A kind of file.

    Attributes:
        title: What it is, for messages: ``store of runs``.
        application: The number in its header that tells it from the files of other programs.
        steps: How it came to be what it is: one step for each version, the first from an empty file.
        hint: What to do where it can't be used.
    """

    title: str
    application: int
    steps: Steps
    hint: str

    @property
    def version(self) -> int:
        """The newest version."""
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """One file.

    Attributes:
        patience: Seconds that another process is waited for.
    """

    path: Path
    kind: SqliteKind
    patience: float

    def connect(self, mode: str, *, shared: bool = False) -> sqlite3.Connection:
        """Open it: ``ro`` to read, ``rw`` to write. Transactions are begun and ended in so many words.

        Args:
            mode: One of the two.
            shared: Whether several threads may use the connection, one after the other.
        """
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(
            address, uri=True, timeout=self.patience, isolation_level=None, check_same_thread=not shared
        )

    def known_version(self, connection: sqlite3.Connection) -> int:
        """Return its version.

        Raises:
            SupopsError: It is of another program, or of a newer supops.
        """
        # One look at all three: another process may be about to make it.
        connection.execute("BEGIN")
        version = version_of(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
        if application != self.kind.application and (application or version or tables):
            raise SupopsError(
                f"{self.path} is an SQLite file of another program, and is left alone.", hint=self.kind.hint
            )
        if version > self.kind.version:
            raise SupopsError(
                f"{self.path} was written by a newer version of supops (store version {version}; this one knows "
                f"{self.kind.version}).",
                hint=f"Upgrade supops. {self.kind.hint}",
            )
        return version

    def upgrade(self, connection: sqlite3.Connection) -> None:
        """Make it the newest version."""
        if self.known_version(connection) < self.kind.version:
            migrate(connection, self.kind.steps, self.kind.application)
            # Another process may have made it a newer one meanwhile.
            self.known_version(connection)

    @contextmanager
    def translated(self, what: str) -> Iterator[None]:
        """Say in words what SQLite or the file system objects to."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error, what) from error
        except OSError as error:
            raise SupopsError(
                f"The {self.kind.title}, {self.path}, can't be {what}: {error.strerror}.", hint=self.kind.hint
            ) from None

    def broken(self, problem: str) -> SupopsError:
        """Return the error for a file that makes no sense."""
        return SupopsError(
            f"{self.path} is no {self.kind.title}, or is damaged: {problem}.",
            hint=f"Move it away and keep it: a new one is made when it is next written to. {self.kind.hint}",
        )

    def _error(self, error: sqlite3.Error, what: str) -> SupopsError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self.broken(str(error))
        reasons = {
            sqlite3.SQLITE_FULL: "the disk is full",
            sqlite3.SQLITE_READONLY: "it, or its folder, is read-only",
            sqlite3.SQLITE_CANTOPEN: "it can't be opened: it, or its folder, is not ours to read and write",
            sqlite3.SQLITE_PERM: "it is not ours to open",
            sqlite3.SQLITE_BUSY: f"another process has kept it for more than {self.patience:.0f} s",
            sqlite3.SQLITE_LOCKED: f"another process has kept it for more than {self.patience:.0f} s",
            sqlite3.SQLITE_IOERR: "the disk failed, or is full",
        }
        reason = reasons.get(code, str(error))
        return SupopsError(
            f"The {self.kind.title}, {self.path}, can't be {what}: {reason}. What it has is as it was.",
            hint=self.kind.hint,
        )


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a file; 0 for an empty one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, steps: Steps, application: int) -> None:
    """Take a file through the steps that it lacks, all or none. Another process that does so at the same time is waited for.

    One that is newer by then stays what it is.

    Raises:
        sqlite3.Error: A step failed; the file is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        lacking = steps[version_of(connection) :]
        for step in lacking:
            for statement in step:
                connection.execute(statement)
        if lacking:
            connection.execute(f"PRAGMA application_id = {application}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        # Where the disk is full, SQLite has rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
