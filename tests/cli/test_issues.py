"""``supops issues`` as people run it, on the embedded world."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Ran, Run


def report(ran: Ran, schema: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    validate(document, f"supops.{schema}-1.json")
    assert document["schema"] == f"supops.{schema}/1"
    return document


def issues(run: Run, *words: str) -> Ran:
    return run("--demo", "issues", *words)


def scrubbed(text: str) -> str:
    """Take out what depends on the day: dates, and whom a comment's round belongs to."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?(\+00:00)?", "<time>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "<day>", text)
    return re.sub(
        r" +$", "", re.sub(r"(\S) {2,}", r"\1  ", re.sub(r"-{3,}", "---", text)), flags=re.MULTILINE
    )


def test_the_list_in_every_format(run: Run) -> None:
    document = report(issues(run, "list", "-o", "json"), "issues")
    assert document["complete"]
    assert {one["stage"] for one in document["issues"]} >= {"Triage", "Planning", "Queued", "Blocked", None}
    late = report(issues(run, "list", "--stale", "-o", "json"), "issues")["issues"]
    assert late
    assert all(one["age"]["late"] for one in late)
    rows = list(csv.DictReader(StringIO(issues(run, "list", "-o", "csv").out)))
    assert len(rows) == len(document["issues"])
    assert not [row for row in rows if row["title"].startswith("=")]
    done = csv.DictReader(
        StringIO(issues(run, "list", "--state", "closed", "--closed-since", "12d", "-o", "csv").out)
    )
    assert [(row["iid"], row["state"], bool(row["closed_at"])) for row in done] == [("33", "closed", True)]


def test_nothing_that_fits_is_said_so(run: Run) -> None:
    ran = issues(run, "list", "--stage", "planning", "--customer", "ETA")

    assert ran.status == 0
    assert "there is no such issue" in ran.err


def test_the_board(run: Run) -> None:
    document = report(issues(run, "board", "-o", "json"), "issue-board")
    assert [one["stage"] for one in document["columns"]][:3] == [None, "Triage", "Planning"]
    assert "Planning (" in issues(run, "board", "--exact").out
    urgent = report(issues(run, "board", "--priority", "1", "-o", "json"), "issue-board")["columns"]
    assert {row["priority"] for column in urgent for row in column["issues"]} == {"1"}


def test_one_issue_and_what_it_can_do_next(run: Run) -> None:
    shown = report(issues(run, "show", "20", "-o", "json"), "issue")
    assert [one["stage"] for one in shown["history"]][-1] == "Development"
    assert_golden("issues-show-20.txt", scrubbed(issues(run, "show", "20").out))
    moves = report(issues(run, "next", "1", "-o", "json"), "issue-moves")
    assert (moves["iid"], moves["type"], moves["stage"]) == (1, None, "Triage")
    planning = next(one for one in moves["moves"] if one["to"] == "Planning")
    assert not planning["legal"]
    assert [one["need"] for one in planning["missing"]] == ["type", "priority", "customer"]
    address = shown["issue"]["url"]
    assert issues(run, "next", address, "-o", "csv").out.startswith("iid,to,command,legal")
    ran = issues(run, "next", "41", "-o", "json")
    assert report(ran, "issue-moves")["moves"] == []
    assert "outside of the flow" in ran.err


def test_a_dry_run_shows_exactly_what_would_be_posted(run: Run) -> None:
    ran = run(
        "--demo", "issues", "schedule", "10", "--gameplan", "-", "--dry-run", stdin="1. Do it\n/close\n"
    )

    # A bug is not scheduled.
    assert ran.status == 3
    ran = run(
        "--demo", "issues", "start", "10", "--gameplan", "-", "--dry-run", stdin="1. Do it\n/close @owner\n"
    )
    assert ran.status == 0
    assert "\n1. Do it\n\\/close @owner\n" in ran.out
    assert "Would be told:" in ran.out
    assert_golden("issues-start-10.txt", scrubbed(ran.out))


