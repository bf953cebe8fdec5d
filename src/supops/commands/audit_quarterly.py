"""``supops audit quarterly``: every configured audit, each filed as an issue, on the first day of a quarter."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.audit_options import AsOfOption, DryFilingOption, SaveOption, tell_problems
from supops.commands.options import (
    FailOn,
    FailOnOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    wiring_of,
)

if TYPE_CHECKING:
    from supops.services.conducting import Conducted


def quarterly(
    ctx: typer.Context,
    as_of: AsOfOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run although the day is not the first of a quarter.")
    ] = False,
    save: SaveOption = True,
    dry_run: DryFilingOption = False,
    fail_on: FailOnOption = FailOn.LOW,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Run every configured audit and file each as an issue; on any other day than the first of a quarter, do nothing.

    An audit that fails does not stop the others. Exit status: 0 done, nothing found, or not the day; 3 findings at or above --fail-on; 5 an audit
    failed or is incomplete; 1 a result could not be stored or filed; 1 or 4 every audit failed.
    """
    from supops.models.audits import is_first_of_quarter
    from supops.models.findings import threshold_of
    from supops.render.quarterly import quarterly_blocks, quarterly_json
    from supops.services.conducting import conducted_exit_code

    wiring = wiring_of(ctx)
    day: date = as_of.date() if as_of else wiring.clock.now().date()
    runs = force or is_first_of_quarter(day)
    if not runs:
        wiring.terminal.note(
            f"{day} is not the first day of a quarter: nothing to do. --force runs the audits all the same."
        )
        if output is not Format.JSON:
            return
    given = as_of.date() if as_of else None
    keys = wiring.configured_audits() if runs else []
    conducted: tuple[Conducted, ...] = ()
    if runs:
        conductor = wiring.conductor(saves=save, files=True, dry_run=dry_run, day=given)
        conducted = conductor.conduct([wiring.audit_plan(key) for key in keys], all_may_fail=True)
    result = Result(
        blocks=lambda: quarterly_blocks(conducted, day),
        json=lambda: quarterly_json(conducted, day, ran=runs),
    )
    deliver(wiring, result, output, output_file)
    # A slot of a schedule keeps these lines: the table is too wide for that.
    for one in conducted:
        for reason in one.audit.incomplete_reasons:
            wiring.terminal.warn(f"incomplete: {one.audit.title}: {reason}")
    tell_problems(wiring, conducted)
    raise typer.Exit(conducted_exit_code(conducted, threshold_of(fail_on.value)))
