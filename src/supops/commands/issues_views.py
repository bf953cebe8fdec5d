"""``supops issues list``, ``board``, ``show``, ``next``, ``flow``, ``lint``: seeing the work."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from supops.commands.issues_options import IidArgument
from supops.commands.options import (
    FailOn,
    FailOnOption,
    FileOption,
    Format,
    FormatOption,
    Result,
    deliver,
    new_group,
    wiring_of,
)
from supops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from supops.services.work_viewing import Rows

app = new_group("The team's issues: what is where.")


class State(StrEnum):
    """Which issues are listed."""

    OPEN = "open"
    CLOSED = "closed"
    ALL = "all"


StageOption = Annotated[
    str | None, typer.Option("--stage", metavar="STAGE", help="Only those of this stage; none: of no stage.")
]
TypeOption = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="Only bug, feature, administrative or incident; none: of no type."
    ),
]
CustomerOption = Annotated[
    str | None,
    typer.Option(
        "--customer",
        metavar="TEAM",
        help="Only those of this customer: of the flow, or of a label that there is; none: of nobody.",
    ),
]
PriorityOption = Annotated[
    str | None, typer.Option("--priority", metavar="N", help="Only those of this priority; none: of none.")
]
AssigneeOption = Annotated[
    str | None,
    typer.Option(
        "--assignee", metavar="USERNAME", help="Only those of this person, or @me; none: of nobody."
    ),
]
IterationOption = Annotated[
    str | None,
    typer.Option(
        "--iteration",
        metavar="WHICH",
        help="Only those of this iteration: current, next, an id, a title, or a day; none: in none.",
    ),
]
StaleOption = Annotated[
    bool, typer.Option("--stale", help="Only those that are in their stage for longer than its service goal.")
]
StateOption = Annotated[
    State, typer.Option("--state", help="Only those that are open, only closed ones, or all.")
]
UpdatedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--updated-since",
        metavar="TIME",
        help="Only those that were changed since then, comments included: 12h, 30d, or 2026-11-01.",
    ),
]
ClosedSinceOption = Annotated[
    str | None,
    typer.Option(
        "--closed-since",
        metavar="TIME",
        help="With --state closed: only those that were closed since then: 12h, 30d, or 2026-11-01.",
    ),
]


class FlowFormat(StrEnum):
    """How the flow is drawn."""

    MERMAID = "mermaid"
    TABLE = "table"


@app.command("list", short_help="List issues, and how long each is in its stage.")
def list_all(
    ctx: typer.Context,
    stage: StageOption = None,
    kind: TypeOption = None,
    customer: CustomerOption = None,
    priority: PriorityOption = None,
    assignee: AssigneeOption = None,
    iteration: IterationOption = None,
    stale: StaleOption = False,
    state: StateOption = State.OPEN,
    updated_since: UpdatedSinceOption = None,
    closed_since: ClosedSinceOption = None,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """List issues, with how long each is in its stage, or was when it was closed: in working days, beside the service goal.

    For its age, the history of each is read, a request for each: --closed-since and --updated-since keep long lists of closed ones short.

    Exit status: 0 all was read; 5 the history of one could not be read.
    """
    from supops.commands.delivery_options import moment
    from supops.render.issues import issues_blocks, issues_csv, issues_json
    from supops.services.work_viewing import Filters

    wiring = wiring_of(ctx)
    if closed_since and state is not State.CLOSED:
        raise UsageError(
            "--closed-since is for closed issues.", hint="Add --state closed, or say --updated-since."
        )
    now = wiring.clock.now()
    filters = Filters(
        stage or "",
        kind or "",
        customer or "",
        priority or "",
        assignee or "",
        iteration or "",
        stale,
        "opened" if state is State.OPEN else state.value,
        moment("--updated-since", updated_since, now) if updated_since else None,
        moment("--closed-since", closed_since, now) if closed_since else None,
    )
    found = wiring.work.viewer.rows(filters)
    result = Result(lambda: issues_blocks(found), lambda: issues_json(found), lambda: issues_csv(found))
    deliver(wiring, result, output, output_file)
    if not found.rows:
        wiring.terminal.note("there is no such issue")
    raise typer.Exit(_status(found))


@app.command()
def board(
    ctx: typer.Context,
    kind: TypeOption = None,
    customer: CustomerOption = None,
    priority: PriorityOption = None,
    assignee: AssigneeOption = None,
    iteration: IterationOption = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help="Read the history of each issue for its age, which takes a request for each."
        ),
    ] = False,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Show open issues by stage, a column for each.

    Ages are working days in the stage. Without --exact they are what the issue itself tells: no less than since its last change, and
    no more than since its creation.
    """
    from supops.render import issue_board as shown
    from supops.services.work_viewing import Filters

    wiring = wiring_of(ctx)
    filters = Filters(
        type=kind or "",
        customer=customer or "",
        priority=priority or "",
        assignee=assignee or "",
        iteration=iteration or "",
    )
    columns, found = wiring.work.viewer.board(filters, exact=exact)
    result = Result(
        lambda: shown.board_blocks(columns, found),
        lambda: shown.board_json(columns, found),
        lambda: shown.board_csv(columns),
        terminal=lambda width, color: shown.board_terminal(columns, found, width=width, color=color),
    )
    deliver(wiring, result, output, output_file)
    if not found.rows:
        wiring.terminal.note("there is no such issue")
    raise typer.Exit(_status(found))


