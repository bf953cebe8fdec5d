"""The simulated Calendly, its deliveries and what supops asks: all are as the vendor's own description says.

Skipped where the description is not at hand.
"""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supops.adapters.calendly import CalendlyDesk, calendly_client
from supops.adapters.calendly_payloads import read_calendly
from supops.errors import ConfigError
from supops.models.bookings import Booking, OtherEvent
from supops.models.routings import Action, Decision, Routing
from supops.models.secrets import Secret
from supops.models.subscriptions import CALENDAR_EVENTS, EVENTS, Wanted
from supops.sandbox.bookings import API, BOT, ORGANIZATION, SLOTS, slot, user_uri
from supops.sandbox.server import Sandbox
from supops.services.routing import Router
from tests.boards import FakeBoard
from tests.conftest import IMPATIENT, ROOT
from tests.contracts import FOLDER, WHY_SKIPPED, Contract, Document
from tests.fakes.calendly import told
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices
from tests.make import at, us_government_team

FILE = FOLDER / "calendly-2026.openapi.yaml"
SAMPLES = FOLDER / "calendly-samples"
NO_SAMPLES = {"signatures.json"}
pytestmark = pytest.mark.skipif(not (FILE.is_file() and SAMPLES.is_dir()), reason=WHY_SKIPPED)

TOKEN, NARROW, MEMBER, WRONG = "demo-calendly-token", "demo-narrow-token", "demo-member-token", "wrong"
SCOPES = ("organization", "user", "group")
GROUP = f"{API}/groups/DEMOGROUP"
LIST = "/webhook_subscriptions"
KNOWN = f"{LIST}/f0000001-0000-4000-8000-000000000000"
KNOWN_URL = "https://hooks.example.com/calendly"
NEW_URL = "https://new.example.com/calendly"
EVENT = slot(2).uri.removeprefix(API)
INVITEES = f"{slot(5).uri.removeprefix(API)}/invitees"
HOST = user_uri(slot(2).hosts[0]).removeprefix(API)
SAMPLE = "/sample_webhook_data"
SCHEMAS = dict.fromkeys(
    ("invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"),
    "InviteePayload",
) | {"routing_form_submission.created": "RoutingFormSubmission"}
# The description says of these payloads no more than that they are objects.
WITHOUT_SCHEMA = {
    f"{family}.{change}"
    for family in ("event_type", "contact", "meeting_recap")
    for change in ("created", "updated", "deleted")
}


def scoped(scope: str) -> dict[str, str]:
    """What has to be said of a scope, in queries and in bodies."""
    whose = {"user": BOT} if scope == "user" else {"group": GROUP} if scope == "group" else {}
    return {"organization": ORGANIZATION, "scope": scope, **whose}


def events_of(scope: str) -> tuple[str, ...]:
    """The events that subscriptions of a scope may have."""
    return tuple(event for event in sorted(EVENTS) if scope in EVENTS[event].scopes)


@pytest.fixture(scope="module")
def contract() -> Contract:
    read = Contract.read(FILE)
    # Against its own examples of Zoom meetings, which have this type, and a number as id.
    zoom = read.document["components"]["schemas"]["ZoomConference"]["properties"]
    zoom["type"]["enum"].append("zoom")
    zoom["data"]["properties"]["id"] = {"type": ["string", "number"]}
    return read


Ask = Callable[..., Document | None]


