"""``python -m bench [startup] [agents] [roster] [routing] [projects] [board] [history] [report] [receiver]``: measure, and fail when a bound is missed."""

import sys

from bench import agents, board, history, projects, receiver, report, roster, routing, startup
from bench.measure import Result

BENCHMARKS = {
    "startup": startup.measure,
    "agents": agents.measure,
    "roster": roster.measure,
    "routing": routing.measure,
    "projects": projects.measure,
    "board": board.measure,
    "history": history.measure,
    "report": report.measure,
    "receiver": receiver.measure,
}


def main() -> int:
    """Run the benchmarks that are named, or all; return the exit status."""
    names = sys.argv[1:] or list(BENCHMARKS)
    missed = 0
    print(f"{'what':<40} {'measured':>10} {'bound':>10}       compared with")
    for name in names:
        for result in BENCHMARKS[name]():
            missed += not result.passes
            print(line(result), flush=True)
    return 1 if missed else 0


def line(result: Result) -> str:
    """Return one line of the table."""
    sign = ">=" if result.at_least else "<="
    verdict = "ok" if result.passes else "MISSED"
    measured, bound = f"{result.value:.2f} {result.unit}", f"{sign} {result.bound:g} {result.unit}"
    return f"{result.name:<40} {measured:>10} {bound:>10} {verdict:<6} {result.detail}"


if __name__ == "__main__":
    sys.exit(main())
