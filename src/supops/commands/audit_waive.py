"""``supops audit waive``: somebody answers for a finding."""

from typing import Annotated

import typer

from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    wiring_of,
)


def waive(
    ctx: typer.Context,
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The finding's check, such as light-agent.")],
    subject: Annotated[
        str,
        typer.Argument(
            metavar="SUBJECT",
            help="Whom or what the finding is about: an email, a Zendesk id, or what the finding calls its ref.",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why this is fine for a while.")],
    owner: Annotated[str, typer.Option("--owner", metavar="NAME", help="Who answers for it.")],
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="The last day, in UTC, such as 2027-03-31.")
    ],
    overwrite: Annotated[
        bool, typer.Option("--replace", help="Change the entry that this check and subject have already.")
    ] = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Waive a finding until a date: add an entry to the file that the setting waivers names.

    The finding stays in the audits, counted as waived. All else in the file stays as it is. The file is made where there is none.
    """
    from supops.render.waivers import waiver_blocks, waiver_csv, written_json
    from supops.services.waiving import Asked, waive

    wiring = wiring_of(ctx)
    written = waive(
        wiring.waiver_book,
        Asked(check, subject, reason, owner, expires),
        today=wiring.clock.now().date(),
        notices=wiring.terminal,
        overwrite=overwrite,
        dry_run=dry_run,
    )
    result = Result(
        blocks=lambda: waiver_blocks(written, dry_run=dry_run),
        json=lambda: written_json(written, dry_run=dry_run),
        csv=lambda: waiver_csv(written, dry_run=dry_run),
    )
    deliver(wiring, result, output, output_file)
