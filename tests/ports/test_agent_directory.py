"""What every directory of agents promises: the fake in memory, and the adapter on the simulated Zendesk."""

from collections.abc import Callable, Iterator

import pytest

from supops.adapters.http import HttpClient
from supops.adapters.zendesk import ZendeskAgents
from supops.adapters.zendesk_auth import ZendeskAccount
from supops.errors import CredentialError, PlatformError
from supops.models.agents import Agent
from supops.models.secrets import Secret
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.users import User, many_agents
from supops.services.ports import AgentDirectory
from tests.fakes.console import FakeNotices, FakeProgress
from tests.fakes.zendesk import FakeAgents


def _agent(user: User) -> Agent:
    return Agent(
        user.id, user.name, user.email, user.role, user.custom_role_id, user.suspended, user.last_login_at
    )


@pytest.fixture(params=["fake", "sandbox"])
def directory(
    request: pytest.FixtureRequest, sandbox: Sandbox, account: ZendeskAccount
) -> Iterator[Callable[..., AgentDirectory]]:
    """Return a maker: so many agents; broken off after so many; refused."""
    opened: list[HttpClient] = []

    def fake(count: int, *, breaks_off_after: int | None = None, refused: bool = False) -> AgentDirectory:
        agents = map(_agent, many_agents(count, light=1, admin=2, staff=3))
        return FakeAgents(
            agents, breaks_off_after=breaks_off_after, error=CredentialError("no") if refused else None
        )

    def real(count: int, *, breaks_off_after: int | None = None, refused: bool = False) -> AgentDirectory:
        state = sandbox.world.zendesk["global"]
        state.users = many_agents(count, light=1, admin=2, staff=3)
        state.changed()
        if breaks_off_after is not None:
            # The fast way loses the pages after these; the slow one then gets none at all.
            sandbox.faults.add(Fault("503", path="/api/v2/users", after=breaks_off_after // 100))
        opened.append(
            account.with_access_token(Secret("wrong" if refused else "demo-ready-access-token", "TOKEN"))
        )
        return ZendeskAgents(opened[-1], notices=FakeNotices(), progress=FakeProgress())

    yield fake if request.param == "fake" else real
    for http in opened:
        http.close()


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 1000])
def test_lists_every_agent_once(directory: Callable[..., AgentDirectory], count: int) -> None:
    listing = directory(count).list_agents()

    assert len(listing.agents) == len({agent.id for agent in listing.agents}) == count
    assert listing.complete
    assert listing.missing == ()


def test_gives_what_audits_look_at(directory: Callable[..., AgentDirectory]) -> None:
    first = min(directory(3).list_agents().agents, key=lambda agent: agent.id)

    assert first == Agent(
        400_000_000_000, "Agent Number 0", "agent0@example.com", "admin", 2, False, "2026-09-01T08:00:00Z"
    )


def test_says_what_is_missing_when_the_list_breaks_off(directory: Callable[..., AgentDirectory]) -> None:
    listing = directory(1000, breaks_off_after=300).list_agents()

    assert not listing.complete
    assert len(listing.missing) == 1
    assert "broke off" in listing.missing[0]
    assert 300 <= len(listing.agents) < 1000


def test_a_refused_credential_is_an_error_and_no_empty_list(directory: Callable[..., AgentDirectory]) -> None:
    refusing = directory(5, refused=True)

    with pytest.raises(CredentialError):
        refusing.list_agents()


def test_nothing_at_all_is_an_error(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.faults.add(Fault("503", platform="zendesk-global"))

    with pytest.raises(PlatformError, match="503"):
        ZendeskAgents(zendesk, notices=FakeNotices(), progress=FakeProgress()).list_agents()
