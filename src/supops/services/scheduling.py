"""Scheduling: what is done from time to time, and which slots of that are due, each once across all machines."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from difflib import get_close_matches

from supops.errors import UsageError
from supops.models.deliveries import SCHEDULE, Delivery, Filter, NewDelivery, ScheduleSwitch
from supops.models.schedules import Rhythm, Schedule, Slot
from supops.services.inbox_ports import Inbox
from supops.services.ports import Clock

SCHEDULES = (
    Schedule(
        name="quarterly-audit",
        words=("audit", "quarterly", "--as-of", "{date}"),
        rhythm=Rhythm.QUARTERLY,
        at=time(6),
    ),
    Schedule(
        name="token-audit", words=("audit", "tokens", "--file-issue"), rhythm=Rhythm.MONDAYS, at=time(6)
    ),
    Schedule(name="dequeue", words=("issues", "dequeue"), rhythm=Rhythm.DAILY, at=time(5)),
    Schedule(name="escalate", words=("issues", "escalate", "--yes"), rhythm=Rhythm.DAILY, at=time(5, 15)),
    Schedule(name="compare", words=("webhooks", "compare"), rhythm=Rhythm.DAILY, at=time(3), default_on=True),
    Schedule(
        name="retention",
        words=("webhooks", "prune", "--yes"),
        rhythm=Rhythm.DAILY,
        at=time(4),
        default_on=True,
    ),
)
EVERY = timedelta(minutes=1)
# What is further ahead was written under a clock that was wrong.
CLOCKS_DIFFER = timedelta(days=1)

# Whether this version has the command that words call.
HasCommand = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a schedule stands.

    Attributes:
        available: Whether this version has its command.
        enabled: Whether it is on.
        since: Since when it is on or off; None where nobody has switched it and no worker has begun it.
        last: The slot that was begun last; None for none.
        following: The slot that will be run next: one that is due and was not begun, or the one after. None where it is off.
    """

    schedule: Schedule
    available: bool
    enabled: bool
    since: datetime | None
    last: Delivery | None
    following: Slot | None


def due_slots(
    schedules: Sequence[Schedule], switches: Mapping[str, ScheduleSwitch], now: datetime
) -> tuple[Slot, ...]:
    """Return what should have been begun by now: of each schedule that is on, the latest slot, unless it was due before that.

    Args:
        schedules: That there are.
        switches: Those that were switched on or off, by name. What was not is not on yet.
        now: The present time.
    """
    found = []
    for schedule in schedules:
        switch = switches.get(schedule.name)
        if switch is None or not switch.enabled:
            continue
        slot = schedule.latest(now)
        if slot.due >= switch.changed_at:
            found.append(slot)
    return tuple(found)


