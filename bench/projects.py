"""Listing and examining the projects of a group on a GitLab that takes 80 ms for each answer: eight at once against one after another.

Both are the same adapter. The listing itself is one page after another, and so is what little is read of one project; the rest could be eight
times as fast at most. GitLab's limit is that of gitlab.com, and is not used up by half.
"""

import json
import subprocess
import sys

from bench.measure import Result
from supops.sandbox.gitlab_seed import many_projects
from supops.sandbox.server import Sandbox
from supops.sandbox.world import World

LATENCY = 0.08
PROJECTS = 200
MAX_IN_FLIGHT = 8
LEAST_TIMES_FASTER = 5

CODE = """
import json, sys, time
from supops.adapters.clock import SystemClock
from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_projects import GitLabProjects
from supops.adapters.parallel import in_parallel
from supops.models.secrets import Secret
from supops.render.console import terminal_of_process
terminal = terminal_of_process()
url, limit = sys.argv[1], int(sys.argv[2])
started = time.perf_counter()
gitlab = GitLabConnection(url, Secret("demo-gitlab-token", "benchmark"), notices=terminal, clock=SystemClock())
group = GitLabProjects(gitlab, "support-readiness", progress=terminal)
projects = group.list_projects().projects
states = list(in_parallel(group.examine, projects, limit=limit))
seconds = time.perf_counter() - started
assert not [state for state in states if state.missing or not state.protections]
print(json.dumps([seconds, len({state.project.id for state in states})]))
"""


def measure() -> list[Result]:
    """Compare eight at once with one after another, each with a GitLab of its own."""
    parallel, peak = _run(MAX_IN_FLIGHT)
    one_by_one, _ = _run(1)
    detail = f"{parallel:.2f} s against {one_by_one:.2f} s one after another"
    return [
        Result(
            f"projects: {PROJECTS}, times faster",
            one_by_one / parallel,
            LEAST_TIMES_FASTER,
            at_least=True,
            detail=detail,
        ),
        Result("projects: requests in flight", peak, MAX_IN_FLIGHT, unit="", detail="at most"),
    ]


def _run(limit: int) -> tuple[float, int]:
    """Return the seconds that it took in a process of its own, and how many requests were there at once at most."""
    world = World.seeded()
    # The one that audits are filed in stays.
    many_projects(world.gitlab, PROJECTS - 1)
    with Sandbox(world, latency=LATENCY) as sandbox:
        done = subprocess.run(
            [sys.executable, "-c", CODE, sandbox.urls["gitlab"], str(limit)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        seconds, seen = json.loads(done.stdout)
        if seen != PROJECTS:
            raise RuntimeError(f"{seen} projects were examined, of {PROJECTS}")
        # Two pages of projects, two requests for each, and who the one user is that may push.
        if len(sandbox.requests) != 2 + 2 * PROJECTS + 1:
            raise RuntimeError(f"{len(sandbox.requests)} requests were made")
        return seconds, sandbox.in_flight_peak("gitlab")
