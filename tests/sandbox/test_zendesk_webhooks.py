"""The simulated Zendesk's webhooks are as the vendor's facts promise; quirks first."""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from supops.sandbox.server import Sandbox
from supops.sandbox.webhook_story import Run, SimulatedWebhook, simulated
from tests.contracts import FOLDER, WHY_SKIPPED, Contract

API = "/api/v2/webhooks"
CONTRACT = FOLDER / "zendesk-webhooks-status.openapi.yaml"
HEADERS = ("X-Zendesk-Webhook-Signature", "X-Zendesk-Webhook-Signature-Timestamp")


@dataclass
class Client:
    """Asks the simulated Zendesk Global with an API token, which may read and write."""

    http: httpx.Client

    def __call__(self, path: str, *, method: str = "GET", body: object = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    auth = ("bot@example.com/token", "demo-api-token")
    with httpx.Client(base_url=sandbox.urls["zendesk-global"], auth=auth, trust_env=False) as http:
        yield Client(http)


@pytest.fixture
def webhooks(sandbox: Sandbox) -> list[SimulatedWebhook]:
    return sandbox.world.zendesk["global"].webhooks


@dataclass
class Target:
    """Something on this machine that webhooks may be sent to."""

    url: str
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def target() -> Iterator[Target]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.received.append((self.path, dict(self.headers), body))
            self.send_response(418)
            self.end_headers()
            self.wfile.write(b"short and stout")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is logged."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    found = Target(f"http://127.0.0.1:{server.server_port}/zendesk?a=1")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def invocations(client: Client, webhook: SimulatedWebhook, size: int = 100) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        after = f"&page[after]={quote(cursor, safe='')}" if cursor else ""
        page = client(f"{API}/{webhook.id}/invocations?page[size]={size}{after}")
        found += page["invocations"]
        if not page["meta"]["has_more"]:
            return found
        cursor = page["meta"]["after_cursor"]


def test_a_list_that_fits_on_one_page_has_neither_links_nor_cursors(client: Client) -> None:
    page = client(API)

    assert page.keys() == {"webhooks", "meta"}
    assert page["meta"] == {"has_more": False}


def test_the_story_has_one_of_each_kind(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    statuses = {run.status for one in webhooks for run in one.runs}

    assert statuses == {"success", "terminated", "throttled", "circuit broken"}
    assert [one["status"] for one in client(API)["webhooks"]].count("inactive") == 1
    assert max(len(one.runs) for one in webhooks) > 300


@pytest.mark.parametrize("size", [7, 100])
def test_invocations_are_newest_first_and_complete_over_pages(
    client: Client, webhooks: list[SimulatedWebhook], size: int
) -> None:
    found = invocations(client, webhooks[2], size)

    times = [one["latest_completed_at"] for one in found]
    assert times == sorted(times, reverse=True)
    assert len({one["id"] for one in found}) == len(found) == len(webhooks[2].runs)


def test_links_tell_the_port_and_do_not_encode_the_cursor(
    client: Client, webhooks: list[SimulatedWebhook]
) -> None:
    page = client(f"{API}/{webhooks[0].id}/invocations?page[size]=10")

    assert page["links"]["next"].startswith("https://mapped.example.com:443/api/v2/webhooks/")
    assert page["links"]["next"].endswith(f"&page[after]={page['meta']['after_cursor']}")


def test_what_was_not_sent_has_no_status_code(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    for one in invocations(client, webhooks[2]):
        assert ("status_code" in one) == (one["status"] in ("success", "terminated"))


def test_attempts_have_the_webhooks_id_and_what_was_sent(
    client: Client, webhooks: list[SimulatedWebhook]
) -> None:
    failed = next(one for one in invocations(client, webhooks[1]) if one["status"] == "terminated")

    attempts = client(f"{API}/{webhooks[1].id}/invocations/{failed['id']}/attempts")["attempts"]

    assert [one["status_code"] for one in attempts] == [503, 503, 503]
    assert {one["id"] for one in attempts} == {webhooks[1].id}
    assert {one["invocation_id"] for one in attempts} == {failed["id"]}
    assert "kim.lee@example.com" in attempts[0]["request"]["payload"]


@pytest.mark.parametrize("path", ["nothing", "{}/nothing", "{}/invocations/nothing/attempts"])
def test_what_is_not_there(client: Client, webhooks: list[SimulatedWebhook], path: str) -> None:
    assert client.http.get(f"{API}/{path.format(webhooks[0].id)}").status_code == 404


def test_a_cursor_that_was_never_given_out(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    assert client.http.get(f"{API}/{webhooks[0].id}/invocations?page[after]=x").status_code == 400


def test_the_limits_are_counted_apart(sandbox: Sandbox, client: Client) -> None:
    sandbox.world.now = lambda: 1_000.0
    statuses = [client.http.get(API).status_code for _ in range(101)]
    refused = client.http.get(API)
    test = client.http.post(f"{API}/test?webhook_id=nothing", json={"request": {}})

    assert statuses == [200] * 100 + [429]
    assert refused.headers["retry-after"] == "60"
    assert (test.status_code, test.headers["x-rate-limit"]) == (404, "20")
    assert client.http.get("/api/v2/users/count").headers["x-rate-limit"] == "700"
    sandbox.world.now = lambda: 1_061.0
    assert client.http.get(API).status_code == 200


def test_scopes(sandbox: Sandbox, client: Client) -> None:
    def token(scope: str) -> httpx.Response:
        asked = {"grant_type": "client_credentials", "client_id": "supops", "scope": scope}
        return client.http.post("/oauth/tokens", json={**asked, "client_secret": "demo-client-secret-global"})

    def status(scope: str, method: str = "GET", path: str = "") -> int:
        header = {"Authorization": f"Bearer {token(scope).json()['access_token']}"}
        url = f"{sandbox.urls['zendesk-global']}{API}{path}"
        with httpx.Client(trust_env=False) as http:
            return http.request(method, url, headers=header, json={"request": {}}).status_code

    assert status("users:read") == 403
    assert status("webhooks:read") == 200
    assert status("webhooks:read", "POST", "/test?webhook_id=x") == 403
    assert status("webhooks:write", "POST", "/test?webhook_id=x") == 404
    sandbox.world.zendesk["global"].grants = ("users:read",)
    assert token("webhooks:read").json()["error"] == "invalid_scope"


def test_a_test_is_200_although_the_target_fails(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    answer = client(f"{API}/test?webhook_id={webhooks[1].id}", method="POST", body={"request": {}})

    assert answer["response"]["status_code"] == 503


@pytest.mark.parametrize("asked", [{}, {"endpoint": "https://x.example.com"}])
def test_a_test_of_no_webhook_says_all(client: Client, asked: dict[str, str]) -> None:
    assert client.http.post(f"{API}/test", json={"request": asked}).status_code == 400


def test_a_test_to_this_machine_is_sent_and_signed(
    client: Client, webhooks: list[SimulatedWebhook], target: Target
) -> None:
    webhooks.append(simulated(9, "here", target.url))
    asked = {"request": {"payload": '{"hello":"you"}'}}

    answer = client(f"{API}/test?webhook_id={webhooks[-1].id}", method="POST", body=asked)

    assert answer["response"]["status_code"] == 418
    assert answer["response"]["payload"] == "short and stout"
    ((path, headers, body),) = target.received
    assert (path, json.loads(body)) == ("/zendesk?a=1", {"hello": "you"})
    signature, time = (headers[name] for name in HEADERS)
    expected = hmac.digest(webhooks[-1].secret.encode(), time.encode() + body, "sha256")
    assert base64.b64decode(signature) == expected


def test_a_test_to_this_machine_that_nobody_answers(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    webhooks.append(simulated(9, "here", "http://127.0.0.1:9/"))

    answer = client(f"{API}/test?webhook_id={webhooks[-1].id}", method="POST", body={"request": {}})

    assert "status_code" not in answer["response"]


def test_the_list_comes_in_pages(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    webhooks += [
        simulated(100 + number, f"one of many {number}", "https://x.example.com") for number in range(100)
    ]

    first = client(API)

    assert (len(first["webhooks"]), first["meta"]["has_more"]) == (100, True)


@pytest.mark.skipif(not CONTRACT.exists(), reason=WHY_SKIPPED)
def test_answers_are_as_described(client: Client, webhooks: list[SimulatedWebhook]) -> None:
    contract = Contract.read(CONTRACT)
    webhook = webhooks[1]
    webhook.runs.insert(0, Run(1, "throttled", ()))
    first = invocations(client, webhook)[0]["id"]
    paths = [
        "",
        f"/{webhook.id}",
        f"/{webhook.id}/invocations",
        f"/{webhook.id}/invocations/{first}/attempts",
    ]

    for path in paths:
        contract.check_answer("GET", f"{API}{path}", 200, client(f"{API}{path}"))
    test = client(f"{API}/test?webhook_id={webhook.id}", method="POST", body={"request": {}})
    contract.check_answer("POST", f"{API}/test", 200, test)
