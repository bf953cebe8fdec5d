"""``supops audit`` as people and pipelines run it, on the embedded world."""

import csv
import json
import re
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.golden import assert_golden
from tests.cli.schemas import validate
from tests.cli.terminal import run_in_terminal
from tests.conftest import Run

AUDIT = ("--demo", "audit", "zendesk", "--instance")


@pytest.mark.parametrize("instance", ["global", "us-government"])
def test_through_a_pipe(run: Run, instance: str) -> None:
    ran = run(*AUDIT, instance)

    assert ran.status == 3
    assert ran.err == ""
    assert_golden(f"audit-{instance}-pipe.txt", ran.out)


@pytest.mark.parametrize("instance", ["global", "us-government"])
def test_on_a_terminal_of_80_columns(home: dict[str, str], tmp_path: Path, instance: str) -> None:
    status, screen = run_in_terminal(("--no-color", *AUDIT, instance), env=home, cwd=tmp_path)

    assert status == 3
    assert "\x1b" not in screen
    assert_golden(f"audit-{instance}-80-columns.txt", screen)


def test_colours_on_a_terminal(home: dict[str, str], tmp_path: Path) -> None:
    _, screen = run_in_terminal((*AUDIT, "us-government"), env=home, cwd=tmp_path)

    assert "\x1b[1;31mhigh" in screen


@pytest.mark.parametrize("instance", ["global", "us-government"])
def test_json(run: Run, instance: str) -> None:
    ran = run(*AUDIT, instance, "-o", "json")

    report = json.loads(ran.out)
    validate(report, "supops.audit-1.json")
    assert ran.status == 3
    assert report["complete"] is True
    assert report["instance"] == instance
    for name in ("light_agents", "full_agents", "admins", "findings"):
        assert report["counts"][name] == len(report[name])
    assert report["counts"]["agents"] == sum(
        len(report[name]) for name in ("light_agents", "full_agents", "admins")
    )
    assert_golden(f"audit-{instance}.json", ran.out)


def test_json_of_all_instances(run: Run) -> None:
    report = json.loads(run(*AUDIT, "all", "-o", "json").out)

    validate(report, "supops.audits-1.json")
    assert [audit["instance"] for audit in report["audits"]] == ["global", "us-government"]


def test_every_check_has_a_defect_in_the_embedded_world(run: Run) -> None:
    found = set()
    for words in (("zendesk", "--instance", "all"), ("projects",), ("tokens",), ("calendly",), ("roster",)):
        report = json.loads(run("--demo", "audit", *words, "--no-save", "-o", "json").out)
        audits = report.get("audits", [report])
        found |= {finding["check"] for audit in audits for finding in audit["findings"]}
    checks = json.loads(run("audit", "checks", "-o", "json").out)["checks"]

    # The embedded world asks Zendesk with OAuth, as everybody should.
    assert found == {check["id"] for check in checks} - {"zendesk-api-token"}


def test_csv_can_be_opened_in_a_spreadsheet(run: Run) -> None:
    ran = run(*AUDIT, "global", "-o", "csv")

    rows = list(csv.DictReader(StringIO(ran.out)))
    assert {row["kind"] for row in rows} == {"finding", "light_agent", "full_agent", "admin"}
    assert len(rows) == 52 + 16
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values() if cell)


def test_markdown_is_the_issues_body_and_harmless(run: Run) -> None:
    ran = run(*AUDIT, "global", "-o", "markdown")

    assert "<b>" not in re.sub(r"`[^`]*`", "", ran.out)
    assert_golden("audit-global.md", ran.out)


@pytest.mark.parametrize(("fail_on", "status"), [("low", 3), ("medium", 3), ("high", 3), ("never", 0)])
def test_the_threshold(run: Run, fail_on: str, status: int) -> None:
    assert run(*AUDIT, "global", "--fail-on", fail_on).status == status


def test_into_a_file(run: Run, tmp_path: Path) -> None:
    ran = run(*AUDIT, "global", "-o", "json", "-f", "out/audit.json")

    assert ran.status == 3
    assert ran.out == ""
    assert ran.err == "written to out/audit.json\n"
    assert json.loads((tmp_path / "out" / "audit.json").read_text())["audit"] == "zendesk"


def test_a_file_that_can_not_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ran = run("audit", "checks", "-f", "file/x")

    assert ran.status == 1
    assert "file/x can't be written" in ran.err


def test_a_list_that_breaks_off_is_shown_marked_and_exits_5(run: Run) -> None:
    faults = "zendesk-global:expired:path=/api/v2/users:after=1"
    many = {"SUPOPS_DEMO_FAULTS": faults}

    ran = run(*AUDIT, "global", "-o", "json", env=many)

    # 52 agents are one page: nothing comes after it, so the list is whole.
    assert ran.status == 3

    ran = run(
        *AUDIT, "all", "-o", "json", "--fail-on", "never", env={"SUPOPS_DEMO_FAULTS": "zendesk-global:500"}
    )

    assert ran.status == 5
    first, second = json.loads(ran.out)["audits"]
    assert (first["complete"], second["complete"]) == (False, True)
    assert "500" in first["incomplete_reasons"][0]
    assert "warning: Zendesk Global could not be audited." in ran.err


def test_incomplete_is_on_top_of_the_table(run: Run) -> None:
    ran = run(*AUDIT, "all", env={"SUPOPS_DEMO_FAULTS": "zendesk-us-government:500"})

    assert ran.status == 5
    assert "INCOMPLETE: Zendesk US Government failed to mint an access token (500)" in ran.out


def test_checks_are_listed(run: Run) -> None:
    ran = run("audit", "checks", "-o", "json")

    assert ran.status == 0
    validate(json.loads(ran.out), "supops.checks-1.json")
    assert "unexpected-admin" in run("audit", "checks").out


def test_the_wrong_instance(run: Run) -> None:
    ran = run("--demo", "audit", "zendesk", "--instance", "globl")

    assert ran.status == 2
    assert "'globl' is not one of 'global', 'us-government', 'all'" in " ".join(ran.err.split())
