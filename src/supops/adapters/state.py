"""The store of runs: one SQLite file. A run is stored whole or not at all, and reading leaves no trace."""

import zlib
from datetime import datetime
from pathlib import Path

import msgspec

from supops import __version__
from supops.adapters.sqlite_file import SqliteKind
from supops.adapters.state_file import StateFile
from supops.adapters.state_migrations import APPLICATION_ID, STEPS
from supops.models.audits import Audit, Run, RunSummary
from supops.models.findings import Severity
from supops.services.audit_ports import NoSuchRun, RunStore

PATIENCE_SECONDS = 10.0
SUMMARY = "id, audit, title, started_at, complete, counts, severities, version, quarter"
HINT = "Mend that, set state.path to another file, or run the audit with --no-save."
KIND = SqliteKind("store of runs", APPLICATION_ID, STEPS, HINT)


class RunDatabase(RunStore):
    """Runs in an SQLite file.

    Args:
        path: The file; it is made with the first run that is stored.
        patience: Seconds that another process is waited for.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._file = StateFile(path, KIND, patience)

    def check(self) -> None:
        """See `RunStore`."""
        with self._file.writing() as connection:
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
        with self._file.writing() as connection:
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
        with self._file.writing() as connection:
            connection.execute("UPDATE runs SET quarter = ? WHERE id = ?", (quarter, run))

    def runs(self, key: str | None = None, *, limit: int | None = None) -> tuple[RunSummary, ...]:
        """See `RunStore`."""
        where, values = ("WHERE audit = ?", [key]) if key else ("", [])
        query = f"SELECT {SUMMARY} FROM runs {where} ORDER BY id DESC LIMIT ?"  # noqa: S608  (nothing of it is from outside)
        with self._file.reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute(query, (*values, -1 if limit is None else limit)).fetchall()
        try:
            return tuple(_summary(row) for row in rows)
        except (msgspec.DecodeError, ValueError) as error:
            raise self._file.broken(f"its list of runs can't be read: {error}") from None

    def run(self, number: int) -> Run:
        """See `RunStore`."""
        query = "SELECT document, version, command, quarter FROM runs WHERE id = ?"
        row = None
        # SQLite has no larger numbers.
        if 0 < number < 2**63:
            with self._file.reading() as connection:
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
            raise self._file.broken(f"run {number} can't be read: {error}") from None
        return Run(number, audit, version, command, quarter)


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
