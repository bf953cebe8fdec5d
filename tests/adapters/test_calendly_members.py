"""Calendly's memberships as the adapter reads them: all pages, refusals that say what to do, and what may not be everybody."""

from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.adapters.calendly_members import CalendlyMembers
from supops.adapters.http import HttpClient
from supops.errors import Forbidden, PlatformError, Unauthorized
from supops.models.secrets import Secret
from supops.sandbox.bookings import ORGANIZATION
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.states import CalendlyState
from tests.conftest import IMPATIENT
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

TOKEN = "demo-calendly-token"
LIST = "/organization_memberships"
Login = Callable[..., CalendlyMembers]


@pytest.fixture
def state(sandbox: Sandbox) -> CalendlyState:
    return sandbox.world.calendly


@pytest.fixture
def login(sandbox: Sandbox, notices: FakeNotices) -> Iterator[Login]:
    """Return a maker of directories, by token."""
    clients: list[HttpClient] = []

    def maker(token: str = TOKEN) -> CalendlyMembers:
        url, secret = sandbox.urls["calendly"], Secret(token, "CALENDLY_TOKEN")
        clients.append(calendly_client(url, secret, notices=notices, patience=IMPATIENT))
        desk = CalendlyDesk(clients[-1], notices=notices, clock=FakeClock())
        return CalendlyMembers(clients[-1], account=desk.account)

    yield maker
    for client in clients:
        client.close()


@pytest.mark.parametrize("largest_page", [1, 7, 100])
def test_all_pages_are_read(sandbox: Sandbox, state: CalendlyState, login: Login, largest_page: int) -> None:
    state.largest_page = largest_page

    listing = login().list_members()

    asked = [request for request in sandbox.requests if request.path == LIST]
    assert len(asked) == -(-len(listing.members) // largest_page)
    assert len({one.email for one in listing.members}) == len(listing.members)
    assert {"gary.former@example.com", "Henrik.Sorensen@Example.com"} <= {
        one.email for one in listing.members
    }
    assert all(("organization", ORGANIZATION) in parse_qsl(request.query) for request in asked)


def test_a_list_that_breaks_off_is_an_error_and_not_short(
    sandbox: Sandbox, state: CalendlyState, login: Login
) -> None:
    state.largest_page = 7
    sandbox.faults.add(Fault("500", path=LIST, after=1))

    with pytest.raises(PlatformError, match="failed to list the members of the organisation"):
        login().list_members()


def test_a_scope_that_is_missing_is_named(login: Login) -> None:
    with pytest.raises(Forbidden) as caught:
        login("demo-narrow-token").list_members()

    assert "organizations:read" in caught.value.hint


def test_a_token_that_is_not_accepted(login: Login) -> None:
    with pytest.raises(Unauthorized):
        login("wrong").list_members()


def test_what_a_plain_member_is_shown_may_not_be_everybody(login: Login) -> None:
    listing = login("demo-member-token").list_members()

    assert listing.members
    (missing,) = listing.missing
    assert "may not show everybody to tessa.young@example.com" in missing
