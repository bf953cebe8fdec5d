"""The ledger of licenses: a table in the file of what supops keeps between runs. A license is recorded whole or not at all."""

import sqlite3
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from supops import __version__
from supops.adapters.sqlite_file import SqliteKind
from supops.adapters.state_file import StateFile
from supops.adapters.state_migrations import APPLICATION_ID, STEPS
from supops.errors import Conflict
from supops.models.licenses import Issued, Origin, Withdrawal, person_of
from supops.services.license_ports import Ledger, StillRunning

PATIENCE_SECONDS = 10.0
COLUMNS = (
    "sha256, name, email, plan, users, starts, expires, issue, issued_at, issued_by, origin, reason, file"
)
STATE = "unwritten <> '', withdrawn_at, withdrawn_by, withdrawn_because"
KIND = SqliteKind(
    "ledger of licenses", APPLICATION_ID, STEPS, "Mend that, or set state.path to another file."
)


class LicenseDatabase(Ledger):
    """Licenses in an SQLite file.

    Args:
        path: The file; it is made with the first license that is recorded.
        patience: Seconds that another process is waited for.
    """

    def __init__(self, path: Path, *, patience: float = PATIENCE_SECONDS) -> None:
        self._file = StateFile(path, KIND, patience)

    def check(self) -> None:
        """See `supops.services.license_ports.Ledger`."""
        if self._file.is_missing():
            return
        with self._file.writing() as connection:
            # A write that is taken back tells whether one is possible; no license is touched for it.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE probe (column_of_it)")
            connection.execute("ROLLBACK")

    def add(self, issued: Issued, *, today: date, unwritten: str = "") -> Issued:
        """See `supops.services.license_ports.Ledger`."""
        values = (*_values(issued), unwritten, person_of(issued.email), __version__)
        places = ", ".join("?" * len(values))
        with self._file.writing() as connection:
            # From here on no other process writes: what is looked at stays so.
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not issued.reason:
                    _refuse_a_second(connection, issued, today)
                cursor = connection.execute(
                    f"INSERT INTO licenses ({COLUMNS}, unwritten, person, version) VALUES ({places})",  # noqa: S608  (nothing of it is from outside)
                    values,
                )
                connection.execute("COMMIT")
            except sqlite3.IntegrityError:
                connection.execute("ROLLBACK")
                raise Conflict("This license file is in the ledger already.") from None
            except StillRunning:
                connection.execute("ROLLBACK")
                raise
        return replace(issued, id=int(cursor.lastrowid or 0), is_pending=bool(unwritten), withdrawn=None)

    def unwritten(self, issued: Issued) -> str:
        """See `supops.services.license_ports.Ledger`."""
        with self._file.reading() as connection:
            query = "SELECT unwritten FROM licenses WHERE id = ?"
            row = connection.execute(query, (issued.id,)).fetchone() if connection else None
        return str(row[0]) if row else ""

    def confirm(self, issued: Issued, file: str) -> Issued:
        """See `supops.services.license_ports.Ledger`."""
        with self._file.writing() as connection:
            # Once it is written, its text is nobody's business here.
            done = connection.execute(
                "UPDATE licenses SET unwritten = '', file = ? WHERE id = ? AND withdrawn_at IS NULL",
                (file, issued.id),
            )
        if not done.rowcount:
            raise Conflict(
                f"License {issued.id} was withdrawn meanwhile, and its file {file} is there: delete it."
            )
        return replace(issued, file=file, is_pending=False)

    def withdraw(self, issued: Issued, withdrawal: Withdrawal) -> Issued:
        """See `supops.services.license_ports.Ledger`."""
        with self._file.writing() as connection:
            connection.execute(
                "UPDATE licenses SET unwritten = '', withdrawn_at = ?, withdrawn_by = ?, withdrawn_because = ? "
                "WHERE id = ? AND withdrawn_at IS NULL",
                (withdrawal.at.isoformat(), withdrawal.by, withdrawal.reason, issued.id),
            )
        return self.find(issued.sha256) or issued

    def entries(self, email: str | None = None) -> tuple[Issued, ...]:
        """See `supops.services.license_ports.Ledger`."""
        where, values = ("WHERE person = ?", (person_of(email),)) if email is not None else ("", ())
        return self._entries(where, values)

    def find(self, sha256: str) -> Issued | None:
        """See `supops.services.license_ports.Ledger`."""
        return next(iter(self._entries("WHERE sha256 = ?", (sha256,))), None)

    def _entries(self, where: str, values: tuple[str, ...]) -> tuple[Issued, ...]:
        query = f"SELECT id, {COLUMNS}, {STATE} FROM licenses {where} ORDER BY id"  # noqa: S608  (nothing of it is from outside)
        with self._file.reading() as connection:
            if connection is None:
                return ()
            rows = connection.execute(query, values).fetchall()
        try:
            return tuple(_issued(row) for row in rows)
        except (TypeError, ValueError) as error:
            raise self._file.broken(f"a license in it can't be read: {error}") from None


def _refuse_a_second(connection: sqlite3.Connection, issued: Issued, today: date) -> None:
    row = connection.execute(
        "SELECT id, expires, unwritten <> '' FROM licenses WHERE person = ? AND expires > ? AND withdrawn_at IS NULL "
        "ORDER BY expires DESC",
        (person_of(issued.email), today.isoformat()),
    ).fetchone()
    if row is None:
        return
    number, expires, is_pending = row
    if is_pending:
        raise StillRunning(
            f"License {number} was begun for the person, and is not finished.",
            hint=f"Repeat the command. If another request was meant: supops licenses withdraw {number} --reason TEXT",
        )
    raise StillRunning(
        f"The person still has a license until {expires}: number {number} in the ledger, recorded meanwhile.",
        hint="`supops licenses list` shows it.",
    )


def _values(issued: Issued) -> tuple[str | int | None, ...]:
    return (
        issued.sha256,
        issued.name,
        issued.email,
        issued.plan,
        issued.users,
        issued.starts.isoformat(),
        issued.expires.isoformat(),
        issued.issue,
        issued.issued_at.isoformat(),
        issued.by,
        str(issued.origin),
        issued.reason,
        issued.file,
    )


def _issued(row: tuple[object, ...]) -> Issued:
    number, sha256, name, email, plan, users, starts, expires, issue, issued_at, by, origin, reason = row[:13]
    file, is_pending, withdrawn_at, withdrawn_by, because = row[13:]
    return Issued(
        int(str(number)),
        str(sha256),
        str(name),
        str(email),
        str(plan),
        None if users is None else int(str(users)),
        date.fromisoformat(str(starts)),
        date.fromisoformat(str(expires)),
        str(issue),
        datetime.fromisoformat(str(issued_at)),
        str(by),
        Origin(str(origin)),
        str(reason),
        str(file),
        bool(is_pending),
        Withdrawal(datetime.fromisoformat(str(withdrawn_at)), str(withdrawn_by), str(because))
        if withdrawn_at is not None
        else None,
    )
