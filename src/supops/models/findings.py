"""Findings: what a check has to say about one thing, and where it was seen."""

from dataclasses import dataclass
from enum import StrEnum

from supops.models.waivers import Waiver


class Severity(StrEnum):
    """How much a finding matters, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, rising."""
        return list(Severity).index(self)

    def reaches(self, threshold: "Severity | None") -> bool:
        """Whether it counts for ``--fail-on``; a threshold of None stands for ``never``."""
        return threshold is not None and self.rank >= threshold.rank


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a finding is about. Any part may be unknown.

    Attributes:
        ref: What something has for a name from run to run that is no person: a project's path, ``project-token/17``.
    """

    name: str | None = None
    email: str | None = None
    zendesk_id: int | None = None
    ref: str | None = None

    @property
    def identity(self) -> str:
        """What the subject is known by from run to run, whatever else of it changes."""
        if self.zendesk_id is not None:
            return str(self.zendesk_id)
        return self.ref or (self.email or self.name or "").casefold()

    @property
    def names(self) -> frozenset[str]:
        """What a waiver may call it, in lower case: email, Zendesk id or ref; its name where there is none of them."""
        known = (self.email, self.ref, None if self.zendesk_id is None else str(self.zendesk_id))
        return frozenset(name.casefold() for name in known if name) or frozenset(
            {(self.name or "").casefold()}
        )

    def __str__(self) -> str:
        """Name the subject by the best that is known of it."""
        return self.name or self.email or (str(self.zendesk_id) if self.zendesk_id is not None else "")


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a file of the user's: path (relative to the roster's folder where it is there), line counted from 1."""

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
        waiver: The waiver that covers it; None for a finding that is open.
    """

    check: str
    severity: Severity
    subject: Subject
    message: str
    expected: str | None = None
    actual: str | None = None
    source: Source | None = None
    waiver: Waiver | None = None

    @property
    def fingerprint(self) -> str:
        """The same for what is the same finding in two runs, to the last detail: check, subject, expected, actual."""
        from hashlib import sha256

        parts = (self.check, self.subject.identity, self.expected or "", self.actual or "")
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def sort_key(self) -> tuple[str, str, str, int, str]:
        """Findings are ordered by check, then by name, then by place."""
        source = self.source or Source("", 0)
        return (self.check, str(self.subject).casefold(), source.file, source.line, self.message)


def at_or_above(findings: tuple[Finding, ...], threshold: Severity | None) -> tuple[Finding, ...]:
    """Return the findings that count for ``--fail-on``: none that is waived; a threshold of None stands for ``never``."""
    return tuple(one for one in findings if one.waiver is None and one.severity.reaches(threshold))


def threshold_of(word: str) -> Severity | None:
    """Return the severity that ``--fail-on`` names; None for ``never``."""
    return None if word == "never" else Severity(word)
