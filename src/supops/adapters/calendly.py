"""Calendly's API: who we are, webhook subscriptions, and scheduled events (source: platforms, C-1 to C-5)."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from supops.adapters.answers import Answer, clock_skew
from supops.adapters.calendly_pages import Pagination, read_pages
from supops.adapters.calendly_payloads import EventShape, InviteeShape, invitee_of, meeting_of, replaced_by
from supops.adapters.decoding import UNDECODABLE
from supops.adapters.http import FixedCredential, HttpClient
from supops.adapters.http_errors import Vendor
from supops.adapters.pacing import RateLimit
from supops.adapters.patience import Patience
from supops.errors import Forbidden, NotFound, PlatformError, UsageError
from supops.models.bookings import Booking
from supops.models.health import Contact
from supops.models.secrets import Secret
from supops.models.subscriptions import Account, Subscription, Wanted, token_scopes
from supops.services.ports import BookingDesk, Clock, Notices, Probe, SubscriptionDesk

STATUS_PAGE = "https://www.calendlystatus.com"
WHOSE = "tell whose token it is"
NEEDS = "The token needs the scope {}"
ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
TOKEN_HINT = (
    "Make a personal access token in Calendly under Integrations, API and webhooks, with the scopes that are needed; "
    "calendly.token says where it is kept."
)

# A time without its zone would be compared with others, and shown, as if it had one.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _User(msgspec.Struct):
    uri: str
    name: str
    email: str
    current_organization: str
    timezone: str | None = None
    scheduling_url: str | None = None


class _Me(msgspec.Struct):
    resource: _User


class _Membership(msgspec.Struct):
    role: str


class _Memberships(msgspec.Struct):
    collection: list[_Membership]


class _Subscription(msgspec.Struct):
    uri: str
    callback_url: str
    state: str
    events: list[str]
    scope: str
    organization: str
    created_at: Moment
    user: str | None = None
    group: str | None = None
    retry_started_at: Moment | None = None


class _OneSubscription(msgspec.Struct):
    resource: _Subscription


class _Subscriptions(msgspec.Struct):
    collection: list[_Subscription]
    pagination: Pagination


class _OneEvent(msgspec.Struct):
    resource: EventShape


class _Invitees(msgspec.Struct):
    collection: list[InviteeShape]
    pagination: Pagination


class _SomeUser(msgspec.Struct):
    email: str | None = None
    name: str | None = None


class _OneUser(msgspec.Struct):
    resource: _SomeUser


def calendly_client(
    url: str, token: Secret, *, notices: Notices, patience: Patience | None = None, ca: Path | None = None
) -> HttpClient:
    """Return a client that presents a personal access token, or an OAuth app's."""
    vendor = Vendor(
        "Calendly",
        "Calendly",
        "calendly",
        error_detail,
        unauthorized_hint=f"It may have been revoked or copied incompletely. {TOKEN_HINT}",
        forbidden_hint=TOKEN_HINT,
        status_page=STATUS_PAGE,
    )
    credential = FixedCredential(f"the access token from {token.origin}", f"Bearer {token.reveal()}")
    return HttpClient(
        vendor, url, credential, notices, ca=ca, read_limit=read_limit, patience=patience or Patience()
    )


