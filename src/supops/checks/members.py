"""Checks of who is in the Calendly organisation (source: domain, "Audits", Calendly)."""

from collections.abc import Iterator
from dataclasses import dataclass

from supops.checks.registry import Check, Rule
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.matching import email_key
from supops.models.members import CalendlyMember
from supops.models.roster import Member

CALENDLY = "calendly"


@dataclass(frozen=True, slots=True)
class MemberSnapshot:
    """Who is in the organisation, beside who is in the team.

    Attributes:
        allowed: Emails that may be in the organisation, and not in the team.
        complete: Whether everybody in the organisation was seen. Only then does it mean anything that somebody was not.
    """

    members: tuple[CalendlyMember, ...]
    team: tuple[Member, ...]
    allowed: tuple[str, ...] = ()
    complete: bool = True


def unexpected(check: Check, snapshot: MemberSnapshot) -> Iterator[Finding]:
    """Find those in the organisation who are neither in the team nor allowed."""
    expected = {email_key(member.email) for member in snapshot.team}
    expected |= {email_key(email) for email in snapshot.allowed}
    for member in snapshot.members:
        if email_key(member.email) not in expected:
            yield check.finding(
                Subject(member.name, member.email),
                f"{member.email} is in the Calendly organisation ({member.role}), and not in the roster",
                expected="not in the organisation",
                actual=member.role,
            )


def missing(check: Check, snapshot: MemberSnapshot) -> Iterator[Finding]:
    """Find members of the team without an account, unless part of the organisation could not be read."""
    if check.needs_everybody and not snapshot.complete:
        return
    # Also of two files for one person, which is another check's finding, only the first is reported.
    seen = {email_key(member.email) for member in snapshot.members}
    for member in snapshot.team:
        if email_key(member.email) not in seen:
            seen.add(email_key(member.email))
            yield check.finding(
                Subject(member.name, member.email),
                f"nobody in the Calendly organisation has the email {member.email}",
                expected="an account",
                actual="none",
                source=Source(member.file, member.line_of("email")),
            )


RULES: tuple[Rule[MemberSnapshot], ...] = (
    Rule(
        Check(
            id="unexpected-calendly-member",
            title="Somebody in the Calendly organisation is not in the roster",
            severity=Severity.HIGH,
            audits=(CALENDLY,),
            what="Everybody in the Calendly organisation is in the roster, by email whatever its case, or in "
            "`calendly.allowed_members`.",
            why="Somebody who has left the team can still be booked by customers, sees who books, and holds a paid seat.",
            remedy="Remove the person from the organisation in Calendly, under Admin center, Users. If the account is to be there, "
            "add its email to `calendly.allowed_members`; if its address is an alias, change it in Calendly.",
        ),
        unexpected,
    ),
    Rule(
        Check(
            id="missing-calendly-account",
            title="A team member has no Calendly account",
            severity=Severity.LOW,
            audits=(CALENDLY,),
            what="Each member of the roster is in the Calendly organisation, by email whatever its case.",
            why="Customers can't book a call with this member; or the account is on a private plan, outside of the organisation's "
            "rules.",
            remedy="Invite the member in Calendly, under Admin center, Users. If the account has another address, change that in "
            "Calendly. Somebody who needs no account can be waived.",
            needs_everybody=True,
        ),
        missing,
    ),
)
