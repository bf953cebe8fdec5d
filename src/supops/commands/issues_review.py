"""``supops issues block``, ``unblock``, ``dequeue``, ``escalate``, ``approval``, ``rice``: what is done beside moving on."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.issues_moves import applied, carry_out, status_of
from supops.commands.issues_options import (
    EvidenceOption,
    IidArgument,
    OnOption,
    ReasonOption,
    ThenOption,
    UntilOption,
)
from supops.commands.options import (
    DryRunOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    YesOption,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from supops.wiring import Wiring

app = new_group("Blocked and queued issues, approvals, weights.")


class Roadmap(StrEnum):
    """How a feature stands to the support roadmap."""

    ALIGNED = "aligned"
    NOT_ALIGNED = "not-aligned"


class Answer(StrEnum):
    """Yes or no."""

    YES = "yes"
    NO = "no"


class Effort(StrEnum):
    """How much work it is."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Grade(StrEnum):
    """How high something is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Reach(StrEnum):
    """Whom a feature reaches."""

    CUSTOMERS = "customers"
    ALL_AGENTS = "all-agents"
    REGION = "region"
    SMALL_GROUP = "small-group"
    MINIMAL = "minimal"


class Impact(StrEnum):
    """What a feature does for them."""

    REVENUE = "revenue"
    LARGE = "large"
    SMALL = "small"
    MINIMAL = "minimal"


@app.command()
def block(
    ctx: typer.Context,
    iid: IidArgument,
    until: UntilOption = None,
    then: ThenOption = None,
    on: OnOption = None,
    reason: ReasonOption = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move an issue to Blocked. A comment remembers the stage it came from, what unblocks it, and what happens then.

    One that is blocked already stays; what is said takes the place of what was said before.
    """
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(until=until, then=then, on=on, reason=reason)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.BLOCK, dry_run=dry_run)


