"""Audits as tables, CSV rows and JSON (``supops.audit/1``)."""

from collections import Counter
from collections.abc import Iterator, Sequence

from supops.checks.registry import Check
from supops.models.audits import Audit, Fact, Item, Listing
from supops.models.findings import Finding, Severity
from supops.models.waivers import Waiver
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value, severity_cell
from supops.render.text import count, timestamp

AUDIT_SCHEMA = "supops.audit/1"
AUDITS_SCHEMA = "supops.audits/1"
# What every row of an audit's CSV begins with, and what it ends with. Between them are the facts of the items.
FINDING_COLUMNS = (
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
)
LAST_COLUMNS = ("audit", "ref", "waived_until", "waiver_reason")
# Facts that are bad news where they are true.
ALARMING = frozenset({"suspended"})


def summary_lines(audit: Audit) -> list[str]:
    """Return what the audit saw and found, in two sentences."""
    return [_seen(audit), _found(audit)]


def _seen(audit: Audit) -> str:
    counts = audit.counts
    if audit.kind == "zendesk":
        seen = (
            f"{count(counts['agents'], 'agent')}: {counts.get('light_agents', 0):,} light, "
            f"{counts.get('full_agents', 0):,} full, {count(counts.get('admins', 0), 'admin')}"
        )
    else:
        seen = ", ".join(
            count(len(listing.items), listing.title.lower().removesuffix("s"), listing.title.lower())
            for listing in audit.listings
        )
    roster = f"{count(audit.roster_size, 'member')} in the roster" if audit.roster_size is not None else ""
    return "; ".join(part for part in (seen, roster) if part)


def _found(audit: Audit) -> str:
    by_severity = Counter(finding.severity for finding in audit.open_findings)
    levels = ", ".join(f"{by_severity[level]} {level}" for level in reversed(Severity) if by_severity[level])
    waived = len(audit.findings) - len(audit.open_findings)
    parts = [part for part in (levels, f"{waived} waived" if waived else "") if part]
    said = f": {', '.join(parts)}" if parts else ""
    return f"{count(len(audit.findings), 'finding')}{said}"


def audit_blocks(audit: Audit) -> list[Block]:
    """Return the audit as it is shown to people."""
    lines = [Cell(line) for line in summary_lines(audit)]
    lines += [Cell(remark) for remark in audit.remarks]
    if audit.complete:
        everything = "every agent was read" if audit.kind == "zendesk" else "everything was read"
        lines.append(Cell(f"complete: {everything}", "green"))
    lines += [Cell(f"INCOMPLETE: {reason}", "bold red") for reason in audit.incomplete_reasons]
    blocks: list[Block] = [
        Heading(f"{audit.title} audit, {timestamp(audit.started_at)}", lines),
        findings_table(audit.open_findings),
    ]
    waived = [finding for finding in audit.findings if finding.waiver]
    if waived:
        blocks.append(waived_table(waived))
    return blocks + [listing_table(listing) for listing in audit.listings]


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


def waived_table(findings: Sequence[Finding]) -> Table:
    """Return findings that are waived: until when, by whom, and why."""
    rows: list[list[Value]] = [
        [
            severity_cell(finding.severity),
            finding.check,
            str(finding.subject),
            waiver.expires.isoformat(),
            waiver.owner,
            finding.message,
            waiver.reason,
        ]
        for finding in findings
        if (waiver := finding.waiver)
    ]
    columns = ("severity", "check", "who", "until", "owner", "what", "reason")
    return Table("Waived findings", columns, rows, details=("what", "reason"))


def listing_table(listing: Listing) -> Table:
    """Return things that an audit saw."""
    rows = [[fact_cell(name, item.facts.get(name)) for name in listing.shown] for item in listing.items]
    return Table(listing.title, [fact_title(name) for name in listing.shown], rows)


def fact_title(name: str) -> str:
    """Return a fact's name for people: ``last login`` for ``last_login_at``."""
    return name.removesuffix("_at").replace("_", " ")


def fact_value(name: str, fact: Fact) -> str | int | bool | None:
    """Return a fact as tables show it: of moments the day, of several texts all, with commas between."""
    if isinstance(fact, tuple):
        return ", ".join(fact)
    if isinstance(fact, str) and name.endswith("_at"):
        return fact.partition("T")[0]
    return fact


