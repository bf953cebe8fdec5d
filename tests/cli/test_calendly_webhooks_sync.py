"""``supops calendly webhooks sync`` as people and pipelines run it, on the embedded world."""

import json
from pathlib import Path

import pytest

from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.webhooks import FAILING, NEW, NEW_SHOWN, WEBHOOKS, listed
from tests.conftest import Run

pytestmark = pytest.mark.thorough

DECLARED = f"""webhooks:
  - url: {NEW}
    events: [invitee.created, invitee.canceled]
    scope: organization
  - url: {FAILING}
    events: [invitee.created]
    scope: organization
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "webhooks.yaml").write_text(DECLARED)
    return "webhooks.yaml"


def test_the_plan(run: Run, file: str) -> None:
    ran = run(*WEBHOOKS, "sync", file, "--dry-run")

    assert ran.status == 0
    assert_golden("webhooks-sync-plan.txt", ran.out)
    assert len(listed(run)) == 4


def test_it_is_carried_out_and_then_there_is_nothing_to_do(run: Run, file: str) -> None:
    first = json.loads(run(*WEBHOOKS, "sync", file, "--yes", "-o", "json").out)
    second = json.loads(run(*WEBHOOKS, "sync", file, "-o", "json").out)

    for document in (first, second):
        validate(document, "supops.webhook-sync-1.json")
    assert [item["outcome"] for item in first["items"] if item["outcome"]] == ["done", "done"]
    assert {item["verb"] for item in second["items"]} == {"keep", "leave"}
    assert len(listed(run)) == 5


def test_what_is_not_declared_stays_unless_it_is_pruned(run: Run, file: str) -> None:
    ran = run(*WEBHOOKS, "sync", file, "--prune", "--yes")

    assert ran.status == 0
    assert set(listed(run)) == {NEW_SHOWN, FAILING}


def test_it_asks_before_anything_goes(run: Run, file: str) -> None:
    ran = run(*WEBHOOKS, "sync", file)

    assert ran.status == 2
    assert "--yes" in ran.err
    assert len(listed(run)) == 4


def test_what_failed_is_reported_beside_what_was_done(run: Run, file: str) -> None:
    faults = {"SUPOPS_DEMO_FAULTS": "calendly:expired:method=DELETE"}

    ran = run(*WEBHOOKS, "sync", file, "--prune", "--yes", "-o", "json", env=faults)

    document = json.loads(ran.out)
    validate(document, "supops.webhook-sync-1.json")
    assert ran.status == 4
    outcomes = [item["outcome"] for item in document["items"] if item["outcome"]]
    assert outcomes == ["done", "failed", "not-tried", "not-tried", "not-tried"]


def test_a_file_with_mistakes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "webhooks.yaml").write_text("webhooks:\n  - url: https://x.example.com\n    event: []\n")

    ran = run(*WEBHOOKS, "sync", "webhooks.yaml")

    assert ran.status == 2
    assert "webhooks.yaml:3: there is no key event" in ran.err


def test_one_that_is_kept_although_it_fails_has_its_remedy(run: Run, tmp_path: Path) -> None:
    kept = DECLARED.replace(
        "[invitee.created]", "[invitee.created, invitee.canceled, invitee_no_show.created]"
    )
    (tmp_path / "webhooks.yaml").write_text(kept)

    ran = run(*WEBHOOKS, "sync", "webhooks.yaml", "--dry-run")

    assert "already as it should be; deliveries fail since" in ran.out


def test_what_else_could_not_be_listed_is_exit_5_after_the_work(run: Run, tmp_path: Path) -> None:
    own = "webhooks:\n  - {url: 'https://own.example.com/', events: [contact.created], scope: user}\n"
    (tmp_path / "webhooks.yaml").write_text(own)
    # As for a member who is no admin: the organisation's are refused.
    faults = {"SUPOPS_DEMO_FAULTS": "calendly:quota:path=/webhook_subscriptions:method=GET:times=1"}

    ran = run(*WEBHOOKS, "sync", "webhooks.yaml", "-o", "json", env=faults)

    document = json.loads(ran.out)
    validate(document, "supops.webhook-sync-1.json")
    assert ran.status == 5
    assert not document["complete"]
    assert "the subscriptions of the organization" in document["incomplete_reasons"][0]
    assert "not listed: the subscriptions of the organization" in ran.err
    assert "https://own.example.com/" in listed(run)


@pytest.mark.parametrize(
    "content", ["webhooks: []\nwebhooks: []\n", DECLARED + "    group: https://g.example.com/1\n"]
)
def test_what_makes_no_sense_in_a_file_changes_nothing(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "webhooks.yaml").write_text(content)

    ran = run(*WEBHOOKS, "sync", "webhooks.yaml", "--prune", "--yes")

    assert ran.status == 2
    assert "stands in line 1 already" in ran.err or "goes with the scope group only" in ran.err
    assert len(listed(run)) == 4


def test_a_key_that_is_not_there_ends_a_dry_run_as_well(run: Run, tmp_path: Path) -> None:
    (tmp_path / "webhooks.yaml").write_text(DECLARED)

    ran = run(*WEBHOOKS, "sync", "webhooks.yaml", "--signing-key-env", "NOPE", "--dry-run")

    assert (ran.status, ran.out) == (4, "")
