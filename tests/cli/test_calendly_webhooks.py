"""``supops calendly webhooks`` as people and pipelines run it, on the embedded world."""

import json
import re
from pathlib import Path

import pytest

from supops.models.subscriptions import EVENTS
from tests.cli.golden import assert_golden, scrub_minutes
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.cli.webhooks import (
    ASKED,
    CREATE,
    DISABLED,
    FAILING,
    GROUP,
    NEW,
    NEW_SHOWN,
    REPLACE,
    WEBHOOKS,
    listed,
    world,
)
from tests.conftest import Run

PATH = "/webhook_subscriptions"


def test_list_through_a_pipe(run: Run) -> None:
    ran = run(*WEBHOOKS, "list")

    assert ran.status == 0
    assert ran.err == "a group's subscriptions can only be listed for a named group: --group URI adds them\n"
    assert_golden("webhooks-list.txt", scrub_minutes(ran.out))


def test_list_on_a_terminal_of_80_columns(home: dict[str, str], tmp_path: Path) -> None:
    status, screen = run_in_terminal(("--no-color", *WEBHOOKS, "list"), env=home, cwd=tmp_path)

    assert status == 0
    assert_golden("webhooks-list-80-columns.txt", scrub_minutes(screen))


def test_those_in_trouble_have_a_remedy(run: Run) -> None:
    there = listed(run)

    assert "--replace" in str(there[DISABLED]["remedy"])
    assert "mend the receiver before 20" in str(there[FAILING]["remedy"])
    assert [one["remedy"] for url, one in there.items() if url not in (DISABLED, FAILING)] == [None, None]


@pytest.mark.parametrize(("scope", "count"), [("organization", 3), ("user", 1), ("all", 4)])
def test_one_scope(run: Run, scope: str, count: int) -> None:
    document = json.loads(run(*WEBHOOKS, "list", "--scope", scope, "-o", "json").out)

    assert len(document["webhooks"]) == count
    assert document["scopes"] == (["organization", "user"] if scope == "all" else [scope])


def test_a_group_that_is_named_is_listed_too(run: Run) -> None:
    words = ("--event", "invitee.created", "--scope", "group", "--group", GROUP)
    assert run(*WEBHOOKS, "create", "--url", NEW, *words).status == 0

    ran = run(*WEBHOOKS, "list", "--group", GROUP, "-o", "json")

    document = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert document["scopes"] == ["organization", "user", "group"]
    assert document["webhooks"][-1]["group"] == GROUP
    assert NEW_SHOWN not in listed(run)


def test_a_list_that_lacks_a_scope_is_exit_5(run: Run) -> None:
    # As for a member who is no admin: the organisation's are refused.
    ran = run(
        *WEBHOOKS, "list", "-o", "json", env={"SUPOPS_DEMO_FAULTS": f"calendly:quota:path={PATH}:times=1"}
    )

    document = json.loads(ran.out)
    validate(document, "supops.webhook-subscriptions-1.json")
    assert ran.status == 5
    assert not document["complete"]
    assert "warning: not listed: the subscriptions of the organization" in ran.err
    assert [one["scope"] for one in document["webhooks"]] == ["user"]


def test_a_scope_that_breaks_off_is_an_error_and_no_short_list(run: Run) -> None:
    faults = {"SUPOPS_DEMO_FAULTS": "calendly:500:path=/webhook_subscriptions:after=1"}

    ran = run(*WEBHOOKS, "list", "-o", "json", env=faults)

    assert (ran.status, ran.out) == (1, "")
    assert "Calendly failed" in ran.err


def test_show(run: Run) -> None:
    ran = run(*WEBHOOKS, "show", "f0000002-0000-4000-8000-000000000000")

    assert ran.status == 0
    assert_golden("subscription-show.txt", scrub_minutes(ran.out).replace("2026-06-01 12:00 UTC", "<time>"))


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


def test_a_scope_that_cannot_be_listed_is_not_taken_for_empty(run: Run, home: dict[str, str]) -> None:
    ran = run(*CREATE, env={"SUPOPS_DEMO_FAULTS": f"calendly:quota:path={PATH}:method=GET:times=1"})

    assert (ran.status, ran.out) == (4, "")
    assert "Without seeing what there is of the organization, nothing can be decided" in ran.err
    assert "webhooks:read" in ran.err
    assert NEW_SHOWN not in listed(run)


