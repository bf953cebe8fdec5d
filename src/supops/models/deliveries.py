"""Deliveries: what webhooks brought, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

CALENDLY = "calendly"
ZENDESK = "zendesk"
SCHEDULE = "schedule"
# More bytes than this no delivery has; a receiver refuses it.
LARGEST_BODY = 256 * 1024


class State(StrEnum):
    """How far a delivery is: ``pending -> running -> done | dead``, and back to pending after an error or a replay."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    DISCARDED = "discarded"


OPEN = frozenset({State.PENDING, State.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery that was received.

    Attributes:
        source: Who sent it: ``calendly``, ``zendesk``; ``schedule`` for a job of our own.
        key: The same for every repeat of the same delivery, and for nothing else.
        lock_key: What it is about. Deliveries about the same thing are not processed at the same time.
        event: What happened, as far as that could be read; empty where it could not.
        headers: Those that are kept, with lower-case names. None of them is a secret.
    """

    source: str
    key: str
    lock_key: str
    event: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A stored delivery.

    Attributes:
        attempts: How often it was begun to be processed since it arrived or was last replayed.
        next_at: When it is due.
        worker: Who processes it, or did last.
        lease_until: Until when nobody else takes it over; None while it is not processed.
        last_error: Of the last attempt that failed; empty after one that did not.
        finished_at: When it was done, given up or discarded.
        outcome: What became of it, in a few words; of a discarded one the reason.
        result: What became of it, as JSON; empty where there is nothing to tell.
        body: Empty in lists.
    """

    id: int
    source: str
    key: str
    lock_key: str
    event: str
    received_at: datetime
    state: State
    attempts: int
    next_at: datetime
    worker: str = ""
    lease_until: datetime | None = None
    last_error: str = ""
    finished_at: datetime | None = None
    outcome: str = ""
    result: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to process a delivery.

    Attributes:
        id: Grows with every attempt at any delivery.
        number: Of the attempt since the delivery arrived or was last replayed, from 1.
        finished_at: None while it runs, or where it never ended: its worker was killed.
        succeeded: None where it has not ended.
    """

    id: int
    delivery: int
    number: int
    worker: str
    started_at: datetime
    finished_at: datetime | None = None
    succeeded: bool | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that a worker may process, until the lease ends or somebody else has taken it over.

    Attributes:
        attempt: The attempt's id. Whoever took it over has another.
    """

    delivery: Delivery
    attempt: int

    @property
    def number(self) -> int:
        """The attempt's number, from 1."""
        return self.delivery.attempts


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that nobody may process now."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a delivery: in a few words, and as JSON (empty for nothing to tell)."""

    text: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are looked for. None stands for any.

    Attributes:
        since: Received at this time or later.
        until: Received before this time.
        lock_key: What it is about, such as a scheduled event's URI.
        finished_since: Finished at this time or later.
        finished_until: Finished before this time.
    """

    state: State | None = None
    source: str | None = None
    event: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    lock_key: str | None = None
    finished_since: datetime | None = None
    finished_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much there is in the store.

    Attributes:
        counts: Deliveries by state.
        oldest: When the oldest one that is due was due; None for none.
    """

    counts: Mapping[State, int]
    oldest: datetime | None

    @property
    def open(self) -> int:
        """How many wait or are processed."""
        return sum(self.counts.get(state, 0) for state in OPEN)


@dataclass(frozen=True, slots=True)
class Process:
    """A process that takes part: a ``receiver`` or a ``worker``, and when it last said so."""

    name: str
    kind: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ScheduleSwitch:
    """A schedule that was switched on or off, and when."""

    name: str
    enabled: bool
    changed_at: datetime
