"""What became of filing an audit as an issue."""

from dataclasses import dataclass
from enum import StrEnum

from supops.models.issues import Issue, IssueDraft


class Action(StrEnum):
    """What was done, or would be."""

    CREATED = "created"
    UPDATED = "updated"
    NOTHING = "nothing"
    WOULD_CREATE = "would-create"
    WOULD_UPDATE = "would-update"


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of an issue.

    Attributes:
        parts: The description, and the notes that it goes on in.
        remarks: What people should know about what became of their edits.
    """

    parts: tuple[str, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of filing an audit.

    Attributes:
        issue: None where there is none: nothing was filed, or it would be created.
        remarks: What people should know, such as that the issue is closed.
        parts: The description, and the notes that it goes on in.
        draft: What a new issue was, or would be, created from.
    """

    action: Action
    title: str
    issue: Issue | None
    remarks: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    draft: IssueDraft | None = None
