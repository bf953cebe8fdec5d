"""The audit of the Calendly organisation: who is in it, beside who is in the team (source: domain, "Audits", Calendly)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from supops.checks import members as member_checks
from supops.checks import roster as roster_checks
from supops.checks.members import CALENDLY, MemberSnapshot
from supops.checks.registry import run_rules
from supops.models.audits import Audit, Item, Listing
from supops.models.findings import Finding
from supops.models.matching import email_key
from supops.models.members import CalendlyMember, MemberListing
from supops.models.roster import ProblemKind, Roster
from supops.services.audit_ports import MemberDirectory
from supops.services.auditing import AuditPlan, fingerprint_of
from supops.services.ports import RosterSource
from supops.services.rostering import unreadable_files

TITLE = "Calendly"
SHOWN = ("name", "email", "role")


def member_plan(
    *, directory: Callable[[], MemberDirectory], roster: RosterSource, allowed: tuple[str, ...]
) -> AuditPlan:
    """Return the audit of the Calendly organisation.

    Args:
        directory: Connects to it; raises SupopsError where that can't be done.
        roster: Says who is in the team.
        allowed: Emails that may be in the organisation, and not in the team.
    """

    def run(started_at: datetime) -> Audit:
        team = roster.read()
        return _audit(team, directory().list_members(), allowed, started_at)

    return AuditPlan(CALENDLY, None, TITLE, run)


def _audit(team: Roster, seen: MemberListing, allowed: tuple[str, ...], started_at: datetime) -> Audit:
    members = tuple(sorted(seen.members, key=lambda member: (member.name.casefold(), member.uri)))
    snapshot = MemberSnapshot(members, team.members, allowed, complete=not seen.missing)
    findings: list[Finding] = [
        *run_rules(member_checks.RULES, CALENDLY, snapshot),
        *run_rules(roster_checks.RULES, CALENDLY, _relevant(team)),
    ]
    return Audit(
        CALENDLY,
        None,
        TITLE,
        started_at,
        started_at,
        (Listing("members", "Members", SHOWN, tuple(_item(member) for member in members)),),
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        incomplete_reasons=(*seen.missing, *_unchecked(snapshot)),
        remarks=_remarks(team),
        roster_size=len(team.members),
        rules=fingerprint_of(sorted({email_key(email) for email in allowed})),
    )


def _item(member: CalendlyMember) -> Item:
    return Item(
        member.uri, {"id": member.uri, "name": member.name, "email": member.email, "role": member.role}
    )


def _unchecked(snapshot: MemberSnapshot) -> tuple[str, ...]:
    """Say which checks mean nothing unless everybody was read."""
    if snapshot.complete:
        return ()
    checks = [rule.check for rule in member_checks.RULES]
    return tuple(
        f"{check.id} was not checked: it needs every member" for check in checks if check.needs_everybody
    )


def _remarks(team: Roster) -> tuple[str, ...]:
    number = len(unreadable_files(team))
    if not number:
        return ()
    files = "1 file of the roster" if number == 1 else f"{number:,} files of the roster"
    return (f"{files} can't be read: whoever stands there is taken for somebody who is not in the roster",)


def _relevant(team: Roster) -> Roster:
    """Leave out of the roster what has no part in comparing emails."""
    return Roster(
        tuple(replace(member, zendesk={}) for member in team.members),
        tuple(
            problem
            for problem in team.problems
            if problem.kind is ProblemKind.UNREADABLE or problem.key in ("name", "email")
        ),
    )
