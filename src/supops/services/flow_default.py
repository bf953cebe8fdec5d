"""The issue flow with the domain's names: what supops ships (source: domain, 4)."""

from dataclasses import dataclass, replace
from enum import StrEnum

from supops.models.workflow import (
    CLOSED,
    NOWHERE,
    ApprovalRule,
    Approvals,
    Flow,
    Goal,
    LabelNames,
    Move,
    Need,
    RequestType,
    Stage,
    Template,
    Validation,
    Verb,
)

TRIAGE, PLANNING, SCHEDULING, QUEUED = "Triage", "Planning", "Scheduling", "Queued"
DEVELOPMENT, VALIDATION, IMPLEMENTATION = "Development", "Validation", "Implementation"
COMPLETED, BLOCKED, BACKLOGGED = "Completed", "Blocked", "Backlogged"

BUG, FEATURE, ADMINISTRATIVE, INCIDENT = "bug", "feature", "administrative", "incident"
ALL = (BUG, FEATURE, ADMINISTRATIVE)
VALIDATED = (BUG, FEATURE)
PLANNED_BY_ITERATION = (FEATURE, ADMINISTRATIVE)
TRIAGED = (Need.TYPE, Need.PRIORITY, Need.CUSTOMER)
SCHEDULED = (Need.ITERATION, Need.MILESTONE, Need.DRI)

TYPES = (
    RequestType(BUG, "Bug"),
    RequestType(FEATURE, "Feature"),
    RequestType(ADMINISTRATIVE, "Administrative"),
    RequestType(INCIDENT, "Incident", outside=True),
)
VALIDATION_GOAL = Goal(5, 3)
# Scheduling is done weekly: five working days.
STAGES = (
    Stage(TRIAGE, Goal(2, 1)),
    Stage(PLANNING, Goal(5)),
    Stage(SCHEDULING, Goal(5)),
    Stage(QUEUED),
    Stage(DEVELOPMENT),
    Stage(VALIDATION, VALIDATION_GOAL),
    Stage(IMPLEMENTATION, Goal(3)),
    Stage(COMPLETED, Goal(2)),
    Stage(BLOCKED, parking=True),
    Stage(BACKLOGGED, parking=True),
)
MANAGER, SENIOR_MANAGER, DIRECTOR = "manager", "senior-manager", "director"
# The more work, danger to planned work and effect on workflows, the higher (source: domain, 4, "at a level that fits").
APPROVALS = Approvals(
    levels=(MANAGER, SENIOR_MANAGER, DIRECTOR),
    rules=(
        ApprovalRule(DIRECTOR, effort="large", risk="high"),
        ApprovalRule(DIRECTOR, effort="large", impact="high"),
        ApprovalRule(DIRECTOR, risk="high", impact="high"),
        ApprovalRule(SENIOR_MANAGER, effort="large"),
        ApprovalRule(SENIOR_MANAGER, risk="high"),
        ApprovalRule(SENIOR_MANAGER, impact="high"),
        ApprovalRule(SENIOR_MANAGER, effort="medium", risk="medium", impact="medium"),
        ApprovalRule(MANAGER),
    ),
)


class Where(StrEnum):
    """Where the requester validates.

    In Development; in a stage of its own; or, as some of a team's issues have that stage and others do not, in either: then
    a validation is requested in Development, and the issue may be moved to the stage.
    """

    DEVELOPMENT = "development"
    STAGE = "stage"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Switches:
    """In what teams differ.

    Attributes:
        validation: Where the requester validates.
        bugs_plan: Whether bugs pass Planning.
        close_on_completion: Whether an issue is closed when it is completed; else by a step of its own.
    """

    validation: Where = Where.EITHER
    bugs_plan: bool = True
    close_on_completion: bool = False

    @property
    def has_stage(self) -> bool:
        """Whether there is a stage for validation."""
        return self.validation is not Where.DEVELOPMENT

    @property
    def places(self) -> tuple[str, ...]:
        """The stages that an issue may be in while it is validated; the first is where that is requested."""
        places = {
            Where.DEVELOPMENT: (DEVELOPMENT,),
            Where.STAGE: (VALIDATION,),
            Where.EITHER: (DEVELOPMENT, VALIDATION),
        }
        return places[self.validation]


