"""``supops doctor`` and ``supops demo``: is everything ready, and what can it do."""

import subprocess
import sys
from enum import StrEnum
from typing import Annotated

import typer

from supops.commands.options import FileOption, Format, FormatOption, Result, deliver, wiring_of
from supops.errors import ExitCode

doctor_app = typer.Typer(rich_markup_mode=None, add_completion=False)
demo_app = typer.Typer(rich_markup_mode=None, add_completion=False)


class Part(StrEnum):
    """What of the embedded world can be broken."""

    CALENDAR = "calendar"


PartArgument = Annotated[Part, typer.Argument(metavar="calendar", help="Which part of the embedded world.")]
TOUR = (
    ("Who is in the team: one YAML file for each person.", ("team", "list")),
    ("What is wrong with those files.", ("team", "check")),
    (
        "Who has access to Zendesk US Government, compared with the team.",
        ("audit", "zendesk", "--instance", "us-government"),
    ),
    (
        "The same for Zendesk Global, as a pipeline reads it.",
        ("audit", "zendesk", "--instance", "global", "-o", "json"),
    ),
    (
        "Which access tokens need attention, filed as an issue; a dry run.",
        ("audit", "tokens", "--file-issue", "--dry-run"),
    ),
    ("Which events Calendly sends where, and which of these fail.", ("calendly", "webhooks", "list")),
    ("A booked event into the right team calendar, with the reasons.", ("calendly", "route", "global.json")),
    (
        "The same again: nothing is done twice. A dry run of its cancellation:",
        ("calendly", "route", "canceled.json", "--dry-run"),
    ),
    ("Whether a license may be made for somebody; this one not.", ("licenses", "check", "--issue", "405")),
)


@doctor_app.command()
def doctor(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Check settings, roster and credentials, and say how to mend what fails.

    Exit status: 0 all is well, 4 a credential is missing or refused, 1 something else fails.
    """
    from supops.render.health import health_json, health_table
    from supops.services.diagnosing import exit_code

    wiring = wiring_of(ctx)
    healths = wiring.examine_everything()
    deliver(
        wiring, Result(lambda: [health_table(healths)], lambda: health_json(healths)), output, output_file
    )
    raise typer.Exit(exit_code(healths))


@demo_app.callback(invoke_without_command=True)
def demo(ctx: typer.Context) -> None:
    """A guided tour on an embedded world; no account and no network needed."""
    if ctx.invoked_subcommand is not None:
        return
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    for number, (text, words) in enumerate(TOUR, 1):
        typer.echo(f"\n[{number} of {len(TOUR)}] {text}\n$ supops --demo {' '.join(words)}\n")
        done = subprocess.run([sys.executable, "-m", "supops", "--demo", *words], check=False)  # noqa: S603
        if done.returncode == ExitCode.INTERRUPTED:
            raise typer.Exit(ExitCode.INTERRUPTED)
        typer.echo(f"\n(exit status {done.returncode}: {_meaning(done.returncode)})")
        if (
            asks
            and number < len(TOUR)
            and typer.prompt("Enter to go on, q to stop", default="", show_default=False) == "q"
        ):
            return
    typer.echo(
        "\nEvery command runs this way: `supops --demo GROUP COMMAND ...`. For your own platforms: `supops config init`."
    )


@demo_app.command()
def reset(ctx: typer.Context) -> None:
    """Forget what was changed in the embedded world; the next command starts afresh."""
    import shutil

    wiring = wiring_of(ctx)
    folder = wiring.demo_folder
    if not folder.exists():
        wiring.terminal.note("The embedded world is as it was in the beginning; there is nothing to forget.")
        return
    shutil.rmtree(folder)
    wiring.terminal.note("The embedded world starts afresh with the next command.")


@demo_app.command("break")
def break_(
    ctx: typer.Context,
    part: PartArgument,  # noqa: ARG001
) -> None:
    """Make the embedded world's team calendars fail, for every command and worker, until they are mended."""
    wiring = wiring_of(ctx)
    changed = wiring.break_demo_calendars(broken=True)
    said = "fail from now on" if changed else "fail already"
    wiring.terminal.note(
        f"The embedded world's team calendars {said}; `supops demo mend calendar` mends them."
    )


@demo_app.command()
def mend(
    ctx: typer.Context,
    part: PartArgument,  # noqa: ARG001
) -> None:
    """Make the embedded world's team calendars work again, with what they had before."""
    wiring = wiring_of(ctx)
    changed = wiring.break_demo_calendars(broken=False)
    said = "work again" if changed else "were not broken"
    wiring.terminal.note(f"The embedded world's team calendars {said}.")


def _meaning(status: int) -> str:
    return {
        ExitCode.DONE: "done, nothing found",
        ExitCode.FINDINGS: "done, and there are findings",
        ExitCode.INCOMPLETE: "incomplete",
    }.get(ExitCode(status), "error")
