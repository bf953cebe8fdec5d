"""Audits as one HTML page that needs nothing else: what one hands to an auditor.

Text from outside is escaped by the template, and drawn by the script as text only. A policy in the page lets nothing run but our own script, known by
its hash.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from supops.checks.registry import Check
from supops.models.audits import Audit, Listing, RunSummary
from supops.models.changes import AuditChanges
from supops.models.findings import Finding, Severity
from supops.render.audits import fact_title, fact_value, timestamp
from supops.render.charts import Chart, list_chart, severity_chart
from supops.render.text import count, visible

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = "supops.render"
# So many rows of a table are in the page itself; a browser without JavaScript shows these.
FIRST_ROWS = 100
FINDING_COLUMNS = (
    "severity",
    "check",
    "who",
    "email",
    "what",
    "expected",
    "actual",
    "where",
    "waived until",
    "owner",
    "reason",
)
Shown = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that can be sorted and filtered."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Shown, ...], ...]
    waived: tuple[bool, ...] = ()
    severities: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        """How many rows there are, for people."""
        return f"{len(self.rows):,}"

    @property
    def size_number(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def first(self) -> list[list[str]]:
        """The rows that are in the page itself."""
        return [[_cell(value) for value in row] for row in self.rows[:FIRST_ROWS]]

    @property
    def left_out(self) -> int:
        """How many rows are not."""
        return max(0, len(self.rows) - FIRST_ROWS)


def report_html(
    audits: Sequence[Audit],
    *,
    history: Sequence[RunSummary],
    checks: Sequence[Check],
    changes: Sequence[AuditChanges],
    made_at: datetime,
    version: str,
    command: str,
) -> str:
    """Return audits as one page.

    Args:
        audits: Which.
        history: Stored runs of these audits, for the chart of findings over time.
        checks: All checks.
        changes: What is different from the run before, of those audits that have one.
        made_at: When the page is made.
        version: Of supops, by which the audits were made.
        command: How they were run.
    """
    style, script = _resource("report.css"), _resource("report.js")
    title = f"{audits[0].title} audit" if len(audits) == 1 else "Audits"
    by_key = {one.key: one for one in changes}
    return _template().render(
        title=title,
        made_at=timestamp(made_at),
        version=version,
        command=visible(command),
        style=_markup(style),
        script=_markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        audits=[
            _audit(audit, [run for run in history if run.key == audit.key], checks, by_key.get(audit.key))
            for audit in audits
        ],
    )


def _audit(
    audit: Audit, history: Sequence[RunSummary], checks: Sequence[Check], changes: AuditChanges | None
) -> dict[str, object]:
    charts: list[Chart] = [list_chart(audit)] if audit.listings else []
    charts.append(severity_chart(audit, history))
    grids = [_findings(audit.findings), *(_listing(listing) for listing in audit.listings)]
    return {
        "title": audit.title,
        "started_at": timestamp(audit.started_at),
        "finished_at": timestamp(audit.finished_at),
        "complete": audit.complete,
        "incomplete_reasons": [visible(reason) for reason in audit.incomplete_reasons],
        "remarks": [visible(remark) for remark in audit.remarks],
        "figures": [(name.replace("_", " "), f"{value:,}") for name, value in audit.counts.items()],
        "charts": charts,
        "changes": _changes(changes) if changes else None,
        "grids": [_shown(grid) for grid in grids],
        "checks": [check for check in checks if audit.key in check.audits],
    }


def _findings(findings: Sequence[Finding]) -> Grid:
    worst_first = sorted(findings, key=lambda one: (one.waiver is not None, -one.severity.rank))
    rows: list[tuple[Shown, ...]] = []
    for one in worst_first:
        waiver = one.waiver
        waived = (waiver.expires.isoformat(), waiver.owner, waiver.reason) if waiver else (None, None, None)
        source = str(one.source) if one.source else None
        about = (str(one.subject), one.subject.email, one.message, one.expected, one.actual, source)
        rows.append(tuple(_plain(value) for value in (str(one.severity), one.check, *about, *waived)))
    columns, kept = FINDING_COLUMNS, len(FINDING_COLUMNS)
    if not any(one.waiver for one in findings):
        kept -= 3
    return Grid(
        "Findings",
        tuple(column.capitalize() for column in columns[:kept]),
        tuple(row[:kept] for row in rows),
        tuple(one.waiver is not None for one in worst_first),
        tuple(str(level) for level in reversed(Severity)),
    )


def _listing(listing: Listing) -> Grid:
    rows = tuple(
        tuple(_plain(fact_value(name, item.facts.get(name))) for name in listing.shown)
        for item in listing.items
    )
    return Grid(listing.title, tuple(fact_title(name).capitalize() for name in listing.shown), rows)


def _plain(value: Shown) -> Shown:
    return visible(value) if isinstance(value, str) else value


def _cell(value: Shown) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _shown(grid: Grid) -> dict[str, object]:
    data = {"rows": grid.rows, "waived": grid.waived}
    return {
        "title": grid.title,
        "columns": grid.columns,
        "severities": grid.severities,
        "size": grid.size,
        "size_number": grid.size_number,
        "first": grid.first,
        "left_out": grid.left_out,
        "data": _markup(_harmless(json.dumps(data, ensure_ascii=True, separators=(",", ":")))),
    }


def _harmless(text: str) -> str:
    """Return JSON that can't end the element that it stands in: all of it is ASCII already."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _changes(changes: AuditChanges) -> dict[str, object]:
    lines = [
        f"{count(len(changes.added), 'item')} added, {len(changes.removed):,} removed, {len(changes.changed):,} changed",
        f"{count(len(changes.new_findings), 'finding')} new, {len(changes.fixed_findings):,} fixed, "
        f"{len(changes.remaining_findings):,} still there",
    ]
    lines += [f"new: {one.check}, {one.subject}: {one.message}" for one in changes.new_findings]
    lines += [f"fixed: {one.check}, {one.subject}: {one.message}" for one in changes.fixed_findings]
    return {
        "since": timestamp(changes.old_at),
        "lines": [visible(line) for line in lines],
        "caveats": changes.caveats,
    }


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _markup(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  (our own files, and JSON that was made harmless)


def _resource(name: str) -> str:
    return files(TEMPLATES).joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _template() -> "Template":
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")
