"""Tables for people: with colours and lines on a terminal; plain, whole and aligned for a pipe."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

from supops.models.findings import Severity
from supops.render.text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table as RichTable
    from rich.text import Text

SEVERITY_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
NOTHING = "-"
GAP = 2


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
        details: The columns that go onto lines of their own, below the others, on a terminal too narrow for all of them.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    empty: str = "none"
    details: tuple[str, ...] = ()


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
            lines += [visible(block.title), *(visible(line.text) for line in block.lines)]
            continue
        if block.title:
            lines.append(
                f"{block.title} ({len(block.rows):,})" if block.rows else f"{block.title}: {block.empty}"
            )
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
    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, no_color=not color, highlight=False, legacy_windows=False
    )
    for number, block in enumerate(blocks):
        if number:
            console.print()
        if isinstance(block, Heading):
            console.print(Text(visible(block.title), "bold"))
            for line in block.lines:
                console.print(Text(visible(line.text), line.style))
            continue
        if block.title:
            amount = f"({len(block.rows):,})" if block.rows else block.empty
            console.print(Text.assemble((block.title, "bold"), " ", (amount, "dim")))
        if block.rows:
            for part in _grids(block, width):
                console.print(part)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _grids(table: Table, width: int) -> Iterable["RenderableType"]:
    from rich.padding import Padding

    wanted = [_widest(table, column) for column in table.columns]
    if not table.details or sum(wanted) + GAP * (len(wanted) - 1) <= width:
        yield _grid(dict(zip(table.columns, _fitting(wanted, width), strict=True)), table.rows)
        return
    columns = [column for column in table.columns if column not in table.details]
    # Rows that are shown one by one stay aligned by the widths of all.
    widths = dict(zip(columns, _fitting([_widest(table, column) for column in columns], width), strict=True))
    for number, row in enumerate(table.rows):
        cells = dict(zip(table.columns, row, strict=True))
        yield _grid(widths, [[cells[column] for column in columns]], header=number == 0)
        for column in table.details:
            if cells[column] is not None:
                # One or two say by themselves what they are.
                label = f"{column}: " if len(table.details) > 2 else ""
                yield Padding(_text(cells[column], label), (0, 0, 0, GAP))


def _widest(table: Table, column: str) -> int:
    from rich.cells import cell_len

    place = list(table.columns).index(column)
    return max(cell_len(column), *(cell_len(cell_text(row[place])) for row in table.rows))


def _fitting(widths: Sequence[int], width: int) -> list[int]:
    """Return widths of columns that fit into a width: the widest give way, all of them alike, and their cells are folded."""
    fitting = list(widths)
    room = max(len(fitting), width - GAP * (len(fitting) - 1))
    excess = sum(fitting) - room
    while excess > 0:
        widest = max(fitting)
        places = [place for place, one in enumerate(fitting) if one == widest]
        following = max((one for one in fitting if one < widest), default=1)
        step = max(1, min(excess // len(places), widest - following))
        for place in places[:excess]:
            fitting[place] -= step
        excess = sum(fitting) - room
    return fitting


def _grid(widths: Mapping[str, int], rows: Sequence[Sequence[Value]], *, header: bool = True) -> "RichTable":
    from rich.table import Table as RichTable

    # The gaps are columns: how much of a padding counts beside the last column depends on rich's version.
    grid = RichTable(box=None, padding=0, header_style="bold underline", show_header=header)
    for place, (column, width) in enumerate(widths.items()):
        if place:
            grid.add_column(width=GAP)
        grid.add_column(column, overflow="fold", width=width)
    for row in rows:
        cells = [cell for value in row for cell in ("", _text(value))]
        grid.add_row(*cells[1:])
    return grid


def _text(value: Value, label: str = "") -> "Text":
    from rich.text import Text

    text = Text(cell_text(value), value.style if isinstance(value, Cell) else "")
    return Text.assemble((label, "dim"), text) if label else text
