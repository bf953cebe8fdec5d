"""``supops audit history | show | diff`` as people run them, on the embedded world."""

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.schemas import validate
from tests.conftest import Ran, Run

pytestmark = pytest.mark.thorough

GLOBAL = ("--demo", "audit", "zendesk", "--instance", "us-government")


def report(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


@pytest.fixture
def two_runs(run: Run, home: dict[str, str]) -> Run:
    """The same audit twice; between the two, the waivers went."""
    run(*GLOBAL)
    demo = Path(home["XDG_STATE_HOME"]) / "supops" / "demo"
    waivers = demo / "files" / "waivers.yaml"
    waivers.write_text("[]\n")
    run(*GLOBAL)
    return run


def test_the_history_lists_runs_the_latest_first(two_runs: Run) -> None:
    document = report(two_runs("--demo", "audit", "history", "-o", "json"))

    validate(document, "supops.audit-history-1.json")
    assert [one["run"] for one in document["runs"]] == [2, 1]
    assert {one["audit"] for one in document["runs"]} == {"zendesk/us-government"}
    assert report(two_runs("--demo", "audit", "history", "--limit", "1", "-o", "json"))["runs"][0]["run"] == 2
    assert report(two_runs("--demo", "audit", "history", "--audit", "projects", "-o", "json"))["runs"] == []
    assert "12 agents" in two_runs("--demo", "audit", "history").out


def test_a_stored_run_is_shown_as_it_was_reported(run: Run) -> None:
    before = report(run(*GLOBAL, "-o", "json"))

    shown = run("--demo", "audit", "show", "1", "-o", "json")

    assert report(shown) == before
    assert shown.status == 0
    assert "supops --demo audit zendesk --instance us-government" in run("--demo", "audit", "show", "1").out
    assert run("--demo", "audit", "show", "1", "-o", "html").out.startswith("<!doctype html>")


def test_what_is_different_between_the_last_two_runs(two_runs: Run) -> None:
    ran = two_runs("--demo", "audit", "diff", "-o", "json")

    document = report(ran)
    validate(document, "supops.audit-diff-1.json")
    (diff,) = document["diffs"]
    assert (diff["old"]["run"], diff["new"]["run"]) == (1, 2)
    assert [one["check"] for one in diff["findings"]["new"]] == ["suspended-agent"]
    assert diff["added"] == diff["removed"] == diff["changed"] == []
    assert ran.status == 0
    table = two_runs("--demo", "audit", "diff").out
    assert "New findings (1)" in table
    assert "Removed" not in table
    rows = list(csv.DictReader(StringIO(two_runs("--demo", "audit", "diff", "1", "2", "-o", "csv").out)))
    assert [row["kind"] for row in rows if row["change"] == "new"] == ["suspended-agent"]


def test_new_findings_can_make_a_pipeline_fail(two_runs: Run) -> None:
    assert two_runs("--demo", "audit", "diff", "--fail-on", "high").status == 3
    assert two_runs("--demo", "audit", "diff", "2", "1").status == 0


def test_where_there_is_nothing_to_compare_that_is_said(run: Run) -> None:
    ran = run("--demo", "audit", "diff")
    assert (ran.status, ran.out) == (0, "")
    assert "no audit has two runs" in ran.err

    run(*GLOBAL)
    alone = run("--demo", "audit", "diff", "1")
    assert alone.status == 2
    assert "is the latest" in alone.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("show", "7"), 1),
        (("diff", "7"), 1),
        (("history", "--audit", "zendes"), 2),
        (("show", "x"), 2),
        (("diff", "1", "--audit", "projects"), 2),
    ],
)
def test_what_there_is_not(run: Run, words: tuple[str, ...], status: int) -> None:
    ran = run("--demo", "audit", *words)

    assert (ran.status, ran.out) == (status, "")
    assert ran.err


def test_runs_of_different_audits_are_not_compared(run: Run) -> None:
    run(*GLOBAL)
    run("--demo", "audit", "roster")

    ran = run("--demo", "audit", "diff", "1", "2")

    assert ran.status == 2
    assert "different audits" in ran.err
