"""The store of runs: one SQLite file. A run is stored whole or not at all, and reading leaves no trace."""

import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from supops import __version__
from supops.adapters.state_migrations import APPLICATION_ID, VERSION, migrate, version_of
from supops.errors import SupopsError
from supops.models.audits import Audit, Run, RunSummary
from supops.models.findings import Severity
from supops.services.audit_ports import NoSuchRun, RunStore

PATIENCE_SECONDS = 10.0
SUMMARY = "id, audit, title, started_at, complete, counts, severities, version, quarter"
HINT = "Mend that, set state.path to another file, or run the audit with --no-save."


class RunDatabase(RunStore):
    """Runs in an SQLite file.

    Args:
        path: The file; it is made with the first run that is stored.
        patience: Seconds that another process is waited for.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._patience = patience

    def check(self) -> None:
        """See `RunStore`."""
        with self._writing() as connection:
            # A write that is taken back tells whether one is possible.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE probe (column_of_it)")
            connection.execute("ROLLBACK")

    def add(self, audit: Audit, *, command: str, quarter: str | None = None) -> int:
        """See `RunStore`."""
        document = zlib.compress(_document(audit))
        severities = {str(level): audit.count_of(level) for level in Severity}
        values = (
            audit.key,
            _whole(audit.title),
            _stamp(audit.started_at),
            _stamp(audit.finished_at),
            audit.complete,
            msgspec.json.encode(audit.counts).decode(),
            msgspec.json.encode(severities).decode(),
            audit.rules,
            __version__,
            _whole(command),
            document,
            quarter,
        )
        with self._writing() as connection:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(
                "INSERT INTO runs (audit, title, started_at, finished_at, complete, counts, severities, rules, version, command, "
                "document, quarter) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            connection.execute("COMMIT")
            return int(cursor.lastrowid or 0)

    def filed(self, run: int, quarter: str) -> None:
        """See `RunStore`."""
        with self._writing() as connection:
            connection.execute("UPDATE runs SET quarter = ? WHERE id = ?", (quarter, run))

    def runs(self, key: str | None = None, *, limit: int | None = None) -> tuple[RunSummary, ...]:
        """See `RunStore`."""
        where, values = ("WHERE audit = ?", [key]) if key else ("", [])
        query = f"SELECT {SUMMARY} FROM runs {where} ORDER BY id DESC LIMIT ?"  # noqa: S608  (nothing of it is from outside)
        with self._reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
        try:
            return tuple(_summary(row) for row in rows)
        except (msgspec.DecodeError, ValueError) as error:
            raise self._broken(f"its list of runs can't be read: {error}") from None

    def run(self, number: int) -> Run:
        """See `RunStore`."""
        query = "SELECT document, version, command, quarter FROM runs WHERE id = ?"
        row = None
        # SQLite has no larger numbers.
        if 0 < number < 2**63:
            with self._reading() as connection:
                row = connection.execute(query, (number,)).fetchone() if connection else None
        if row is None:
            raise NoSuchRun(
                f"There is no run {number} in {self._path}.",
                hint="`supops audit history` shows which runs there are.",
            )
        document, version, command, quarter = row
        try:
            audit = msgspec.json.decode(zlib.decompress(document), type=Audit)
        except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._broken(f"run {number} can't be read: {error}") from None
        return Run(number, audit, version, command, quarter)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open the store to read; None where there is no store."""
        with self._translated("read"):
            exists = self._path.exists()
            left = self._path.with_name(f"{self._path.name}-journal").exists()
        if not exists:
            yield None
            return
        if left:
            # Somebody writes, or was killed while writing: what is half written has to be taken back first.
            with self._writing() as connection:
                yield connection
            return
        with self._translated("read"):
            # An older store is read by newer code only after it was migrated, which needs writing.
            with closing(self._connect("ro")) as connection:
                version = self._known_version(connection)
                if version == VERSION:
                    yield connection
                    return
            if version == 0:
                yield None
                return
            with self._writing() as connection:
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._translated("written"):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self._connect("rw")) as connection:
                if self._known_version(connection) < VERSION:
                    migrate(connection)
                    # Another process may have made it a newer one meanwhile.
                    self._known_version(connection)
                yield connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        # Transactions are begun and ended in so many words.
        return sqlite3.connect(address, uri=True, timeout=self._patience, isolation_level=None)

    def _known_version(self, connection: sqlite3.Connection) -> int:
        """Return the store's version; refuse what is no store of ours, or one of a newer supops."""
        # One look at all three: another process may be about to make the store.
        connection.execute("BEGIN")
        version = version_of(connection)
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
        if application != APPLICATION_ID and (application or version or tables):
            raise SupopsError(
                f"{self._path} is an SQLite file of another program, and is left alone.",
                hint="Set state.path to a file of supops' own, or run the audit with --no-save.",
            )
        if version > VERSION:
            raise SupopsError(
                f"{self._path} was written by a newer version of supops (store version {version}; this one knows {VERSION}).",
                hint="Upgrade supops, set state.path to another file, or run the audit with --no-save.",
            )
        return version

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Say in words what SQLite or the file system objects to."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error, what) from error
        except OSError as error:
            raise SupopsError(
                f"The store of runs, {self._path}, can't be {what}: {error.strerror}.", hint=HINT
            ) from None

    def _error(self, error: sqlite3.Error, what: str) -> SupopsError:
        code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            return self._broken(str(error))
        reasons = {
            sqlite3.SQLITE_FULL: "the disk is full",
            sqlite3.SQLITE_READONLY: "it, or its folder, is read-only",
            sqlite3.SQLITE_CANTOPEN: "it can't be opened: it, or its folder, is not ours to read and write",
            sqlite3.SQLITE_PERM: "it is not ours to open",
            sqlite3.SQLITE_BUSY: f"another process has kept it for more than {self._patience:.0f} s",
            sqlite3.SQLITE_LOCKED: f"another process has kept it for more than {self._patience:.0f} s",
            sqlite3.SQLITE_IOERR: "the disk failed, or is full",
        }
        reason = reasons.get(code, str(error))
        return SupopsError(
            f"The store of runs, {self._path}, can't be {what}: {reason}. What it has is as it was.",
            hint=HINT,
        )

    def _broken(self, problem: str) -> SupopsError:
        return SupopsError(
            f"{self._path} is no store of runs, or is damaged: {problem}.",
            hint="Move it away and keep it: a new one is made with the next run. Or run the audit with --no-save.",
        )


def _document(audit: Audit) -> bytes:
    try:
        return msgspec.json.encode(audit)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mended(msgspec.to_builtins(audit)))


def _mended(value: object) -> object:
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return [_mended(one) for one in value] if isinstance(value, list | tuple) else value


def _whole(text: str) -> str:
    """Return a text that UTF-8 has: half a character, or a byte of a file's name that is none, is spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _stamp(moment: datetime) -> str:
    return moment.isoformat()


def _summary(row: tuple[object, ...]) -> RunSummary:
    number, key, title, started_at, complete, counts, severities, version, quarter = row
    return RunSummary(
        int(str(number)),
        str(key),
        str(title),
        datetime.fromisoformat(str(started_at)),
        bool(complete),
        msgspec.json.decode(str(counts), type=dict[str, int]),
        {
            Severity(level): number
            for level, number in msgspec.json.decode(str(severities), type=dict[str, int]).items()
        },
        str(version),
        None if quarter is None else str(quarter),
    )
