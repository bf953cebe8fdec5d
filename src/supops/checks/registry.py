"""What a check is, and the list of all of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from supops.models.findings import Finding, Severity, Source, Subject

Snapshot = TypeVar("Snapshot")


@dataclass(frozen=True, slots=True)
class Check:
    """A rule as people know it.

    Attributes:
        id: The stable name that scripts, waivers and filed issues use.
        audits: Where it runs: ``zendesk/global``, ``zendesk/us-government``, ``projects``, ``tokens``, ``calendly``, ``roster``.
        what: What is looked at, and what counts as a finding.
        why: What goes wrong when nobody looks.
        remedy: What to do about a finding.
        needs_everybody: Whether it means nothing unless the whole list could be read. It is left out otherwise.
    """

    id: str
    title: str
    severity: Severity
    audits: tuple[str, ...]
    what: str
    why: str
    remedy: str
    needs_everybody: bool = False

    def finding(
        self,
        subject: Subject,
        message: str,
        *,
        expected: str | None = None,
        actual: str | None = None,
        source: Source | None = None,
    ) -> Finding:
        """Make a finding of this check."""
        return Finding(self.id, self.severity, subject, message, expected, actual, source)


@dataclass(frozen=True, slots=True)
class Rule(Generic[Snapshot]):
    """A check and the function that looks for it in a snapshot."""

    check: Check
    find: Callable[[Check, Snapshot], Iterable[Finding]]


def run_rules(rules: Iterable[Rule[Snapshot]], audit: str, snapshot: Snapshot) -> Iterator[Finding]:
    """Run the rules that belong to an audit, and yield what they find."""
    for rule in rules:
        if audit in rule.check.audits:
            yield from rule.find(rule.check, snapshot)


def all_checks() -> tuple[Check, ...]:
    """Return every check, ordered by id."""
    from supops.checks import agents, lint, members, projects, roster, tokens, waivers

    checks = [rule.check for rule in agents.RULES]
    checks += [rule.check for rule in (*roster.RULES, *lint.RULES)]
    checks += [rule.check for rule in projects.RULES]
    checks += [rule.check for rule in tokens.RULES]
    checks += [rule.check for rule in members.RULES]
    checks += waivers.CHECKS
    return tuple(sorted(checks, key=lambda check: check.id))
