"""Tables for people: with colours and lines on a terminal; plain, whole and aligned for a pipe."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from supops.models.findings import Severity
from supops.render.text import visible

SEVERITY_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with a style of its own, in Rich's words."""

    text: str
    style: str = ""


Value = str | int | bool | Cell | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns, whatever they will be shown as.

    Attributes:
        empty: What is said where there are no rows.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    empty: str = "none"


@dataclass(frozen=True, slots=True)
class Heading:
    """Lines of text above tables."""

    title: str
    lines: Sequence[Cell]


Block = Heading | Table


def severity_cell(severity: Severity) -> Cell:
    """Return a severity in its colour."""
    return Cell(str(severity), SEVERITY_STYLES[severity])


def cell_text(value: Value) -> str:
    """Return what is shown of a value, on one line."""
    if isinstance(value, Cell):
        return visible(value.text)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value))


def render_plain(blocks: Iterable[Block]) -> str:
    """Return blocks for a pipe: ASCII lines, two spaces between columns, nothing cut."""
    from rich.cells import cell_len

    lines: list[str] = []
    for block in blocks:
        if lines:
            lines.append("")
        if isinstance(block, Heading):
            lines += [block.title, *(visible(line.text) for line in block.lines)]
            continue
        if block.title:
            lines.append(f"{block.title} ({len(block.rows):,})" if block.rows else f"{block.title}: {block.empty}")
        if not block.rows:
            continue
        texts = [list(block.columns), *([cell_text(value) for value in row] for row in block.rows)]
        widths = [max(cell_len(row[place]) for row in texts) for place in range(len(block.columns))]
        texts.insert(1, ["-" * width for width in widths])
        for row in texts:
            padded = (text + " " * (width - cell_len(text)) for text, width in zip(row, widths, strict=True))
            lines.append("  ".join(padded).rstrip())
    return "\n".join(lines) + "\n" if lines else ""


def render_terminal(blocks: Iterable[Block], *, width: int, color: bool) -> str:
    """Return blocks for a terminal of a width: long texts are folded, never cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    out = StringIO()
    console = Console(file=out, width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False)
    for number, block in enumerate(blocks):
        if number:
            console.print()
        if isinstance(block, Heading):
            console.print(Text(block.title, "bold"))
            for line in block.lines:
                console.print(Text(visible(line.text), line.style))
            continue
        if block.title:
            amount = f"({len(block.rows):,})" if block.rows else block.empty
            console.print(Text.assemble((block.title, "bold"), " ", (amount, "dim")))
        if not block.rows:
            continue
        table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
        for column in block.columns:
            table.add_column(column, overflow="fold")
        for row in block.rows:
            table.add_row(*(Text(cell_text(value), value.style if isinstance(value, Cell) else "") for value in row))
        console.print(table)
    return out.getvalue()
