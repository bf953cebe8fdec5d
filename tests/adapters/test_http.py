"""HTTP with all its care, against the simulated Zendesk and every fault."""

import msgspec
import pytest

from supops.adapters.http import FixedCredential, HttpClient
from supops.adapters.parallel import in_parallel
from supops.adapters.zendesk_auth import ZendeskAccount
from supops.errors import (
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    SupopsError,
    Unauthorized,
)
from supops.models.secrets import Secret
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from tests.conftest import IMPATIENT
from tests.fakes.console import FakeNotices

ME = "/api/v2/users/me"


class Me(msgspec.Struct):
    user: dict[str, object]


@pytest.fixture
def slept(zendesk: HttpClient) -> list[float]:
    """Collects the pauses, which then take no time."""
    pauses: list[float] = []
    zendesk.sleep = pauses.append
    return pauses


def ask(client: HttpClient) -> Me:
    return client.get(ME, Me, purpose="see who I am")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("429", times=1, retry_after="0"),
        Fault("502", times=2),
        Fault("503", times=2),
        Fault("504", times=1),
        Fault("reset", times=2),
        Fault("truncated", times=2),
        Fault("slow", times=1, seconds=0.8),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_passing_fault_is_outlasted(sandbox: Sandbox, zendesk: HttpClient, fault: Fault) -> None:
    sandbox.faults.add(fault)

    assert ask(zendesk).user["role"] == "admin"


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        (Fault("429"), RateLimited, "429"),
        (Fault("500"), PlatformError, r"failed to see who I am \(500\)"),
        (Fault("502"), PlatformError, "502"),
        (Fault("503"), PlatformError, "503"),
        (Fault("504"), PlatformError, "504"),
        (Fault("slow", seconds=0.8), NetworkError, "the answer took too long"),
        (Fault("truncated"), NetworkError, "the answer broke off"),
        (Fault("reset"), NetworkError, "the answer broke off"),
        (
            Fault("expired"),
            Unauthorized,
            r"refused the access token from ZD_ACCESS_TOKEN \(401\): invalid_token",
        ),
        (Fault("redirect"), PlatformError, r"to another host, 127\.0\.0\.2; not followed"),
        (Fault("html"), PlatformError, "not JSON but text/html: 'Sign in Please sign in'"),
        (Fault("empty"), NotFound, r"\(404\)$"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_a_lasting_fault_is_told_in_words(
    sandbox: Sandbox, zendesk: HttpClient, fault: Fault, error: type[SupopsError], says: str
) -> None:
    sandbox.faults.add(fault)

    with pytest.raises(error, match=says) as raised:
        ask(zendesk)

    assert raised.value.hint


def test_a_500_is_not_repeated(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.faults.add(Fault("500"))

    with pytest.raises(PlatformError):
        ask(zendesk)

    assert len(sandbox.requests) == 1


def test_retry_after_is_obeyed_and_told(
    sandbox: Sandbox, zendesk: HttpClient, slept: list[float], notices: FakeNotices
) -> None:
    sandbox.faults.add(Fault("429", times=1, retry_after="2"))

    ask(zendesk)

    assert slept == [2.0]
    assert notices.notes == ["waiting 2 s, Zendesk's limit"]


def test_a_pause_that_is_not_for_the_limit_is_not_called_that(
    sandbox: Sandbox, zendesk: HttpClient, slept: list[float], notices: FakeNotices
) -> None:
    sandbox.faults.add(Fault("503", times=1, retry_after="2"))

    ask(zendesk)

    assert notices.notes == ["waiting 2 s, as Zendesk asks"]


@pytest.mark.parametrize("location", ["", "http://[", "https://127.0.0.1/", "//evil.example.com/x"])
def test_a_redirect_to_nowhere_or_elsewhere_is_refused(
    sandbox: Sandbox, zendesk: HttpClient, location: str
) -> None:
    sandbox.faults.add(Fault("redirect", to=location))

    with pytest.raises(PlatformError, match="not followed"):
        ask(zendesk)

    assert len(sandbox.requests) == 1


def test_retry_after_may_be_a_date(sandbox: Sandbox, zendesk: HttpClient, slept: list[float]) -> None:
    sandbox.faults.add(Fault("503", times=1, retry_after="Thu, 01 Jan 2026 00:00:00 GMT"))

    ask(zendesk)

    assert slept == [0.0]


def test_nobody_waits_for_hours(sandbox: Sandbox, zendesk: HttpClient, slept: list[float]) -> None:
    sandbox.faults.add(Fault("429", retry_after="3600"))

    with pytest.raises(RateLimited) as raised:
        ask(zendesk)

    assert raised.value.hint == "It asks to wait 3600 s. Try again after that."
    assert slept == []


def test_pauses_grow_and_have_jitter(sandbox: Sandbox, zendesk: HttpClient, slept: list[float]) -> None:
    sandbox.faults.add(Fault("503"))

    with pytest.raises(PlatformError):
        ask(zendesk)

    assert len(slept) == zendesk.patience.tries - 1
    assert all(0 <= pause <= zendesk.patience.longest_pause for pause in slept)


@pytest.mark.parametrize(
    "fault", [Fault("503"), Fault("reset"), Fault("slow", seconds=0.8)], ids=lambda fault: fault.kind
)
def test_a_post_that_may_have_arrived_is_not_repeated(
    sandbox: Sandbox, zendesk: HttpClient, fault: Fault
) -> None:
    sandbox.faults.add(fault)

    with pytest.raises(PlatformError):
        zendesk.request("POST", "/oauth/tokens", purpose="mint", json={})

    assert len(sandbox.requests) == 1


def test_a_post_that_was_refused_for_the_limit_is_repeated(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.faults.add(Fault("429", times=1))

    with pytest.raises(SupopsError):
        zendesk.request("POST", "/oauth/tokens", purpose="mint", json={})

    assert [request.method for request in sandbox.requests] == ["POST", "POST"]


def test_a_redirect_within_the_host_is_followed(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.faults.add(Fault("redirect", path="/old", to=f"{sandbox.urls['zendesk-global']}{ME}"))

    assert zendesk.get("/old", Me, purpose="see who I am").user["role"] == "admin"


def test_the_credential_goes_to_no_other_host(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.faults.add(Fault("redirect", platform="zendesk-global", to=sandbox.urls["calendly"]))

    with pytest.raises(PlatformError, match="not followed"):
        ask(zendesk)

    assert [request.platform for request in sandbox.requests] == ["zendesk-global"]


@pytest.mark.parametrize("path", ["https://evil.example.com/x", "//evil.example.com/x", "api"])
def test_only_paths_below_the_configured_address_are_asked_for(zendesk: HttpClient, path: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        zendesk.request("GET", path, purpose="test")


def test_nobody_is_there(notices: FakeNotices) -> None:
    account = ZendeskAccount(
        title="Zendesk Global",
        setting="zendesk.global",
        url="http://127.0.0.1:9",
        notices=notices,
        patience=IMPATIENT,
    )
    client = account.with_access_token(Secret("secret", "T"))

    with pytest.raises(
        NetworkError, match="Zendesk Global .127.0.0.1. could not be asked to see who I am: no connection"
    ):
        ask(client)

    client.close()


def test_answers_are_bounded(sandbox: Sandbox, zendesk: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supops.adapters.http.MAX_ANSWER_BYTES", 100)

    with pytest.raises(PlatformError, match="more than 0 MiB"):
        ask(zendesk)


def test_a_missing_scope_is_named(sandbox: Sandbox, account: ZendeskAccount) -> None:
    client = account.with_oauth("supops", Secret("demo-client-secret-global", "S"), "tickets:read")

    with pytest.raises(Forbidden, match="does not allow the OAuth client supops") as raised:
        ask(client.http)

    assert "tickets:read" in raised.value.hint
    client.close()


def test_a_proxy_does_not_see_what_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, zendesk: HttpClient, account: ZendeskAccount
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client = account.with_access_token(Secret("demo-ready-access-token", "T"))

    assert ask(client).user
    client.close()


def test_the_debug_log_has_no_secrets(
    sandbox: Sandbox, account: ZendeskAccount, notices: FakeNotices
) -> None:
    client = account.with_oauth("supops", Secret("demo-client-secret-global", "S"), "users:read")

    ask(client.http)
    client.close()

    minted = [
        r.headers["authorization"].removeprefix("Bearer ")
        for r in sandbox.requests
        if "authorization" in r.headers
    ]
    assert len(notices.debugs) == len(sandbox.requests)
    assert minted
    for secret in (*minted, "demo-client-secret-global"):
        assert secret not in notices.everything


def test_requests_in_flight_are_bounded(sandbox: Sandbox, zendesk: HttpClient) -> None:
    sandbox.latency = 0.02
    list(in_parallel(lambda _: ask(zendesk), range(40), limit=20))

    assert sandbox.in_flight_peak("zendesk-global") <= 8


def test_compressed_answers_are_asked_for(sandbox: Sandbox, zendesk: HttpClient) -> None:
    ask(zendesk)

    assert "gzip" in sandbox.requests[0].headers["accept-encoding"]


def test_a_fixed_credential_shows_no_secret() -> None:
    assert "hunter2" not in repr(FixedCredential("the token", "Bearer hunter2"))
