"""Telling of what may happen thousands of times each minute: a few of each kind, and then how many more there were."""

from collections.abc import Callable
from dataclasses import dataclass, field

from supops.services.inbox_ports import Journal

MOST = 10
SECONDS = 60.0

# What makes lines alike.
Kind = tuple[tuple[str, str | float | None], ...]


@dataclass(slots=True)
class _Minute:
    began: float
    count: int = 0


@dataclass(slots=True)
class Sparing:
    """Tells a journal of events, but of each kind no more than a few each minute.

    Attributes:
        event: The event.
        monotonic: Seconds since some moment.
    """

    journal: Journal
    event: str
    monotonic: Callable[[], float]
    _minutes: dict[Kind, _Minute] = field(init=False, default_factory=dict)

    def tell(self, kind: Kind, /, **facts: str | float | None) -> None:
        """Tell of one, or count it.

        Args:
            kind: The facts that others of its kind share; there must not be many kinds.
            facts: The other ones.
        """
        self.settle()
        minute = self._minutes.setdefault(kind, _Minute(self.monotonic()))
        minute.count += 1
        if minute.count <= MOST:
            self.journal.tell(self.event, **dict(kind), **facts)

    def settle(self, *, ends: bool = False) -> None:
        """Tell of what was only counted, when its minute is over, or at the end."""
        now = self.monotonic()
        for kind, minute in list(self._minutes.items()):
            if not ends and now < minute.began + SECONDS:
                continue
            del self._minutes[kind]
            more = minute.count - MOST
            if more > 0:
                self.journal.tell(
                    self.event, **dict(kind), more=more, text="within a minute, not told one by one"
                )
