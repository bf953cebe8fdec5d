"""Zendesk's users, as far as audits ask for them (sources: platforms Z-2, Z-3, Z-6)."""

import math
import threading
from collections.abc import Iterable, Iterator

import msgspec

from supops.adapters.answers import MAX_IN_FLIGHT, clock_skew
from supops.adapters.http import HttpClient, Parameters
from supops.adapters.parallel import in_parallel
from supops.adapters.zendesk_auth import read_limit
from supops.errors import CredentialError, Forbidden, NotFound, PlatformError
from supops.models.agents import Agent, AgentListing
from supops.models.health import Contact
from supops.services.ports import AgentDirectory, Clock, Notices, Probe, Progress, Task

PAGE_SIZE = 100
# Offset pages end at 10,000 records. Below this many there is room for those who join while we read.
MAX_BY_OFFSET = 9_500
AGENTS: Parameters = (("role[]", "admin"), ("role[]", "agent"))
PURPOSE = "list the agents"


class _User(msgspec.Struct, gc=False):
    id: int
    name: str
    role: str
    email: str | None = None
    custom_role_id: int | None = None
    suspended: bool = False
    last_login_at: str | None = None


class _Meta(msgspec.Struct):
    has_more: bool
    after_cursor: str | None = None


class _OffsetPage(msgspec.Struct):
    users: list[_User]


class _CursorPage(msgspec.Struct):
    users: list[_User]
    meta: _Meta


class _Count(msgspec.Struct):
    value: int
    refreshed_at: str | None = None


class _CountAnswer(msgspec.Struct):
    count: _Count


class _Role(msgspec.Struct):
    id: int
    name: str


class _Roles(msgspec.Struct):
    custom_roles: list[_Role]


class _Broken(Exception):
    """A list that broke off: why, and what had been read of it."""

    def __init__(self, error: PlatformError | CredentialError, found: Iterable[Agent] = ()) -> None:
        super().__init__(error.message)
        self.error = error
        self.found = tuple(found)


