"""Webhook subscriptions as people and programs see them. Addresses are shown without the tokens in them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from supops.models.redaction import REDACTED, masked_address, names_a_password, redact
from supops.models.subscriptions import Account, Subscription, Wanted
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.services.comparing import Item, Listing, Outcome, Plan, Verb

# How long deliveries may fail (source: platforms, C-6).
DISABLED_AFTER = timedelta(hours=24)
LISTING_SCHEMA = "supops.webhook-subscriptions/1"
CREATED_SCHEMA = "supops.webhook-created/1"
DELETED_SCHEMA = "supops.webhook-deleted/1"
SYNC_SCHEMA = "supops.webhook-sync/1"
ACCOUNT_SCHEMA = "supops.calendly-account/1"
DONE = {Verb.CREATE: "created", Verb.REPLACE: "replaced", Verb.DELETE: "deleted"}
VERB_STYLES = {Verb.CREATE: "green", Verb.REPLACE: "yellow", Verb.DELETE: "red"}


def account_table(account: Account) -> Table:
    """Return who a token belongs to."""
    rows: list[list[Value]] = [
        ["name", account.name],
        ["email", account.email],
        ["user", account.uri],
        ["organization", account.organization],
        ["role", account.role or "not visible to this token"],
        ["time zone", account.timezone],
        ["page", account.scheduling_url],
    ]
    return Table("", ("what", "value"), rows)


def account_json(account: Account) -> Json:
    """Return the same as ``supops.calendly-account/1``."""
    return {
        "schema": ACCOUNT_SCHEMA,
        "account": {
            "uri": account.uri,
            "name": account.name,
            "email": account.email,
            "organization": account.organization,
            "role": account.role,
            "timezone": account.timezone,
            "scheduling_url": account.scheduling_url,
        },
    }


def subscriptions_table(listing: Listing, now: datetime) -> Table:
    """Return the subscriptions, each that is in trouble with what to do."""
    rows: list[list[Value]] = [
        [
            one.id,
            _state(one),
            one.scope,
            f"{one.created_at:%Y-%m-%d}",
            one.public_url,
            ", ".join(one.events),
            Cell(remedy, "yellow") if (remedy := remedy_for(one, now)) else None,
        ]
        for one in listing.subscriptions
    ]
    columns = ("id", "state", "scope", "created", "address", "events", "remedy")
    return Table(
        "webhook subscriptions", columns, rows, empty="none", details=("address", "events", "remedy")
    )


def subscriptions_json(listing: Listing, now: datetime) -> Json:
    """Return the subscriptions as ``supops.webhook-subscriptions/1``."""
    return {
        "schema": LISTING_SCHEMA,
        "complete": not listing.missing,
        "incomplete_reasons": list(listing.missing),
        "scopes": list(listing.scopes),
        "webhooks": [subscription_json(one, now) for one in listing.subscriptions],
    }


def subscription_blocks(one: Subscription, now: datetime) -> list[Block]:
    """Return one subscription, with everything that is known of it."""
    rows: list[list[Value]] = [
        ["id", one.id],
        ["uri", one.uri],
        ["address", one.public_url],
        ["state", _state(one)],
        ["events", ", ".join(one.events)],
        ["scope", one.scope],
        ["organization", one.organization],
        ["user", one.user],
        ["group", one.group],
        ["created", _minute(one.created_at)],
        ["failing since", _minute(one.retry_started_at) if one.retry_started_at else None],
        ["remedy", remedy_for(one, now) or None],
    ]
    return [Table("", ("what", "value"), [row for row in rows if row[1] is not None])]


def subscription_json(one: Subscription, now: datetime) -> dict[str, Json]:
    """Return one subscription, as it stands in every document."""
    return {
        "uri": one.uri,
        "callback_url": one.public_url,
        "state": one.state,
        "events": list(one.events),
        "scope": one.scope,
        "organization": one.organization,
        "user": one.user,
        "group": one.group,
        "created_at": one.created_at.isoformat().replace("+00:00", "Z"),
        "retry_started_at": one.retry_started_at.isoformat().replace("+00:00", "Z")
        if one.retry_started_at
        else None,
        "remedy": remedy_for(one, now) or None,
    }


def remedy_for(one: Subscription, now: datetime) -> str:
    """Return what to do about a subscription that delivers nothing, or soon won't; empty where all is well."""
    if one.state != "active":
        return (
            "disabled after a day of failed deliveries, and can't be switched on again: mend the receiver, then "
            "`supops calendly webhooks create --replace` with the same address"
        )
    if one.retry_started_at is None:
        return ""
    since, end = _minute(one.retry_started_at), one.retry_started_at + DISABLED_AFTER
    if now < end:
        return f"deliveries fail since {since}: mend the receiver before {_minute(end)}, when Calendly disables it"
    return (
        f"deliveries fail since {since}, for more than a day: Calendly has probably disabled it, or will at any moment; mend the "
        "receiver, list the subscriptions again, and where it is disabled, `supops calendly webhooks create --replace` with the same address"
    )


def _minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def creation_blocks(item: Item, now: datetime, *, dry_run: bool) -> list[Block]:
    """Return what became of one wanted subscription."""
    made = item.made or (None if item.changes else item.existing)
    lines = [Cell(_outcome(item, dry_run=dry_run))]
    if item.differences:
        lines += [Cell(difference, "red") for difference in item.differences]
    blocks: list[Block] = [Heading("webhook subscription", lines)]
    return [
        *blocks,
        *(subscription_blocks(made, now) if made else [plan_table([item], now, dry_run=dry_run)]),
    ]


