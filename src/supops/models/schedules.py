"""Schedules: what is done from time to time, and the moments at which each is due. All times are UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from supops.models.audits import is_first_of_quarter

QUARTER = re.compile(r"(?P<year>\d{4})Q(?P<quarter>[1-4])", re.IGNORECASE)
MONDAY = 0
A_DAY = timedelta(days=1)
PREFIX = "sched"
# In a schedule's words, the day of the slot.
DAY = "{date}"


class Rhythm(StrEnum):
    """How often."""

    DAILY = "daily"
    MONDAYS = "Mondays"
    QUARTERLY = "first day of a quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Something that is done from time to time.

    Attributes:
        words: The command. ``{date}`` stands for the day of the slot.
        at: The time of day.
        default_on: Whether it is on where nobody has switched it.
    """

    name: str
    words: tuple[str, ...]
    rhythm: Rhythm
    at: time
    default_on: bool = False

    @property
    def when(self) -> str:
        """When it is due, in words."""
        return f"{self.rhythm}, {self.at:%H:%M} UTC"

    @property
    def lock_key(self) -> str:
        """No two slots of a schedule are run at the same time."""
        return f"{PREFIX}:{self.name}"

    @property
    def command(self) -> str:
        """What people would type."""
        return f"supops {' '.join(self.words)}"

    def has(self, day: date) -> bool:
        """Whether it is due on a day."""
        if self.rhythm is Rhythm.MONDAYS:
            return day.weekday() == MONDAY
        return self.rhythm is Rhythm.DAILY or is_first_of_quarter(day)

    def latest(self, now: datetime) -> "Slot":
        """Return the last slot that is due."""
        today = now.astimezone(UTC).date()
        slots = (Slot(self, today - A_DAY * back) for back in range(366) if self.has(today - A_DAY * back))
        return next(slot for slot in slots if slot.due <= now)

    def next(self, now: datetime) -> "Slot":
        """Return the first slot that is not due yet."""
        today = now.astimezone(UTC).date()
        slots = (Slot(self, today + A_DAY * ahead) for ahead in range(366) if self.has(today + A_DAY * ahead))
        return next(slot for slot in slots if slot.due > now)

    def slot(self, label: str) -> "Slot | None":
        """Return the slot with a label; None where there is none."""
        day = _day(label)
        slot = Slot(self, day) if day is not None and self.has(day) else None
        return slot if slot and slot.label == label.upper() else None


@dataclass(frozen=True, slots=True)
class Slot:
    """One time that a schedule is due."""

    schedule: Schedule
    day: date

    @property
    def due(self) -> datetime:
        """When."""
        return datetime.combine(self.day, self.schedule.at, UTC)

    @property
    def label(self) -> str:
        """What it is called: ``2027Q1``, ``2026-11-23``. Of one schedule's, the later is the greater."""
        if self.schedule.rhythm is Rhythm.QUARTERLY:
            return f"{self.day.year}Q{(self.day.month + 2) // 3}"
        return self.day.isoformat()

    @property
    def key(self) -> str:
        """The same for the same slot on every machine."""
        return f"{self.schedule.lock_key}:{self.label}"

    @property
    def words(self) -> tuple[str, ...]:
        """The command."""
        return tuple(word.replace(DAY, self.day.isoformat()) for word in self.schedule.words)

    @property
    def command(self) -> str:
        """What people would type."""
        return f"supops {' '.join(self.words)}"


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command ended.

    Attributes:
        status: Its exit status; negative for the signal that ended it.
        stdout: The end of what it wrote, without secrets; so is `stderr`.
    """

    status: int
    stdout: str
    stderr: str


def _day(label: str) -> date | None:
    """Return the day that a label stands for."""
    quarter = QUARTER.fullmatch(label)
    try:
        if quarter:
            return date(int(quarter["year"]), int(quarter["quarter"]) * 3 - 2, 1)
        return date.fromisoformat(label)
    except ValueError:
        return None
