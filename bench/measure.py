"""What a measurement is, and how often it is taken."""

import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


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


@contextmanager
def bare_environment() -> Iterator[str]:
    """Make an environment with nothing but supops in it, and return its Python.

    Packages that supops does not install change what is imported: httpx imports its own command line where click is there.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT)], check=True)
        subprocess.run([python, "-m", "compileall", "-q", folder], check=False)
        yield python


def best_of_each(runs: dict[str, Callable[[], object]], *, times: int) -> dict[str, float]:
    """Return the shortest of several runs of each, in seconds; they take turns, so that a noisy moment hits all alike."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(times):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - started)
    return best
