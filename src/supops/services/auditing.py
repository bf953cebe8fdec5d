"""Auditing: who has access to what, beside who should (source: domain, "Audits")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from supops.checks import agents as agent_checks
from supops.checks import roster as roster_checks
from supops.checks.agents import AccessSnapshot
from supops.checks.registry import run_rules
from supops.errors import ExitCode, SupopsError
from supops.models.agents import AgentListing, AgentLists, Instance, split_by_role
from supops.models.audits import AgentAudit
from supops.models.findings import Finding, Severity, at_or_above
from supops.models.matching import match_members
from supops.models.roster import ProblemKind, Roster, RosterProblem
from supops.services.ports import AgentDirectory, Clock, Notices, RosterSource


@dataclass(frozen=True, slots=True)
class AuditTarget:
    """An instance to audit, and how to get at its agents.

    Attributes:
        directory: Connects; raises SupopsError where that can't be done.
    """

    instance: Instance
    directory: Callable[[], AgentDirectory]


def audit_instances(
    targets: Sequence[AuditTarget], *, roster: RosterSource, clock: Clock, notices: Notices
) -> tuple[AgentAudit, ...]:
    """Audit instances. Where there are several, one that can't be read at all does not stop the others.

    Args:
        targets: Which instances.
        roster: Says who is in the team.
        clock: Says when.
        notices: Is warned of an instance that could not be read.

    Returns:
        An audit for each; of an instance that could not be read an empty one, marked incomplete.

    Raises:
        SupopsError: The roster, or none of the instances, could be read.
    """
    team = roster.read()
    audits: list[AgentAudit] = []
    errors: list[SupopsError] = []
    for target in targets:
        started_at = clock.now()
        try:
            audits.append(
                audit_agents(
                    target.instance,
                    started_at=started_at,
                    listing=target.directory().list_agents,
                    team=team,
                    clock=clock,
                )
            )
        except SupopsError as error:
            errors.append(error)
            if len(errors) == len(targets):
                raise errors[0] from None
            notices.warn(f"{target.instance.title} could not be audited. {error.message}. {error.hint}")
            nobody = AgentLists((), (), ())
            audits.append(
                AgentAudit(
                    target.instance, started_at, clock.now(), nobody, len(team.members), (), (error.message,)
                )
            )
    return tuple(audits)


def exit_code(audits: Sequence[AgentAudit], threshold: Severity | None) -> ExitCode:
    """Decide what a pipeline is told. Incomplete comes first: what was not read may hold findings."""
    if not all(audit.complete for audit in audits):
        return ExitCode.INCOMPLETE
    if any(at_or_above(audit.findings, threshold) for audit in audits):
        return ExitCode.FINDINGS
    return ExitCode.DONE


def audit_agents(
    instance: Instance,
    *,
    started_at: datetime,
    listing: Callable[[], AgentListing],
    team: Roster,
    clock: Clock,
) -> AgentAudit:
    """Audit one Zendesk instance.

    Args:
        instance: Which one, and what is expected there.
        started_at: When the audit began.
        listing: Lists its agents.
        team: The roster.
        clock: Says when.

    Returns:
        The three lists and the findings; marked incomplete when the list of agents broke off.

    Raises:
        SupopsError: The agents could not be read at all.
    """
    seen = listing()
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
    return AgentAudit(
        instance=instance,
        started_at=started_at,
        finished_at=clock.now(),
        lists=split_by_role(seen.agents, instance),
        roster_size=len(team.members),
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        incomplete_reasons=(*seen.missing, *_unchecked(audit, snapshot)),
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
