"""Signing in to the simulated Zendesk: tokens are minted, used and revoked, whatever happens."""

import json

import pytest

from supops.adapters.http import HttpClient
from supops.adapters.pacing import RateLimit
from supops.adapters.zendesk import ZendeskAgents
from supops.adapters.zendesk_auth import ZendeskAccount, error_detail, read_limit
from supops.errors import PlatformError, Unauthorized
from supops.models.secrets import Secret
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.states import ZendeskState
from tests.fakes.console import FakeNotices, FakeProgress

SECRET = Secret("demo-client-secret-global", "ZD_GLOBAL_SECRET")


@pytest.fixture
def state(sandbox: Sandbox) -> ZendeskState:
    return sandbox.world.zendesk["global"]


def list_agents(http: HttpClient, notices: FakeNotices) -> int:
    return len(ZendeskAgents(http, notices=notices, progress=FakeProgress()).list_agents().agents)


def test_a_token_is_minted_used_and_revoked(
    sandbox: Sandbox, account: ZendeskAccount, state: ZendeskState, notices: FakeNotices
) -> None:
    client = account.with_oauth("supops", SECRET, "users:read")

    assert list_agents(client.http, notices) == 52
    assert len(state.tokens) == 1
    client.close()

    assert state.tokens == {}
    minting = [request for request in sandbox.requests if request.path == "/oauth/tokens"]
    assert len(minting) == 1
    assert "authorization" not in minting[0].headers
    asked = json.loads(minting[0].body)
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "users:read")
    assert notices.warnings == []


def test_nothing_is_minted_before_it_is_needed(sandbox: Sandbox, account: ZendeskAccount) -> None:
    account.with_oauth("supops", SECRET, "users:read").close()

    assert sandbox.requests == []


def test_a_token_that_expires_in_the_middle_is_minted_again(
    sandbox: Sandbox, account: ZendeskAccount, state: ZendeskState, notices: FakeNotices
) -> None:
    client = account.with_oauth("supops", SECRET, "users:read")
    sandbox.faults.add(Fault("expired", path="/api/v2/users", after=0, times=1))

    assert list_agents(client.http, notices) == 52
    client.close()

    assert state.tokens == {}
    assert sum(request.path == "/oauth/tokens" for request in sandbox.requests) == 2


def test_nothing_is_minted_once_the_run_has_ended(
    sandbox: Sandbox, account: ZendeskAccount, state: ZendeskState
) -> None:
    client = account.with_oauth("supops", SECRET, "users:read")
    client.http.request("GET", "/api/v2/users/me", purpose="see")
    credential = client.http.credential
    header = credential.header()
    client.close()

    # What a thread does that was still reading.
    assert credential.renew(header) is False
    with pytest.raises(PlatformError, match="the run has ended"):
        credential.header()
    assert state.tokens == {}


def test_a_wrong_secret_names_the_client_and_where_the_secret_is_from(account: ZendeskAccount) -> None:
    client = account.with_oauth("supops", Secret("wrong", "ZD_GLOBAL_SECRET"), "users:read")

    with pytest.raises(Unauthorized) as raised:
        client.http.request("GET", "/api/v2/users/me", purpose="see")

    assert raised.value.message == (
        "Zendesk Global refused the OAuth client supops with the secret from ZD_GLOBAL_SECRET (401): "
        "invalid_client; Client authentication failed"
    )
    assert "zendesk.global.oauth" in raised.value.hint
    client.close()


def test_a_revocation_that_only_pretends_is_noticed_and_done_by_id(
    sandbox: Sandbox, account: ZendeskAccount, state: ZendeskState, notices: FakeNotices
) -> None:
    state.revokes_current = False
    client = account.with_oauth("supops", SECRET, "users:read")
    list_agents(client.http, notices)

    client.close()

    assert state.tokens == {}
    assert notices.warnings == []


def test_a_token_that_can_not_be_revoked_is_told(
    sandbox: Sandbox, account: ZendeskAccount, notices: FakeNotices
) -> None:
    client = account.with_oauth("supops", SECRET, "users:read")
    list_agents(client.http, notices)
    sandbox.faults.add(Fault("503", method="DELETE"))

    client.close()

    (warning,) = notices.warnings
    assert "may still be active" in warning
    assert "within 60 minutes" in warning


def test_the_api_token_works_and_warns_with_the_date(account: ZendeskAccount, notices: FakeNotices) -> None:
    client = account.with_api_token("bot@example.com", Secret("demo-api-token", "ZD_TOKEN"))

    assert list_agents(client, notices) == 52
    (warning,) = notices.warnings
    assert "2027-04-30" in warning
    assert "zendesk.global.oauth" in warning
    client.close()


@pytest.mark.parametrize("withdrawn", [True, False])
def test_a_refused_api_token_names_its_variable(
    account: ZendeskAccount, state: ZendeskState, withdrawn: bool
) -> None:
    state.takes_api_tokens = not withdrawn
    token = Secret("demo-api-token" if withdrawn else "wrong", "ZD_TOKEN")
    client = account.with_api_token("bot@example.com", token)

    with pytest.raises(Unauthorized) as raised:
        client.request("GET", "/api/v2/users/me", purpose="see")

    assert raised.value.message == (
        "Zendesk Global refused the API token from ZD_TOKEN (401): Couldn't authenticate you"
    )
    assert "not used for 30 days" in raised.value.hint
    client.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"x-rate-limit": "700", "x-rate-limit-remaining": "350", "ratelimit-reset": "12"},
        {"ratelimit-limit": "700", "ratelimit-remaining": "350", "ratelimit-reset": "12"},
        {"rate-limit": "700", "rate-limit-remaining": "350", "rate-limit-reset": "12"},
    ],
)
def test_the_limit_is_read_in_every_spelling(headers: dict[str, str]) -> None:
    assert read_limit(headers) == RateLimit(700, 350, 12)


@pytest.mark.parametrize("headers", [{}, {"x-rate-limit": "many", "x-rate-limit-remaining": "?"}])
def test_no_limit_is_no_limit(headers: dict[str, str]) -> None:
    assert read_limit(headers) is None


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"error":"RecordNotFound","description":"Not found"}', "RecordNotFound; Not found"),
        (b'{"error":{"title":"Forbidden","message":"No access."}}', "Forbidden; No access."),
        (
            b'{"error":"RecordInvalid","description":"Record validation errors",'
            b'"details":{"email":[{"description":"Email: is taken","error":"DuplicateValue"}]}}',
            "RecordInvalid; Record validation errors; email: Email: is taken",
        ),
        (b"", None),
        (b"<html>", None),
        (b"[1]", None),
    ],
)
def test_errors_are_read_in_every_shape(body: bytes, detail: str | None) -> None:
    assert error_detail(body) == detail
