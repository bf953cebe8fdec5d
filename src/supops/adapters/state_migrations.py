"""How the store of runs came to be what it is: one step for each version, and none is ever changed once it was released."""

import sqlite3
from collections.abc import Sequence

APPLICATION_ID = 0x7375706F  # "supo"

# Step 1 makes version 1 from an empty file.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            audit TEXT NOT NULL,
            title TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            complete INTEGER NOT NULL CHECK (complete IN (0, 1)),
            counts TEXT NOT NULL,
            severities TEXT NOT NULL,
            rules TEXT NOT NULL,
            version TEXT NOT NULL,
            command TEXT NOT NULL,
            document BLOB NOT NULL
        ) STRICT
        """,
        "CREATE INDEX runs_of_audit ON runs (audit, id)",
    ),
    # Version 2: the quarter that a run was filed for.
    ("ALTER TABLE runs ADD COLUMN quarter TEXT",),
)
VERSION = len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of a store; 0 for an empty file."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Take a store through the steps that it lacks, all or none. Another process that does so at the same time is waited for.

    One that is newer by then stays what it is.

    Raises:
        sqlite3.Error: A step failed; the store is as it was.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        lacking = steps[version_of(connection) :]
        for step in lacking:
            for statement in step:
                connection.execute(statement)
        if lacking:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(steps)}")
        connection.execute("COMMIT")
    except BaseException:
        # Where the disk is full, SQLite has rolled back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
