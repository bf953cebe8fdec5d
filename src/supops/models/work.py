"""Issues on GitLab as the team's work: what moves through the stages of the issue flow (source: domain, 4)."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Iteration:
    """A week of work; those with one number are the same, whatever they are called.

    Attributes:
        id: Its number, the same everywhere on the platform.
        title: None where nobody gave it one: those of an automatic cadence have none.
        start: The first day.
        due: The last day.
    """

    id: int
    title: str | None = field(compare=False)
    start: date = field(compare=False)
    due: date = field(compare=False)
    web_url: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """What people call it: its title, or its days."""
        days = f"{self.start.isoformat()} to {self.due.isoformat()}"
        return f"{self.title.strip()} ({days})" if self.title and self.title.strip() else days

    def contains(self, day: date) -> bool:
        """Whether a day is one of its days."""
        return self.start <= day <= self.due


@dataclass(frozen=True, slots=True)
class IterationListing:
    """The iterations that there are.

    Attributes:
        iterations: The earliest first; closed ones included, as far as the platform keeps them.
        unavailable: Why there can be none, in words for people, such as that the group's plan has none; else empty.
    """

    iterations: tuple[Iteration, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A deployment; those with one number are the same, whatever they are called.

    Attributes:
        id: Its number, the same everywhere on the platform (not the one in the project).
        start: None where nobody set it.
        due: None where nobody set it.
    """

    id: int
    title: str = field(compare=False)
    start: date | None = field(default=None, compare=False)
    due: date | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class WorkIssue:
    """An issue.

    Attributes:
        iid: Its number in the project.
        description: Markdown, as it was written.
        state: ``opened`` or ``closed``.
        labels: As they are, in the platform's order. Two with one scoped key are possible, through history.
        author: Username.
        assignees: Usernames.
        iteration: None where it is in none, or the platform's plan has none.
        confidential: Whether only the team sees it.
        updated_at: When anything about it, comments included, was changed last.
    """

    iid: int
    title: str
    description: str
    state: str
    labels: tuple[str, ...]
    author: str
    created_at: datetime
    updated_at: datetime
    web_url: str
    assignees: tuple[str, ...] = ()
    iteration: Iteration | None = None
    milestone: Milestone | None = None
    weight: int | None = None
    confidential: bool = False
    closed_at: datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Whether it is closed."""
        return self.state == "closed"


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A label that came or went.

    Attributes:
        label: Its name; empty where the label does not exist any more.
        added: Whether it came; else it went.
        by: Username; empty where the user does not exist any more.
    """

    label: str
    added: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class StateEvent:
    """An issue was closed, or opened again.

    Attributes:
        closed: Whether it was closed.
        by: Username; empty where the user does not exist any more.
    """

    closed: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class WorkNote:
    """A comment on an issue.

    Attributes:
        author: Username.
        system: Whether the platform wrote it.
        internal: Whether only the team sees it.
    """

    id: int
    body: str
    author: str
    created_at: datetime
    system: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A user of the platform.

    Attributes:
        may_plan: Whether they may label the project's issues: a Reporter, or more.
    """

    username: str
    name: str
    may_plan: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is changed about an issue, all of it in one request; what is not named stays.

    Attributes:
        add_labels: They come beside those that there are. One with a scoped key takes the place of others of that key.
        remove_labels: One that is not there is as good as removed.
        assignees: Usernames, in place of those that there are; None to leave them.
        milestone: None to leave it.
        weight: None to leave it.
        close: Whether it is closed; one that is closed stays so.
        reopen: Whether it is opened again; one that is open stays so.
    """

    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] | None = None
    milestone: Milestone | None = None
    weight: int | None = None
    close: bool = False
    reopen: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is changed."""
        return self == Change()
