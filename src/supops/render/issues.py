"""Lists of issues, one issue, and what it can do next, as people and programs see them."""

from collections.abc import Sequence

from supops.models.work import Iteration, Milestone, WorkIssue
from supops.models.work_moves import Missing, Option
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import timestamp
from supops.services.work_reading import Age
from supops.services.work_viewing import Row, Rows, Shown

ISSUES_SCHEMA = "supops.issues/1"
ISSUE_SCHEMA = "supops.issue/1"
MOVES_SCHEMA = "supops.issue-moves/1"
LATE, FINE, MAYBE = "bold red", "green", "yellow"
CSV_COLUMNS = (
    "iid",
    "title",
    "stage",
    "type",
    "priority",
    "customers",
    "assignees",
    "iteration",
    "milestone",
    "weight",
    "age_working_days",
    "goal_working_days",
    "late",
    "author",
    "created_at",
    "updated_at",
    "url",
)


def age_text(age: Age) -> str:
    """Return an age and its goal: ``3/5d``; a range where it is not known exactly."""
    days = str(age.days) if age.is_exact else f"{age.days}-{age.most}"
    return f"{days}/{age.goal}d" if age.goal else f"{days}d"


def age_cell(age: Age) -> Cell:
    """Return an age in the colour of how it stands to the goal."""
    if age.goal is None:
        return Cell(age_text(age), "dim")
    return Cell(age_text(age), LATE if age.is_late else FINE if age.is_settled else MAYBE)


def issues_table(found: Rows, title: str = "Issues") -> Table:
    """Return a list of issues; ages are working days in the stage, and its goal."""
    columns = ("issue", "stage", "type", "priority", "customer", "age", "assigned", "iteration", "title")
    rows: list[list[Value]] = [
        [
            f"#{row.issue.iid}",
            row.stage or Cell("none", "bold red"),
            row.type or Cell("none", "yellow"),
            row.priority,
            ", ".join(row.customers),
            age_cell(row.age),
            ", ".join(row.issue.assignees),
            row.issue.iteration.name if row.issue.iteration else None,
            row.issue.title,
        ]
        for row in found.rows
    ]
    return Table(title, columns, rows, details=("assigned", "iteration", "title"))


def incomplete_blocks(reasons: Sequence[str]) -> list[Block]:
    """Return what could not be read; nothing where everything was."""
    return (
        [Heading("Incomplete: not everything could be read.", [Cell(one) for one in reasons])]
        if reasons
        else []
    )


def issues_blocks(found: Rows) -> list[Block]:
    """Return a list of issues, and what could not be read."""
    return [issues_table(found), *incomplete_blocks(found.incomplete_reasons)]


def issues_csv(found: Rows) -> str:
    """Return a list of issues as CSV."""
    return render_csv(
        CSV_COLUMNS,
        [
            [
                row.issue.iid,
                row.issue.title,
                row.stage,
                row.type,
                row.priority,
                ", ".join(row.customers),
                ", ".join(row.issue.assignees),
                row.issue.iteration.name if row.issue.iteration else None,
                row.issue.milestone.title if row.issue.milestone else None,
                row.issue.weight,
                row.age.days,
                row.age.goal.most if row.age.goal else None,
                row.age.is_late,
                row.issue.author,
                timestamp(row.issue.created_at),
                timestamp(row.issue.updated_at),
                row.issue.web_url,
            ]
            for row in found.rows
        ],
    )


def issues_json(found: Rows) -> Json:
    """Return the same as ``supops.issues/1``."""
    return {
        "schema": ISSUES_SCHEMA,
        "complete": not found.incomplete_reasons,
        "incomplete_reasons": list(found.incomplete_reasons),
        "issues": [row_json(row) for row in found.rows],
    }


def row_json(row: Row) -> dict[str, Json]:
    """Return an issue as lists have it."""
    issue = row.issue
    return {
        "iid": issue.iid,
        "title": issue.title,
        "state": issue.state,
        "stage": row.stage or None,
        "type": row.type,
        "priority": row.priority,
        "customers": list(row.customers),
        "author": issue.author,
        "assignees": list(issue.assignees),
        "iteration": iteration_json(issue.iteration),
        "milestone": milestone_json(issue.milestone),
        "weight": issue.weight,
        "confidential": issue.confidential,
        "labels": list(issue.labels),
        "created_at": timestamp(issue.created_at),
        "updated_at": timestamp(issue.updated_at),
        "closed_at": timestamp(issue.closed_at) if issue.closed_at else None,
        "age": age_json(row.age),
        "url": issue.web_url,
    }


def age_json(age: Age) -> Json:
    """Return an age: in working days, between two numbers where it is not known exactly."""
    return {
        "working_days": age.days,
        "at_most": age.most,
        "since": timestamp(age.since) if age.since else None,
        "goal": age.goal.most if age.goal else None,
        "of": age.of or None,
        "late": age.is_late,
    }


def iteration_json(iteration: Iteration | None) -> Json:
    """Return an iteration."""
    if iteration is None:
        return None
    return {
        "id": iteration.id,
        "title": iteration.title or None,
        "start": iteration.start.isoformat(),
        "due": iteration.due.isoformat(),
    }


