"""Audits to render, store and compare."""

from supops.models.audits import Audit, Item, Listing
from supops.models.findings import Finding, Severity, Subject
from tests.fakes.clock import START

SHOWN = ("name", "email", "id", "suspended", "last_login_at")


def an_agent(number: int, name: str | None = None, **facts: object) -> Item:
    known = {
        "id": number,
        "name": name or f"Agent {number}",
        "email": f"agent{number}@example.com",
        "role": "agent",
        "custom_role_id": 33,
        "suspended": False,
        "last_login_at": f"2026-09-{number % 28 + 1:02d}T08:00:00Z",
    }
    return Item(str(number), {**known, **facts})  # type: ignore[dict-item]


def a_finding(
    number: int = 1,
    severity: Severity = Severity.HIGH,
    check: str = "suspended-agent",
    *,
    message: str = "",
    actual: str = "suspended",
) -> Finding:
    subject = Subject(f"Agent {number}", f"agent{number}@example.com", number)
    return Finding(check, severity, subject, message or f"about agent {number}", actual=actual)


def an_audit(
    *findings: Finding,
    agents: tuple[Item, ...] = (),
    light: tuple[Item, ...] = (),
    reasons: tuple[str, ...] = (),
) -> Audit:
    return Audit(
        "zendesk",
        "global",
        "Zendesk Global",
        START,
        START,
        (
            Listing("light_agents", "Light agents", SHOWN, light),
            Listing("full_agents", "Full agents", SHOWN, agents),
            Listing("admins", "Admins", SHOWN, ()),
        ),
        findings,
        reasons,
        roster_size=3,
        rules="r1",
    )
