"""What is different between two runs of the same audit."""

from dataclasses import dataclass
from datetime import datetime

from supops.models.audits import Fact, Item
from supops.models.findings import Finding


@dataclass(frozen=True, slots=True)
class FactChange:
    """A fact that is another one now. The fact ``list`` is the title of the listing that the item is in."""

    name: str
    before: Fact
    after: Fact


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item that came, went, or changed.

    Attributes:
        item: As it is now; as it was, where it went.
        listing: Title of the listing that it is, or was, in.
        facts: What changed; empty for what came or went.
    """

    item: Item
    listing: str
    facts: tuple[FactChange, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditChanges:
    """What is different between two runs of the same audit.

    Attributes:
        key: Of the audit: ``zendesk/global``.
        old_run: Number of the earlier run in the store; None where it is not stored.
        new_run: Number of the later run.
        new_findings: Open findings of the later run that the earlier one did not have, or had waived.
        fixed_findings: Open findings of the earlier run that the later one does not have.
        remaining_findings: Open findings that both have, as they are in the later run.
        caveats: What keeps this from being the whole truth: one of the runs is incomplete, or other settings decided.
    """

    key: str
    title: str
    old_at: datetime
    new_at: datetime
    old_run: int | None = None
    new_run: int | None = None
    added: tuple[ItemChange, ...] = ()
    removed: tuple[ItemChange, ...] = ()
    changed: tuple[ItemChange, ...] = ()
    new_findings: tuple[Finding, ...] = ()
    fixed_findings: tuple[Finding, ...] = ()
    remaining_findings: tuple[Finding, ...] = ()
    caveats: tuple[str, ...] = ()