@pytest.fixture
def ask(contract: Contract, sandbox: Sandbox) -> Ask:
    """Return a function that asks, and checks the status, and the answer against the operation's schema."""

    def asker(
        path: str,
        query: dict[str, str] | None = None,
        *,
        method: str = "GET",
        body: object = None,
        token: str = TOKEN,
        status: int = 200,
        described: bool = True,
    ) -> Document | None:
        request = urllib.request.Request(
            f"{sandbox.urls['calendly']}{path}?{urllib.parse.urlencode(query or {})}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                got, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                got, text = error.code, error.read()
        answer: Document | None = json.loads(text) if text else None
        assert got == status, answer
        if described:
            contract.check_answer(method, path, status, answer)
        return answer

    return asker


ANSWERS = [
    ("/users/me", {}),
    (HOST, {}),
    ("/organization_memberships", {"organization": ORGANIZATION, "count": "100"}),
    ("/organization_memberships", {"organization": ORGANIZATION, "count": "2"}),
    ("/organization_memberships", {"organization": ORGANIZATION, "user": BOT}),
    *((LIST, scoped(scope)) for scope in SCOPES),
    (LIST, {**scoped("organization"), "count": "1"}),
    (KNOWN, {}),
    (EVENT, {}),
    (INVITEES, {"count": "2"}),
]


@pytest.mark.parametrize(("path", "query"), ANSWERS)
def test_answers_are_as_described(ask: Ask, path: str, query: dict[str, str]) -> None:
    assert ask(path, query)


def test_every_event_of_the_story_is_as_described(ask: Ask) -> None:
    for one in SLOTS:
        path = one.uri.removeprefix(API)
        assert ask(path)
        invitees = ask(f"{path}/invitees")
        assert invitees is not None
        for invitee in invitees["collection"]:
            assert invitee["rescheduled"] == (invitee["new_invitee"] is not None)


@pytest.mark.parametrize("scope", SCOPES)
def test_subscriptions_are_listed_as_described_when_there_are_some(ask: Ask, scope: str) -> None:
    body = {"url": NEW_URL, "events": ["invitee.created"], **scoped(scope)}
    ask(LIST, method="POST", body=body, status=201)

    listed = ask(LIST, {**scoped(scope), "count": "100"})

    assert listed is not None
    assert [one["scope"] for one in listed["collection"] if one["callback_url"] == NEW_URL] == [scope]


def test_an_event_that_names_its_hosts_by_uri_is_as_described(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.world.calendly.names_hosts = False

    answer = ask(EVENT)

    assert answer is not None
    assert [list(one) for one in answer["resource"]["event_memberships"]] == [["user"]]


@pytest.mark.parametrize("scope", SCOPES)
def test_samples_are_as_described(ask: Ask, contract: Contract, scope: str) -> None:
    for event in events_of(scope):
        answer = ask(SAMPLE, {"event": event, **scoped(scope)})

        assert answer is not None
        assert answer["event"] == event
        check_delivery(contract, answer)


def test_what_is_deleted_is_answered_with_nothing(ask: Ask) -> None:
    assert ask(KNOWN, method="DELETE", status=204) is None
    assert ask(KNOWN, method="DELETE", status=404)


@pytest.mark.parametrize(
    "changed",
    [
        {"url": None},
        {"events": []},
        {"events": ["invitee.forgotten"]},
        {"organization": None},
        {"scope": "everybody"},
        {"scope": "user"},
        {"scope": "group"},
        {"events": ["meeting_recap.created"]},
        {"events": ["routing_form_submission.created"], **scoped("user")},
    ],
)
def test_what_can_not_be_created_is_refused_as_described(ask: Ask, changed: Document) -> None:
    body = {"url": NEW_URL, "events": ["invitee.created"], **scoped("organization"), **changed}
    sent = {key: value for key, value in body.items() if value is not None}

    answer = ask(LIST, method="POST", body=sent, status=400)

    assert answer is not None
    assert answer["details"]


def test_an_address_that_is_taken_is_refused_as_described(ask: Ask) -> None:
    body = {"url": KNOWN_URL, "events": ["invitee.created"], **scoped("organization")}

    assert ask(LIST, method="POST", body=body, status=409)


@pytest.mark.parametrize("token", [NARROW, MEMBER])
def test_who_may_not_create_is_refused_as_described(ask: Ask, token: str) -> None:
    body = {"url": NEW_URL, "events": ["invitee.created"], **scoped("organization")}

    assert ask(LIST, method="POST", body=body, token=token, status=403)


def test_a_plan_without_webhooks_is_refused_as_described(ask: Ask, sandbox: Sandbox) -> None:
    sandbox.world.calendly.paid_plan = False
    body = {"url": NEW_URL, "events": ["invitee.created"], **scoped("organization")}

    assert ask(LIST, method="POST", body=body, status=403)


def test_who_may_not_list_is_refused_as_described(ask: Ask) -> None:
    assert ask(LIST, scoped("organization"), token=MEMBER, status=403)


@pytest.mark.parametrize("path", ["/organization_memberships", EVENT, f"{EVENT}/invitees"])
def test_a_missing_scope_is_said_in_one_way(ask: Ask, contract: Contract, path: str) -> None:
    """The description has it where subscriptions are created, and forgets it elsewhere (platforms, C-5)."""
    answer = ask(path, token=NARROW, status=403, described=False)

    contract.check_answer("POST", LIST, 403, answer)
    assert answer is not None
    assert answer["title"] == "Insufficient scope"
    assert answer["required_scopes"]


@pytest.mark.parametrize(
    "path",
    [
        "/users/NOBODY",
        f"{LIST}/NOTHING",
        "/scheduled_events/NOTHING",
        "/scheduled_events/NOTHING/invitees",
    ],
)
def test_what_there_is_not_is_said_as_described(ask: Ask, path: str) -> None:
    assert ask(path, status=404)


@pytest.mark.parametrize(
    ("path", "query"),
    [(LIST, {}), (LIST, {"organization": ORGANIZATION, "scope": "user"}), (SAMPLE, {"event": "x"})],
)
def test_what_is_asked_wrongly_is_refused_as_described(ask: Ask, path: str, query: dict[str, str]) -> None:
    assert ask(path, query, status=400)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in sorted({path for path, _ in ANSWERS} | {SAMPLE})),
        ("POST", LIST),
        ("DELETE", KNOWN),
    ],
)
def test_a_wrong_token_is_refused_as_described(ask: Ask, method: str, path: str) -> None:
    assert ask(path, method=method, token=WRONG, status=401)


