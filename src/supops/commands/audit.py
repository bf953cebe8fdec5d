"""``supops audit``: who has access to what, compared with the team's roster."""

from enum import StrEnum
from typing import Annotated

import typer

from supops.commands.audit_waive import waive
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

app = new_group("Who has access to what, compared with the team's roster.")


class InstanceName(StrEnum):
    """The Zendesk instances, and both of them."""

    GLOBAL = "global"
    US_GOVERNMENT = "us-government"
    ALL = "all"


@app.command()
def zendesk(
    ctx: typer.Context,
    instance: Annotated[InstanceName, typer.Option("--instance", help="Which Zendesk instance to audit.")],
    fail_on: FailOnOption = FailOn.LOW,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Compare the agents of a Zendesk instance with the roster.

    Lists all light agents, full agents and admins, and each check that failed. Exit status: 0 nothing found, 3 findings at or
    above --fail-on, 4 a credential is missing or refused, 5 not everything could be read.
    """
    from supops.checks.registry import all_checks
    from supops.models.findings import threshold_of
    from supops.render.audits import audit_blocks, audit_json, audits_csv, audits_json
    from supops.render.markdown import audit_markdown
    from supops.services.auditing import exit_code, run_audits

    wiring = wiring_of(ctx)
    several = instance is InstanceName.ALL
    plans = wiring.audit_plans([instance.value])
    outcomes = run_audits(plans, clock=wiring.clock, notices=wiring.terminal, parallel=wiring.parallel)
    audits = [outcome.audit for outcome in outcomes]
    result = Result(
        blocks=lambda: [block for audit in audits for block in audit_blocks(audit)],
        json=lambda: audits_json(audits) if several else audit_json(audits[0]),
        csv=lambda: audits_csv(audits),
        markdown=lambda: "\n".join(audit_markdown(audit, all_checks()) for audit in audits),
    )
    deliver(wiring, result, output, output_file)
    raise typer.Exit(exit_code(audits, threshold_of(fail_on.value)))


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


app.command()(waive)
