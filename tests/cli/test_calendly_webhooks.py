"""``supops calendly webhooks`` as people and pipelines run it, on the embedded world."""

import json
import stat
from pathlib import Path

import pytest

from supops.models.subscriptions import EVENTS
from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Run

WEBHOOKS = ("--demo", "calendly", "webhooks")
NEW = "https://new.example.com/calendly?token=SECRET-IN-ADDRESS"
CREATE = (*WEBHOOKS, "create", "--url", NEW, "--event", "invitee.created", "--scope", "organization")
FAILING = "https://hooks.example.com/calendly"
DISABLED = "https://old.example.com/calendly"
DECLARED = f"""webhooks:
  - url: {NEW}
    events: [invitee.created, invitee.canceled]
    scope: organization
  - url: {FAILING}
    events: [invitee.created]
    scope: organization
"""


def listed(run: Run) -> dict[str, dict[str, object]]:
    """Return the subscriptions by their address."""
    document = json.loads(run(*WEBHOOKS, "list", "-o", "json").out)
    validate(document, "supops.webhook-subscriptions-1.json")
    assert document["complete"]
    return {one["callback_url"]: one for one in document["webhooks"]}


def test_list_through_a_pipe(run: Run) -> None:
    ran = run(*WEBHOOKS, "list")

    assert (ran.status, ran.err) == (0, "")
    assert_golden("webhooks-list.txt", ran.out)


def test_list_on_a_terminal_of_80_columns(home: dict[str, str], tmp_path: Path) -> None:
    status, screen = run_in_terminal(("--no-color", *WEBHOOKS, "list"), env=home, cwd=tmp_path)

    assert status == 0
    assert_golden("webhooks-list-80-columns.txt", screen)


def test_those_in_trouble_have_a_remedy(run: Run) -> None:
    there = listed(run)

    assert "--replace" in str(there[DISABLED]["remedy"])
    assert "within 24 hours" in str(there[FAILING]["remedy"])
    assert [one["remedy"] for url, one in there.items() if url not in (DISABLED, FAILING)] == [None, None]


@pytest.mark.parametrize(("scope", "count"), [("organization", 3), ("user", 1), ("all", 4)])
def test_one_scope(run: Run, scope: str, count: int) -> None:
    document = json.loads(run(*WEBHOOKS, "list", "--scope", scope, "-o", "json").out)

    assert len(document["webhooks"]) == count


def test_a_scope_that_breaks_off_is_an_error_and_no_short_list(run: Run) -> None:
    faults = {"SUPOPS_DEMO_FAULTS": "calendly:500:path=/webhook_subscriptions:after=1"}

    ran = run(*WEBHOOKS, "list", "-o", "json", env=faults)

    assert (ran.status, ran.out) == (1, "")
    assert "Calendly failed" in ran.err


def test_show(run: Run) -> None:
    ran = run(*WEBHOOKS, "show", "f0000002-0000-4000-8000-000000000000")

    assert ran.status == 0
    assert_golden("webhooks-show.txt", ran.out)


def test_show_what_is_not_there(run: Run) -> None:
    ran = run(*WEBHOOKS, "show", "nothing")

    assert ran.status == 1
    assert "supops calendly webhooks list" in ran.err


def test_create_verifies_and_is_idempotent(run: Run) -> None:
    first = run(*CREATE, "-o", "json")
    second = run(*CREATE, "-o", "json")

    made, again = json.loads(first.out), json.loads(second.out)
    for document in (made, again):
        validate(document, "supops.webhook-created-1.json")
    assert (made["created"], made["mirrored"]) == (True, True)
    assert (again["created"], again["webhook"]["uri"]) == (False, made["webhook"]["uri"])
    assert "SECRET-IN-ADDRESS" not in first.out + first.err + second.out + second.err
    assert made["webhook"]["callback_url"] == "https://new.example.com/calendly?token=[redacted]"


def test_create_says_what_a_dry_run_would_do(run: Run) -> None:
    ran = run(*CREATE, "--dry-run", "-o", "json")

    assert json.loads(ran.out)["planned"] == "create"
    assert len(listed(run)) == 4


