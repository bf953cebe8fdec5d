"""The root of the command line.

Global options, groups that are imported when they are asked for, and the ONE place where an error becomes a message, a hint
and an exit code.
"""

import importlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO, cast

import typer
from typer.core import TyperGroup

from supops.commands.output_stream import discard, unwritable
from supops.errors import ExitCode, SupopsError
from supops.surroundings import GlobalOptions
from supops.wiring import Wiring

if TYPE_CHECKING:
    from typer import _click

# What the parser raises when a command line makes no sense.
UsageError = cast("type[Exception]", typer.BadParameter.__base__)
# Each group's module below `supops.commands`, the name of its app there, and what help says of it.
GROUPS: Mapping[str, tuple[str, str, str]] = {
    "audit": ("audit", "app", "Who has access to what, and whether all is as it should be."),
    "calendly": (
        "calendly",
        "app",
        "Webhook subscriptions, and booked events into the team calendars.",
    ),
    "webhooks": (
        "webhooks",
        "app",
        "Deliveries of webhooks: receive, look at, replay; and watch Zendesk's own.",
    ),
    "issues": (
        "issues",
        "app",
        "The team's issues: what is where, what may move, and what contradicts the flow.",
    ),
    "schedule": (
        "schedule",
        "app",
        "What is done from time to time: quarterly audits, retention, comparisons.",
    ),
    "licenses": (
        "licenses",
        "app",
        "Licenses for team members: which one, whether it may be made, and the answer.",
    ),
    "team": ("team", "app", "The team's roster: who is in it, and what is wrong with its files."),
    "config": ("config", "app", "The settings: where they are, what they say, how to begin."),
    "doctor": (
        "setup",
        "doctor_app",
        "Check settings, roster and credentials, and say how to mend what fails.",
    ),
    "demo": ("setup", "demo_app", "A guided tour on an embedded world; no account and no network needed."),
}
TERMINATED = 128 + signal.SIGTERM
# Whoever read the result has read enough, such as `head`.
UNREAD = 128 + signal.SIGPIPE


def all_commands() -> "Iterator[tuple[tuple[str, ...], _click.Command]]":
    """Yield every command with the words that call it, groups' commands after the group; imports them all."""
    for group in GROUPS:
        yield from _commands_of(group)


def has_command(words: Sequence[str]) -> bool:
    """Whether this version has the command that words call; imports the group that they begin with."""
    return words[0] in GROUPS and any(tuple(words[: len(known)]) == known for known in _names_of(words[0]))


@cache
def _names_of(group: str) -> tuple[tuple[str, ...], ...]:
    return tuple(words for words, _ in _commands_of(group))


def _commands_of(group: str) -> "Iterator[tuple[tuple[str, ...], _click.Command]]":
    def inside(
        words: tuple[str, ...], command: "_click.Command"
    ) -> "Iterator[tuple[tuple[str, ...], _click.Command]]":
        if not isinstance(command, TyperGroup):
            yield words, command
            return
        if command.invoke_without_command:
            yield words, command
        for name, one in command.commands.items():
            yield from inside((*words, name), one)

    module, name, _ = GROUPS[group]
    app = getattr(importlib.import_module(f"supops.commands.{module}"), name)
    yield from inside((group,), typer.main.get_command(app))