def creation_json(item: Item, now: datetime, *, dry_run: bool) -> Json:
    """Return the same as ``supops.webhook-created/1``."""
    made = item.made or (None if item.changes else item.existing)
    is_replaced = item.verb is Verb.REPLACE and item.existing is not None
    return {
        "schema": CREATED_SCHEMA,
        "webhook": subscription_json(made, now) if made else None,
        "created": item.made is not None,
        "mirrored": item.mirrored,
        "differences": list(item.differences),
        "replaced": item.existing.uri if is_replaced and item.existing and item.made else None,
        "before": subscription_json(item.existing, now) if is_replaced and item.existing else None,
        "planned": str(item.verb) if dry_run and item.changes else None,
        "problem": item.problem or None,
    }


def deletion_json(one: Subscription, now: datetime, *, dry_run: bool) -> Json:
    """Return what was deleted as ``supops.webhook-deleted/1``."""
    return {"schema": DELETED_SCHEMA, "webhook": subscription_json(one, now), "deleted": not dry_run}


def plan_table(items: Sequence[Item], now: datetime, *, dry_run: bool) -> Table:
    """Return a plan, or what was done of it."""
    rows: list[list[Value]] = [
        [
            Cell(_verb(item), VERB_STYLES.get(item.verb, "")),
            item.wanted.scope if item.wanted else item.existing.scope if item.existing else None,
            item.made.id if item.made else item.existing.id if item.existing else None,
            masked_address(_address(item)),
            ", ".join(item.wanted.events if item.wanted else item.existing.events if item.existing else ()),
            item.problem or _why(item, now),
        ]
        for item in items
    ]
    title = "plan, nothing was changed" if dry_run else "webhook subscriptions"
    columns = ("what", "scope", "id", "address", "events", "why")
    return Table(title, columns, rows, details=("address", "events", "why"))


def plan_json(plan: Plan, now: datetime, *, dry_run: bool) -> Json:
    """Return the same as ``supops.webhook-sync/1``."""
    return {
        "schema": SYNC_SCHEMA,
        "dry_run": dry_run,
        "complete": not plan.missing,
        "incomplete_reasons": list(plan.missing),
        "items": [
            {
                "verb": str(item.verb),
                "callback_url": masked_address(_address(item)),
                "why": item.why,
                "outcome": str(item.outcome) if item.changes else None,
                "problem": item.problem or None,
                "before": subscription_json(item.existing, now) if item.existing else None,
                "wanted": _wanted_json(item.wanted) if item.wanted else None,
                "webhook": subscription_json(item.made, now) if item.made else None,
                "mirrored": item.mirrored,
            }
            for item in plan.items
        ],
    }


def _wanted_json(wanted: Wanted) -> Json:
    return {"events": list(wanted.events), "scope": wanted.scope, "group": wanted.group}


def sample_json(document: object) -> Json:
    """Return a delivery as it is, without what lets its bearer in: passwords, and private links."""
    if isinstance(document, str):
        return redact(document)
    if isinstance(document, Mapping):
        return {
            str(key): REDACTED if value and names_a_password(str(key)) else sample_json(value)
            for key, value in document.items()
        }
    if isinstance(document, Sequence):
        return [sample_json(value) for value in document]
    return document if isinstance(document, int | float | None) else str(document)


def sample_table(document: dict[str, object]) -> Table:
    """Return a delivery as a list of keys and values."""
    rows: list[list[Value]] = [[key, value] for key, value in _flat(sample_json(document), "")]
    return Table("", ("key", "value"), rows)


def _flat(value: object, path: str) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [pair for key, one in value.items() for pair in _flat(one, f"{path}.{key}" if path else key)]
    if isinstance(value, list) and value:
        return [pair for place, one in enumerate(value) for pair in _flat(one, f"{path}[{place}]")]
    return [(path, "" if value is None else str(value))]


def _verb(item: Item) -> str:
    if item.outcome in (Outcome.FAILED, Outcome.NOT_TRIED):
        return f"{item.verb}: {'failed' if item.outcome is Outcome.FAILED else 'not tried'}"
    return DONE[item.verb] if item.outcome is Outcome.DONE else str(item.verb)


def _why(item: Item, now: datetime) -> str:
    """Return the reason, and for one that is kept although it fails, what to do about that."""
    remedy = remedy_for(item.existing, now) if item.existing and item.verb is Verb.KEEP else ""
    return f"{item.why}; {remedy}" if remedy else item.why


def _address(item: Item) -> str:
    if item.wanted:
        return item.wanted.callback_url
    return item.existing.callback_url if item.existing else ""


def _outcome(item: Item, *, dry_run: bool) -> str:
    if not item.changes:
        return f"unchanged: {item.why}"
    if item.problem:
        return f"failed to {item.verb}"
    if dry_run:
        return f"would {item.verb}: {item.why}; nothing was changed"
    done = {Verb.CREATE: "created", Verb.REPLACE: "replaced"}.get(item.verb, str(item.verb))
    return done if item.verb is Verb.CREATE else f"{done}: {item.why}"


def _state(one: Subscription) -> Cell:
    if one.state != "active":
        return Cell(one.state, "bold red")
    if one.retry_started_at:
        return Cell("failing", "yellow")
    return Cell("active", "green")