def test_a_request_to_its_end(run: Run, tmp_path: Path) -> None:
    blueprint = tmp_path / "blueprint.md"
    blueprint.write_text("See https://example.com/x\n")
    for words in (
        ("request-validation", "20"),
        ("validated", "20"),
        ("implement", "20"),
        ("complete", "20", "--blueprint", str(blueprint)),
        ("close", "20", "--yes"),
    ):
        ran = issues(run, *words, "-o", "json")
        assert ran.status == 0, (words, ran.out, ran.err)
        assert report(ran, "issue-move")["outcome"] == "done", words

    shown = report(issues(run, "show", "20", "-o", "json"), "issue")
    assert shown["issue"]["state"] == "closed"
    stages = [one["stage"] for one in shown["history"]]
    assert stages[-4:] == ["Development", "Implementation", "Completed", "Closed"]
    again = report(issues(run, "close", "20", "--yes", "-o", "json"), "issue-move")
    assert again["outcome"] == "unchanged"


def test_a_feature_into_its_iteration(run: Run) -> None:
    for words in (
        ("approval", "3", "--roadmap", "aligned", "--congruent", "yes"),
        ("plan", "3"),
        ("schedule", "12", "--iteration", "next", "--milestone", "next", "--dri", "tessa-young"),
    ):
        ran = issues(run, *words)
        assert ran.status == 0, (words, ran.out, ran.err)

    stages = {one["iid"]: one["stage"] for one in json.loads(issues(run, "list", "-o", "json").out)["issues"]}
    assert (stages[3], stages[12]) == ("Planning", "Queued")


def test_an_illegal_move_is_3_and_changes_nothing(run: Run) -> None:
    ran = issues(run, "plan", "1", "-o", "json")

    assert ran.status == 3
    document = report(ran, "issue-move")
    assert (document["outcome"], document["legal"]) == ("illegal", False)
    assert [one["need"] for one in document["missing"]] == ["type", "priority", "customer"]
    labels = report(issues(run, "show", "1", "-o", "json"), "issue")["issue"]["labels"]
    assert labels == ["Stage::Triage"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("plan", "9999"), 1, "9999"),
        (("plan", "x"), 2, "no number of an issue"),
        (("plan", "5", "--force"), 2, "--reason"),
        (("move", "5", "Planing"), 2, "Did you mean Planning?"),
        (("schedule", "12", "--iteration", "never"), 2, "No iteration is called"),
        (("start", "10", "--gameplan", "missing.md"), 2, "can't be read"),
        (("close", "31"), 2, "--yes"),
        (("move", "8", "Scheduling", "--until", "x"), 2, "--until means nothing for a move to Scheduling"),
        (("approval", "2", "--roadmap", "aligned"), 2, "--congruent"),
        (("approval", "5", "--roadmap", "aligned", "--congruent", "yes"), 3, ""),
        (
            ("rice", "--reach", "region", "--impact", "small", "--confidence", "50", "--effort", "0"),
            2,
            "effort",
        ),
        (
            (
                "rice",
                "--reach",
                "region",
                "--impact",
                "small",
                "--confidence",
                "50",
                "--effort",
                "1",
                "--set",
            ),
            2,
            "Which issue",
        ),
        (("list", "--closed-since", "3d"), 2, "--closed-since is for closed issues"),
    ],
)
def test_what_can_not_be(run: Run, words: tuple[str, ...], status: int, said: str) -> None:
    ran = issues(run, *words)

    assert ran.status == status, ran.err
    assert said in ran.err


def test_dequeue_and_escalate_do_their_work_once(run: Run) -> None:
    first = issues(run, "dequeue", "-o", "json")
    document = report(first, "issue-dequeue")
    assert first.status == 3
    assert {one["iid"]: one["outcome"] for one in document["issues"]}[16] == "done"
    assert "1 issue waits for an iteration" in first.err
    assert "`supops issues lint`" in first.err
    again = report(issues(run, "dequeue", "-o", "json"), "issue-dequeue")
    assert "done" not in {one["outcome"] for one in again["issues"]}

    dry = issues(run, "escalate", "--dry-run")
    assert (dry.status, "would close (with --yes)" in dry.out) == (3, True)
    assert issues(run, "escalate", "--dry-run", "--yes").status == 0
    held = issues(run, "escalate", "-o", "json")
    assert held.status == 3
    assert "warning: 1 issue had no update for four weeks: without --yes it stays open" in held.err
    steps = {one["iid"]: one for one in report(held, "issue-review")["issues"]}
    assert (steps[37]["step"], steps[37]["done"]) == ("close", False)
    assert (steps[36]["step"], steps[36]["done"]) == ("escalate", True)
    closed = report(issues(run, "escalate", "--yes", "-o", "json"), "issue-review")
    assert {one["iid"] for one in closed["issues"] if one["done"]} == {37}


