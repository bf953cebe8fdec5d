"""Rostering: looking at the team's roster itself (source: domain, "The roster")."""

from supops.checks import lint
from supops.checks import roster as roster_checks
from supops.checks.registry import run_rules
from supops.errors import SupopsError
from supops.models.findings import Finding
from supops.models.matching import email_key
from supops.models.roster import Member, ProblemKind, Roster


class NoSuchMember(SupopsError):
    """Nobody in the roster has the email."""


def check_roster(roster: Roster) -> tuple[Finding, ...]:
    """Return everything that is wrong with the roster's files, ordered by check, then by name."""
    findings: list[Finding] = []
    for rules in (roster_checks.RULES, lint.RULES):
        findings += run_rules(rules, roster_checks.ROSTER, roster)
    return tuple(sorted(findings, key=lambda finding: finding.sort_key))


def find_members(roster: Roster, email: str) -> tuple[Member, ...]:
    """Return the members with an email, whatever its case: more than one where files contradict each other.

    Raises:
        NoSuchMember: There is none.
    """
    found = tuple(member for member in roster.members if email_key(member.email) == email_key(email))
    if not found:
        unreadable = unreadable_files(roster)
        hint = "`supops team list` shows everybody."
        if unreadable:
            hint += f" {len(unreadable)} of the roster's files can't be read: `supops team check` says why."
        raise NoSuchMember(f"Nobody in the roster has the email {email}", hint=hint)
    return found


def us_government_agents(roster: Roster) -> tuple[Member, ...]:
    """Return the US Government support agents, by name."""
    return tuple(member for member in by_name(roster) if member.is_us_government_agent)


def by_name(roster: Roster) -> tuple[Member, ...]:
    """Return all members by name, then email."""
    return tuple(sorted(roster.members, key=lambda member: (member.name.casefold(), member.email)))


def unreadable_files(roster: Roster) -> tuple[str, ...]:
    """Return the paths of the files that gave no member."""
    return tuple(
        sorted({problem.file for problem in roster.problems if problem.kind is ProblemKind.UNREADABLE})
    )
