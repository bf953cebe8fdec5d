"""What every organisation promises: the fake in memory, and the adapter on the simulated Calendly."""

from collections.abc import Callable, Iterator

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.adapters.calendly_members import CalendlyMembers
from supops.adapters.http import HttpClient
from supops.errors import Forbidden
from supops.models.members import CalendlyMember
from supops.models.secrets import Secret
from supops.sandbox.server import Sandbox
from supops.services.audit_ports import MemberDirectory
from tests.conftest import IMPATIENT
from tests.fakes.calendly_members import FakeMembers
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

GARY = CalendlyMember(
    "https://api.calendly.com/users/gary.former", "Gary Former", "gary.former@example.com", "user"
)
Open = Callable[..., MemberDirectory]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a maker; the credential may be one that can't see the organisation."""
    clients: list[HttpClient] = []

    def fake(*, may_list: bool = True) -> MemberDirectory:
        owner = CalendlyMember("https://api.calendly.com/users/owner", "Owner", "owner@example.com", "owner")
        return FakeMembers([owner, GARY], error=None if may_list else Forbidden("not for you"))

    def real(*, may_list: bool = True) -> MemberDirectory:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        token = Secret("demo-calendly-token" if may_list else "demo-narrow-token", "TOKEN")
        clients.append(
            calendly_client(sandbox.urls["calendly"], token, notices=FakeNotices(), patience=IMPATIENT)
        )
        desk = CalendlyDesk(clients[-1], notices=FakeNotices(), clock=FakeClock())
        return CalendlyMembers(clients[-1], account=desk.account)

    yield fake if request.param == "fake" else real
    for client in clients:
        client.close()


def test_everybody_is_listed_once_with_email_and_role(opened: Open) -> None:
    listing = opened().list_members()

    assert listing.missing == ()
    assert len({one.uri for one in listing.members}) == len(listing.members)
    assert [(one.name, one.email, one.role) for one in listing.members if one.name == GARY.name] == [
        (GARY.name, GARY.email, GARY.role)
    ]
    assert "owner" in {one.role for one in listing.members}


def test_what_may_not_be_seen_is_refused_and_no_empty_list(opened: Open) -> None:
    with pytest.raises(Forbidden):
        opened(may_list=False).list_members()
