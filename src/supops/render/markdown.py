"""Markdown for GitLab: an audit as the body of an issue, and tables in general."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from supops.checks.registry import Check
from supops.models.agents import Agent
from supops.models.audits import AgentAudit
from supops.models.findings import Finding
from supops.render.audits import agent_lists, summary_lines, timestamp
from supops.render.tables import NOTHING, Block, Heading, Value, cell_text
from supops.render.text import markdown


def render_markdown(blocks: Iterable[Block]) -> str:
    """Return headings and tables as Markdown."""
    parts = []
    for block in blocks:
        if isinstance(block, Heading):
            parts.append(
                "\n".join(
                    [f"# {markdown(block.title)}", "", *(f"- {markdown(line.text)}" for line in block.lines)]
                )
            )
            continue
        lines = [f"## {markdown(block.title)}", ""] if block.title else []
        lines += _table(block.columns, block.rows) if block.rows else [f"{block.empty}."]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def audit_markdown(audit: AgentAudit, checks: Sequence[Check]) -> str:
    """Return an audit as an issue's body: summary, failed checks as a task list, the three lists folded away."""
    quarter = (audit.started_at.month + 2) // 3
    parts = [
        f"# {markdown(audit.instance.title)} audit - {audit.started_at.year} Q{quarter}",
        "\n".join(
            [
                *(f"- {line}" for line in summary_lines(audit)),
                f"- {'complete' if audit.complete else '**incomplete**: parts could not be read'}",
                *(f"  - {markdown(reason)}" for reason in audit.incomplete_reasons),
                f"- from {timestamp(audit.started_at)} to {timestamp(audit.finished_at)}",
            ]
        ),
        "## Failed checks",
    ]
    titles = {check.id: check for check in checks}
    for check_id, findings in groupby(audit.findings, key=lambda finding: finding.check):
        check = titles[check_id]
        parts.append(f"### {check.title} (`{check_id}`, {check.severity})\n\n{check.remedy}")
        parts.append("\n".join(_task(finding) for finding in findings))
    if not audit.findings:
        parts.append("None.")
    parts += [_folded(title, agents) for _, title, agents in agent_lists(audit)]
    return "\n\n".join(parts) + "\n"


def _task(finding: Finding) -> str:
    who = markdown(str(finding.subject))
    where = f" ({markdown(str(finding.source))})" if finding.source else ""
    return f"- [ ] **{who}**: {markdown(finding.message)}{where}"


def _folded(title: str, agents: Sequence[Agent]) -> str:
    rows: list[list[Value]] = [
        [agent.name, agent.email, agent.id, agent.suspended, agent.last_login_at] for agent in agents
    ]
    table = _table(("Name", "Email", "Id", "Suspended", "Last login"), rows) if rows else ["None."]
    return "\n".join(
        ["<details>", f"<summary>{title} ({len(agents):,})</summary>", "", *table, "", "</details>"]
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> list[str]:
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join('---' for _ in columns)}|"]
    lines += [f"| {' | '.join(markdown(cell_text(value)) or NOTHING for value in row)} |" for row in rows]
    return lines