def milestone_json(milestone: Milestone | None) -> Json:
    """Return a milestone."""
    return {"id": milestone.id, "title": milestone.title} if milestone else None


def option_cells(option: Option) -> list[Value]:
    """Return a move as a row: where to, whether it is legal, what it lacks."""
    move = option.move
    state = Cell("yes", "green") if option.is_legal else Cell("no", "yellow")
    lacks = "; ".join(f"{one.message} -> {one.remedy}" for one in option.missing)
    asks = ", ".join(f"--{one}" for one in option.asks)
    return [move.target, str(move.verb), state, asks or None, Cell(lacks) if lacks else None]


def options_table(options: Sequence[Option]) -> Table:
    """Return what an issue can do next; those that are legal first."""
    ordered = sorted(options, key=lambda one: (one.move.back, not one.is_legal))
    rows = [option_cells(one) for one in ordered]
    return Table(
        "Moves", ("to", "command", "legal", "say", "lacks"), rows, "there is none", details=("lacks",)
    )


def moves_json(iid: int, kind: str | None, stage: str, options: Sequence[Option]) -> Json:
    """Return what an issue can do next as ``supops.issue-moves/1``."""
    return {
        "schema": MOVES_SCHEMA,
        "iid": iid,
        "type": kind,
        "stage": stage or None,
        "moves": [option_json(one) for one in options],
    }


def option_json(option: Option) -> Json:
    """Return a move with what it lacks."""
    return {
        "to": option.move.target,
        "command": str(option.move.verb),
        "legal": option.is_legal,
        "missing": [missing_json(one) for one in option.missing],
        "asks": list(option.asks),
        "add_labels": list(option.add_labels),
        "remove_labels": list(option.remove_labels),
        "comment": option.writes_comment,
        "close": option.closes,
        "back": option.move.back,
    }


def missing_json(missing: Missing) -> Json:
    """Return what a move lacks."""
    return {"need": str(missing.need), "message": missing.message, "remedy": missing.remedy}


def moves_csv(options: Sequence[Option]) -> str:
    """Return what an issue can do next as CSV."""
    columns = ("to", "command", "legal", "asks", "missing")
    return render_csv(
        columns,
        [
            [
                one.move.target,
                str(one.move.verb),
                one.is_legal,
                " ".join(one.asks),
                "; ".join(missing.message for missing in one.missing),
            ]
            for one in options
        ],
    )


def shown_blocks(shown: Shown) -> list[Block]:
    """Return one issue: what it is, its history, and what it can do next."""
    issue, row = shown.row.issue, shown.row
    lines = [
        Cell(issue.web_url),
        Cell(
            f"stage     {row.stage or 'none'}, {age_text(row.age)} (working days / goal)",
            age_cell(row.age).style,
        ),
        Cell(f"type      {row.type or 'none'}"),
        Cell(f"priority  {row.priority or 'none'}    customer  {', '.join(row.customers) or 'none'}"),
        Cell(f"author    {issue.author}    assigned  {', '.join(issue.assignees) or 'nobody'}"),
        Cell(f"iteration {issue.iteration.name if issue.iteration else 'none'}"),
        Cell(f"milestone {issue.milestone.title if issue.milestone else 'none'}    weight  {_weight(issue)}"),
        Cell(f"labels    {', '.join(issue.labels) or 'none'}"),
    ]
    if issue.confidential:
        lines.append(Cell("confidential"))
    if issue.closed_at:
        lines.append(Cell(f"closed    {timestamp(issue.closed_at)}"))
    if shown.came_from or shown.until:
        lines.append(
            Cell(
                f"blocked in {shown.came_from or 'a stage that nothing tells'}, until: {shown.until or 'not said'}"
            )
        )
        lines.append(Cell(f"then       {shown.then or 'not said'}"))
    history: list[list[Value]] = [
        [
            stay.stage,
            timestamp(stay.since),
            timestamp(stay.until) if stay.until else "now",
            stay.days,
            stay.by,
        ]
        for stay in shown.history
    ]
    columns = ("stage", "since", "until", "working days", "by")
    return [
        Heading(f"#{issue.iid} {issue.title}", lines),
        Table("History", columns, history, "nothing is recorded"),
        options_table(shown.options),
    ]


def _weight(issue: WorkIssue) -> str:
    return "none" if issue.weight is None else str(issue.weight)


def shown_json(shown: Shown) -> Json:
    """Return one issue as ``supops.issue/1``."""
    return {
        "schema": ISSUE_SCHEMA,
        "issue": row_json(shown.row),
        "history": [
            {
                "stage": stay.stage,
                "since": timestamp(stay.since),
                "until": timestamp(stay.until) if stay.until else None,
                "working_days": stay.days,
                "by": stay.by or None,
            }
            for stay in shown.history
        ],
        "blocked": (
            {"from": shown.came_from or None, "until": shown.until or None, "then": shown.then or None}
            if shown.came_from or shown.until
            else None
        ),
        "moves": [option_json(one) for one in shown.options],
    }
