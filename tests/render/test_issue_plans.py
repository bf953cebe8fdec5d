"""The plan of each named form, as a dry run shows it: exactly what is written and posted, and who hears of it."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from supops.errors import SupopsError
from supops.models.workflow import Verb
from supops.render.issue_board import board_blocks, board_terminal
from supops.render.issue_moves import moved_blocks
from supops.render.issue_review import dequeued_blocks, dequeued_csv, review_blocks, review_csv
from supops.render.issues import issues_blocks, issues_csv, shown_blocks, shown_csv, shown_markdown
from supops.render.markdown import render_markdown
from supops.render.tables import render_plain, render_terminal
from supops.services.flow_default import default_flow
from supops.services.work_review import Failed
from supops.services.work_viewing import Filters
from tests.cli.golden import assert_golden
from tests.fakes.work import CURRENT, MILESTONE, TEAMMATE
from tests.issues import ADMINISTRATIVE, BLUEPRINT, BUG, FEATURE, GAMEPLAN, Office, stage

READY: dict[str, Any] = {"iteration": CURRENT, "milestone": MILESTONE, "assignees": (TEAMMATE,)}
SCHEDULE = {"iteration": "next", "milestone": "next", "dri": TEAMMATE}
TEXT = "1. Do it\n/close\nSee !12 and ask @kim-moe, not @all\n"


def there(*labels: str, note: str = "", **fields: Any) -> Callable[[Office], int]:
    def put(office: Office) -> int:
        iid = office.tracker.opened(*labels, **fields)
        if note:
            office.tracker.said(iid, note)
        return iid

    return put


def blocked(office: Office) -> int:
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on")
    return iid


FORMS: list[tuple[str, Callable[[Office], int], Verb, dict[str, Any]]] = [
    ("triage", there(), Verb.TRIAGE, {"type": "bug", "priority": "1", "customer": "support"}),
    ("plan", there(stage("Triage"), *BUG), Verb.PLAN, {}),
    ("schedule", there(stage("Planning"), *FEATURE), Verb.SCHEDULE, {"gameplan": TEXT}),
    ("queue", there(stage("Scheduling"), *FEATURE), Verb.SCHEDULE, SCHEDULE),
    ("start", there(stage("Queued"), *FEATURE, **READY), Verb.START, {}),
    ("request-validation", there(stage("Development"), *BUG), Verb.REQUEST_VALIDATION, {}),
    ("validated", there(stage("Development"), *BUG, "Validation::Requested"), Verb.VALIDATED, {}),
    (
        "rejected",
        there(stage("Development"), *BUG, "Validation::Awaiting"),
        Verb.REJECTED,
        {"reason": "The field is\n/close @all missing"},
    ),
    (
        "implement",
        there(stage("Development"), *ADMINISTRATIVE),
        Verb.IMPLEMENT,
        {"reason": "Nobody asked for it: it was on our own list"},
    ),
    ("complete", there(stage("Implementation"), *BUG), Verb.COMPLETE, {"blueprint": TEXT}),
    ("complete-by-hand", there(stage("Implementation"), *BUG, note=BLUEPRINT), Verb.COMPLETE, {}),
    ("close", there(stage("Completed"), *BUG), Verb.CLOSE, {}),
    ("invalid", there(stage("Triage"), *BUG), Verb.CLOSE, {"reason": "It works as it should"}),
    ("not-approved", there(stage("Triage"), *FEATURE), Verb.CLOSE, {"reason": "Too much work"}),
    (
        "block",
        there(stage("Planning"), *BUG, note=GAMEPLAN),
        Verb.BLOCK,
        {"until": "The vendor --> answers", "then": "Carry on", "on": "kim-moe"},
    ),
    ("block-again", blocked, Verb.BLOCK, {"until": "Legal agrees", "on": "kim-moe"}),
    ("unblock", blocked, Verb.UNBLOCK, {}),
    ("forced", there(stage("Planning"), *FEATURE), Verb.SCHEDULE, {"force": True, "reason": "It burns"}),
    ("illegal", there(stage("Triage")), Verb.PLAN, {}),
    ("again", there(stage("Planning"), *BUG), Verb.PLAN, {}),
]


@pytest.mark.parametrize(("name", "put", "verb", "asked"), FORMS, ids=[one[0] for one in FORMS])
def test_the_plan_of_each_named_form(
    name: str, put: Callable[[Office], int], verb: Verb, asked: dict[str, Any]
) -> None:
    office = Office()
    iid = put(office)

    shown = office.move(iid, verb, dry_run=True, **asked)

    assert_golden(f"issues-{name}.txt", render_plain(moved_blocks(shown, dry_run=True)))


def test_what_was_done_is_shown_without_its_texts() -> None:
    office = Office()
    done = office.move(blocked(office), Verb.UNBLOCK)

    text = render_plain(moved_blocks(done, dry_run=False))

    assert "moved from Blocked to Development" in text
    assert "<!--" not in text
    assert text.endswith("\nTold:\nsam-roe\n")


@pytest.mark.parametrize(
    "labels", [("RequestType::Incident",), (stage("Planning"), stage("Development"), *BUG)]
)
def test_what_can_make_no_move_is_not_said_to_go_anywhere(labels: tuple[str, ...]) -> None:
    office = Office()
    moved = office.move(office.tracker.opened(*labels), Verb.START)

    assert "\nnot done: nothing was changed\n" in render_plain(moved_blocks(moved, dry_run=False))


def test_reviews() -> None:
    from datetime import timedelta

    office = Office(flow=replace(default_flow(), ladder=("kim-moe",)))
    for _ in range(3):
        blocked(office)
        office.tracker.time += timedelta(weeks=1)
    office.tracker.opened(stage("Queued"), *FEATURE, **READY)
    office.tracker.opened(stage("Queued"), *FEATURE)

    reviewed = office.reviewer(dry_run=True).review()
    dequeued = office.dequeuer(dry_run=True).dequeue()

    assert_golden("issues-escalate.txt", render_plain(review_blocks(reviewed, dry_run=True)))
    assert_golden("issues-dequeue.txt", render_plain(dequeued_blocks(dequeued, dry_run=True)))
    lost = Failed(office.issue(5), SupopsError("GitLab is away"))
    rows = csv_rows(review_csv(replace(reviewed, failed=(lost,)), dry_run=True))
    assert [(one["iid"], one["step"], one["to"], one["outcome"]) for one in rows] == [
        ("1", "escalate", "kim-moe", "planned"),
        ("2", "escalate", "kim-moe", "planned"),
        ("3", "ask", "sam-roe", "planned"),
        ("5", "", "", "failed"),
    ]
    rows = csv_rows(dequeued_csv(replace(dequeued, failed=(lost,)), dry_run=True))
    assert [(one["iid"], one["outcome"], one["error"]) for one in rows] == [
        ("4", "illegal", ""),
        ("5", "illegal", ""),
        ("5", "failed", "GitLab is away"),
    ]


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_an_issue_is_shown_with_what_it_says() -> None:
    office = Office()
    said = "Please\x1b[31m look:\n```\n/close\n```\n@all"
    iid = office.tracker.opened(stage("Triage"), *BUG, description=said)
    office.move(iid, Verb.PLAN)
    shown = office.viewer.show(iid, office.mover)

    text = render_terminal(shown_blocks(shown), width=80, color=False)
    assert "\nDescription\nPlease\\x1b[31m look:\n```\n/close\n```\n@all\n" in text
    # No time is broken, on a terminal of 80 columns.
    assert re.search(r"^Triage +2026-\S+Z  2026-\S+Z  0 +\S+$", text, re.MULTILINE)
    assert (
        "\n## Description\n\n````\nPlease\\x1b[31m look:\n```\n/close\n```\n@all\n````\n"
        in shown_markdown(shown)
    )
    assert [(one["iid"], one["stage"], one["until"] == "") for one in csv_rows(shown_csv(shown))] == [
        ("1", "Triage", False),
        ("1", "Planning", True),
    ]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_board_is_as_wide_as_the_terminal(width: int) -> None:
    office = Office()
    for name in ("Triage", "Planning", "Development", "Blocked"):
        for number in range(3):
            office.tracker.opened(
                stage(name), *BUG, title=f"A rather long title of number {number}\x1b[31m | @all"
            )
    columns, found = office.viewer.board(Filters())

    text = board_terminal(columns, found, width=width, color=False)

    assert_golden(f"issues-board-{width}.txt", text)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    assert "#12" in render_plain(board_blocks(columns, found))


def test_lists_as_tables_and_csv() -> None:
    office = Office()
    office.tracker.opened(stage("Planning"), *BUG, title='=HYPERLINK("x") | @all')
    found = office.viewer.rows(Filters())

    assert (
        issues_csv(found).splitlines()[1].startswith('1,"\'=HYPERLINK(""x"") | @all",Planning,bug,2,Support')
    )
    markdown = render_markdown(issues_blocks(found))
    assert "| issue | stage |" in markdown
    assert "`=HYPERLINK" in markdown
