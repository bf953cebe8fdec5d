"""How long until help is there, in multiples of a bare interpreter, in an environment with nothing but supops."""

import subprocess
import sys
from collections.abc import Callable, Iterator

from bench.measure import Result, bare_environment, best_of_each
from supops.cli import all_commands

TIMES = 15


def measure() -> Iterator[Result]:
    """Compare ``--version``, ``--help`` and the help of every command with ``python -c pass``."""
    with bare_environment() as python:
        runs = {"pass": _runner(python, "-c", "pass")}
        runs |= {" ".join(words): _runner(python, "-m", "supops", *words) for words in _command_lines()}
        best = best_of_each(runs, times=TIMES)
    bare = best.pop("pass")
    yield Result("start-up: --version", best.pop("--version") / bare, 2.5, detail="python -c pass")
    yield Result("start-up: --help", best.pop("--help") / bare, 8, detail="python -c pass")
    worst = max(best, key=lambda words: best[words])
    yield Result(
        "start-up: slowest command's --help", best[worst] / bare, 12, detail=f"python -c pass; supops {worst}"
    )


def _runner(*words: str) -> Callable[[], object]:
    return lambda: subprocess.run(words, stdout=subprocess.DEVNULL, check=True)


def _command_lines() -> Iterator[tuple[str, ...]]:
    yield ("--version",)
    yield ("--help",)
    for words, _ in all_commands():
        yield (*words, "--help")


if __name__ == "__main__":
    sys.exit("run: python -m bench startup")
