"""What is asked of the flow, and what it makes of that: moves with what they lack, plans, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from supops.models.work import Change, Iteration, Milestone, WorkIssue
from supops.models.work_marks import Mark
from supops.models.workflow import Move, Template


@dataclass(frozen=True, slots=True)
class Given:
    """What was said with a command.

    Attributes:
        type: Key of a type.
        priority: Without the label's key; so the customer.
        dri: Username of the person responsible.
        gameplan: The text of a gameplan, so `blueprint`.
        people: Usernames that these two mention, of people; whatever else they mention is none.
        reason: Why.
        until: What unblocks the issue.
        then: What happens then.
        on: Username of whoever can unblock it.
        requester: Username of whoever validates; empty for the author of the issue.
        force: Whether guards are overridden.
        keep_open: Whether an issue that would be closed with a move is left open.
    """

    type: str = ""
    priority: str = ""
    customer: str = ""
    iteration: Iteration | None = None
    milestone: Milestone | None = None
    dri: str = ""
    gameplan: str = ""
    blueprint: str = ""
    people: tuple[str, ...] = ()
    reason: str = ""
    until: str = ""
    then: str = ""
    on: str = ""
    requester: str = ""
    force: bool = False
    keep_open: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """What a move lacks.

    Attributes:
        need: What kind of thing: a `Need`, or ``move`` where there is no such move.
        message: What is missing.
        remedy: What to do.
        forcible: Whether ``--force`` overrides it.
    """

    need: str
    message: str
    remedy: str
    forcible: bool = True


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that is to be written.

    Attributes:
        body: Exactly what is posted, its mark included.
        mentions: Usernames that the text mentions.
        unmentioned: Names that its file mentions and that are no user's: the text mentions them no more.
    """

    kind: Template
    mark: Mark
    body: str
    mentions: tuple[str, ...] = ()
    unmentioned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command does to an issue, or what keeps it from that.

    Attributes:
        issue: As it was read.
        type: Key of its type; None where it has none, or several.
        source: The stage that it is in; empty where it has none.
        target: The stage that it gets to.
        missing: What keeps it from that; empty where nothing does.
        overridden: What was missing, and was overridden.
        comments: What is written, in this order; those that are there already are left out.
        iteration: What it is put into; None to leave that.
        change: What else is changed, at the very end.
        notify: Usernames of those who hear of it.
        remarks: What people should know.
    """

    issue: WorkIssue
    type: str | None
    source: str
    target: str
    move: Move | None = None
    missing: tuple[Missing, ...] = ()
    overridden: tuple[Missing, ...] = ()
    comments: tuple[Comment, ...] = ()
    iteration: Iteration | None = None
    change: Change = field(default_factory=Change)
    notify: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_legal(self) -> bool:
        """Whether it may be carried out."""
        return not self.missing

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do: it is as it should be."""
        return not self.comments and self.iteration is None and self.change.is_empty


@dataclass(frozen=True, slots=True)
class Option:
    """A move that an issue could make next.

    Attributes:
        missing: What it lacks.
        asks: What has to be said with the command, such as a reason.
        writes_comment: Whether it writes one.
    """

    move: Move
    missing: tuple[Missing, ...]
    asks: tuple[str, ...]
    add_labels: tuple[str, ...]
    remove_labels: tuple[str, ...]
    writes_comment: bool
    closes: bool

    @property
    def is_legal(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a plan.

    Attributes:
        issue: As it is afterwards; as it was, where nothing was done.
        done: Whether it was carried out; False for a dry run, an illegal move, or where there was nothing to do.
        problems: What is not as it should be afterwards.
    """

    plan: Plan
    issue: WorkIssue
    done: bool
    problems: tuple[str, ...] = ()


# Values for a template.
Values = Mapping[str, object]
