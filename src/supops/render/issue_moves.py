"""Plans for issues and what became of them, as people and programs see them."""

from supops.models.work import Change
from supops.models.work_moves import Moved, Plan
from supops.render.issues import iteration_json, milestone_json, missing_json
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.services.approving import Decision, Rice

MOVE_SCHEMA = "supops.issue-move/1"
APPROVAL_SCHEMA = "supops.issue-approval/1"
RICE_SCHEMA = "supops.issue-rice/1"
GOOD, BAD, OPEN = "green", "bold red", "yellow"


def outcome(moved: Moved, *, dry_run: bool) -> str:
    """Return what became of a plan, in a word: what programs read."""
    if not moved.plan.is_legal:
        return "illegal"
    if moved.plan.is_empty:
        return "unchanged"
    if dry_run:
        return "planned"
    return "differs" if moved.problems else "done"


def steps_of(plan: Plan) -> list[list[Value]]:
    """Return all that a plan writes, in its order: what, before, after."""
    change, issue = plan.change, plan.issue
    rows: list[list[Value]] = [
        ["comment", None, f"{one.kind} ({len(one.body):,} characters)"] for one in plan.comments
    ]
    if plan.iteration:
        rows.append(["iteration", issue.iteration.name if issue.iteration else None, plan.iteration.name])
    rows += _labels(change)
    if change.assignees is not None:
        rows.append(["assigned", ", ".join(issue.assignees), ", ".join(change.assignees)])
    if change.milestone is not None:
        rows.append(["milestone", issue.milestone.title if issue.milestone else None, change.milestone.title])
    if change.weight is not None:
        rows.append(["weight", issue.weight, change.weight])
    if change.close or change.reopen:
        rows.append(["state", issue.state, "closed" if change.close else "opened"])
    return rows


def _labels(change: Change) -> list[list[Value]]:
    """Return the labels that come and go; one that takes the place of others with its key stands beside them."""
    going = list(change.remove_labels)
    rows: list[list[Value]] = []
    for one in change.add_labels:
        key, scope, _ = one.rpartition("::")
        replaced = [other for other in going if scope and other.rpartition("::")[0] == key]
        going = [other for other in going if other not in replaced]
        rows.append(["label", ", ".join(replaced) or None, one])
    return rows + [["label", one, None] for one in going]


def moved_blocks(moved: Moved, *, dry_run: bool) -> list[Block]:
    """Return what became of a plan, or would: what is missing, what is written, and exactly what is posted."""
    plan = moved.plan
    what = outcome(moved, dry_run=dry_run)
    said = {
        "illegal": Cell(f"{_no_way(plan)}: nothing was changed", BAD),
        "unchanged": Cell("nothing to do: it is as it should be", GOOD),
        "planned": Cell(f"would be {_way(plan)}; nothing was changed", OPEN),
        "differs": Cell(f"{_way(plan)}, but not all is as it should be", BAD),
        "done": Cell(_way(plan), GOOD),
    }[what]
    lines = [said, Cell(plan.issue.web_url), *(Cell(one) for one in plan.remarks)]
    lines += [Cell(f"overridden: {one.message}", OPEN) for one in plan.overridden]
    lines += [Cell(one, BAD) for one in moved.problems]
    blocks: list[Block] = [Heading(f"#{plan.issue.iid} {plan.issue.title}", lines)]
    if plan.missing:
        rows: list[list[Value]] = [[one.message, one.remedy] for one in plan.missing]
        blocks.append(Table("Missing", ("what", "what to do"), rows, details=("what to do",)))
        return blocks
    if not plan.is_empty:
        blocks.append(Table("Plan" if dry_run else "Written", ("what", "before", "after"), steps_of(plan)))
    if dry_run:
        # Exactly what is posted.
        blocks += [
            Heading(f"Comment ({one.kind}):", [Cell(line) for line in one.body.split("\n")])
            for one in plan.comments
        ]
    if plan.notify and not plan.is_empty:
        blocks.append(Heading("Would be told:" if dry_run else "Told:", [Cell(", ".join(plan.notify))]))
    return blocks


def _way(plan: Plan) -> str:
    if plan.move is None or plan.source == plan.target:
        return f"changed in {plan.target}" if plan.target else "changed"
    return f"moved from {plan.source or 'no stage'} to {plan.target}"


def _no_way(plan: Plan) -> str:
    is_elsewhere = plan.target and plan.target != plan.source
    return f"not moved to {plan.target}" if is_elsewhere else "not done"


