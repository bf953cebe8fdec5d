"""Moving the store of deliveries from a file into PostgreSQL: the inbox and its history, whole or not at all."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from supops.adapters.inbox_database import Due, Row, Session
from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.inbox_rows import around, number, seconds
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.errors import Conflict, SupopsError
from supops.models.deliveries import SCHEDULE

TABLES = {
    "inbox": (
        "id, delivery_key, source, event, lock_key, body, headers, received_at, state, attempts, next_at, claim, worker, "
        "lease_until, last_error, finished_at, outcome, result"
    ),
    "attempts": "id, delivery, number, worker, started_at, finished_at, succeeded, error",
}
SWITCHES = "name, enabled, changed_at"
PAGE = 500
# Whoever takes part says so more often than this.
SILENT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Moved:
    """How much was moved."""

    deliveries: int
    attempts: int


def move(
    source: SqliteDatabase, target: PostgresDatabase, *, now: datetime, advance: Callable[[int], None]
) -> Moved:
    """Copy everything, and mark the file as moved. Nobody can write to the file meanwhile.

    Args:
        source: The file; it is kept as it was.
        target: A database; its tables are made, and must be empty.
        now: The present time.
        advance: Told of the rows that were copied.

    Raises:
        Conflict: Somebody works on the file, or the target has deliveries already.
        SupopsError: One of the two can't be used. Nothing was moved then.
    """
    target.upgrade()
    token = _token(source)
    with source.writing() as old:
        _refuse_if_busy(old, now)
        with target.writing() as new:
            counts = _moved_before(new, token) or _move(old, new, target.shown, token, advance)
        # Whoever is killed before this is on the disk finds the token in the database, and only has to mark the file.
        old.run("INSERT INTO facts (name, value) VALUES ('moved', :to)", {"to": target.shown})
    return counts


def _token(source: SqliteDatabase) -> str:
    """Return what the file is known by; it gets a token with the first try."""
    with source.writing() as old:
        old.run(
            "INSERT INTO facts (name, value) VALUES ('token', :token) ON CONFLICT (name) DO NOTHING",
            {"token": secrets.token_hex(16)},
        )
        row = old.row("SELECT value FROM facts WHERE name = 'token'")
        return str(row[0]) if row else ""


def _moved_before(new: Session, token: str) -> Moved | None:
    """Return how much was moved where this file was moved before, and only not marked."""
    row = new.row("SELECT value FROM facts WHERE name = 'moved from'")
    if row is None or str(row[0]) != token:
        return None
    counts = [new.row(f"SELECT count(*) FROM {table}") for table in TABLES]
    return Moved(*(number(count[0]) if count else 0 for count in counts))


def _move(old: Session, new: Session, shown: str, token: str, advance: Callable[[int], None]) -> Moved:
    if new.row("SELECT 1 FROM inbox LIMIT 1"):
        raise Conflict(
            f"The store at {shown} has deliveries already; nothing was moved.",
            hint="Name an empty database, or go on with the one that queue.url names.",
        )
    counts = {table: _copied(old, new, table, columns, advance) for table, columns in TABLES.items()}
    _copy_rows(new, "schedules", SWITCHES, old.rows(f"SELECT {SWITCHES} FROM schedules"))
    # Nobody works on them: what was being processed was left in the middle.
    new.run("UPDATE inbox SET state = 'pending', claim = NULL, lease_until = NULL WHERE state = 'running'")
    for page in _open(new):
        new.notify(page)
    new.run("INSERT INTO facts (name, value) VALUES ('moved from', :token)", {"token": token})
    return Moved(counts["inbox"], counts["attempts"])


def _refuse_if_busy(old: Session, now: datetime) -> None:
    moved = old.row("SELECT value FROM facts WHERE name = 'moved'")
    if moved:
        raise Conflict(f"This store was moved to {moved[0]} before; nothing was moved.")
    rows = old.rows(
        "SELECT kind, name FROM processes WHERE seen_at > :since", {"since": seconds(now - SILENT)}
    )
    rows += old.rows(
        "SELECT 'worker', worker FROM inbox WHERE state = 'running' AND lease_until > :now AND lease_until <= :far",
        around(now),
    )
    if rows:
        names = ", ".join(dict.fromkeys(f"{kind} {name}" for kind, name in rows))
        raise Conflict(
            f"The store is in use by {names}; nothing was moved.",
            hint=f"Stop them first. One that was killed counts as gone after {SILENT.total_seconds():.0f} s.",
        )


def _copied(old: Session, new: Session, table: str, columns: str, advance: Callable[[int], None]) -> int:
    """Copy a table page by page, with the same numbers; return how many rows that were."""
    last = count = 0
    while True:
        page = old.rows(
            f"SELECT {columns} FROM {table} WHERE id > :last ORDER BY id LIMIT :page",
            {"last": last, "page": PAGE},
        )
        if not page:
            break
        _copy_rows(new, table, columns, page)
        last = number(page[-1][0])
        count += len(page)
        advance(len(page))
    if last:
        new.row("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)", {"table": table, "last": last})
    return count


def _copy_rows(new: Session, table: str, columns: str, rows: list[Row]) -> None:
    names = columns.split(", ")
    places = ", ".join(f":{name}" for name in names)
    text = f"INSERT INTO {table} ({columns}) VALUES ({places})"
    for row in rows:
        new.run(text, {name: _value(value) for name, value in zip(names, row, strict=True)})


def _value(value: object) -> str | float | bytes | None:
    if value is None or isinstance(value, str | float | int | bytes):
        return value
    raise SupopsError(f"A row has a value of an unexpected kind: {type(value).__name__}.")


def _open(new: Session) -> Iterator[list[Due]]:
    last = 0
    while page := new.rows(
        "SELECT id, lock_key, source FROM inbox WHERE state = 'pending' AND id > :last ORDER BY id LIMIT :page",
        {"last": last, "page": PAGE},
    ):
        yield [Due(number(identity), str(key), str(source) == SCHEDULE) for identity, key, source in page]
        last = number(page[-1][0])
