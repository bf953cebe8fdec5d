"""The store of deliveries in PostgreSQL: for several machines. Needs the extra ``scale``."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from supops.adapters.connections import Connections
from supops.adapters.extras import needed
from supops.adapters.inbox_database import Database, Due, Row, Session, Values
from supops.adapters.inbox_rows import around, number, seconds
from supops.adapters.inbox_schema import POSTGRES_STEPS
from supops.adapters.procrastinate_jobs import JobQueue
from supops.errors import ConfigError, CredentialError, SupopsError
from supops.models.deliveries import SCHEDULE

if TYPE_CHECKING:
    from psycopg import Connection

    from supops.models.secrets import Secret

# Everything of ours, the engine's tables included, is in a schema of its own.
SCHEMA = "supops"
VERSION = len(POSTGRES_STEPS)
CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 15_000
LOCK_MILLISECONDS = 5_000
# A process that was frozen in a transaction must not keep its locks: the others wait for them.
IDLE_MILLISECONDS = 3_000
# A server that has vanished without a word, as with a power cut, is noticed within so long; by default that takes TCP up to two hours.
VANISHED = {
    "tcp_user_timeout": "12000",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
}
NAMED = re.compile(r"(?<!:):([a-z_]+)")
# The number of a lock that every step of the schema takes: no two processes change it at the same time.
MIGRATING = 7_375_706
SWEEPING = 7_375_707
OVERDUE = """
    SELECT id, source FROM inbox
    WHERE (
        state = 'pending' AND (next_at < :late OR next_at > :far)
        OR state = 'running' AND (lease_until < :late OR lease_until > :far)
    )
    AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS job
        WHERE job.status IN ('todo', 'doing') AND (job.args ->> 'delivery') = inbox.id::text
        AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
    )
    ORDER BY next_at LIMIT 500
