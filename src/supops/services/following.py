"""Following deliveries: what arrives and what becomes of it, as it happens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from supops.models.deliveries import Attempt, Delivery, Filter, State
from supops.services.inbox_ports import Inbox, NoSuchDelivery

# With several who write, a smaller number may become visible after a larger one.
OVERLAP = 50
MOST_AT_ONCE = 500


class What(StrEnum):
    """What happens to a delivery."""

    ARRIVED = "arrived"
    DONE = "done"
    FAILED = "failed"
    DEAD = "dead"
    BROKEN_OFF = "broken-off"


STATES = {
    What.ARRIVED: State.PENDING,
    What.DONE: State.DONE,
    What.FAILED: State.PENDING,
    What.DEAD: State.DEAD,
    What.BROKEN_OFF: State.RUNNING,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened.

    Attributes:
        delivery: As it stands since.
        attempt: That ended; None where none did.
    """

    what: What
    delivery: Delivery
    attempt: Attempt | None = None


@dataclass(slots=True)
class Follower:
    """Looks again and again at what is new.

    Attributes:
        wanted: Which deliveries; of the state, which happenings lead to it.
    """

    inbox: Inbox
    wanted: Filter
    _seen: set[int] = field(init=False, default_factory=set)
    _seen_attempts: set[int] = field(init=False, default_factory=set)
    _last: int = field(init=False, default=0)
    _last_attempt: int = field(init=False, default=0)
    _open: dict[int, Attempt] = field(init=False, default_factory=dict)

    def begin(self) -> None:
        """Take what is there as known. What is being processed is followed to its end."""
        for one in self.inbox.page(Filter(), limit=OVERLAP):
            self._last = max(self._last, one.id)
            self._seen.add(one.id)
        self._last_attempt = last_attempt(self.inbox)
        known = self.inbox.attempts_after(self._last_attempt - OVERLAP, limit=MOST_AT_ONCE)
        self._seen_attempts = {one.id for one in known}
        for one in self.inbox.page(Filter(state=State.RUNNING), limit=MOST_AT_ONCE):
            for attempt in self.inbox.attempts(one.id)[-1:]:
                self._open[attempt.id] = attempt

    def look(self) -> Iterator[Happening]:
        """Yield what happened since the last look."""
        for happening in (*self._arrived(), *self._ended()):
            if self._is_wanted(happening):
                yield happening

    def _is_wanted(self, happening: Happening) -> bool:
        wanted, one = self.wanted, happening.delivery
        return (
            wanted.state in (None, STATES[happening.what])
            and wanted.source in (None, one.source)
            and wanted.event in (None, one.event)
            and wanted.lock_key in (None, one.lock_key)
        )

    def _arrived(self) -> list[Happening]:
        floor, before, found = self._last - OVERLAP, None, dict[int, Delivery]()
        while page := self.inbox.page(Filter(), before=before, limit=MOST_AT_ONCE if found else OVERLAP * 2):
            found |= {one.id: one for one in page if one.id > floor and one.id not in self._seen}
            before = page[-1].id
            if before <= self._last - OVERLAP:
                break
        self._seen |= set(found)
        self._last = max((self._last, *found))
        self._seen = {one for one in self._seen if one > self._last - OVERLAP}
        return [Happening(What.ARRIVED, found[identity]) for identity in sorted(found)]

    def _ended(self) -> list[Happening]:
        after = self._last_attempt - OVERLAP
        while some := self.inbox.attempts_after(after, limit=MOST_AT_ONCE):
            for one in some:
                if one.id not in self._seen_attempts:
                    self._open[one.id] = one
                    self._seen_attempts.add(one.id)
            after = some[-1].id
            self._last_attempt = max(self._last_attempt, after)
        self._seen_attempts = {one for one in self._seen_attempts if one > self._last_attempt - OVERLAP}
        happened = []
        for identity, attempt in list(self._open.items()):
            ended = self._end_of(attempt)
            if ended is not attempt:
                del self._open[identity]
            if isinstance(ended, Happening):
                happened.append(ended)
        return sorted(happened, key=_when)

    def _end_of(self, attempt: Attempt) -> "Happening | Attempt | None":
        """Return how an attempt ended; the attempt itself where it did not; None where all trace of it is gone."""
        try:
            delivery = self.inbox.delivery(attempt.delivery)
        except NoSuchDelivery:
            return None
        attempts = self.inbox.attempts(attempt.delivery)
        now = next((one for one in attempts if one.id == attempt.id), None)
        if now is None:
            return None
        is_last = attempts[-1].id == attempt.id
        if now.succeeded:
            return Happening(What.DONE, delivery, now)
        if now.finished_at is None:
            if is_last and delivery.state is State.RUNNING:
                return attempt
            is_dead = is_last and delivery.state is State.DEAD
            return Happening(What.DEAD if is_dead else What.BROKEN_OFF, delivery, now)
        is_dead = is_last and delivery.state is State.DEAD
        return Happening(What.DEAD if is_dead else What.FAILED, delivery, now)


def last_attempt(inbox: Inbox) -> int:
    """Return the largest id of an attempt, in a few questions; 0 where there was none."""

    def is_beyond(identity: int) -> bool:
        return not inbox.attempts_after(identity, limit=1)

    return _first(is_beyond)


def _first(holds: Callable[[int], bool]) -> int:
    """Return the first number from 0 on that something holds for; it holds for all that follow."""
    above = 1
    while not holds(above - 1):
        above *= 2
    below = above // 2 - 1
    above -= 1
    while above - below > 1:
        middle = (above + below) // 2
        below, above = (below, middle) if holds(middle) else (middle, above)
    return above


def _when(happening: Happening) -> tuple[float, int]:
    attempt = happening.attempt
    if attempt is None:
        return (0.0, happening.delivery.id)
    return ((attempt.finished_at or attempt.started_at).timestamp(), attempt.id)
