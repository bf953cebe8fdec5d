"""Leaves a shared account room: slows down when less than half of a platform's rate limit is left."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_SECONDS = 60.0
# Below this share of the limit we slow down; at the second one we wait for the window to end.
COMFORT = 0.5
RESERVE = 0.1


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a platform says of its limit.

    Attributes:
        reset: Seconds until the whole limit is there again; None where the platform does not say.
    """

    limit: int
    remaining: int
    reset: float | None = None


class Pacer:
    """Hands out the moments at which requests may go. Shared by the threads that ask one account."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._gap = 0.0
        self._until = 0.0
        self._next = 0.0

    def observe(self, limit: RateLimit) -> None:
        """Take note of what an answer said of the limit."""
        with self._lock:
            now = self._now()
            if limit.limit <= 0 or limit.remaining >= limit.limit * COMFORT:
                self._gap = 0.0
                return
            left = WINDOW_SECONDS if limit.reset is None else min(limit.reset, WINDOW_SECONDS)
            ours = limit.remaining - limit.limit * RESERVE
            # What is above the reserve is spread evenly over the rest of the window.
            self._gap = left / ours if ours >= 1 else left
            self._until = now + left

    def wait(self) -> float:
        """Wait until the next request may go, and return how long that took."""
        with self._lock:
            now = self._now()
            if now >= self._until:
                self._gap = 0.0
            start = max(now, min(self._next, self._until)) if self._gap else now
            self._next = start + self._gap
        delay = start - now
        if delay > 0:
            self._sleep(delay)
        return delay
