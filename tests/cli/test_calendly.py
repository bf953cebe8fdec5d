"""``supops calendly whoami`` and ``route`` as people and pipelines run them, on the embedded world."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest

from supops.sandbox.bookings import payload_files, payloads
from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Run

ROUTE = ("-q", "--demo", "calendly", "route")
GOOGLE = {"SUPOPS_CALENDARS__BACKEND": "google"}


def routed(run: Run, *words: str, **options: object) -> dict[str, object]:
    """Return the JSON of routing."""
    ran = run(*ROUTE, *words, "-o", "json", **options)
    assert ran.status == 0, ran.err
    document: dict[str, object] = json.loads(ran.out)
    validate(document, "supops.routing-1.json")
    return document


def test_whoami(run: Run) -> None:
    ran = run("--demo", "calendly", "whoami")

    assert ran.status == 0
    assert_golden("calendly-whoami.txt", ran.out)
    document = json.loads(run("--demo", "calendly", "whoami", "-o", "json").out)
    validate(document, "supops.calendly-account-1.json")
    assert document["account"]["role"] == "admin"


@pytest.mark.parametrize("name", sorted(payloads()))
def test_every_payload_of_the_embedded_world(run: Run, name: str) -> None:
    ran = run(*ROUTE, name)

    assert ran.status == (5 if name == "uncertain-host.json" else 0)
    assert_golden(f"route-{Path(name).stem}.txt", ran.out)


def test_on_a_terminal_of_80_columns(home: dict[str, str], tmp_path: Path) -> None:
    status, screen = run_in_terminal(
        ("-q", "--no-color", *ROUTE[1:], "us-government.json"), env=home, cwd=tmp_path
    )

    assert status == 0
    assert_golden("route-80-columns.txt", screen)


@pytest.mark.parametrize("backend", ["ics", "google"])
def test_the_decisions_and_what_is_done(run: Run, backend: str) -> None:
    env = {"SUPOPS_CALENDARS__BACKEND": backend}
    done = {
        name: (document["decision"], document["action"])
        for name in (
            "us-government",
            "global",
            "global-by-name",
            "neither",
            "several-1",
            "several-2",
            "several-1-canceled",
            "canceled",
            "rescheduled-3-created",
            "rescheduled-1-created",
            "rescheduled-2-canceled",
            "no-show",
        )
        for document in [routed(run, f"{name}.json", env=env)]
    }

    assert done == {
        "us-government": ("us-government", "inserted"),
        "global": ("global", "inserted"),
        "global-by-name": ("global", "inserted"),
        "neither": ("none", "none"),
        "several-1": ("global", "inserted"),
        "several-2": ("global", "updated"),
        "several-1-canceled": ("global", "updated"),
        "canceled": ("global", "deleted"),
        "rescheduled-3-created": ("global", "inserted"),
        "rescheduled-1-created": ("global", "unchanged"),
        "rescheduled-2-canceled": ("global", "unchanged"),
        "no-show": ("none", "none"),
    }


def test_a_dry_run_shows_the_same_and_changes_nothing(run: Run, home: dict[str, str]) -> None:
    planned = routed(run, "global.json", "--dry-run")
    assert not (Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "calendars").exists()
    done = routed(run, "global.json")

    assert (planned["action"], planned["planned"]) == ("planned", "inserted")
    assert planned["changes"] == done["changes"]
    assert done["action"] == "inserted"


def test_uncertain_is_exit_5_with_the_reason(run: Run) -> None:
    ran = run(*ROUTE, "uncertain-host.json", "-o", "json")

    document = json.loads(ran.out)
    validate(document, "supops.routing-1.json")
    assert ran.status == 5
    assert (document["decision"], document["complete"]) == ("none", False)
    assert "new-hire.yaml" in " ".join(document["incomplete_reasons"])


def test_a_payload_from_standard_input_and_from_the_pipelines_variable(run: Run, tmp_path: Path) -> None:
    payload = payload_files()["global.json"].decode()
    (tmp_path / "trigger").write_text(payload)

    assert routed(run, "-", stdin=payload)["action"] == "inserted"
    assert routed(run, env={"TRIGGER_PAYLOAD": "trigger"})["action"] == "unchanged"


def test_as_csv(run: Run) -> None:
    [row] = csv.DictReader(StringIO(run(*ROUTE, "global.json", "-o", "csv").out))

    assert (row["decision"], row["action"], row["calendar"]) == ("global", "inserted", "GitLab Support")


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("", "The payload is empty."),
        ("  \n", "The payload is empty."),
        ("<html>", "The payload is not JSON"),
        ("[]", "the whole should be an object, and is a list"),
        ('{"event": "invitee.created"}', "created_at is missing"),
        ('{"event": 7}', "event should be text, and is a number"),
    ],
)
def test_a_payload_that_makes_no_sense_is_exit_2(run: Run, payload: str, words: str) -> None:
    ran = run(*ROUTE, "-", stdin=payload)

    assert (ran.status, ran.out) == (2, "")
    assert words in ran.err
    assert "webhooks sample invitee.created" in ran.err


def test_ten_megabytes_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "big.json").write_text(" " * 10_000_000)

    ran = run(*ROUTE, "big.json")

    assert ran.status == 2
    assert "larger than 1 MiB" in ran.err


@pytest.mark.parametrize("name", ["nothing.json", "x" * 300])
def test_a_payload_that_is_not_there(run: Run, name: str) -> None:
    ran = run(*ROUTE, name)

    assert ran.status == 2
    assert "can't be read" in ran.err


def test_no_payload_at_all(run: Run) -> None:
    ran = run(*ROUTE)

    assert ran.status == 2
    assert "There is no payload." in ran.err
    assert "TRIGGER_PAYLOAD" in ran.err


def test_confirmed_with_calendly(run: Run, tmp_path: Path) -> None:
    forged = payloads()["global.json"]
    forged["payload"]["scheduled_event"]["name"] = "Support, forged"  # type: ignore[index]
    (tmp_path / "forged.json").write_text(json.dumps(forged))

    document = routed(run, "forged.json", "--confirm-with-calendly")

    assert document["scheduled_event"]["name"] == "Support onboarding"  # type: ignore[index]


def test_a_payload_about_an_event_that_calendly_does_not_know(run: Run, tmp_path: Path) -> None:
    forged = payloads()["global.json"]
    forged["payload"]["scheduled_event"]["uri"] += "-forged"  # type: ignore[index]
    (tmp_path / "forged.json").write_text(json.dumps(forged))

    ran = run(*ROUTE, "forged.json", "--confirm-with-calendly")

    assert ran.status == 1
    assert "it may be forged, or of another organisation" in ran.err


def test_an_entry_deleted_by_hand_stays_deleted_until_it_is_restored(run: Run, home: dict[str, str]) -> None:
    routed(run, "global.json")
    file = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "calendars" / "global.ics"
    file.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//else//EN\r\nEND:VCALENDAR\r\n")

    kept_out = routed(run, "global.json")
    restored = routed(run, "global.json", "--restore")

    assert kept_out["action"] == "unchanged"
    assert "--restore" in str(kept_out["note"])
    assert restored["action"] == "inserted"


def test_a_calendar_that_is_not_shared(run: Run) -> None:
    ran = run(*ROUTE, "global.json", env=GOOGLE | {"SUPOPS_DEMO_FAULTS": "google-calendar:empty"})

    assert (ran.status, ran.out) == (1, "")
    assert "does not know the calendar GitLab Support" in ran.err
    assert "Share the calendar with" in ran.err


def test_limits_of_google_are_waited_for(run: Run) -> None:
    faults = {"SUPOPS_DEMO_FAULTS": "google-calendar:quota:times=1"}

    ran = run("--demo", "calendly", "route", "neither.json", env=GOOGLE | faults)

    assert ran.status == 0
    assert "Google's limit" in ran.err


def test_an_unknown_backend_is_named(run: Run) -> None:
    ran = run(*ROUTE, "global.json", env={"SUPOPS_CALENDARS__BACKEND": "outlook"})

    assert ran.status == 2
    assert "calendars.backend should be ics or google, and is 'outlook'" in ran.err


def test_without_calendars_it_says_which_setting_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "supops.yaml").write_text("roster: {path: team}\n")
    (tmp_path / "global.json").write_bytes(payload_files()["global.json"])

    ran = run("calendly", "route", "global.json")

    assert ran.status == 2
    assert "Add calendars.global.id" in ran.err


def test_a_file_that_cant_be_written_is_refused_before_anything_is_done(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")

    for file in (tmp_path, tmp_path / "taken" / "result.json", Path("/proc/result.json"), Path("x" * 300)):
        ran = run(*ROUTE, "global.json", "-f", str(file))
        assert (ran.status, ran.out) == (1, "")
        assert f"{file} can't be written" in ran.err
    assert routed(run, "global.json")["action"] == "inserted"


@pytest.mark.parametrize("backend", ["ics", "google"])
def test_broken_calendars_of_the_embedded_world_name_what_mends_them(run: Run, backend: str) -> None:
    env = {"SUPOPS_CALENDARS__BACKEND": backend}
    run("--demo", "demo", "break", "calendar")

    ran = run("--demo", "calendly", "route", "-", env=env, stdin=json.dumps(payloads()["us-government.json"]))

    assert ran.status == (1 if backend == "ics" else 4)
    assert "`supops demo mend calendar`" in ran.err
