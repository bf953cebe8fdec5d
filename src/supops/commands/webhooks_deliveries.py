"""``supops webhooks deliveries | show | export``: what was received, and what became of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.delivery_options import (
    BookingOption,
    EventOption,
    IdArgument,
    SenderOption,
    SinceOption,
    StatusOption,
    UntilOption,
    filter_of,
    handed_over,
    older_than,
    tell_unknown_event,
)
from supops.commands.options import FileOption, Format, FormatOption, Result, deliver, new_group, wiring_of
from supops.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supops.models.deliveries import Filter
    from supops.services.tending import Page
    from supops.wiring import Wiring

app = new_group("What was received, and what became of it.")
SECONDS_BETWEEN_LOOKS = 0.5
DEFAULT_LIMIT = 100


@app.command()
def deliveries(
    ctx: typer.Context,
    status: StatusOption = None,
    event: EventOption = None,
    source: SenderOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    booking: BookingOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            help=f"How many to list at most; {DEFAULT_LIMIT}, where neither this nor --all is given.",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List all, however many.")] = False,
    before: Annotated[
        int | None, typer.Option("--before", metavar="ID", min=1, help="Go on with those before this id.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show what happens from now on, until an interrupt.")
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List deliveries, newest first; or, with --follow, show what arrives and what becomes of it, as it happens.

    A list that is not at its end says so, and how to go on. With --follow, -o json writes an object for each thing that happens on a
    line of its own.
    """
    wiring = wiring_of(ctx)
    wanted = filter_of(
        wiring.clock.now(),
        status=status,
        event=event,
        source=source,
        since=since,
        until=until,
        booking=booking,
    )
    tell_unknown_event(wiring, event)
    if follow:
        given = {
            "--limit": limit,
            "--all": everything,
            "--before": before,
            "--since": since,
            "--until": until,
        }
        _check_following([name for name, value in given.items() if value], output, output_file)
        _follow(wiring, wanted, output)
        return
    if everything and limit is not None:
        raise UsageError("--all and --limit exclude each other.")
    from supops.services.tending import pages

    most = None if everything else limit or DEFAULT_LIMIT
    _list(wiring, pages(wiring.webhooks.inbox, wanted, before=before, limit=most), output, output_file)


@app.command()
def show(
    ctx: typer.Context,
    identity: IdArgument,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show a delivery: its headers, its body without secrets, every try with its error, the decision, and what to do where it is dead."""
    from supops.render.deliveries import whole_blocks, whole_csv, whole_json
    from supops.services.tending import Whole

    wiring = wiring_of(ctx)
    inbox = wiring.webhooks.inbox
    whole = Whole(inbox.delivery(identity), inbox.attempts(identity))
    result = Result(lambda: whole_blocks(whole), lambda: whole_json(whole), csv=lambda: whole_csv(whole))
    deliver(wiring, result, output, output_file)


@app.command()
def export(
    ctx: typer.Context,
    status: StatusOption = None,
    event: EventOption = None,
    source: SenderOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    booking: BookingOption = None,
    older: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="DURATION",
            help="Only those that were finished longer ago, such as 90d: what `supops webhooks prune` would delete.",
        ),
    ] = None,
    raw_bodies: Annotated[
        bool,
        typer.Option(
            "--raw-bodies", help="With the bodies as they arrived, personal data and secrets and all."
        ),
    ] = False,
    output_file: FileOption = None,
) -> None:
    """Write whole deliveries with all tries, newest first: JSON, one object on each line.

    Passwords, tokens and private links in the bodies are masked, unless --raw-bodies is given. A file can be read by its owner only.
    """
    from dataclasses import replace

    from supops.render.deliveries import json_line, whole_json
    from supops.render.text import count
    from supops.services.tending import wholes

    wiring = wiring_of(ctx)
    now = wiring.clock.now()
    wanted = filter_of(
        now, status=status, event=event, source=source, since=since, until=until, booking=booking
    )
    tell_unknown_event(wiring, event)
    if older:
        wanted = replace(wanted, finished_until=older_than("--older-than", older, now))
    if raw_bodies:
        wiring.terminal.warn(
            "what is written holds personal data, and links that cancel bookings: keep it as such"
        )
    number = 0
    with (
        wiring.terminal.task("exporting", item="delivery") as task,
        handed_over(wiring, output_file, private=True) as write,
    ):
        for whole in wholes(wiring.webhooks.inbox, wanted):
            write(json_line(whole_json(whole, raw=raw_bodies)))
            task.advance(steps=0, items=1)
            number += 1
    wiring.terminal.note(f"{count(number, 'delivery', 'deliveries')} exported")


def _list(wiring: "Wiring", found: "Iterator[Page]", output: Format, output_file: Path | None) -> None:
    from supops.render.deliveries import deliveries_json, deliveries_table

    page = next(found)
    following = next(found, None)
    if following is None:
        result = Result(
            lambda: [deliveries_table(page.deliveries)],
            lambda: deliveries_json(page.deliveries, page.next_before),
        )
        deliver(wiring, result, output, output_file)
    else:
        page = _stream(wiring, [page, following], found, output, output_file)
    if page.next_before is not None:
        wiring.terminal.note(
            f"there are more: --all lists all, --before {page.next_before} goes on where this list ends"
        )
    elif following is None and not page.deliveries:
        wiring.terminal.note("there are no such deliveries")


def _stream(
    wiring: "Wiring", first: "list[Page]", rest: "Iterator[Page]", output: Format, output_file: Path | None
) -> "Page":
    """Hand a long list over page by page, and return the last page."""
    from itertools import chain

    from supops.render.delivery_lists import writer_of

    writer = writer_of(output.value)
    with handed_over(wiring, output_file) as write:
        write(writer.begin())
        for page in chain(first, rest):
            write(writer.page(page.deliveries))
        write(writer.end(page.next_before))
    return page


def _check_following(others: list[str], output: Format, output_file: Path | None) -> None:
    if others:
        raise UsageError(
            f"{', '.join(others)} and --follow exclude each other: it shows what happens from now on."
        )
    if output not in (Format.TABLE, Format.JSON) or output_file:
        raise UsageError(
            "--follow writes lines to standard output: as text, or with -o json as an object on each.",
            hint="To keep them, write them into a file: supops webhooks deliveries --follow -o json > FILE",
        )


def _follow(wiring: "Wiring", wanted: "Filter", output: Format) -> None:
    import time

    from supops.render.deliveries import happening_json, happening_line, json_line
    from supops.services.following import Follower

    stdout, tries = wiring.terminal.stdout, wiring.config.settings.queue.tries
    follower = Follower(wiring.webhooks.inbox, wanted)
    follower.begin()
    wiring.terminal.note("following; an interrupt (Ctrl-C) ends it")
    while True:
        for happening in follower.look():
            is_json = output is Format.JSON
            stdout.write(
                json_line(happening_json(happening))
                if is_json
                else f"{happening_line(happening, tries, wiring.clock.now())}\n"
            )
            stdout.flush()
        time.sleep(SECONDS_BETWEEN_LOOKS)
