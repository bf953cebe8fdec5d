"""Lists of issues, one issue, and what it can do next, as people and programs see them."""

import re
from collections.abc import Sequence

from supops.models.work import Iteration, Milestone, WorkIssue
from supops.models.work_moves import Missing, Option
from supops.render.machine import Json, render_csv
from supops.render.markdown import render_markdown
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import timestamp, visible
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
    "state",
    "closed_at",
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
    """Return a list of issues; ages are working days in the stage, and its goal. The day of closing has a column where any is closed."""
    closed = any(row.issue.closed_at for row in found.rows)
    before = ("issue", "stage", "type", "priority", "customer", "age")
    columns = (*before, *(("closed",) if closed else ()), "assigned", "iteration", "title")
    rows: list[list[Value]] = [
        [
            f"#{row.issue.iid}",
            row.stage or Cell("none", "bold red"),
            row.type or Cell("none", "yellow"),
            row.priority,
            ", ".join(row.customers),
            age_cell(row.age),
            *([row.issue.closed_at.date().isoformat() if row.issue.closed_at else None] if closed else []),
            ", ".join(row.issue.assignees) or None,
            row.issue.iteration.name if row.issue.iteration else None,
            row.issue.title,
        ]
        for row in found.rows
    ]
    return Table(title, columns, rows, details=("title", "assigned", "iteration"))


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
                row.issue.state,
                timestamp(row.issue.closed_at) if row.issue.closed_at else None,
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


def next_blocks(issue: WorkIssue, kind: str | None, stage: str, options: Sequence[Option]) -> list[Block]:
    """Return which issue it is, where it is, and what it can do next."""
    where = f"{kind or 'no type'}, in {stage or 'no stage'}"
    if issue.is_closed:
        where += ", closed"
    return [Heading(f"#{issue.iid} {issue.title}", [Cell(where)]), options_table(options)]


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


def moves_csv(iid: int, options: Sequence[Option]) -> str:
    """Return what an issue can do next as CSV."""
    columns = ("iid", "to", "command", "legal", "asks", "missing", "remedies")
    return render_csv(
        columns,
        [
            [
                iid,
                one.move.target,
                str(one.move.verb),
                one.is_legal,
                " ".join(one.asks),
                "; ".join(missing.message for missing in one.missing),
                "; ".join(missing.remedy for missing in one.missing),
            ]
            for one in options
        ],
    )


def shown_blocks(shown: Shown) -> list[Block]:
    """Return one issue: what it is, what it says, its history, and what it can do next."""
    said = [Heading("Description", [Cell(line) for line in _description(shown)])]
    return [_shown_head(shown), *(said if said[0].lines else []), *_shown_course(shown)]


def shown_markdown(shown: Shown) -> str:
    """Return the same as Markdown: what the issue says is shown as it was written, and means nothing."""
    parts = [render_markdown([_shown_head(shown)])]
    if said := "\n".join(_description(shown)):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", said)), default=0))
        parts.append(f"## Description\n\n{fence}\n{said}\n{fence}\n")
    return "\n".join([*parts, render_markdown(_shown_course(shown))])


def _shown_head(shown: Shown) -> Heading:
    issue = shown.row.issue
    facts = [Cell(f"{name:<9} {text}", style) for name, text, style in _facts(shown)]
    return Heading(f"#{issue.iid} {issue.title}", [Cell(issue.web_url), *facts])


def _description(shown: Shown) -> list[str]:
    return [visible(line) for line in shown.row.issue.description.strip().splitlines()]


def _shown_course(shown: Shown) -> list[Block]:
    history: list[list[Value]] = [
        [
            stay.stage,
            timestamp(stay.since),
            timestamp(stay.until) if stay.until else "now",
            stay.days,
            stay.by or None,
        ]
        for stay in shown.history
    ]
    # Of work; under so short a name, times and a name beside them fit into 80 columns.
    columns = ("stage", "since", "until", "days", "by")
    return [
        Table("History", columns, history, "nothing is recorded", details=("by",)),
        options_table(shown.options),
    ]


def _facts(shown: Shown) -> list[tuple[str, str, str]]:
    """Return what is known of an issue: names, texts, and in which style they are shown."""
    issue, row = shown.row.issue, shown.row
    age = f"{row.stage or 'none'}, {age_text(row.age)} (working days{' / goal' if row.age.goal else ''})"
    facts = [
        ("stage", age, age_cell(row.age).style),
        ("type", row.type or "none", ""),
        ("priority", row.priority or "none", ""),
        ("customer", ", ".join(row.customers) or "none", ""),
        ("author", issue.author, ""),
        ("assigned", ", ".join(issue.assignees) or "nobody", ""),
        ("iteration", issue.iteration.name if issue.iteration else "none", ""),
        ("milestone", issue.milestone.title if issue.milestone else "none", ""),
        ("weight", "none" if issue.weight is None else str(issue.weight), ""),
        ("labels", ", ".join(issue.labels) or "none", ""),
    ]
    if issue.confidential:
        facts.append(("seen by", "the team only: it is confidential", ""))
    if issue.closed_at:
        facts.append(("closed", timestamp(issue.closed_at), ""))
    if shown.came_from or shown.until:
        facts += [
            ("blocked", f"in {shown.came_from or 'a stage that nothing tells'}", ""),
            ("until", shown.until or "not said", ""),
            ("then", shown.then or "not said", ""),
            ("unblocks", shown.on or "not said", ""),
        ]
    return facts


def _block(shown: Shown) -> dict[str, str]:
    return {"from": shown.came_from, "until": shown.until, "then": shown.then, "on": shown.on}


def shown_csv(shown: Shown) -> str:
    """Return the history of one issue as CSV."""
    columns = ("iid", "stage", "since", "until", "working_days", "by")
    return render_csv(
        columns,
        [
            [
                shown.row.issue.iid,
                stay.stage,
                timestamp(stay.since),
                timestamp(stay.until) if stay.until else None,
                stay.days,
                stay.by,
            ]
            for stay in shown.history
        ],
    )


def shown_json(shown: Shown) -> Json:
    """Return one issue as ``supops.issue/1``."""
    return {
        "schema": ISSUE_SCHEMA,
        "issue": row_json(shown.row),
        "description": shown.row.issue.description,
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
            {name: text or None for name, text in _block(shown).items()}
            if shown.came_from or shown.until
            else None
        ),
        "moves": [option_json(one) for one in shown.options],
    }
