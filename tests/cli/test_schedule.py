"""``supops schedule`` and ``supops webhooks compare`` as people run them, on the embedded world."""

import csv
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import Claim, Filter, NewDelivery, Outcome, Process, ScheduleSwitch, State
from supops.services.scheduling import SCHEDULES
from tests.cli.schemas import validate
from tests.conftest import ROOT, Ran, Run

PAYLOAD = ROOT / "tests" / "payloads" / "global.json"


def report(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


@pytest.fixture
def inbox(home: dict[str, str]) -> SqlInbox:
    """The embedded world's store of deliveries."""
    return SqlInbox(SqliteDatabase(Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "inbox.db"))


def test_list_tells_what_there_is(run: Run) -> None:
    ran = run("--demo", "schedule", "list", "-o", "json")

    document = report(ran)
    validate(document, "supops.schedules-1.json")
    schedules = {one["name"]: one for one in document["schedules"]}
    assert list(schedules) == [one.name for one in SCHEDULES]
    assert schedules["compare"]["enabled"]
    assert schedules["compare"]["next"]
    assert not schedules["quarterly-audit"]["enabled"]
    assert "no worker takes part" in ran.err
    rows = list(csv.DictReader(StringIO(run("--demo", "schedule", "list", "-o", "csv").out)))
    assert {row["state"] for row in rows} <= {"on", "off", "not in this version"}
    assert rows[0]["when"] == "first day of a quarter, 06:00 UTC"


def test_only_workers_run_schedules_and_only_those_that_were_seen_lately(run: Run, inbox: SqlInbox) -> None:
    now = datetime.now(UTC)
    inbox.seen(Process("receiver", "receiver", now))
    inbox.seen(Process("killed", "worker", now - timedelta(hours=2)))
    without = run("--demo", "schedule", "list")
    inbox.seen(Process("worker", "worker", now))
    with_one = run("--demo", "schedule", "list")

    assert "no worker takes part" in without.err
    assert "no worker takes part" not in with_one.err


def test_enable_and_disable(run: Run) -> None:
    words = ("--demo", "schedule")
    dry = run(*words, "enable", "token-audit", "--dry-run")
    planned = run(*words, "enable", "token-audit", "--dry-run", "-o", "json")
    on = run(*words, "enable", "token-audit", "-o", "json")
    again = run(*words, "enable", "token-audit")
    off = run(*words, "disable", "token-audit", "-o", "json")

    assert "would be switched on" in dry.err
    assert "off, planned: on" in dry.out
    validate(report(planned), "supops.schedules-1.json")
    (schedule,) = report(planned)["schedules"]
    assert (schedule["enabled"], schedule["planned_enabled"]) == (False, True)
    validate(report(on), "supops.schedules-1.json")
    (schedule,) = report(on)["schedules"]
    assert (schedule["enabled"], schedule["next"]["slot"] > schedule["since"]) == (True, True)
    assert "is on already" in again.err
    assert not report(off)["schedules"][0]["enabled"]
    assert {one.status for one in (dry, on, again, off)} == {0}


def test_a_slot_is_run_once(run: Run, tmp_path: Path) -> None:
    words = ("--demo", "schedule", "run", "compare")
    planned = run(*words, "--dry-run", "-o", "json")
    first = run(*words, "-f", str(tmp_path / "first.json"), "-o", "json")
    second = run(*words, "-o", "json")

    written = json.loads((tmp_path / "first.json").read_text())
    for document in (report(planned), written, report(second)):
        validate(document, "supops.schedule-run-1.json")
    assert (report(planned)["would_run"], report(planned)["state"]) == (True, None)
    assert (written["ran"], written["state"], written["exit_status"]) == (True, "done", 0)
    assert "compared with the team calendars" in written["stdout"]
    assert not report(second)["ran"]
    assert "was not run again; --again runs it" in second.err
    assert {one.status for one in (planned, first, second)} == {0}


def test_a_slot_that_fails(run: Run, inbox: SqlInbox) -> None:
    env = {"SUPOPS_DEMO_FAULTS": "gitlab:expired"}

    without = run("--demo", "schedule", "run", "token-audit", env=env)
    inbox.seen(Process("worker", "worker", datetime.now(UTC)))
    ran = run("--demo", "schedule", "run", "token-audit", "-o", "json", env=env)

    assert (without.status, "a worker tries it again" in without.err) == (1, False)
    assert "no worker was seen in the last minute" in without.err

    validate(report(ran), "supops.schedule-run-1.json")
    assert (ran.status, report(ran)["state"], report(ran)["exit_status"]) == (1, "pending", None)
    assert "`supops audit tokens --file-issue` ended with exit status 4" in report(ran)["error"]
    assert "a worker tries it again" in ran.err


def test_names_that_there_are_not(run: Run) -> None:
    for words in (("run", "compar"), ("disable", "compar")):
        ran = run("--demo", "schedule", *words)
        assert (ran.status, ran.out) == (2, "")
        assert "Did you mean compare?" in ran.err
    assert "is not due before" in run("--demo", "schedule", "run", "quarterly-audit:2099Q1").err


def test_a_worker_begins_and_runs_what_is_due(home: dict[str, str], inbox: SqlInbox, tmp_path: Path) -> None:
    before = datetime.now(UTC) - timedelta(days=2)
    for one in SCHEDULES:
        inbox.switch(ScheduleSwitch(one.name, enabled=one.name == "compare", changed_at=before))
    words = [sys.executable, "-m", "supops", "--demo", "webhooks", "worker"]
    with subprocess.Popen(words, env=home, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stderr is not None
        try:
            lines = list(takewhile(lambda line: "<--" not in line, worker.stderr))
        finally:
            worker.terminate()
            worker.stderr.read()

    (delivery,) = inbox.page(Filter(source="schedule"), limit=9)
    assert (delivery.event, delivery.state, delivery.outcome) == ("compare", State.DONE, "exit 0")
    assert any("compare" in line for line in lines)
    assert worker.returncode == 0


def stored(inbox: SqlInbox, body: bytes, about: str) -> None:
    """A delivery that is done, as far as the store knows."""
    now = datetime.now(UTC)
    new = NewDelivery(
        source="calendly",
        key=about,
        lock_key=about,
        event="invitee.created",
        body=body,
        headers={},
        received_at=now,
    )
    (identity,) = inbox.add([new])
    assert identity is not None
    claim = inbox.begin(identity, worker="one", now=now, lease=timedelta(minutes=1), tries=3)
    assert isinstance(claim, Claim)
    inbox.finish(claim, Outcome("inserted"), now=now)


def test_compare_mends_what_is_different(run: Run, inbox: SqlInbox) -> None:
    body = PAYLOAD.read_bytes()
    booking = json.loads(body)["payload"]["scheduled_event"]["uri"]
    stored(inbox, body, booking)
    words = ("--demo", "webhooks", "compare", "-o", "json")

    planned, mended, after = run(*words, "--dry-run"), run(*words), run(*words, "--since", "1h")

    for one in (planned, mended, after):
        validate(report(one), "supops.comparison-1.json")
    assert [one.status for one in (planned, mended, after)] == [3, 0, 0]
    (difference,) = report(mended)["differences"]
    assert (difference["entry"], difference["booking"], difference["before"]) == ("missing", booking, None)
    assert report(planned)["differences"] == [difference]
    assert (report(after)["differences"], report(after)["counts"]["bookings"]) == ([], 1)
    assert run("--demo", "webhooks", "compare", "--since", "soon").status == 2


def test_compare_says_what_it_could_not_read(run: Run, inbox: SqlInbox) -> None:
    stored(inbox, b"{", "x")

    ran = run("--demo", "webhooks", "compare", "-o", "json")

    validate(report(ran), "supops.comparison-1.json")
    assert (ran.status, report(ran)["complete"]) == (5, False)
    assert "incomplete: x: The payload is not JSON" in ran.err
    assert (
        "INCOMPLETE: 1 booking could not be compared" in run("--demo", "webhooks", "compare", "--dry-run").out
    )