def default_flow(switches: Switches | None = None) -> Flow:
    """Return the flow with the domain's names."""
    switches = switches or Switches()
    return Flow(
        stages=tuple(one for one in STAGES if switches.has_stage or one.name != VALIDATION),
        types=TYPES,
        moves=default_moves(switches),
        labels=LabelNames(),
        approvals=APPROVALS,
        validation=switches.places[0],
        validation_goal=VALIDATION_GOAL,
    )


def default_moves(switches: Switches) -> tuple[Move, ...]:
    """Return all moves, those that are progress first."""
    return (*_planning(switches), *_work(switches), *_parking(switches), *_endings(), *_backs(switches))


def _planning(switches: Switches) -> list[Move]:
    start = Verb.START
    to_development = (*SCHEDULED, Need.CURRENT)
    bugs = [
        Move(TRIAGE, PLANNING, (BUG,), TRIAGED, Verb.PLAN),
        Move(PLANNING, DEVELOPMENT, (BUG,), (Need.GAMEPLAN,), start),
    ]
    if not switches.bugs_plan:
        bugs = [Move(TRIAGE, DEVELOPMENT, (BUG,), TRIAGED, start)]
    return [
        Move(NOWHERE, TRIAGE, ALL, (), Verb.TRIAGE),
        Move(TRIAGE, TRIAGE, ALL, (), Verb.TRIAGE),
        *bugs,
        Move(TRIAGE, PLANNING, (FEATURE,), (*TRIAGED, Need.APPROVAL), Verb.PLAN),
        Move(TRIAGE, SCHEDULING, (ADMINISTRATIVE,), TRIAGED, Verb.SCHEDULE),
        Move(PLANNING, SCHEDULING, (FEATURE,), (Need.GAMEPLAN,), Verb.SCHEDULE),
        Move(SCHEDULING, QUEUED, PLANNED_BY_ITERATION, (*SCHEDULED, Need.LATER), Verb.SCHEDULE),
        # Fields are set one at a time there; it is out of it that all of them are needed.
        Move(SCHEDULING, SCHEDULING, PLANNED_BY_ITERATION, (), Verb.SCHEDULE),
        Move(SCHEDULING, DEVELOPMENT, PLANNED_BY_ITERATION, to_development, start),
        Move(QUEUED, DEVELOPMENT, PLANNED_BY_ITERATION, to_development, start),
    ]


def _work(switches: Switches) -> list[Move]:
    first, *_ = switches.places
    request, complete = Template.REQUEST_VALIDATION, Template.CLOSED if switches.close_on_completion else None
    moves = [Move(DEVELOPMENT, first, VALIDATED, (), Verb.REQUEST_VALIDATION, request, Validation.REQUESTED)]
    if switches.validation is Where.EITHER:
        moves.append(Move(DEVELOPMENT, VALIDATION, VALIDATED, (Need.REQUESTED,)))
    if switches.has_stage:
        again = Move(VALIDATION, VALIDATION, VALIDATED, (), Verb.REQUEST_VALIDATION)
        moves.append(replace(again, comment=request, validation=Validation.REQUESTED))
    for place in switches.places:
        moves += _validation_in(place)
    skip = Move(
        DEVELOPMENT,
        IMPLEMENTATION,
        (ADMINISTRATIVE,),
        (Need.REASON,),
        Verb.IMPLEMENT,
        Template.SKIPPED,
        Validation.SKIPPED,
    )
    end = Move(
        IMPLEMENTATION,
        COMPLETED,
        ALL,
        (Need.BLUEPRINT,),
        Verb.COMPLETE,
        complete,
        closes=switches.close_on_completion,
    )
    return [*moves, skip, end]


