"""The audits of a quarter in one table, and as ``supops.quarterly/1``."""

from collections.abc import Sequence
from datetime import date

from supops.models.audits import quarter_of
from supops.models.findings import Severity
from supops.render.filings import WORDS, filed_json
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.services.conducting import Conducted

SCHEMA = "supops.quarterly/1"
COLUMNS = ("audit", "result", "high", "medium", "low", "waived", "issue", "link", "remarks")


def quarterly_blocks(conducted: Sequence[Conducted], day: date) -> list[Block]:
    """Return one row for each audit."""
    rows = [_row(one) for one in conducted]
    failed = sum(bool(one.error) for one in conducted)
    incomplete = sum(not one.audit.complete for one in conducted) - failed
    problems = sum(bool(one.problems) for one in conducted)
    said = [f"{len(conducted) - failed} of {len(conducted)} audits were run"]
    said += [f"{incomplete} incomplete"] if incomplete else []
    said += [f"{problems} not stored or not filed"] if problems else []
    style = "bold red" if failed or problems or incomplete else "green"
    return [
        Heading(f"Audits of {quarter_of(day)}", [Cell("; ".join(said), style)]),
        Table("", COLUMNS, rows, empty="no audit is configured", details=("link", "remarks")),
    ]


def _row(one: Conducted) -> list[Value]:
    audit, filed = one.audit, one.filed
    counts: list[Value] = [None] * 4
    if not one.error:
        counts = [audit.count_of(level) for level in reversed(Severity)]
        counts.append(audit.counts["waived"])
    return [
        audit.title,
        _result(one),
        *counts,
        WORDS[filed.action] if filed else None,
        filed.issue.web_url if filed and filed.issue else None,
        "; ".join(_remarks(one)) or None,
    ]


def _result(one: Conducted) -> Cell:
    if one.error:
        return Cell("FAILED", "bold red")
    if not one.audit.complete:
        return Cell("INCOMPLETE", "bold red")
    return Cell("complete", "green")


def _remarks(one: Conducted) -> list[str]:
    remarks = list(one.audit.incomplete_reasons)
    remarks += one.filed.remarks if one.filed else ()
    return remarks + [problem.message for problem in one.problems]


def quarterly_json(conducted: Sequence[Conducted], day: date, *, ran: bool) -> Json:
    """Return ``supops.quarterly/1``; `ran` is False where the day is not the first of a quarter."""
    results: list[Json] = [
        {
            "audit": one.audit.kind,
            "instance": one.audit.instance,
            "title": one.audit.title,
            "complete": one.audit.complete,
            "incomplete_reasons": list(one.audit.incomplete_reasons),
            "error": one.error.message if one.error else None,
            "counts": one.audit.counts,
            "severities": {str(level): one.audit.count_of(level) for level in reversed(Severity)},
            "run": one.run,
            "issue": filed_json(one.filed) if one.filed else None,
            "problems": [problem.message for problem in one.problems],
        }
        for one in conducted
    ]
    return {
        "schema": SCHEMA,
        "as_of": day.isoformat(),
        "quarter": quarter_of(day),
        "ran": ran,
        "results": results,
    }