def test_create_says_what_a_dry_run_would_do(run: Run) -> None:
    ran = run(*CREATE, "--dry-run", "-o", "json")

    document = json.loads(ran.out)
    assert (document["planned"], document["mirrored"]) == ("create", None)
    assert len(listed(run)) == 4


def test_another_one_with_this_address_is_a_conflict_until_it_is_replaced(run: Run) -> None:
    words = (*WEBHOOKS, "create", "--url", FAILING, "--event", "invitee.created", "--scope", "organization")

    refused = run(*words)
    unanswered = run(*words, "--replace")
    assert unanswered.status == 2
    assert "invitee_no_show.created" in str(listed(run)[FAILING]["events"])
    assert "Add --yes to do it." in unanswered.err
    replaced = run(*words, "--replace", "--yes", "-o", "json")

    assert refused.status == 1
    assert "Calendly can't change a subscription" in refused.err
    assert "--replace" in refused.err
    assert json.loads(replaced.out)["replaced"]
    assert listed(run)[FAILING]["events"] == ["invitee.created"]


def test_a_disabled_one_is_not_taken_for_good(run: Run) -> None:
    words = (*WEBHOOKS, "create", "--url", DISABLED, "--event", "invitee.created", "--scope", "organization")

    assert run(*words).status == 1
    assert run(*words, "--replace", "--yes").status == 0
    assert listed(run)[DISABLED]["state"] == "active"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--event", "invitee.create"), "Did you mean invitee.created?"),
        (("--event", "invitee.created", "--url", "http://x.example.com"), "without TLS"),
        (("--event", "meeting_recap.created"), "to subscriptions of the scope user only"),
        (("--event", "invitee.created", "--scope", "group"), "needs the group's URI"),
        (("--event", "invitee.created", "--group", GROUP), "goes with the scope group only"),
        (("--event", "invitee.created", "--signing-key-file", "key"), "--generate-signing-key"),
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


def asked(home: dict[str, str], cwd: Path, *words: str, typed: str) -> tuple[int, str]:
    """Return how `create` ended, and what the terminal showed, without the escape sequences."""
    status, screen = run_in_terminal(
        ("--no-color", *WEBHOOKS, "create", *words), env=home, cwd=cwd, typed=typed
    )
    return status, re.sub(r"\x1b\[[0-9;]*m", "", screen)


def test_what_is_missing_is_asked_for_on_a_terminal(home: dict[str, str], tmp_path: Path) -> None:
    status, screen = asked(home, tmp_path, typed=f"{NEW}\n\n\n")

    assert status == 0
    assert "Which, separated by commas [invitee.created,invitee.canceled]:" in screen
    made = world(home)[NEW]
    assert (made["events"], made["scope"]) == (["invitee.created", "invitee.canceled"], "organization")


def test_what_was_typed_wrongly_is_asked_for_again(home: dict[str, str], tmp_path: Path) -> None:
    typed = f"{NEW}\ninvitee.create\ncontact.created\nteam\ngroup\n{GROUP}\n"

    status, screen = asked(home, tmp_path, typed=typed)

    assert status == 0
    assert "Did you mean invitee.created?" in screen
    assert "For these events the scope is organization or user or group." in screen
    made = world(home)[NEW]
    assert (made["events"], made["scope"], made["group"]) == (["contact.created"], "group", GROUP)


def test_the_scope_that_is_asked_for_is_one_that_the_events_may_have(
    home: dict[str, str], tmp_path: Path
) -> None:
    words = ("--url", NEW, "--event", "meeting_recap.created")

    status, screen = asked(home, tmp_path, *words, typed="organization\n\n")

    assert status == 0
    assert "For these events the scope is user." in screen
    assert world(home)[NEW]["scope"] == "user"


def test_who_ends_at_a_question_has_interrupted(home: dict[str, str], tmp_path: Path) -> None:
    status, screen = asked(home, tmp_path, typed="\x04")

    assert status == 130
    assert "interrupted" in screen


