"""The HTML report of 20,000 agents, against writing the same data as JSON. The bound in seconds is what a reader waits at most."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bench.measure import Result, best_of_each
from supops.checks.registry import all_checks
from supops.models.audits import Audit, Item, Listing
from supops.models.findings import Finding, Severity, Subject
from supops.render.audits import audit_json
from supops.render.html import report_html

AGENTS = 20_000
SHOWN = ("name", "email", "id", "suspended", "last_login_at")
WHEN = datetime(2026, 10, 1, tzinfo=UTC)


def an_audit(agents: int = AGENTS, *, shift: int = 0) -> Audit:
    """Return an audit of so many agents, every tenth with a finding; `shift` moves names and findings on."""
    items = tuple(
        Item(
            str(number),
            {
                "id": number,
                "name": f"Agent {number + (shift if number % 7 == 0 else 0)}",
                "email": f"agent{number}@example.com",
                "role": "agent",
                "custom_role_id": 33,
                "suspended": (number + shift) % 50 == 0,
                "last_login_at": "2026-09-01T08:00:00Z",
            },
        )
        for number in range(shift, agents + shift)
    )
    findings = tuple(
        Finding(
            "suspended-agent",
            Severity.HIGH,
            Subject(f"Agent {number}", None, number),
            "suspended",
            actual="suspended",
        )
        for number in range(shift, agents + shift, 10)
    )
    listing = Listing("full_agents", "Full agents", SHOWN, items)
    return Audit(
        "zendesk", "global", "Zendesk Global", WHEN, WHEN, (listing,), findings, roster_size=agents, rules="r"
    )


def measure() -> Iterator[Result]:
    """Compare the two."""
    audit = an_audit()
    checks = all_checks()

    def page() -> str:
        return report_html(
            [replace(audit)],
            history=(),
            checks=checks,
            changes=(),
            made_at=WHEN,
            version="0",
            command="supops",
        )

    size = len(page().encode()) / 1024 / 1024
    best = best_of_each({"page": page, "json": lambda: json.dumps(audit_json(audit))}, times=3)
    started = time.process_time()
    page()
    seconds = time.process_time() - started
    ratio = best["page"] / best["json"]
    yield Result("report: 20,000 agents", seconds, 3, unit="s", detail=f"a page of {size:.1f} MB")
    yield Result(
        "report: 20,000 agents / json.dumps", ratio, 4, detail=f"{best['page']:.2f} s, {best['json']:.2f} s"
    )
