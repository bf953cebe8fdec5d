"""Markdown for GitLab: an audit as the body of an issue, and tables in general."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from supops.checks.registry import Check
from supops.models.audits import Audit, Listing, quarter_of
from supops.models.findings import Finding
from supops.render.audits import listing_table, summary_lines, waived_table
from supops.render.tables import NOTHING, Block, Heading, Table, Value, cell_text
from supops.render.text import markdown, timestamp


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


def audit_markdown(audit: Audit, checks: Sequence[Check]) -> str:
    """Return an audit as Markdown: summary, failed checks as a task list, the lists folded away."""
    parts = [
        f"# {markdown(audit.title)} audit - {quarter_of(audit.started_at)}",
        "\n".join(
            [
                *(f"- {markdown(line)}" for line in (*summary_lines(audit), *audit.remarks)),
                f"- {'complete' if audit.complete else '**incomplete**: parts could not be read'}",
                *(f"  - {markdown(reason)}" for reason in audit.incomplete_reasons),
                f"- from {timestamp(audit.started_at)} to {timestamp(audit.finished_at)}",
            ]
        ),
        "## Failed checks",
    ]
    titles = {check.id: check for check in checks}
    for check_id, findings in groupby(audit.open_findings, key=lambda finding: finding.check):
        check = titles[check_id]
        parts.append(f"### {check.title} (`{check_id}`, {check.severity})\n\n{check.remedy}")
        parts.append("\n".join(_task(finding) for finding in findings))
    if not audit.open_findings:
        parts.append("None.")
    waived = [finding for finding in audit.findings if finding.waiver]
    if waived:
        parts.append("\n".join(["## Waived findings", "", *table_lines(waived_table(waived))]))
    parts += [_folded(listing) for listing in audit.listings]
    return "\n\n".join(parts) + "\n"


def _task(finding: Finding) -> str:
    who = markdown(str(finding.subject))
    where = f" ({markdown(str(finding.source))})" if finding.source else ""
    return f"- [ ] **{who}**: {markdown(finding.message)}{where}"


def _folded(listing: Listing) -> str:
    lines = table_lines(listing_table(listing)) if listing.items else ["None."]
    return "\n".join(
        [
            "<details>",
            f"<summary>{listing.title} ({len(listing.items):,})</summary>",
            "",
            *lines,
            "",
            "</details>",
        ]
    )


def table_lines(table: Table) -> list[str]:
    """Return a table as lines of Markdown."""
    return _table([column.capitalize() for column in table.columns], table.rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> list[str]:
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join('---' for _ in columns)}|"]
    lines += [f"| {' | '.join(markdown(cell_text(value)) or NOTHING for value in row)} |" for row in rows]
    return lines
