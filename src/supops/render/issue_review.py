"""What became of Queued issues, and of the weekly review of Blocked ones, as people and programs see it."""

from collections.abc import Sequence

from supops.render.issue_moves import BAD, GOOD, OPEN, outcome, plan_json
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import timestamp
from supops.services.work_review import Dequeued, Failed, Review, Reviewed, Step

DEQUEUE_SCHEMA = "supops.issue-dequeue/1"
REVIEW_SCHEMA = "supops.issue-review/1"


def dequeued_blocks(done: Dequeued, *, dry_run: bool) -> list[Block]:
    """Return what became of Queued issues."""
    if done.unavailable:
        why = (
            f"There are no iterations: {done.unavailable}. Nothing says when a queued issue's time has come."
        )
        return [Heading(why, [Cell("Start them one by one: `supops issues start IID`")])]
    rows: list[list[Value]] = []
    for one in done.moved:
        issue, what = one.plan.issue, outcome(one, dry_run=dry_run)
        lacks = "; ".join(
            [*(missing.message for missing in one.plan.missing), *one.problems, *one.plan.remarks]
        )
        rows.append(
            [
                f"#{issue.iid}",
                Cell(what, GOOD if what in ("done", "planned", "unchanged") else BAD),
                one.plan.target,
                issue.iteration.name if issue.iteration else None,
                lacks or None,
                issue.title,
            ]
        )
    columns = ("issue", "outcome", "to", "iteration", "lacks", "title")
    blocks: list[Block] = [
        Table("Dequeued", columns, rows, "no iteration has come", details=("lacks", "title"))
    ]
    return [*blocks, *_failed(done.failed)]


def _failed(failed: Sequence[Failed]) -> list[Block]:
    rows: list[list[Value]] = [[f"#{one.issue.iid}", Cell(one.error.message, BAD)] for one in failed]
    return [Table("Failed", ("issue", "why"), rows)] if rows else []


def _failed_json(failed: Sequence[Failed]) -> list[Json]:
    return [{"iid": one.issue.iid, "url": one.issue.web_url, "error": one.error.message} for one in failed]


def dequeued_json(done: Dequeued, *, dry_run: bool) -> Json:
    """Return the same as ``supops.issue-dequeue/1``."""
    return {
        "schema": DEQUEUE_SCHEMA,
        "dry_run": dry_run,
        "unavailable": done.unavailable or None,
        "waiting": done.waiting,
        "issues": [plan_json(one, dry_run=dry_run) for one in done.moved],
        "failed": _failed_json(done.failed),
    }


def dequeued_csv(done: Dequeued, *, dry_run: bool) -> str:
    """Return the same as CSV; what went wrong stands under ``error``."""
    columns = ("iid", "title", "outcome", "from", "to", "iteration", "missing", "problems", "error", "url")
    rows: list[list[object]] = [
        [
            one.plan.issue.iid,
            one.plan.issue.title,
            outcome(one, dry_run=dry_run),
            one.plan.source,
            one.plan.target,
            one.plan.issue.iteration.name if one.plan.issue.iteration else None,
            "; ".join(missing.message for missing in one.plan.missing),
            "; ".join(one.problems),
            None,
            one.plan.issue.web_url,
        ]
        for one in done.moved
    ]
    return render_csv(columns, [*rows, *_failed_rows(done.failed, columns)])


def _failed_rows(failed: Sequence[Failed], columns: Sequence[str]) -> list[list[object]]:
    known = [
        {
            "iid": one.issue.iid,
            "title": one.issue.title,
            "outcome": "failed",
            "error": one.error.message,
            "url": one.issue.web_url,
        }
        for one in failed
    ]
    return [[one.get(column) for column in columns] for one in known]


def review_step(one: Reviewed, *, dry_run: bool) -> str:
    """Return what the review did with an issue, in a word or two."""
    if one.step is Step.NOTHING:
        return "done before" if one.done_before else "nothing"
    if one.held:
        return f"would {one.step} (with --yes)" if dry_run else f"{one.step}: {one.held}"
    return f"would {one.step}" if dry_run else str(one.step)


def review_blocks(done: Review, *, dry_run: bool) -> list[Block]:
    """Return what the weekly review found and did."""
    rows: list[list[Value]] = []
    for one in done.reviewed:
        style = "" if one.step is Step.NOTHING else OPEN if dry_run or one.held else GOOD
        remarks = "; ".join([*([one.note] if one.note else []), *(one.moved.problems if one.moved else ())])
        rows.append(
            [
                f"#{one.issue.iid}",
                one.weeks,
                timestamp(one.since),
                Cell(review_step(one, dry_run=dry_run), style),
                one.to if one.step is not Step.NOTHING else None,
                remarks or None,
                one.issue.title,
            ]
        )
    columns = ("issue", "weeks", "last update", "step", "to", "remarks", "title")
    blocks: list[Block] = [Table("Blocked", columns, rows, details=("remarks", "title"))]
    if dry_run:
        for one in done.reviewed:
            for comment in one.plan.comments:
                lines = [Cell(line) for line in comment.body.split("\n")]
                lines.append(Cell(f"Would be told: {', '.join(one.plan.notify)}"))
                blocks.append(Heading(f"Comment on #{one.issue.iid} ({comment.kind}):", lines))
    return [*blocks, *_failed(done.failed)]


def review_json(done: Review, *, dry_run: bool) -> Json:
    """Return the same as ``supops.issue-review/1``."""
    return {
        "schema": REVIEW_SCHEMA,
        "dry_run": dry_run,
        "issues": [
            {
                "iid": one.issue.iid,
                "url": one.issue.web_url,
                "title": one.issue.title,
                "last_update": timestamp(one.since),
                "weeks": one.weeks,
                "step": str(one.step),
                "to": one.to or None,
                "done_before": one.done_before,
                "held": one.held or None,
                "note": one.note or None,
                "done": one.moved is not None and one.moved.done,
                "comments": [
                    {"kind": str(comment.kind), "body": comment.body} for comment in one.plan.comments
                ],
                "notify": list(one.plan.notify),
                "problems": list(one.moved.problems) if one.moved else [],
            }
            for one in done.reviewed
        ],
        "failed": _failed_json(done.failed),
    }


def review_csv(done: Review, *, dry_run: bool) -> str:
    """Return the same as CSV; what went wrong stands under ``error``."""
    columns = (
        *("iid", "title", "weeks", "last_update", "step", "to", "outcome"),
        *("note", "problems", "error", "url"),
    )
    rows: list[list[object]] = [
        [
            one.issue.iid,
            one.issue.title,
            one.weeks,
            timestamp(one.since),
            str(one.step),
            one.to,
            _review_outcome(one, dry_run=dry_run),
            one.note,
            "; ".join(one.moved.problems) if one.moved else None,
            None,
            one.issue.web_url,
        ]
        for one in done.reviewed
    ]
    return render_csv(columns, [*rows, *_failed_rows(done.failed, columns)])


def _review_outcome(one: Reviewed, *, dry_run: bool) -> str:
    if one.step is Step.NOTHING:
        return "done before" if one.done_before else "unchanged"
    if one.held:
        return "held"
    return outcome(one.moved, dry_run=dry_run) if one.moved else "planned" if dry_run else "unchanged"
