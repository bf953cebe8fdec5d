"""Stands in for `supops.adapters.clock`."""

from datetime import UTC, datetime, timedelta

from supops.services.ports import Clock

START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)


class FakeClock(Clock):
    """A clock that moves on a second each time it is looked at."""

    def __init__(self, start: datetime = START) -> None:
        self._next = start

    def now(self) -> datetime:
        now, self._next = self._next, self._next + timedelta(seconds=1)
        return now
