"""``supops issues move`` and its named forms: moving issues, and only as the flow allows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.issues_options import (
    BlueprintOption,
    CustomerOption,
    DriOption,
    ForceOption,
    GameplanOption,
    IidArgument,
    IterationOption,
    KeepOpenOption,
    MilestoneOption,
    OnOption,
    PriorityOption,
    ReasonOption,
    RequesterOption,
    ThenOption,
    TypeOption,
    UntilOption,
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
from supops.errors import ExitCode

if TYPE_CHECKING:
    from supops.models.work_moves import Moved, Plan
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked
    from supops.wiring import Wiring

app = new_group("Moving issues.")


@app.command(short_help="Move an issue to a stage, where the flow allows it.")
def move(
    ctx: typer.Context,
    iid: IidArgument,
    stage: Annotated[
        str,
        typer.Argument(metavar="STAGE", help="Where to, such as Planning or its label; Closed closes it."),
    ],
    kind: TypeOption = None,
    priority: PriorityOption = None,
    customer: CustomerOption = None,
    iteration: IterationOption = None,
    milestone: MilestoneOption = None,
    dri: DriOption = None,
    gameplan: GameplanOption = None,
    blueprint: BlueprintOption = None,
    until: UntilOption = None,
    then: ThenOption = None,
    on: OnOption = None,
    reason: ReasonOption = None,
    requester: RequesterOption = None,
    force: ForceOption = False,
    keep_open: KeepOpenOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to a stage, where the flow allows that and nothing is missing. An option that the move has no use for is refused.

    Exit status: 0 it was moved, or is there already; 3 something is missing, and nothing was changed.
    """
    from supops.services.work_asking import Asked, known_target

    wiring = wiring_of(ctx)
    target = known_target(wiring.work.flow, stage)
    asked = Asked(
        type=kind,
        priority=priority,
        customer=customer,
        iteration=iteration,
        milestone=milestone,
        dri=dri,
        gameplan=_text(wiring, gameplan, "gameplan"),
        blueprint=_text(wiring, blueprint, "blueprint"),
        until=until,
        then=then,
        on=on,
        reason=reason,
        requester=requester,
        force=force,
        keep_open=keep_open,
    )
    carry_out(wiring, iid, asked, output, output_file, target=target, yes=yes, dry_run=dry_run)


def _text(wiring: "Wiring", file: Path | None, what: str) -> str | None:
    return wiring.work.text_of(file, what) if file else None


