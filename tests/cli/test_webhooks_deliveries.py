"""``supops webhooks deliveries, show, export, replay, discard, prune`` as people run them."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import Claim, Filter, NewDelivery, Outcome, Process, State
from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.conftest import ROOT, Ran, Run

WEBHOOKS = ("webhooks",)
DEMO = ("--demo", "webhooks")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PAYLOAD = (ROOT / "tests" / "payloads" / "global.json").read_bytes()
ODD = "odd \x1b[31m\u202e event"


def report(ran: Ran, schema: str = "") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    if schema:
        validate(document, f"supops.{schema}-1.json")
    return document


@pytest.fixture
def home(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment whose store is a file of its own; without the embedded world, which takes longer to start."""
    return home | {"SUPOPS_QUEUE__PATH": str(tmp_path / "inbox.db")}


@pytest.fixture
def inbox(home: dict[str, str]) -> SqlInbox:
    """The store of deliveries."""
    return SqlInbox(SqliteDatabase(Path(home["SUPOPS_QUEUE__PATH"])))


@pytest.fixture
def demo(home: dict[str, str]) -> SqlInbox:
    """The embedded world's store of deliveries."""
    return SqlInbox(SqliteDatabase(Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "inbox.db"))


def stored(
    inbox: SqlInbox,
    number: int,
    *,
    event: str = "invitee.created",
    body: bytes = PAYLOAD,
    at: datetime | None = None,
    source: str = "calendly",
) -> int:
    new = NewDelivery(
        source=source,
        key=f"key {number}",
        lock_key=f"https://api.calendly.com/scheduled_events/{number}",
        event=event,
        body=body,
        headers={"content-type": "application/json", "user-agent": "Calendly"},
        received_at=at or NOW + number * SECOND,
    )
    (identity,) = inbox.add([new])
    assert identity is not None
    return identity


def begun(inbox: SqlInbox, identity: int, *, at: datetime = NOW) -> Claim:
    claim = inbox.begin(identity, worker="host:1:a", now=at, lease=timedelta(seconds=30), tries=3)
    assert isinstance(claim, Claim)
    return claim


def one_of_each(inbox: SqlInbox) -> list[int]:
    """Store a delivery in each state: done, waiting after an error, dead, discarded, running, new."""
    done, failed, dead, discarded, running, new = (stored(inbox, number) for number in range(6))
    later = NOW + 10 * SECOND
    routing = json.loads((ROOT / "tests" / "cli" / "golden" / "routing.json").read_text())
    inbox.finish(
        begun(inbox, done, at=later),
        Outcome("inserted in GitLab Support", json.dumps(routing)),
        now=later + SECOND,
    )
    inbox.fail(
        begun(inbox, failed, at=later),
        "Google Calendar fails (503)",
        now=later,
        next_at=NOW + timedelta(minutes=1),
    )
    error = "The calendar ?token=[redacted] is gone \x1b[31m\u202e"
    inbox.fail(begun(inbox, dead, at=later), error, now=later, next_at=None)
    inbox.discard(discarded, "a test", now=later)
    begun(inbox, running, at=later)
    return [done, failed, dead, discarded, running, new]


def test_list(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)

    table, document = run(*WEBHOOKS, "deliveries"), run(*WEBHOOKS, "deliveries", "-o", "json")

    assert_golden("webhooks-deliveries.txt", table.out)
    listed = report(document, "deliveries")
    assert [one["state"] for one in listed["deliveries"]] == [
        *("pending", "running", "discarded", "dead", "pending", "done")
    ]
    assert (listed["next_before"], table.err, document.err) == (None, "", "")
    rows = list(csv.DictReader(StringIO(run(*WEBHOOKS, "deliveries", "-o", "csv").out)))
    assert [row["id"] for row in rows] == ["6", "5", "4", "3", "2", "1"]
    assert "| 3 |" in run(*WEBHOOKS, "deliveries", "-o", "markdown").out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--status", "dead"), [3]),
        (("--event", "invitee.created", "--source", "zendesk"), []),
        (("--booking", "https://api.calendly.com/scheduled_events/3"), [4]),
        (("--since", "2026-11-26T14:00:04+02:00"), [6, 5]),
        (("--until", "2026-11-26T12:00:02Z"), [2, 1]),
        (("--since", "2000-01-01", "--until", "2000-01-02"), []),
        (("--booking", "d0000002-0000-4000-8000-000000000000"), []),
        (("--event", "invitee.creatd"), []),
        (("--before", "3"), [2, 1]),
    ],
)
def test_filters(run: Run, inbox: SqlInbox, words: tuple[str, ...], expected: list[int]) -> None:
    one_of_each(inbox)

    ran = run(*WEBHOOKS, "deliveries", *words, "-o", "json")

    assert [one["id"] for one in report(ran, "deliveries")["deliveries"]] == expected
    assert ("there are no such deliveries" in ran.err) == (not expected)