def _status(found: "Rows") -> ExitCode:
    return ExitCode.INCOMPLETE if found.incomplete_reasons else ExitCode.DONE


@app.command(short_help="Show an issue: its text, its history, its next moves.")
def show(
    ctx: typer.Context, iid: IidArgument, output: FormatOption = Format.TABLE, output_file: FileOption = None
) -> None:
    """Show an issue: what it says, the stages that it was in, since when and by whom, and what it can do next."""
    from supops.render.issues import shown_blocks, shown_csv, shown_json, shown_markdown

    wiring = wiring_of(ctx)
    work = wiring.work
    found = work.viewer.show(work.iid(iid), work.mover)
    result = Result(
        lambda: shown_blocks(found),
        lambda: shown_json(found),
        lambda: shown_csv(found),
        lambda: shown_markdown(found),
    )
    deliver(wiring, result, output, output_file)


@app.command("next", short_help="Show which moves an issue may make, what they lack.")
def next_moves(
    ctx: typer.Context, iid: IidArgument, output: FormatOption = Format.TABLE, output_file: FileOption = None
) -> None:
    """Show which moves an issue may make, and what each still lacks."""
    from supops.render.issues import moves_csv, moves_json, next_blocks
    from supops.services.work_reading import stage_of

    wiring = wiring_of(ctx)
    work = wiring.work
    dossier = work.desk.dossier(work.iid(iid))
    options = work.mover.options(dossier)
    number, kind, stage = dossier.issue.iid, dossier.type, stage_of(work.flow, dossier.issue)
    result = Result(
        lambda: next_blocks(dossier.issue, kind, stage, options),
        lambda: moves_json(number, kind, stage, options),
        lambda: moves_csv(number, options),
    )
    deliver(wiring, result, output, output_file)
    if not options:
        wiring.terminal.note(
            "; ".join(f"{one.message}: {one.remedy}" for one in work.mover.obstacles(dossier))
        )


@app.command(short_help="Draw the flow: stages, and the moves of each type.")
def flow(
    ctx: typer.Context,
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only the moves of this type.")
    ] = None,
    drawn: Annotated[FlowFormat, typer.Option("--format", help="How to draw it.")] = FlowFormat.TABLE,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Draw the flow: its stages, and which moves each type of request has, from the settings that hold."""
    from supops.render import flows as shown
    from supops.services.work_asking import known_type

    wiring = wiring_of(ctx)
    the_flow = wiring.work.flow
    types = shown.drawn_types(the_flow, known_type(the_flow, kind) or None)
    result = Result(
        lambda: shown.flow_blocks(the_flow, types),
        lambda: shown.flow_json(the_flow, types),
        lambda: shown.flow_csv(the_flow, types),
    )
    if drawn is FlowFormat.MERMAID:
        if output not in (Format.TABLE, Format.MARKDOWN):
            raise UsageError(f"Mermaid is no {output}.", hint=f"Leave out --format, or -o {output}.")
        text = shown.mermaid(the_flow, types)
        fenced = "".join(f"```mermaid\n{shown.mermaid(the_flow, [one])}```\n" for one in types)
        result = Result(result.blocks, result.json, markdown=lambda: fenced, plain=lambda: text)
    deliver(wiring, result, output, output_file)


@app.command(short_help="Find open issues that contradict the flow.")
def lint(
    ctx: typer.Context,
    fail_on: FailOnOption = FailOn.LOW,
    output: FormatOption = Format.TABLE,
    output_file: FileOption = None,
) -> None:
    """Find open issues whose labels, comments or fields contradict the flow.

    Exit status: 0 there is none; 3 findings at or above --fail-on; 5 some could not be read.
    """
    from supops.models.findings import threshold_of
    from supops.render.flows import lint_blocks, lint_csv, lint_json

    wiring = wiring_of(ctx)
    found = wiring.work.linter.lint()
    result = Result(lambda: lint_blocks(found), lambda: lint_json(found), lambda: lint_csv(found))
    deliver(wiring, result, output, output_file)
    if found.incomplete_reasons:
        raise typer.Exit(ExitCode.INCOMPLETE)
    failed = any(one.severity.reaches(threshold_of(fail_on.value)) for one in found.findings)
    raise typer.Exit(ExitCode.FINDINGS if failed else ExitCode.DONE)
