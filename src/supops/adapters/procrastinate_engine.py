"""The engine of several machines: Procrastinate, on the same PostgreSQL as the store.

What is not its default, and why (source: engine): a worker says every few seconds that it lives, and jobs of one that does not
are begun again by the others; retries take another lock, since a job that waits would keep later ones of the same thing waiting.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.procrastinate_jobs import QUEUE, TASK
from supops.errors import SupopsError
from supops.services.inbox_ports import Engine, Journal, Stop, Work

if TYPE_CHECKING:
    from procrastinate import App, BaseRetryStrategy
    from procrastinate.jobs import Job

# After the store could not be used.
PAUSE_SECONDS = 2.0
# A server that runs has a connection for us at once; one that does not is asked again later.
POOL_SECONDS = 2.0
# Finished jobs say nothing that the store does not.
KEEP_HOURS = 24
CLEANING_SECONDS = 3600.0
# How often is looked whether it is time to end.
STOP_SECONDS = 0.3
# After a fault outside of the delivery's own processing, such as a database that was gone.
AFTER_FAULT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are looked at, in seconds.

    Attributes:
        heartbeat: How often a worker says that it lives.
        stalled: When one that said nothing is taken for dead.
        poll: How often is looked for jobs that have become due; of new ones the database tells at once.
    """

    heartbeat: float = 3.0
    stalled: float = 12.0
    poll: float = 3.0

    @classmethod
    def of_lease(cls, seconds: float) -> "Pace":
        """Return the pace that fits a lease: jobs of a dead worker are there again before its lease has ended."""
        return cls(seconds / 10, seconds * 0.4, seconds / 10)


class ProcrastinateEngine(Engine):
    """Works off Procrastinate's queue.

    Args:
        database: The store's.
        journal: Told what goes wrong.
        tick: Called now and then, for what has to be done from time to time.
        pace: Replaced in tests.
    """

    def __init__(
        self,
        database: PostgresDatabase,
        *,
        journal: Journal,
        tick: Callable[[], None] = lambda: None,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._journal = journal
        self._tick = tick
        self._pace = pace or Pace()

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
        app = self._app(work)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=self._pace.poll,
                    update_heartbeat_interval=self._pace.heartbeat,
                    stalled_worker_timeout=self._pace.stalled,
                )
            )
            others = asyncio.create_task(self._look_after(app, stop))
            # Whichever ends first: it is time to end, or the database is gone.
            await asyncio.wait([worker, others], return_when=asyncio.FIRST_COMPLETED)
            others.cancel()
            # What is being processed is finished first.
            worker.cancel()
            ended = await asyncio.gather(worker, others, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    def _app(self, work: Work) -> "App":
        from procrastinate import App, PsycopgConnector

        connector = PsycopgConnector(
            conninfo=self._database.conninfo, min_size=1, max_size=4, timeout=POOL_SECONDS
        )
        app = App(connector=connector)

        def process(*, delivery: int) -> None:
            again = work(delivery)
            if again is not None:
                raise TryAgain(again)

        app.task(name=TASK, queue=QUEUE, retry=_strategy())(process)
        return app

    async def _look_after(self, app: "App", stop: Stop) -> None:
        """Until it is time to end: tick, take over from workers that are dead, and forget what is finished."""
        pause = self._pace.heartbeat
        next_look = next_cleaning = 0.0
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            if loop.time() >= next_look:
                next_look = loop.time() + pause
                await asyncio.to_thread(self._tick)
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self._pace.stalled):
                    await _begin_again(app, job)
            if loop.time() >= next_cleaning:
                next_cleaning = loop.time() + CLEANING_SECONDS
                await app.job_manager.delete_old_jobs(nb_hours=KEEP_HOURS, include_failed=True)
            await asyncio.sleep(min(STOP_SECONDS, pause))


class TryAgain(Exception):
    """A job that is to be done again at some time."""

    def __init__(self, at: datetime) -> None:
        super().__init__(f"again at {at.isoformat()}")
        self.at = at


def _strategy() -> "BaseRetryStrategy":
    from procrastinate import BaseRetryStrategy, RetryDecision
    from procrastinate.jobs import Job

    class Strategy(BaseRetryStrategy):
        """Every job is done again until there is nothing left to do: how often, the store decides."""

        def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
            at = exception.at if isinstance(exception, TryAgain) else datetime.now(UTC) + AFTER_FAULT
            return RetryDecision(retry_at=at, lock=f"again {job.id}")

    return Strategy()


async def _begin_again(app: "App", job: "Job") -> None:
    from procrastinate.exceptions import ConnectorException

    # Another worker may have been faster.
    with suppress(ConnectorException):
        await app.job_manager.retry_job(job)


def _reason(error: BaseException) -> str:
    cause = error.__cause__ if error.__cause__ is not None else error
    text = error.message if isinstance(error, SupopsError) else f"{cause}" or type(error).__name__
    return " ".join(text.split())[:400]