def test_a_list_is_never_cut_short_silently(run: Run, inbox: SqlInbox) -> None:
    for number in range(103):
        stored(inbox, number)

    first = run(*WEBHOOKS, "deliveries", "-o", "json")
    document = report(first, "deliveries")
    rest = report(run(*WEBHOOKS, "deliveries", "--before", "4", "-o", "json"), "deliveries")

    assert (len(document["deliveries"]), document["next_before"]) == (100, 4)
    assert "there are more: --all lists all, --before 4 goes on where this list ends" in first.err
    assert [one["id"] for one in rest["deliveries"]] == [3, 2, 1]


@pytest.mark.parametrize("output", ["table", "json", "csv", "markdown"])
def test_a_long_list_is_written_page_by_page(run: Run, inbox: SqlInbox, output: str, tmp_path: Path) -> None:
    many = [
        NewDelivery(
            source="calendly",
            key=f"k{number}",
            lock_key=f"l{number}",
            event=ODD,
            body=b"{}",
            headers={},
            received_at=NOW,
        )
        for number in range(1203)
    ]
    inbox.add(many)

    ran = run(*WEBHOOKS, "deliveries", "--all", "-o", output)
    run(*WEBHOOKS, "deliveries", "--all", "-o", output, "-f", str(tmp_path / "out"))

    assert (ran.status, ran.err) == (0, "")
    assert (tmp_path / "out").read_bytes().decode() == ran.out
    assert "\x1b" not in ran.out
    assert "\u202e" not in ran.out
    if output == "json":
        assert [one["id"] for one in report(ran, "deliveries")["deliveries"]] == list(range(1203, 0, -1))
    else:
        assert len(ran.out.splitlines()) == 1203 + (1 if output == "csv" else 2)


def test_show(run: Run, inbox: SqlInbox) -> None:
    done, _, dead, *_ = one_of_each(inbox)

    shown, document = run(*WEBHOOKS, "show", str(done)), run(*WEBHOOKS, "show", str(done), "-o", "json")
    gone = report(run(*WEBHOOKS, "show", str(dead), "-o", "json"), "delivery")

    assert_golden("webhooks-show.txt", shown.out)
    whole = report(document, "delivery")
    assert whole["result"]["decision"] == "global"
    validate(whole["result"], "supops.routing-1.json")
    assert whole["body"]["payload"]["cancel_url"] == "[redacted]"
    for text in (shown.out, document.out):
        assert "demo-meeting-password" not in text
        assert "cancellations/e0" not in text
    assert "supops webhooks replay 3" in gone["remedy"]
    assert "supops webhooks replay 3" in run(*WEBHOOKS, "show", "3").out
    assert "\x1b" not in run(*WEBHOOKS, "show", "3").out
    assert run(*WEBHOOKS, "show", "3", "-o", "markdown").status == 0
    rows = {
        row["key"]: row["value"]
        for row in csv.DictReader(StringIO(run(*WEBHOOKS, "show", "1", "-o", "csv").out))
    }
    assert (rows["headers.user-agent"], rows["history[0].worker"]) == ("Calendly", "host:1:a")
    assert (rows["result.decision"], rows["body.payload.cancel_url"]) == ("global", "[redacted]")


