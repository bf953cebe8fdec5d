"""Stands in for `supops.adapters.inbox`: the store of deliveries in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from supops.models.deliveries import (
    SCHEDULE,
    Attempt,
    Backlog,
    Claim,
    Delivery,
    Filter,
    NewDelivery,
    Outcome,
    Process,
    ScheduleSwitch,
    State,
    Waiting,
)
from supops.services.inbox_ports import Inbox, NoSuchDelivery, Queue

LOOK_AGAIN = timedelta(seconds=5)
FINISHED = frozenset({State.DONE, State.DEAD, State.DISCARDED})


class FakeInbox(Inbox, Queue):
    """Deliveries in memory.

    Attributes:
        pruned: How many each call of `prune` deleted.
    """

    def __init__(self) -> None:
        self._rows: dict[int, Delivery] = {}
        self._attempts: list[Attempt] = []
        self._last = 0
        self._claims: dict[int, int] = {}
        self._processes: dict[str, Process] = {}
        self._switches: dict[str, ScheduleSwitch] = {}
        self.pruned: list[int] = []

    def add(self, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        return tuple(self._add(one) for one in deliveries)

    def _add(self, new: NewDelivery) -> int | None:
        if self.find(new.key):
            return None
        self._last += 1
        self._rows[self._last] = Delivery(
            id=self._last,
            source=new.source,
            key=new.key,
            lock_key=new.lock_key,
            event=new.event,
            received_at=new.received_at,
            state=State.PENDING,
            attempts=0,
            next_at=new.received_at,
            headers=dict(new.headers),
            body=new.body,
        )
        return self._last

    def begin(
        self, identity: int, *, worker: str, now: datetime, lease: timedelta, tries: int
    ) -> Claim | Waiting | None:
        row = self._rows.get(identity)
        if row is None or row.state in FINISHED:
            return None
        until = row.lease_until if row.state is State.RUNNING else row.next_at
        if until is not None and until > now:
            return Waiting(until)
        if (locked := self._locked_until(row, now)) is not None:
            return Waiting(min(locked, now + LOOK_AGAIN))
        if row.attempts >= tries:
            error = row.last_error or "the worker ended in the middle of the last attempt, as in those before"
            self._change(row, state=State.DEAD, finished_at=now, lease_until=None, last_error=error)
            return None
        attempt = Attempt(len(self._attempts) + 1, identity, row.attempts + 1, worker, now)
        self._attempts.append(attempt)
        self._claims[identity] = attempt.id
        begun = self._change(
            row, state=State.RUNNING, attempts=row.attempts + 1, worker=worker, lease_until=now + lease
        )
        return Claim(begun, attempt.id)

    def _locked_until(self, row: Delivery, now: datetime) -> datetime | None:
        leases = [
            other.lease_until
            for other in self._rows.values()
            if other.state is State.RUNNING and other.lock_key == row.lock_key and other.id != row.id
        ]
        return max((lease for lease in leases if lease and lease > now), default=None)

    def _change(self, row: Delivery, **changes: object) -> Delivery:
        changed = replace(row, **changes)  # type: ignore[arg-type]
        self._rows[row.id] = changed
        return changed

    def _held(self, claim: Claim) -> Delivery | None:
        row = self._rows.get(claim.delivery.id)
        is_held = row and row.state is State.RUNNING and self._claims.get(row.id) == claim.attempt
        return row if is_held else None

    def renew(self, claim: Claim, *, until: datetime) -> bool:
        row = self._held(claim)
        if row:
            self._change(row, lease_until=until)
        return row is not None

    def _end_attempt(self, claim: Claim, now: datetime, error: str) -> None:
        place = claim.attempt - 1
        self._attempts[place] = replace(
            self._attempts[place], finished_at=now, succeeded=not error, error=error
        )

    def finish(self, claim: Claim, outcome: Outcome, *, now: datetime) -> bool:
        row = self._held(claim)
        if row is None:
            return False
        self._end_attempt(claim, now, "")
        self._change(
            row,
            state=State.DONE,
            finished_at=now,
            lease_until=None,
            last_error="",
            outcome=outcome.text,
            result=outcome.result,
        )
        return True

    def fail(self, claim: Claim, error: str, *, now: datetime, next_at: datetime | None) -> bool:
        row = self._held(claim)
        if row is None:
            return False
        self._end_attempt(claim, now, error)
        if next_at is None:
            self._change(
                row,
                state=State.DEAD,
                finished_at=now,
                lease_until=None,
                last_error=error,
                outcome="",
                result="",
            )
        else:
            self._change(row, state=State.PENDING, next_at=next_at, lease_until=None, last_error=error)
        return True

    def replay(self, identities: Collection[int], *, now: datetime) -> tuple[int, ...]:
        replayed = []
        for identity in sorted(set(identities)):
            row = self._rows.get(identity)
            if row and row.state is not State.RUNNING:
                self._change(
                    row,
                    state=State.PENDING,
                    attempts=0,
                    next_at=now,
                    lease_until=None,
                    finished_at=None,
                    last_error="",
                    outcome="",
                    result="",
                )
                replayed.append(identity)
        return tuple(replayed)

    def discard(self, identity: int, reason: str, *, now: datetime) -> bool:
        row = self._rows.get(identity)
        if row is None or row.state not in (State.PENDING, State.DEAD):
            return False
        self._change(row, state=State.DISCARDED, finished_at=now, outcome=reason)
        return True

    def prune(
        self,
        before: datetime,
        *,
        limit: int | None = None,
        dry_run: bool = False,
        state: State | None = None,
    ) -> int:
        rows = self._rows.values()
        old = [
            row.id
            for row in sorted(rows, key=lambda row: row.received_at)
            if row.state in ({state} if state else FINISHED) and row.finished_at and row.finished_at < before
            if row.source != "schedule"
            or any(one.lock_key == row.lock_key and one.key > row.key for one in rows)
        ]
        if dry_run:
            return len(old)
        deleted = set(old[:limit])
        self._rows = {identity: row for identity, row in self._rows.items() if identity not in deleted}
        self._attempts = [
            replace(one, delivery=0) if one.delivery in deleted else one for one in self._attempts
        ]
        self.pruned.append(len(deleted))
        return len(deleted)

    def page(self, wanted: Filter, *, before: int | None = None, limit: int) -> tuple[Delivery, ...]:
        found = [
            replace(row, body=b"", result="", headers={})
            for row in reversed(self._rows.values())
            if (before is None or row.id < before) and _is_wanted(row, wanted)
        ]
        return tuple(found[:limit])

    def delivery(self, identity: int) -> Delivery:
        if identity not in self._rows:
            raise NoSuchDelivery(
                f"There is no delivery {identity}.",
                hint="`supops webhooks deliveries` lists those there are.",
            )
        return self._rows[identity]

    def attempts(self, identity: int) -> tuple[Attempt, ...]:
        return tuple(one for one in self._attempts if one.delivery == identity)

    def attempts_after(self, attempt: int, *, limit: int) -> tuple[Attempt, ...]:
        return tuple(one for one in self._attempts[max(0, attempt) :] if one.delivery)[:limit]

    def find(self, key: str) -> Delivery | None:
        return next((row for row in self._rows.values() if row.key == key), None)

    def due(self, now: datetime, *, slots: bool | None = None) -> int | None:
        waiting = [
            row
            for row in self._rows.values()
            if slots is None or (row.source == SCHEDULE) == slots
            if (row.state is State.PENDING and row.next_at <= now)
            or (row.state is State.RUNNING and row.lease_until and row.lease_until <= now)
            if self._locked_until(row, now) is None
        ]
        return min(waiting, key=lambda row: (row.next_at, row.id)).id if waiting else None

    def backlog(self, now: datetime) -> Backlog:
        states = [row.state for row in self._rows.values()]
        due = [row.next_at for row in self._rows.values() if row.state not in FINISHED and row.next_at <= now]
        return Backlog({state: states.count(state) for state in set(states)}, min(due, default=None))

    def check(self) -> None:
        """It can."""

    def seen(self, process: Process) -> None:
        self._processes[process.name] = process

    def gone(self, name: str) -> None:
        self._processes.pop(name, None)

    def processes(self) -> tuple[Process, ...]:
        return tuple(sorted(self._processes.values(), key=lambda process: process.name))

    def switch(self, change: ScheduleSwitch, *, if_new: bool = False) -> None:
        if not (if_new and change.name in self._switches):
            self._switches[change.name] = change

    def switches(self) -> Mapping[str, ScheduleSwitch]:
        return dict(self._switches)


def _is_wanted(row: Delivery, wanted: Filter) -> bool:
    finished = row.finished_at
    return (
        wanted.state in (None, row.state)
        and wanted.source in (None, row.source)
        and wanted.event in (None, row.event)
        and wanted.lock_key in (None, row.lock_key)
        and (wanted.since is None or row.received_at >= wanted.since)
        and (wanted.until is None or row.received_at < wanted.until)
        and (wanted.finished_since is None or (finished is not None and finished >= wanted.finished_since))
        and (wanted.finished_until is None or (finished is not None and finished < wanted.finished_until))
    )
