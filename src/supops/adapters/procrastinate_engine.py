"""The engine of several machines: Procrastinate, on the same PostgreSQL as the store.

What is not its default, and why (source: engine): a worker says every few seconds that it lives, and jobs of one that does not
are begun again by the others; retries take another lock, since a job that waits would keep later ones of the same thing waiting.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.procrastinate_jobs import DELIVERIES, SLOTS, TASK
from supops.errors import SupopsError
from supops.services.inbox_ports import Engine, Journal, Stop, Work

if TYPE_CHECKING:
    from procrastinate import App, BaseRetryStrategy
    from procrastinate.jobs import Job
    from psycopg import AsyncConnection

# After the store could not be used.
PAUSE_SECONDS = 2.0
# A server that runs has a connection for us at once; one that does not is asked again later.
POOL_SECONDS = 2.0
# Finished jobs say nothing that the store does not.
KEEP_HOURS = 24
CLEANING_SECONDS = 3600.0
FIRST_CLEANING_SECONDS = 60.0
OURS = "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker)s"
# So often must a job be seen as ours and idle: to say that it is done takes a moment.
STRAY_LOOKS = 3
# How often is looked whether it is time to end.
STOP_SECONDS = 0.3
# After a fault outside of the delivery's own processing, such as a database that was gone.
AFTER_FAULT = timedelta(seconds=5)
# Nobody aborts jobs: that is not looked for.
NEVER_SECONDS = 86_400.0
# A connection that waits wakes up so often for nothing.
QUIET_SECONDS = 5.0
# What is only looked for in case can wait where slots of schedules are concerned: they are few, and due at a minute.
SLOTS_PATIENCE = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, in seconds.

    Attributes:
        heartbeat: How often a worker says that it lives.
        stalled: When one that said nothing is taken for dead.
        poll: How often is looked for jobs that have become due; of new ones the database tells at once.
        look: How often is looked for jobs that nobody does.
    """

    heartbeat: float = 3.0
    stalled: float = 12.0
    poll: float = 3.0
    look: float = 6.0

    @classmethod
    def of_lease(cls, seconds: float) -> "Pace":
        """Return the pace that fits a lease: jobs of a dead worker are there again before its lease has ended."""
        return cls(seconds / 10, seconds * 0.4, seconds / 10, seconds / 5)

    @property
    def patient(self) -> "Pace":
        """For slots. Signs of life stay as they are, since all workers are measured by them."""
        return replace(self, poll=self.poll * SLOTS_PATIENCE, look=self.look * SLOTS_PATIENCE)


