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
    # Version 3: the licenses that were issued. `person` tells whether two addresses are the same person's; days are ISO 8601.
    (
        """
        CREATE TABLE licenses (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            sha256 TEXT NOT NULL UNIQUE,
            person TEXT NOT NULL,
            name TEXT NOT NULL,
            email TEXT NOT NULL,
            plan TEXT NOT NULL,
            users INTEGER,
            starts TEXT NOT NULL,
            expires TEXT NOT NULL,
            issue TEXT NOT NULL,
            issued_at TEXT NOT NULL,
            issued_by TEXT NOT NULL,
            origin TEXT NOT NULL,
            reason TEXT NOT NULL,
            version TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX licenses_of_person ON licenses (person, expires)",
    ),
    # Version 4: licenses that were begun, with the text of the file that is still to be written, and withdrawn ones.
    (
        "ALTER TABLE licenses ADD COLUMN unwritten TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE licenses ADD COLUMN file TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE licenses ADD COLUMN withdrawn_at TEXT",
        "ALTER TABLE licenses ADD COLUMN withdrawn_by TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE licenses ADD COLUMN withdrawn_because TEXT NOT NULL DEFAULT ''",
    ),
)
VERSION = len(STEPS)
