"""What a process that works on and on does from time to time, beside its work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from supops.errors import SupopsError
from supops.models.deliveries import Process
from supops.services.inbox_ports import Inbox, Journal
from supops.services.ports import Clock

SECONDS = 10.0

Tick = Callable[[], None]


@dataclass(slots=True)
class Ticker:
    """Calls functions, one after the other, but not more often than every few seconds. One that fails keeps no other from its turn.

    Attributes:
        ticks: The functions.
        seconds: How often.
        monotonic: Seconds since some moment.
    """

    ticks: Sequence[Tick]
    journal: Journal
    monotonic: Callable[[], float]
    seconds: float = SECONDS
    _next: float = field(init=False, default=float("-inf"))

    def __call__(self) -> None:
        """Call them, if it is time."""
        if self.monotonic() < self._next:
            return
        for tick in self.ticks:
            try:
                tick()
            except SupopsError as error:
                self.journal.tell("note", error=error.message)
        self._next = self.monotonic() + self.seconds


def heartbeat(inbox: Inbox, clock: Clock, name: str, kind: str) -> Tick:
    """Return what tells the store that a process takes part."""
    return lambda: inbox.seen(Process(name, kind, clock.now()))