class ProcrastinateEngine(Engine):
    """Works off Procrastinate's queue.

    Args:
        database: The store's.
        journal: Told what goes wrong.
        tick: Called now and then, for what has to be done from time to time.
        pace: Replaced in tests.
        slots: True for slots of schedules only, False for all other deliveries; None for both.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        *,
        journal: Journal,
        tick: Callable[[], None] = lambda: None,
        pace: Pace | None = None,
        slots: bool | None = None,
    ) -> None:
        self._database = database
        self._journal = journal
        self._tick = tick
        pace = pace or Pace()
        self._pace = pace.patient if slots else pace
        self._queues = {None: [DELIVERIES, SLOTS], True: [SLOTS], False: [DELIVERIES]}[slots]

    def run(self, work: Work, *, stop: Stop) -> None:
        """See `Engine`."""
        import psycopg
        import psycopg_pool
        from procrastinate import exceptions

        # What there is to say of a delivery is said by whoever processes it.
        for name in ("procrastinate", "psycopg"):
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
        known = (
            SupopsError,
            psycopg.Error,
            psycopg_pool.PoolTimeout,
            exceptions.ProcrastinateException,
            OSError,
        )
        while not stop.is_set():
            try:
                asyncio.run(self._run(work, stop))
            except known as error:
                self._journal.tell("store", error=_reason(error))
                stop.wait(PAUSE_SECONDS)

    async def _run(self, work: Work, stop: Stop) -> None:
        asyncio.get_running_loop().set_exception_handler(self._tell)
        seat = _Seat()
        app = self._app(work, seat)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=self._queues,
                    concurrency=1,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=self._pace.poll,
                    abort_job_polling_interval=NEVER_SECONDS,
                    update_heartbeat_interval=self._pace.heartbeat,
                    stalled_worker_timeout=self._pace.stalled,
                )
            )
            others = asyncio.create_task(self._look_after(app, seat, stop))
            # Whichever ends first: it is time to end, or the database is gone.
            await asyncio.wait([worker, others], return_when=asyncio.FIRST_COMPLETED)
            others.cancel()
            # What is being processed is finished first.
            worker.cancel()
            ended = await asyncio.gather(worker, others, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    def _tell(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell what went wrong beside the work, such as saying that a job is done."""
        error = context.get("exception")
        self._journal.tell("store", error=_reason(error) if error else str(context.get("message")))

    def _app(self, work: Work, seat: "_Seat") -> "App":
        from procrastinate import App, JobContext, PsycopgConnector

        connector = PsycopgConnector(
            conninfo=self._database.conninfo,
            connection_class=_waiting_quietly(),
            min_size=1,
            max_size=4,
            timeout=POOL_SECONDS,
        )
        app = App(connector=connector)

        def process(context: JobContext, *, delivery: int) -> None:
            with seat.at(context.job):
                again = work(delivery)
            if again is not None:
                raise TryAgain(again)

        app.task(name=TASK, retry=_strategy(), pass_context=True)(process)
        return app

    async def _look_after(self, app: "App", seat: "_Seat", stop: Stop) -> None:
        """Until it is time to end: tick, take care of jobs that nobody does, and forget those that are finished."""
        loop = asyncio.get_running_loop()
        next_look, next_cleaning = 0.0, loop.time() + FIRST_CLEANING_SECONDS
        while not stop.is_set():
            if loop.time() >= next_look:
                next_look = loop.time() + self._pace.look
                await asyncio.to_thread(self._tick)
                await self._rescue(app, seat)
            if loop.time() >= next_cleaning:
                next_cleaning = loop.time() + CLEANING_SECONDS
                await self._clean(app)
            await asyncio.sleep(min(STOP_SECONDS, self._pace.look))

    async def _rescue(self, app: "App", seat: "_Seat") -> None:
        """Have done what would not be: jobs of dead workers, of our own that could not be ended, and what has no job at all."""
        from procrastinate.exceptions import ConnectorException

        jobs = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._pace.stalled)
        stray = [job.id for job in jobs if job.id is not None]
        if seat.worker is not None:
            rows = await app.connector.execute_query_all_async(query=OURS, worker=seat.worker)
            stray += seat.strays({int(row["id"]) for row in rows})
        for identity in stray:
            # Another worker may have been faster.
            with suppress(ConnectorException):
                await app.job_manager.retry_job_by_id_async(
                    identity, retry_at=datetime.now(UTC), lock=f"again {identity}"
                )
        grace = timedelta(seconds=self._pace.stalled * 2)
        await asyncio.to_thread(lambda: self._database.sweep(datetime.now(UTC), grace))

    async def _clean(self, app: "App") -> None:
        from procrastinate.exceptions import ConnectorException

        try:
            await app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS, include_failed=True)
        except ConnectorException as error:
            # No reason to stop: they say nothing, and only take room.
            self._journal.tell("note", error=f"finished jobs could not be deleted: {_reason(error)}")


@dataclass(slots=True)
class _Seat:
    """What this worker is at.

    Attributes:
        worker: Its number in the database, once it has done something.
        running: The jobs that are at work.
        looks: How often a job was seen as ours that is not at work.
    """

    worker: int | None = None
    running: set[int] = field(default_factory=set)
    looks: Counter[int] = field(default_factory=Counter)

    @contextmanager
    def at(self, job: "Job") -> Iterator[None]:
        """Be at a job for the time of the block."""
        self.worker = job.worker_id
        identity = job.id or 0
        self.running.add(identity)
        try:
            yield
        finally:
            self.running.discard(identity)

    def strays(self, ours: Collection[int]) -> list[int]:
        """Return the jobs that are called ours for several looks by now, and are not at work: that they are done could not be said."""
        idle = set(ours) - self.running
        self.looks = Counter({identity: self.looks[identity] + 1 for identity in idle})
        return [identity for identity, looks in self.looks.items() if looks >= STRAY_LOOKS]


class TryAgain(Exception):
    """A job that is to be done again at some time."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"again at {at.isoformat()}")
        self.at = at


def _waiting_quietly() -> "type[AsyncConnection]":
    """Return psycopg's connection, but for one thing: while it waits it looks ten times each second whether it was interrupted.

    An event loop is told of that anyway, and what idles should cost nothing.
    """
    from psycopg import AsyncConnection

    class Quiet(AsyncConnection):
        async def wait(self, *given: Any, **named: Any) -> Any:
            # Its own loop gives the interval by name, if at all.
            return await super().wait(*given, **({"interval": QUIET_SECONDS} | named))

    return Quiet


def _strategy() -> "BaseRetryStrategy":
    from procrastinate import BaseRetryStrategy, RetryDecision
    from procrastinate.jobs import Job

    class Strategy(BaseRetryStrategy):
        """Every job is done again until there is nothing left to do: how often, the store decides."""

        def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
            at = exception.at if isinstance(exception, TryAgain) else datetime.now(UTC) + AFTER_FAULT
            return RetryDecision(retry_at=at, lock=f"again {job.id}")

    return Strategy()


def _reason(error: BaseException) -> str:
    cause = error.__cause__ if error.__cause__ is not None else error
    text = error.message if isinstance(error, SupopsError) else f"{cause}" or type(error).__name__
    return " ".join(text.split())[:400]
