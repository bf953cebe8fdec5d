"""Audits as one HTML page that needs nothing else: what one hands to an auditor.

Text from outside is escaped by the template, and drawn by the script as text only. A policy in the page lets nothing run but our own script, known by
its hash.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from supops.checks.registry import Check
from supops.models.audits import Audit, RunSummary
from supops.models.changes import AuditChanges
from supops.models.findings import Severity
from supops.render.audits import summary_lines
from supops.render.charts import Chart, list_chart, severity_chart
from supops.render.grids import change_lists, findings_grid, listing_grid, shape
from supops.render.text import visible

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATES = "supops.render"


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
        audits: Which; each is a part of the page.
        history: Stored runs of these audits, for the chart of findings over time.
        checks: All checks.
        changes: What is different from the run before, of those audits that have one.
        made_at: When the page is made.
        version: Of supops, by which the audits were made.
        command: How they were run.
    """
    style, script = _resource("report.css"), _resource("report.js")
    by_key = {one.key: one for one in changes}
    return _template().render(
        title=f"{visible(audits[0].title)} audit" if len(audits) == 1 else "Audits",
        made_at=_moment(made_at),
        version=version,
        command=visible(command),
        style=_markup(style),
        script=_markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        audits=[_audit(audit, history, checks, by_key.get(audit.key)) for audit in audits],
    )


def _audit(
    audit: Audit, history: Sequence[RunSummary], checks: Sequence[Check], changes: AuditChanges | None
) -> dict[str, object]:
    found = {finding.check for finding in audit.findings}
    told = {check.id: check for check in checks if audit.key in check.audits or check.id in found}
    charts = _charts(audit, [run for run in history if run.key == audit.key])
    grids = [findings_grid(audit.findings, told), *map(listing_grid, audit.listings)]
    return {
        "title": visible(audit.title),
        "started_at": _moment(audit.started_at),
        "finished_at": _moment(audit.finished_at),
        "incomplete_reasons": [visible(reason) for reason in audit.incomplete_reasons],
        "summary": [visible(line) for line in summary_lines(audit) if line],
        "remarks": [visible(remark) for remark in audit.remarks],
        "figures": _figures(audit),
        "charts": charts,
        "changes": _changes(changes) if changes else None,
        "grids": [(grid, _markup(grid.data)) for grid in grids],
        "checks": [_check(check) for check in told.values()],
    }


def _charts(audit: Audit, history: Sequence[RunSummary]) -> list[Chart]:
    """Return the charts that say more than the numbers do: not one bar alone, and not the absence of any."""
    charts = [list_chart(audit)] if len(audit.listings) > 1 else []
    over_runs = severity_chart(audit, history)
    if audit.open_findings or len(over_runs.rows) > 1:
        charts.append(over_runs)
    return charts


def _figures(audit: Audit) -> list[tuple[str, str, str]]:
    counts = {name: value for name, value in audit.counts.items() if name not in ("findings", "waived")}
    seen = [("", f"{value:,}", _words(name, value)) for name, value in counts.items()]
    open_ones = [
        (str(level), f"{number:,}", str(level))
        for level in reversed(Severity)
        if (number := audit.count_of(level))
    ]
    findings = len(audit.open_findings)
    waived = len(audit.findings) - findings
    waivers = [("", f"{waived:,}", "waived")] if waived else []
    return [
        *seen,
        ("", f"{findings:,}", "open findings" if findings != 1 else "open finding"),
        *open_ones,
        *waivers,
    ]


def _words(name: str, value: int) -> str:
    words = {"roster": "in the roster"}.get(name, name.replace("_", " "))
    return words.removesuffix("s") if value == 1 else words


def _changes(changes: AuditChanges) -> dict[str, object]:
    return {
        "run": changes.old_run,
        "since": _moment(changes.old_at),
        "lists": change_lists(changes),
        "remaining": len(changes.remaining_findings),
        "caveats": [visible(caveat) for caveat in changes.caveats],
    }


def _check(check: Check) -> Mapping[str, object]:
    return {
        "id": check.id,
        "title": check.title,
        "severity": str(check.severity),
        "texts": [
            ("What", _prose(check.what)),
            ("Why", _prose(check.why)),
            ("What to do", _prose(check.remedy)),
        ],
    }


def _prose(text: str) -> str:
    """Return our own text as HTML: code and emphasis are the only markup that checks have."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return _markup(re.sub(r"(?<![\w*])\*([^*<>]+)\*(?![\w*])", r"<em>\1</em>", html))


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _markup(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)  # noqa: S704  (our own files and texts, and JSON that was made harmless)


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
    environment.filters["shape"] = shape
    return environment.get_template("report.html.j2")