@pytest.mark.parametrize(
    ("words", "typed", "status", "is_asked"),
    [
        ((), "n\n", 1, True),
        ((), "y\n", 0, True),
        (("--yes",), "", 0, False),
        (("--dry-run",), "", 0, False),
    ],
)
def test_a_replacement_asks_on_a_terminal(
    home: dict[str, str], tmp_path: Path, words: tuple[str, ...], typed: str, status: int, is_asked: bool
) -> None:
    options = ("--url", FAILING, *ASKED, "--replace", *words)

    ended, screen = asked(home, tmp_path, *options, typed=typed)

    assert ended == status
    assert ("Replace f0000002" in screen) == is_asked
    assert ("nothing was changed" in screen) == (status == 1 or "--dry-run" in words)
    file = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json"
    is_replaced = file.exists() and world(home)[FAILING]["events"] == ["invitee.created"]
    assert is_replaced == (status == 0 and "--dry-run" not in words)


def test_a_failed_replacement_can_be_made_good_from_what_is_shown(run: Run) -> None:
    # The new one is refused, and so is putting back the old one.
    ran = run(*REPLACE, "-o", "json", env={"SUPOPS_DEMO_FAULTS": "calendly:expired:method=POST"})

    document = json.loads(ran.out)
    validate(document, "supops.webhook-created-1.json")
    assert ran.status == 4
    assert (document["webhook"], document["created"], document["replaced"]) == (None, False, None)
    assert "invitee.no_show" not in document["problem"]
    assert set(document["before"]["events"]) == {
        "invitee.created",
        "invitee.canceled",
        "invitee_no_show.created",
    }
    for said in (document["problem"], ran.err):
        assert f"nothing is delivered to {FAILING} now" in said
        assert "invitee.created, invitee.canceled, invitee_no_show.created and the scope organization" in said
    assert "--event invitee_no_show.created --scope organization" in ran.err
    assert FAILING not in listed(run)


@pytest.mark.parametrize("kind", ["504", "html", "reset", "truncated"])
@pytest.mark.parametrize("words", [CREATE, REPLACE], ids=["create", "replace"])
def test_what_was_created_although_the_answer_failed_is_found(
    run: Run, kind: str, words: tuple[str, ...]
) -> None:
    faults = f"calendly:{kind}:method=POST:acts=1:times=1"

    ran = run(*words, "-o", "json", env={"SUPOPS_DEMO_FAULTS": faults})

    assert ran.status == 0
    assert json.loads(ran.out)["created"]
    assert "the answer was lost, but the subscription was created" in ran.err


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


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_a_sample_of_every_event(run: Run, event: str) -> None:
    ran = run(*WEBHOOKS, "sample", event)

    assert ran.status == 0
    assert json.loads(ran.out)["event"] == event
    assert all(secret not in ran.out for secret in ("cancellations/e", "demo-meeting-password"))


def test_a_sample_for_a_group(run: Run) -> None:
    assert run(*WEBHOOKS, "sample", "invitee.created", "--group", GROUP).status == 0


def test_a_sample_of_a_newer_event_is_asked_for(run: Run) -> None:
    ran = run(*WEBHOOKS, "sample", "invitee.rescued", "--allow-unknown-event")

    assert ran.status == 1
    assert "Calendly refused to show a sample of the event (400)" in ran.err


def test_a_sample_can_be_routed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text(run(*WEBHOOKS, "sample", "invitee.created").out)

    assert run("-q", "--demo", "calendly", "route", "sample.json").status == 0


def test_a_sample_of_no_event(run: Run) -> None:
    ran = run(*WEBHOOKS, "sample", "invitee.create")

    assert ran.status == 2
    assert "Did you mean invitee.created?" in ran.err


@pytest.mark.parametrize(
    ("scope", "says"), [("organization", "of the scope user only"), ("group", "needs the group's URI")]
)
def test_a_sample_of_a_scope_that_the_event_has_not(run: Run, scope: str, says: str) -> None:
    ran = run(*WEBHOOKS, "sample", "meeting_recap.created", "--scope", scope)

    assert ran.status == 2
    assert says in ran.err


def test_a_wrong_token_is_exit_4(run: Run) -> None:
    ran = run(*WEBHOOKS, "list", env={"SUPOPS_DEMO_FAULTS": "calendly:expired"})

    assert (ran.status, ran.out) == (4, "")
    assert "Calendly" in ran.err