class CalendlyDesk(SubscriptionDesk, BookingDesk, Probe):
    """Calendly, as one token sees it."""

    def __init__(self, http: HttpClient, *, notices: Notices, clock: Clock) -> None:
        self._http = http
        self._notices = notices
        self._clock = clock
        self._account: Account | None = None

    def account(self, *, with_role: bool = False) -> Account:
        """See `supops.services.ports.SubscriptionDesk`. Calendly is asked once: a token stays its user's."""
        if self._account is None:
            self._account = self._account_in(self._http.request("GET", "/users/me", purpose=WHOSE))
        if with_role:
            return replace(self._account, role=self._role(self._account))
        return self._account

    def subscriptions(
        self, account: Account, scope: str, group: str | None = None
    ) -> tuple[Subscription, ...]:
        """See `supops.services.ports.SubscriptionDesk`."""
        parameters = [
            ("organization", account.organization),
            ("scope", scope),
            *_owner(scope, account, group),
        ]
        purpose = f"list the webhook subscriptions of the {scope}"
        found: dict[str, Subscription] = {}
        try:
            for page in read_pages(
                self._http, "/webhook_subscriptions", _Subscriptions, purpose=purpose, parameters=parameters
            ):
                found |= {one.uri: _subscription(one) for one in page.collection}
        except Forbidden as error:
            error.hint = f"{NEEDS.format('webhooks:read')}; the organisation's, and a group's, an owner or admin may see."
            raise
        return tuple(found.values())

    def subscription(self, identity: str) -> Subscription:
        """See `supops.services.ports.SubscriptionDesk`."""
        path = f"/webhook_subscriptions/{_id_of(identity, 'webhook subscription')}"
        try:
            found = self._http.get(path, _OneSubscription, purpose="show the webhook subscription")
        except NotFound as error:
            error.hint = "`supops calendly webhooks list` shows the ids of those that there are."
            raise
        except Forbidden as error:
            error.hint = f"{NEEDS.format('webhooks:read')}."
            raise
        return _subscription(found.resource)

    def create(self, wanted: Wanted, account: Account, signing_key: Secret | None) -> Subscription:
        """See `supops.services.ports.SubscriptionDesk`."""
        body: dict[str, object] = {
            "url": wanted.callback_url,
            "events": list(wanted.events),
            "organization": account.organization,
            "scope": wanted.scope,
            **dict(_owner(wanted.scope, account, wanted.group)),
        }
        if signing_key is not None:
            body["signing_key"] = signing_key.reveal()
        purpose = "create the webhook subscription"
        try:
            answer = self._http.request("POST", "/webhook_subscriptions", purpose=purpose, json=body)
        except Forbidden as error:
            scopes = ", ".join(token_scopes(wanted.events))
            error.hint = (
                f"For these events the token needs the scopes {scopes}; for an organisation's subscription its user has to be an "
                "owner or admin; and webhooks need a paid plan."
            )
            raise
        return _subscription(self._http.decode(answer, _OneSubscription, purpose=purpose).resource)

    def delete(self, subscription: Subscription) -> None:
        """See `supops.services.ports.SubscriptionDesk`."""
        path = f"/webhook_subscriptions/{_id_of(subscription.uri, 'webhook subscription')}"
        try:
            self._http.request("DELETE", path, purpose="delete the webhook subscription")
        except NotFound:
            self._notices.detail(f"{subscription.id} was not there any more")
        except Forbidden as error:
            error.hint = (
                f"{NEEDS.format('webhooks:write')}; what is not your own, an owner or admin may delete."
            )
            raise

    def sample(self, event: str, scope: str, account: Account, group: str | None = None) -> dict[str, object]:
        """See `supops.services.ports.SubscriptionDesk`."""
        parameters = [
            ("event", event),
            ("organization", account.organization),
            ("scope", scope),
            *_owner(scope, account, group),
        ]
        purpose = "show a sample of the event"
        try:
            return self._http.get(
                "/sample_webhook_data", dict[str, object], purpose=purpose, parameters=parameters
            )
        except Forbidden as error:
            error.hint = f"{NEEDS.format('webhooks:read')}."
            raise

    def confirm(self, booking: Booking) -> Booking:
        """See `supops.services.ports.BookingDesk`: nothing but the URIs is taken from the payload, to ask for what they name."""
        number = _id_of(booking.meeting.uri, "scheduled event")
        path = f"/scheduled_events/{number}"
        # Before it is asked: whatever is said later is newer than the answer.
        time = self._clock.now()
        try:
            event = self._http.get(path, _OneEvent, purpose="confirm the scheduled event").resource
        except NotFound as error:
            error.hint = "The payload speaks of an event that Calendly does not know: it may be forged, or of another organisation."
            raise
        except Forbidden as error:
            error.hint = f"{NEEDS.format('scheduled_events:read')}."
            raise
        pages = read_pages(self._http, f"{path}/invitees", _Invitees, purpose="list the event's invitees")
        found = [invitee for page in pages for invitee in page.collection]
        named = {invitee.uri for invitee in booking.invitees}
        old = next((one.old_invitee for one in found if one.uri in named and one.old_invitee), None)
        return Booking(
            booking.event,
            time,
            meeting_of(self._with_emails(event), "resource"),
            tuple(
                invitee_of(one, self._notices) for one in sorted(found, key=lambda one: one.uri not in named)
            ),
            replaced_by(old),
            confirmed=True,
        )

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: asks whose token it is, and whether it may see webhooks."""
        answer = self._http.request("GET", "/users/me", purpose=WHOSE)
        self._account = self._account_in(answer)
        account = self.account(with_role=True)
        facts = [f"{account.name} <{account.email}>", account.role or "role unknown"]
        try:
            self.subscriptions(account, "user")
        except Forbidden:
            facts.append("may not see webhooks (scope webhooks:read)")
        limit = read_limit(answer.headers)
        if limit is not None:
            facts.append(f"{limit.remaining:,} of {limit.limit:,} requests a minute left")
        return Contact(", ".join(facts), clock_skew(answer.headers, self._clock.now()))

    def _account_in(self, answer: Answer) -> Account:
        me = self._http.decode(answer, _Me, purpose=WHOSE).resource
        return Account(me.uri, me.name, me.email, me.current_organization, me.timezone, me.scheduling_url)

    def _role(self, account: Account) -> str | None:
        parameters = [("organization", account.organization), ("user", account.uri)]
        try:
            memberships = self._http.get(
                "/organization_memberships",
                _Memberships,
                purpose="tell the role in the organisation",
                parameters=parameters,
            )
        except (Forbidden, NotFound):
            return None
        return next((one.role for one in memberships.collection), None)

    def _with_emails(self, event: EventShape) -> EventShape:
        """Look up the emails of hosts where the event only names their users."""
        for member in event.event_memberships:
            if member.user_email is None and member.user:
                path = f"/users/{_id_of(member.user, 'user', is_answer=True)}"
                try:
                    user = self._http.get(path, _OneUser, purpose="look up a host").resource
                except NotFound:
                    self._notices.warn(f"Calendly does not know the host {member.user} any more")
                    continue
                member.user_email, member.user_name = user.email, user.name
        return event


def read_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read the limit from an answer's headers; the reset is in seconds from now."""
    try:
        return RateLimit(
            int(headers["x-ratelimit-limit"]),
            int(headers["x-ratelimit-remaining"]),
            float(headers["x-ratelimit-reset"]) if "x-ratelimit-reset" in headers else None,
        )
    except (KeyError, ValueError):
        return None


