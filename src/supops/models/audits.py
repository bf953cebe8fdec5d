"""Reports of audits: what was seen, what was found, and whether anything is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from supops.models.findings import Finding, Severity

Fact = str | int | bool | None | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an audit saw: an agent, a project, a token, a member.

    Attributes:
        identity: What it is known by from run to run, such as a Zendesk id. Unique in its audit.
        facts: All that was seen of it, by the names that JSON uses, in the order to show them. An audit's items of one
            listing have the same names. None is for what is not there, or could not be seen.
    """

    identity: str
    facts: Mapping[str, Fact]

    @property
    def title(self) -> str:
        """What people call it."""
        return str(self.facts.get("name") or self.facts.get("email") or self.identity)


@dataclass(frozen=True, slots=True)
class Listing:
    """Things of one kind that an audit saw, in the order in which they are shown.

    Attributes:
        key: Its name in JSON: ``light_agents``.
        title: Its name for people: ``Light agents``.
        shown: The facts that tables have columns for.
    """

    key: str
    title: str
    shown: tuple[str, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of one audit.

    Attributes:
        kind: ``zendesk``, ``projects``, ``tokens``, ``calendly`` or ``roster``.
        instance: Which Zendesk instance; None for the others.
        title: The name that people use, such as ``Zendesk Global``.
        incomplete_reasons: One sentence for each part that could not be read; empty when the audit is complete.
        remarks: What a reader has to know beside that, such as what is left out on purpose.
        roster_size: How many members the roster has; None where it has no part in the audit.
        rules: Fingerprint of the settings that decide what is a finding: two audits with the same can be compared.
    """

    kind: str
    instance: str | None
    title: str
    started_at: datetime
    finished_at: datetime
    listings: tuple[Listing, ...] = ()
    findings: tuple[Finding, ...] = ()
    incomplete_reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    roster_size: int | None = None
    rules: str = ""

    @property
    def key(self) -> str:
        """What checks, filed issues and stored runs know it by: ``zendesk/global``, ``projects``."""
        return f"{self.kind}/{self.instance}" if self.instance else self.kind

    @property
    def complete(self) -> bool:
        """Whether everything that the audit speaks of could be read."""
        return not self.incomplete_reasons

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that no waiver covers."""
        return tuple(finding for finding in self.findings if finding.waiver is None)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each thing, by the names that JSON uses. Waived findings are findings too."""
        counts = {listing.key: len(listing.items) for listing in self.listings}
        if self.kind == "zendesk":
            counts = {"agents": sum(counts.values()), **counts}
        if self.roster_size is not None and "roster" not in counts:
            counts["roster"] = self.roster_size
        waived = len(self.findings) - len(self.open_findings)
        return counts | {"findings": len(self.findings), "waived": waived}

    def count_of(self, severity: Severity) -> int:
        """How many open findings are of a severity."""
        return sum(finding.severity is severity for finding in self.open_findings)


def quarter_of(day: date) -> str:
    """Return the calendar quarter of a day: ``2026 Q4``."""
    return f"{day.year} Q{(day.month + 2) // 3}"


def is_first_of_quarter(day: date) -> bool:
    """Whether a day is the first of a calendar quarter: when audits are filed (source: domain, "Audits")."""
    return day.day == 1 and day.month in (1, 4, 7, 10)


@dataclass(frozen=True, slots=True)
class Run:
    """An audit as it is stored.

    Attributes:
        id: Its number in the store; rising.
        version: The version of supops that made it.
        command: How it was run, as words of a command line.
        quarter: The quarter that it was filed for as an issue, such as ``2026 Q4``; None where it was not filed.
    """

    id: int
    audit: Audit
    version: str
    command: str
    quarter: str | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a list of stored runs tells of one; the whole of it is a `Run`.

    Attributes:
        key: Of the audit: ``zendesk/global``.
        counts: As `Audit.counts`.
        severities: Open findings by severity.
    """

    id: int
    key: str
    title: str
    started_at: datetime
    complete: bool
    counts: Mapping[str, int]
    severities: Mapping[Severity, int]
    version: str
    quarter: str | None = None
