"""Stored runs and their differences, as tables, JSON, CSV and Markdown."""

import csv
from dataclasses import replace
from io import StringIO

from supops.models.changes import AuditChanges
from supops.models.findings import Severity
from supops.render.machine import render_json
from supops.render.markdown import render_markdown
from supops.render.runs import diff_blocks, diff_csv, diff_json, history_json, history_table
from supops.render.tables import render_plain, render_terminal
from supops.services.differing import compare
from tests.audits import a_finding, an_agent, an_audit
from tests.cli.schemas import validate
from tests.fakes.state import FakeStore

HOSTILE = "=cmd() <img src=x> @all\x1b[31m|\n/close"


def the_changes() -> AuditChanges:
    old = an_audit(
        a_finding(1), a_finding(2, Severity.LOW), agents=(an_agent(1), an_agent(2), an_agent(5, tags=("a",)))
    )
    new = an_audit(
        a_finding(2, Severity.LOW),
        a_finding(3, message=HOSTILE),
        agents=(an_agent(2, HOSTILE), an_agent(3, HOSTILE), an_agent(5, tags=("a", "b"))),
    )
    return compare(old, replace(new, rules="others"), old_run=1, new_run=2)


def test_the_numbers_and_what_to_beware_of_come_first() -> None:
    lines = render_plain(diff_blocks([the_changes()])).splitlines()

    assert lines[0] == "Zendesk Global: run 1 (2026-10-01T08:00:00Z) -> run 2 (2026-10-01T08:00:00Z)"
    assert lines[1] == "1 added, 1 removed, 2 changed, 1 new findings, 1 fixed, 1 still there"
    assert "settings" in lines[2]


def test_every_change_is_in_a_table() -> None:
    text = render_plain(diff_blocks([the_changes()]))

    titles = (
        "New findings (1)",
        "Fixed findings (1)",
        "Findings still there (1)",
        "Added (1)",
        "Removed (1)",
        "Changed (2)",
    )
    assert [line for line in text.splitlines() if line in titles] == list(titles)
    assert "a, b" in text


def test_what_did_not_change_is_one_line_and_no_table() -> None:
    nothing = compare(an_audit(), an_audit(), old_run=1, new_run=2)

    assert len(render_plain(diff_blocks([nothing])).splitlines()) == 2
    assert render_plain(diff_blocks([])) == ""


def test_names_from_outside_do_nothing() -> None:
    blocks = diff_blocks([the_changes()])

    for text in (render_plain(blocks), render_terminal(blocks, width=100, color=False)):
        assert "\x1b" not in text
        assert not any(line.startswith("/close") for line in text.splitlines())
    page = render_markdown(blocks)
    assert "`=cmd() <img src=x> @all\\x1b[31m\\|\\n/close`" in page
    assert not any(line.startswith("/") for line in page.splitlines())


def test_csv_has_a_row_for_each_change_and_is_not_run() -> None:
    rows = list(csv.DictReader(StringIO(diff_csv([the_changes()]), newline="")))

    assert [(row["change"], row["kind"], row["id"]) for row in rows] == [
        ("new", "suspended-agent", "3"),
        ("fixed", "suspended-agent", "1"),
        ("remaining", "suspended-agent", "2"),
        ("added", "Full agents", "3"),
        ("removed", "Full agents", "1"),
        ("changed", "Full agents", "2"),
        ("changed", "Full agents", "5"),
    ]
    assert {(row["audit"], row["old_run"], row["new_run"]) for row in rows} == {("zendesk/global", "1", "2")}
    assert (rows[6]["fact"], rows[6]["before"], rows[6]["after"]) == ("tags", "a", "a, b")
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_json_of_differences_is_as_documented() -> None:
    document = diff_json([the_changes(), compare(an_audit(), an_audit())])

    validate(document, "supops.audit-diff-1.json")
    assert render_json(document).isascii()


def test_the_history_says_what_was_seen_found_and_filed() -> None:
    store = FakeStore()
    store.add(
        an_audit(a_finding(), a_finding(2, Severity.LOW), agents=(an_agent(1),)),
        command="",
        quarter="2026 Q4",
    )
    store.add(replace(an_audit(reasons=("cut off",)), kind="projects", instance=None), command="")

    text = render_plain([history_table(store.runs())])
    document = history_json(store.runs())

    validate(document, "supops.audit-history-1.json")
    _, _, _, second, first = text.splitlines()
    assert second.split()[:4] == ["2", "projects", "2026-10-01T08:00:00Z", "INCOMPLETE"]
    assert first.split()[:10] == [
        "1",
        "zendesk/global",
        "2026-10-01T08:00:00Z",
        "complete",
        "1",
        "agents",
        "1",
        "0",
        "1",
        "0",
    ]
    assert "2026 Q4" in first


def test_a_history_without_runs_says_so() -> None:
    assert render_plain([history_table(())]) == "Runs: none is stored\n"