"""
SETTING = "queue.url"
INIT_HINT = "Make the tables with `supops webhooks store init`."
MIGRATE_HINT = "Run `supops webhooks store migrate`."


class _PostgresSession(Session):
    is_shared = True

    def __init__(self, connection: "Connection", jobs: JobQueue) -> None:
        self._connection = connection
        self._jobs = jobs

    def run(self, text: str, values: Values | None = None) -> int:
        return self._connection.execute(_translated(text), values or {}).rowcount

    def rows(self, text: str, values: Values | None = None) -> list[Row]:
        return self._connection.execute(_translated(text), values or {}).fetchall()

    def row(self, text: str, values: Values | None = None) -> Row | None:
        return self._connection.execute(_translated(text), values or {}).fetchone()

    def lock(self, key: str) -> None:
        self.row("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))", {"key": key})

    def check_open(self) -> None:
        """Nothing is to be done: nobody moves it."""

    def notify(self, due: Sequence[Due]) -> None:
        self._jobs.defer(self._connection, due)


class PostgresDatabase(Database):
    """A database with tables that were made before. Threads may share it.

    Args:
        url: Its address, without a password.
        password: Of the database's user; None where none is needed.
        jobs: Replaced in tests.
        setting: Where the address stands, as messages name it.
    """

    def __init__(
        self,
        url: str,
        password: "Secret | None" = None,
        *,
        jobs: JobQueue | None = None,
        setting: str = SETTING,
    ) -> None:
        with needed("a store in PostgreSQL"):
            import psycopg  # noqa: F401
        self.url = url
        self._setting = setting
        self._password = password
        self._connections = Connections(self._opened, lambda one: not one.closed and not one.broken)
        self._jobs = jobs or JobQueue()

    @property
    def conninfo(self) -> str:
        """How libpq is told where the database is; the password included."""
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict, make_conninfo

        options = (
            f"-c search_path={SCHEMA} -c synchronous_commit=on -c statement_timeout={STATEMENT_MILLISECONDS} "
            f"-c lock_timeout={LOCK_MILLISECONDS} -c idle_in_transaction_session_timeout={IDLE_MILLISECONDS}"
        )
        given: dict[str, str | int] = {"options": options, "connect_timeout": CONNECT_SECONDS}
        if self._password:
            given["password"] = self._password.reveal()
        try:
            # What the address says of this counts.
            given |= {
                name: value for name, value in VANISHED.items() if name not in conninfo_to_dict(self.url)
            }
            return make_conninfo(self.url, application_name="supops", **given)
        except ProgrammingError:
            raise ConfigError(
                f"{self._setting} is no address of a PostgreSQL database.",
                hint="It looks like postgresql://user@host/database; the password is in queue.password.",
            ) from None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """See `Database`."""
        with self.translated(), self._connections.one() as connection, connection.transaction():
            yield _PostgresSession(connection, self._jobs)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """See `Database`."""
        with self.writing() as session:
            yield session

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def sweep(self, now: datetime, grace: timedelta) -> int:
        """Have what is overdue processed that no job stands for any more; return how many those are.

        The store is the record of truth. Jobs can get lost beside it: their time was set by a clock that was wrong, or they were ended
        by a worker that was overtaken.
        """
        with self.translated(), self._connections.one() as connection, connection.transaction():
            row = connection.execute(f"SELECT pg_try_advisory_xact_lock({SWEEPING})".encode()).fetchone()
            if row is None or not row[0]:
                return 0
            session = _PostgresSession(connection, self._jobs)
            rows = session.rows(OVERDUE, around(now) | {"late": seconds(now - grace)})
            due = [Due(number(one[0]), f"swept {one[0]}", str(one[1]) == SCHEDULE) for one in rows]
            session.notify(due)
            return len(due)

    def upgrade(self) -> bool:
        """Make the tables, or take them to the newest version; return whether there was something to do.

        Raises:
            SupopsError: It is of a newer supops, or the database refuses. A step that failed has changed nothing.
        """
        from psycopg import connect

        with self.translated(), connect(self.conninfo, autocommit=True) as connection:
            connection.execute("SET statement_timeout = 0")
            # Until the connection is closed: one process at a time.
            connection.execute(f"SELECT pg_advisory_lock({MIGRATING})".encode())
            changed = self._upgrade_ours(connection)
            return self._jobs.upgrade(connection) or changed

    def _upgrade_ours(self, connection: "Connection") -> bool:
        with connection.transaction():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}".encode())
            version = _version_of(connection)
            self._check_not_newer(version)
            for step in POSTGRES_STEPS[version:]:
                for statement in step:
                    connection.execute(statement.encode())
            connection.execute(
                "INSERT INTO facts (name, value) VALUES ('version', %(version)s) "
                "ON CONFLICT (name) DO UPDATE SET value = %(version)s",
                {"version": str(VERSION)},
            )
        return version < VERSION

    def _opened(self) -> "Connection":
        from psycopg import connect

        connection = connect(self.conninfo, autocommit=True)
        try:
            self._check_version(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_version(self, connection: "Connection") -> None:
        version = _version_of(connection)
        if version == 0:
            raise ConfigError(f"The database of {self.shown} has no store of deliveries.", hint=INIT_HINT)
        self._check_not_newer(version)
        if version < VERSION or not self._jobs.is_current(connection):
            raise ConfigError(f"The store at {self.shown} is of an older version.", hint=MIGRATE_HINT)

    def _check_not_newer(self, version: int) -> None:
        if version > VERSION:
            raise SupopsError(
                f"The store at {self.shown} was written by a newer version of supops (store version {version}; this one knows "
                f"{VERSION}).",
                hint="Upgrade supops.",
            )

    @property
    def has_literal_password(self) -> bool:
        """Whether a password stands in the address, where whoever lists processes or settings reads it."""
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            return bool(conninfo_to_dict(self.url).get("password"))
        except ProgrammingError:
            return False

    @property
    def shown(self) -> str:
        """The address as messages may have it: host and database."""
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            parts = conninfo_to_dict(self.url)
        except ProgrammingError:
            return self._setting
        return f"{parts.get('host') or 'the local socket'}/{parts.get('dbname') or ''}"

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Say in words what PostgreSQL objects to."""
        import psycopg
        from psycopg import errors

        try:
            yield
        except (errors.InvalidPassword, errors.InvalidAuthorizationSpecification) as error:
            raise CredentialError(
                f"The database at {self.shown} does not let us in: {_said(error)}",
                hint="Look at queue.password.",
            ) from None
        except errors.InsufficientPrivilege as error:
            raise CredentialError(
                f"The database user may not do this at {self.shown}: {_said(error)}",
                hint=f"Let it use the schema {SCHEMA}, or make the schema with a user who may.",
            ) from None
        except (errors.UndefinedTable, errors.InvalidSchemaName):
            raise ConfigError(
                f"The database of {self.shown} has no store of deliveries.", hint=INIT_HINT
            ) from None
        except psycopg.OperationalError as error:
            text = _said(error)
            if "password" in text:
                raise CredentialError(
                    f"The database at {self.shown} does not let us in: {text}", hint="Look at queue.password."
                ) from None
            raise SupopsError(
                f"The store at {self.shown} can't be used: {text}. Nothing was changed.",
                hint=f"See whether the database server runs and can be reached, and look at {self._setting}.",
            ) from None
        except psycopg.Error as error:
            raise SupopsError(
                f"The store at {self.shown} refuses: {_said(error)}. Nothing was changed."
            ) from error


def _version_of(connection: "Connection") -> int:
    """Return the version of the tables; 0 where there are none."""
    known = connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.facts",)).fetchone()
    if known is None or known[0] is None:
        return 0
    row = connection.execute("SELECT value FROM facts WHERE name = 'version'").fetchone()
    return int(row[0]) if row else 0


@cache
def _translated(text: str) -> bytes:
    return NAMED.sub(r"%(\1)s", text).encode()


def _said(error: Exception) -> str:
    from supops.models.redaction import redact

    lines = [" ".join(line.split()) for line in str(error).splitlines()]
    # libpq asks back where it is not heard: that is no part of the sentence, and the hint says it.
    told = " ".join(line for line in lines if line and not line.endswith("?"))
    return redact(told or " ".join(lines))[:400].rstrip(".?!")