def _validation_in(place: str) -> list[Move]:
    received, rejected = Template.VALIDATED, Template.REJECTED
    asked, why = (Need.REQUESTED,), (Need.REQUESTED, Need.REASON)
    return [
        Move(place, place, VALIDATED, asked, Verb.VALIDATED, received, Validation.RECEIVED),
        Move(
            place,
            DEVELOPMENT,
            VALIDATED,
            why,
            Verb.REJECTED,
            rejected,
            Validation.REJECTED,
            back=place != DEVELOPMENT,
        ),
        Move(place, IMPLEMENTATION, VALIDATED, (Need.VALIDATED,), Verb.IMPLEMENT),
    ]


def _types_in(stage: str, switches: Switches) -> tuple[str, ...]:
    """Return the types that pass a stage."""
    if stage == PLANNING:
        return VALIDATED if switches.bugs_plan else (FEATURE,)
    if stage in (SCHEDULING, QUEUED):
        return PLANNED_BY_ITERATION
    return VALIDATED if stage == VALIDATION else ALL


def _parking(switches: Switches) -> list[Move]:
    stages = [TRIAGE, PLANNING, SCHEDULING, QUEUED, DEVELOPMENT, IMPLEMENTATION]
    if switches.has_stage:
        stages.insert(-1, VALIDATION)
    waits = (Need.UNTIL, Need.THEN)
    # What it waits for can change while it waits.
    moves = [Move(BLOCKED, BLOCKED, ALL, waits, Verb.BLOCK, Template.BLOCKED, back=True)]
    for stage in stages:
        types = _types_in(stage, switches)
        moves.append(Move(stage, BLOCKED, types, waits, Verb.BLOCK, Template.BLOCKED, back=True))
        moves.append(
            Move(BLOCKED, stage, types, (Need.CAME_FROM,), Verb.UNBLOCK, Template.UNBLOCKED, back=True)
        )
    for stage in (TRIAGE, PLANNING, SCHEDULING, QUEUED):
        types = _types_in(stage, switches)
        moves.append(Move(stage, BACKLOGGED, types, (Need.REASON,), comment=Template.MOVED, back=True))
    moves.append(Move(BACKLOGGED, TRIAGE, ALL, verb=Verb.TRIAGE, back=True))
    return moves


def _endings() -> list[Move]:
    reason, close = (Need.REASON,), Verb.CLOSE
    return [
        Move(COMPLETED, CLOSED, ALL, (), close, Template.CLOSED, closes=True),
        Move(TRIAGE, CLOSED, (BUG,), reason, close, Template.INVALID, closes=True),
        Move(TRIAGE, CLOSED, (FEATURE,), reason, close, Template.NOT_APPROVED, closes=True),
        Move(TRIAGE, CLOSED, (ADMINISTRATIVE,), reason, close, Template.CLOSED, closes=True),
        Move(BLOCKED, CLOSED, ALL, reason, close, Template.CLOSED, closes=True),
        Move(BACKLOGGED, CLOSED, ALL, reason, close, Template.CLOSED, closes=True),
    ]


def _backs(switches: Switches) -> list[Move]:
    def back(source: str, target: str, types: tuple[str, ...], verb: Verb = Verb.MOVE) -> Move:
        # What was validated and goes back no further than to Implementation stays validated.
        clears = target != IMPLEMENTATION
        return Move(source, target, types, (Need.REASON,), verb, Template.MOVED, clears=clears, back=True)

    before_work = PLANNING if switches.bugs_plan else TRIAGE
    return [
        back(PLANNING, TRIAGE, _types_in(PLANNING, switches), Verb.TRIAGE),
        back(SCHEDULING, PLANNING, (FEATURE,)),
        back(SCHEDULING, TRIAGE, (ADMINISTRATIVE,), Verb.TRIAGE),
        back(QUEUED, SCHEDULING, PLANNED_BY_ITERATION),
        back(DEVELOPMENT, SCHEDULING, PLANNED_BY_ITERATION),
        back(DEVELOPMENT, before_work, (BUG,)),
        *([back(VALIDATION, DEVELOPMENT, VALIDATED)] if switches.has_stage else []),
        back(IMPLEMENTATION, DEVELOPMENT, ALL),
        back(COMPLETED, IMPLEMENTATION, ALL),
        back(CLOSED, TRIAGE, ALL, Verb.TRIAGE),
    ]
