"""What commands share that process deliveries here and now, instead of a worker."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supops.models.deliveries import Delivery
    from supops.render.console import Terminal

SECONDS_BETWEEN_LOOKS = 0.5
NO_WORKER = "no worker was seen in the last minute: `supops webhooks serve` or `supops webhooks worker`"
TRIES_AGAIN = "a worker tries it again"


class SilentJournal:
    """Tells nobody: what becomes of each delivery is the result."""

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        """See `supops.services.inbox_ports.Journal`."""


class TerminalJournal:
    """Tells what happens on the terminal.

    Args:
        terminal: Where.
        has_worker: Whether a worker was seen of late.
    """

    def __init__(self, terminal: "Terminal", *, has_worker: bool) -> None:
        self._terminal = terminal
        self._again = TRIES_AGAIN if has_worker else f"{NO_WORKER} tries it again; so does this command"

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        """See `supops.services.inbox_ports.Journal`."""
        error = facts.get("error")
        if error:
            following = self._again if facts.get("next_at") else "given up"
            self._terminal.warn(f"{error} ({following})")
        else:
            self._terminal.detail(event)


class Waiter:
    """Waits while somebody else works on a delivery, or on another of the same thing, and says so once.

    Args:
        terminal: Where.
        says: Returns what is at work, with that delivery.
    """

    def __init__(self, terminal: "Terminal", says: "Callable[[Delivery], str]") -> None:
        self._terminal = terminal
        self._says = says
        self._has_said = False

    def __call__(self, delivery: "Delivery") -> None:
        """Wait a moment."""
        if not self._has_said:
            self._terminal.note(f"{self._says(delivery)}; waiting for that to end")
            self._has_said = True
        time.sleep(SECONDS_BETWEEN_LOOKS)