def test_show_tells_which_try_is_of_which_replay(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)
    inbox.replay([3], now=NOW)
    waiting = report(run(*WEBHOOKS, "show", "3", "-o", "json"), "delivery")
    inbox.finish(begun(inbox, 3, at=NOW + timedelta(hours=1)), Outcome("x"), now=NOW)

    again = report(run(*WEBHOOKS, "show", "3", "-o", "json"), "delivery")

    assert (waiting["state"], waiting["outcome"], waiting["error"]) == ("pending", None, None)
    assert "is gone" in waiting["history"][0]["error"]
    assert [(one["number"], one["round"]) for one in again["history"]] == [(1, 1), (1, 2)]
    assert "1, replay 1" in run(*WEBHOOKS, "show", "3").out


def test_show_of_what_is_no_json(run: Run, inbox: SqlInbox) -> None:
    identity = str(stored(inbox, 1, body=b"no json \xff ?token=abc", event=""))

    assert "which is no JSON:\nno json" in run(*WEBHOOKS, "show", identity).out
    whole = report(run(*WEBHOOKS, "show", identity, "-o", "json"), "delivery")
    assert (whole["body"], "abc" in whole["text"], whole["result"]) == (None, False, None)
    missing = run(*WEBHOOKS, "show", "99")
    assert (missing.status, missing.out) == (1, "")
    assert "There is no delivery 99." in missing.err


def test_export(run: Run, inbox: SqlInbox, tmp_path: Path) -> None:
    one_of_each(inbox)
    stored(inbox, 9, body=b"\xff")

    masked = run(*WEBHOOKS, "export")
    raw = run(*WEBHOOKS, "export", "--raw-bodies", "-f", str(tmp_path / "raw"))

    lines = [json.loads(line) for line in masked.out.splitlines()]
    for line in lines:
        validate(line, "supops.delivery-1.json")
    assert [line["id"] for line in lines] == [7, 6, 5, 4, 3, 2, 1]
    assert [attempt["succeeded"] for attempt in lines[-1]["history"]] == [True]
    assert "demo-meeting-password" not in masked.out
    assert "7 deliveries exported" in masked.err
    whole = [json.loads(line) for line in (tmp_path / "raw").read_text().splitlines()]
    for line in whole:
        validate(line, "supops.delivery-1.json")
    assert whole[-1]["raw_body"]["data"].encode() == PAYLOAD
    assert whole[0]["raw_body"] == {"encoding": "base64", "data": "/w=="}
    assert "personal data" in raw.err
    assert (tmp_path / "raw").stat().st_mode & 0o777 == 0o600
    (tmp_path / "raw").chmod(0o644)
    run(*WEBHOOKS, "export", "-f", str(tmp_path / "raw"))
    assert (tmp_path / "raw").stat().st_mode & 0o777 == 0o600


def test_replay_here(run: Run, demo: SqlInbox) -> None:
    one_of_each(demo)

    planned = run(*DEMO, "replay", "--failed", "--dry-run", "-o", "json")
    done = run(*DEMO, "replay", "--failed", "--now", "-o", "json")
    again = run(*DEMO, "replay", "3", "--now", "-o", "json")
    nothing = run(*DEMO, "replay", "--failed")

    (one,) = report(planned, "replay")["deliveries"]
    assert (one["was"], one["state"], one["planned"]) == ("dead", "dead", "pending")
    (one,) = report(done, "replay")["deliveries"]
    assert (one["was"], one["state"], one["outcome"]) == ("dead", "done", "inserted in GitLab Support")
    (one,) = report(again, "replay")["deliveries"]
    assert (one["was"], one["state"], one["outcome"]) == (
        "done",
        "done",
        "unchanged in GitLab Support: the calendar says so already",
    )
    assert "no such delivery is dead; there is nothing to replay" in nothing.err
    assert {ran.status for ran in (planned, done, again, nothing)} == {0}


@pytest.mark.parametrize("output", ["table", "csv", "markdown"])
def test_a_dry_run_says_what_would_be(run: Run, inbox: SqlInbox, output: str) -> None:
    one_of_each(inbox)
    words = ("--dry-run", "-o", output)

    replayed = run(*WEBHOOKS, "replay", "--failed", *words).out
    discarded = run(*WEBHOOKS, "discard", "3", "--reason", "a test", *words).out

    for text, after in ((replayed, "pending"), (discarded, "discarded")):
        assert re.search(rf"\bplanned\W+dead\W+{after}\b", text)
    assert "given up: a test" in discarded
    assert inbox.delivery(3).state is State.DEAD