def delivery_of(slot: Slot, now: datetime) -> NewDelivery:
    """Return a slot as it is stored: once for each key."""
    body = {"schedule": slot.schedule.name, "slot": slot.label, "words": slot.words}
    return NewDelivery(
        source=SCHEDULE,
        key=slot.key,
        lock_key=slot.schedule.lock_key,
        event=slot.schedule.name,
        body=json.dumps(body).encode(),
        headers={},
        received_at=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """Knows the schedules, and has them run."""

    inbox: Inbox
    clock: Clock
    has_command: HasCommand
    schedules: tuple[Schedule, ...] = SCHEDULES

    def tick(self) -> None:
        """Store the slots that are due and are not stored yet. A schedule that is on by default begins with the first tick."""
        now = self.clock.now()
        there = [one for one in self.schedules if self.has_command(one.words)]
        switches = self.inbox.switches()
        for one in there:
            switch = switches.get(one.name)
            if one.default_on and (switch is None or (switch.enabled and _is_ahead(switch, now))):
                self.inbox.switch(
                    ScheduleSwitch(one.name, enabled=True, changed_at=now), if_new=switch is None
                )
        slots = due_slots(there, switches, now)
        missing = [slot for slot in slots if self.inbox.find(slot.key) is None]
        if missing:
            self.inbox.add([delivery_of(slot, now) for slot in missing])

    def standings(self) -> tuple[Standing, ...]:
        """Tell how each schedule stands."""
        now, switches = self.clock.now(), self.inbox.switches()
        return tuple(self._standing(one, switches.get(one.name), now) for one in self.schedules)

    def standing(self, name: str) -> Standing:
        """Tell how one schedule stands.

        Raises:
            UsageError: There is none with this name.
        """
        schedule = self.named(name)
        return self._standing(schedule, self.inbox.switches().get(name), self.clock.now())

    def _standing(self, schedule: Schedule, switch: ScheduleSwitch | None, now: datetime) -> Standing:
        enabled = switch.enabled if switch else schedule.default_on
        available = self.has_command(schedule.words)
        following = None
        if enabled and available:
            due = due_slots([schedule], {schedule.name: switch} if switch else {}, now)
            waiting = (slot for slot in due if self.inbox.find(slot.key) is None)
            following = next(waiting, schedule.next(now))
        last = self.inbox.page(Filter(source=SCHEDULE, lock_key=schedule.lock_key), limit=1)
        since = switch.changed_at if switch else None
        return Standing(schedule, available, enabled, since, next(iter(last), None), following)

    def named(self, name: str) -> Schedule:
        """Return the schedule with a name.

        Raises:
            UsageError: There is none; the nearest is named.
        """
        for one in self.schedules:
            if one.name == name:
                return one
        names = [one.name for one in self.schedules]
        nearest = get_close_matches(name, names, n=1)
        hint = f"Did you mean {nearest[0]}?" if nearest else f"There are: {', '.join(names)}."
        raise UsageError(f"There is no schedule {name[:60]!r}.", hint=hint)

    def available(self, name: str) -> Schedule:
        """Return the schedule with a name, whose command this version has.

        Raises:
            UsageError: There is none, or this version lacks its command.
        """
        schedule = self.named(name)
        if not self.has_command(schedule.words):
            raise UsageError(
                f"The schedule {name} is not in this version of supops: it lacks `{schedule.command}`.",
                hint="It comes with a later version. `supops schedule list` shows what this one has.",
            )
        return schedule

    def slot(self, text: str) -> Slot:
        """Return a slot.

        Args:
            text: A schedule's name, for its latest slot; or the name, a colon, and the slot.

        Raises:
            UsageError: There is no such slot, or it is not due yet.
        """
        name, _, label = text.removeprefix("sched:").partition(":")
        schedule, now = self.available(name), self.clock.now()
        latest = schedule.latest(now)
        if not label:
            return latest
        slot = schedule.slot(label)
        if slot is None:
            raise UsageError(
                f"The schedule {name} has no slot {label[:60]!r}. It is due: {schedule.when}.",
                hint=f"Its latest slot is {name}:{latest.label}.",
            )
        if slot.due > now:
            raise UsageError(
                f"The slot {name}:{slot.label} is not due before {slot.due:%Y-%m-%d %H:%M} UTC.",
                hint=f"The latest that is due is {name}:{latest.label}.",
            )
        return slot

    def switch(self, name: str, *, enabled: bool, dry_run: bool = False) -> bool:
        """Switch a schedule on or off. Return False where it was so before: then it stays on or off since that time.

        Raises:
            UsageError: There is no such schedule, or this version lacks the command of one that is to be switched on.
        """
        schedule = self.available(name) if enabled else self.named(name)
        known, now = self.inbox.switches().get(name), self.clock.now()
        if known is not None and known.enabled == enabled and not _is_ahead(known, now):
            return False
        if known is None and schedule.default_on == enabled:
            return False
        if not dry_run:
            self.inbox.switch(ScheduleSwitch(name, enabled, now))
        return True


def _is_ahead(switch: ScheduleSwitch, now: datetime) -> bool:
    """Whether it was switched under a clock that was wrong."""
    return switch.changed_at > now + CLOCKS_DIFFER


def every_minute(work: Callable[[], None], clock: Clock) -> Callable[[], None]:
    """Return something that does work when it is called, but not twice within a minute. A clock that is set back delays nothing."""
    last: list[datetime] = []

    def called() -> None:
        now = clock.now()
        if last and abs(now - last[-1]) < EVERY:
            return
        last[:] = [now]
        work()

    return called
