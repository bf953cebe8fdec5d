"""``supops webhooks store``: the store of deliveries in PostgreSQL, for several machines."""

from typing import Annotated

import typer

from supops.commands.options import FileOption, Format, FormatOption, Result, deliver, new_group, wiring_of
from supops.errors import UsageError

app = new_group("The store of deliveries in PostgreSQL: make it, keep it current, move a file into it.")


@app.command()
def init(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Make the tables in the database that queue.url names. What is there already is left as it is."""
    _upgrade(ctx, output, output_file, "The tables were made", "The tables were there already")


@app.command()
def migrate(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """Take the tables to what this version needs, all or none. Stop receivers and workers of older versions first."""
    _upgrade(ctx, output, output_file, "The tables were brought up to date", "The tables are up to date")


@app.command()
def move(
    ctx: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="Address of an empty PostgreSQL database, without a password in it."
        ),
    ],
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Copy the deliveries in the file on this machine, with their history, into PostgreSQL.

    Refuses while a receiver or a worker uses the file. The file is kept, and marked as moved. Then set queue.url to the address.
    """
    from supops.adapters.inbox_move import move as move_store
    from supops.render.stores import moved_json, moved_table

    wiring = wiring_of(ctx)
    source, target = wiring.webhooks.file_store, wiring.webhooks.shared_store(to)
    with wiring.terminal.task("moving deliveries", item="row") as task:
        moved = move_store(
            source, target, now=wiring.clock.now(), advance=lambda rows: task.advance(items=rows)
        )
    facts = (target.shown, moved.deliveries, moved.attempts)
    deliver(wiring, Result(lambda: [moved_table(*facts)], lambda: moved_json(*facts)), output, output_file)
    wiring.terminal.note("set queue.url to that address, and start receivers and workers again")


def _upgrade(ctx: typer.Context, output: Format, output_file: FileOption, done: str, nothing: str) -> None:
    from supops.render.stores import store_json, store_table

    wiring = wiring_of(ctx)
    if wiring.options.demo:
        raise UsageError(
            "The embedded world keeps its deliveries in a file, and has no store in PostgreSQL.",
            hint="Without --demo, queue.url in the settings names the database.",
        )
    store = wiring.webhooks.shared_store()
    changed = store.upgrade()
    said = done if changed else nothing
    result = Result(
        lambda: [store_table(store.shown, said)], lambda: store_json(store.shown, changed=changed)
    )
    deliver(wiring, result, output, output_file)
