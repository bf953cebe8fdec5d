"""``supops schedule``: what is done from time to time."""

from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)

if TYPE_CHECKING:
    from supops.models.deliveries import Delivery
    from supops.wiring import Wiring

app = new_group("What is done from time to time: quarterly audits, retention, comparisons.")

NameArgument = Annotated[str, typer.Argument(help="The schedule's name; see `supops schedule list`.")]


@app.command("list")
def list_all(ctx: typer.Context, output: FormatOption = Format.TABLE, output_file: FileOption = None) -> None:
    """List the schedules: what each runs and when, whether it is on, its last slot with the outcome, and when it is due next.

    A worker runs what is due: one of `supops webhooks serve`, or `supops webhooks worker`.
    """
    from supops.render.schedules import schedules_json, schedules_table

    wiring = wiring_of(ctx)
    standings = wiring.webhooks.scheduler.standings()
    result = Result(lambda: [schedules_table(standings)], lambda: schedules_json(standings))
    deliver(wiring, result, output, output_file)
    _tell_without_workers(wiring)


@app.command()
def run(
    ctx: typer.Context,
    slot: Annotated[
        str,
        typer.Argument(
            metavar="SLOT",
            help="A schedule's name, for its latest slot; or one of its slots, such as quarterly-audit:2027Q1.",
        ),
    ],
    again: Annotated[bool, typer.Option("--again", help="Run it although it was done.")] = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Run a slot of a schedule here and now, whether the schedule is on or off. One that is done is not run again.

    Exit status: 0 it is done, now or before; 1 it failed, and is tried again; 2 there is no such slot.
    """
    from supops.adapters.process_signals import process_name
    from supops.commands.at_hand import TerminalJournal, Waiter
    from supops.models.deliveries import State
    from supops.render import schedules as shown
    from supops.services.running import SlotDesk, run_exit_code
    from supops.services.tending import has_worker

    wiring = wiring_of(ctx)
    webhooks = wiring.webhooks
    wanted = webhooks.scheduler.slot(slot)
    if dry_run:
        known = webhooks.inbox.find(wanted.key)
        would = again or known is None or known.state not in (State.DONE, State.DISCARDED)
        planned = Result(
            lambda: shown.planned_blocks(wanted, known, would_run=would),
            lambda: shown.planned_json(wanted, known, would_run=would),
        )
        deliver(wiring, planned, output, output_file)
        return
    journal = TerminalJournal(wiring.terminal, has_worker=has_worker(webhooks.inbox, wiring.clock.now()))
    process = webhooks.processor(process_name(), journal).process

    def at_work(delivery: "Delivery") -> str:
        by = f" by {delivery.worker}" if delivery.worker else ""
        return f"{wanted.schedule.name} is run{by} at this moment"

    wait = Waiter(wiring.terminal, at_work)
    desk = SlotDesk(inbox=webhooks.inbox, clock=wiring.clock, process=process, wait=wait)
    done = desk.run(wanted, again=again)
    result = Result(lambda: shown.run_blocks(done), lambda: shown.run_json(done))
    deliver(wiring, result, output, output_file)
    if not done.ran:
        wiring.terminal.note(f"{slot} is {done.delivery.state}, and was not run again; --again runs it")
    raise typer.Exit(run_exit_code(done))


@app.command()
def enable(
    ctx: typer.Context,
    name: NameArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Switch a schedule on. Slots that were due before are not run."""
    _switch(ctx, name, output, output_file, enabled=True, dry_run=dry_run)


@app.command()
def disable(
    ctx: typer.Context,
    name: NameArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Switch a schedule off. A slot that was begun is finished."""
    _switch(ctx, name, output, output_file, enabled=False, dry_run=dry_run)


def _switch(
    ctx: typer.Context, name: str, output: Format, output_file: FileOption, *, enabled: bool, dry_run: bool
) -> None:
    from supops.render.schedules import schedules_json, schedules_table

    wiring = wiring_of(ctx)
    scheduler = wiring.webhooks.scheduler
    changed = scheduler.switch(name, enabled=enabled, dry_run=dry_run)
    standing = scheduler.standing(name)
    word = "on" if enabled else "off"
    if not changed:
        said = f"{name} is {word} already"
    elif dry_run:
        said = f"{name} would be switched {word}; nothing was changed"
    else:
        said = f"{name} is switched {word}"
    planned = enabled if changed and dry_run else None
    result = Result(
        lambda: [schedules_table([standing], planned=planned)],
        lambda: schedules_json([standing], planned=planned),
    )
    deliver(wiring, result, output, output_file)
    wiring.terminal.note(said)


def _tell_without_workers(wiring: "Wiring") -> None:
    from supops.services.tending import has_worker

    if not has_worker(wiring.webhooks.inbox, wiring.clock.now()):
        wiring.terminal.note(
            "no worker takes part: schedules that are on are run by `supops webhooks serve` or `supops webhooks worker`"
        )
