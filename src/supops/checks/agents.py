"""Checks of who has access to a Zendesk instance (source: domain, "Audits")."""

from collections.abc import Iterator
from dataclasses import dataclass

from supops.checks.registry import Check, Rule
from supops.models.agents import Agent, Instance
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.matching import Match, email_key, name_key
from supops.models.roster import ADMIN_ROLE, Member

GLOBAL = "zendesk/global"
US_GOVERNMENT = "zendesk/us-government"


@dataclass(frozen=True, slots=True)
class AccessSnapshot:
    """Who has access to an instance, beside who should.

    Attributes:
        agents: Every agent that was seen, whether in the roster or not.
        matches: Every member of the roster, with the agent that is this member.
        complete: Whether every agent was seen. Only then does it mean anything that somebody was not.
    """

    instance: Instance
    agents: tuple[Agent, ...]
    matches: tuple[Match, ...]
    complete: bool

    @property
    def pairs(self) -> Iterator[tuple[Member, Agent]]:
        """The members that have an agent, with it."""
        return ((match.member, match.agent) for match in self.matches if match.agent is not None)


def missing_agent(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find members without a user, unless part of the users could not be read."""
    if check.needs_everybody and not snapshot.complete:
        return
    by_email = {email_key(agent.email): agent for agent in snapshot.agents if agent.email}
    for match in snapshot.matches:
        if match.agent is not None:
            continue
        member, instance = match.member, snapshot.instance
        known_id = member.identity(instance.roster_key).id
        if known_id is None:
            message = f"no agent on {instance.title}: the roster has no id, and no agent has this email"
        else:
            message = f"no agent on {instance.title} has the roster's id {known_id}"
            namesake = by_email.get(email_key(member.email))
            if namesake is not None:
                message += f"; the agent {namesake.id} has the member's email"
        yield check.finding(
            Subject(member.name, member.email, known_id),
            message,
            expected="an agent" if known_id is None else f"an agent with the id {known_id}",
            actual="none",
            source=_source(member, snapshot, "id"),
        )


def light_agent(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find members who hold only the light agent role."""
    for member, agent in snapshot.pairs:
        if agent.custom_role_id == snapshot.instance.light_agent_role_id:
            yield check.finding(
                _subject(agent),
                f"only a light agent on {snapshot.instance.title}",
                expected=member.identity(snapshot.instance.roster_key).role or "a full agent role",
                actual="light agent",
                source=_source(member, snapshot, "role"),
            )


def name_mismatch(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find agents whose name is not the member's, NFC and white space aside."""
    for member, agent in snapshot.pairs:
        if name_key(member.name) != name_key(agent.name):
            yield check.finding(
                _subject(agent),
                f"named {agent.name!r} on {snapshot.instance.title}, {member.name!r} in the roster",
                expected=member.name,
                actual=agent.name,
                source=Source(member.file, member.line_of("name")),
            )


def email_mismatch(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find agents whose email is not the member's, case aside."""
    for member, agent in snapshot.pairs:
        if agent.email is None or email_key(member.email) != email_key(agent.email):
            yield check.finding(
                _subject(agent),
                f"{agent.email or 'no email'} on {snapshot.instance.title}, {member.email} in the roster",
                expected=member.email,
                actual=agent.email or "none",
                source=Source(member.file, member.line_of("email")),
            )


def unexpected_admin(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find members with the admin role that neither their roster file nor the list of allowed admins explains."""
    instance = snapshot.instance
    allowed = {email_key(email) for email in instance.allowed_admins}
    for member, agent in snapshot.pairs:
        identity = member.identity(instance.roster_key)
        if agent.custom_role_id != instance.admin_role_id or identity.has_role(ADMIN_ROLE):
            continue
        if email_key(member.email) in allowed:
            continue
        yield check.finding(
            _subject(agent),
            f"admin on {instance.title}, but {identity.role or 'no admin'} in the roster, and not in allowed_admins",
            expected=identity.role or "no admin role",
            actual="admin",
            source=_source(member, snapshot, "role"),
        )


def suspended_agent(check: Check, snapshot: AccessSnapshot) -> Iterator[Finding]:
    """Find suspended agents, whether they are in the roster or not."""
    members = {agent.id: member for member, agent in snapshot.pairs}
    for agent in snapshot.agents:
        if agent.suspended:
            member = members.get(agent.id)
            where = "in the roster" if member else "not in the roster"
            yield check.finding(
                _subject(agent),
                f"suspended on {snapshot.instance.title}, with a role; {where}",
                expected="an active agent, or no agent role",
                actual="suspended",
                source=_source(member, snapshot, "id") if member else None,
            )


def _subject(agent: Agent) -> Subject:
    return Subject(agent.name, agent.email, agent.id)


def _source(member: Member, snapshot: AccessSnapshot, key: str) -> Source:
    return Source(member.file, member.line_of(f"zendesk.{snapshot.instance.roster_key}.{key}"))


RULES: tuple[Rule[AccessSnapshot], ...] = (
    Rule(
        Check(
            id="missing-agent",
            title="A team member has no agent",
            severity=Severity.MEDIUM,
            audits=(GLOBAL,),
            what="Each member of the roster has a user with an agent or admin role: the one with the id in the "
            "member's roster file or, where the file has no id, the one with the member's email.",
            why="Somebody who can't work tickets was forgotten when they joined; or an id in the roster is wrong, and "
            "then every other check of this person looks at nobody, or at somebody else.",
            needs_everybody=True,
            remedy="Create the agent, or correct `zendesk.main.id` in the roster file. If the person has left, remove "
            "the roster file.",
        ),
        missing_agent,
    ),
    Rule(
        Check(
            id="light-agent",
            title="A team member is only a light agent",
            severity=Severity.MEDIUM,
            audits=(GLOBAL,),
            what="No member of the roster holds the light agent role.",
            why="Light agents can't answer customers. A team member with that role can't do the job, and the number of "
            "full seats that procurement sees is wrong.",
            remedy="Give the agent a full role in the Zendesk Admin Center, under People, Team members.",
        ),
        light_agent,
    ),
    Rule(
        Check(
            id="name-mismatch",
            title="The name in Zendesk is not the roster's",
            severity=Severity.LOW,
            audits=(GLOBAL, US_GOVERNMENT),
            what="The agent's name equals the roster's. Unicode is compared in its composed form and white space around "
            "or repeated does not count; case and accents do.",
            why="Names that differ make it hard to see who holds a seat, and hide a seat that was passed on.",
            remedy="Change the name in Zendesk, or in the roster if that is the one that is wrong.",
        ),
        name_mismatch,
    ),
    Rule(
        Check(
            id="email-mismatch",
            title="The email in Zendesk is not the roster's",
            severity=Severity.MEDIUM,
            audits=(GLOBAL, US_GOVERNMENT),
            what="The agent's primary email equals the roster's, whatever the case.",
            why="An agent with another address can outlive the person's account in the identity provider.",
            remedy="Make the roster's address the primary email of the agent, or correct the roster.",
        ),
        email_mismatch,
    ),
    Rule(
        Check(
            id="unexpected-admin",
            title="A team member wrongly holds the admin role",
            severity=Severity.HIGH,
            audits=(GLOBAL, US_GOVERNMENT),
            what="A member of the roster holds the admin role only where the roster file's own `role` for that instance "
            "says `Admin`, or the email is in the setting `allowed_admins`.",
            why="Admins can read and change everything, access to the instance included. The role is closely controlled.",
            remedy="Take the role away, or, where it was granted properly, record it: in the roster file, or in "
            "`zendesk.<instance>.allowed_admins`.",
        ),
        unexpected_admin,
    ),
    Rule(
        Check(
            id="suspended-agent",
            title="An agent is suspended",
            severity=Severity.HIGH,
            audits=(GLOBAL, US_GOVERNMENT),
            what="No agent is suspended, whether in the roster or not.",
            why="A suspended agent still holds a role and a paid seat. One click brings the access back.",
            remedy="Downgrade the user to end user, or lift the suspension if it was a mistake.",
        ),
        suspended_agent,
    ),
)
