"""Calendly's API as the adapter uses it: complete lists, refusals that say what to do, and what `confirm` trusts."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.adapters.http import HttpClient
from supops.errors import (
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    SupopsError,
    Unauthorized,
    UsageError,
)
from supops.models.secrets import Secret
from supops.models.subscriptions import Wanted
from supops.sandbox.bookings import BOT
from supops.sandbox.calendly import Calendly
from supops.sandbox.faults import Fault
from supops.sandbox.http import Answer, json_answer
from supops.sandbox.server import Sandbox
from supops.sandbox.states import CalendlyState, CalendlyToken
from tests.conftest import IMPATIENT
from tests.fakes.calendly import subscription, told
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

TOKEN = "demo-calendly-token"
WANTED = Wanted("https://new.example.com/calendly", ("invitee.created",), "organization")
LIST = "/webhook_subscriptions"
MEETING = told("global.json").meeting


@pytest.fixture
def state(sandbox: Sandbox) -> CalendlyState:
    return sandbox.world.calendly


Login = Callable[..., CalendlyDesk]


@pytest.fixture
def login(sandbox: Sandbox, notices: FakeNotices) -> Iterator[Login]:
    """Return a maker of desks, by token."""
    clients: list[HttpClient] = []

    def maker(token: str = TOKEN) -> CalendlyDesk:
        url, secret = sandbox.urls["calendly"], Secret(token, "CALENDLY_TOKEN")
        clients.append(calendly_client(url, secret, notices=notices, patience=IMPATIENT))
        return CalendlyDesk(clients[-1], notices=notices, clock=FakeClock())

    yield maker
    for client in clients:
        client.close()


@pytest.fixture
def desk(login: Login) -> CalendlyDesk:
    return login()


def many(state: CalendlyState, count: int) -> None:
    first = state.subscriptions[0]
    uri = "https://api.calendly.com/webhook_subscriptions/N{}"
    state.subscriptions = [
        {**first, "uri": uri.format(number), "callback_url": f"https://hooks.example.com/{number}"}
        for number in range(count)
    ]


def paths(sandbox: Sandbox) -> list[str]:
    return [f"{request.method} {request.path}" for request in sandbox.requests]


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (100, 1), (101, 2), (250, 3)])
def test_lists_over_several_pages_have_each_once(
    sandbox: Sandbox, state: CalendlyState, desk: CalendlyDesk, count: int, pages: int
) -> None:
    many(state, count)

    listed = desk.subscriptions(desk.account(), "organization")

    assert [one.callback_url for one in listed] == [
        f"https://hooks.example.com/{number}" for number in range(count)
    ]
    assert paths(sandbox).count(f"GET {LIST}") == pages


@pytest.mark.parametrize("turns", [["1"], ["1", "2"], ["1", "2", "3", "2"]], ids=len)
def test_pages_that_lead_in_circles_are_an_error(
    desk: CalendlyDesk, monkeypatch: pytest.MonkeyPatch, turns: list[str]
) -> None:
    account = desk.account()
    left = turns * 50

    def circling(*_: object) -> Answer:
        return json_answer(200, {"collection": [], "pagination": {"next_page_token": left.pop(0)}})

    monkeypatch.setattr(Calendly, "_page", circling)

    with pytest.raises(PlatformError, match="leads in circles from page to page"):
        desk.subscriptions(account, "organization")


def test_a_list_that_breaks_off_is_an_error_and_not_short(
    sandbox: Sandbox, state: CalendlyState, desk: CalendlyDesk
) -> None:
    many(state, 250)
    sandbox.faults.add(Fault("500", path=LIST, after=2))

    with pytest.raises(PlatformError, match=r"failed to list the webhook subscriptions .* \(500\)"):
        desk.subscriptions(desk.account(), "organization")


def test_what_a_limit_asks_to_wait_is_waited(
    sandbox: Sandbox, desk: CalendlyDesk, notices: FakeNotices
) -> None:
    slept: list[float] = []
    desk._http.sleep = slept.append
    sandbox.faults.add(Fault("429", path="/users/me", times=1, retry_after="2"))

    assert desk.account().uri == BOT

    assert slept == [2]
    assert notices.notes == ["waiting 2 s, Calendly's limit"]


@pytest.mark.parametrize("kind", ["502", "503", "504", "reset", "truncated"])
def test_a_passing_fault_is_outlasted(sandbox: Sandbox, desk: CalendlyDesk, kind: str) -> None:
    sandbox.faults.add(Fault(kind, path=LIST, times=2))

    assert len(desk.subscriptions(desk.account(), "organization")) == 3


@pytest.mark.parametrize(
    ("kind", "error", "says", "hint"),
    [
        ("429", RateLimited, "429", "Try again in some minutes"),
        ("500", PlatformError, r"failed to tell whose token it is \(500\)", "www.calendlystatus.com"),
        ("503", PlatformError, "503", "try again later"),
        ("truncated", NetworkError, "the answer broke off", "calendly.url"),
        ("html", PlatformError, "not JSON but text/html: 'Sign in Please sign in'", "calendly.url"),
        ("empty", NotFound, r"\(404\)$", "calendly.url"),
        ("redirect", PlatformError, r"to another host, 127\.0\.0\.2; not followed", "calendly.url"),
        (
            "expired",
            Unauthorized,
            r"refused the access token from CALENDLY_TOKEN \(401\)",
            "Make a personal access token",
        ),
    ],
)
def test_a_lasting_fault_is_an_error_that_says_what_to_do(
    sandbox: Sandbox, desk: CalendlyDesk, kind: str, error: type[SupopsError], says: str, hint: str
) -> None:
    sandbox.faults.add(Fault(kind))

    with pytest.raises(error, match=says) as raised:
        desk.account()

    assert type(raised.value) is error
    assert hint in raised.value.hint
    assert TOKEN not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    ("scopes", "event", "missing"),
    [
        (("users:read", "webhooks:read"), "invitee.created", "webhooks:write"),
        (("users:read", "webhooks:write"), "invitee.created", "scheduled_events:read"),
        (("users:read", "webhooks:write"), "routing_form_submission.created", "routing_forms:read"),
    ],
)
def test_a_refused_creation_names_the_scopes_that_are_needed(
    state: CalendlyState, login: Login, scopes: tuple[str, ...], event: str, missing: str
) -> None:
    state.tokens["some-token"] = CalendlyToken(BOT, scopes)
    desk = login("some-token")

    with pytest.raises(Forbidden, match=f"Insufficient scope.*needed: {missing}") as raised:
        desk.create(replace(WANTED, events=(event,)), desk.account(), Secret("secret-key", "KEY"))

    for scope in {"users:read", "webhooks:write", missing} - {"webhooks:read"}:
        assert scope in raised.value.hint
    assert "secret-key" not in raised.value.message + raised.value.hint


def test_a_plan_without_webhooks_is_named(state: CalendlyState, desk: CalendlyDesk) -> None:
    state.paid_plan = False

    with pytest.raises(Forbidden, match="Please upgrade your Calendly account") as raised:
        desk.create(WANTED, desk.account(), None)

    assert "paid plan" in raised.value.hint


@pytest.mark.parametrize("kind", ["500", "503", "reset", "redirect", "slow"])
def test_a_creation_that_fails_is_not_repeated_blindly(
    sandbox: Sandbox, desk: CalendlyDesk, kind: str
) -> None:
    account = desk.account()
    sandbox.faults.add(Fault(kind, method="POST", seconds=0.7))

    with pytest.raises(PlatformError, match="create the webhook subscription") as raised:
        desk.create(WANTED, account, None)

    assert isinstance(raised.value, NetworkError) == (kind in ("reset", "slow"))
    assert paths(sandbox).count(f"POST {LIST}") == 1


def test_what_calendly_says_of_a_wrong_argument_is_passed_on(desk: CalendlyDesk) -> None:
    with pytest.raises(PlatformError, match="events: invitee.cancelled is not an event"):
        desk.create(replace(WANTED, events=("invitee.cancelled",)), desk.account(), None)


@pytest.mark.parametrize(
    ("token", "role", "facts"),
    [
        (TOKEN, "admin", "Calendly Bot <calendly-bot@example.com>, admin, 499 of 500 requests a minute left"),
        ("demo-narrow-token", None, "Calendly Bot <calendly-bot@example.com>, role unknown, 499 of 500 re"),
        ("demo-member-token", "user", "<tessa.young@example.com>, user, 499"),
        ("blind-token", None, "role unknown, may not see webhooks (scope webhooks:read), 499"),
    ],
)
def test_whose_token_it_is_and_what_it_may(
    state: CalendlyState, login: Login, token: str, role: str | None, facts: str
) -> None:
    state.tokens["blind-token"] = CalendlyToken(BOT, ("users:read",))
    desk = login(token)
    contact = desk.contact()

    assert facts in contact.facts
    assert contact.clock_skew is not None
    assert desk.account(with_role=True).role == role


def test_the_account_is_asked_for_once_and_the_role_only_where_it_is_shown(
    sandbox: Sandbox, desk: CalendlyDesk
) -> None:
    sandbox.faults.add(Fault("500", path="/organization_memberships"))

    assert desk.account() == desk.account()

    assert paths(sandbox) == ["GET /users/me"]
    with pytest.raises(PlatformError, match="tell the role"):
        desk.account(with_role=True)


def test_a_contact_asks_each_thing_once(sandbox: Sandbox, desk: CalendlyDesk) -> None:
    desk.contact()

    assert paths(sandbox) == ["GET /users/me", "GET /organization_memberships", f"GET {LIST}"]


@pytest.mark.parametrize(
    ("ask", "needed"),
    [
        (lambda desk: desk.subscriptions(desk.account(), "user"), "webhooks:read"),
        (lambda desk: desk.subscription("f0000001-0000-4000-8000-000000000000"), "webhooks:read"),
        (lambda desk: desk.sample("invitee.created", "user", desk.account()), "webhooks:read"),
        (lambda desk: desk.delete(subscription(1, "https://x.example.com/")), "webhooks:write"),
        (lambda desk: desk.confirm(told("global.json")), "scheduled_events:read"),
    ],
)
def test_what_is_not_allowed_names_the_scope_that_is_needed(
    state: CalendlyState, login: Login, ask: Callable[[CalendlyDesk], object], needed: str
) -> None:
    state.tokens["blind-token"] = CalendlyToken(BOT, ("users:read",))

    with pytest.raises(Forbidden) as raised:
        ask(login("blind-token"))

    assert f"The token needs the scope {needed}" in raised.value.hint


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("created_at", "2026-01-01T08:00:00", "created_at"),
        ("retry_started_at", "2026-01-01T08:00:00", "retry_started_at"),
        ("uri", "https://api.calendly.com/webhook_subscriptions/a b", "names no webhook subscription"),
    ],
)
def test_an_answer_that_makes_no_sense_is_the_platforms_fault(
    state: CalendlyState, desk: CalendlyDesk, key: str, value: str, says: str
) -> None:
    state.subscriptions[0][key] = value

    with pytest.raises(PlatformError, match=says):
        desk.subscriptions(desk.account(), "organization")


def test_a_limit_that_only_tells_its_reset_is_waited_for(
    sandbox: Sandbox, state: CalendlyState, desk: CalendlyDesk, notices: FakeNotices
) -> None:
    state.tells_retry_after, state.plan_limit = False, 0
    sandbox.world.now = lambda: 1000.0

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        state.plan_limit = 500

    slept: list[float] = []
    desk._http.sleep = sleep
    desk._http.patience = replace(IMPATIENT, longest_retry_after=60)

    assert desk.account().uri == BOT

    assert slept == [60]
    assert notices.notes == ["waiting 60 s, Calendly's limit"]


@pytest.mark.parametrize(
    ("event", "scope", "group"),
    [
        ("invitee.created", "group", None),
        ("meeting_recap.created", "organization", None),
        ("routing_form_submission.created", "user", None),
    ],
)
def test_a_sample_has_the_scopes_of_its_event(
    desk: CalendlyDesk, event: str, scope: str, group: str | None
) -> None:
    with pytest.raises(PlatformError, match=r"\(400\)"):
        desk.sample(event, scope, desk.account(), group)
    assert desk.sample("invitee.created", "group", desk.account(), "https://api.calendly.com/groups/G1")


def test_deleting_what_is_gone_is_told_to_who_asks_for_details(
    desk: CalendlyDesk, notices: FakeNotices
) -> None:
    made = desk.create(WANTED, desk.account(), None)
    desk.delete(made)
    desk.delete(made)

    assert f"{made.id} was not there any more" in notices.details


def test_what_is_no_id_is_refused_before_anything_is_sent(sandbox: Sandbox, desk: CalendlyDesk) -> None:
    for identity in ("", "/", "..", "x/..", "x/../", "a?b=c", "a#b", "a b", "%2e%2e", "abc\n", "é", "x" * 81):
        with pytest.raises(UsageError, match="names no webhook subscription"):
            desk.subscription(identity)
        with pytest.raises(UsageError, match="names no scheduled event"):
            desk.confirm(replace(told("global.json"), meeting=replace(MEETING, uri=identity)))

    assert sandbox.requests == []


def test_of_a_path_only_the_last_part_is_asked_for(sandbox: Sandbox, desk: CalendlyDesk) -> None:
    for identity in ("../x", "https://evil.example.com/../x", "//evil.example.com/x/"):
        with pytest.raises(NotFound) as raised:
            desk.subscription(identity)
        assert "`supops calendly webhooks list`" in raised.value.hint

    assert set(paths(sandbox)) == {f"GET {LIST}/x"}
