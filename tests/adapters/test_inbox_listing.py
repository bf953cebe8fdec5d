"""Listings of a store with much in it: by which index SQLite finds what is looked for. Its plans depend on no data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_database import Row, Session, Values
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import Filter, State

INDEXES = {
    State.PENDING: "inbox_waiting",
    State.RUNNING: "inbox_running",
    State.DEAD: "inbox_dead",
    State.DISCARDED: "inbox_discarded",
}


class Explained(SqliteDatabase):
    """Remembers how what was read was found."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.plan: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with super().reading() as session:
            original = session.rows

            def rows(text: str, values: Values | None = None) -> list[Row]:
                given = values or {}
                self.plan = [str(row[3]) for row in original(f"EXPLAIN QUERY PLAN {text}", given)]
                return original(text, given)

            session.rows = rows  # type: ignore[method-assign]
            yield session


YEAR = datetime(2026, 1, 1, tzinfo=UTC)
OTHERS = (
    Filter(),
    Filter(event="invitee.created"),
    Filter(source="calendly"),
    Filter(since=YEAR, event="invitee.created"),
    Filter(until=YEAR, source="calendly"),
)


def test_what_is_seldom_is_found_by_its_state(tmp_path: Path) -> None:
    database = Explained(tmp_path / "inbox.db")
    inbox = SqlInbox(database)
    inbox.check()

    for state, index in INDEXES.items():
        for other in OTHERS:
            wanted = replace(other, state=state)
            assert inbox.page(wanted, limit=50) == ()
            assert any(f" {index}" in step for step in database.plan), (wanted, database.plan)

    database.close()
