"""Tending the store of deliveries: listing, replaying, giving up and deleting what is there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from supops.errors import ExitCode, SupopsError
from supops.models.deliveries import SCHEDULE, Attempt, Delivery, Filter, State
from supops.models.redaction import redact
from supops.services.inbox_ports import Inbox, NoSuchDelivery
from supops.services.ports import Clock

PAGE = 500
# What is deleted at once: others wait for that long, and no longer.
CHUNK = 500
# To delete one takes a page of each index.
PRUNED = 100
MOST_NAMED = 20
WORKER = "worker"
ANY = Filter()
SEEN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Page:
    """Deliveries, newest first.

    Attributes:
        next_before: The id before which the list goes on; None where it is at its end.
    """

    deliveries: tuple[Delivery, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A delivery with all that is known of it."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A delivery that was, or would be, processed again.

    Attributes:
        was: How it stood before.
        now: How it stands; with a dry run, how it would stand.
    """

    was: Delivery
    now: Delivery


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of a replay.

    Attributes:
        items: Those that are processed again.
        busy: Ids of those that were being processed at that moment, and were left alone.
        here: Whether they were processed right here.
        dry_run: Whether nothing was changed.
        lacks_worker: Whether they wait for a worker, and none was seen of late.
        slots: How many slots of schedules are dead too, and were left alone because nobody asked for them.
    """

    items: tuple[Replayed, ...]
    busy: tuple[int, ...]
    here: bool
    dry_run: bool
    lacks_worker: bool
    slots: int = 0

    @property
    def failed(self) -> tuple[Delivery, ...]:
        """Those that were processed here, and are not done."""
        return tuple(one.now for one in self.items if one.now.state is not State.DONE) if self.here else ()

    @property
    def exit_code(self) -> ExitCode:
        """What a pipeline is told."""
        return ExitCode.ERROR if self.failed else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class Discarded:
    """A delivery that is given up for good, now or before.

    Attributes:
        was: How it stood before.
        delivery: How it stands; with a dry run, how it would stand.
        changed: False where it was given up before, or would be only now.
    """

    was: Delivery
    delivery: Delivery
    changed: bool

    @property
    def planned(self) -> bool:
        """Whether it would be given up, and was not."""
        return not self.changed and self.was.state is not self.delivery.state


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be.

    Attributes:
        before: Whatever was finished before this time.
        deliveries: How many.
        dead: How many of them were dead: given up after errors, and mended by nobody.
    """

    before: datetime
    deliveries: int
    dead: int
    dry_run: bool


def pages(
    inbox: Inbox, wanted: Filter, *, before: int | None = None, limit: int | None = None
) -> Iterator[Page]:
    """Yield deliveries, newest first, page by page: one at least, and none is held.

    Args:
        inbox: The store.
        wanted: Which.
        before: Only those with smaller ids.
        limit: How many; None for all.
    """
    left = limit
    while True:
        size = PAGE if left is None else min(PAGE, left)
        # One more than is shown says whether there are more.
        found = inbox.page(wanted, before=before, limit=size + 1)
        shown = found[:size]
        page = Page(shown, shown[-1].id if len(found) > size else None)
        yield page
        left = None if left is None else left - len(shown)
        if page.next_before is None or left == 0:
            return
        before = page.next_before


def wholes(inbox: Inbox, wanted: Filter) -> Iterator[Whole]:
    """Yield deliveries with all that is known of them, newest first. One that is deleted meanwhile is left out."""
    for page in pages(inbox, wanted):
        for one in page.deliveries:
            try:
                yield Whole(inbox.delivery(one.id), inbox.attempts(one.id))
            except NoSuchDelivery:
                continue