def fact_cell(name: str, fact: Fact) -> Value:
    """Return a fact as a table's cell; in red where it is alarming."""
    if fact is True and name in ALARMING:
        return Cell("yes", "bold red")
    return fact_value(name, fact)


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


def audit_json(audit: Audit) -> dict[str, Json]:
    """Return the audit as ``supops.audit/1``."""
    lists: dict[str, Json] = {
        listing.key: [_item_json(item) for item in listing.items] for listing in audit.listings
    }
    if audit.kind == "zendesk":
        # An instance that could not be read has the three lists all the same.
        lists = {"light_agents": [], "full_agents": [], "admins": []} | lists
    return {
        "schema": AUDIT_SCHEMA,
        "audit": audit.kind,
        "instance": audit.instance,
        "complete": audit.complete,
        "incomplete_reasons": list(audit.incomplete_reasons),
        "remarks": list(audit.remarks),
        "started_at": timestamp(audit.started_at),
        "finished_at": timestamp(audit.finished_at),
        "counts": {**{key: len(items) for key, items in _lists(lists)}, **audit.counts},
        **lists,
        "findings": [finding_json(finding) for finding in audit.findings],
    }


def _lists(lists: dict[str, Json]) -> Iterator[tuple[str, Sequence[Json]]]:
    for key, items in lists.items():
        if isinstance(items, list):
            yield key, items


def _item_json(item: Item) -> Json:
    return {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in item.facts.items()}


def audits_json(audits: Sequence[Audit]) -> Json:
    """Return several audits as ``supops.audits/1``."""
    return {"schema": AUDITS_SCHEMA, "audits": [audit_json(audit) for audit in audits]}


def finding_json(finding: Finding) -> Json:
    """Return a finding as it stands in every report."""
    source, subject = finding.source, finding.subject
    return {
        "check": finding.check,
        "severity": str(finding.severity),
        "subject": {
            "name": subject.name,
            "email": subject.email,
            "zendesk_id": subject.zendesk_id,
            "ref": subject.ref,
        },
        "message": finding.message,
        "expected": finding.expected,
        "actual": finding.actual,
        "source": {"file": source.file, "line": source.line} if source else None,
        "waiver": waiver_json(finding.waiver) if finding.waiver else None,
    }


def waiver_json(waiver: Waiver) -> Json:
    """Return a waiver as it stands in every report."""
    return {
        "check": waiver.check,
        "subject": waiver.subject,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
        "source": {"file": waiver.file, "line": waiver.line},
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


def audits_csv(audits: Sequence[Audit]) -> str:
    """Return audits as CSV: findings first, then what was seen, told apart by `kind`. Columns depend on what was seen."""
    facts: dict[str, None] = {}
    for audit in audits:
        for listing in audit.listings:
            for item in listing.items[:1]:
                facts |= dict.fromkeys(name for name in item.facts if name not in ("id", "name", "email"))
    between = [name for name in facts if name not in FINDING_COLUMNS + LAST_COLUMNS]
    columns = (*FINDING_COLUMNS, *between, *LAST_COLUMNS)
    rows = (row for audit in audits for row in _csv_rows(audit))
    return render_csv(columns, ([row.get(column) for column in columns] for row in rows))


def _csv_rows(audit: Audit) -> Iterator[dict[str, object]]:
    of_audit = {"audit": audit.kind, "instance": audit.instance}
    for finding in audit.findings:
        source, subject, waiver = finding.source, finding.subject, finding.waiver
        yield of_audit | {
            "kind": "finding",
            "check": finding.check,
            "severity": str(finding.severity),
            "name": subject.name,
            "email": subject.email,
            "zendesk_id": subject.zendesk_id,
            "ref": subject.ref,
            "message": finding.message,
            "expected": finding.expected,
            "actual": finding.actual,
            "file": source.file if source else None,
            "line": source.line if source else None,
            "waived_until": waiver.expires.isoformat() if waiver else None,
            "waiver_reason": waiver.reason if waiver else None,
        }
    for listing in audit.listings:
        kind = listing.key.removesuffix("s")
        for item in listing.items:
            facts = {
                name: ", ".join(fact) if isinstance(fact, tuple) else fact
                for name, fact in item.facts.items()
            }
            identity = {"zendesk_id" if audit.kind == "zendesk" else "ref": facts.pop("id", item.identity)}
            yield {**facts, **of_audit, "kind": kind, **identity}
