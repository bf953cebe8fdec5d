"""How the store of runs came to be what it is: one step for each version, and none is ever changed once it was released."""

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