def has_worker(inbox: Inbox, now: datetime) -> bool:
    """Whether a worker was seen of late."""
    return any(one.kind == WORKER and one.seen_at >= now - SEEN_WITHIN for one in inbox.processes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """Changes what is to become of deliveries.

    Attributes:
        pause: Called between steps of a long work, so that others have their turn.
    """

    inbox: Inbox
    clock: Clock
    pause: Callable[[], None] = field(default=lambda: None)

    def named(self, identities: Sequence[int]) -> tuple[Delivery, ...]:
        """Return the deliveries with these ids, each once, oldest first.

        Raises:
            NoSuchDelivery: One or more are not there; all are named.
        """
        found, missing = [], []
        for identity in sorted(set(identities)):
            try:
                found.append(self.inbox.delivery(identity))
            except NoSuchDelivery:
                missing.append(str(identity))
        if missing:
            shown = ", ".join(missing[:MOST_NAMED]) + (", ..." if len(missing) > MOST_NAMED else "")
            raise NoSuchDelivery(
                f"There is no delivery {shown}. Nothing was changed.",
                hint="`supops webhooks deliveries` lists those there are.",
            )
        return tuple(found)

    def dead(self, wanted: Filter = ANY) -> tuple[Delivery, ...]:
        """Return all that were given up after errors, oldest first.

        Args:
            wanted: Which of them; slots of schedules only where their source is named.
        """
        # There may be a hundred thousand: none is kept that is not meant.
        found = [one for one in self._dead(wanted) if wanted.source or one.source != SCHEDULE]
        found.reverse()
        return tuple(found)

    def dead_slots(self, wanted: Filter = ANY) -> int:
        """Return how many slots of schedules `dead` leaves out."""
        return 0 if wanted.source else sum(1 for _ in self._dead(replace(wanted, source=SCHEDULE)))

    def _dead(self, wanted: Filter) -> Iterator[Delivery]:
        """Yield what is dead, newest first."""
        for page in pages(self.inbox, replace(wanted, state=State.DEAD)):
            yield from page.deliveries

    def replay(self, chosen: Sequence[Delivery], *, dry_run: bool) -> Replay:
        """Have deliveries processed again, from the first try on; those being processed at this moment are left alone."""
        if dry_run:
            busy = tuple(one.id for one in chosen if one.state is State.RUNNING)
            now = self.clock.now()
            items = tuple(
                Replayed(one, _waiting_again(one, now)) for one in chosen if one.state is not State.RUNNING
            )
            return Replay(items, busy, here=False, dry_run=True, lacks_worker=False)
        now, replayed = self.clock.now(), set[int]()
        for place in range(0, len(chosen), CHUNK):
            if place:
                self.pause()
            replayed |= set(self.inbox.replay([one.id for one in chosen[place : place + CHUNK]], now=now))
        items = tuple(Replayed(one, _waiting_again(one, now)) for one in chosen if one.id in replayed)
        busy = tuple(one.id for one in chosen if one.id not in replayed)
        lacks = bool(items) and not has_worker(self.inbox, now)
        return Replay(items, busy, here=False, dry_run=False, lacks_worker=lacks)

    def discard(self, identity: int, reason: str, *, dry_run: bool) -> Discarded:
        """Give a delivery up for good. The reason is kept, without secrets.

        Raises:
            NoSuchDelivery: There is none.
            SupopsError: It is done, or is being processed.
        """
        was, now, said = self.inbox.delivery(identity), self.clock.now(), redact(reason)
        can_be = was.state in (State.PENDING, State.DEAD)
        if can_be and dry_run:
            planned = replace(was, state=State.DISCARDED, finished_at=now, outcome=said)
            return Discarded(was, planned, changed=False)
        if can_be and self.inbox.discard(identity, said, now=now):
            return Discarded(was, self.inbox.delivery(identity), changed=True)
        delivery = self.inbox.delivery(identity)
        if delivery.state is State.DISCARDED:
            return Discarded(delivery, delivery, changed=False)
        raise _not_discarded(delivery)

    def prune(self, before: datetime, *, dry_run: bool, step: Callable[[int], None]) -> Pruned:
        """Delete what was finished before a time, in steps between which others have their turn.

        Args:
            before: The time.
            dry_run: Only count.
            step: Told after each step how many it deleted.
        """
        if dry_run:
            dead = self.inbox.prune(before, dry_run=True, state=State.DEAD)
            return Pruned(before, self.inbox.prune(before, dry_run=True), dead, dry_run=True)
        deleted = dead = 0
        for state in (State.DEAD, None):
            while some := self.inbox.prune(before, limit=PRUNED, state=state):
                deleted += some
                dead += some if state else 0
                step(some)
                self.pause()
        return Pruned(before, deleted, dead, dry_run=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktop:
    """Processes deliveries right here, by the same way as a worker.

    Attributes:
        process: Processes the delivery with a number.
        wait: Called, with the delivery, while somebody else works on it or on another one about the same thing.
    """

    inbox: Inbox
    process: Callable[[int], datetime | None]
    wait: Callable[[Delivery], None]

    def run(self, replay: Replay, step: Callable[[], None]) -> Replay:
        """Process all of a replay, oldest first, each once.

        Args:
            replay: What was put back.
            step: Called after each.
        """
        items = []
        for one in replay.items:
            items.append(Replayed(one.was, self._processed(one.was.id)))
            step()
        waits = any(one.now.state is State.PENDING for one in items)
        return replace(replay, items=tuple(items), here=True, lacks_worker=replay.lacks_worker and waits)

    def _processed(self, identity: int) -> Delivery:
        while True:
            self.process(identity)
            now = self.inbox.delivery(identity)
            was_begun = now.attempts > 0 and now.state is not State.RUNNING
            if was_begun or now.state in (State.DONE, State.DEAD, State.DISCARDED):
                return now
            self.wait(now)


def _waiting_again(delivery: Delivery, now: datetime) -> Delivery:
    return replace(
        delivery,
        state=State.PENDING,
        attempts=0,
        next_at=now,
        lease_until=None,
        finished_at=None,
        last_error="",
        outcome="",
        result="",
    )


def _not_discarded(delivery: Delivery) -> SupopsError:
    if delivery.state is State.RUNNING:
        return SupopsError(
            f"Delivery {delivery.id} is being processed at this moment, by {delivery.worker}. Nothing was changed.",
            hint="Wait for that to end: `supops webhooks deliveries --follow` shows it.",
        )
    return SupopsError(
        f"Delivery {delivery.id} is {delivery.state}, and can't be given up. Nothing was changed.",
        hint="Only what waits or is dead can be discarded.",
    )