@pytest.fixture
def desk(sandbox: Sandbox, notices: FakeNotices) -> Iterator[CalendlyDesk]:
    secret = Secret(TOKEN, "CALENDLY_TOKEN")
    client = calendly_client(sandbox.urls["calendly"], secret, notices=notices, patience=IMPATIENT)
    yield CalendlyDesk(client, notices=notices, clock=FakeClock())
    client.close()


Sent = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def sent(contract: Contract, sandbox: Sandbox) -> Sent:
    """Return a function that checks what was sent since it was last called, and returns methods and paths."""

    def checker() -> list[tuple[str, str]]:
        requests = list(sandbox.requests)
        sandbox.requests.clear()
        for one in requests:
            assert one.headers["authorization"] == f"Bearer {TOKEN}"
            contract.check_request(one)
            said = dict(urllib.parse.parse_qsl(one.query)) | (json.loads(one.body) if one.body else {})
            # The description has this in words only: whose they are has to be said for these scopes.
            assert said.get("scope") not in ("user", "group") or said[said["scope"]]
        return [(one.method, one.path) for one in requests]

    return checker


def test_who_we_are_is_asked_as_described(desk: CalendlyDesk, sent: Sent) -> None:
    desk.account()
    desk.contact()

    assert {path for _, path in sent()} == {"/users/me", "/organization_memberships", LIST}


@pytest.mark.parametrize("scope", SCOPES)
def test_subscriptions_are_asked_for_as_described(
    desk: CalendlyDesk, sent: Sent, sandbox: Sandbox, scope: str
) -> None:
    account, state = desk.account(), sandbox.world.calendly
    one = {**state.subscriptions[0], "user": None, "group": None, **scoped(scope)}
    state.subscriptions = [{**one, "uri": f"{one['uri']}{number}"} for number in range(101)]
    sent()

    assert len(desk.subscriptions(account, scope, GROUP if scope == "group" else None)) == 101

    assert sent() == [("GET", LIST)] * 2


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("key", [Secret("demo-key", "KEY"), None])
def test_subscriptions_are_created_shown_and_deleted_as_described(
    desk: CalendlyDesk, sent: Sent, scope: str, key: Secret | None
) -> None:
    account = desk.account()
    sent()

    made = desk.create(
        Wanted(NEW_URL, events_of(scope), scope, GROUP if scope == "group" else None), account, key
    )
    desk.subscription(made.uri)
    desk.delete(made)

    path = made.uri.removeprefix(API)
    assert sent() == [("POST", LIST), ("GET", path), ("DELETE", path)]


@pytest.mark.parametrize("scope", SCOPES)
def test_samples_are_asked_for_as_described(desk: CalendlyDesk, sent: Sent, scope: str) -> None:
    account = desk.account()
    sent()

    for event in events_of(scope):
        desk.sample(event, scope, account, GROUP if scope == "group" else None)

    assert sent() == [("GET", SAMPLE)] * len(events_of(scope))