class ZendeskProbe(Probe):
    """Asks an instance how many agents it has: the least that needs what an audit needs."""

    def __init__(self, http: HttpClient, *, clock: Clock) -> None:
        self._http = http
        self._clock = clock

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`."""
        purpose = "count the agents"
        answer = self._http.request("GET", "/api/v2/users/count", purpose=purpose, parameters=AGENTS)
        count = self._http.decode(answer, _CountAnswer, purpose=purpose).count
        facts = [f"{count.value:,} agents", self._http.credential.description]
        limit = read_limit(answer.headers)
        if limit is not None:
            facts.append(f"{limit.remaining:,} of {limit.limit:,} requests a minute left")
        return Contact(", ".join(facts), clock_skew(answer.headers, self._clock.now()))


class ZendeskAgents(AgentDirectory):
    """Lists the admins and agents of one instance."""

    def __init__(self, http: HttpClient, *, notices: Notices, progress: Progress) -> None:
        self._http = http
        self._notices = notices
        self._progress = progress

    def list_agents(self) -> AgentListing:
        """List every admin and agent. See `supops.services.ports.AgentDirectory.list_agents`.

        The fast way (offset pages in parallel) is taken for accounts of up to 9,500, and trusted only if the platform counts
        as many before and after as there are distinct ids. Otherwise cursors are followed: by custom role in parallel where
        that gives as many as are counted, else in one chain, whose end only ``meta.has_more`` decides.
        """
        with self._progress.task(self._http.vendor.name, item="agent") as task:
            expected = self._count()
            found: dict[int, Agent] = {}
            try:
                fast = expected is not None and expected < MAX_BY_OFFSET
                pages = self._by_offset(expected or 0, task) if fast else self._by_role(expected or 0, task)
                for agents in pages:
                    found.update((agent.id, agent) for agent in agents)
                if found and len(found) == expected == self._count():
                    return AgentListing(tuple(found.values()))
                self._notices.detail(
                    "the agents that were read are not as many as are counted; following one cursor"
                )
            except (_Broken, PlatformError, CredentialError) as error:
                self._notices.detail(f"reading in parallel broke off: {error}; following one cursor")
            return self._by_cursor(found, task)

    def _count(self) -> int | None:
        """Count the admins and agents; None where Zendesk itself does not know the number yet."""
        answer = self._http.get(
            "/api/v2/users/count", _CountAnswer, purpose="count the agents", parameters=AGENTS
        )
        return answer.count.value if answer.count.refreshed_at is not None else None

    def _by_offset(self, expected: int, task: Task) -> Iterator[list[Agent]]:
        """Read offset pages in parallel."""
        pages = max(1, math.ceil(expected / PAGE_SIZE))
        task.advance(0, total=pages)

        def page(number: int) -> list[Agent]:
            parameters = (*AGENTS, ("page", str(number)), ("per_page", str(PAGE_SIZE)))
            users = self._http.get("/api/v2/users", _OffsetPage, purpose=PURPOSE, parameters=parameters).users
            task.advance(items=len(users))
            return _agents(users)

        return in_parallel(page, range(1, pages + 1), limit=MAX_IN_FLIGHT)

    def _by_role(self, expected: int, task: Task) -> Iterator[list[Agent]]:
        """Follow one cursor for each custom role, in parallel; nothing where there are not several roles."""
        roles = self._roles() if expected else []
        if len(roles) < 2:
            return
        task.advance(0, total=math.ceil(expected / PAGE_SIZE))
        given_up = threading.Event()

        def chain(role: _Role) -> list[Agent]:
            return self._follow((("permission_set", str(role.id)),), task, given_up)

        try:
            yield from in_parallel(chain, roles, limit=MAX_IN_FLIGHT)
        finally:
            given_up.set()

    def _roles(self) -> list[_Role]:
        try:
            return self._http.get(
                "/api/v2/custom_roles", _Roles, purpose="list the custom roles"
            ).custom_roles
        except (Forbidden, NotFound):
            # Plans without custom roles, and tokens that may not see them.
            return []

    def _by_cursor(self, seen_before: dict[int, Agent], task: Task) -> AgentListing:
        """Follow one cursor through all agents. Where it breaks off, what was seen before counts as well."""
        try:
            return AgentListing(tuple({agent.id: agent for agent in self._follow(AGENTS, task)}.values()))
        except _Broken as broken:
            found = seen_before | {agent.id: agent for agent in broken.found}
            if not found:
                raise broken.error from None
            reason = f"the list of agents broke off after {len(found):,}: {broken.error.message}"
            return AgentListing(tuple(found.values()), (reason,))

    def _follow(
        self, filters: Parameters, task: Task, given_up: threading.Event | None = None
    ) -> list[Agent]:
        """Read cursor pages to the end.

        Raises:
            _Broken: A page could not be read, in spite of repeats.
        """
        found: list[Agent] = []
        cursor = None
        while not (given_up and given_up.is_set()):
            after: Parameters = (("page[after]", cursor),) if cursor else ()
            parameters = (*filters, ("page[size]", str(PAGE_SIZE)), *after)
            try:
                page = self._http.get("/api/v2/users", _CursorPage, purpose=PURPOSE, parameters=parameters)
            except (PlatformError, CredentialError) as error:
                raise _Broken(error, found) from error
            found += _agents(page.users)
            task.advance(items=len(page.users))
            if not page.meta.has_more:
                break
            if not page.meta.after_cursor or page.meta.after_cursor == cursor:
                problem = (
                    f"{self._http.vendor.name} says there are more agents, but gives no new cursor to them"
                )
                raise _Broken(PlatformError(problem), found)
            cursor = page.meta.after_cursor
        return found


def _agents(users: Iterable[_User]) -> list[Agent]:
    return [
        Agent(
            user.id,
            user.name,
            user.email,
            _ROLES.get(user.role, user.role),
            user.custom_role_id,
            user.suspended,
            user.last_login_at,
        )
        for user in users
    ]


# One object for each of the two roles, instead of one for each agent.
_ROLES = {"admin": "admin", "agent": "agent"}
