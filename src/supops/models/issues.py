"""Issues on GitLab, as far as audits are filed as such."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on an issue that our own user wrote."""

    id: int
    body: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue.

    Attributes:
        iid: Its number in the project.
        description: Markdown, as it was written.
        is_ours: Whether our own user created it.
    """

    iid: int
    title: str
    description: str
    web_url: str
    is_closed: bool = False
    is_confidential: bool = True
    is_ours: bool = True
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue that is to be created; confidential.

    Attributes:
        assignees: Usernames.
    """

    title: str
    description: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    due_date: date | None = None


@dataclass(frozen=True, slots=True)
class TrackerFacts:
    """What is known of the project before something is filed in it.

    Attributes:
        name: Path of the project.
        now: What time the platform has.
        unknown_labels: Of those that were asked for, those that the platform would create silently.
        unknown_people: Of the usernames that were asked for, those that it does not know.
    """

    name: str
    now: datetime
    unknown_labels: tuple[str, ...] = ()
    unknown_people: tuple[str, ...] = ()
