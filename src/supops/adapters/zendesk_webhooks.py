"""Zendesk's webhooks (source: platforms, Z-8). They have a limit of their own, so a client of their own asks for them."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeVar
from urllib.parse import quote, unquote

import msgspec

from supops.adapters.http import HttpClient, Parameters
from supops.errors import CredentialError, Forbidden, NetworkError, NotFound, PlatformError, UsageError
from supops.models.zendesk_webhooks import Attempt, Invocation, TargetAnswer, Webhook, shown_response
from supops.services.ports import Task
from supops.services.webhook_ports import WebhookDirectory, WebhookListing

PATH = "/api/v2/webhooks"
READ = "webhooks:read"
WRITE = "webhooks:write"
PAGE_SIZE = 100
# A list is newest first, but by which time is not documented: one that was begun before may have ended after, after its repeats.
LONGEST_REPEATS = timedelta(minutes=15)
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Before this, a time stands for none.
FIRST_YEAR = 2000


class _Meta(msgspec.Struct):
    has_more: bool = False
    after_cursor: str | None = None


class _Links(msgspec.Struct):
    next: str | None = None


class _Page(msgspec.Struct, kw_only=True):
    # Where all is on one page, links are missing; of attempts, both were.
    meta: _Meta = msgspec.field(default_factory=_Meta)
    links: _Links | None = None


class _Authentication(msgspec.Struct):
    type: str


class _Webhook(msgspec.Struct):
    id: str
    name: str
    status: str
    endpoint: str
    http_method: str
    request_format: str
    created_at: datetime
    description: str | None = None
    subscriptions: list[str] | None = None
    authentication: _Authentication | None = None
    updated_at: datetime | None = None


class _Webhooks(_Page):
    webhooks: list[_Webhook]


class _OneWebhook(msgspec.Struct):
    webhook: _Webhook


class _Invocation(msgspec.Struct, gc=False):
    id: str
    status: str
    status_code: int | None = None
    latest_completed_at: datetime | None = None


class _Invocations(_Page):
    invocations: list[_Invocation]


class _Response(msgspec.Struct):
    status_code: int | None = None
    payload: str | None = None


class _Attempt(msgspec.Struct):
    # What was sent is not even read: it holds personal data. The id is no key.
    status: str
    status_code: int | None = None
    completed_at: datetime | None = None
    response: _Response | None = None


class _Attempts(_Page):
    attempts: list[_Attempt]


class _Tested(msgspec.Struct):
    response: _Response


Page = TypeVar("Page", bound=_Page)


class ZendeskWebhooks(WebhookDirectory):
    """The webhooks of one instance.

    Args:
        http: Asks it, with a credential that may read webhooks, and for tests write them.
        setting: Its section of the settings, for messages.
    """

    def __init__(self, http: HttpClient, *, setting: str) -> None:
        self._http = http
        self._setting = setting

    def webhooks(self) -> WebhookListing:
        """See `supops.services.webhook_ports.WebhookDirectory`."""
        found: dict[str, Webhook] = {}
        try:
            for page in self._pages(PATH, _Webhooks, "list the webhooks"):
                found |= {one.id: _webhook(one) for one in page.webhooks}
        except (PlatformError, CredentialError) as error:
            if not found:
                raise
            reason = f"the list of webhooks broke off after {len(found):,}: {error.message}"
            return WebhookListing(tuple(found.values()), (reason,))
        return WebhookListing(tuple(found.values()))

    def webhook(self, identity: str) -> Webhook:
        """See `supops.services.webhook_ports.WebhookDirectory`."""
        purpose = "show the webhook"
        try:
            found = self._http.get(_path_of(identity), _OneWebhook, purpose=purpose)
        except NotFound as error:
            error.message = f"{self._http.vendor.name} has no webhook {identity} (404)."
            error.hint = (
                "`supops webhooks list` shows the ids of those that there are, and which instance has them."
            )
            raise
        except Forbidden as error:
            self._name_scope(error, READ)
        return _webhook(found.webhook)

    def invocations(self, identity: str, *, since: datetime, task: Task) -> Iterator[Invocation]:
        """See `supops.services.webhook_ports.WebhookDirectory`. The platform's own filters are not relied on: how they count is unknown."""
        seen: set[str] = set()
        newest: datetime | None = None
        last: datetime | None = None
        path = f"{_path_of(identity)}/invocations"
        for page in self._pages(path, _Invocations, "list the webhook's invocations"):
            found = [_invocation(one) for one in page.invocations if one.id not in seen]
            # A new invocation moves the others onto the next page.
            seen = {one.id for one in page.invocations}
            recent, last = _recent(found, since, last)
            task.advance(items=len(recent))
            yield from recent
            times = [one.completed_at for one in found if one.completed_at is not None]
            if not times:
                continue
            # Were the order another one, the list would be read to its end.
            is_in_order = times[0] >= times[-1] and (newest is None or max(times) <= newest + LONGEST_REPEATS)
            if is_in_order and min(times) < since - LONGEST_REPEATS:
                return
            newest = max(times)

    def attempts(self, identity: str, invocation: str) -> tuple[Attempt, ...]:
        """See `supops.services.webhook_ports.WebhookDirectory`."""
        path = f"{_path_of(identity)}/invocations/{quote(invocation, safe='')}/attempts"
        pages = self._pages(path, _Attempts, "list an invocation's attempts")
        found = [_attempt(one) for page in pages for one in page.attempts]
        none = datetime.max.replace(tzinfo=UTC)
        return tuple(sorted(found, key=lambda one: one.completed_at or none))

    def test(self, identity: str, payload: str | None) -> TargetAnswer:
        """See `supops.services.webhook_ports.WebhookDirectory`."""
        _path_of(identity)
        purpose = "send a test request"
        asked = {"request": {} if payload is None else {"payload": payload}}
        parameters = (("webhook_id", identity),)
        try:
            answer = self._http.request(
                "POST", f"{PATH}/test", purpose=purpose, parameters=parameters, json=asked
            )
        except Forbidden as error:
            self._name_scope(error, WRITE)
        except NetworkError as error:
            error.hint = f"{error.hint} The test request may have been sent all the same: look at the target before you repeat it."
            raise
        response = self._http.decode(answer, _Tested, purpose=purpose).response
        return TargetAnswer(response.status_code, shown_response(response.payload or ""))

    def _pages(self, path: str, shape: type[Page], purpose: str) -> Iterator[Page]:
        """Read a list page by page.

        Raises:
            SupopsError: It breaks off, or leads in circles.
        """
        cursors = {""}
        cursor = ""
        while True:
            after: Parameters = (("page[after]", cursor),) if cursor else ()
            parameters = (("page[size]", str(PAGE_SIZE)), *after)
            try:
                page = self._http.get(path, shape, purpose=purpose, parameters=parameters)
            except Forbidden as error:
                self._name_scope(error, READ)
            yield page
            if not page.meta.has_more:
                return
            cursor = next_cursor(page.meta.after_cursor, page.links.next if page.links else None)
            if cursor in cursors:
                raise PlatformError(
                    f"{self._http.vendor.name} was asked to {purpose}, says that there are more, and gives no new cursor to them"
                )
            cursors.add(cursor)

    def _name_scope(self, error: Forbidden, scope: str) -> NoReturn:
        error.hint = (
            f"The credential needs the scope {scope}, and a user who is an admin, or whose role may manage triggers. With "
            f"{self._setting}.oauth, supops asks for that scope by itself; a ready access token has to have it."
        )
        raise error


