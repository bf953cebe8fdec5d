"""``supops calendly``: webhook subscriptions, and booked events into the team calendars."""

from pathlib import Path
from typing import Annotated

import typer

from supops.commands.calendly_webhooks import app as webhooks_app
from supops.commands.options import (
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)

app = new_group("Webhook subscriptions, and booked events into the team calendars.")
app.add_typer(webhooks_app, name="webhooks")


@app.command()
def whoami(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Show who the access token belongs to, and in which organisation."""
    from supops.render.subscriptions import account_json, account_table

    wiring = wiring_of(ctx)
    account = wiring.calendly.account(with_role=True)
    result = Result(lambda: [account_table(account)], lambda: account_json(account))
    deliver(wiring, result, output, output_file)


@app.command()
def route(
    ctx: typer.Context,
    payload: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PAYLOAD]",
            help="File with the payload; - for standard input; when left out, the file that TRIGGER_PAYLOAD names.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Decide, show what would be done, and change nothing.")
    ] = False,
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm-with-calendly",
            help="Ask Calendly for the scheduled event, and trust that instead of the payload.",
        ),
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Bring back an entry that was deleted by hand.")
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Decide which team calendar a booked event belongs into, and put it there.

    A cancellation removes the entry, a reschedule moves it, and a payload that arrives twice or late changes nothing twice. Exit status:
    0 whatever was decided, 2 the payload makes no sense, 4 a credential is missing or refused, 5 the roster could not be read
    where that may change the decision, and nothing was written.
    """
    from supops.render.routings import routing_blocks, routing_csv, routing_json
    from supops.services.routing import exit_code

    wiring = wiring_of(ctx)
    booking = wiring.payload(payload)
    routing = wiring.router(confirm=confirm, dry_run=dry_run, restore=restore).route(booking)
    if output is not Format.TABLE:
        for reason in routing.incomplete_reasons:
            wiring.terminal.warn(f"incomplete: {reason}")
    deliver(
        wiring,
        Result(lambda: routing_blocks(routing), lambda: routing_json(routing), lambda: routing_csv(routing)),
        output,
        output_file,
    )
    raise typer.Exit(exit_code(routing))
