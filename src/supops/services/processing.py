"""Processing deliveries: counted before the work, tried again after errors that may heal, given up after those that can't.

The one code path for every engine. Whatever ends in the middle, at whatever place, is begun again by somebody: so what handlers
do must be the same when it is done twice.
"""

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from supops.errors import ConfigError, SupopsError, UsageError
from supops.models.deliveries import Claim, Delivery, Outcome, Waiting
from supops.models.redaction import redact
from supops.services.inbox_ports import Inbox, Journal
from supops.services.ports import Clock

# Source of these numbers: engine, "Design that was proven".
TRIES = 12
BASE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
JITTER = (0.2, 1.0)
LEASE = timedelta(seconds=30)
LONGEST_ERROR = 2000

# Does what a delivery asks for.
Handler = Callable[[Delivery], Outcome]
# Keeps a claim while the work takes longer than the lease.
Keeper = Callable[[Claim], AbstractContextManager[None]]


class CantHeal(SupopsError):
    """Trying again will not help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Processes deliveries.

    Attributes:
        handlers: What is done with the deliveries of each source.
        keep: Keeps a claim for as long as its block runs.
        worker: The worker's name, which no other has.
        tries: After so many a delivery is dead.
        base: The pause after the first error; it doubles with each.
        jitter: Returns a number from 0.2 to 1 that pauses are multiplied by, so that not all come back at once.
    """

    inbox: Inbox
    handlers: Mapping[str, Handler]
    keep: Keeper
    clock: Clock
    journal: Journal
    worker: str
    tries: int = TRIES
    base: timedelta = BASE
    lease: timedelta = LEASE
    jitter: Callable[[], float] = field(default=lambda: random.uniform(*JITTER))

    def process(self, identity: int) -> datetime | None:
        """Process one delivery. See `supops.services.inbox_ports.Work`.

        Raises:
            SupopsError: The store can't be used; whatever was begun is begun again by somebody.
        """
        now = self.clock.now()
        begun = self.inbox.begin(identity, worker=self.worker, now=now, lease=self.lease, tries=self.tries)
        if isinstance(begun, Waiting):
            return begun.until
        return self._work(begun) if begun else None

    def _work(self, claim: Claim) -> datetime | None:
        delivery = claim.delivery
        self.journal.tell(
            "started", id=delivery.id, source=delivery.source, event=delivery.event, attempt=claim.number
        )
        try:
            with self.keep(claim):
                outcome = self._handler(delivery)(delivery)
        except Exception as error:  # noqa: BLE001  (a fault of ours must not stop the worker, and is tried again like any other)
            return self._failed(claim, error)
        if not self.inbox.finish(claim, outcome, now=self.clock.now()):
            return self._overtaken(claim)
        self.journal.tell("done", id=delivery.id, attempt=claim.number, outcome=outcome.text)
        return None

    def _handler(self, delivery: Delivery) -> Handler:
        try:
            return self.handlers[delivery.source]
        except KeyError:
            raise CantHeal(f"nothing is done with deliveries of {delivery.source!r}") from None

    def _failed(self, claim: Claim, error: Exception) -> datetime | None:
        now = self.clock.now()
        is_last = can_not_heal(error) or claim.number >= self.tries
        next_at = None if is_last else now + pause(claim.number, self.base, self.jitter())
        text = said(error)
        if not self.inbox.fail(claim, text, now=now, next_at=next_at):
            return self._overtaken(claim)
        self.journal.tell(
            "dead" if is_last else "failed",
            id=claim.delivery.id,
            attempt=claim.number,
            error=text,
            next_at=f"{next_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if next_at else None,
        )
        return next_at

    def _overtaken(self, claim: Claim) -> datetime:
        """Leave the delivery to whoever has it now; but look again, for that one may end in the middle as well."""
        self.journal.tell("overtaken", id=claim.delivery.id, attempt=claim.number)
        return self.clock.now() + self.lease


def can_not_heal(error: Exception) -> bool:
    """Whether trying again is of no use: the payload itself makes no sense. Settings and credentials can be mended meanwhile."""
    if isinstance(error, CantHeal):
        return True
    return isinstance(error, UsageError) and not isinstance(error, ConfigError)


def pause(attempt: int, base: timedelta, factor: float) -> timedelta:
    """Return how long to wait after the n-th attempt (source: engine, "Design that was proven")."""
    # Beyond 2**20 it is the longest in any case, and far beyond that no number of days.
    return min(LONGEST_PAUSE, base * 2.0 ** min(attempt - 1, 20)) * factor


def said(error: Exception) -> str:
    """Return what an error says, without secrets, in one line."""
    text = error.message if isinstance(error, SupopsError) else f"{type(error).__name__}: {error}"
    hint = error.hint if isinstance(error, SupopsError) else "This is a bug of supops."
    parts = [" ".join(part.split()) for part in (text, hint)]
    return redact(". ".join(part.rstrip(".") for part in parts if part) + ".")[:LONGEST_ERROR]
