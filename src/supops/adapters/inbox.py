"""The store of deliveries, in whatever database: the record of truth for what arrived and what became of it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from supops.adapters.inbox_database import Due, Session, Value
from supops.adapters.inbox_reader import LARGEST_ID, InboxReader
from supops.adapters.inbox_rows import (
    WHOLE,
    around,
    busy_until,
    delivery_of,
    moment,
    number,
    seconds,
)
from supops.models.deliveries import (
    SCHEDULE,
    Claim,
    Delivery,
    NewDelivery,
    Outcome,
    Process,
    ScheduleSwitch,
    State,
    Waiting,
)
from supops.services.inbox_ports import Inbox, Queue

# How soon is looked whether the lock of another delivery is free: most take a second.
LOOK_AGAIN = timedelta(seconds=5)
FORGOTTEN = timedelta(days=1)
CRASHED = "the worker ended in the middle of the last attempt, as in those before"


class SqlInbox(InboxReader, Inbox, Queue):
    """Deliveries in a database."""

    def add(self, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.check_open()
            stored: list[int | None] = [None] * len(deliveries)
            # Two receivers that are told of the same repeats at once must not wait for each other.
            order = sorted(range(len(deliveries)), key=lambda place: deliveries[place].key)
            for place in order if session.is_shared else range(len(deliveries)):
                stored[place] = self._add(session, deliveries[place])
            session.notify(
                [
                    _due(identity, one.lock_key, one.source)
                    for identity, one in zip(stored, deliveries, strict=True)
                    if identity is not None
                ]
            )
            return tuple(stored)

    def _add(self, session: Session, delivery: NewDelivery) -> int | None:
        row = session.row(
            "INSERT INTO inbox (delivery_key, source, event, lock_key, body, headers, received_at, state, next_at) "
            "VALUES (:key, :source, :event, :lock_key, :body, :headers, :received_at, 'pending', :received_at) "
            "ON CONFLICT (delivery_key) DO NOTHING RETURNING id",
            {
                "key": delivery.key,
                "source": delivery.source,
                "event": delivery.event,
                "lock_key": delivery.lock_key,
                "body": delivery.body,
                "headers": json.dumps(dict(delivery.headers)),
                "received_at": seconds(delivery.received_at),
            },
        )
        return number(row[0]) if row else None

    def begin(
        self, identity: int, *, worker: str, now: datetime, lease: timedelta, tries: int
    ) -> Claim | Waiting | None:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.check_open()
            row = session.row(
                f"SELECT {WHOLE} FROM inbox WHERE id = :id{_for_update(session)}", {"id": identity}
            )
            if row is None:
                return None
            delivery = delivery_of(row)
            if delivery.state not in (State.PENDING, State.RUNNING):
                return None
            session.lock(delivery.lock_key)
            until = busy_until(delivery, now) or self._locked_until(session, delivery, now)
            if until is not None:
                return Waiting(until)
            if delivery.attempts >= tries:
                self._end(session, identity, State.DEAD, now, error=delivery.last_error or CRASHED)
                return None
            return self._claim(session, delivery, worker, now, lease)

    def _claim(
        self, session: Session, delivery: Delivery, worker: str, now: datetime, lease: timedelta
    ) -> Claim:
        count = delivery.attempts + 1
        values: dict[str, Value] = {
            "id": delivery.id,
            "number": count,
            "worker": worker,
            "now": seconds(now),
            "lease_until": seconds(now + lease),
        }
        row = session.row(
            "INSERT INTO attempts (delivery, number, worker, started_at) VALUES (:id, :number, :worker, :now) RETURNING id",
            values,
        )
        attempt = number(row[0]) if row else 0
        session.run(
            "UPDATE inbox SET state = 'running', attempts = :number, claim = :attempt, worker = :worker, lease_until = :lease_until "
            "WHERE id = :id",
            values | {"attempt": attempt},
        )
        begun = replace(delivery, state=State.RUNNING, attempts=count, worker=worker, lease_until=now + lease)
        return Claim(begun, attempt)

    def _locked_until(self, session: Session, delivery: Delivery, now: datetime) -> datetime | None:
        """Return when to look again, where another delivery about the same thing is processed."""
        row = session.row(
            "SELECT max(lease_until) FROM inbox WHERE state = 'running' AND lock_key = :lock_key AND id <> :id "
            "AND lease_until > :now AND lease_until <= :far",
            {"lock_key": delivery.lock_key, "id": delivery.id, **around(now)},
        )
        return min(moment(row[0]), now + LOOK_AGAIN) if row and row[0] is not None else None

    def renew(self, claim: Claim, *, until: datetime) -> bool:
        """See `Inbox`."""
        with self._database.writing() as session:
            changed = session.run(
                "UPDATE inbox SET lease_until = :until WHERE id = :id AND claim = :attempt AND state = 'running'",
                {"until": seconds(until), "id": claim.delivery.id, "attempt": claim.attempt},
            )
            return changed == 1

    def finish(self, claim: Claim, outcome: Outcome, *, now: datetime) -> bool:
        """See `Inbox`."""
        with self._database.writing() as session:
            if not self._still(session, claim):
                return False
            self._end_attempt(session, claim, now, error="")
            self._end(session, claim.delivery.id, State.DONE, now, outcome=outcome)
            return True

    def fail(self, claim: Claim, error: str, *, now: datetime, next_at: datetime | None) -> bool:
        """See `Inbox`."""
        with self._database.writing() as session:
            if not self._still(session, claim):
                return False
            self._end_attempt(session, claim, now, error=error)
            if next_at is None:
                self._end(session, claim.delivery.id, State.DEAD, now, error=error)
            else:
                session.run(
                    "UPDATE inbox SET state = 'pending', next_at = :next_at, claim = NULL, lease_until = NULL, last_error = :error "
                    "WHERE id = :id",
                    {"next_at": seconds(next_at), "error": error, "id": claim.delivery.id},
                )
            return True

    def _still(self, session: Session, claim: Claim) -> bool:
        """Whether a claim is still its worker's; a worker that was frozen past its lease must not end what another began."""
        return (
            session.row(
                f"SELECT 1 FROM inbox WHERE id = :id AND claim = :attempt AND state = 'running'{_for_update(session)}",
                {"id": claim.delivery.id, "attempt": claim.attempt},
            )
            is not None
        )

    def _end_attempt(self, session: Session, claim: Claim, now: datetime, *, error: str) -> None:
        session.run(
            "UPDATE attempts SET finished_at = :now, succeeded = :succeeded, error = :error WHERE id = :id",
            {"now": seconds(now), "succeeded": int(not error), "error": error, "id": claim.attempt},
        )

    def _end(
        self,
        session: Session,
        identity: int,
        state: State,
        now: datetime,
        *,
        error: str = "",
        outcome: Outcome | None = None,
    ) -> None:
        outcome = outcome or Outcome("")
        session.run(
            "UPDATE inbox SET state = :state, finished_at = :now, claim = NULL, lease_until = NULL, last_error = :error, "
            "outcome = :outcome, result = :result WHERE id = :id",
            {
                "state": str(state),
                "now": seconds(now),
                "error": error,
                "outcome": outcome.text,
                "result": outcome.result,
                "id": identity,
            },
        )

    def replay(self, identities: Collection[int], *, now: datetime) -> tuple[int, ...]:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.check_open()
            due: list[Due] = []
            for identity in sorted(set(identities)):
                row = session.row(
                    "UPDATE inbox SET state = 'pending', attempts = 0, next_at = :now, claim = NULL, lease_until = NULL, "
                    "finished_at = NULL, outcome = '', result = '', last_error = '' WHERE id = :id AND state <> 'running' "
                    "RETURNING lock_key, source",
                    {"now": seconds(now), "id": identity},
                )
                if row:
                    due.append(_due(identity, str(row[0]), str(row[1])))
            session.notify(due)
            return tuple(one.id for one in due)

    def discard(self, identity: int, reason: str, *, now: datetime) -> bool:
        """See `Inbox`."""
        with self._database.writing() as session:
            changed = session.run(
                "UPDATE inbox SET state = 'discarded', finished_at = :now, outcome = :reason "
                "WHERE id = :id AND state IN ('pending', 'dead')",
                {"now": seconds(now), "reason": reason, "id": identity},
            )
            return changed == 1

    def prune(
        self,
        before: datetime,
        *,
        limit: int | None = None,
        dry_run: bool = False,
        state: State | None = None,
    ) -> int:
        """See `Inbox`."""
        # Nothing is finished before it is received; what says so has an index.
        states = f"('{state}')" if state else "('done', 'dead', 'discarded')"
        old = f"received_at < :before AND finished_at < :before AND state IN {states}"
        # The last slot of each schedule stays, so that it is known not to be due again.
        which = (
            f"FROM inbox WHERE {old} AND (source <> 'schedule' OR EXISTS "
            "(SELECT 1 FROM inbox AS later WHERE later.lock_key = inbox.lock_key AND later.delivery_key > inbox.delivery_key))"
        )
        values: dict[str, Value] = {"before": seconds(before)}
        if dry_run:
            with self._database.reading() as session:
                row = session.row(f"SELECT count(*) {which}", values)
                return number(row[0]) if row else 0
        values["limit"] = LARGEST_ID if limit is None else limit
        with self._database.writing() as session:
            # Said twice: one that is replayed at the same moment must not be deleted.
            return session.run(
                f"DELETE FROM inbox WHERE {old} AND id IN (SELECT id {which} ORDER BY received_at LIMIT :limit)",
                values,
            )

    def check(self) -> None:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.check_open()
            session.run(
                "INSERT INTO facts (name, value) VALUES ('checked', '1') ON CONFLICT (name) DO UPDATE SET value = '1'"
            )

    def seen(self, process: Process) -> None:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.check_open()
            session.run(
                "INSERT INTO processes (name, kind, seen_at) VALUES (:name, :kind, :seen_at) "
                "ON CONFLICT (name) DO UPDATE SET kind = :kind, seen_at = :seen_at",
                {"name": process.name, "kind": process.kind, "seen_at": seconds(process.seen_at)},
            )
            # Those that were killed could not say that they are gone.
            session.run(
                "DELETE FROM processes WHERE seen_at < :before",
                {"before": seconds(process.seen_at - FORGOTTEN)},
            )

    def gone(self, name: str) -> None:
        """See `Inbox`."""
        with self._database.writing() as session:
            session.run("DELETE FROM processes WHERE name = :name", {"name": name})

    def switch(self, change: ScheduleSwitch, *, if_new: bool = False) -> None:
        """See `Inbox`."""
        otherwise = "NOTHING" if if_new else "UPDATE SET enabled = :enabled, changed_at = :changed_at"
        with self._database.writing() as session:
            session.check_open()
            session.run(
                "INSERT INTO schedules (name, enabled, changed_at) VALUES (:name, :enabled, :changed_at) "
                f"ON CONFLICT (name) DO {otherwise}",
                {
                    "name": change.name,
                    "enabled": int(change.enabled),
                    "changed_at": seconds(change.changed_at),
                },
            )


def _for_update(session: Session) -> str:
    return " FOR UPDATE" if session.is_shared else ""


def _due(identity: int, lock_key: str, source: str) -> Due:
    return Due(identity, lock_key, source == SCHEDULE)
