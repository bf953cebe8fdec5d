"""Zendesk's webhooks over HTTP: pages, scopes, what is asked and what is not, and answers that make no sense."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.http import HttpClient
from supops.adapters.zendesk_auth import OAuthClient, ZendeskAccount, scope_for
from supops.adapters.zendesk_webhooks import ZendeskWebhooks, next_cursor
from supops.errors import Forbidden, NetworkError, PlatformError, Rejected
from supops.models.secrets import Secret
from supops.models.zendesk_webhooks import Invocation, is_success, shown_response
from supops.sandbox.faults import Fault
from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.server import Sandbox
from supops.sandbox.states import ZendeskState
from supops.sandbox.webhook_story import LEAKY_500, Run, simulated
from supops.sandbox.zendesk_webhooks import Webhooks
from tests.fakes.console import FakeTask

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
PATH = "/api/v2/webhooks"
# Of a base64 alphabet, and what else has a meaning in a query.
CURSORS = st.text(alphabet="abcXYZ019+/=-_ö", min_size=1, max_size=40)


@pytest.fixture
def state(sandbox: Sandbox) -> ZendeskState:
    sandbox.world.now = NOW.timestamp
    return sandbox.world.zendesk["global"]


@pytest.fixture
def http(account: ZendeskAccount) -> Iterator[HttpClient]:
    client = account.with_api_token("bot@example.com", Secret("demo-api-token", "TOKEN"))
    yield client
    client.close()


@pytest.fixture
def directory(http: HttpClient, state: ZendeskState) -> ZendeskWebhooks:
    return ZendeskWebhooks(http, setting="zendesk.global")


@pytest.fixture
def oauth(account: ZendeskAccount, state: ZendeskState) -> Iterator[Callable[[str], ZendeskWebhooks]]:
    """Return a maker of a directory with a token of a scope."""
    opened: list[OAuthClient] = []

    def make(scope: str) -> ZendeskWebhooks:
        secret = Secret("demo-client-secret-global", "SECRET")
        opened.append(account.with_oauth("supops", secret, scope))
        return ZendeskWebhooks(opened[-1].http, setting="zendesk.global")

    yield make
    for one in opened:
        one.close()


def invocations(
    directory: ZendeskWebhooks, identity: str, window: timedelta, task: FakeTask | None = None
) -> list[Invocation]:
    return list(directory.invocations(identity, since=NOW - window, task=task or FakeTask()))


def requests(sandbox: Sandbox, part: str) -> list[str]:
    return [f"{one.path}?{one.query}" for one in sandbox.requests if part in one.path]


def test_only_as_many_pages_are_read_as_the_window_needs(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks
) -> None:
    task = FakeTask()

    found = invocations(directory, state.webhooks[0].id, timedelta(minutes=10), task)

    assert len(found) == 30
    assert len(requests(sandbox, "/invocations")) == 1
    assert task.items == 30


def test_no_filter_of_the_platform_is_relied_on(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks
) -> None:
    invocations(directory, state.webhooks[0].id, timedelta(days=1))

    asked = requests(sandbox, "/invocations")
    assert len(asked) == 4
    assert all("filter" not in one and "sort" not in one for one in asked)


def test_what_ended_late_is_found_behind_what_began_later(
    state: ZendeskState, directory: ZendeskWebhooks
) -> None:
    # As the platform may order by when they began: the last of the second page ended within the window.
    old = [Run(3_600 + 5.0 * number) for number in range(150)]
    state.webhooks = [simulated(1, "x", "https://x.example.com", old)]
    state.webhooks[0].runs.append(Run(3_000, "terminated", (503,)))

    found = invocations(directory, state.webhooks[0].id, timedelta(minutes=55))

    assert [one.status for one in found] == ["terminated"]


def test_a_list_in_another_order_is_read_to_its_end(state: ZendeskState, directory: ZendeskWebhooks) -> None:
    state.webhooks = [simulated(1, "x", "https://x.example.com")]
    state.webhooks[0].runs = [Run(60.0 * number) for number in range(500, 0, -1)]

    assert len(invocations(directory, state.webhooks[0].id, timedelta(minutes=30))) == 30


def test_what_was_sent_is_not_kept(state: ZendeskState, directory: ZendeskWebhooks) -> None:
    identity = state.webhooks[1].id
    found = invocations(directory, identity, timedelta(hours=1))
    leaky = next(one for one in found if one.status_code == 500)

    shown = repr(directory.attempts(identity, leaky.id))

    assert "database is locked" in shown
    for secret in ("kim.lee", "4111 1111", "demo-secret-in-an-answer", "demo-signature"):
        assert secret not in shown


@pytest.mark.parametrize("kind", ["429", "503", "truncated", "reset"])
def test_a_page_that_fails_is_asked_for_again(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks, kind: str
) -> None:
    sandbox.faults.add(Fault(kind, path="*/invocations", after=1, times=1))

    assert len(invocations(directory, state.webhooks[0].id, timedelta(days=1))) == len(state.webhooks[0].runs)


def test_a_list_of_webhooks_that_breaks_off_says_so(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks
) -> None:
    state.webhooks = [simulated(number, "x", "https://x.example.com") for number in range(150)]
    sandbox.faults.add(Fault("503", path=PATH, after=1))

    listing = directory.webhooks()

    assert len(listing.webhooks) == 100
    assert "broke off after 100: Zendesk Global failed to list the webhooks (503)" in listing.missing[0]


def test_nothing_at_all_is_an_error(sandbox: Sandbox, directory: ZendeskWebhooks) -> None:
    sandbox.faults.add(Fault("503", path=PATH))

    with pytest.raises(PlatformError, match="503"):
        directory.webhooks()


def answering(monkeypatch: pytest.MonkeyPatch, body: object) -> None:
    def handle(_self: Webhooks, _request: Request, _path: str, _scopes: set[str]) -> Answer:
        return json_answer(200, body)

    monkeypatch.setattr(Webhooks, "handle", handle)


@pytest.mark.parametrize(
    "meta",
    [
        {"has_more": True},
        {"has_more": True, "after_cursor": None},
        {"has_more": True, "after_cursor": "same"},
    ],
)
def test_a_list_that_leads_nowhere_or_in_circles_is_an_error(
    monkeypatch: pytest.MonkeyPatch, directory: ZendeskWebhooks, meta: dict[str, object]
) -> None:
    answering(monkeypatch, {"invocations": [], "meta": meta})

    with pytest.raises(PlatformError, match="no new cursor"):
        invocations(directory, "W1", timedelta(hours=1))


def test_what_the_platform_leaves_out(monkeypatch: pytest.MonkeyPatch, directory: ZendeskWebhooks) -> None:
    never = "0001-01-01T00:00:00Z"
    answering(
        monkeypatch,
        {
            "invocations": [
                {"id": "a", "status": "pending"},
                {"id": "b", "status": "new status", "latest_completed_at": never},
            ]
        },
    )

    found = invocations(directory, "W1", timedelta(hours=1))

    assert found == [Invocation("a", "pending"), Invocation("b", "new status")]
    assert not any(one.succeeded for one in found)


def test_what_has_no_time_counts_where_it_stands(
    monkeypatch: pytest.MonkeyPatch, directory: ZendeskWebhooks
) -> None:
    def one(identity: str, minutes_ago: float | None) -> dict[str, str]:
        time = NOW - timedelta(minutes=minutes_ago) if minutes_ago is not None else None
        return {
            "id": identity,
            "status": "throttled",
            **({"latest_completed_at": time.isoformat()} if time else {}),
        }

    found = [one("a", None), one("b", 10), one("c", None), one("d", 61), one("e", None), one("f", 59)]
    answering(monkeypatch, {"invocations": found})

    assert [one.id for one in invocations(directory, "W1", timedelta(hours=1))] == ["a", "b", "c", "f"]


@pytest.mark.parametrize(
    "body", [{"webhooks": "none"}, {}, [], {"webhooks": [{"id": "../x", "name": "x"}]}, "no"]
)
def test_what_makes_no_sense_is_an_error(
    monkeypatch: pytest.MonkeyPatch, directory: ZendeskWebhooks, body: object
) -> None:
    answering(monkeypatch, body)

    with pytest.raises(PlatformError):
        directory.webhooks()


def test_an_id_that_leads_elsewhere_is_refused(
    monkeypatch: pytest.MonkeyPatch, directory: ZendeskWebhooks
) -> None:
    one = simulated(1, "x", "https://x.example.com").shown
    answering(monkeypatch, {"webhooks": [{**one, "id": "../../users"}]})

    with pytest.raises(PlatformError, match="webhook's id"):
        directory.webhooks()


def test_a_test_is_sent_once(sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks) -> None:
    sandbox.faults.add(Fault("503", path=f"{PATH}/test"))

    with pytest.raises(PlatformError):
        directory.test(state.webhooks[0].id, None)

    assert len(requests(sandbox, "/test")) == 1
    assert json.loads(sandbox.requests[-1].body) == {"request": {}}


def test_a_test_whose_answer_is_lost_may_have_been_sent(
    sandbox: Sandbox, state: ZendeskState, directory: ZendeskWebhooks
) -> None:
    sandbox.faults.add(Fault("reset", path=f"{PATH}/test", acts=True))

    with pytest.raises(NetworkError) as caught:
        directory.test(state.webhooks[0].id, "{}")

    assert "may have been sent" in caught.value.hint
    assert len(requests(sandbox, "/test")) == 1


def test_a_missing_scope_is_named(oauth: Callable[[str], ZendeskWebhooks], state: ZendeskState) -> None:
    with pytest.raises(Forbidden) as read:
        oauth("users:read").webhooks()
    with pytest.raises(Forbidden) as written:
        oauth("webhooks:read").test(state.webhooks[0].id, None)

    assert "webhooks:read" in read.value.hint
    assert "webhooks:write" in written.value.hint
    assert "zendesk.global.oauth" in read.value.hint


def test_a_scope_that_is_not_granted_is_named(
    oauth: Callable[[str], ZendeskWebhooks], state: ZendeskState
) -> None:
    state.grants = ("users:read",)

    with pytest.raises(Rejected) as caught:
        oauth("webhooks:read").webhooks()

    assert "webhooks:read" in caught.value.hint


@pytest.mark.parametrize(
    ("configured", "needed", "asked"),
    [
        ("users:read", ("webhooks:read",), "webhooks:read"),
        ("users:read webhooks:read", ("webhooks:read",), "users:read webhooks:read"),
        ("read", ("webhooks:read",), "read"),
        ("read", ("webhooks:read", "webhooks:write"), "webhooks:read webhooks:write"),
        ("read write", ("webhooks:read", "webhooks:write"), "read write"),
        ("users:read", (), "users:read"),
    ],
)
def test_the_scope_that_is_asked_for(configured: str, needed: tuple[str, ...], asked: str) -> None:
    assert scope_for(configured, needed) == asked


@given(CURSORS)
def test_a_cursor_in_a_link_is_taken_as_it_is(cursor: str) -> None:
    link = f"https://mapped.example.com:443{PATH}/W/invocations?page[size]=100&page[after]={cursor}"

    assert next_cursor(None, link) == cursor
    assert next_cursor(f"{cursor}!", link) == f"{cursor}!"


@given(st.text(max_size=200) | st.none())
def test_any_link_is_read_or_not(link: str | None) -> None:
    assert isinstance(next_cursor(None, link), str)


def test_an_encoded_cursor_in_a_link() -> None:
    assert next_cursor("", "https://x/y?page%5Bafter%5D=a%2Bb%3D&page[size]=1#end") == "a+b="


@given(st.text(max_size=400))
def test_any_answer_is_shown_on_one_short_line(text: str) -> None:
    shown = shown_response(text)

    assert len(shown) <= 203
    assert shown.isprintable()


@given(
    st.sampled_from(["token", "Access_Token", "client_secret", "password", "api-key", "Authorization"]),
    st.text(alphabet=st.characters(codec="ascii"), min_size=6, max_size=60),
)
def test_no_secret_of_a_json_answer_is_shown(key: str, secret: str) -> None:
    marked = f"SECRET{secret}SECRET"
    for text in (json.dumps({"a": 1, key: marked}), json.dumps({key: marked}, indent=2)[:-4]):
        assert "SECRET" not in shown_response(text)


def test_what_a_target_should_not_say() -> None:
    assert shown_response(LEAKY_500) == (
        '{"error":"database is locked","token":"[redacted]","requester":"[redacted]",'
        '"next":"https://pager.example.com/retry?signature=[redacted]"}'
    )


@pytest.mark.parametrize(
    ("status", "code", "succeeded"),
    [
        ("success", 200, True),
        ("success", None, True),
        ("success", 500, False),
        ("terminated", 204, True),
        ("terminated", 404, False),
        ("terminated", None, False),
        ("throttled", None, False),
        ("circuit broken", 200, False),
        ("another", None, False),
        ("another", 301, False),
    ],
)
def test_what_counts_as_a_success(status: str, code: int | None, succeeded: bool) -> None:
    assert Invocation("I", status, code).succeeded is succeeded
    assert not is_success(199)
