"""Webhook subscriptions: which events go where, and what may be asked for (source: platforms, C-3 and C-4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from types import MappingProxyType
from urllib.parse import urlsplit

from supops.models.hosts import is_loopback
from supops.models.redaction import is_unseen, masked_address

SCOPES = ("organization", "user", "group")
_EVERYWHERE = frozenset(SCOPES)
# What a subscription to each event may cover, and what a token needs to be allowed to read for it.
_FAMILIES = (
    (("invitee.created", "invitee.canceled"), _EVERYWHERE, "scheduled_events:read"),
    (("invitee_no_show.created", "invitee_no_show.deleted"), _EVERYWHERE, "scheduled_events:read"),
    (("event_type.created", "event_type.updated", "event_type.deleted"), _EVERYWHERE, "event_types:read"),
    (("contact.created", "contact.updated", "contact.deleted"), _EVERYWHERE, "contacts:read"),
    (
        ("meeting_recap.created", "meeting_recap.updated", "meeting_recap.deleted"),
        frozenset({"user"}),
        "meeting_recaps:read",
    ),
    (("routing_form_submission.created",), frozenset({"organization"}), "routing_forms:read"),
)


@dataclass(frozen=True, slots=True)
class EventRule:
    """What is known of an event: the scopes that a subscription to it may have, and the token scope that it needs."""

    name: str
    scopes: frozenset[str]
    token_scope: str


EVENTS: MappingProxyType[str, EventRule] = MappingProxyType(
    {name: EventRule(name, scopes, token) for names, scopes, token in _FAMILIES for name in names}
)
# The events that say something about a team calendar.
CALENDAR_EVENTS = ("invitee.created", "invitee.canceled")


@dataclass(frozen=True, slots=True)
class Account:
    """Who a token belongs to, at the scheduler.

    Attributes:
        organization: URI of the organisation that the user belongs to.
        role: ``owner``, ``admin`` or ``user`` of the organisation; None where the token may not see that.
    """

    uri: str
    name: str
    email: str
    organization: str
    timezone: str | None = None
    scheduling_url: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook subscription, as the scheduler has it.

    Attributes:
        state: ``active`` or ``disabled``.
        retry_started_at: Since when deliveries have been failing; None while they do not.
    """

    uri: str
    callback_url: str
    state: str
    events: tuple[str, ...]
    scope: str
    organization: str
    user: str | None
    group: str | None
    created_at: datetime
    retry_started_at: datetime | None

    @property
    def id(self) -> str:
        """The last part of the URI."""
        return self.uri.rpartition("/")[2]

    @property
    def public_url(self) -> str:
        """The address that deliveries go to, without the tokens in it."""
        return masked_address(self.callback_url)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as somebody wants it. The organisation and the user are always those of the token; only the group is named."""

    callback_url: str
    events: tuple[str, ...]
    scope: str
    group: str | None = None

    def is_served_by(self, subscription: Subscription) -> bool:
        """Whether a subscription to the same address delivers just this."""
        return (
            subscription.callback_url == self.callback_url
            and set(subscription.events) == set(self.events)
            and subscription.scope == self.scope
            and (self.group is None or subscription.group == self.group)
        )


def problems_of(wanted: Wanted, *, allow_unknown_events: bool = False) -> list[str]:
    """Return what is wrong with a subscription before anybody is asked for it; a sentence each."""
    return [
        *_address_problems(wanted.callback_url),
        *_scope_problems(wanted),
        *_event_problems(wanted, allow_unknown_events),
    ]


def token_scopes(events: Iterable[str]) -> tuple[str, ...]:
    """Return the token scopes that creating a subscription to these events needs."""
    read = {EVENTS[event].token_scope for event in events if event in EVENTS}
    return ("users:read", "webhooks:write", *sorted(read))


def _address_problems(url: str) -> list[str]:
    if any(char.isspace() or is_unseen(char) for char in url):
        return ["the address has spaces, control characters or direction marks in it"]
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or parts.scheme not in ("http", "https"):
        return [
            f"{masked_address(url)!r} is no address that deliveries could be sent to: it must begin with https://"
        ]
    if "@" in parts.netloc:
        return ["the address has a user or a password before the host, which deliveries do not carry"]
    if "#" in url:
        return ["the address has a part after #, which deliveries do not carry"]
    if parts.scheme == "http" and not is_loopback(host):
        return [f"deliveries to {host} would travel without TLS: the address must begin with https://"]
    return []


def _scope_problems(wanted: Wanted) -> list[str]:
    if wanted.scope not in SCOPES:
        return [f"there is no scope {wanted.scope!r}: known are {', '.join(SCOPES)}"]
    if wanted.scope == "group" and not wanted.group:
        return ["the scope group needs the group's URI: --group"]
    if wanted.scope != "group" and wanted.group:
        return [f"a group goes with the scope group only, and this one has the scope {wanted.scope}"]
    return []


def _event_problems(wanted: Wanted, allow_unknown: bool) -> list[str]:
    problems = [] if wanted.events else [f"no event is named: known are {', '.join(EVENTS)}"]
    for event in wanted.events:
        rule = EVENTS.get(event)
        if rule is None and not allow_unknown:
            nearest = get_close_matches(event, EVENTS, n=1, cutoff=0.4)
            meant = f" Did you mean {nearest[0]}?" if nearest else ""
            problems.append(
                f"there is no event {event!r} that we know of.{meant} --allow-unknown-event lets a newer one through"
            )
        elif rule is not None and wanted.scope in SCOPES and wanted.scope not in rule.scopes:
            allowed = " or ".join(scope for scope in SCOPES if scope in rule.scopes)
            problems.append(
                f"the event {event} is delivered to subscriptions of the scope {allowed} only, and this one has {wanted.scope}: "
                "make a subscription of its own for it, with an address of its own"
            )
    return problems
