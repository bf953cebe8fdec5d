"""Stored runs, and what is different between two of them: tables and JSON."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from supops.models.audits import Fact, RunSummary
from supops.models.changes import AuditChanges, ItemChange
from supops.models.findings import Finding, Severity
from supops.render.audits import fact_title, fact_value, finding_json
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value, cell_text, severity_cell
from supops.render.text import timestamp

HISTORY_SCHEMA = "supops.audit-history/1"
DIFF_SCHEMA = "supops.audit-diff/1"
DIFF_COLUMNS = (
    "audit",
    "old_run",
    "new_run",
    "change",
    "kind",
    "id",
    "name",
    "email",
    "fact",
    "before",
    "after",
    "severity",
    "message",
)


def history_table(runs: Sequence[RunSummary]) -> Table:
    """Return stored runs, as they come."""
    columns = (
        "run",
        "audit",
        "when",
        "result",
        "seen",
        "high",
        "medium",
        "low",
        "waived",
        "filed",
        "version",
    )
    rows: list[list[Value]] = [
        [
            run.id,
            run.key,
            timestamp(run.started_at),
            Cell("complete", "green") if run.complete else Cell("INCOMPLETE", "bold red"),
            _seen(run),
            *(run.severities.get(level, 0) for level in reversed(Severity)),
            run.counts.get("waived", 0),
            run.quarter,
            run.version,
        ]
        for run in runs
    ]
    return Table("Runs", columns, rows, empty="none is stored")


def _seen(run: RunSummary) -> str:
    nouns = ("agents", "projects", "tokens", "members")
    return ", ".join(f"{run.counts[noun]:,} {noun}" for noun in nouns if noun in run.counts)


def history_json(runs: Sequence[RunSummary]) -> Json:
    """Return ``supops.audit-history/1``."""
    return {
        "schema": HISTORY_SCHEMA,
        "runs": [
            {
                "run": run.id,
                "audit": run.key,
                "title": run.title,
                "started_at": timestamp(run.started_at),
                "complete": run.complete,
                "counts": dict(run.counts),
                "severities": {str(level): run.severities.get(level, 0) for level in reversed(Severity)},
                "filed": run.quarter,
                "version": run.version,
            }
            for run in runs
        ],
    }


def diff_blocks(diffs: Sequence[AuditChanges]) -> list[Block]:
    """Return what changed in each audit; what did not change is said in one line."""
    return [block for changes in diffs for block in _diff_blocks(changes)]


def _diff_blocks(changes: AuditChanges) -> Iterator[Block]:
    title = (
        f"{changes.title}: {_run(changes.old_run, changes.old_at)} -> {_run(changes.new_run, changes.new_at)}"
    )
    counts = {
        "added": len(changes.added),
        "removed": len(changes.removed),
        "changed": len(changes.changed),
        "new findings": len(changes.new_findings),
        "fixed": len(changes.fixed_findings),
        "still there": len(changes.remaining_findings),
    }
    lines = [Cell(", ".join(f"{number:,} {word}" for word, number in counts.items()))]
    yield Heading(title, lines + [Cell(caveat, "yellow") for caveat in changes.caveats])
    for title, findings in (
        ("New findings", changes.new_findings),
        ("Fixed findings", changes.fixed_findings),
        ("Findings still there", changes.remaining_findings),
    ):
        if findings:
            yield _findings(title, findings)
    for title, items in (("Added", changes.added), ("Removed", changes.removed)):
        if items:
            rows: list[list[Value]] = [
                [one.item.title, _email(one), one.item.identity, one.listing] for one in items
            ]
            yield Table(title, ("name", "email", "id", "list"), rows)
    if changes.changed:
        rows = [
            [
                one.item.title,
                one.item.identity,
                fact_title(fact.name),
                _shown(fact.name, fact.before),
                _shown(fact.name, fact.after),
            ]
            for one in changes.changed
            for fact in one.facts
        ]
        yield Table("Changed", ("name", "id", "what", "before", "after"), rows)


def _run(number: int | None, at: datetime) -> str:
    when = timestamp(at)
    return f"run {number} ({when})" if number is not None else when


def _findings(title: str, findings: Sequence[Finding]) -> Table:
    rows: list[list[Value]] = [
        [severity_cell(one.severity), one.check, str(one.subject), one.message] for one in findings
    ]
    return Table(title, ("severity", "check", "who", "what"), rows, details=("what",))


def _email(change: ItemChange) -> str | None:
    email = change.item.facts.get("email")
    return str(email) if email else None


def _shown(name: str, fact: Fact) -> str:
    return cell_text(fact_value(name, fact))


def diff_json(diffs: Sequence[AuditChanges]) -> Json:
    """Return ``supops.audit-diff/1``."""
    return {"schema": DIFF_SCHEMA, "diffs": [_changes_json(changes) for changes in diffs]}


def _changes_json(changes: AuditChanges) -> Json:
    return {
        "audit": changes.key,
        "title": changes.title,
        "old": {"run": changes.old_run, "started_at": timestamp(changes.old_at)},
        "new": {"run": changes.new_run, "started_at": timestamp(changes.new_at)},
        "caveats": list(changes.caveats),
        "added": [_item_json(one) for one in changes.added],
        "removed": [_item_json(one) for one in changes.removed],
        "changed": [
            _head_json(one)
            | {
                "facts": [
                    {"name": fact.name, "before": _plain(fact.before), "after": _plain(fact.after)}
                    for fact in one.facts
                ]
            }
            for one in changes.changed
        ],
        "findings": {
            "new": [finding_json(one) for one in changes.new_findings],
            "fixed": [finding_json(one) for one in changes.fixed_findings],
            "remaining": [finding_json(one) for one in changes.remaining_findings],
        },
    }


def _head_json(change: ItemChange) -> dict[str, Json]:
    return {"id": change.item.identity, "name": change.item.title, "list": change.listing}


def _item_json(change: ItemChange) -> Json:
    facts: Json = {name: _plain(fact) for name, fact in change.item.facts.items()}
    return _head_json(change) | {"facts": facts}


def _plain(fact: Fact) -> Json:
    return list(fact) if isinstance(fact, tuple) else fact


def diff_csv(diffs: Sequence[AuditChanges]) -> str:
    """Return one row for each change, findings first."""
    rows = (row for changes in diffs for row in _diff_rows(changes))
    return render_csv(DIFF_COLUMNS, ([row.get(column) for column in DIFF_COLUMNS] for row in rows))


def _diff_rows(changes: AuditChanges) -> Iterator[dict[str, object]]:
    head: dict[str, object] = {"audit": changes.key, "old_run": changes.old_run, "new_run": changes.new_run}
    for change, findings in (
        ("new", changes.new_findings),
        ("fixed", changes.fixed_findings),
        ("remaining", changes.remaining_findings),
    ):
        for one in findings:
            yield head | {
                "change": change,
                "kind": one.check,
                "id": one.subject.identity,
                "name": str(one.subject),
                "email": one.subject.email,
                "severity": str(one.severity),
                "message": one.message,
            }
    for change, items in (("added", changes.added), ("removed", changes.removed)):
        for item in items:
            yield head | {
                "change": change,
                "kind": item.listing,
                "id": item.item.identity,
                "name": item.item.title,
                "email": _email(item),
            }
    for item in changes.changed:
        for fact in item.facts:
            yield head | {
                "change": "changed",
                "kind": item.listing,
                "id": item.item.identity,
                "name": item.item.title,
                "email": _email(item),
                "fact": fact.name,
                "before": _shown(fact.name, fact.before),
                "after": _shown(fact.name, fact.after),
            }