def carry_out(
    wiring: "Wiring",
    iid: str,
    asked: "Asked",
    output: Format,
    output_file: Path | None,
    *,
    verb: "Verb | None" = None,
    target: str = "",
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """Plan a move, ask where it closes the issue, carry it out, and show what became of it."""
    from supops.services.work_asking import understood

    work = wiring.work
    dossier = work.desk.dossier(work.iid(iid))
    plan = work.mover.plan(dossier, understood(work.desk, asked, work.comments), verb=verb, target=target)
    finish(wiring, plan, output, output_file, yes=yes, dry_run=dry_run)


def finish(
    wiring: "Wiring", plan: "Plan", output: Format, output_file: Path | None, *, yes: bool, dry_run: bool
) -> None:
    """Carry a plan out, and show what became of it."""
    from supops.render.issue_moves import moved_blocks, moved_csv, moved_json

    moved = applied(wiring, plan, yes=yes, dry_run=dry_run)
    result = Result(
        lambda: moved_blocks(moved, dry_run=dry_run),
        lambda: moved_json(moved, dry_run=dry_run),
        lambda: moved_csv(moved, dry_run=dry_run),
    )
    deliver(wiring, result, output, output_file)
    raise typer.Exit(status_of(moved))


def applied(wiring: "Wiring", plan: "Plan", *, yes: bool, dry_run: bool) -> "Moved":
    """Carry a plan out; where it closes the issue, ask first."""
    if plan.is_legal and plan.change.close and not dry_run:
        question = f"Close #{plan.issue.iid} {plan.issue.title}?"
        confirmed(wiring, question, yes=yes, does="closes an issue")
    return wiring.work.applier(dry_run=dry_run).apply(plan)


def status_of(moved: "Moved") -> ExitCode:
    """Return the exit status that says what became of a plan."""
    if not moved.plan.is_legal:
        return ExitCode.FINDINGS
    return ExitCode.ERROR if moved.problems else ExitCode.DONE


@app.command(short_help="Put an issue into Triage; set type, priority, customer.")
def triage(
    ctx: typer.Context,
    iid: IidArgument,
    kind: TypeOption = None,
    priority: PriorityOption = None,
    customer: CustomerOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Put an issue into Triage, or back there; set its type, priority and customer."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(type=kind, priority=priority, customer=customer, reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.TRIAGE, dry_run=dry_run)


@app.command()
def plan(
    ctx: typer.Context,
    iid: IidArgument,
    kind: TypeOption = None,
    priority: PriorityOption = None,
    customer: CustomerOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Planning. It needs type, priority and customer; a feature its approval as well."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(type=kind, priority=priority, customer=customer, reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.PLAN, dry_run=dry_run)


@app.command(short_help="Move an issue to Scheduling, or on to Queued.")
def schedule(
    ctx: typer.Context,
    iid: IidArgument,
    kind: TypeOption = None,
    priority: PriorityOption = None,
    customer: CustomerOption = None,
    iteration: IterationOption = None,
    milestone: MilestoneOption = None,
    dri: DriOption = None,
    gameplan: GameplanOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Scheduling; from there, to Queued, where its iteration has not come yet.

    Into Scheduling a feature needs its gameplan. Out of it an issue needs iteration, milestone, and whoever is responsible: in it,
    these can be set one at a time.
    """
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    wiring = wiring_of(ctx)
    asked = Asked(
        type=kind,
        priority=priority,
        customer=customer,
        iteration=iteration,
        milestone=milestone,
        dri=dri,
        gameplan=_text(wiring, gameplan, "gameplan"),
        reason=reason,
        force=force,
    )
    carry_out(wiring, iid, asked, output, output_file, verb=Verb.SCHEDULE, dry_run=dry_run)


@app.command(short_help="Move an issue to Development.")
def start(
    ctx: typer.Context,
    iid: IidArgument,
    kind: TypeOption = None,
    priority: PriorityOption = None,
    customer: CustomerOption = None,
    iteration: IterationOption = None,
    milestone: MilestoneOption = None,
    dri: DriOption = None,
    gameplan: GameplanOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Development: a bug once it has a gameplan, all else once its iteration is the current one."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    wiring = wiring_of(ctx)
    asked = Asked(
        type=kind,
        priority=priority,
        customer=customer,
        iteration=iteration,
        milestone=milestone,
        dri=dri,
        gameplan=_text(wiring, gameplan, "gameplan"),
        reason=reason,
        force=force,
    )
    carry_out(wiring, iid, asked, output, output_file, verb=Verb.START, dry_run=dry_run)


@app.command("request-validation", short_help="Ask the requester to validate what was done.")
def request_validation(
    ctx: typer.Context,
    iid: IidArgument,
    requester: RequesterOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Ask the requester to validate what was done: a label, and a comment that mentions them."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(requester=requester, reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.REQUEST_VALIDATION, dry_run=dry_run)


@app.command(short_help="Record that the requester has validated.")
def validated(
    ctx: typer.Context,
    iid: IidArgument,
    requester: RequesterOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Record that the requester has validated: the issue may go on to Implementation."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(requester=requester, reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.VALIDATED, dry_run=dry_run)


@app.command(short_help="Record that the requester has rejected what was done.")
def rejected(
    ctx: typer.Context,
    iid: IidArgument,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Record that the requester has rejected what was done: another round in Development. Needs --reason."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.REJECTED, dry_run=dry_run)


@app.command(short_help="Move an issue to Implementation, once validated.")
def implement(
    ctx: typer.Context,
    iid: IidArgument,
    reason: ReasonOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Implementation, once it was validated. For administrative work that is skipped: --reason says why."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.IMPLEMENT, dry_run=dry_run)


@app.command()
def complete(
    ctx: typer.Context,
    iid: IidArgument,
    blueprint: BlueprintOption = None,
    reason: ReasonOption = None,
    force: ForceOption = False,
    keep_open: KeepOpenOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Completed. It needs a technical blueprint, with a link at least."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    wiring = wiring_of(ctx)
    text = _text(wiring, blueprint, "blueprint")
    asked = Asked(blueprint=text, reason=reason, force=force, keep_open=keep_open)
    carry_out(wiring, iid, asked, output, output_file, verb=Verb.COMPLETE, yes=yes, dry_run=dry_run)


@app.command(short_help="Close an issue: Completed, or not gone on with.")
def close(
    ctx: typer.Context,
    iid: IidArgument,
    reason: ReasonOption = None,
    force: ForceOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Close an issue: one that is Completed; or, with --reason, one that is not gone on with.

    In Triage a bug is closed as invalid, a feature as not approved; the comment gives the reason.
    """
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(reason=reason, force=force)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.CLOSE, yes=yes, dry_run=dry_run)
