"""Findings: what a check has to say about one thing, and where it was seen."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, rising."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a finding is about. Any part may be unknown."""

    name: str | None = None
    email: str | None = None
    zendesk_id: int | None = None

    def __str__(self) -> str:
        """Name the subject by the best that is known of it."""
        return self.name or self.email or (str(self.zendesk_id) if self.zendesk_id is not None else "")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a file of the user's: path relative to the roster's folder, line counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        """``jane.yaml:3``, as editors and terminals understand it."""
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        check: Id of the check that found it.
        expected: What should be there; None where that is not one value.
        actual: What is there.
    """

    check: str
    severity: Severity
    subject: Subject
    message: str
    expected: str | None = None
    actual: str | None = None
    source: Source | None = None

    @property
    def sort_key(self) -> tuple[str, str, str, int, str]:
        """Findings are ordered by check, then by name, then by place."""
        source = self.source or Source("", 0)
        return (self.check, str(self.subject).casefold(), source.file, source.line, self.message)


def at_or_above(findings: tuple[Finding, ...], threshold: Severity | None) -> tuple[Finding, ...]:
    """Return the findings that count for ``--fail-on``; a threshold of None stands for ``never``."""
    if threshold is None:
        return ()
    return tuple(finding for finding in findings if finding.severity.rank >= threshold.rank)


def threshold_of(word: str) -> Severity | None:
    """Return the severity that ``--fail-on`` names; None for ``never``."""
    return None if word == "never" else Severity(word)
