"""What the commands about issues share: their options."""

from pathlib import Path
from typing import Annotated

import typer

IidArgument = Annotated[
    str, typer.Argument(metavar="IID", help="The issue's number, such as 42, or its address.")
]
TypeOption = Annotated[
    str | None,
    typer.Option("--type", metavar="TYPE", help="Set the type: bug, feature, administrative or incident."),
]
PriorityOption = Annotated[
    str | None, typer.Option("--priority", metavar="N", help="Set the priority: 1 to 4.")
]
CustomerOption = Annotated[
    str | None, typer.Option("--customer", metavar="TEAM", help="Set the customer, such as Support.")
]
IterationOption = Annotated[
    str | None,
    typer.Option(
        "--iteration",
        metavar="WHICH",
        help="Put it into an iteration: current, next, an id, a title, or a day.",
    ),
]
MilestoneOption = Annotated[
    str | None,
    typer.Option("--milestone", metavar="TITLE", help="Set the milestone: next, or (the end of) its title."),
]
DriOption = Annotated[
    str | None,
    typer.Option("--dri", metavar="USERNAME", help="Say who is responsible: it is assigned to them."),
]
GameplanOption = Annotated[
    Path | None,
    typer.Option("--gameplan", metavar="FILE", help="Post a gameplan from this file; - for standard input."),
]
BlueprintOption = Annotated[
    Path | None,
    typer.Option(
        "--blueprint",
        metavar="FILE",
        help="Post a technical blueprint from this file, with links; - for standard input.",
    ),
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why: it stands in the comment.")
]
RequesterOption = Annotated[
    str | None,
    typer.Option("--requester", metavar="USERNAME", help="Who validates; without it, the issue's author."),
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TEXT", help="To Blocked: what unblocks it.")
]
ThenOption = Annotated[
    str | None, typer.Option("--then", metavar="TEXT", help="To Blocked: what happens then.")
]
OnOption = Annotated[
    str | None,
    typer.Option(
        "--on", metavar="USERNAME", help="To Blocked: who can unblock it; the weekly review asks them."
    ),
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Move it although something is missing; needs --reason.")
]
KeepOpenOption = Annotated[
    bool, typer.Option("--keep-open", help="Do not close it, where that goes with the move.")
]
EvidenceOption = Annotated[
    str | None,
    typer.Option(
        "--evidence", metavar="URL", help="Where the approval is documented, or the updated roadmap."
    ),
]