class LazyGroups(TyperGroup):
    """Imports a group when it is used. Help for all of them imports none."""

    def list_commands(self, ctx: "_click.Context") -> list[str]:  # noqa: ARG002  (click's signature)
        """Return the groups' names, in the order of help."""
        return list(GROUPS)

    def get_command(self, ctx: "_click.Context", cmd_name: str) -> "_click.Command | None":  # noqa: ARG002  (click's signature)
        """Import a group; None where there is no such group."""
        if cmd_name not in GROUPS:
            return None
        module, app, _ = GROUPS[cmd_name]
        command = typer.main.get_command(getattr(importlib.import_module(f"supops.commands.{module}"), app))
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: "_click.Context", args: list[str]
    ) -> "tuple[str | None, _click.Command | None, list[str]]":
        """Find the group that was typed, or name the nearest one."""
        if args and args[0] not in GROUPS and not args[0].startswith("-"):
            nearest = get_close_matches(args[0], GROUPS, n=1)
            ctx.fail(f"No such command '{args[0]}'." + (f" Did you mean '{nearest[0]}'?" if nearest else ""))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: "_click.Context") -> object:
        """Run the command; tell where an option belongs that was typed after the group."""
        try:
            return super().invoke(ctx)
        except typer.Abort:
            # At a question: an interrupt like any other.
            raise KeyboardInterrupt from None
        except UsageError as error:
            option = getattr(error, "option_name", None)
            if any(option in parameter.opts for parameter in self.params):
                message = getattr(error, "message", "")
                hint = f"It stands before the group: supops {option} {ctx.invoked_subcommand} ..."
                vars(error)["message"] = f"{message}. {hint}"
            raise

    def format_commands(self, ctx: "_click.Context", formatter: "_click.HelpFormatter") -> None:  # noqa: ARG002  (click's signature)
        """Write the list of groups."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in GROUPS.items()])


app = typer.Typer(
    cls=LazyGroups,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from supops import __version__

        typer.echo(f"supops {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The settings file to use.")
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", envvar="SUPOPS_DEMO", help="Run on an embedded world instead of real platforms."
        ),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing beside the result, warnings and errors.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more of what is going on.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Log every request, without secrets; show tracebacks.")
    ] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours, even on a terminal.")] = False,
    version: Annotated[  # noqa: ARG001  (its callback does it)
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """One command for the daily work of a Customer Support Operations team."""
    options = GlobalOptions(config, demo, quiet, verbose, debug, not no_color)
    wiring = Wiring(options, os.environ, has_command=has_command)
    ctx.obj = wiring
    ctx.call_on_close(wiring.close)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit status.

    Args:
        arguments: What follows the program's name; the process's own arguments when None.
    """
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is spelled out; it is no reason to fail.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    # What the parser does not know yet is needed for errors of any kind.
    before_group = given[: next((place for place, word in enumerate(given) if word in GROUPS), len(given))]
    debug, color = "--debug" in before_group, "--no-color" not in before_group
    stdout = sys.stdout
    status = _status_of(given, stdout, debug=debug, color=color)
    # The parser replaces a standard output that nobody reads any more.
    is_unread, sys.stdout = sys.stdout is not stdout, stdout
    try:
        stdout.flush()
    except BrokenPipeError:
        is_unread = True
    except OSError as error:
        return _report(unwritable(stdout, error), debug=debug, color=color)
    if is_unread:
        discard(stdout)
        return UNREAD
    return status


def _status_of(given: Sequence[str], stdout: TextIO, *, debug: bool, color: bool) -> int:
    try:
        app(args=given, prog_name="supops")
    except SystemExit as stop:
        return _exit_status(stop)
    except SupopsError as error:
        return _report(error, debug=debug, color=color)
    except KeyboardInterrupt:
        return _interrupted()
    except Exception as error:  # noqa: BLE001  (the last resort: no traceback for users)
        if isinstance(error, OSError) and not _can_flush(stdout):
            return _report(unwritable(stdout, error), debug=debug, color=color)
        return _report(_unexpected(error), debug=debug, color=color)
    return ExitCode.DONE


def _can_flush(stdout: TextIO) -> bool:
    try:
        stdout.flush()
    except OSError:
        return False
    return True


def _report(error: SupopsError, *, debug: bool, color: bool) -> int:
    from supops.render.console import terminal_of_process

    if debug:
        import traceback

        from supops.models.redaction import redact

        sys.stderr.write(redact(traceback.format_exc()))
    terminal_of_process(quiet=False, debug=debug, color=color).error(error)
    return error.exit_code


def _unexpected(error: Exception) -> SupopsError:
    from supops.models.redaction import redact

    return SupopsError(
        f"supops itself failed ({type(error).__name__}: {redact(str(error))[:200]}). This is a bug.",
        hint="Run the command again with `supops --debug ...` and report what it prints.",
    )


def _exit_status(stop: SystemExit) -> int:
    status = stop.code if isinstance(stop.code, int) else ExitCode.ERROR
    return _interrupted() if status == ExitCode.INTERRUPTED else status


def _interrupted() -> int:
    sys.stderr.write("interrupted\n")
    return ExitCode.INTERRUPTED


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End like an interrupt does: what was opened is put away, tokens are revoked."""
    sys.exit(TERMINATED)
