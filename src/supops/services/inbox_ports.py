"""What receiving and processing deliveries asks of the outside world."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from supops.errors import SupopsError
from supops.models.deliveries import (
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
from supops.models.schedules import CommandEnd
from supops.models.signatures import Description, Verdict

# Processes one delivery by its id. Returns when to ask again for the same one; None when there is nothing left to do.
Work = Callable[[int], datetime | None]


class NoSuchDelivery(SupopsError):
    """There is no delivery with this number."""


class Inbox(Protocol):
    """Where deliveries are kept: the record of truth for what arrived and what became of it.

    Every method is one transaction, and durable when it returns. All raise `SupopsError` where the store can't be used, and then
    nothing was changed.
    """

    def add(self, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        """Store deliveries and have them processed, all or none.

        Returns:
            For each its id; None for a repeat of one that was stored before.
        """
        ...

    def begin(
        self, identity: int, *, worker: str, now: datetime, lease: timedelta, tries: int
    ) -> Claim | Waiting | None:
        """Begin to process a delivery: it is counted before anything is done. One that was begun too often is dead.

        Returns:
            What to process; or when to ask again, where it is not due or somebody else processes it or another one about the same
            thing; None where there is nothing left to do.
        """
        ...

    def renew(self, claim: Claim, *, until: datetime) -> bool:
        """Keep a claim for longer. Return False where somebody else has taken the delivery over."""
        ...

    def finish(self, claim: Claim, outcome: Outcome, *, now: datetime) -> bool:
        """Say that a delivery is done. Return False, and do nothing, where somebody else has taken it over."""
        ...

    def fail(self, claim: Claim, error: str, *, now: datetime, next_at: datetime | None) -> bool:
        """Say that an attempt failed, and when the next is due; None for no other: it is dead. Returns as `finish`."""
        ...

    def replay(self, identities: Collection[int], *, now: datetime) -> tuple[int, ...]:
        """Have deliveries processed again, from the first try on. Return those that are; not those that are processed now.

        What became of them before is told by their attempts only.
        """
        ...

    def discard(self, identity: int, reason: str, *, now: datetime) -> bool:
        """Give a delivery up for good. Return False where it is being processed, is done, or was given up before."""
        ...

    def prune(
        self,
        before: datetime,
        *,
        limit: int | None = None,
        dry_run: bool = False,
        state: State | None = None,
    ) -> int:
        """Delete what was finished before a time, with its attempts. Return how many deliveries that are, or would be.

        The last slot of each schedule stays.

        Args:
            before: The time.
            limit: How many to delete at most, so that nobody waits long; None for all.
            dry_run: Only count, whatever the limit.
            state: Only those in this state; None for all that are finished.
        """
        ...

    def page(self, wanted: Filter, *, before: int | None = None, limit: int) -> tuple[Delivery, ...]:
        """List deliveries, newest first, without their bodies, results and headers.

        Args:
            wanted: Which.
            before: Only those with smaller ids.
            limit: How many at most.
        """
        ...

    def delivery(self, identity: int) -> Delivery:
        """Return a delivery, whole.

        Raises:
            NoSuchDelivery: There is none.
        """
        ...

    def attempts(self, identity: int) -> tuple[Attempt, ...]:
        """List the attempts at a delivery, oldest first."""
        ...

    def attempts_after(self, attempt: int, *, limit: int) -> tuple[Attempt, ...]:
        """List attempts at any delivery that began after another one, oldest first."""
        ...

    def find(self, key: str) -> Delivery | None:
        """Return the delivery with a key, whole; None where there is none."""
        ...

    def backlog(self, now: datetime) -> Backlog:
        """Count."""
        ...

    def check(self) -> None:
        """See whether something can be stored, and store nothing."""
        ...

    def seen(self, process: Process) -> None:
        """Take note that a process takes part."""
        ...

    def gone(self, name: str) -> None:
        """Take note that a process does not take part any more."""
        ...

    def processes(self) -> tuple[Process, ...]:
        """List who took part, and did not say that they are gone."""
        ...

    def switch(self, change: ScheduleSwitch, *, if_new: bool = False) -> None:
        """Switch a schedule on or off; with `if_new` only one that never was."""
        ...

    def switches(self) -> Mapping[str, ScheduleSwitch]:
        """Return the schedules that were switched on or off, by name."""
        ...


class Queue(Protocol):
    """What is due in a store, for an engine that has to look by itself."""

    def due(self, now: datetime, *, slots: bool | None = None) -> int | None:
        """Return the delivery whose turn it is; None for none.

        Args:
            now: The present time.
            slots: True for slots of schedules only, False for all others; None for both.
        """
        ...


class Stop(Protocol):
    """Says when to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether it is time to end."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for that, but not longer than so many seconds. Return whether it is time."""
        ...


class Engine(Protocol):
    """Gives a worker the deliveries that are due."""

    def run(self, work: Work, *, stop: Stop) -> None:
        """Work until it is time to end. What is being processed then is finished first.

        Raises:
            SupopsError: The store can't be used at all.
        """
        ...


class CommandRunner(Protocol):
    """Runs commands of supops in processes of their own, with the settings of this one."""

    def run(self, words: Sequence[str]) -> CommandEnd:
        """Run a command to its end.

        Raises:
            SupopsError: It could not be started, or took too long.
        """
        ...


class Journal(Protocol):
    """Who is told what happens, line by line."""

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        """Tell of an event (``stored``, ``done``), with its facts; None for one that there is not."""
        ...


class Source(Protocol):
    """A sender of deliveries: how its signature is checked, and what its deliveries are about.

    Attributes:
        name: Such as ``calendly``.
        kept_headers: Names, in lower case, of the headers that are stored. None of them is a secret.
    """

    name: str
    kept_headers: frozenset[str]

    def verify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Verdict:
        """Check the signature over the raw body.

        Args:
            headers: With lower-case names.
            body: As it arrived.
            now: The present time.
        """
        ...

    def describe(self, headers: Mapping[str, str], body: bytes) -> Description | None:
        """Return what a delivery says of itself, as far as it can be read; None where it is not JSON at all."""
        ...
