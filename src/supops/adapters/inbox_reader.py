"""Reading the store of deliveries, in whatever database."""

from collections.abc import Mapping
from datetime import datetime

from supops.adapters.inbox_database import Database
from supops.adapters.inbox_rows import (
    ATTEMPT,
    SUMMARY,
    WHOLE,
    around,
    attempt_of,
    conditions_of,
    delivery_of,
    moment,
    number,
    seconds,
)
from supops.models.deliveries import Attempt, Backlog, Delivery, Filter, Process, ScheduleSwitch, State
from supops.services.inbox_ports import NoSuchDelivery

LARGEST_ID = 2**63 - 1


class InboxReader:
    """The half of the store that changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: Filter, *, before: int | None = None, limit: int) -> tuple[Delivery, ...]:
        """See `Inbox`."""
        conditions, values = conditions_of(wanted)
        values |= {"before": LARGEST_ID if before is None else before, "limit": limit}
        # Ids grow with the times, but for jumps of the clock. Of a million, those of an hour are found by their times.
        by_time = wanted.since is not None or wanted.until is not None
        order = "received_at DESC, id DESC" if by_time else "id DESC"
        with self._database.reading() as session:
            place = "id < :before"
            if by_time and before is not None:
                row = session.row("SELECT received_at FROM inbox WHERE id = :before", {"before": before})
                if row:
                    place = "(received_at, id) < (:received_at, :before)"
                    values["received_at"] = seconds(moment(row[0]))
            where = " AND ".join([place, *conditions])
            rows = session.rows(
                f"SELECT {SUMMARY} FROM inbox WHERE {where} ORDER BY {order} LIMIT :limit", values
            )
        return tuple(delivery_of(row) for row in rows)

    def delivery(self, identity: int) -> Delivery:
        """See `Inbox`."""
        row = None
        if 0 < identity <= LARGEST_ID:
            with self._database.reading() as session:
                row = session.row(f"SELECT {WHOLE} FROM inbox WHERE id = :id", {"id": identity})
        if row is None:
            raise NoSuchDelivery(
                f"There is no delivery {identity}.",
                hint="`supops webhooks deliveries` lists those there are.",
            )
        return delivery_of(row)

    def find(self, key: str) -> Delivery | None:
        """See `Inbox`."""
        with self._database.reading() as session:
            row = session.row(f"SELECT {WHOLE} FROM inbox WHERE delivery_key = :key", {"key": key})
        return delivery_of(row) if row else None

    def attempts(self, identity: int) -> tuple[Attempt, ...]:
        """See `Inbox`."""
        with self._database.reading() as session:
            rows = session.rows(
                f"SELECT {ATTEMPT} FROM attempts WHERE delivery = :id ORDER BY id", {"id": identity}
            )
        return tuple(attempt_of(row) for row in rows)

    def attempts_after(self, attempt: int, *, limit: int) -> tuple[Attempt, ...]:
        """See `Inbox`."""
        with self._database.reading() as session:
            rows = session.rows(
                f"SELECT {ATTEMPT} FROM attempts WHERE id > :id ORDER BY id LIMIT :limit",
                {"id": attempt, "limit": limit},
            )
        return tuple(attempt_of(row) for row in rows)

    def due(self, now: datetime, *, slots: bool | None = None) -> int | None:
        """See `Queue`."""
        # Each part finds its first by an index of its own, however many wait.
        free = (
            "AND NOT EXISTS (SELECT 1 FROM inbox AS other WHERE other.state = 'running' AND other.lock_key = one.lock_key "
            "AND other.id <> one.id AND other.lease_until > :now AND other.lease_until <= :far)"
        )
        if slots is not None:
            free += f" AND source {'=' if slots else '<>'} 'schedule'"
        parts = [
            f"SELECT id, next_at FROM inbox AS one WHERE {which} {free} ORDER BY next_at, id LIMIT 1"
            for which in (
                "state = 'pending' AND next_at <= :now",
                "state = 'pending' AND next_at > :far",
                "state = 'running' AND (lease_until <= :now OR lease_until > :far)",
            )
        ]
        union = " UNION ALL ".join(f"SELECT id, next_at FROM ({part}) AS part" for part in parts)
        with self._database.reading() as session:
            row = session.row(f"SELECT id FROM ({union}) AS parts ORDER BY next_at, id LIMIT 1", around(now))
        return number(row[0]) if row else None

    def backlog(self, now: datetime) -> Backlog:
        """See `Inbox`."""
        counted = ("pending", "running", "dead", "discarded")
        counts = ", ".join(f"(SELECT count(*) FROM inbox WHERE state = '{state}')" for state in counted)
        oldest = " UNION ALL ".join(
            f"SELECT min(next_at) AS oldest FROM inbox WHERE state = '{state}' AND next_at <= :now"
            for state in ("pending", "running")
        )
        with self._database.reading() as session:
            numbers = session.row(f"SELECT {counts}, (SELECT count(*) FROM inbox)")
            row = session.row(f"SELECT min(oldest) FROM ({oldest}) AS parts", around(now))
        *others, every = (number(value) for value in numbers or (0,) * 5)
        found = {State(state): count for state, count in zip(counted, others, strict=True)}
        found[State.DONE] = every - sum(others)
        return Backlog(
            {state: count for state, count in found.items() if count},
            moment(row[0]) if row and row[0] is not None else None,
        )

    def processes(self) -> tuple[Process, ...]:
        """See `Inbox`."""
        with self._database.reading() as session:
            rows = session.rows("SELECT name, kind, seen_at FROM processes ORDER BY name")
        return tuple(Process(str(name), str(kind), moment(seen)) for name, kind, seen in rows)

    def switches(self) -> Mapping[str, ScheduleSwitch]:
        """See `Inbox`."""
        with self._database.reading() as session:
            rows = session.rows("SELECT name, enabled, changed_at FROM schedules")
        found = (ScheduleSwitch(str(name), bool(enabled), moment(at)) for name, enabled, at in rows)
        return {switch.name: switch for switch in found}
