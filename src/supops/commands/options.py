"""What commands share: their common options, and how they hand over a result."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.output_stream import unwritable
from supops.errors import ExitCode, SupopsError, UsageError

if TYPE_CHECKING:
    from supops.render.machine import Json
    from supops.render.tables import Block
    from supops.wiring import Wiring


class Format(StrEnum):
    """The formats that a command with a result has."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class AuditFormat(StrEnum):
    """The formats of an audit's report."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"


class FailOn(StrEnum):
    """From which severity on findings make exit status 3."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    NEVER = "never"


def _can_be_written(file: Path | None) -> Path | None:
    """Refuse a file that the result can't be written to before anything is done, and not after."""
    if file is None:
        return None
    from supops.files import check_place

    try:
        if file.is_dir():
            raise SupopsError(f"{file} can't be written: it is a folder.")
        if not file.exists() or file.is_file():
            check_place(file)
    except OSError as error:
        raise SupopsError(f"{file} can't be written: {error.strerror}") from None
    return file


FormatOption = Annotated[Format, typer.Option("--output", "-o", help="How to show the result.")]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--output-file",
        "-f",
        metavar="PATH",
        help="Write the result to this file, whole or not at all; missing folders are made.",
        callback=_can_be_written,
    ),
]
FailOnOption = Annotated[
    FailOn, typer.Option("--fail-on", help="From which severity on findings make exit status 3.")
]

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask; needed where there is no terminal.")]


def new_group(help_text: str) -> typer.Typer:
    """Return an app for a group of commands, with the settings that keep help fast and plain."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


def wiring_of(ctx: typer.Context) -> "Wiring":
    """Return what makes services and adapters for this run."""
    wiring: Wiring = ctx.find_root().obj
    return wiring


@dataclass(frozen=True, slots=True)
class Result:
    """A result in every shape it may be asked for. The shapes are made when they are needed.

    Attributes:
        csv: None for the first table of `blocks`.
        markdown: None for `blocks`.
        html: None where the command has no such format.
        plain: In place of `blocks`, on a terminal, in a pipe and in a file; None for those.
        terminal: In place of `blocks` on a terminal of so many columns, with colours or without; None for those.
    """

    blocks: Callable[[], "Sequence[Block]"]
    json: Callable[[], "Json"]
    csv: Callable[[], str] | None = None
    markdown: Callable[[], str] | None = None
    html: Callable[[], str] | None = None
    plain: Callable[[], str] | None = None
    terminal: Callable[[int, bool], str] | None = None


def asks() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(wiring: "Wiring", question: str, *, yes: bool, does: str = "deletes something") -> None:
    """Ask before something is deleted or closed.

    Raises:
        UsageError: Nobody can be asked, and ``--yes`` was not given.
        typer.Exit: The answer is no.
    """
    if yes:
        return
    if not asks():
        raise UsageError(f"This {does}, and there is no terminal to ask on.", hint="Add --yes to do it.")
    from supops.render.text import visible

    # Titles from outside stand in questions.
    if not typer.confirm(visible(question), err=True):
        wiring.terminal.note("nothing was changed")
        raise typer.Exit(ExitCode.ERROR)


def deliver(wiring: "Wiring", result: Result, output: Format | AuditFormat, file: Path | None) -> None:
    """Hand a result over: in the format that was asked for, to standard output or to a file."""
    text = _rendered(wiring, result, output, to_file=file is not None)
    if file is None:
        stdout = wiring.terminal.stdout
        try:
            stdout.write(text)
            stdout.flush()
        except BrokenPipeError:
            # Whoever reads has enough; the root ends the process.
            raise
        except OSError as error:
            raise unwritable(stdout, error) from None
        return
    from supops.files import write_whole

    try:
        write_whole(file, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise SupopsError(f"{file} can't be written: {error.strerror}") from None
    wiring.terminal.note(f"written to {file}")


def _rendered(wiring: "Wiring", result: Result, output: Format | AuditFormat, *, to_file: bool) -> str:
    # The two enumerations share their words.
    if output == AuditFormat.HTML and result.html:
        return result.html()
    if output == Format.JSON:
        from supops.render.machine import render_json

        return render_json(result.json())
    if output == Format.CSV:
        return result.csv() if result.csv else _first_table(result)
    if output == Format.MARKDOWN:
        from supops.render.markdown import render_markdown

        return result.markdown() if result.markdown else render_markdown(result.blocks())
    from supops.render.tables import render_plain, render_terminal

    terminal = wiring.terminal
    if result.plain:
        return result.plain()
    if result.terminal and terminal.is_terminal and not to_file:
        return result.terminal(terminal.width, terminal.color)
    if to_file or not terminal.is_terminal:
        return render_plain(result.blocks())
    return render_terminal(result.blocks(), width=terminal.width, color=terminal.color)


def _first_table(result: Result) -> str:
    from supops.render.machine import table_csv
    from supops.render.tables import Table

    for block in result.blocks():
        if isinstance(block, Table):
            return table_csv(block)
    raise UsageError("This result is no table, and can't be shown as CSV.", hint="Ask for it with -o json.")