def test_who_is_asked_whether_issues_are_closed_is_told_which(home: dict[str, str], tmp_path: Path) -> None:
    words = ("--demo", "issues", "escalate", "-o", "csv")

    status, text = run_in_terminal(words, env=home, cwd=tmp_path, typed="n\n", after="Close? [y/N]: ")

    assert status == 3
    assert text.startswith("#37 Chat on the status page: no update for four weeks\nClose? [y/N]: ")
    assert re.search(r"^37,.*,close,,held,", text, re.MULTILINE)


def test_a_ladder_without_anybody_is_told(run: Run, home: dict[str, str]) -> None:
    first = issues(run, "escalate", "--dry-run", "-o", "json")
    assert "ladder" not in first.err
    steps = {one["iid"]: (one["step"], one["to"]) for one in report(first, "issue-review")["issues"]}
    assert steps[34] == ("ask", "peter-vale")
    assert steps[35] == ("escalate", "rosa-martinez")
    assert steps[36] == ("escalate", "maria-delgado")
    assert steps[37] == ("close", None)

    (Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "issues" / "flow.yaml").write_text("ladder: []\n")
    ran = issues(run, "escalate", "--dry-run")

    assert "warning: 2 would be escalated to nobody in particular" in ran.err
    assert "`ladder`" in ran.err


def test_weights(run: Run) -> None:
    words = ("--reach", "customers", "--impact", "large", "--confidence", "80", "--effort", "3")
    done = report(issues(run, "rice", "2", *words, "--set", "-o", "json"), "issue-rice")
    assert (done["iid"], done["outcome"]) == (2, "done")
    assert report(issues(run, "show", "2", "-o", "json"), "issue")["issue"]["weight"] == 5


def test_the_flow_is_drawn(run: Run) -> None:
    # It needs no account, and no GitLab.
    assert_golden("issues-flow-feature.txt", run("issues", "flow", "--type", "feature").out)
    assert_golden(
        "issues-flow-feature.mermaid", run("issues", "flow", "--type", "feature", "--format", "mermaid").out
    )
    document = report(run("issues", "flow", "-o", "json"), "issue-flow")
    assert [one["type"] for one in document["types"]] == ["bug", "feature", "administrative"]
    assert run("issues", "flow", "--format", "mermaid", "-o", "markdown").out.count("```mermaid") == 3
    assert "type,from,to" in run("issues", "flow", "-o", "csv").out
    stage = run("issues", "flow", env={"SUPOPS_ISSUES__VALIDATION": "development"}).out
    assert "Stage::Validation" not in stage


def test_a_flow_with_mistakes_is_told_before_anybody_is_asked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text("stages: {Nowhere: }\n")

    ran = run("issues", "board", env={"SUPOPS_ISSUES__FLOW": str(file)})

    assert ran.status == 2
    assert "flow.yaml:1: no move leads to the stage Nowhere" in ran.err


def test_lint(run: Run) -> None:
    ran = issues(run, "lint", "-o", "json")

    assert ran.status == 3
    rules = {one["rule"]: one["iid"] for one in report(ran, "issue-lint")["findings"]}
    assert rules.keys() >= {
        "no-stage",
        "several-stages",
        "several-types",
        "unknown-stage",
        "completed-but-open",
    }
    assert rules["half-scheduled"] == 14
    assert issues(run, "lint", "--fail-on", "never").status == 0


def test_the_commands_are_told_in_a_line_each(run: Run) -> None:
    assert "..." not in run("issues", "--help").out.split("Commands:")[1]
