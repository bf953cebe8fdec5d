"""Listing agents from a server that takes 80 ms for each answer, against zenpy, the library that Zendesk scripts in Python use.

Of 20,000 agents the largest role has two fifths. The chains of pages of the roles are followed in parallel, so the largest one decides how
long it takes: with half of the agents in one role it is about 2.2 times as fast as zenpy.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.measure import Result

LATENCY = 0.08
TIMES = 3

OURS = """
import json, resource, sys, time
from supops.models.secrets import Secret
from supops.adapters.zendesk import ZendeskAgents
from supops.adapters.zendesk_auth import ZendeskAccount
from supops.render.console import terminal_of_process
terminal = terminal_of_process()
started = time.perf_counter()
account = ZendeskAccount(title="Zendesk", setting="zendesk.global", url=sys.argv[1], notices=terminal)
http = account.with_access_token(Secret("demo-ready-access-token", "benchmark"))
listing = ZendeskAgents(http, notices=terminal, progress=terminal).list_agents()
seconds = time.perf_counter() - started
assert listing.complete
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, len({agent.id for agent in listing.agents}), memory]))
"""

ZENPY = """
import json, os, resource, sys, time
os.environ["ZENPY_FORCE_SCHEME"] = "http"
from zenpy import Zenpy
started = time.perf_counter()
client = Zenpy(subdomain="127.0", domain="0.1:" + sys.argv[1].rpartition(":")[2], email="bot@example.com", token="demo-api-token")
agents = [(user.id, user.name, user.email) for user in client.users(role=["agent", "admin"])]
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, len({agent[0] for agent in agents}), memory]))
"""


def measure() -> Iterator[Result]:
    """Compare 5,000 and 20,000 agents."""
    for count, bound in ((5_000, 4.5), (20_000, 2.4)):
        with _server(count) as url:
            ours, memory = _best(OURS, url, count)
            peer, peer_memory = _best(ZENPY, url, count)
        detail = f"{ours:.2f} s against zenpy's {peer:.2f} s"
        yield Result(f"agents: {count:,}, times faster", peer / ours, bound, at_least=True, detail=detail)
        if count == 20_000:
            detail = f"zenpy {peer_memory:.0f} MB"
            yield Result(f"agents: {count:,}, memory", memory, 70, unit="MB", detail=detail)


@contextmanager
def _server(count: int) -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "supops.sandbox.server",
        "--agents",
        str(count),
        "--latency",
        str(LATENCY),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("the server has no pipes")
        yield json.loads(server.stdout.readline())["zendesk-global"]
        server.stdin.close()


def _best(code: str, url: str, count: int) -> tuple[float, float]:
    """Return the least seconds and megabytes of several processes, each of which must see every agent."""
    seconds, memory = float("inf"), float("inf")
    for _ in range(TIMES):
        done = subprocess.run(
            [sys.executable, "-c", code, url], stdout=subprocess.PIPE, text=True, check=True
        )
        took, seen, used = json.loads(done.stdout)
        if seen != count:
            raise RuntimeError(f"{seen} agents were listed, of {count}")
        seconds, memory = min(seconds, took), min(memory, used)
    return seconds, memory
