"""``supops audit ... --file-issue`` and ``audit quarterly`` as pipelines run them, on the embedded world."""

import json
from pathlib import Path
from typing import Any

import pytest

from supops.sandbox.gitlab_seed import AUDITS_PROJECT
from tests.cli.schemas import validate
from tests.conftest import ROOT, Ran, Run

TOKENS = ("--demo", "audit", "tokens", "--file-issue")
QUARTERLY = ("--demo", "audit", "quarterly", "--as-of", "2026-10-01")
ISSUES = "/api/v4/projects/*/issues"


def report(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


def issues(home: dict[str, str]) -> list[dict[str, Any]]:
    """The issues of the embedded world, as it keeps them."""
    file = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json"
    if not file.exists():
        return []
    world = json.loads(file.read_text())
    kept: list[dict[str, Any]] = [
        one for one in world["gitlab"]["issues"] if one["project"] == AUDITS_PROJECT
    ]
    return kept


def test_an_audit_is_filed_once_and_then_updated(run: Run, home: dict[str, str]) -> None:
    first = run(*TOKENS, "-o", "json")
    second = run(*TOKENS, "-o", "json")

    validate(report(first), "supops.audit-1.json")
    assert [report(ran)["issue"]["action"] for ran in (first, second)] == ["created", "updated"]
    assert report(first)["issue"]["labels"] == ["audit", "Priority::2"]
    (issue,) = issues(home)
    assert issue["confidential"] is True
    assert issue["title"].startswith("Tokens audit - ")
    assert "`@all`" in issue["description"]


def test_the_table_says_where_the_issue_is(run: Run) -> None:
    ran = run(*TOKENS)

    assert "created: Tokens audit - " in ran.out
    assert "https://gitlab.example.com/support-readiness/system-audits/-/issues/1" in ran.out


def test_a_dry_run_shows_what_would_be_and_changes_nothing(run: Run, home: dict[str, str]) -> None:
    ran = run(*TOKENS, "--dry-run")
    text = run(*TOKENS, "--dry-run", "-o", "markdown").out

    assert "would create: Tokens audit - " in ran.out
    assert "labels: audit, Priority::2" in ran.out
    assert "- [ ] **pipelines (support-bot)**" in text.replace("`", "")
    assert issues(home) == []
    assert run("--demo", "audit", "history").out == "Runs: none is stored\n"


def test_the_dry_run_shows_the_text_that_is_filed(run: Run, home: dict[str, str]) -> None:
    planned = run("--demo", "audit", "roster", "--file-issue", "--dry-run", "-o", "markdown").out
    run("--demo", "audit", "roster", "--file-issue")

    def comparable(text: str) -> list[str]:
        marks = ("- from ", "<!-- supops:end")
        return [line.rstrip() for line in text.strip().splitlines() if not line.startswith(marks)]

    assert comparable(planned) == comparable(issues(home)[0]["description"])


def test_on_any_other_day_quarterly_does_nothing_and_says_so(run: Run) -> None:
    ran = run("--demo", "audit", "quarterly", "--as-of", "2026-11-25")
    empty = run("--demo", "audit", "quarterly", "--as-of", "2026-11-25", "-o", "json")

    assert (ran.status, ran.out) == (0, "")
    assert "2026-11-25 is not the first day of a quarter" in ran.err
    assert empty.status == 0
    validate(report(empty), "supops.quarterly-1.json")
    assert report(empty)["ran"] is False


def test_quarterly_runs_and_files_every_audit(run: Run, home: dict[str, str]) -> None:
    ran = run(*QUARTERLY, "-o", "json")

    document = report(ran)
    validate(document, "supops.quarterly-1.json")
    # Of one project the token may not see everything.
    assert ran.status == 5
    assert [one["title"] for one in document["results"]] == [
        "Zendesk Global",
        "Zendesk US Government",
        "Projects",
        "Tokens",
        "Calendly",
        "Roster",
    ]
    assert {one["issue"]["action"] for one in document["results"]} == {"created"}
    assert [one["title"] for one in issues(home)] == [
        f"{one['title']} audit - 2026 Q4" for one in document["results"]
    ]
    table = run(*QUARTERLY).out
    assert table.count("updated") == 6
    history = report(run("--demo", "audit", "history", "-o", "json"))
    assert {one["filed"] for one in history["runs"]} == {"2026 Q4"}


def test_an_audit_that_fails_does_not_stop_the_others(run: Run) -> None:
    ran = run(*QUARTERLY, "-o", "json", env={"SUPOPS_DEMO_FAULTS": "zendesk-global:500"})

    results = report(ran)["results"]
    assert ran.status == 5
    assert "500" in results[0]["error"]
    assert results[0]["issue"] is None
    assert all(one["issue"]["action"] == "created" for one in results[1:])
    # What a schedule's slot keeps.
    assert "incomplete: Zendesk Global: " in ran.err
    assert "incomplete: Tokens: the tokens of 1 project" in ran.err


def test_when_nothing_can_be_filed_everything_is_still_shown_and_the_status_tells(run: Run) -> None:
    faults = f"gitlab:expired:method=POST:path={ISSUES}"

    ran = run("--demo", "audit", "roster", "--file-issue", "-o", "json", env={"SUPOPS_DEMO_FAULTS": faults})

    assert ran.status == 4
    assert report(ran)["counts"]["findings"] > 0
    assert report(ran)["issue"] is None
    assert "error: GitLab refused the access token from DEMO_GITLAB_TOKEN" in ran.err


@pytest.mark.parametrize("kind", ["500", "reset", "truncated"])
def test_an_answer_that_is_lost_makes_no_second_issue(run: Run, home: dict[str, str], kind: str) -> None:
    acts = "" if kind == "truncated" else ":acts=1"
    faults = f"gitlab:{kind}:method=POST:path={ISSUES}:times=1{acts}"

    ran = run("--demo", "audit", "roster", "--file-issue", "-o", "json", env={"SUPOPS_DEMO_FAULTS": faults})

    assert report(ran)["issue"]["action"] == "created"
    assert len(issues(home)) == 1


def test_what_can_not_be_filed_is_said_before_anything_is_audited(run: Run, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "jo.yaml").write_text("name: Jo\nemail: jo@example.com\n")
    env = {"SUPOPS_ROSTER__PATH": "team"}

    ran = run("audit", "roster", "--file-issue", env=env)

    assert ran.status == 2
    assert "gitlab.audits_project" in ran.err
    assert run("audit", "roster", env=env).status in (0, 3)


def test_a_store_that_can_not_be_written_is_said_before_anything_is_audited(
    run: Run, home: dict[str, str]
) -> None:
    (Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "state.db").mkdir(parents=True)

    ran = run("--demo", "audit", "roster")

    assert (ran.status, ran.out) == (1, "")
    assert "state.db, can't be written" in ran.err
    assert "--no-save" in ran.err


def test_a_store_of_a_newer_version_is_said_and_no_save_goes_on(run: Run, home: dict[str, str]) -> None:
    import sqlite3

    run("--demo", "audit", "roster")
    file = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "state.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    ran = run("--demo", "audit", "roster")

    assert (ran.status, ran.out) == (1, "")
    assert "written by a newer version of supops" in ran.err
    assert "--no-save" in ran.err
    assert run("--demo", "audit", "roster", "--no-save").status == 3
    page = run("--demo", "audit", "roster", "--no-save", "-o", "html")
    assert page.status == 3
    assert page.out.startswith("<!doctype html>")
    assert "warning: the runs before are not part of this" in page.err


def test_no_save_leaves_nothing(run: Run, home: dict[str, str]) -> None:
    run("--demo", "audit", "roster", "--no-save")

    assert not (Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "state.db").exists()


def test_mistakes_among_waivers_are_told_before_anything_is_audited(run: Run, home: dict[str, str]) -> None:
    run("--demo", "audit", "roster")
    file = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "files" / "waivers.yaml"
    file.write_text(file.read_text() + "- check: suspendd-agent\n  subject: x@example.com\n")

    ran = run("--demo", "audit", "roster")

    assert (ran.status, ran.out) == (2, "")
    assert "suspended-agent" in ran.err
    assert "waivers.yaml:" in ran.err


@pytest.mark.parametrize("within", ["3", "soon", "-3w", "0d"])
def test_a_duration_that_is_none(run: Run, within: str) -> None:
    ran = run("--demo", "audit", "tokens", f"--within={within}")

    assert ran.status == 2
    assert "--within" in ran.err


def test_within_says_which_tokens_expire_soon(run: Run) -> None:
    def expiring(*words: str) -> int:
        found = report(run("--demo", "audit", "tokens", "--no-save", "-o", "json", *words))["findings"]
        return sum(one["check"] == "expiring-token" for one in found)

    assert 0 < expiring("--within", "11d") < expiring() < expiring("--within", "52w")


def test_the_pipelines_guide_has_the_jobs_of_the_example() -> None:
    example = (ROOT / "docs" / "examples" / "audits.gitlab-ci.yml").read_text(encoding="utf-8")

    assert example in (ROOT / "docs" / "guides" / "pipelines.md").read_text(encoding="utf-8")
