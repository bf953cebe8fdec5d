"""``supops team``: the team's roster."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.options import (
    FailOn,
    FailOnOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)

if TYPE_CHECKING:
    from supops.models.roster import Member, Roster
    from supops.wiring import Wiring

app = new_group("The team's roster: who is in it, and what is wrong with its files.")


@app.command("list")
def list_members(
    ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None
) -> None:
    """List everybody in the roster, by name."""
    from supops.services.rostering import by_name

    wiring = wiring_of(ctx)
    roster = wiring.roster.read()
    _warn_of_unreadable(wiring, roster)
    deliver(wiring, _members("Members", by_name(roster)), output, output_file)


@app.command()
def show(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The member's email, in any case.")],
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show what the roster says of one member, with file and line."""
    from supops.render.machine import table_csv
    from supops.render.team import member_blocks, members_table, shown_json
    from supops.services.rostering import find_members

    wiring = wiring_of(ctx)
    found = find_members(wiring.roster.read(), email)
    if len(found) > 1:
        wiring.terminal.warn(
            f"{len(found)} files claim this email: {', '.join(member.file for member in found)}"
        )
    result = Result(
        blocks=lambda: member_blocks(found),
        json=lambda: shown_json(found),
        csv=lambda: table_csv(members_table("", found)),
    )
    deliver(wiring, result, output, output_file)


@app.command()
def check(
    ctx: typer.Context,
    fail_on: FailOnOption = FailOn.LOW,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Check every file of the roster: percentages, regions, dates, addresses, duplicates, and more.

    Exit status: 0 nothing found, 3 findings at or above --fail-on.
    """
    from supops.errors import ExitCode
    from supops.models.findings import at_or_above, threshold_of
    from supops.render.team import check_blocks, check_json
    from supops.services.rostering import check_roster

    wiring = wiring_of(ctx)
    roster = wiring.roster.read()
    findings = check_roster(roster)
    members = len(roster.members)
    result = Result(
        blocks=lambda: check_blocks(findings, members),
        json=lambda: check_json(findings, members),
    )
    deliver(wiring, result, output, output_file)
    failed = at_or_above(findings, threshold_of(fail_on.value))
    raise typer.Exit(ExitCode.FINDINGS if failed else ExitCode.DONE)


@app.command("us-government")
def us_government(
    ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None
) -> None:
    """List the US Government support agents.

    These are the members with an id on Zendesk US Government who are not light agents there, and those with a US Federal focus.
    """
    from supops.services.rostering import us_government_agents

    wiring = wiring_of(ctx)
    roster = wiring.roster.read()
    _warn_of_unreadable(wiring, roster)
    deliver(
        wiring, _members("US Government support agents", us_government_agents(roster)), output, output_file
    )


def _members(title: str, members: "Sequence[Member]") -> Result:
    from supops.render.team import members_json, members_table

    return Result(blocks=lambda: [members_table(title, members)], json=lambda: members_json(members))


def _warn_of_unreadable(wiring: "Wiring", roster: "Roster") -> None:
    from supops.services.rostering import unreadable_files

    files = unreadable_files(roster)
    if files:
        wiring.terminal.warn(
            f"{len(files)} of the roster's files can't be read, and nobody is listed for them: {', '.join(files)}. "
            "`supops team check` says why."
        )
