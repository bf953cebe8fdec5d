"""Serves the simulated platforms over HTTP, each on a loopback port of its own, and fails when told to."""

import argparse
import gzip
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from supops.sandbox.calendly import Calendly
from supops.sandbox.faults import STATUSES, Fault, Faults, as_list
from supops.sandbox.gitlab import GitLab
from supops.sandbox.gitlab_seed import many_projects
from supops.sandbox.gitlab_work_seed import many_issues
from supops.sandbox.google_calendar import GoogleCalendar
from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.users import many_agents
from supops.sandbox.world import INSTANCES, World
from supops.sandbox.zendesk import Zendesk

Handle = Callable[[Request], Answer]
SIGN_IN_PAGE = b"<!doctype html><html><head><title>Sign in</title><style>p{}</style></head><body><p>Please sign in</p></body></html>"
GZIP_FROM = 1024


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that arrived, for tests to look at."""

    platform: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class Sandbox:
    """The simulated platforms, running.

    Args:
        world: Their state.
        latency: Seconds before each answer.
        faults: Ways to fail from the beginning.

    Attributes:
        urls: The platforms' addresses: ``zendesk-global``, ``zendesk-us-government``, ``calendly``, ``gitlab``,
            ``google-calendar``.
        faults: Switches ways to fail on and off.
        requests: Every request that arrived.
    """

    def __init__(self, world: World, *, latency: float = 0.0, faults: Iterable[Fault] = ()) -> None:
        self.world = world
        self.faults = Faults()
        self.faults.add(*as_list(faults))
        self.requests: list[RecordedRequest] = []
        self.urls: dict[str, str] = {}
        self.latency = latency
        self._servers: list[_Server] = []
        self._lock = threading.Lock()
        self._in_flight: Counter[str] = Counter()
        self._peaks: Counter[str] = Counter()

    def __enter__(self) -> Self:
        """Start all platforms."""
        platforms: dict[str, Handle] = {
            f"zendesk-{key}": Zendesk(self.world, key).handle for key in INSTANCES
        }
        platforms |= {
            "calendly": Calendly(self.world).handle,
            "gitlab": GitLab(self.world).handle,
            "google-calendar": GoogleCalendar(self.world).handle,
        }
        for name, handle in platforms.items():
            server = _Server(self, name, handle)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self._servers.append(server)
            self.urls[name] = f"http://127.0.0.1:{server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all platforms."""
        self.stop()

    def stop(self) -> None:
        """Stop all platforms. The world was saved when it changed."""
        # Each takes until its next look whether to end: all at once.
        ends = [threading.Thread(target=server.shutdown) for server in self._servers]
        for end in ends:
            end.start()
        for end in ends:
            end.join()
        for server in self._servers:
            server.server_close()
        self._servers.clear()

    def in_flight_peak(self, platform: str) -> int:
        """Return how many requests a platform had at once at most."""
        with self._lock:
            return self._peaks[platform]

    def began(self, platform: str, request: Request) -> None:
        """Take note of a request that arrived."""
        recorded = RecordedRequest(
            platform, request.method, request.path, request.query, request.headers, request.body
        )
        with self._lock:
            self.requests.append(recorded)
            self._in_flight[platform] += 1
            self._peaks[platform] = max(self._peaks[platform], self._in_flight[platform])

    def ended(self, platform: str) -> None:
        """Take note of a request that was answered."""
        with self._lock:
            self._in_flight[platform] -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, sandbox: Sandbox, platform: str, handle: Handle) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sandbox = sandbox
        self.platform = platform
        self.handle = handle

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave together, and at once: else the kernel holds the second back for 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library's name)
        """Nothing is logged: requests have secrets in them."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return a time as the `Date` header has it: that of the world, whose clock may be another."""
        return super().date_time_string(self.server.sandbox.world.now() if timestamp is None else timestamp)

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, body)
        sandbox, platform = self.server.sandbox, self.server.platform
        sandbox.began(platform, request)
        try:
            fault, answer = self._answer(request)
        finally:
            # Before the answer leaves: who has read it may send the next request before this thread runs again.
            sandbox.ended(platform)
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer, truncated=fault is not None and fault.kind == "truncated")

    def _answer(self, request: Request) -> tuple[Fault | None, Answer | None]:
        """Return the fault that is switched on, if any, and the answer; none where the connection breaks off."""
        sandbox = self.server.sandbox
        if sandbox.latency:
            time.sleep(sandbox.latency)
        fault = sandbox.faults.next_for(self.server.platform, request.method, request.path)
        if fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
            fault = None
        if fault is None or fault.kind == "truncated":
            return fault, self.server.handle(request)
        if fault.acts:
            self.server.handle(request)
        return fault, None if fault.kind == "reset" else _failing(fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  (the library's names)

    def _send(self, answer: Answer, *, truncated: bool) -> None:
        body = answer.body
        self.send_response(answer.status)
        if len(body) >= GZIP_FROM and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if truncated and len(body) > 1 and 200 <= answer.status < 300:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)
        self.wfile.flush()


def _failing(fault: Fault) -> Answer:
    if fault.kind in STATUSES:
        headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
        return json_answer(int(fault.kind), {"error": "Fault", "description": "switched on"}, headers)
    if fault.kind == "expired":
        description = "The access token provided is expired, revoked, malformed or invalid for other reasons."
        return json_answer(401, {"error": "invalid_token", "error_description": description})
    if fault.kind == "redirect":
        return Answer(302, b"", {"Location": fault.to})
    if fault.kind == "quota":
        errors = [{"domain": "usageLimits", "reason": "rateLimitExceeded", "message": "Rate Limit Exceeded"}]
        return json_answer(403, {"error": {"code": 403, "message": "Rate Limit Exceeded", "errors": errors}})
    if fault.kind == "html":
        return Answer(200, SIGN_IN_PAGE, {"Content-Type": "text/html"})
    return Answer(404, b"")


def main() -> None:
    """Serve in a process of its own, for benchmarks, until standard input ends. The addresses are printed as JSON."""
    parser = argparse.ArgumentParser(prog="python -m supops.sandbox.server")
    parser.add_argument(
        "--agents", type=int, default=0, help="replace the users of Zendesk Global by this many agents"
    )
    parser.add_argument(
        "--projects", type=int, default=0, help="replace the team's projects by this many on GitLab"
    )
    parser.add_argument(
        "--issues", type=int, default=0, help="replace the team's issues by this many on GitLab"
    )
    parser.add_argument("--stage", default="", help="the stage that all of those issues are in")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--plan-limit", type=int, default=1_000_000, help="requests a minute")
    options = parser.parse_args()
    world = World.seeded()
    world.gitlab.plan_limit = world.gitlab.note_limit = options.plan_limit
    if options.projects:
        many_projects(world.gitlab, options.projects)
    if options.issues:
        many_issues(world.gitlab, options.issues, world.now(), only=options.stage)
    state = world.zendesk["global"]
    state.plan_limit = options.plan_limit
    state.link_host = None
    if options.agents:
        light, admin, staff = (role.id for role in state.roles)
        state.users = many_agents(options.agents, light=light, admin=admin, staff=staff)
        names = {role.id: role for role in state.roles}
        for user in state.users:
            if user.custom_role_id is not None and user.custom_role_id not in names:
                names[user.custom_role_id] = type(state.roles[0])(
                    user.custom_role_id, f"Role {user.custom_role_id}", 0
                )
        state.roles = list(names.values())
        state.changed()
    with Sandbox(world, latency=options.latency) as sandbox:
        sys.stdout.write(json.dumps(sandbox.urls) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
