"""``supops webhooks list | monitor | test | health`` as people and pipelines run them, on the embedded world."""

import csv
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from supops.sandbox.server import Sandbox
from supops.sandbox.webhook_story import Run as Invoked
from supops.sandbox.webhook_story import simulated
from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Ran, Run

WEBHOOKS = ("--demo", "webhooks")
GOOD, FAILING, HELD_BACK, OFF = (f"01JDG{number:021d}" for number in range(1, 5))
TIME = re.compile(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z| UTC)")
# What neither a request, nor an answer, nor an address may show.
SECRETS = (
    "kim.lee",
    "My card",
    "4111 1111",
    "demo-secret",
    "demo-signature",
    "3f9d2a7b8c1e",
    "demo-key-in-address",
)


def read(ran: Ran, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    validate(document, f"{name}-1.json")
    return document


def scrubbed(text: str) -> str:
    return TIME.sub("<time>", text)


def failing(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {one["name"]: one["not_succeeded"] for one in document["webhooks"] if one["not_succeeded"]}


def faults(text: str) -> dict[str, str]:
    return {"SUPOPS_DEMO_FAULTS": text}


@pytest.fixture
def real(sandbox: Sandbox, tmp_path: Path, run: Run) -> Callable[..., Ran]:
    """Run with settings for the simulated platforms, as for real ones; `changed` are lines in place of those for US Government."""

    def runner(*words: str, lines: str = "", oauth: str = "", env: dict[str, str] | None = None) -> Ran:
        settings = (
            f"zendesk:\n  global:\n    url: {sandbox.urls['zendesk-global']}\n"
            + (oauth or "    oauth: {client_id: supops, client_secret: {env: SECRET}}\n")
            + lines
        )
        (tmp_path / "supops.yaml").write_text(settings)
        secrets = {"SECRET": "demo-client-secret-global", "TOKEN": "demo-ready-access-token"}
        return run(*words, env={**secrets, **(env or {})})

    return runner


def test_list(run: Run) -> None:
    ran = run(*WEBHOOKS, "list")

    assert (ran.status, ran.err) == (0, "")
    assert_golden("webhooks-zendesk-list.txt", ran.out)


def test_list_as_json(run: Run) -> None:
    document = read(run(*WEBHOOKS, "list", "--instance", "global", "-o", "json"), "supops.zendesk-webhooks")

    assert {one["instance"] for one in document["webhooks"]} == {"global"}
    assert [one["id"] for one in document["webhooks"]] == [FAILING, HELD_BACK, OFF, GOOD]
    assert document["complete"]


def test_list_of_calendlys(run: Run) -> None:
    ran = run(*WEBHOOKS, "list", "--platform", "calendly", "-o", "json")

    same = run("--demo", "calendly", "webhooks", "list", "-o", "json")
    assert ran.status == 0
    assert read(ran, "supops.webhook-subscriptions") == json.loads(same.out)
    assert run(*WEBHOOKS, "list", "--platform", "calendly", "--instance", "global").status == 2


def test_list_without_an_instance_is_incomplete(run: Run) -> None:
    ran = run(*WEBHOOKS, "list", "-o", "json", env=faults("zendesk-us-government:expired"))

    document = read(ran, "supops.zendesk-webhooks")
    assert (ran.status, document["complete"], len(document["webhooks"])) == (5, False, 4)
    assert "warning: not read: the webhooks of Zendesk US Government" in ran.err


def test_monitor(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "--instance", "all")

    assert (ran.status, ran.err) == (3, "")
    assert_golden("webhooks-monitor.txt", scrubbed(ran.out))


def test_monitor_on_a_terminal(home: dict[str, str], tmp_path: Path) -> None:
    words = ("--no-color", *WEBHOOKS, "monitor", "--instance", "us-government")

    status, screen = run_in_terminal(words, env=home, cwd=tmp_path)

    assert status == 3
    assert_golden("webhooks-monitor-80-columns.txt", scrubbed(screen))


def test_monitor_as_json(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "-o", "json")

    document = read(ran, "supops.webhook-monitor")
    found = failing(document)
    assert (ran.status, document["complete"], document["beyond_history"]) == (3, True, False)
    assert document["counts"] == {"webhooks": 7, "invocations": 198, "not_succeeded": 15}
    assert {name: len(failures) for name, failures in found.items()} == {
        "Escalations to the pager": 6,
        "Notices in the team's chat": 8,
        "Federal pager": 1,
    }
    first = found["Escalations to the pager"][0]
    assert (first["status"], first["status_code"], first["cause"]) == ("terminated", 503, "broken")
    assert [one["status_code"] for one in first["attempts"]] == [503, 503, 503]
    assert first["attempts"][0]["response"].startswith("503 Service Temporarily Unavailable")
    held_back = found["Notices in the team's chat"][0]
    assert (held_back["status"], held_back["status_code"]) == ("circuit broken", None)


@pytest.mark.parametrize("output", ["table", "json", "csv", "markdown"])
def test_nothing_that_was_sent_and_no_secret_is_shown(run: Run, output: str) -> None:
    for words in (
        ("monitor", "--since", "24h", "--attempts", "3"),
        ("list",),
        ("health",),
        ("test", FAILING, "--instance", "global"),
    ):
        ran = run("--debug", *WEBHOOKS, *words, "-o", output)

        assert ran.out
        for secret in SECRETS:
            assert secret not in ran.out + ran.err


def test_monitor_as_csv_has_one_line_for_each_failure(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "-o", "csv")

    rows = list(csv.DictReader(StringIO(ran.out)))
    assert len(rows) == 15
    assert rows[0]["attempts"] == "503, 503, 503"


def test_monitor_of_a_day_reads_every_page(run: Run) -> None:
    document = read(
        run(*WEBHOOKS, "monitor", "--since", "24h", "--attempts", "2", "-o", "json"), "supops.webhook-monitor"
    )

    by_id = {one["id"]: one for one in document["webhooks"]}
    assert by_id[GOOD]["invocations"] == 317
    assert [bool(one["attempts"]) for one in by_id[FAILING]["not_succeeded"]] == [True, True, *[False] * 4]


def test_monitor_says_what_it_did_not_read(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "--attempts", "0")

    assert "the attempts of 15 of these were not read; --attempts N reads those of more" in ran.out


def test_monitor_beyond_the_history(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "--since", "8d", "--instance", "us-government", "-o", "json")

    assert read(ran, "supops.webhook-monitor")["beyond_history"]
    assert "Zendesk keeps about 7 days: of 8d, the older part is not to be seen" in ran.err


@pytest.mark.parametrize("since", ["soon", "0h", "999999w", "1.5h", ""])
def test_a_window_that_makes_no_sense(run: Run, since: str) -> None:
    ran = run(*WEBHOOKS, "monitor", "--since", since)

    assert (ran.status, ran.out) == (2, "")
    assert "--since" in ran.err


def test_monitor_of_what_cannot_all_be_read(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", "-o", "json", env=faults(f"zendesk-global:500:path=*/{HELD_BACK}/*"))

    document = read(ran, "supops.webhook-monitor")
    assert (ran.status, document["complete"]) == (5, False)
    assert [one["id"] for one in document["webhooks"] if not one["complete"]] == [HELD_BACK]
    assert len(failing(document)["Escalations to the pager"]) == 6
    assert "warning: not read: the invocations of the webhook Notices in the team's chat" in ran.err


def test_monitor_of_nothing_at_all_is_no_empty_result(run: Run) -> None:
    ran = run(*WEBHOOKS, "monitor", env=faults("zendesk-*:expired"))

    assert (ran.status, ran.out) == (4, "")


def test_a_page_that_fails_once_is_no_failure(run: Run) -> None:
    ran = run(
        *WEBHOOKS,
        *("monitor", "-o", "json"),
        env=faults(
            "zendesk-global:429:path=*/invocations:times=1:retry_after=1;zendesk-global:truncated:times=1:after=3"
        ),
    )

    assert ran.status == 3
    assert read(ran, "supops.webhook-monitor")["counts"]["not_succeeded"] == 15
    assert "waiting 1 s, Zendesk's limit" in ran.err


def test_all_is_well(sandbox: Sandbox, real: Callable[..., Ran]) -> None:
    hook = simulated(1, "=1+1 \x1b[31m@all", "https://x.example.com", [Invoked(60)])
    sandbox.world.zendesk["global"].webhooks = [hook]

    ran = real("webhooks", "monitor", "--instance", "global")
    health = real("webhooks", "health")

    assert (ran.status, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert "0 of 1 invocation did not succeed" in ran.out
    assert "invocations that did not succeed: none" in ran.out
    assert health.status == 0
    assert "zendesk.us-government is not configured, and left out" in health.err
    assert "calendly.token is not configured, and left out" in health.err


def test_the_scope_is_asked_for_although_another_one_is_configured(
    sandbox: Sandbox, real: Callable[..., Ran]
) -> None:
    assert real("webhooks", "list").status == 0
    assert real("webhooks", "test", GOOD, "--instance", "global").status == 0

    asked = [json.loads(one.body)["scope"] for one in sandbox.requests if one.path == "/oauth/tokens"]
    assert asked == ["webhooks:read", "webhooks:read webhooks:write"]
    assert sandbox.world.zendesk["global"].tokens == {}


def test_a_token_without_the_scope_is_exit_4_and_the_scope_is_named(real: Callable[..., Ran]) -> None:
    ran = real("webhooks", "test", GOOD, "--instance", "global", oauth="    access_token: {env: TOKEN}\n")

    assert (ran.status, ran.out) == (4, "")
    assert "webhooks:write" in ran.err


def test_a_client_that_may_not_have_the_scope(sandbox: Sandbox, real: Callable[..., Ran]) -> None:
    sandbox.world.zendesk["global"].grants = ("users:read",)

    ran = real("webhooks", "monitor", "--instance", "global")

    assert ran.status == 1
    assert "asked for the scope webhooks:read" in ran.err


@pytest.mark.parametrize(
    "words", [("monitor", "--instance", "us-government"), ("list", "--instance", "us-government")]
)
def test_an_instance_that_is_not_configured(real: Callable[..., Ran], words: tuple[str, ...]) -> None:
    ran = real("webhooks", *words)

    assert ran.status == 2
    assert "zendesk.us-government" in ran.err


@pytest.mark.parametrize("command", ["list", "monitor", "health"])
def test_nothing_is_configured(run: Run, command: str) -> None:
    ran = run("webhooks", command)

    assert (ran.status, ran.out) == (2, "")
    assert "--demo" in ran.err


def test_a_test_that_succeeds(run: Run) -> None:
    ran = run(*WEBHOOKS, "test", GOOD, "--instance", "global", "-o", "json")

    document = read(ran, "supops.webhook-test")
    assert (ran.status, document["succeeded"], document["status_code"]) == (0, True, 200)
    assert (
        "Zendesk Global is asked to send a payload that Zendesk makes up to https://events.example.com/zendesk"
        in ran.err
    )


def test_a_test_that_the_target_does_not_take(run: Run) -> None:
    ran = run(*WEBHOOKS, "test", FAILING, "--instance", "global")

    assert ran.status == 1
    assert_golden("webhooks-test.txt", ran.out)
    assert "answered 503, and did not take the test request" in ran.err
    document = read(
        run(*WEBHOOKS, "test", FAILING, "--instance", "global", "-o", "json"), "supops.webhook-test"
    )
    assert (document["succeeded"], document["cause"]) == (False, "broken")


def test_a_test_with_a_payload(sandbox: Sandbox, real: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text('{"ü": 1}', encoding="utf-8")

    ran = real("webhooks", "test", GOOD, "--instance", "global", "--payload", "payload.json")

    sent = next(one for one in sandbox.requests if one.path.endswith("/test"))
    assert ran.status == 0
    assert sent.query == f"webhook_id={GOOD}"
    assert json.loads(sent.body) == {"request": {"payload": '{"ü": 1}'}}
    assert "the given payload" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", "no text in UTF-8"),
        (b"x" * (256 * 1024 + 1), "longer than 256 KiB"),
        (None, "can't be read"),
    ],
)
def test_a_payload_that_cannot_be_sent(run: Run, tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "payload").write_bytes(content)

    ran = run(
        *WEBHOOKS, "test", GOOD, "--instance", "global", "--payload", "payload", env=faults("zendesk-*:500")
    )

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize(("identity", "status"), [("nothing", 1), ("../users", 2)])
def test_a_test_of_what_is_not_there(run: Run, identity: str, status: int) -> None:
    ran = run(*WEBHOOKS, "test", identity, "--instance", "global")

    assert (ran.status, ran.out, identity in ran.err) == (status, "", True)
    assert "supops webhooks list" in ran.err


def test_health(run: Run) -> None:
    ran = run(*WEBHOOKS, "health")

    # Nobody takes "all is well" for more than was looked at.
    assert (ran.status, ran.err) == (
        3,
        "a group's subscriptions: supops calendly webhooks list --group URI\n",
    )
    assert_golden("webhooks-health.txt", scrubbed(ran.out))


def test_health_as_json(run: Run) -> None:
    ran = run(*WEBHOOKS, "health", "-o", "json")

    document = read(ran, "supops.webhooks-health")
    conditions = [one["condition"] for one in document["webhooks"]]
    order = ["disabled", "inactive", "failing", "losing", "ok"]
    assert ran.status == 3
    assert conditions == sorted(conditions, key=order.index)
    assert set(conditions) == set(order)
    assert {one["platform"] for one in document["webhooks"]} == {
        "zendesk.global",
        "zendesk.us-government",
        "calendly",
    }
    assert all(bool(one["remedy"]) == (one["condition"] != "ok") for one in document["webhooks"])


@pytest.mark.parametrize("platform", ["zendesk-global", "zendesk-us-government", "calendly"])
def test_health_without_a_platform_is_incomplete(run: Run, platform: str) -> None:
    ran = run(*WEBHOOKS, "health", "-o", "json", env=faults(f"{platform}:expired"))

    document = read(ran, "supops.webhooks-health")
    assert (ran.status, document["complete"], document["ok"]) == (5, False, False)
    assert {one["platform"] for one in document["webhooks"]} == {
        "zendesk.global",
        "zendesk.us-government",
        "calendly",
    } - {platform.replace("zendesk-", "zendesk.", 1)}


def test_health_of_a_webhook_that_cannot_be_read(run: Run) -> None:
    ran = run(*WEBHOOKS, "health", "-o", "json", env=faults(f"zendesk-global:500:path=*/{GOOD}/*"))

    document = read(ran, "supops.webhooks-health")
    unknown = [one for one in document["webhooks"] if one["condition"] == "unknown"]
    assert ran.status == 5
    assert [(one["id"], bool(one["remedy"]), one["complete"]) for one in unknown] == [(GOOD, True, False)]


def test_what_was_not_read_is_not_called_nothing(run: Run) -> None:
    fault = faults(f"zendesk-global:503:path=/api/v2/webhooks/{GOOD}/invocations*:retry_after=0")

    health = run(*WEBHOOKS, "health", "-o", "csv", env=fault)
    monitor = run(*WEBHOOKS, "monitor", "--attempts", "0", env=fault)

    rows = {row["id"]: row for row in csv.DictReader(StringIO(health.out))}
    assert (health.status, rows[GOOD]["state"], rows[GOOD]["seen"]) == (5, "unknown", "not read")
    assert rows[OFF]["seen"] == "no invocations"
    assert re.search(r"Ticket events for the data team +active +not read +0 +" + GOOD, monitor.out)
    assert (
        f"the invocations of the webhook Ticket events for the data team ({GOOD}) of Zendesk Global: "
        in monitor.err
    )


def test_every_row_names_the_webhook(run: Run) -> None:
    health = csv.DictReader(StringIO(run(*WEBHOOKS, "health", "-o", "csv").out))
    monitor = csv.DictReader(StringIO(run(*WEBHOOKS, "monitor", "--attempts", "0", "-o", "csv").out))

    assert {row["id"] for row in health} > {GOOD, FAILING, HELD_BACK, OFF}
    assert {row["webhook_id"] for row in monitor} > {FAILING, HELD_BACK}


def test_health_on_a_terminal_of_80_columns(home: dict[str, str], tmp_path: Path) -> None:
    _, screen = run_in_terminal(("--no-color", *WEBHOOKS, "health"), env=home, cwd=tmp_path)

    # Nothing is cut: the longest name goes on in the line below.
    assert all(len(line) <= 80 for line in screen.splitlines())
    assert "invitee.created, invitee.canceled," in screen
    assert re.search(r"^ +invitee_no_show.created$", screen, re.MULTILINE)


def test_results_go_into_files(run: Run, tmp_path: Path) -> None:
    for words in (("list",), ("monitor",), ("health",), ("test", GOOD, "--instance", "global")):
        ran = run(*WEBHOOKS, *words, "-o", "markdown", "--output-file", "result.md")

        assert ran.out == ""
        assert (tmp_path / "result.md").read_text().strip()