def test_slots_of_schedules_are_replayed_only_where_they_are_asked_for(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)
    slot = stored(inbox, 7, event="quarterly-audit", source="schedule")
    inbox.fail(begun(inbox, slot, at=NOW + timedelta(hours=1)), "no", now=NOW, next_at=None)

    def planned(*words: str) -> list[int]:
        ran = run(*WEBHOOKS, "replay", "--failed", "--dry-run", *words, "-o", "json")
        return [one["id"] for one in report(ran, "replay")["deliveries"]]

    assert planned() == [3]
    assert "1 dead slot of schedules left alone" in run(*WEBHOOKS, "replay", "--failed", "--dry-run").err
    assert planned("--source", "schedule") == [slot]
    assert planned("--event", "invitee.canceled") == []
    assert planned("--since", "2026-11-26T12:00:03") == []
    assert run(*WEBHOOKS, "replay", "3", "--source", "calendly").status == 2


def test_a_secret_in_a_reason_is_not_kept(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)

    run(*WEBHOOKS, "discard", "3", "--reason", "called with token=glpat-abcdefghij0123456789")

    assert "glpat" not in inbox.delivery(3).outcome
    assert "called with" in inbox.delivery(3).outcome


def test_filters_that_make_no_sense(run: Run) -> None:
    turned = run(*WEBHOOKS, "deliveries", "--since", "1h", "--until", "2d")
    unknown = run(*WEBHOOKS, "deliveries", "--event", "invitee.creatd")

    assert (turned.status, "nothing can be between" in turned.err) == (2, True)
    assert (unknown.status, "did you mean invitee.created?" in unknown.err) == (0, True)
    assert "did you mean" not in run(*WEBHOOKS, "deliveries", "--event", "zen:event-type:user.created").err


def test_replay_here_that_fails_again(run: Run, demo: SqlInbox) -> None:
    identity = stored(demo, 1, body=b"{")

    ran = run(*DEMO, "replay", str(identity), "--now")

    assert ran.status == 1
    assert "delivery 1 is not done: The payload is not JSON" in ran.err
    assert "supops webhooks discard 1 --reason TEXT" in ran.err
    assert demo.delivery(identity).state is State.DEAD


def test_replay_by_workers(run: Run, inbox: SqlInbox) -> None:
    *_, running, _ = one_of_each(inbox)

    alone = run(*WEBHOOKS, "replay", "1", str(running))
    inbox.seen(Process("w", "worker", datetime.now(UTC)))
    seen = run(*WEBHOOKS, "replay", "1", "-o", "json")

    assert "no worker was seen in the last minute" in alone.err
    assert f"left alone, because it is being processed at this moment: {running}" in alone.err
    assert "no worker" not in seen.err
    (one,) = report(seen, "replay")["deliveries"]
    assert (one["id"], one["state"], one["attempts"]) == (1, "pending", 0)
    assert (alone.status, seen.status) == (0, 0)


def test_replay_that_makes_no_sense(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)

    unknown = run(*WEBHOOKS, "replay", "3", "77", "99")

    assert (unknown.status, unknown.out) == (1, "")
    assert "There is no delivery 77, 99. Nothing was changed." in unknown.err
    assert inbox.delivery(3).state is State.DEAD
    assert run(*WEBHOOKS, "replay").status == 2
    both = run(*WEBHOOKS, "replay", "3", "--failed")
    assert (both.status, "exclude each other" in both.err) == (2, True)


def test_discard(run: Run, inbox: SqlInbox) -> None:
    one_of_each(inbox)
    words = (*WEBHOOKS, "discard", "3", "--reason", "made up\n by a test")

    planned, done, again = (
        run(*words, "--dry-run", "-o", "json"),
        run(*words, "-o", "json"),
        run(*words, "-o", "json"),
    )

    assert [report(ran, "discard")["changed"] for ran in (planned, done, again)] == [False, True, False]
    assert report(done)["delivery"]["outcome"] == "made up by a test"
    assert "was given up before: made up by a test" in again.err
    assert {ran.status for ran in (planned, done, again)} == {0}
    for identity, said in (("1", "is done, and can't be given up"), ("5", "being processed at this moment")):
        refused = run(*WEBHOOKS, "discard", identity, "--reason", "x")
        assert (refused.status, refused.out) == (1, "")
        assert said in refused.err
    assert run(*WEBHOOKS, "discard", "2", "--reason", "  ").status == 2


