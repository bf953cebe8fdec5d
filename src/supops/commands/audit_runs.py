"""``supops audit history | show | diff``: the audits that were run before."""

from typing import Annotated

import typer

from supops.commands.audit_options import AuditFormatOption
from supops.commands.options import (
    AuditFormat,
    FailOn,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    wiring_of,
)

AuditKeyOption = Annotated[
    str | None,
    typer.Option(
        "--audit",
        metavar="AUDIT",
        help="Of this audit only: zendesk/global, zendesk/us-government, projects, tokens, calendly, roster.",
    ),
]


def history(
    ctx: typer.Context,
    audit: AuditKeyOption = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="How many, the latest first; 0 for all.")] = 0,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List the runs that are stored, the latest first."""
    from supops.render.runs import history_json, history_table

    wiring = wiring_of(ctx)
    runs = wiring.run_store.runs(_known(audit), limit=limit or None)
    if not runs:
        wiring.terminal.note("no run is stored")
    deliver(wiring, Result(lambda: [history_table(runs)], lambda: history_json(runs)), output, output_file)


def show(
    ctx: typer.Context,
    run: Annotated[int, typer.Argument(metavar="RUN", help="The run's number, as `audit history` shows it.")],
    output: AuditFormatOption = AuditFormat.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show a stored run as it was reported."""
    from supops.checks.registry import all_checks
    from supops.render.audits import audit_blocks, audit_json, audits_csv
    from supops.render.markdown import audit_markdown
    from supops.render.tables import Cell, Heading

    wiring = wiring_of(ctx)
    stored = wiring.run_store.run(run)
    filed = f", filed for {stored.quarter}" if stored.quarter else ""
    said = Heading(f"Run {stored.id}", [Cell(f"supops {stored.version}: {stored.command}{filed}")])
    result = Result(
        blocks=lambda: [said, *audit_blocks(stored.audit)],
        json=lambda: audit_json(stored.audit) | {"run": stored.id, "issue": None},
        csv=lambda: audits_csv([stored.audit]),
        markdown=lambda: audit_markdown(stored.audit, all_checks()),
        html=lambda: wiring.report(
            [stored.audit], until=stored.id, version=stored.version, command=stored.command
        ),
    )
    deliver(wiring, result, output, output_file)


def diff(
    ctx: typer.Context,
    old: Annotated[
        int | None,
        typer.Argument(metavar="[OLD]", help="A run's number. Without it: the last two runs of each audit."),
    ] = None,
    new: Annotated[
        int | None,
        typer.Argument(metavar="[NEW]", help="Another's; without it the latest of the same audit."),
    ] = None,
    audit: AuditKeyOption = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="From which severity on new findings make exit status 3.")
    ] = FailOn.NEVER,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show what is different between two runs: who came, went or changed; which findings are new, fixed, or still there.

    Exit status: 0, or 3 where there are new findings at or above --fail-on.
    """
    from supops.errors import ExitCode, UsageError
    from supops.models.findings import at_or_above, threshold_of
    from supops.render.runs import diff_blocks, diff_csv, diff_json
    from supops.services.differing import differences

    if audit is not None and old is not None:
        raise UsageError(
            "--audit and a run's number can't go together.", hint="The number says which audit it is."
        )
    wiring = wiring_of(ctx)
    diffs = differences(wiring.run_store, old, new, key=_known(audit))
    if not diffs:
        wiring.terminal.note("no audit has two runs that are stored")
    result = Result(
        blocks=lambda: diff_blocks(diffs), json=lambda: diff_json(diffs), csv=lambda: diff_csv(diffs)
    )
    deliver(wiring, result, output, output_file)
    threshold = threshold_of(fail_on.value)
    if any(at_or_above(changes.new_findings, threshold) for changes in diffs):
        raise typer.Exit(ExitCode.FINDINGS)


def _known(audit: str | None) -> str | None:
    """Return the audit that was named.

    Raises:
        UsageError: There is none of that name.
    """
    from supops.checks.waivers import CHECKS
    from supops.errors import UsageError

    known = CHECKS[0].audits
    if audit is None or audit in known:
        return audit
    raise UsageError(f"There is no audit {audit!r}.", hint=f"There are: {', '.join(known)}.")
