"""Jobs of Procrastinate: one says which delivery is due, and nothing else. The store of deliveries knows the rest."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.adapters.inbox_database import Due

if TYPE_CHECKING:
    from procrastinate import manager
    from psycopg import Connection

DELIVERIES, SLOTS = "deliveries", "slots"
TASK = "supops.process"
# Kept beside our own version: the last step of Procrastinate's schema that was taken.
FACT = "procrastinate"


class JobQueue:
    """Procrastinate's jobs, within transactions of ours.

    Args:
        steps: Of its schema, by name in their order; None for those of the installed version.
    """

    def __init__(self, steps: Sequence[Path] | None = None) -> None:
        self._given = steps

    def defer(self, connection: "Connection", due: Sequence[Due]) -> None:
        """Have deliveries processed as soon as the transaction is committed.

        Args:
            connection: In a transaction.
            due: The deliveries. What is about the same thing is done one after the other.
        """
        if not due:
            return
        from procrastinate.jobs import Job

        jobs = [
            Job(
                id=None,
                queue=SLOTS if one.is_slot else DELIVERIES,
                lock=one.lock_key,
                queueing_lock=None,
                task_name=TASK,
                task_kwargs={"delivery": one.id},
            )
            for one in due
        ]
        self._manager.batch_defer_jobs(jobs, connection=connection)

    def upgrade(self, connection: "Connection") -> bool:
        """Take Procrastinate's tables to the version that is installed; return whether there was something to do.

        Each step is a transaction of its own: some make what the next one uses.
        """
        taken = self._taken(connection)
        if taken is None:
            with connection.transaction():
                connection.execute(self._schema)
                _remember(connection, self._steps[-1].name)
            return True
        lacking = [step for step in self._steps if step.name > taken]
        for step in lacking:
            with connection.transaction():
                connection.execute(step.read_bytes())
                _remember(connection, step.name)
        return bool(lacking)

    def is_current(self, connection: "Connection") -> bool:
        """Whether the tables have every step that the installed version needs."""
        taken = self._taken(connection)
        return taken is not None and taken >= self._steps[-1].name

    def _taken(self, connection: "Connection") -> str | None:
        row = connection.execute("SELECT value FROM facts WHERE name = %s", (FACT,)).fetchone()
        return str(row[0]) if row else None

    @cached_property
    def _manager(self) -> "manager.JobManager":
        from procrastinate import App, SyncPsycopgConnector

        # Never opened: every statement goes over a connection of ours.
        return App(connector=SyncPsycopgConnector()).job_manager

    @cached_property
    def _steps(self) -> "Sequence[Path]":
        if self._given:
            return self._given
        from procrastinate.schema import SchemaManager

        return sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))

    @property
    def _schema(self) -> bytes:
        from procrastinate.schema import SchemaManager

        return SchemaManager.get_schema().encode()


def _remember(connection: "Connection", step: str) -> None:
    connection.execute(
        "INSERT INTO facts (name, value) VALUES (%(name)s, %(value)s) ON CONFLICT (name) DO UPDATE SET value = %(value)s",
        {"name": FACT, "value": step},
    )
