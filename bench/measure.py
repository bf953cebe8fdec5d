"""What a measurement is, and how often it is taken."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Attributes:
        value: What was measured, in the unit of the bound.
        bound: What it must not be above (or below, if `at_least`).
        detail: The two things that were compared.
    """

    name: str
    value: float
    bound: float
    unit: str = "x"
    at_least: bool = False
    detail: str = ""

    @property
    def passes(self) -> bool:
        """Whether the bound is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def best_of_each(runs: dict[str, Callable[[], object]], *, times: int) -> dict[str, float]:
    """Return the shortest of several runs of each, in seconds; they take turns, so that a noisy moment hits all alike."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(times):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best
