"""The board of 500 open issues, and moving 200 Queued ones on, on a GitLab that takes 80 ms for each answer.

The board is compared with python-gitlab's own command line, which lists the same issues with its default settings: once as the second run
within one process, as how long interpreters and imports take is the benchmark of start-up; and once as whole commands, where they count.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Result
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_work_seed import many_issues
from supops.sandbox.server import Sandbox
from supops.sandbox.world import World

LATENCY = 0.08
ISSUES, QUEUED = 500, 200
MOST_REQUESTS, MAX_IN_FLIGHT, LEAST_TIMES_FASTER = 10, 8, 5
# Three quarters of a whole board are interpreter and imports, python-gitlab's among them, which both load.
LEAST_TIMES_FASTER_WHOLE = 3
TIMES = 3
TOKEN = "demo-gitlab-token"
BOARD = ["issues", "board", "-o", "json"]
RUN_TWICE = """
import sys, time
words = sys.argv[1:]
for _ in range(2):
    started = time.perf_counter()
    run()
    seconds = time.perf_counter() - started
print(seconds, file=sys.stderr)
"""
OURS = """
from supops.cli import run as entry
run = lambda: entry(words)
RUN_TWICE
"""
THEIRS = """
from gitlab.cli import main
def run():
    sys.argv = ["gitlab", *words]
    main()
RUN_TWICE
"""


def measure() -> list[Result]:
    """Measure both."""
    return [*_board(), *_dequeue()]


def _board() -> list[Result]:
    with _place(ISSUES) as (sandbox, environ):
        url = sandbox.urls["gitlab"]
        board = [sys.executable, "-m", "supops", *BOARD]
        listing = [str(Path(sys.executable).with_name("gitlab")), *_listing(url)]
        _, out = _timed(board, environ)
        shown = {one["iid"] for column in json.loads(out)["columns"] for one in column["issues"]}
        _, out = _timed(listing, environ)
        listed = {one["iid"] for one in json.loads(out)}
        if not len(shown) == ISSUES or shown != listed:
            raise RuntimeError(f"{len(shown)} issues are on the board, and {len(listed)} were listed")
        ours = theirs = whole = their_whole = float("inf")
        for _ in range(TIMES):
            ours = min(ours, _second(OURS, BOARD, environ))
            theirs = min(theirs, _second(THEIRS, _listing(url), environ))
            whole = min(whole, _timed(board, environ)[0])
            their_whole = min(their_whole, _timed(listing, environ)[0])
        before = len(sandbox.requests)
        _timed(board, environ)
        requests = len(sandbox.requests) - before
    peer = "by python-gitlab's CLI"
    return [
        Result(
            f"board: {ISSUES}, times faster",
            theirs / ours,
            LEAST_TIMES_FASTER,
            at_least=True,
            detail=f"{ours:.2f} s against {theirs:.2f} s {peer}",
        ),
        Result(
            "board: whole command, times faster",
            their_whole / whole,
            LEAST_TIMES_FASTER_WHOLE,
            at_least=True,
            detail=f"{whole:.2f} s against {their_whole:.2f} s {peer}",
        ),
        Result("board: requests", requests, MOST_REQUESTS, unit="", detail="at most"),
    ]


def _listing(url: str) -> list[str]:
    """Return the words with which python-gitlab lists all open issues."""
    options = ["--server-url", url, "--private-token", TOKEN, "-o", "json"]
    return [*options, "project-issue", "list", "--project-id", TRACKER, "--state", "opened", "--get-all"]


def _second(code: str, words: list[str], environ: dict[str, str]) -> float:
    """Return the seconds of the second of two runs in one process."""
    command = [sys.executable, "-c", code.replace("RUN_TWICE", RUN_TWICE), *words]
    done = subprocess.run(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
    )
    return float(done.stderr.splitlines()[-1])


def _dequeue() -> list[Result]:
    with _place(QUEUED, only="Queued") as (sandbox, environ):
        seconds, out = _timed([sys.executable, "-m", "supops", "issues", "dequeue", "-o", "json"], environ)
        moved = [one for one in json.loads(out)["issues"] if one["outcome"] == "done"]
        if len(moved) != QUEUED:
            raise RuntimeError(f"{len(moved)} issues were moved, of {QUEUED}")
        detail = f"{seconds:.2f} s, {len(sandbox.requests)} requests for {QUEUED} issues"
        peak = sandbox.in_flight_peak("gitlab")
        return [Result("dequeue: requests in flight", peak, MAX_IN_FLIGHT, unit="", detail=detail)]


@contextmanager
def _place(count: int, only: str = "") -> "Iterator[tuple[Sandbox, dict[str, str]]]":
    """Start a GitLab with so many open issues; yield it, and the environment of commands that use it."""
    world = World.seeded()
    many_issues(world.gitlab, count, world.now(), only=only)
    with Sandbox(world, latency=LATENCY) as sandbox, tempfile.TemporaryDirectory() as folder:
        Path(folder, "supops.yaml").write_text(
            f"gitlab: {{url: '{sandbox.urls['gitlab']}', token: {{env: GL_TOKEN}}, issues_project: {TRACKER}}}\n"
        )
        own = {
            "SUPOPS_CONFIG": f"{folder}/supops.yaml",
            "GL_TOKEN": TOKEN,
            "HOME": folder,
            "XDG_STATE_HOME": folder,
        }
        yield sandbox, {**os.environ, **own}


def _timed(command: list[str], environ: dict[str, str]) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return time.perf_counter() - started, done.stdout
