"""What webhooks need, put together: the store of deliveries, the engine, the senders, and what is done with deliveries."""

from collections.abc import Callable
from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import ConfigError

if TYPE_CHECKING:
    from supops.adapters.inbox import SqlInbox
    from supops.adapters.inbox_postgres import PostgresDatabase
    from supops.adapters.inbox_sqlite import SqliteDatabase
    from supops.models.deliveries import Delivery, Outcome
    from supops.platforms import Platforms
    from supops.receiver_wiring import ReceiverWiring
    from supops.services.inbox_ports import Engine, Journal
    from supops.services.processing import Handler, Processor
    from supops.services.reconciling import Comparer
    from supops.services.routing import Router
    from supops.services.scheduling import Scheduler

SHORTEST_LEASE, LONGEST_LEASE = timedelta(seconds=1), timedelta(hours=1)


class WebhookWiring:
    """Makes what receiver, workers and the commands about deliveries need, from the settings.

    Args:
        platforms: Everything else that is configured.
        router: Makes what routes bookings.
    """

    def __init__(self, platforms: "Platforms", router: "Callable[[], Router]") -> None:
        self._platforms = platforms
        self._router = router

    @cached_property
    def receiver(self) -> "ReceiverWiring":
        """Who sends deliveries, at which path, and signed with which keys."""
        from supops.receiver_wiring import ReceiverWiring

        return ReceiverWiring(self._platforms)

    @cached_property
    def inbox(self) -> "SqlInbox":
        """The store of deliveries; the embedded world has one of its own."""
        from supops.adapters.inbox import SqlInbox

        return SqlInbox(self._shared or self.file_store)

    @cached_property
    def file_store(self) -> "SqliteDatabase":
        """The store in a file on this machine."""
        from supops.adapters.inbox_sqlite import SqliteDatabase

        store = SqliteDatabase(self.inbox_file)
        self._platforms.opened.callback(store.close)
        return store

    @cached_property
    def _shared(self) -> "PostgresDatabase | None":
        url = self._platforms.config.settings.queue.url
        return self.shared_store() if url else None

    def shared_store(self, url: str | None = None) -> "PostgresDatabase":
        """Return the store in PostgreSQL, at an address that was typed as --to, or where the settings say.

        Raises:
            ConfigError: No address is named.
            CredentialError: The password is not where the settings say.
            UsageError: The extra `scale` is not installed; or the address that was typed is empty, or has a password in it.
        """
        from supops.adapters.inbox_postgres import SETTING, PostgresDatabase
        from supops.errors import UsageError

        if url is not None and not url.strip():
            raise UsageError("--to: the address is empty.")
        settings = self._platforms.config.settings.queue
        address = url or settings.url
        if not address:
            raise self._platforms.config.missing("queue.url")
        password = None
        if settings.password:
            password = self._platforms.secrets.fetch(settings.password, purpose="the password for queue.url")
        store = PostgresDatabase(address, password, setting="--to" if url else SETTING)
        if url and store.has_literal_password:
            raise UsageError(
                "--to: the address has a password in it, which whoever lists processes can read.",
                hint="Leave it out, and set queue.password to where the password is kept.",
            )
        self._platforms.opened.callback(store.close)
        return store

    @property
    def inbox_file(self) -> Path:
        """The SQLite file of the store, where it is not in PostgreSQL."""
        configured = self._platforms.config.settings.queue.path
        return Path(configured) if configured else self._platforms.state_folder / "inbox.db"

    def engine(self, journal: "Journal", tick: Callable[[], None], *, slots: bool) -> "Engine":
        """Return what gives a worker the deliveries that are due.

        Args:
            journal: Told what goes wrong.
            tick: Called now and then.
            slots: True for slots of schedules, False for all other deliveries.
        """
        if self._shared:
            from supops.adapters.procrastinate_engine import Pace, ProcrastinateEngine

            pace = Pace.of_lease(self._lease.total_seconds())
            return ProcrastinateEngine(self._shared, journal=journal, tick=tick, pace=pace, slots=slots)
        from supops.adapters.embedded_engine import POLL_SECONDS, EmbeddedEngine

        # Slots are due at a minute, and can wait a little.
        poll = POLL_SECONDS * 5 if slots else POLL_SECONDS
        return EmbeddedEngine(
            self.inbox, clock=self._platforms.clock, journal=journal, tick=tick, poll=poll, slots=slots
        )

    def processor(self, worker: str, journal: "Journal") -> "Processor":
        """Return what processes deliveries.

        Args:
            worker: A name that no other worker has.
            journal: Told what happens.
        """
        from supops.adapters.embedded_engine import kept
        from supops.services.processing import Processor
        from supops.setting_types import seconds_of

        clock, settings = self._platforms.clock, self._platforms.config.settings.queue
        lease = self._lease
        return Processor(
            inbox=self.inbox,
            handlers=self._handlers,
            keep=partial(kept, self.inbox, clock, lease),
            clock=clock,
            journal=journal,
            worker=worker,
            tries=settings.tries,
            base=timedelta(seconds=seconds_of(settings.first_pause)),
            lease=lease,
        )

    @property
    def _lease(self) -> timedelta:
        from supops.setting_types import seconds_of

        text = self._platforms.config.settings.queue.lease
        lease = timedelta(seconds=seconds_of(text))
        # A time further ahead than that is taken for one of a clock that was wrong.
        if not SHORTEST_LEASE <= lease <= LONGEST_LEASE:
            raise ConfigError(
                f"queue.lease is {text}, and should be from 1s to 1h.",
                hint="It is renewed while a delivery is at work, so that it need not be as long as the work.",
            )
        return lease

    @cached_property
    def _handlers(self) -> "dict[str, Handler]":
        from supops.adapters.command_runner import SupopsRunner
        from supops.models.deliveries import CALENDLY, SCHEDULE, ZENDESK
        from supops.services.running import SlotHandler

        runner = SupopsRunner(self._platforms.options.words(manner=False), self._platforms.environ)
        tries = self._platforms.config.settings.queue.tries
        slots = SlotHandler(runner=runner, has_command=self._platforms.has_command, tries=tries)
        return {CALENDLY: self._route, ZENDESK: _keep, SCHEDULE: slots}

    @cached_property
    def scheduler(self) -> "Scheduler":
        """What knows the schedules."""
        from supops.services.scheduling import Scheduler

        platforms = self._platforms
        return Scheduler(inbox=self.inbox, clock=platforms.clock, has_command=platforms.has_command)

    def schedule_tick(self) -> Callable[[], None]:
        """Return what a worker calls now and then, so that what is due is stored; it works at most once a minute."""
        from supops.services.scheduling import every_minute

        return every_minute(self.scheduler.tick, self._platforms.clock)

    def comparer(self, step: Callable[[], None]) -> "Comparer":
        """Return what compares deliveries with the team calendars.

        Args:
            step: Called for each booking.
        """
        from dataclasses import replace
        from functools import cache

        from supops.adapters.calendly_payloads import read_calendly
        from supops.services.reconciling import Comparer, SaidOnce

        notices = SaidOnce(self._platforms.terminal)
        router = self._router()
        # The roster is read once for all.
        router = replace(router, notices=notices, read_roster=cache(router.read_roster))
        return Comparer(
            inbox=self.inbox, router=router, read=partial(read_calendly, notices=notices), step=step
        )

    @cached_property
    def _routing(self) -> "Router":
        """What routes all of a worker's deliveries: what is wrong with the roster is said once, not with each."""
        from dataclasses import replace

        from supops.services.reconciling import SaidOnce

        router = self._router()
        return replace(router, notices=SaidOnce(self._platforms.terminal))

    def _route(self, delivery: "Delivery") -> "Outcome":
        """Put a booked event into its team calendar, as `supops calendly route` does."""
        from supops.adapters.calendly_payloads import read_calendly
        from supops.errors import SupopsError
        from supops.models.deliveries import Outcome
        from supops.models.routings import Action
        from supops.render.machine import render_json
        from supops.render.routings import routing_json

        booking = read_calendly(delivery.body, self._platforms.terminal)
        routing = self._routing.route(booking)
        if not routing.complete:
            raise SupopsError("; ".join(routing.incomplete_reasons), hint=routing.note)
        where = f" in {routing.calendar.name}" if routing.calendar else ""
        done = f"{routing.action}{where}"
        if routing.note and routing.action is Action.NONE:
            done = routing.note
        elif routing.note and routing.action is Action.UNCHANGED:
            done = f"{done}: {routing.note}"
        return Outcome(done, render_json(routing_json(routing)))


def _keep(_delivery: "Delivery") -> "Outcome":
    from supops.models.deliveries import Outcome

    return Outcome("kept; nothing is done with it")