def moved_json(moved: Moved, *, dry_run: bool) -> Json:
    """Return the same as ``supops.issue-move/1``."""
    return {"schema": MOVE_SCHEMA, **plan_json(moved, dry_run=dry_run)}


def plan_json(moved: Moved, *, dry_run: bool) -> dict[str, Json]:
    """Return a plan and what became of it."""
    plan, change = moved.plan, moved.plan.change
    return {
        "iid": plan.issue.iid,
        "url": plan.issue.web_url,
        "type": plan.type,
        "from": plan.source or None,
        "to": plan.target or None,
        "command": str(plan.move.verb) if plan.move else None,
        "outcome": outcome(moved, dry_run=dry_run),
        "legal": plan.is_legal,
        "missing": [missing_json(one) for one in plan.missing],
        "overridden": [missing_json(one) for one in plan.overridden],
        "add_labels": list(change.add_labels),
        "remove_labels": list(change.remove_labels),
        "comments": [
            {"kind": str(one.kind), "body": one.body, "mentions": list(one.mentions)} for one in plan.comments
        ],
        "iteration": iteration_json(plan.iteration),
        "milestone": milestone_json(change.milestone),
        "assignees": list(change.assignees) if change.assignees is not None else None,
        "weight": change.weight,
        "close": change.close,
        "reopen": change.reopen,
        "notify": list(plan.notify),
        "remarks": list(plan.remarks),
        "problems": list(moved.problems),
    }


def moved_csv(moved: Moved, *, dry_run: bool) -> str:
    """Return the same as CSV, a line for each thing that is written or missing."""
    plan, what = moved.plan, outcome(moved, dry_run=dry_run)
    head: list[object] = [plan.issue.iid, plan.source, plan.target, what]
    rows = [[*head, "missing", None, one.message] for one in plan.missing] or [
        [*head, *one] for one in steps_of(plan)
    ]
    return render_csv(
        ("iid", "from", "to", "outcome", "what", "before", "after"), rows or [[*head, None, None, None]]
    )


def approval_json(moved: Moved, decision: Decision, *, dry_run: bool) -> Json:
    """Return a decision as ``supops.issue-approval/1``."""
    one = decision.assessment
    return {
        "schema": APPROVAL_SCHEMA,
        "roadmap": "aligned" if one.aligned else "not-aligned",
        "congruent": one.congruent,
        "effort": one.effort,
        "risk": one.risk,
        "impact": one.impact,
        "needed": str(decision.outcome),
        "level": decision.level or None,
        "approved": decision.approved,
        "approved_by": one.approved_by or None,
        "roadmap_updated": one.roadmap_updated,
        "evidence": one.evidence or None,
        "plan": plan_json(moved, dry_run=dry_run),
    }


def approval_blocks(moved: Moved, decision: Decision, *, dry_run: bool) -> list[Block]:
    """Return a decision, and what was recorded."""
    needed = {
        "not-needed": "no approval is needed",
        "leadership": f"support leadership has to approve: {decision.level}",
        "roadmap-or-leadership": f"the roadmap has to be updated, or support leadership ({decision.level}) to approve",
    }[str(decision.outcome)]
    state = Cell("it may go on", GOOD) if decision.approved else Cell("it waits for that", OPEN)
    return [Heading("Approval", [Cell(needed), state]), *moved_blocks(moved, dry_run=dry_run)]


def rice_blocks(found: Rice, moved: Moved | None, *, dry_run: bool) -> list[Block]:
    """Return a weight, and what was set."""
    rows: list[list[Value]] = [
        [
            found.reach,
            found.impact,
            f"{found.confidence:g}%",
            f"{found.effort:g}",
            f"{found.score:g}",
            found.weight,
        ]
    ]
    table = Table("RICE", ("reach", "impact", "confidence", "effort", "score", "weight"), rows)
    return [table, *(moved_blocks(moved, dry_run=dry_run) if moved else [])]


def rice_json(found: Rice, moved: Moved | None, *, dry_run: bool) -> Json:
    """Return a weight as ``supops.issue-rice/1``."""
    return {
        "schema": RICE_SCHEMA,
        "iid": moved.plan.issue.iid if moved else None,
        "reach": found.reach,
        "impact": found.impact,
        "confidence": found.confidence,
        "effort": found.effort,
        "score": found.score,
        "weight": found.weight,
        "outcome": outcome(moved, dry_run=dry_run) if moved else None,
    }
