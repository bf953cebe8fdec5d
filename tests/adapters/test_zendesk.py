"""Listing agents on the simulated Zendesk: which way is taken, and that each gives everybody."""

import httpx
import pytest

from supops.adapters.http import HttpClient
from supops.adapters.zendesk import ZendeskAgents, ZendeskProbe
from supops.sandbox.faults import Fault
from supops.sandbox.http import Answer, Request
from supops.sandbox.server import Sandbox
from supops.sandbox.states import Role, ZendeskState
from supops.sandbox.users import many_agents
from supops.sandbox.zendesk import Zendesk
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices, FakeProgress

STAFF = 3_000


@pytest.fixture
def state(sandbox: Sandbox) -> ZendeskState:
    return sandbox.world.zendesk["global"]


@pytest.fixture
def progress() -> FakeProgress:
    return FakeProgress()


@pytest.fixture
def directory(zendesk: HttpClient, notices: FakeNotices, progress: FakeProgress) -> ZendeskAgents:
    return ZendeskAgents(zendesk, notices=notices, progress=progress)


def populate(state: ZendeskState, count: int) -> None:
    state.users = many_agents(count, light=1_000, admin=2_000, staff=STAFF)
    state.roles = [
        Role(number, f"Role {number}", 0) for number in (1_000, 2_000, STAFF, STAFF + 1, STAFF + 2)
    ]
    state.plan_limit = 100_000
    state.changed()


def queries(sandbox: Sandbox, part: str) -> list[str]:
    return [
        request.query
        for request in sandbox.requests
        if request.path == "/api/v2/users" and part in request.query
    ]


def test_the_storys_agents_and_nobody_else(directory: ZendeskAgents, state: ZendeskState) -> None:
    listed = {agent.id for agent in directory.list_agents().agents}

    assert listed == {user.id for user in state.users if user.role != "end-user" and user.active}


def test_the_fast_way_reads_pages_in_parallel(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents
) -> None:
    populate(state, 1_950)
    sandbox.latency = 0.02

    assert len(directory.list_agents().agents) == 1_950

    assert len(queries(sandbox, "per_page")) == 20
    assert queries(sandbox, "page%5Bsize%5D") == []
    assert 2 <= sandbox.in_flight_peak("zendesk-global") <= 8


@pytest.mark.parametrize("count", [9_500, 10_050])
def test_large_accounts_are_read_by_role_in_parallel(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents, count: int
) -> None:
    populate(state, count)

    assert len(directory.list_agents().agents) == count

    assert queries(sandbox, "per_page") == []
    assert len(queries(sandbox, "permission_set")) >= count / 100
    assert queries(sandbox, "role%5B%5D") == []


@pytest.mark.parametrize("why", ["no custom roles on the plan", "an agent without a role", "one role only"])
def test_one_cursor_is_followed_where_roles_do_not_give_everybody(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents, why: str
) -> None:
    populate(state, 9_600)
    if why == "no custom roles on the plan":
        state.has_custom_roles = False
    elif why == "one role only":
        state.roles = state.roles[:1]
    else:
        state.users[5].custom_role_id = None

    assert len(directory.list_agents().agents) == 9_600
    assert queries(sandbox, "role%5B%5D")


def test_a_count_that_is_still_computed_is_not_trusted(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents
) -> None:
    populate(state, 250)
    state.counts_exactly = False

    assert len(directory.list_agents().agents) == 250
    assert queries(sandbox, "per_page") == []


def test_has_more_decides_the_end_and_links_are_not_followed(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents
) -> None:
    populate(state, 200)
    state.counts_exactly = False

    directory.list_agents()

    # The last page, too, has a cursor and a link, and links lead to another host.
    assert len(queries(sandbox, "page%5Bsize%5D")) == 2


def test_who_joins_while_we_read_is_not_missed(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(state, 500)
    handle = Zendesk.handle

    def joins(self: Zendesk, request: Request) -> Answer:
        answer = handle(self, request)
        if "page=3" in request.query and len(state.users) == 500:
            state.users = many_agents(501, light=1_000, admin=2_000, staff=STAFF)
            state.changed()
        return answer

    monkeypatch.setattr(Zendesk, "handle", joins)
    with Sandbox(sandbox.world) as changing:
        directory._http.base_url = changing.urls["zendesk-global"]
        directory._http._client.base_url = changing.urls["zendesk-global"]
        listing = directory.list_agents()

    assert len(listing.agents) == 501
    assert listing.complete


def test_a_page_that_fails_for_good_in_the_fast_way_is_not_lost(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents
) -> None:
    populate(state, 500)
    sandbox.faults.add(Fault("503", path="/api/v2/users", after=2, times=3))

    listing = directory.list_agents()

    assert listing.complete
    assert len(listing.agents) == 500


def test_a_token_that_expires_in_the_middle_gives_a_part_that_says_so(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents
) -> None:
    populate(state, 500)
    state.counts_exactly = False
    sandbox.faults.add(Fault("expired", path="/api/v2/users", after=2))

    listing = directory.list_agents()

    assert len(listing.agents) == 200
    assert listing.missing == (
        "the list of agents broke off after 200: Zendesk Global refused the access token from ZD_ACCESS_TOKEN (401): "
        "invalid_token; The access token provided is expired, revoked, malformed or invalid for other reasons.",
    )


def test_a_cursor_that_does_not_move_ends_the_list_as_incomplete(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskAgents, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(state, 500)
    state.counts_exactly = False
    monkeypatch.setattr("supops.sandbox.zendesk._cursor", lambda _: "aWQ-NDAwMDAwMDAwMDk5")

    listing = directory.list_agents()

    assert not listing.complete
    assert "no new cursor" in listing.missing[0]


def test_slows_down_when_less_than_half_of_the_limit_is_left(
    sandbox: Sandbox, state: ZendeskState, zendesk: HttpClient, directory: ZendeskAgents, notices: FakeNotices
) -> None:
    populate(state, 5_000)
    state.plan_limit = 60
    slept: list[float] = []
    # Recorded, and taking no time.
    zendesk._pacer._sleep = slept.append
    # However slow the machine is, no page is asked for twice.
    zendesk._client.timeout = httpx.Timeout(30)

    assert directory.list_agents().complete

    assert sum(slept) > 5
    assert "slowing down: less than half of Zendesk's limit is left" in notices.notes
    assert len(queries(sandbox, "per_page")) == 50


def test_progress_counts_pages_and_agents(
    state: ZendeskState, directory: ZendeskAgents, progress: FakeProgress
) -> None:
    populate(state, 250)

    directory.list_agents()

    task = progress.tasks["Zendesk Global: agent"]
    assert (task.steps, task.items, task.total) == (3, 250, 3)


def test_unknown_members_of_a_user_are_tolerated(directory: ZendeskAgents) -> None:
    # The simulated users have members of 2026 that are not in the description.
    assert directory.list_agents().complete


def test_the_probe_says_what_matters(zendesk: HttpClient) -> None:
    contact = ZendeskProbe(zendesk, clock=FakeClock()).contact()

    assert (
        contact.facts == "52 agents, the access token from ZD_ACCESS_TOKEN, 699 of 700 requests a minute left"
    )
    assert contact.clock_skew is not None
