"""``supops audit``: who has access to what, and whether all is as it should be."""

from enum import StrEnum
from typing import Annotated

import typer

from supops.commands.audit_options import (
    AsOfOption,
    AuditFormatOption,
    DryFilingOption,
    FileIssueOption,
    SaveOption,
    Ways,
    carry_out,
)
from supops.commands.audit_quarterly import quarterly
from supops.commands.audit_runs import diff, history, show
from supops.commands.audit_waive import waive
from supops.commands.options import (
    AuditFormat,
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

app = new_group("Who has access to what, and whether all is as it should be.")


class InstanceName(StrEnum):
    """The Zendesk instances, and both of them."""

    GLOBAL = "global"
    US_GOVERNMENT = "us-government"
    ALL = "all"


@app.command()
def zendesk(
    ctx: typer.Context,
    instance: Annotated[InstanceName, typer.Option("--instance", help="Which Zendesk instance to audit.")],
    file_issue: FileIssueOption = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """Compare the agents of a Zendesk instance with the roster.

    Lists all light agents, full agents and admins, and each check that failed. Exit status: 0 nothing found, 3 findings at or
    above --fail-on, 4 a credential is missing or refused, 5 not everything could be read.
    """
    wiring = wiring_of(ctx)
    several = instance is InstanceName.ALL
    keys = wiring.zendesk_audits() if several else [f"zendesk/{instance.value}"]
    ways = Ways(file_issue, save, dry_run, as_of, fail_on, output, output_file)
    carry_out(wiring, keys, ways, several=several)


@app.command()
def projects(
    ctx: typer.Context,
    file_issue: FileIssueOption = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """Check the protected branches and approval settings of all projects of the group, subgroups included.

    Archived projects are left out. Exit status: 0 nothing found, 3 findings at or above --fail-on, 4 a credential is missing or refused,
    5 a setting could not be seen.
    """
    ways = Ways(file_issue, save, dry_run, as_of, fail_on, output, output_file)
    carry_out(wiring_of(ctx), ["projects"], ways)


@app.command()
def tokens(
    ctx: typer.Context,
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            metavar="DURATION",
            help="Tokens that expire within this time are findings: 3w, 30d. Default: gitlab.tokens.expiring_within (3w).",
        ),
    ] = None,
    file_issue: FileIssueOption = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """List access tokens that expire soon, that never expire, and that nobody uses.

    Personal tokens of the bot users, and the tokens of the group, its subgroups and their projects; and whether Zendesk is still asked
    with an API token. Exit status: 0 nothing found, 3 findings at or above --fail-on, 4 a credential is missing or refused, 5 not everything
    could be read.
    """
    from supops.commands.audit_options import duration

    wiring = wiring_of(ctx)
    wiring.expiring_within = duration("--within", within)
    ways = Ways(file_issue, save, dry_run, as_of, fail_on, output, output_file)
    carry_out(wiring, ["tokens"], ways)


@app.command()
def calendly(
    ctx: typer.Context,
    file_issue: FileIssueOption = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """Compare the members of the Calendly organisation with the roster, both ways.

    Exit status: 0 nothing found, 3 findings at or above --fail-on, 4 a credential is missing or refused, 5 not everything could be read.
    """
    ways = Ways(file_issue, save, dry_run, as_of, fail_on, output, output_file)
    carry_out(wiring_of(ctx), ["calendly"], ways)


@app.command()
def roster(
    ctx: typer.Context,
    file_issue: FileIssueOption = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    as_of: AsOfOption = None,
    fail_on: FailOnOption = FailOn.LOW,
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """Check every file of the roster, as `team check` does, so that it can be stored, compared and filed.

    Exit status: 0 nothing found, 3 findings at or above --fail-on.
    """
    ways = Ways(file_issue, save, dry_run, as_of, fail_on, output, output_file)
    carry_out(wiring_of(ctx), ["roster"], ways)


@app.command()
def checks(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """List every check: what it looks at, why, and what to do about a finding."""
    from supops.checks.registry import all_checks
    from supops.render.audits import check_json, checks_table

    found = all_checks()
    result = Result(
        blocks=lambda: [checks_table(found)],
        json=lambda: {"schema": "supops.checks/1", "checks": [check_json(check) for check in found]},
    )
    deliver(wiring_of(ctx), result, output, output_file)


for command in (quarterly, history, show, diff, waive):
    app.command()(command)
