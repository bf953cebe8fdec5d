"""Waivers: findings that somebody answers for, until a date (source: interface, "audit")."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that is known and accepted for a while.

    Attributes:
        check: Id of the check.
        subject: Email, Zendesk id, or whatever else findings of the check call what they are about (`Subject.names`).
        owner: Who answers for it.
        expires: The last day on which it waives.
        file: Name of the file that it stands in.
        line: The line there, counted from 1.
    """

    check: str
    subject: str
    reason: str
    owner: str
    expires: date
    file: str = ""
    line: int = 1

    def is_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return today > self.expires


@dataclass(frozen=True, slots=True)
class WrittenWaiver:
    """A waiver as it stands, or would stand, in its file.

    Attributes:
        before: What stood in its place; None where it is new.
        text: The entry in the file's own words.
    """

    waiver: Waiver
    text: str
    before: Waiver | None = None