def error_detail(body: bytes) -> str | None:
    """Return what Calendly says of an error, as one sentence; None where the body is not an error of Calendly's."""
    try:
        found = msgspec.json.decode(body, type=dict[str, object])
    except UNDECODABLE:
        return None
    parts = [str(found[key]) for key in ("title", "message") if found.get(key)]
    details = found.get("details")
    parts += [
        ": ".join(str(detail[key]) for key in ("parameter", "message") if detail.get(key))
        for detail in (details if isinstance(details, list) else [])
        if isinstance(detail, dict)
    ]
    scopes = found.get("required_scopes")
    if isinstance(scopes, list):
        parts.append(f"needed: {', '.join(map(str, scopes))}")
    return "; ".join(dict.fromkeys(part for part in parts if part))


def _subscription(one: _Subscription) -> Subscription:
    _id_of(one.uri, "webhook subscription", is_answer=True)
    return Subscription(
        one.uri,
        one.callback_url,
        one.state,
        tuple(one.events),
        one.scope,
        one.organization,
        one.user,
        one.group,
        one.created_at,
        one.retry_started_at,
    )


def _owner(scope: str, account: Account, group: str | None) -> list[tuple[str, str]]:
    """Return what has to be named beside the organisation for a scope."""
    if scope == "user":
        return [("user", account.uri)]
    return [("group", group)] if scope == "group" and group else []


def _id_of(uri: str, thing: str, *, is_answer: bool = False) -> str:
    """Return the last part of a URI, which is what paths name a thing by. Only that is taken: the host is always the configured one."""
    identity = uri.rstrip("/").rpartition("/")[2]
    if ID.fullmatch(identity):
        return identity
    if is_answer:
        raise PlatformError(f"Calendly's answer has {uri[:120]!r}, which names no {thing}.")
    raise UsageError(f"{uri[:120]!r} names no {thing}.")
