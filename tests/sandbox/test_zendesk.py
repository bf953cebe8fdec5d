"""What the vendor's facts promise, the simulated Zendesk keeps; quirks first."""

import base64
import gzip
import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from supops.sandbox.faults import Fault, parse_faults
from supops.sandbox.people import roster_files, write_roster
from supops.sandbox.server import Sandbox
from supops.sandbox.users import many_agents
from supops.sandbox.world import World, WorldError

READY = "Bearer demo-ready-access-token"
USERS = "/api/v2/users.json"


class Client:
    """Asks the simulated Zendesk Global, and takes errors for answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._base = sandbox.urls["zendesk-global"]

    def __call__(
        self,
        path: str,
        *,
        auth: str = READY,
        method: str = "GET",
        body: object = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any, dict[str, str]]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            self._base + path, data=data, method=method, headers={"Authorization": auth, **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                status, raw, received = response.status, response.read(), response.headers
        except urllib.error.HTTPError as error:
            status, raw, received = error.code, error.read(), error.headers
            error.close()
        lower = {name.lower(): value for name, value in received.items()}
        if lower.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        return status, json.loads(raw) if raw else None, lower


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


def test_offset_mode_without_page_size_and_cursor_mode_with_it(client: Client) -> None:
    _, offset, _ = client(f"{USERS}?per_page=10")
    _, cursor, _ = client(f"{USERS}?page[size]=10")

    assert offset.keys() == {"users", "count", "next_page", "previous_page"}
    assert cursor.keys() == {"users", "meta", "links"}


def test_the_last_page_still_has_a_cursor_and_a_link_to_another_host(client: Client) -> None:
    _, page, _ = client(f"{USERS}?page[size]=100&role[]=admin")

    assert page["meta"]["has_more"] is False
    assert page["meta"]["after_cursor"]
    assert page["links"]["next"].startswith("https://mapped.example.com:443/")


def test_cursors_lead_through_everybody(client: Client) -> None:
    seen, cursor = [], ""
    while True:
        _, page, _ = client(f"{USERS}?page[size]=7" + (f"&page[after]={cursor}" if cursor else ""))
        seen += [user["id"] for user in page["users"]]
        cursor = page["meta"]["after_cursor"]
        if not page["meta"]["has_more"]:
            break

    assert len(seen) == len(set(seen)) == 52 + 34


def test_offset_pages_end_at_10_000(client: Client) -> None:
    assert client(f"{USERS}?page=100&per_page=100")[0] == 200
    status, error, _ = client(f"{USERS}?page=101&per_page=100")
    assert (status, error["error"]) == (400, "InvalidPaginationDepth")


def test_pages_hold_at_most_100(sandbox: Sandbox, client: Client) -> None:
    sandbox.world.zendesk["global"].users = many_agents(300, light=1, admin=2, staff=3)
    sandbox.world.zendesk["global"].changed()

    for query in ("per_page=1000", "page[size]=1000"):
        assert len(client(f"{USERS}?{query}")[1]["users"]) == 100


def test_filters_and_count_agree_and_leave_deleted_users_out(client: Client) -> None:
    query = "role[]=agent&role[]=admin"

    assert (
        client(f"/api/v2/users/count?{query}")[1]["count"]["value"]
        == client(f"{USERS}?{query}")[1]["count"]
        == 52
    )
    assert all(user["active"] for user in client(f"{USERS}?{query}")[1]["users"])


def test_the_export_wants_its_type_and_only_there(client: Client) -> None:
    assert client("/api/v2/search/export?query=x")[0] == 400
    assert client("/api/v2/search/export?filter[type]=user&query=type:user")[0] == 400
    status, page, _ = client("/api/v2/search/export?filter[type]=user&query=x&page[size]=1000")
    assert (status, page["links"]["prev"]) == (200, None)


def test_an_export_cursor_lives_an_hour(sandbox: Sandbox, client: Client) -> None:
    _, page, _ = client("/api/v2/search/export?filter[type]=user&query=x&page[size]=10")
    cursor = page["meta"]["after_cursor"]
    now = sandbox.world.now()
    sandbox.world.now = lambda: now + 3700

    assert client(f"/api/v2/search/export?filter[type]=user&query=x&page[after]={cursor}")[0] == 400


@pytest.mark.parametrize(
    "auth",
    [
        "",
        "Bearer wrong",
        "Basic !",
        "Basic " + base64.b64encode(b"bot@example.com/token:wrong").decode(),
        "Digest x",
    ],
)
def test_other_credentials_are_refused(client: Client, auth: str) -> None:
    status, error, _ = client(USERS, auth=auth)

    assert (status, error) == (401, {"error": "Couldn't authenticate you"})


def test_the_api_token_until_it_is_withdrawn(sandbox: Sandbox, client: Client) -> None:
    auth = "Basic " + base64.b64encode(b"bot@example.com/token:demo-api-token").decode()

    assert client(USERS, auth=auth)[0] == 200
    sandbox.world.zendesk["global"].takes_api_tokens = False
    assert client(USERS, auth=auth)[0] == 401


def mint(client: Client, **changes: object) -> tuple[int, Any, dict[str, str]]:
    asked = {
        "grant_type": "client_credentials",
        "client_id": "supops",
        "client_secret": "demo-client-secret-global",
        "scope": "users:read",
    }
    return client("/oauth/tokens", auth="", method="POST", body=asked | changes)


def test_the_life_of_a_token(sandbox: Sandbox, client: Client) -> None:
    status, granted, _ = mint(client, expires_in=60)
    auth = f"Bearer {granted['access_token']}"
    assert (status, granted["scope"], granted["expires_in"]) == (200, "users:read", 60)
    assert client(USERS, auth=auth)[0] == 200
    assert client("/api/v2/oauth/tokens/current.json", auth=auth)[1]["token"]["scopes"] == ["users:read"]
    assert client("/api/v2/oauth/tokens/current.json", auth=auth, method="DELETE")[0] == 204
    assert client(USERS, auth=auth)[0] == 401


def test_a_token_expires(sandbox: Sandbox, client: Client) -> None:
    auth = f"Bearer {mint(client, expires_in=60)[1]['access_token']}"
    now = sandbox.world.now()
    sandbox.world.now = lambda: now + 61

    assert client(USERS, auth=auth)[0] == 401


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"client_secret": "x"}, 401), ({"client_id": "x"}, 401), ({"grant_type": "password"}, 400)],
)
def test_no_token_for_the_wrong_ones(client: Client, changes: dict[str, object], status: int) -> None:
    assert mint(client, **changes)[0] == status


def test_a_scope_that_is_too_small(client: Client) -> None:
    auth = f"Bearer {mint(client, scope='tickets:read')[1]['access_token']}"

    assert client(USERS, auth=auth)[0] == 403


def test_the_limit_counts_and_refuses_and_forgets(sandbox: Sandbox, client: Client) -> None:
    sandbox.world.zendesk["global"].plan_limit = 3
    start = sandbox.world.now()
    sandbox.world.now = lambda: start

    left = [client(USERS)[2]["x-rate-limit-remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    status, _, headers = client(USERS)
    assert (status, headers["retry-after"]) == (429, "60")

    sandbox.world.now = lambda: start + 61
    assert client(USERS)[0] == 200


def test_answers_are_compressed_when_asked(client: Client) -> None:
    assert client(USERS, headers={"Accept-Encoding": "gzip"})[2]["content-encoding"] == "gzip"
    assert "content-encoding" not in client(USERS)[2]


def test_me_has_a_token_in_it_that_nobody_should_log(client: Client) -> None:
    assert client("/api/v2/users/me")[1]["user"]["authenticity_token"]


def test_state_lasts_between_processes(tmp_path: Path) -> None:
    with Sandbox(World.open(tmp_path)) as first:
        token = mint(Client(first))[1]["access_token"]
    with Sandbox(World.open(tmp_path)) as second:
        assert Client(second)(USERS, auth=f"Bearer {token}")[0] == 200
        again = mint(Client(second))[1]["access_token"]
    assert {token, again} == set(World.open(tmp_path).zendesk["global"].tokens)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 99}', '{"version": 1}', '{"version": 1, "zendesk": {"x": 1}}']
)
def test_a_broken_state_says_how_to_begin_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "world.json").write_text(text)

    with pytest.raises(WorldError, match="supops demo reset"):
        World.open(tmp_path)


def test_faults_come_after_so_many_and_so_often(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.add(Fault("503", path="/api/v2/users*", after=1, times=2, retry_after="7"))

    assert [client(USERS)[0] for _ in range(5)] == [200, 503, 503, 200, 200]


def test_faults_from_one_line() -> None:
    first, second = parse_faults(
        "zendesk-global:503:path=/api/*:times=2:retry_after=1; *:redirect:to=https://x.example.com/a"
    )

    assert (first.kind, first.platform, first.path, first.times, first.retry_after) == (
        "503",
        "zendesk-global",
        "/api/*",
        2,
        "1",
    )
    assert (second.kind, second.platform, second.to) == ("redirect", "*", "https://x.example.com/a")


@pytest.mark.parametrize(
    "text", ["x", "x:sad", "x:503:times=often", "x:503:colour=red", "x:slow:seconds=long"]
)
def test_faults_that_make_no_sense(text: str) -> None:
    with pytest.raises(ValueError, match="no such fault|not understood"):
        parse_faults(text)


def test_platforms_without_resources_yet_answer_in_their_vendors_words(sandbox: Sandbox) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(f"{sandbox.urls['gitlab']}/x", timeout=5)
    assert raised.value.code == 404
    assert "error" in json.loads(raised.value.read())
    raised.value.close()


def test_the_roster_is_written_once_and_then_left_alone(tmp_path: Path) -> None:
    write_roster(tmp_path / "team")
    changed = tmp_path / "team" / "amer-w" / "victor-chen.yaml"
    changed.write_text("mine")

    write_roster(tmp_path / "team")

    assert changed.read_text() == "mine"
    assert len(list((tmp_path / "team").rglob("*.y*ml"))) == len(roster_files())