@pytest.mark.parametrize("names_hosts", [True, False])
def test_bookings_are_confirmed_as_described(
    desk: CalendlyDesk, sent: Sent, sandbox: Sandbox, *, names_hosts: bool
) -> None:
    sandbox.world.calendly.names_hosts = names_hosts

    desk.confirm(told("global.json"))

    asked = [("GET", EVENT), ("GET", f"{EVENT}/invitees")]
    assert sent() == asked if names_hosts else [*asked, ("GET", HOST)]


def test_supops_knows_the_events_that_are_described(contract: Contract) -> None:
    described = contract.document["components"]["schemas"]["WebhookPayload"]["properties"]["event"]["enum"]

    assert set(EVENTS) == set(described) == SCHEMAS.keys() | WITHOUT_SCHEMA
    assert not SCHEMAS.keys() & WITHOUT_SCHEMA


def check_delivery(contract: Contract, delivery: Document) -> None:
    """Fail unless a delivery is as described, and its payload is that of its event."""
    contract.check({"$ref": "#/components/schemas/WebhookPayload"}, delivery)
    event = delivery["event"]
    if event in SCHEMAS:
        contract.check({"$ref": f"#/components/schemas/{SCHEMAS[event]}"}, delivery["payload"])


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "payloads").glob("*.json")), ids=lambda path: path.stem
)
def test_deliveries_are_as_described(contract: Contract, path: Path) -> None:
    delivery = json.loads(path.read_bytes())

    check_delivery(contract, delivery)

    payload = delivery["payload"]
    if SCHEMAS.get(delivery["event"]) == "InviteePayload":
        assert payload["rescheduled"] == (payload["new_invitee"] is not None)
        assert ("cancellation" in payload) == (payload["status"] == "canceled")


# Which samples arrive one after the other, what is done about the last one, and how many entries people see then.
CREATED, CANCELED, AWAY, BACK = (
    "invitee.created",
    "invitee.canceled",
    "invitee.canceled.rescheduled",
    "invitee.created.reschedule-counterpart",
)
STORIES = [
    ([CREATED], Action.INSERTED, 1),
    ([CREATED, CREATED], Action.UNCHANGED, 1),
    ([CREATED, CANCELED], Action.DELETED, 0),
    ([CREATED, AWAY], Action.DELETED, 0),
    ([CREATED, AWAY, BACK], Action.INSERTED, 1),
    ([CREATED, BACK], Action.INSERTED, 1),
    ([CREATED, BACK, AWAY], Action.UNCHANGED, 1),
    (["invitee_no_show.created"], Action.NONE, 0),
    (["routing_form_submission.created"], Action.NONE, 0),
]


def read_sample(name: str) -> Booking | OtherEvent:
    """Read a sample, of which nothing may be left out."""
    notices = FakeNotices()
    read = read_calendly((SAMPLES / f"{name}.json").read_bytes(), notices)
    assert notices.warnings == []
    return read


def test_each_sample_is_in_a_story() -> None:
    names = {path.name for path in SAMPLES.glob("*.json")} - NO_SAMPLES

    assert {f"{name}.json" for story, _, _ in STORIES for name in story} == names


@pytest.mark.parametrize("name", sorted({name for story, _, _ in STORIES for name in story}))
def test_each_sample_is_as_described_and_read(contract: Contract, name: str) -> None:
    check_delivery(contract, json.loads((SAMPLES / f"{name}.json").read_bytes()))

    read = read_sample(name)

    assert name.startswith(read.event)
    assert isinstance(read, Booking if read.event in CALENDAR_EVENTS else OtherEvent)


@pytest.mark.parametrize(("names", "action", "entries"), STORIES)
def test_samples_are_routed_to_what_they_say(names: list[str], action: Action, entries: int) -> None:
    board, notices = FakeBoard(), FakeNotices()
    router = Router(
        read_roster=us_government_team,
        open_calendars=lambda: board.calendars,
        missing_calendar=lambda key: ConfigError(f"calendars.{key}.id is not set"),
        notices=notices,
        now=lambda: at(10 * 24 * 60),
    )

    routing: list[Routing] = [router.route(read_sample(name)) for name in names]

    is_about_a_meeting = routing[-1].event in CALENDAR_EVENTS
    assert routing[-1].decision is (Decision.GLOBAL if is_about_a_meeting else Decision.NONE)
    assert routing[-1].action is action
    assert all(one.complete for one in routing)
    assert len(board.shown("global")) == entries
    assert not board.shown("us-government")
    assert notices.warnings == []
