"""Stands in for `supops.adapters.calendly`: a scheduler in memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from supops.adapters.calendly_payloads import read_calendly
from supops.errors import Conflict, Forbidden, NotFound, PlatformError, SupopsError
from supops.models.bookings import Booking
from supops.models.secrets import Secret
from supops.models.subscriptions import EVENTS, Account, Subscription, Wanted
from supops.sandbox.bookings import payload_files
from supops.services.ports import BookingDesk, SubscriptionDesk
from tests.fakes.console import FakeNotices

API = "https://api.calendly.com"
ORGANIZATION = f"{API}/organizations/ORGANIZATION"
ACCOUNT = Account(f"{API}/users/USER", "Jo Doe", "jo@example.com", ORGANIZATION, role="admin")
BEGINNING = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
Confirm = Mapping[str, Booking] | Callable[[Booking], Booking]


def subscription(
    number: int,
    url: str,
    events: Iterable[str] = ("invitee.created",),
    *,
    scope: str = "organization",
    user: str | None = None,
    group: str | None = None,
    state: str = "active",
) -> Subscription:
    """A subscription as the scheduler has it; the higher the number, the younger it is."""
    uri = f"{API}/webhook_subscriptions/S{number}"
    created_at = BEGINNING + timedelta(days=number)
    return Subscription(
        uri, url, state, tuple(events), scope, ORGANIZATION, user, group, created_at, retry_started_at=None
    )


def told(name: str) -> Booking:
    """What one of the embedded world's payloads tells, by file name."""
    read = read_calendly(payload_files()[name], FakeNotices())
    assert isinstance(read, Booking)
    return read


class FakeDesk(SubscriptionDesk, BookingDesk):
    """A scheduler.

    Attributes:
        there: What it has, and the token may see.
        foreign_addresses: Addresses of what others have, and the token can't see.
        forbidden: Scopes whose subscriptions the token may not list.
        forgets_events: Events that it leaves out of what it creates.
        refusals: What the next creations end with, one for each, and nothing is created; None for one that goes well.
        lost: What the next creations end with although they create; None for one that goes well.
        list_failures: What the next lists end with; None for one that goes well.
        deletions: What the next deletions end with, and whether something is deleted all the same.
        appears: What is there from the next creation on, which is refused where it has the same address.
        signing_keys: What was given at creation, by URI.
        asked: Every call, in a few words.
        known: What `confirm` answers, by the meeting's URI or by a function.
    """

    def __init__(
        self, *there: Subscription, forbidden: Iterable[str] = (), known: Confirm | None = None
    ) -> None:
        self.there = list(there)
        self.foreign_addresses: set[str] = set()
        self.forbidden = set(forbidden)
        self.forgets_events: tuple[str, ...] = ()
        self.refusals: list[BaseException | None] = []
        self.lost: list[BaseException | None] = []
        self.list_failures: list[SupopsError | None] = []
        self.deletions: list[tuple[BaseException, bool]] = []
        self.appears: list[Subscription] = []
        self.signing_keys: dict[str, str] = {}
        self.asked: list[str] = []
        self.known: Confirm = known or {}
        self._next = 1000

    @property
    def changes(self) -> list[str]:
        """The calls that created or deleted."""
        return [call for call in self.asked if call.startswith(("create", "delete"))]

    def account(self, *, with_role: bool = False) -> Account:
        self.asked.append("account")
        return ACCOUNT

    def subscriptions(
        self, account: Account, scope: str, group: str | None = None
    ) -> tuple[Subscription, ...]:
        self.asked.append(f"list {scope}")
        _raise_next(self.list_failures)
        if scope in self.forbidden:
            raise Forbidden(f"the {scope}'s may not be listed")
        mine = {"organization": account.organization, "user": account.uri, "group": group}[scope]
        return tuple(one for one in self.there if one.scope == scope and getattr(one, scope) == mine)

    def subscription(self, identity: str) -> Subscription:
        self.asked.append(f"show {identity}")
        found = next((one for one in self.there if identity in (one.uri, one.id)), None)
        if found is None:
            raise NotFound(f"there is no {identity}")
        return found

    def create(self, wanted: Wanted, account: Account, signing_key: Secret | None) -> Subscription:
        self.asked.append(f"create {wanted.callback_url}")
        _raise_next(self.refusals)
        self.there += self.appears
        self.appears = []
        if wanted.callback_url in {one.callback_url for one in self.there} | self.foreign_addresses:
            raise Conflict("Hook with this url already exists")
        self._next += 1
        made = subscription(self._next, wanted.callback_url, wanted.events, scope=wanted.scope)
        made = replace(
            made,
            events=tuple(event for event in wanted.events if event not in self.forgets_events),
            user=account.uri if wanted.scope == "user" else None,
            group=wanted.group,
        )
        self.there.append(made)
        self.signing_keys[made.uri] = signing_key.reveal() if signing_key else ""
        _raise_next(self.lost)
        return made

    def delete(self, subscription: Subscription) -> None:
        self.asked.append(f"delete {subscription.id}")
        error, is_deleted = self.deletions.pop(0) if self.deletions else (None, True)
        if is_deleted:
            self.there = [one for one in self.there if one.uri != subscription.uri]
        if error is not None:
            raise error

    def sample(self, event: str, scope: str, account: Account, group: str | None = None) -> dict[str, object]:
        self.asked.append(f"sample {event}")
        if event not in EVENTS:
            raise PlatformError(f"{event} is no event")
        return {"event": event, "created_at": "2026-01-01T08:00:00Z", "payload": {}}

    def confirm(self, booking: Booking) -> Booking:
        self.asked.append(f"confirm {booking.meeting.uri}")
        if callable(self.known):
            return self.known(booking)
        if booking.meeting.uri not in self.known:
            raise NotFound("there is no such meeting")
        return replace(self.known[booking.meeting.uri], confirmed=True)


def _raise_next(errors: list[BaseException | None] | list[SupopsError | None]) -> None:
    """Take the next of some errors, and raise it where it is one."""
    error = errors.pop(0) if errors else None
    if error is not None:
        raise error
