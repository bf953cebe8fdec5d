"""``supops webhooks compare``: the store of deliveries against the team calendars."""

from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.audit_options import duration
from supops.commands.options import (
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from supops.wiring import Wiring

app = new_group("The store of deliveries, compared with the team calendars.")


@app.command()
def compare(
    ctx: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Compare the bookings whose deliveries were done in this time, such as 2d; "
            "when left out, two days, or since the comparison before where that is longer.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what is different, and mend nothing.")
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Compare the deliveries that were done with the team calendars, booking by booking, and mend what is different.

    What a person deleted by hand stays deleted. Exit status: 0 nothing is different, or it was mended; 3 with --dry-run, something is
    different; 5 a booking could not be compared, or a calendar not be read.
    """
    from supops.render.comparisons import comparison_blocks, comparison_json
    from supops.services.reconciling import comparison_exit_code

    wiring = wiring_of(ctx)
    begin = _beginning(wiring, since)
    with wiring.terminal.task("comparing", item="booking") as task:
        comparer = wiring.webhooks.comparer(step=lambda: task.advance(items=1))
        comparison = comparer.compare(begin, dry_run=dry_run)
    result = Result(lambda: comparison_blocks(comparison), lambda: comparison_json(comparison))
    deliver(wiring, result, output, output_file)
    if output is not Format.TABLE:
        for one in comparison.unread:
            wiring.terminal.warn(f"incomplete: {one.booking or 'all others'}: {one.reason}")
    raise typer.Exit(comparison_exit_code(comparison))


def _beginning(wiring: "Wiring", since: str | None) -> "datetime":
    from datetime import timedelta

    from supops.services.reconciling import beginning
    from supops.setting_types import seconds_of

    typed, now = duration("--since", since), wiring.clock.now()
    if typed is None:
        return beginning(wiring.webhooks.inbox, now)
    try:
        return now - timedelta(seconds=seconds_of(typed))
    except OverflowError:
        raise UsageError(f"--since: {typed} is longer than there is a calendar for.") from None
