"""Rows of the store of deliveries, and what they stand for."""

import json
from datetime import UTC, datetime, timedelta

from supops.adapters.inbox_database import Row, Value
from supops.models.deliveries import Attempt, Delivery, Filter, State

SUMMARY = (
    "id, source, delivery_key, lock_key, event, received_at, state, attempts, next_at, worker, lease_until, last_error, "
    "finished_at, outcome"
)
WHOLE = f"{SUMMARY}, result, headers, body"
ATTEMPT = "id, delivery, number, worker, started_at, finished_at, succeeded, error"
# A time further ahead than any that is ever set was written under a clock that was wrong, and counts as past.
FARTHEST = timedelta(hours=2)


def seconds(time: datetime) -> float:
    """Return a time as it is kept."""
    return time.timestamp()


def moment(value: object) -> datetime:
    """Return the time that was kept."""
    return datetime.fromtimestamp(float(str(value)), UTC)


def number(value: object) -> int:
    """Return the number that was kept."""
    return int(str(value))


def around(now: datetime) -> dict[str, Value]:
    """Return the values for `now`, and for what is too far ahead to be true."""
    return {"now": seconds(now), "far": seconds(now + FARTHEST)}


def delivery_of(row: Row) -> Delivery:
    """Return the delivery: of a row with the columns of `SUMMARY`, or of `WHOLE`."""
    (
        identity,
        source,
        key,
        lock_key,
        event,
        received,
        state,
        attempts,
        next_at,
        worker,
        lease,
        error,
        *rest,
    ) = row
    finished, outcome, *whole = rest
    result, headers, body = whole or ("", "{}", b"")
    return Delivery(
        id=number(identity),
        source=str(source),
        key=str(key),
        lock_key=str(lock_key),
        event=str(event),
        received_at=moment(received),
        state=State(str(state)),
        attempts=number(attempts),
        next_at=moment(next_at),
        worker=str(worker),
        lease_until=None if lease is None else moment(lease),
        last_error=str(error),
        finished_at=None if finished is None else moment(finished),
        outcome=str(outcome),
        result=str(result),
        headers=json.loads(str(headers)),
        body=body if isinstance(body, bytes) else b"",
    )


def attempt_of(row: Row) -> Attempt:
    """Return the attempt of a row with the columns of `ATTEMPT`."""
    identity, delivery, which, worker, started, finished, succeeded, error = row
    return Attempt(
        number(identity),
        number(delivery),
        number(which),
        str(worker),
        moment(started),
        None if finished is None else moment(finished),
        None if succeeded is None else bool(succeeded),
        str(error),
    )


def conditions_of(wanted: Filter) -> tuple[list[str], dict[str, Value]]:
    """Return the conditions that a filter stands for, and their values."""
    # What is looked for by time is found by time, and what is seldom by its state: of a million, most are done, with the same source
    # and event.
    by_time, is_seldom = bool(wanted.since or wanted.until), wanted.state not in (None, State.DONE)
    plain = " || ''" if by_time or is_seldom else ""
    pairs: dict[str, tuple[str, Value]] = {
        "source": (f"source{plain} = :source", wanted.source),
        "event": (f"event{plain} = :event", wanted.event),
        "since": ("received_at >= :since", seconds(wanted.since) if wanted.since else None),
        "until": ("received_at < :until", seconds(wanted.until) if wanted.until else None),
        "lock_key": ("lock_key = :lock_key", wanted.lock_key),
        "finished_since": (
            "id IN (SELECT id FROM inbox WHERE finished_at >= :finished_since)",
            seconds(wanted.finished_since) if wanted.finished_since else None,
        ),
        "finished_until": (
            "finished_at < :finished_until",
            seconds(wanted.finished_until) if wanted.finished_until else None,
        ),
    }
    given = {name: pair for name, pair in pairs.items() if pair[1] is not None}
    conditions = [text for text, _ in given.values()]
    if wanted.state:
        # As it stands in the indexes.
        state = f"state = '{wanted.state}'"
        # These indexes are in the order that a listing has; of the others SQLite makes no use by itself.
        in_order = wanted.state in (State.DEAD, State.DISCARDED) and not by_time
        if is_seldom and not in_order:
            state = f"id IN (SELECT id FROM inbox WHERE {state})"
        conditions.append(state)
    return conditions, {name: value for name, (_, value) in given.items()}


def busy_until(delivery: Delivery, now: datetime) -> datetime | None:
    """Return when a delivery may be processed that is not due, or is being processed; None for now."""
    until = delivery.lease_until if delivery.state is State.RUNNING else delivery.next_at
    return until if until is not None and now < until <= now + FARTHEST else None
