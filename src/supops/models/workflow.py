"""The issue flow as data: stages, types, moves, what each move needs and does (source: domain, 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# Where issues end: not a label, but the state.
CLOSED = "Closed"
# Where they come from: they have no stage yet.
NOWHERE = ""
# The type that is no thing, but a kind of work.
WORK = "administrative"


class Need(StrEnum):
    """What a move needs."""

    TYPE = "type"
    PRIORITY = "priority"
    CUSTOMER = "customer"
    APPROVAL = "approval"
    GAMEPLAN = "gameplan"
    ITERATION = "iteration"
    CURRENT = "current-iteration"
    LATER = "later-iteration"
    MILESTONE = "milestone"
    DRI = "dri"
    REQUESTED = "validation-requested"
    VALIDATED = "validation"
    BLUEPRINT = "blueprint"
    CAME_FROM = "came-from"
    REASON = "reason"
    UNTIL = "until"
    THEN = "then"


# What nobody finds on an issue: it is said with the command.
ASKED = frozenset({Need.REASON, Need.UNTIL, Need.THEN})


class Validation(StrEnum):
    """How the requester's validation stands."""

    REQUESTED = "requested"
    RECEIVED = "received"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class Verb(StrEnum):
    """What people call a move: the named forms of commands."""

    TRIAGE = "triage"
    PLAN = "plan"
    SCHEDULE = "schedule"
    START = "start"
    REQUEST_VALIDATION = "request-validation"
    VALIDATED = "validated"
    REJECTED = "rejected"
    IMPLEMENT = "implement"
    COMPLETE = "complete"
    CLOSE = "close"
    BLOCK = "block"
    UNBLOCK = "unblock"
    MOVE = "move"


class Template(StrEnum):
    """The comments that moves write, by the name of their template."""

    REQUEST_VALIDATION = "request-validation"
    VALIDATED = "validated"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    GAMEPLAN = "gameplan"
    BLUEPRINT = "blueprint"
    CLOSED = "closed"
    INVALID = "invalid"
    NOT_APPROVED = "not-approved"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    MOVED = "moved"
    APPROVAL = "approval"
    ASKED = "asked"
    ESCALATED = "escalated"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Goal:
    """How long an issue should be in a stage at the most, in working days.

    Attributes:
        least: Where the goal is a range, its lower end.
    """

    most: int
    least: int | None = None

    def __str__(self) -> str:
        return f"{self.least}-{self.most}" if self.least is not None else str(self.most)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage.

    Attributes:
        name: Without the label's key, such as ``Triage``.
        goal: None where there is none.
        dri: Username of whoever is responsible while issues are there; empty where that is nobody in particular.
        parking: Whether issues wait there for something outside of the flow.
    """

    name: str
    goal: Goal | None = None
    dri: str = ""
    parking: bool = False


@dataclass(frozen=True, slots=True)
class RequestType:
    """A kind of request.

    Attributes:
        key: As commands and programs call it: ``feature``.
        name: The label without its key: ``Feature``.
        outside: Whether the flow does not apply: such issues have no stage.
    """

    key: str
    name: str
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A step that is allowed. One that leads to where it comes from changes what is in place, such as the validation.

    Attributes:
        types: Keys of the types that it is for.
        needs: What has to be there before.
        verb: What people call it.
        comment: The template of the comment that it writes; None for none.
        validation: What becomes of the validation; None to leave it.
        clears: Whether what there is of a validation goes: it has to be done again.
        closes: Whether the issue is closed.
        back: Whether it undoes a step, and is no progress.
    """

    source: str
    target: str
    types: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    verb: Verb = Verb.MOVE
    comment: Template | None = None
    validation: Validation | None = None
    clears: bool = False
    closes: bool = False
    back: bool = False

    @property
    def in_place(self) -> bool:
        """Whether the stage stays."""
        return self.source == self.target


