"""``supops webhooks replay | discard | prune``: deliveries, mended, given up and deleted."""

from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.delivery_options import (
    EventOption,
    IdArgument,
    SenderOption,
    SinceOption,
    filter_of,
    older_than,
    tell_unknown_event,
)
from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    YesOption,
    confirmed,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import UsageError

if TYPE_CHECKING:
    from supops.services.tending import Replay, Tender
    from supops.wiring import Wiring

app = new_group("Deliveries, mended, given up and deleted.")
# The receiver's writes are let in between.
SECONDS_BETWEEN_STEPS = 0.02
LONGEST_REASON = 500


@app.command()
def replay(
    ctx: typer.Context,
    identities: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="The deliveries' ids.")
    ] = None,
    failed: Annotated[
        bool,
        typer.Option(
            "--failed",
            help="All deliveries of webhooks that are dead; slots of schedules only with --source schedule.",
        ),
    ] = False,
    event: EventOption = None,
    source: SenderOption = None,
    since: SinceOption = None,
    here: Annotated[
        bool, typer.Option("--now", help="Process them right here, instead of leaving that to a worker.")
    ] = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Have deliveries processed again, from the first try on, whatever became of them before. A repeat changes nothing twice.

    The workers do it, by the same way as the first time. Those being processed at this moment are left alone. --event, --source and --since
    narrow --failed down. A slot of a schedule that is replayed runs its command again. Exit status 1: with --now, one or more failed again.
    """
    from dataclasses import replace

    from supops.render.delivery_changes import replay_json, replay_table

    if not identities and not failed:
        raise UsageError("Name the ids of the deliveries, or --failed for all that are dead.")
    if identities and failed:
        raise UsageError("Ids and --failed exclude each other: ids say which deliveries are meant.")
    if identities and (event or source or since):
        raise UsageError(
            "--event, --source and --since go with --failed: ids say which deliveries are meant."
        )
    wiring = wiring_of(ctx)
    tender = _tender(wiring)
    wanted = filter_of(
        wiring.clock.now(), status=None, event=event, source=source, since=since, until=None, booking=None
    )
    tell_unknown_event(wiring, event)
    chosen = tender.dead(wanted) if failed else tender.named(identities or [])
    done = tender.replay(chosen, dry_run=dry_run)
    if failed:
        done = replace(done, slots=tender.dead_slots(wanted))
    if here and not dry_run:
        done = _processed(wiring, done)
    result = Result(lambda: [replay_table(done)], lambda: replay_json(done))
    deliver(wiring, result, output, output_file)
    _tell(wiring, done, failed=failed)
    raise typer.Exit(done.exit_code)


@app.command()
def discard(
    ctx: typer.Context,
    identity: IdArgument,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Why; it is kept with the delivery, without secrets."),
    ],
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Give a delivery up for good, which waits or is dead: no worker tries it any more. A replay takes that back."""
    from supops.render.delivery_changes import discard_json, discard_table

    said = " ".join(reason.split())
    if not said or len(said) > LONGEST_REASON:
        raise UsageError(f"--reason: say in 1 to {LONGEST_REASON} characters why.")
    wiring = wiring_of(ctx)
    done = _tender(wiring).discard(identity, said, dry_run=dry_run)
    result = Result(lambda: [discard_table(done)], lambda: discard_json(done, dry_run=dry_run))
    deliver(wiring, result, output, output_file)
    if done.changed:
        wiring.terminal.note(f"delivery {identity} is given up")
    elif done.planned:
        wiring.terminal.note(f"delivery {identity} would be given up; nothing was changed")
    else:
        wiring.terminal.note(f"delivery {identity} was given up before: {done.delivery.outcome}")


@app.command()
def prune(
    ctx: typer.Context,
    older: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="DURATION",
            help="Delete what was finished longer ago, such as 90d; without it, receiver.retention.",
        ),
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Delete deliveries that were finished long ago, with their tries: those that are done, given up or dead. What waits is never deleted.

    Dead ones, which failed and which nobody has mended, hold personal data as well; how many of them are deleted is told.
    `supops webhooks export --older-than DURATION` writes them out before. The last slot of each schedule is kept.
    """
    from supops.render.delivery_changes import pruned_blocks, pruned_json
    from supops.render.text import count

    wiring = wiring_of(ctx)
    tender = _tender(wiring)
    before = older_than(
        "--older-than", older or wiring.config.settings.receiver.retention, wiring.clock.now()
    )
    done = tender.prune(before, dry_run=True, step=lambda _: None)
    if not dry_run and done.deliveries:
        amount = count(done.deliveries, "delivery", "deliveries")
        dead = f" ({done.dead} of them dead)" if done.dead else ""
        confirmed(wiring, f"Delete {amount}{dead}, finished before {before:%Y-%m-%d %H:%M} UTC?", yes=yes)
    if not dry_run:
        with wiring.terminal.task("deleting", item="delivery") as task:
            done = tender.prune(before, dry_run=False, step=lambda some: task.advance(items=some))
    deliver(wiring, Result(lambda: pruned_blocks(done), lambda: pruned_json(done)), output, output_file)


def _tender(wiring: "Wiring") -> "Tender":
    import time

    from supops.services.tending import Tender

    inbox = wiring.webhooks.inbox
    return Tender(inbox=inbox, clock=wiring.clock, pause=lambda: time.sleep(SECONDS_BETWEEN_STEPS))


def _processed(wiring: "Wiring", replay: "Replay") -> "Replay":
    """Process what was put back, here and now."""
    from supops.adapters.process_signals import process_name
    from supops.commands.at_hand import SilentJournal, Waiter
    from supops.services.tending import Worktop

    webhooks = wiring.webhooks
    process = webhooks.processor(process_name(), SilentJournal()).process
    wait = Waiter(
        wiring.terminal, lambda one: f"a worker is at delivery {one.id}, or at another of the same booking"
    )
    worktop = Worktop(inbox=webhooks.inbox, process=process, wait=wait)
    with wiring.terminal.task("processing", item="delivery") as task:
        return worktop.run(replay, lambda: task.advance(items=1, total=len(replay.items)))


def _tell(wiring: "Wiring", done: "Replay", *, failed: bool) -> None:
    """Say what the table does not."""
    from supops.commands.at_hand import NO_WORKER, TRIES_AGAIN
    from supops.models.deliveries import State
    from supops.render.deliveries import remedy
    from supops.render.text import count
    from supops.services.tending import MOST_NAMED

    if not done.items and not done.busy and failed:
        wiring.terminal.note("no such delivery is dead; there is nothing to replay")
    if done.slots:
        wiring.terminal.note(
            f"{count(done.slots, 'dead slot')} of schedules left alone; --source schedule runs their commands again"
        )
    if done.busy:
        named = ", ".join(str(one) for one in done.busy[:MOST_NAMED])
        more = ", ..." if len(done.busy) > MOST_NAMED else ""
        wiring.terminal.warn(f"left alone, because it is being processed at this moment: {named}{more}")
    if done.lacks_worker and not done.here:
        wiring.terminal.note(f"{NO_WORKER} processes them; with --now, this command does")
    again = f"{NO_WORKER} tries it again; so does this command" if done.lacks_worker else TRIES_AGAIN
    for one in done.failed[:MOST_NAMED]:
        said = remedy(one) if one.state is State.DEAD else again
        wiring.terminal.warn(f"delivery {one.id} is not done: {one.last_error or one.outcome} ({said})")
