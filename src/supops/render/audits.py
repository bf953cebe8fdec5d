"""Audits as tables, CSV rows and JSON (``supops.audit/1``)."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from supops.checks.registry import Check
from supops.models.agents import Agent
from supops.models.audits import AgentAudit
from supops.models.findings import Finding, Severity
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value, severity_cell
from supops.render.text import count

AUDIT_SCHEMA = "supops.audit/1"
AUDITS_SCHEMA = "supops.audits/1"
CSV_COLUMNS = (
    "instance",
    "kind",
    "check",
    "severity",
    "name",
    "email",
    "zendesk_id",
    "message",
    "expected",
    "actual",
    "file",
    "line",
    "role",
    "custom_role_id",
    "suspended",
    "last_login_at",
)


def timestamp(moment: datetime) -> str:
    """Return ISO 8601 in UTC, to the second: ``2026-10-01T00:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def agent_lists(audit: AgentAudit) -> tuple[tuple[str, str, tuple[Agent, ...]], ...]:
    """Return the three lists: key, title, agents."""
    lists = audit.lists
    return (
        ("light_agents", "Light agents", lists.light_agents),
        ("full_agents", "Full agents", lists.full_agents),
        ("admins", "Admins", lists.admins),
    )


def summary_lines(audit: AgentAudit) -> list[str]:
    """Return what the audit saw and found, in two sentences."""
    lists = audit.lists
    by_severity = Counter(finding.severity for finding in audit.findings)
    levels = ", ".join(f"{by_severity[level]} {level}" for level in reversed(Severity) if by_severity[level])
    return [
        f"{count(audit.agent_count, 'agent')}: {len(lists.light_agents):,} light, {len(lists.full_agents):,} full, "
        f"{count(len(lists.admins), 'admin')}; {count(audit.roster_size, 'member')} in the roster",
        f"{count(len(audit.findings), 'finding')}{f': {levels}' if levels else ''}",
    ]


def audit_blocks(audit: AgentAudit) -> list[Block]:
    """Return the audit as it is shown to people."""
    lines = [Cell(line) for line in summary_lines(audit)]
    if audit.complete:
        lines.append(Cell("complete: every agent was read", "green"))
    lines += [Cell(f"INCOMPLETE: {reason}", "bold red") for reason in audit.incomplete_reasons]
    heading = Heading(f"{audit.instance.title} audit, {timestamp(audit.started_at)}", lines)
    return [
        heading,
        findings_table(audit.findings),
        *(_agents_table(title, agents) for _, title, agents in agent_lists(audit)),
    ]


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return findings, the most severe first: what, about whom, and where to look."""
    rows: list[list[Value]] = [
        [
            severity_cell(finding.severity),
            finding.check,
            str(finding.subject),
            finding.message,
            str(finding.source) if finding.source else None,
        ]
        for finding in sorted(findings, key=lambda finding: -finding.severity.rank)
    ]
    return Table("Findings", ("severity", "check", "who", "what", "where"), rows, details=("what", "where"))


def _agents_table(title: str, agents: Sequence[Agent]) -> Table:
    rows: list[list[Value]] = [
        [
            agent.name,
            agent.email,
            agent.id,
            Cell("yes", "bold red") if agent.suspended else "no",
            _day(agent.last_login_at),
        ]
        for agent in agents
    ]
    return Table(title, ("name", "email", "id", "suspended", "last login"), rows)


def _day(moment: str | None) -> str | None:
    return moment.partition("T")[0] if moment else None


def checks_table(checks: Sequence[Check]) -> Table:
    """Return all checks, with what they look for and what to do."""
    rows: list[list[Value]] = [
        [
            check.id,
            severity_cell(check.severity),
            check.title,
            ", ".join(check.audits),
            check.what,
            check.why,
            check.remedy,
        ]
        for check in checks
    ]
    columns = ("id", "severity", "title", "audits", "what", "why", "remedy")
    return Table("Checks", columns, rows, details=columns[2:])


def audit_json(audit: AgentAudit) -> Json:
    """Return the audit as ``supops.audit/1``."""
    lists: dict[str, Json] = {
        key: [_agent_json(agent) for agent in agents] for key, _, agents in agent_lists(audit)
    }
    counts: dict[str, Json] = {"agents": audit.agent_count}
    counts |= {key: len(agents) for key, _, agents in agent_lists(audit)}
    counts |= {"roster": audit.roster_size, "findings": len(audit.findings), "waived": 0}
    return {
        "schema": AUDIT_SCHEMA,
        "audit": "zendesk",
        "instance": audit.instance.key,
        "complete": audit.complete,
        "incomplete_reasons": list(audit.incomplete_reasons),
        "started_at": timestamp(audit.started_at),
        "finished_at": timestamp(audit.finished_at),
        "counts": counts,
        **lists,
        "findings": [finding_json(finding) for finding in audit.findings],
    }


def audits_json(audits: Sequence[AgentAudit]) -> Json:
    """Return several audits as ``supops.audits/1``."""
    return {"schema": AUDITS_SCHEMA, "audits": [audit_json(audit) for audit in audits]}


def finding_json(finding: Finding) -> Json:
    """Return a finding as it stands in every report."""
    source, subject = finding.source, finding.subject
    return {
        "check": finding.check,
        "severity": str(finding.severity),
        "subject": {"name": subject.name, "email": subject.email, "zendesk_id": subject.zendesk_id},
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "source": {"file": source.file, "line": source.line} if source else None,
        "waiver": None,
    }


def check_json(check: Check) -> Json:
    """Return a check with all that is said about it."""
    return {
        "id": check.id,
        "title": check.title,
        "severity": str(check.severity),
        "audits": list(check.audits),
        "what": check.what,
        "why": check.why,
        "remedy": check.remedy,
    }


def audit_rows(audits: Sequence[AgentAudit]) -> Iterator[tuple[object, ...]]:
    """Yield the CSV rows of audits: findings first, then the agents of the three lists, told apart by `kind`."""
    for audit in audits:
        for finding in audit.findings:
            source = finding.source
            yield (
                audit.instance.key,
                "finding",
                finding.check,
                str(finding.severity),
                finding.subject.name,
                finding.subject.email,
                finding.subject.zendesk_id,
                finding.message,
                finding.expected,
                finding.actual,
                source.file if source else None,
                source.line if source else None,
                *[None] * 4,
            )
        for key, _, agents in agent_lists(audit):
            kind = key.removesuffix("s")
            for agent in agents:
                role = (agent.role, agent.custom_role_id, agent.suspended, agent.last_login_at)
                yield (
                    audit.instance.key,
                    kind,
                    None,
                    None,
                    agent.name,
                    agent.email,
                    agent.id,
                    *[None] * 5,
                    *role,
                )


def _agent_json(agent: Agent) -> Json:
    return {
        "id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "role": agent.role,
        "custom_role_id": agent.custom_role_id,
        "suspended": agent.suspended,
        "last_login_at": agent.last_login_at,
    }