@dataclass(frozen=True, slots=True)
class LabelNames:
    """What the labels of the flow are called.

    Attributes:
        stage: The key with its colons; so the others.
        validations: The names for each state of a validation: the first is set, all are understood.
        priorities: Names of priorities, the most urgent first.
        approvals: Names for an approval that is not needed, is missing, and is there.
    """

    stage: str = "Stage::"
    type: str = "RequestType::"
    priority: str = "Priority::"
    customer: str = "Customer::"
    validation: str = "Validation::"
    approval: str = "Approval::"
    validations: dict[Validation, tuple[str, ...]] = field(
        default_factory=lambda: {
            Validation.REQUESTED: ("Requested", "Awaiting"),
            Validation.RECEIVED: ("Received",),
            Validation.REJECTED: ("Rejected",),
            Validation.SKIPPED: ("Skipped",),
        }
    )
    priorities: tuple[str, ...] = ("1", "2", "3", "4")
    customers: tuple[str, ...] = (
        "Support",
        "Security",
        "Engineering",
        "Finance",
        "People",
        "Field",
        "Marketing",
        "ETA",
    )
    approvals: tuple[str, str, str] = ("Not needed", "Needed", "Granted")


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """From which effort, risk and impact on a level of leadership has to approve; None for any.

    Attributes:
        level: One of the levels.
    """

    level: str
    effort: str | None = None
    risk: str | None = None
    impact: str | None = None


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who has to approve a feature that does not align with the roadmap: the first rule that fits counts.

    Attributes:
        levels: Levels of leadership, the lowest first.
        leaders: Usernames of those of a level; a level without any is not checked.
        rules: The last one fits everything.
    """

    levels: tuple[str, ...]
    rules: tuple[ApprovalRule, ...]
    leaders: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """The whole flow.

    Attributes:
        first: The stage that issues begin in.
        blocked: The parking stage of what waits for somebody.
        queued: The stage of what waits for its iteration.
        working: The stage that work is done in.
        last: The stage of what is done.
        validation: The stage that validation happens in: one of its own, or the one that work is done in.
        validation_goal: The service goal of a validation.
        ladder: Usernames of the next levels of leadership, for issues that stay blocked.
    """

    stages: tuple[Stage, ...]
    types: tuple[RequestType, ...]
    moves: tuple[Move, ...]
    labels: LabelNames
    approvals: Approvals
    first: str = "Triage"
    blocked: str = "Blocked"
    queued: str = "Queued"
    working: str = "Development"
    last: str = "Completed"
    validation: str = "Development"
    validation_goal: Goal = Goal(5, 3)
    ladder: tuple[str, ...] = ()

    def stage(self, name: str) -> Stage | None:
        """Return a stage by its name, however it is capitalised; None where there is none."""
        return next((one for one in self.stages if one.name.casefold() == name.casefold()), None)

    def type(self, key: str) -> RequestType | None:
        """Return a type by its key or its label's name, however it is capitalised; None where there is none."""
        wanted = key.casefold()
        return next((one for one in self.types if wanted in (one.key.casefold(), one.name.casefold())), None)

    def stages_of(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the names of all stages that labels name, known or not."""
        return _named(labels, self.labels.stage)

    def types_of(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the names of all types that labels name, known or not."""
        return _named(labels, self.labels.type)

    def value_of(self, labels: Sequence[str], key: str) -> str | None:
        """Return what a scoped label says, such as the priority; None where there is none."""
        return next(iter(_named(labels, key)), None)

    def validation_of(self, labels: Sequence[str]) -> Validation | None:
        """Return how the validation stands; None where nothing was asked for."""
        names = _named(labels, self.labels.validation)
        return next(
            (state for state, known in self.labels.validations.items() if set(known) & {*names}), None
        )

    def validation_label(self, state: Validation) -> str:
        """Return the label that says how the validation stands."""
        return f"{self.labels.validation}{self.labels.validations[state][0]}"

    def stage_label(self, name: str) -> str:
        """Return a stage's label."""
        return f"{self.labels.stage}{name}"

    def moves_of(self, type_key: str) -> tuple[Move, ...]:
        """Return all moves of a type."""
        return tuple(one for one in self.moves if type_key in one.types)

    def moves_from(self, source: str, type_key: str | None) -> tuple[Move, ...]:
        """Return the moves out of a stage, for one type; for all types where it is None, one for each place."""
        found = [one for one in self.moves if one.source == source]
        if type_key is not None:
            return tuple(one for one in found if type_key in one.types)
        return tuple({(one.target, one.verb): one for one in reversed(found)}.values())[::-1]


@dataclass(frozen=True, slots=True)
class FlowMistake:
    """What makes no sense about a flow.

    Attributes:
        move: The number of the move that it is about, from 0; None where it is about no single one.
        stage: The stage that it is about; empty where it is about none.
        unknown: Whether it names something that there is not; other mistakes can follow from that.
    """

    message: str
    move: int | None = None
    stage: str = ""
    unknown: bool = False


def _named(labels: Sequence[str], key: str) -> tuple[str, ...]:
    return tuple(label.removeprefix(key) for label in labels if label.startswith(key))


def an(name: str) -> str:
    """Return the name of a type with its article: ``an incident``; the one that is no thing as what it is, ``administrative work``."""
    if name.casefold() == WORK:
        return f"{name} work"
    return f"{'an' if name[:1].casefold() in 'aeiou' else 'a'} {name}"
