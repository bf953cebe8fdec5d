"""How all webhooks are, as people and programs see it: one line each, worst first, with what to do."""

from supops.render.machine import Json
from supops.render.subscriptions import remedy_for
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import count
from supops.render.zendesk_webhooks import incomplete_blocks, iso, minute, typed
from supops.services.causes import REMEDIES
from supops.services.monitoring import Watched
from supops.services.webhook_health import CALENDLY, Condition, Healths, Patient

SCHEMA = "supops.webhooks-health/1"
STYLES = {
    Condition.DISABLED: "bold red",
    Condition.INACTIVE: "yellow",
    Condition.FAILING: "bold red",
    Condition.LOSING: "red",
    Condition.UNKNOWN: "yellow",
    Condition.OK: "green",
}
SWITCHED_OFF = (
    "Somebody switched it off, Zendesk does not do that by itself: switch it on in the Admin Center, under Apps and integrations, "
    "Webhooks, or delete it"
)
UNREAD = "Its invocations could not all be read: see what is said of that, and look again"


def health_blocks(healths: Healths) -> list[Block]:
    """Return one line for each webhook."""
    ill = sum(not patient.is_healthy for patient in healths.patients)
    some = (
        f"{ill:,} of {count(len(healths.patients), 'webhook')} need something done" if ill else "all is well"
    )
    lines = [
        Cell(", ".join(healths.platforms)),
        *([Cell(f"not configured: {', '.join(healths.left_out)}")] if healths.left_out else []),
        # Of what was not read, nobody knows.
        *([] if healths.missing and not ill else [Cell(some, "red" if ill else "green")]),
    ]
    rows: list[list[Value]] = [
        [
            Cell(str(patient.condition), STYLES[patient.condition]),
            _title(patient),
            _name(patient),
            _facts(patient),
            _id(patient),
            _address(patient),
            remedy_of(patient, healths) or None,
        ]
        for patient in healths.patients
    ]
    columns = ("state", "platform", "webhook", "seen", "id", "address", "remedy")
    title = f"webhooks, {minute(healths.since)} to {minute(healths.until)}"
    return [
        Heading(title, lines),
        *incomplete_blocks(healths.missing),
        Table("webhooks", columns, rows, details=("seen", "id", "address", "remedy")),
    ]


def health_json(healths: Healths) -> Json:
    """Return the same as ``supops.webhooks-health/1``."""
    return {
        "schema": SCHEMA,
        "since": iso(healths.since),
        "until": iso(healths.until),
        "ok": not healths.missing and all(patient.is_healthy for patient in healths.patients),
        "complete": not healths.missing,
        "incomplete_reasons": list(healths.missing),
        "platforms": list(healths.platforms),
        "not_configured": list(healths.left_out),
        "webhooks": [_patient_json(patient, healths) for patient in healths.patients],
    }


def _patient_json(patient: Patient, healths: Healths) -> Json:
    watched = patient.watched
    failures = watched.failures if watched else ()
    cause = watched.main_cause if watched else None
    return {
        "platform": f"zendesk.{watched.placed.key}" if watched else "calendly",
        "id": _id(patient),
        "name": watched.placed.webhook.name if watched else None,
        "events": list(_events(patient)),
        "address": _address(patient),
        "condition": str(patient.condition),
        "failing_since": iso(patient.since),
        "complete": not (watched and watched.missing),
        "invocations": watched.invocations if watched else None,
        "not_succeeded": len(failures) if watched else None,
        "last_failure_at": iso(failures[0].invocation.completed_at) if failures else None,
        "cause": str(cause) if cause else None,
        "remedy": remedy_of(patient, healths) or None,
    }


def remedy_of(patient: Patient, healths: Healths) -> str:
    """Return what to do about a webhook; empty where all is well."""
    if patient.subscription is not None:
        remedy = remedy_for(patient.subscription, healths.until)
        return f"{remedy[:1].upper()}{remedy[1:]}"
    if patient.watched is None or patient.is_healthy:
        return ""
    if patient.condition is Condition.INACTIVE:
        return SWITCHED_OFF
    cause = patient.watched.main_cause
    if cause is None:
        return UNREAD
    since = typed(healths.until - healths.since)
    look = f"`supops webhooks monitor --instance {patient.watched.placed.key} --since {since}` shows each"
    return f"{REMEDIES[cause]}; {look}"


def _title(patient: Patient) -> str:
    return patient.watched.placed.title if patient.watched else CALENDLY


def _name(patient: Patient) -> str:
    return patient.watched.placed.webhook.name if patient.watched else ", ".join(_events(patient))


def _events(patient: Patient) -> tuple[str, ...]:
    if patient.watched:
        return patient.watched.placed.webhook.subscriptions
    return patient.subscription.events if patient.subscription else ()


def _address(patient: Patient) -> str:
    if patient.watched:
        return patient.watched.placed.webhook.public_url
    return patient.subscription.public_url if patient.subscription else ""


def _id(patient: Patient) -> str | None:
    if patient.watched:
        return patient.watched.placed.webhook.id
    return patient.subscription.id if patient.subscription else None


def _facts(patient: Patient) -> str | None:
    if patient.watched:
        return _invocations(patient.watched)
    return f"failing since {minute(patient.since)}" if patient.since else None


def _invocations(watched: Watched) -> str:
    number, failures = watched.invocations, watched.failures
    if not failures:
        if watched.broke_off:
            return f"at least {count(number, 'invocation')}" if number else "not read"
        return count(number, "invocation") if number else "no invocations"
    whole = f"{count(number, 'invocation')}{' that were read' if watched.broke_off else ''}"
    some = f"{len(failures):,} of {whole} did not succeed ({watched.share:.0%})"
    last = failures[0].invocation.completed_at
    return f"{some}, the last at {minute(last)}" if last else some