@app.command()
def unblock(
    ctx: typer.Context,
    iid: IidArgument,
    reason: ReasonOption = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Return a blocked issue to the stage that it came from."""
    from supops.models.workflow import Verb
    from supops.services.work_asking import Asked

    asked = Asked(reason=reason)
    carry_out(wiring_of(ctx), iid, asked, output, output_file, verb=Verb.UNBLOCK, dry_run=dry_run)


@app.command(short_help="Start all Queued issues whose iteration has come.")
def dequeue(
    ctx: typer.Context,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Move all Queued issues whose iteration has come to Development; for a daily schedule.

    Exit status: 0 all that have come were moved; 3 one lacks something, and stays; 1 something went wrong with one.
    """
    from supops.render.issue_review import dequeued_blocks, dequeued_csv, dequeued_json
    from supops.render.text import count

    wiring = wiring_of(ctx)
    done = wiring.work.dequeuer(dry_run=dry_run).dequeue()
    result = Result(
        lambda: dequeued_blocks(done, dry_run=dry_run),
        lambda: dequeued_json(done, dry_run=dry_run),
        lambda: dequeued_csv(done, dry_run=dry_run),
    )
    deliver(wiring, result, output, output_file)
    if done.waiting:
        waiting = count(done.waiting, "issue waits", "issues wait")
        wiring.terminal.note(f"{waiting} for an iteration that has not come yet")
    if any(not one.plan.is_legal for one in done.moved):
        wiring.terminal.note("what to do about those that lack something: `supops issues lint`")
    if done.failed or any(one.problems for one in done.moved):
        raise typer.Exit(ExitCode.ERROR)
    raise typer.Exit(max((status_of(one) for one in done.moved), default=ExitCode.DONE))


@app.command(short_help="Review Blocked issues: ask, escalate, close.")
def escalate(
    ctx: typer.Context,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Review Blocked issues: ask after a week without an update, escalate after two and three, close after four.

    Each step is done once, however often this runs. Closing needs --yes where there is no terminal to ask on.
    Exit status: 0 all was done; 3 closing was held back; 1 something went wrong with one. A dry run ends as the real one would.
    """
    from supops.render.issue_review import review_blocks, review_csv, review_json
    from supops.render.text import count
    from supops.services.work_review import NO_LADDER

    wiring = wiring_of(ctx)
    closes = yes or (not dry_run and _agreed(wiring))
    done = wiring.work.reviewer(dry_run=dry_run, closes=closes).review()
    result = Result(
        lambda: review_blocks(done, dry_run=dry_run),
        lambda: review_json(done, dry_run=dry_run),
        lambda: review_csv(done, dry_run=dry_run),
    )
    deliver(wiring, result, output, output_file)
    held = sum(1 for one in done.reviewed if one.held)
    if held:
        stays, them = count(held, "issue", "issues"), "it stays" if held == 1 else "they stay"
        wiring.terminal.warn(f"{stays} had no update for four weeks: without --yes {them} open")
    lost = sum(1 for one in done.reviewed if one.note == NO_LADDER)
    if lost:
        were = "would be" if dry_run else "was" if lost == 1 else "were"
        wiring.terminal.warn(f"{lost:,} {were} {NO_LADDER}; name usernames of leadership there")
    if done.failed or any(one.moved and one.moved.problems for one in done.reviewed):
        raise typer.Exit(ExitCode.ERROR)
    raise typer.Exit(ExitCode.FINDINGS if held else ExitCode.DONE)


def _agreed(wiring: "Wiring") -> bool:
    """Ask, on a terminal, whether those that are due for it are closed; where none is, nothing is asked."""
    from supops.commands.options import asks
    from supops.render.text import visible

    if not asks():
        return False
    due = [
        one.issue for one in wiring.work.reviewer(dry_run=True, closes=False).review().reviewed if one.held
    ]
    for issue in due:
        typer.echo(visible(f"#{issue.iid} {issue.title}: no update for four weeks"), err=True)
    return bool(due) and typer.confirm("Close?", err=True)


@app.command(short_help="Decide which approval a feature needs; record it.")
def approval(
    ctx: typer.Context,
    iid: IidArgument,
    roadmap: Annotated[
        Roadmap, typer.Option("--roadmap", help="Whether it aligns with something on the support roadmap.")
    ],
    congruent: Annotated[
        Answer | None, typer.Option("--congruent", help="Whether it is congruent with the intention of that.")
    ] = None,
    effort: Annotated[Effort | None, typer.Option("--effort", help="How much work it is.")] = None,
    risk: Annotated[Grade | None, typer.Option("--risk", help="How much danger to planned work.")] = None,
    impact: Annotated[
        Grade | None, typer.Option("--impact", help="How much effect on customer or support workflows.")
    ] = None,
    approved_by: Annotated[
        str | None, typer.Option("--approved-by", metavar="USERNAME", help="Who of leadership approved it.")
    ] = None,
    roadmap_updated: Annotated[
        bool, typer.Option("--roadmap-updated", help="The roadmap was updated for it; needs --evidence.")
    ] = False,
    evidence: EvidenceOption = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Decide which approval a feature needs, and record that, or that it is there, as a comment and a label.

    Exit status: 0 it may go on; 3 an approval is missing (that is recorded), or it can't be approved (then nothing is).
    """
    from supops.render.issue_moves import approval_blocks, approval_json
    from supops.services.approving import Assessment, approval_plan, decide
    from supops.services.work_asking import known_person

    wiring = wiring_of(ctx)
    work = wiring.work
    number = work.iid(iid)
    assessment = Assessment(
        aligned=roadmap is Roadmap.ALIGNED,
        congruent=congruent is Answer.YES if congruent else None,
        effort=effort.value if effort else None,
        risk=risk.value if risk else None,
        impact=impact.value if impact else None,
        approved_by=known_person(work.desk, approved_by) if approved_by else "",
        roadmap_updated=roadmap_updated,
        evidence=(evidence or "").strip(),
    )
    decision = decide(assessment, work.flow.approvals)
    plan = approval_plan(work.desk, work.comments, work.desk.dossier(number), decision)
    moved = applied(wiring, plan, yes=True, dry_run=dry_run)
    result = Result(
        lambda: approval_blocks(moved, decision, dry_run=dry_run),
        lambda: approval_json(moved, decision, dry_run=dry_run),
    )
    deliver(wiring, result, output, output_file)
    status = status_of(moved)
    raise typer.Exit(status or (ExitCode.DONE if decision.approved else ExitCode.FINDINGS))


@app.command(short_help="Compute the weight of a feature; set it.")
def rice(
    ctx: typer.Context,
    reach: Annotated[Reach, typer.Option("--reach", help="Whom it reaches.")],
    impact: Annotated[Impact, typer.Option("--impact", help="What it does for them.")],
    confidence: Annotated[float, typer.Option("--confidence", metavar="PERCENT", help="How sure that is.")],
    effort: Annotated[
        float, typer.Option("--effort", metavar="NUMBER", help="How much work it is; above 0.")
    ],
    iid: Annotated[
        str | None, typer.Argument(metavar="[IID]", help="The issue; without it, nothing is set.")
    ] = None,
    sets: Annotated[bool, typer.Option("--set", help="Set the issue's weight.")] = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Compute the weight of a feature: reach x impact x confidence / effort; with --set, set it."""
    from supops.render.issue_moves import rice_blocks, rice_json
    from supops.services.approving import rice as computed
    from supops.services.approving import weight_plan

    wiring = wiring_of(ctx)
    found = computed(reach.value, impact.value, confidence, effort)
    moved = None
    if sets and iid is None:
        raise UsageError(
            "Which issue's weight is to be set is not said.", hint="Name it: `supops issues rice IID ...`."
        )
    if sets and iid is not None:
        work = wiring.work
        plan = weight_plan(work.desk.dossier(work.iid(iid)), found)
        moved = applied(wiring, plan, yes=True, dry_run=dry_run)
    result = Result(
        lambda: rice_blocks(found, moved, dry_run=dry_run), lambda: rice_json(found, moved, dry_run=dry_run)
    )
    deliver(wiring, result, output, output_file)
    if found.rounding:
        wiring.terminal.note(found.rounding)
    if iid is not None and not sets:
        wiring.terminal.note("nothing was changed: --set sets the weight")
    raise typer.Exit(status_of(moved) if moved else ExitCode.DONE)