def test_another_one_with_this_address_is_a_conflict_until_it_is_replaced(run: Run) -> None:
    words = (*WEBHOOKS, "create", "--url", FAILING, "--event", "invitee.created", "--scope", "organization")

    refused = run(*words)
    replaced = run(*words, "--replace", "-o", "json")

    assert refused.status == 1
    assert "Calendly can't change a subscription" in refused.err
    assert "--replace" in refused.err
    assert json.loads(replaced.out)["replaced"]
    assert listed(run)[FAILING]["events"] == ["invitee.created"]


def test_a_disabled_one_is_not_taken_for_good(run: Run) -> None:
    words = (*WEBHOOKS, "create", "--url", DISABLED, "--event", "invitee.created", "--scope", "organization")

    assert run(*words).status == 1
    assert run(*words, "--replace").status == 0
    assert listed(run)[DISABLED]["state"] == "active"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--event", "invitee.create"), "Did you mean invitee.created?"),
        (("--event", "invitee.created", "--url", "http://x.example.com"), "without TLS"),
        (("--event", "meeting_recap.created"), "to subscriptions of the scope user only"),
        (("--event", "invitee.created", "--scope", "group"), "needs the group's URI"),
        (("--event", "invitee.created", "--url", "https://x.example.com/${NOT_SET}"), "NOT_SET"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    base = ("--url", NEW) if "--url" not in words else ()
    scope = ("--scope", "organization") if "--scope" not in words else ()
    # Were anything sent, this would fail in another way.
    ran = run(*WEBHOOKS, "create", *base, *scope, *words, env={"SUPOPS_DEMO_FAULTS": "calendly:500"})

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_a_newer_event_can_be_let_through(run: Run) -> None:
    words = ("create", "--url", NEW, "--event", "invitee.rescued", "--scope", "organization")

    assert run(*WEBHOOKS, *words, "--allow-unknown-event").status == 0


def test_what_is_missing_is_named_where_nobody_can_be_asked(run: Run) -> None:
    ran = run(*WEBHOOKS, "create", "--event", "invitee.created")

    assert ran.status == 2
    assert "--url, --scope is missing" in ran.err


def test_what_is_missing_is_asked_for_on_a_terminal(home: dict[str, str], tmp_path: Path) -> None:
    typed = f"{NEW}\n\n\n"

    status, screen = run_in_terminal((*WEBHOOKS, "create"), env=home, cwd=tmp_path, typed=typed)

    assert status == 0
    assert "Which, separated by commas [invitee.created,invitee.canceled]:" in screen
    assert "created" in screen


class TestSigningKey:
    def test_a_new_one_is_kept_for_its_owner_only_and_not_printed(self, run: Run, tmp_path: Path) -> None:
        ran = run(*CREATE, "--generate-signing-key", "--signing-key-file", "keys/calendly")

        file = tmp_path / "keys" / "calendly"
        assert ran.status == 0
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(file.read_text().strip()) >= 32
        assert file.read_text().strip() not in ran.out + ran.err
        assert "the new signing key is kept in the file keys/calendly" in ran.err

    def test_one_that_is_there_already_is_not_replaced(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("in use")

        ran = run(*CREATE, "--generate-signing-key", "--signing-key-file", "key")

        assert ran.status == 2
        assert (tmp_path / "key").read_text() == "in use"
        assert len(listed(run)) == 4

    def test_it_is_taken_back_when_nothing_was_created(self, run: Run, tmp_path: Path) -> None:
        faults = {"SUPOPS_DEMO_FAULTS": "calendly:500:method=POST:times=20"}

        ran = run(*CREATE, "--generate-signing-key", "--signing-key-file", "key", env=faults)

        assert ran.status == 1
        assert not (tmp_path / "key").exists()

    def test_it_is_not_given_to_one_that_is_there_already(self, run: Run, tmp_path: Path) -> None:
        run(*CREATE)

        ran = run(*CREATE, "--generate-signing-key", "--signing-key-file", "key")

        assert ran.status == 0
        assert "--replace gives it this one" in ran.err
        assert not (tmp_path / "key").exists()

    def test_from_a_variable(self, run: Run) -> None:
        ran = run(*CREATE, "--signing-key-env", "MY_KEY", env={"MY_KEY": "KEY-OF-MINE"})

        assert ran.status == 0
        assert "unsigned" not in ran.err
        assert "KEY-OF-MINE" not in ran.out + ran.err

    def test_from_a_variable_that_is_not_set(self, run: Run) -> None:
        assert run(*CREATE, "--signing-key-env", "MY_KEY").status == 4


def test_delete_asks_or_wants_to_be_told(run: Run, home: dict[str, str], tmp_path: Path) -> None:
    words = (*WEBHOOKS, "delete", "f0000003-0000-4000-8000-000000000000")

    assert run(*words).status == 2
    status, screen = run_in_terminal(words, env=home, cwd=tmp_path, typed="n\n")
    assert status == 1
    assert "nothing was changed" in screen
    assert DISABLED in listed(run)

    ran = run(*words, "--yes", "-o", "json")
    validate(json.loads(ran.out), "supops.webhook-deleted-1.json")
    assert DISABLED not in listed(run)


class TestSync:
    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        (tmp_path / "webhooks.yaml").write_text(DECLARED)
        return "webhooks.yaml"

    def test_the_plan(self, run: Run, file: str) -> None:
        ran = run(*WEBHOOKS, "sync", file, "--dry-run")

        assert ran.status == 0
        assert_golden("webhooks-sync-plan.txt", ran.out)
        assert len(listed(run)) == 4

    def test_it_is_carried_out_and_then_there_is_nothing_to_do(self, run: Run, file: str) -> None:
        first = json.loads(run(*WEBHOOKS, "sync", file, "--yes", "-o", "json").out)
        second = json.loads(run(*WEBHOOKS, "sync", file, "-o", "json").out)

        for document in (first, second):
            validate(document, "supops.webhook-sync-1.json")
        assert [item["outcome"] for item in first["items"] if item["outcome"]] == ["done", "done"]
        assert {item["verb"] for item in second["items"]} == {"keep", "leave"}
        assert len(listed(run)) == 5

    def test_what_is_not_declared_stays_unless_it_is_pruned(self, run: Run, file: str) -> None:
        ran = run(*WEBHOOKS, "sync", file, "--prune", "--yes")

        assert ran.status == 0
        assert set(listed(run)) == {"https://new.example.com/calendly?token=[redacted]", FAILING}

    def test_it_asks_before_anything_goes(self, run: Run, file: str) -> None:
        ran = run(*WEBHOOKS, "sync", file)

        assert ran.status == 2
        assert "--yes" in ran.err
        assert len(listed(run)) == 4

    def test_what_failed_is_reported_beside_what_was_done(self, run: Run, file: str) -> None:
        faults = {"SUPOPS_DEMO_FAULTS": "calendly:expired:method=DELETE"}

        ran = run(*WEBHOOKS, "sync", file, "--prune", "--yes", "-o", "json", env=faults)

        document = json.loads(ran.out)
        validate(document, "supops.webhook-sync-1.json")
        assert ran.status == 4
        outcomes = [item["outcome"] for item in document["items"] if item["outcome"]]
        assert outcomes == ["done", "failed", "not-tried", "not-tried", "not-tried"]

    def test_a_file_with_mistakes(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "webhooks.yaml").write_text("webhooks:\n  - url: https://x.example.com\n    event: []\n")

        ran = run(*WEBHOOKS, "sync", "webhooks.yaml")

        assert ran.status == 2
        assert "webhooks.yaml:3: there is no key event" in ran.err


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_a_sample_of_every_event(run: Run, event: str) -> None:
    ran = run(*WEBHOOKS, "sample", event)

    assert ran.status == 0
    assert json.loads(ran.out)["event"] == event
    assert "cancellations/e" not in ran.out


def test_a_sample_can_be_routed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text(run(*WEBHOOKS, "sample", "invitee.created").out)

    assert run("-q", "--demo", "calendly", "route", "sample.json").status == 0


def test_a_sample_of_no_event(run: Run) -> None:
    ran = run(*WEBHOOKS, "sample", "invitee.create")

    assert ran.status == 2
    assert "Did you mean invitee.created?" in ran.err


def test_a_wrong_token_is_exit_4(run: Run) -> None:
    ran = run(*WEBHOOKS, "list", env={"SUPOPS_DEMO_FAULTS": "calendly:expired"})

    assert (ran.status, ran.out) == (4, "")
    assert "Calendly" in ran.err
