"""What is done to a command before it begins: it kills itself at one exact place, or does one thing wrong.

The places are those of the table "killed exactly" and the wrongs those that a storm has to catch (source: engine).
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from supops.adapters.command_runner import SupopsRunner
from supops.adapters.google_calendar import GoogleTeamCalendar
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_database import Due, Session
from supops.adapters.inbox_reader import InboxReader
from supops.adapters.procrastinate_jobs import JobQueue
from supops.models.bookings import Booking
from supops.models.deliveries import Claim, Delivery, Filter, NewDelivery, Outcome, State
from supops.models.entries import Card, Entry, Record
from supops.models.schedules import CommandEnd
from supops.services import planning, processing, recording
from supops.webhook_wiring import WebhookWiring

if TYPE_CHECKING:
    from psycopg import Connection


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
    raise AssertionError("still alive")


def before_commit() -> None:
    """The receiver, in the transaction that stores."""
    original = SqlInbox._add

    def add(self: SqlInbox, session: Session, delivery: NewDelivery) -> int | None:
        original(self, session, delivery)
        die()

    SqlInbox._add = add  # type: ignore[method-assign]


def after_commit() -> None:
    """The receiver, when the delivery is on the disk and nobody was told."""
    original = SqlInbox.add

    def add(self: SqlInbox, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        original(self, deliveries)
        die()

    SqlInbox.add = add  # type: ignore[method-assign]


def after_claim() -> None:
    """A worker that has counted its attempt, and done nothing."""
    original = SqlInbox._claim

    def claim(
        self: SqlInbox, session: Session, delivery: Delivery, worker: str, now: datetime, lease: timedelta
    ) -> Claim:
        claimed = original(self, session, delivery, worker, now, lease)
        threading.Timer(0.05, die).start()
        return claimed

    SqlInbox._claim = claim  # type: ignore[method-assign]
    WebhookWiring._route = _sleeps  # type: ignore[method-assign]


def in_claim() -> None:
    """A worker in the transaction that counts its attempt."""
    original = SqlInbox._claim

    def claim(
        self: SqlInbox, session: Session, delivery: Delivery, worker: str, now: datetime, lease: timedelta
    ) -> Claim:
        original(self, session, delivery, worker, now, lease)
        die()

    SqlInbox._claim = claim  # type: ignore[method-assign]


def after_effect() -> None:
    """A worker that has changed the calendar, and said nothing."""
    original = WebhookWiring._route

    def route(self: WebhookWiring, delivery: Delivery) -> Outcome:
        original(self, delivery)
        die()

    WebhookWiring._route = route  # type: ignore[method-assign]


def after_done() -> None:
    """A worker whose delivery is done, before its engine knows."""
    original = SqlInbox.finish

    def finish(self: SqlInbox, claim: Claim, outcome: Outcome, *, now: datetime) -> bool:
        original(self, claim, outcome, now=now)
        die()

    SqlInbox.finish = finish  # type: ignore[method-assign]


def endless_slots() -> None:
    """A worker whose schedules' commands take longer than any test."""

    def run(self: SupopsRunner, words: Sequence[str]) -> CommandEnd:
        time.sleep(60)
        raise AssertionError("still alive")

    SupopsRunner.run = run  # type: ignore[method-assign]


def without_lock() -> None:
    """A worker that does not care whether another one is at the same thing, and takes its time with it."""
    original = WebhookWiring._route

    def route(self: WebhookWiring, delivery: Delivery) -> Outcome:
        # So that others are at it at the same time.
        time.sleep(0.02 - time.time() % 0.02)
        return original(self, delivery)

    _unlock()
    WebhookWiring._route = route  # type: ignore[method-assign]


def _unlock() -> None:
    """Have nobody care whether another worker is at the same thing, neither when it looks for work nor when it begins."""

    def locked_until(self: SqlInbox, session: Session, delivery: Delivery, now: datetime) -> datetime | None:
        return None

    def due(self: InboxReader, now: datetime, *, slots: bool | None = None) -> int | None:
        waiting = () if slots else self.page(Filter(state=State.PENDING), limit=100)
        return next((one.id for one in reversed(waiting) if one.next_at <= now), None)

    SqlInbox._locked_until = locked_until  # type: ignore[method-assign]
    InboxReader.due = due  # type: ignore[method-assign]


def without_order() -> None:
    """A receiver whose engine does not know that two deliveries are about the same thing."""
    original = JobQueue.defer

    def defer(self: JobQueue, connection: "Connection", due: Sequence[Due]) -> None:
        original(self, connection, [one._replace(lock_key=f"own {one.id}") for one in due])

    JobQueue.defer = defer  # type: ignore[method-assign]


def writes_together() -> None:
    """A worker without the lock, that changes an entry for the first time at the moment at which another one does as well."""
    original = GoogleTeamCalendar.update

    def update(self: GoogleTeamCalendar, entry: Entry, card: Card | None, record: Record) -> None:
        mine = Path(f"writes-{os.getpid()}")
        if not mine.exists():
            mine.touch()
            deadline = time.monotonic() + 30
            while len(list(Path().glob("writes-*"))) < 2:
                if time.monotonic() > deadline:
                    die()
                time.sleep(0.01)
        original(self, entry, card, record)

    _unlock()
    GoogleTeamCalendar.update = update  # type: ignore[method-assign]


def answers_before_commit() -> None:
    """Wrong: a receiver that answers, and stores a moment later."""
    original = SqlInbox.add

    def add(self: SqlInbox, deliveries: Sequence[NewDelivery]) -> tuple[int | None, ...]:
        threading.Timer(0.3, lambda: original(self, deliveries)).start()
        return tuple(range(1, len(deliveries) + 1))

    SqlInbox.add = add  # type: ignore[method-assign]


def done_before_effect() -> None:
    """Wrong: a worker that says that a delivery is done, and then does it."""

    def work(self: processing.Processor, claim: Claim) -> datetime | None:
        self.inbox.finish(claim, Outcome("done"), now=self.clock.now())
        time.sleep(0.05)
        try:
            self._handler(claim.delivery)(claim.delivery)
        except Exception as error:  # noqa: BLE001
            self.journal.tell("failed", error=str(error))
        return None

    processing.Processor._work = work  # type: ignore[method-assign]


def last_arrival_wins() -> None:
    """Wrong: whatever arrives last is believed, and what was known before forgotten."""
    original = recording.hear

    def hear(record: Record, booking: Booking, calendar: str) -> Record:
        heard = original(Record(record.meeting), booking, calendar)
        return Record(record.meeting, heard.word, heard.closed, heard.attendees, record.shown)

    vars(planning)["hear"] = hear


def _sleeps(self: WebhookWiring, delivery: Delivery) -> Outcome:
    time.sleep(30)
    return Outcome("never")