def test_prune(run: Run, inbox: SqlInbox) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=100)
    for number in range(3):
        identity = stored(inbox, number, at=long_ago)
        inbox.finish(begun(inbox, identity, at=long_ago), Outcome("x"), now=long_ago)
    inbox.fail(begun(inbox, stored(inbox, 3, at=long_ago), at=long_ago), "no", now=long_ago, next_at=None)
    young = stored(inbox, 9, at=datetime.now(UTC))

    old = run(*WEBHOOKS, "export", "--older-than", "90d", "--status", "done").out
    planned = run(*WEBHOOKS, "prune", "--dry-run", "-o", "json")
    asked = run(*WEBHOOKS, "prune")
    done = run(*WEBHOOKS, "prune", "--yes", "-o", "json")
    again = run(*WEBHOOKS, "prune", "--older-than", "1d")

    assert [json.loads(line)["id"] for line in old.splitlines()] == [3, 2, 1]
    assert (report(planned, "prune")["deliveries"], report(planned)["dead"]) == (4, 1)
    assert (asked.status, asked.out) == (2, "")
    assert (report(done, "prune")["deliveries"], report(done)["dead"]) == (4, 1)
    assert [one.id for one in inbox.page(Filter(), limit=9)] == [young]
    assert (again.status, "0 deliveries deleted" in again.out) == (0, True)
    assert run(*WEBHOOKS, "prune", "--older-than", "soon").status == 2


def test_follow_that_makes_no_sense(run: Run) -> None:
    for words in (("--all", "--since", "1h"), ("-o", "csv"), ("-f", "file")):
        assert run(*WEBHOOKS, "deliveries", "--follow", *words).status == 2
    assert run(*WEBHOOKS, "deliveries", "--all", "--limit", "3").status == 2
    assert "'soon' is no time" in run(*WEBHOOKS, "deliveries", "--since", "soon").err
    assert run(*WEBHOOKS, "deliveries", "--since", "999999w").status == 2


@pytest.mark.parametrize("output", ["table", "json"])
def test_follow(home: dict[str, str], inbox: SqlInbox, tmp_path: Path, output: str) -> None:
    one_of_each(inbox)
    words = [sys.executable, "-m", "supops", *WEBHOOKS, "deliveries", "--follow", "-o", output]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, env=home, cwd=tmp_path, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            assert "following" in process.stderr.readline()
            identity = stored(inbox, 7)
            lines = [process.stdout.readline()]
            far = datetime.now(UTC).replace(hour=12, minute=0, second=5)
            inbox.fail(
                begun(inbox, identity, at=NOW + timedelta(hours=1)), "no \x1b calendar.", now=NOW, next_at=far
            )
            lines.append(process.stdout.readline())
            inbox.replay([identity], now=NOW)
            claim = begun(inbox, identity, at=NOW + timedelta(hours=2))
            inbox.finish(claim, Outcome("inserted in GitLab Support"), now=NOW)
            lines.append(process.stdout.readline())
        finally:
            os.kill(process.pid, signal.SIGINT)
            process.stderr.read()

    assert process.returncode == 130
    if output == "json":
        happened = [json.loads(line) for line in lines]
        for one in happened:
            validate(one, "supops.delivery-happening-1.json")
        assert [one["what"] for one in happened] == ["arrived", "failed", "done"]
    else:
        assert lines[0] == "12:00:07 --> #7 invitee.created\n"
        assert lines[1].startswith("12:00:00 <-- #7 failed (try 1 of ")
        assert lines[1].endswith("): no \\x1b calendar; again at 12:00:05 UTC\n")
        assert lines[2] == "12:00:00 <-- #7 done: inserted in GitLab Support\n"
