"""The audit of a Zendesk instance: who has access, beside who should (source: domain, "Audits")."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from supops.checks import agents as agent_checks
from supops.checks import roster as roster_checks
from supops.checks.agents import AccessSnapshot
from supops.checks.registry import run_rules
from supops.models.agents import Agent, Instance, split_by_role
from supops.models.audits import Audit, Item, Listing
from supops.models.findings import Finding
from supops.models.matching import match_members
from supops.models.roster import ProblemKind, Roster, RosterProblem
from supops.services.auditing import AuditPlan, fingerprint_of
from supops.services.ports import AgentDirectory, RosterSource

SHOWN = ("name", "email", "id", "suspended", "last_login_at")


def agent_plan(
    instance: Instance, *, directory: Callable[[], AgentDirectory], roster: RosterSource
) -> AuditPlan:
    """Return the audit of one Zendesk instance.

    Args:
        instance: Which one, and what is expected there.
        directory: Connects to it; raises SupopsError where that can't be done.
        roster: Says who is in the team.
    """

    def run(started_at: datetime) -> Audit:
        team = roster.read()
        return audit_agents(instance, team, directory(), started_at)

    return AuditPlan("zendesk", instance.key, instance.title, run)


def audit_agents(instance: Instance, team: Roster, directory: AgentDirectory, started_at: datetime) -> Audit:
    """Audit one Zendesk instance.

    Returns:
        The three lists and the findings; marked incomplete when the list of agents broke off.

    Raises:
        SupopsError: The agents could not be read at all.
    """
    seen = directory.list_agents()
    snapshot = AccessSnapshot(
        instance,
        seen.agents,
        match_members(team.members, seen.agents, instance.roster_key),
        seen.complete,
    )
    audit = f"zendesk/{instance.key}"
    findings: list[Finding] = [
        *run_rules(agent_checks.RULES, audit, snapshot),
        *run_rules(roster_checks.RULES, audit, _relevant(team, instance)),
    ]
    lists = split_by_role(seen.agents, instance)
    return Audit(
        "zendesk",
        instance.key,
        instance.title,
        started_at,
        started_at,
        (
            _listing("light_agents", "Light agents", lists.light_agents),
            _listing("full_agents", "Full agents", lists.full_agents),
            _listing("admins", "Admins", lists.admins),
        ),
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        incomplete_reasons=(*seen.missing, *_unchecked(audit, snapshot)),
        roster_size=len(team.members),
        rules=fingerprint_of(replace(instance, allowed_admins=frozenset()), sorted(instance.allowed_admins)),
    )


def _listing(key: str, title: str, agents: tuple[Agent, ...]) -> Listing:
    return Listing(key, title, SHOWN, tuple(_item(agent) for agent in agents))


def _item(agent: Agent) -> Item:
    return Item(
        str(agent.id),
        {
            "id": agent.id,
            "name": agent.name,
            "email": agent.email,
            "role": agent.role,
            "custom_role_id": agent.custom_role_id,
            "suspended": agent.suspended,
            "last_login_at": agent.last_login_at,
        },
    )


def _unchecked(audit: str, snapshot: AccessSnapshot) -> tuple[str, ...]:
    """Say which checks mean nothing unless every agent was read."""
    if snapshot.complete:
        return ()
    return tuple(
        f"{check.id} was not checked: it needs every agent"
        for check in (rule.check for rule in agent_checks.RULES)
        if check.needs_everybody and audit in check.audits
    )


def _relevant(roster: Roster, instance: Instance) -> Roster:
    """Leave out problems with values that have no part in comparing members with agents."""
    return replace(
        roster, problems=tuple(problem for problem in roster.problems if _matters(problem, instance))
    )


def _matters(problem: RosterProblem, instance: Instance) -> bool:
    parts = problem.key.split(".")
    return problem.kind is ProblemKind.UNREADABLE or parts[:2] in (
        ["name"],
        ["email"],
        ["zendesk"],
        ["zendesk", instance.roster_key],
    )
