"""The board: a column for each stage, as wide as the terminal."""

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from supops.render.issues import age_cell, age_text, incomplete_blocks, row_json
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Table, Value
from supops.render.text import timestamp, visible
from supops.services.work_viewing import Column, Row, Rows

if TYPE_CHECKING:
    from rich.table import Table as RichTable
    from rich.text import Text

BOARD_SCHEMA = "supops.issue-board/1"
NARROWEST = 20
GAP = 2
LOST = "No stage, or several"


def board_blocks(columns: Sequence[Column], found: Rows) -> list[Block]:
    """Return the board for a pipe: a table for each stage."""
    titles = ("issue", "type", "age", "assigned", "title")
    blocks: list[Block] = []
    for column in columns:
        rows: list[list[Value]] = [
            [
                f"#{row.issue.iid}",
                row.type,
                age_cell(row.age),
                ", ".join(row.issue.assignees),
                row.issue.title,
            ]
            for row in column.rows
        ]
        blocks.append(Table(column.stage or LOST, titles, rows, details=("title",)))
    return [*blocks, *incomplete_blocks(found.incomplete_reasons)]


def board_terminal(columns: Sequence[Column], found: Rows, *, width: int, color: bool) -> str:
    """Return the board for a terminal: columns side by side, in as many bands as its width needs; stages without issues in one line."""
    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False
    )
    empty = [column.stage for column in columns if not column.rows]
    columns = [column for column in columns if column.rows]
    fitting = max(1, (width + GAP) // (NARROWEST + GAP))
    bands = -(-len(columns) // fitting)
    # The bands are about as wide as each other.
    size = -(-len(columns) // max(1, bands))
    for start in range(0, len(columns), max(1, size)):
        if start:
            console.print()
        console.print(_band(columns[start : start + size], size, width))
    if empty:
        console.print()
        console.print(Text(visible(f"Nothing in: {', '.join(empty)}"), "dim"))
    for reason in found.incomplete_reasons:
        console.print(Text(visible(f"incomplete: {reason}"), "bold red"))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _band(columns: Sequence[Column], size: int, width: int) -> "RichTable":
    from rich.table import Table as RichTable
    from rich.text import Text

    each = max(NARROWEST, (width - GAP * (size - 1)) // size) if size > 1 else width
    grid = RichTable(box=None, padding=(0, GAP, 0, 0), show_header=True, pad_edge=False)
    for number, column in enumerate(columns):
        late = sum(1 for row in column.rows if row.age.is_late)
        title = Text.assemble(
            (visible(column.stage or LOST), "bold underline"),
            f" {len(column.rows)}",
            (f" ({late} late)" if late else "", "bold red"),
        )
        is_last = number == len(columns) - 1
        grid.add_column(title, width=each if not is_last else min(each, width), overflow="fold")
    grid.add_row(*(_cards(column.rows) for column in columns))
    return grid


def _cards(rows: Sequence[Row]) -> "Text":
    from rich.text import Text

    text = Text()
    for row in rows:
        age = age_cell(row.age)
        if text:
            text.append("\n")
        text.append(f"#{row.issue.iid}", "bold")
        text.append(f" {age.text}", age.style)
        text.append(f" {row.type or 'no type'}", "dim")
        text.append(f"\n{visible(row.issue.title)}")
        if row.issue.assignees:
            text.append(f"\n{visible(', '.join(row.issue.assignees))}", "cyan")
    return text


def board_json(columns: Sequence[Column], found: Rows) -> Json:
    """Return the board as ``supops.issue-board/1``."""
    return {
        "schema": BOARD_SCHEMA,
        "complete": not found.incomplete_reasons,
        "incomplete_reasons": list(found.incomplete_reasons),
        "columns": [
            {"stage": column.stage or None, "issues": [row_json(row) for row in column.rows]}
            for column in columns
        ],
    }


def board_csv(columns: Sequence[Column]) -> str:
    """Return the board as CSV, a line for each issue."""
    titles = ("stage", "iid", "type", "age", "assignees", "title", "updated_at")
    return render_csv(
        titles,
        [
            [
                column.stage,
                row.issue.iid,
                row.type,
                age_text(row.age),
                ", ".join(row.issue.assignees),
                row.issue.title,
                timestamp(row.issue.updated_at),
            ]
            for column in columns
            for row in column.rows
        ],
    )
