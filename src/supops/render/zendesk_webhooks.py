"""Zendesk's webhooks, and what became of their invocations, as people and programs see them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from supops.models.zendesk_webhooks import HELD_BACK, HISTORY, Attempt, Webhook
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import count
from supops.services.causes import REMEDIES
from supops.services.monitoring import Failure, Monitored, Overview, Placed, Tested, Watched

LISTING_SCHEMA = "supops.zendesk-webhooks/1"
MONITOR_SCHEMA = "supops.webhook-monitor/1"
TEST_SCHEMA = "supops.webhook-test/1"
UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def webhooks_blocks(overview: Overview) -> list[Block]:
    """Return the webhooks, and what could not be listed."""
    rows: list[list[Value]] = [
        [
            one.key,
            one.webhook.id,
            one.webhook.name,
            _status(one.webhook),
            f"{one.webhook.created_at:%Y-%m-%d}",
            one.webhook.public_url,
            f"{one.webhook.http_method} {one.webhook.request_format}, {one.webhook.authentication or 'no authentication'}",
            ", ".join(one.webhook.subscriptions) or None,
        ]
        for one in overview.webhooks
    ]
    columns = ("instance", "id", "name", "status", "created", "address", "sends", "events")
    table = Table("webhooks", columns, rows, details=("address", "sends", "events"))
    return [table, *incomplete_blocks(overview.missing)]


def webhooks_json(overview: Overview) -> Json:
    """Return the same as ``supops.zendesk-webhooks/1``."""
    return {
        "schema": LISTING_SCHEMA,
        "complete": not overview.missing,
        "incomplete_reasons": list(overview.missing),
        "webhooks": [webhook_json(one) for one in overview.webhooks],
    }


def webhook_json(placed: Placed) -> dict[str, Json]:
    """Return one webhook, as it stands in every document."""
    one = placed.webhook
    return {
        "instance": placed.key,
        "id": one.id,
        "name": one.name,
        "description": one.description or None,
        "status": one.status,
        "endpoint": one.public_url,
        "http_method": one.http_method,
        "request_format": one.request_format,
        "authentication": one.authentication,
        "subscriptions": list(one.subscriptions),
        "created_at": iso(one.created_at),
        "updated_at": iso(one.updated_at),
    }


def monitor_blocks(seen: Monitored) -> list[Block]:
    """Return what became of the invocations of a window: a summary, each webhook, and each invocation that did not succeed."""
    period = f"{minute(seen.since)} to {minute(seen.until)}"
    some = f"{seen.failures:,} of {count(seen.invocations, 'invocation')} did not succeed"
    lines = [Cell(", ".join(seen.places)), Cell(some, "red" if seen.failures else "green")]
    if left := seen.not_looked_at:
        lines.append(
            Cell(f"the attempts of {left:,} of these were not read; --attempts N reads those of more")
        )
    if seen.is_beyond_history:
        lines.append(
            Cell(f"Zendesk keeps about {HISTORY.days} days: what is older is not to be seen", "yellow")
        )
    rows: list[list[Value]] = [
        [
            one.placed.key,
            one.placed.webhook.name,
            _status(one.placed.webhook),
            _number(one),
            Cell(f"{len(one.failures):,}", "red") if one.failures else 0,
            one.placed.webhook.id,
            one.placed.webhook.public_url,
        ]
        for one in seen.watched
    ]
    columns = ("instance", "webhook", "status", "invocations", "failed", "id", "address")
    return [
        Heading(f"invocations of webhooks, {period}", lines),
        *incomplete_blocks(seen.missing),
        Table("webhooks", columns, rows, details=("id", "address")),
        failures_table(seen),
    ]


def failures_table(seen: Monitored) -> Table:
    """Return each invocation that did not succeed."""
    rows: list[list[Value]] = [
        [
            one.placed.key,
            one.placed.webhook.name,
            iso(failure.invocation.completed_at),
            failure.invocation.status,
            failure.invocation.status_code,
            _attempts(failure),
            Cell(_said(failure)) if _said(failure) else None,
            failure.invocation.id,
            one.placed.webhook.id,
        ]
        for one in seen.watched
        for failure in one.failures
    ]
    columns = (
        "instance",
        "webhook",
        "ended",
        "status",
        "code",
        "attempts",
        "answer",
        "invocation",
        "webhook id",
    )
    title = "invocations that did not succeed"
    return Table(title, columns, rows, details=("attempts", "answer", "invocation", "webhook id"))


def monitor_json(seen: Monitored) -> Json:
    """Return the same as ``supops.webhook-monitor/1``."""
    return {
        "schema": MONITOR_SCHEMA,
        "since": iso(seen.since),
        "until": iso(seen.until),
        "beyond_history": seen.is_beyond_history,
        "complete": not seen.missing,
        "incomplete_reasons": list(seen.missing),
        "counts": {
            "webhooks": len(seen.watched),
            "invocations": seen.invocations,
            "not_succeeded": seen.failures,
        },
        "webhooks": [_watched_json(one) for one in seen.watched],
    }


def _watched_json(one: Watched) -> Json:
    return {
        **webhook_json(one.placed),
        "complete": not one.missing,
        "invocations": one.invocations,
        "not_succeeded": [
            {
                "id": failure.invocation.id,
                "status": failure.invocation.status,
                "status_code": failure.invocation.status_code,
                "completed_at": iso(failure.invocation.completed_at),
                "cause": str(failure.cause),
                "attempts": None
                if failure.attempts is None
                else [_attempt_json(one) for one in failure.attempts],
            }
            for failure in one.failures
        ],
    }


def _attempt_json(attempt: Attempt) -> Json:
    return {
        "status": attempt.status,
        "status_code": attempt.status_code,
        "completed_at": iso(attempt.completed_at),
        "response": attempt.response or None,
    }


def tested_blocks(tested: Tested) -> list[Block]:
    """Return what a target answered to a test request."""
    webhook, code = tested.placed.webhook, tested.answer.status_code
    answer = Cell(str(code) if code else "none", "green" if tested.answer.succeeded else "bold red")
    rows: list[list[Value]] = [
        ["webhook", webhook.name],
        ["id", webhook.id],
        ["instance", tested.placed.key],
        ["address", webhook.public_url],
        ["payload", "as given" if tested.has_payload else "made up by Zendesk"],
        ["answer", answer],
        ["response", tested.answer.response or None],
        ["remedy", REMEDIES[tested.cause] if tested.cause else None],
    ]
    return [Table("", ("what", "value"), [row for row in rows if row[1] is not None])]


def tested_json(tested: Tested) -> Json:
    """Return the same as ``supops.webhook-test/1``."""
    return {
        "schema": TEST_SCHEMA,
        "webhook": webhook_json(tested.placed),
        "payload": "given" if tested.has_payload else "made-up",
        "succeeded": tested.answer.succeeded,
        "status_code": tested.answer.status_code,
        "response": tested.answer.response or None,
        "cause": str(tested.cause) if tested.cause else None,
        "remedy": REMEDIES[tested.cause] if tested.cause else None,
    }


def incomplete_blocks(missing: Sequence[str]) -> list[Block]:
    """Return what could not be read, where there is something."""
    lines = [Cell(reason, "red") for reason in missing]
    return [Heading("incomplete: this could not be read", lines)] if lines else []


def iso(moment: datetime | None) -> str | None:
    """Return a time as documents have it, to the second."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def minute(moment: datetime) -> str:
    """Return a time for people."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def typed(window: timedelta) -> str:
    """Return a duration as it is typed: ``24h``."""
    seconds = round(window.total_seconds())
    # A day is typed in hours more often than not.
    units = UNITS[1:] if seconds <= UNITS[0][1] else UNITS
    unit, size = next((unit, size) for unit, size in units if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _number(one: Watched) -> int | str:
    """Return how many invocations there were, as far as that is known."""
    if not one.broke_off:
        return one.invocations
    return f"at least {one.invocations:,}" if one.invocations else "not read"


def _status(webhook: Webhook) -> Cell:
    return Cell(webhook.status, "green" if webhook.is_active else "yellow")


def _attempts(failure: Failure) -> str:
    if failure.attempts is None:
        return "not read"
    return ", ".join(str(one.status_code or one.status) for one in failure.attempts)


def _said(failure: Failure) -> str:
    """Return what the target answered, each answer once."""
    if failure.invocation.status in HELD_BACK:
        return "nothing was sent"
    answers = [one.response for one in failure.attempts or () if one.response]
    return " | ".join(dict.fromkeys(answers))