def next_cursor(after_cursor: str | None, link: str | None) -> str:
    """Return where a list goes on; empty where that is not said.

    The cursor itself is taken where it is there. The link to the next page need not lead to the host that was asked, and has the
    cursor without encoding, so that nothing of it may be read as a query's ``+`` or ``=``.
    """
    if after_cursor:
        return after_cursor
    query = (link or "").partition("?")[2].partition("#")[0]
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote(name) == "page[after]":
            return unquote(value) if "%" in value else value
    return ""


def _path_of(identity: str) -> str:
    if not ID.fullmatch(identity):
        raise UsageError(
            f"{identity[:120]!r} is no webhook's id.",
            hint="`supops webhooks list` shows the ids of those that there are.",
        )
    return f"{PATH}/{identity}"


def _webhook(one: _Webhook) -> Webhook:
    if not ID.fullmatch(one.id):
        raise PlatformError(f"Zendesk's answer has {one.id[:120]!r} for a webhook's id, which is none.")
    return Webhook(
        id=one.id,
        name=one.name,
        description=one.description or "",
        status=one.status,
        endpoint=one.endpoint,
        http_method=one.http_method,
        request_format=one.request_format,
        authentication=one.authentication.type if one.authentication else None,
        subscriptions=_texts(one.subscriptions),
        created_at=_in_utc(one.created_at),
        updated_at=_moment(one.updated_at),
    )


def _texts(found: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(found or ())


def _invocation(one: _Invocation) -> Invocation:
    return Invocation(one.id, one.status, one.status_code, _moment(one.latest_completed_at))


def _recent(
    found: Iterable[Invocation], since: datetime, last: datetime | None
) -> tuple[list[Invocation], datetime | None]:
    """Return those since a time, and the last time that was told: one without a time ended about when the one before it did."""
    recent = []
    for one in found:
        last = one.completed_at or last
        if last is None or last >= since:
            recent.append(one)
    return recent, last


def _attempt(one: _Attempt) -> Attempt:
    response = shown_response(one.response.payload or "") if one.response else ""
    return Attempt(one.status, one.status_code, _moment(one.completed_at), response)


def _moment(time: datetime | None) -> datetime | None:
    """Return a time; None for one that stands for none, such as that of the year 1."""
    return _in_utc(time) if time is not None and time.year >= FIRST_YEAR else None


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
