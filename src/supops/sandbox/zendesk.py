"""The simulated Zendesk: users in both paging modes with their quirks, counts, custom roles, export, OAuth, rate limit."""

import base64
import binascii
import json
import secrets
from collections.abc import Callable

from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.states import OAuthToken, ZendeskState
from supops.sandbox.users import User
from supops.sandbox.world import World
from supops.sandbox.zendesk_webhooks import PATH as WEBHOOKS
from supops.sandbox.zendesk_webhooks import Later, Webhooks

PAGE = 100
EXPORT_PAGE = 1000
OFFSET_RECORDS = 10_000
WINDOW = 60.0
TOKEN_SECONDS = 7200
CURSOR_SECONDS = 3600
READ_SCOPES = frozenset({"read", "users:read", "impersonate"})
NOT_FOUND = {"error": "RecordNotFound", "description": "Not found"}
UNKNOWN = json_answer(401, {"error": "Couldn't authenticate you"})


class Zendesk:
    """One instance of the simulated Zendesk."""

    def __init__(self, world: World, key: str) -> None:
        self._world = world
        self._state: ZendeskState = world.zendesk[key]
        self._window_start = 0.0
        self._used = 0
        self._selected: dict[tuple[int, tuple[str, ...], str | None], list[User]] = {}
        self._encoded: dict[int, bytes] = {}
        self._webhooks = Webhooks(world, self._state)

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        with self._world.alone():
            answer = self._answer(request, request.path.removesuffix(".json"))
        return answer if isinstance(answer, Answer) else answer()

    def _answer(self, request: Request, path: str) -> "Answer | Later":
        if path == "/oauth/tokens" and request.method == "POST":
            return self._mint(request)
        if path.startswith(WEBHOOKS):
            scopes = self._scopes(request.headers.get("authorization", ""))
            return UNKNOWN if scopes is None else self._webhooks.handle(request, path, scopes)
        limit = self._limit_headers()
        if self._used > self._state.plan_limit:
            retry = {"Retry-After": limit["ratelimit-reset"]}
            return json_answer(
                429, {"error": "APIRateLimitExceeded", "description": "Too many requests"}, limit | retry
            )
        answer = self._authorized(request, path)
        return Answer(answer.status, answer.body, {**answer.headers, **limit})

    def _limit_headers(self) -> dict[str, str]:
        now = self._world.now()
        if now - self._window_start >= WINDOW:
            self._window_start, self._used = now, 0
        self._used += 1
        limit = self._state.plan_limit
        remaining = str(max(0, limit - self._used))
        return {
            "x-rate-limit": str(limit),
            "x-rate-limit-remaining": remaining,
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": remaining,
            "ratelimit-reset": str(max(1, round(self._window_start + WINDOW - now))),
        }

    def _authorized(self, request: Request, path: str) -> Answer:
        scopes = self._scopes(request.headers.get("authorization", ""))
        if scopes is None:
            return UNKNOWN
        if path.startswith("/api/v2/oauth/tokens/"):
            return self._oauth_token(request, path)
        if not scopes & READ_SCOPES:
            description = (
                "You do not have access to this page. Please contact the account owner of this help desk."
            )
            return json_answer(403, {"error": {"title": "Forbidden", "message": description}})
        routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/api/v2/users"): self._users,
            ("GET", "/api/v2/users/count"): self._count,
            ("GET", "/api/v2/users/me"): self._me,
            ("GET", "/api/v2/search/export"): self._export,
        }
        if (request.method, path) == ("GET", "/api/v2/custom_roles"):
            return self._roles(scopes)
        route = routes.get((request.method, path))
        return route(request) if route else json_answer(404, NOT_FOUND)

    def _scopes(self, header: str) -> set[str] | None:
        """Return what a credential may do; None where it is not accepted."""
        kind, _, value = header.partition(" ")
        if kind == "Bearer":
            if value == self._state.ready_token:
                return {"read"}
            token = self._state.tokens.get(value)
            return set(token.scopes) if token and token.expires_at > self._world.now() else None
        if kind == "Basic" and self._state.takes_api_tokens:
            try:
                given = base64.b64decode(value, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            return (
                {"read", "write"}
                if given == f"{self._state.api_email}/token:{self._state.api_token}"
                else None
            )
        return None

    def _mint(self, request: Request) -> Answer:
        try:
            asked = json.loads(request.body)
            client_id, secret = str(asked["client_id"]), str(asked["client_secret"])
        except (ValueError, KeyError, TypeError):
            return json_answer(
                400, {"error": "invalid_request", "error_description": "The request is malformed"}
            )
        if asked.get("grant_type") != "client_credentials":
            return json_answer(
                400, {"error": "unsupported_grant_type", "error_description": "Grant type not supported"}
            )
        if self._state.clients.get(client_id) != secret:
            return json_answer(
                401, {"error": "invalid_client", "error_description": "Client authentication failed"}
            )
        seconds = int(asked.get("expires_in", TOKEN_SECONDS))
        scopes = str(asked.get("scope", "read")).split()
        if self._state.grants is not None and not set(scopes) <= set(self._state.grants):
            description = "The requested scope is invalid, unknown, or malformed."
            return json_answer(400, {"error": "invalid_scope", "error_description": description})
        text = secrets.token_hex(32)
        number, self._state.next_token_id = self._state.next_token_id, self._state.next_token_id + 1
        self._state.tokens[text] = OAuthToken(number, text, client_id, scopes, self._world.now() + seconds)
        self._world.save()
        granted = {
            "access_token": text,
            "token_type": "bearer",
            "scope": " ".join(scopes),
            "expires_in": seconds,
        }
        return json_answer(200, granted)

    def _oauth_token(self, request: Request, path: str) -> Answer:
        name = path.rpartition("/")[2]
        presented = self._state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        tokens = self._state.tokens.values()
        token = presented if name == "current" else next((one for one in tokens if str(one.id) == name), None)
        if token is None:
            return json_answer(404, NOT_FOUND)
        if request.method == "GET":
            shown = {"id": token.id, "client_id": 1, "scopes": token.scopes, "token": token.token[:10]}
            return json_answer(200, {"token": shown})
        if request.method != "DELETE":
            return json_answer(404, NOT_FOUND)
        if name != "current" or self._state.revokes_current:
            del self._state.tokens[token.token]
            self._world.save()
        return Answer(204)

    def _select(self, request: Request) -> list[User]:
        """Return the users that a request's filters leave, by id. Deleted ones are never listed."""
        roles = tuple(sorted(value for name, value in request.parameters if name in ("role", "role[]")))
        role_id = request.parameter("permission_set")
        key = (self._state.revision, roles, role_id)
        if key not in self._selected:
            self._selected[key] = [
                user
                for user in self._state.users
                if user.active
                and (not roles or user.role in roles)
                and (role_id is None or str(user.custom_role_id) == role_id)
            ]
        return self._selected[key]

    def _users(self, request: Request) -> Answer:
        users = self._select(request)
        if request.parameter("page[size]") is not None:
            return self._cursor_page(request, users)
        size = min(PAGE, max(1, int(request.parameter("per_page") or PAGE)))
        number = int(request.parameter("page") or 1)
        if number * size > OFFSET_RECORDS:
            description = "Offset pagination is limited to 100 pages or 10,000 records; use cursor pagination"
            return json_answer(400, {"error": "InvalidPaginationDepth", "description": description})
        part = users[(number - 1) * size : number * size]
        more = number * size < len(users)
        ends: dict[str, object] = {
            "next_page": f"{self._links(request)}?{_with(request, 'page', str(number + 1))}"
            if more
            else None,
            "previous_page": f"{self._links(request)}?{_with(request, 'page', str(number - 1))}"
            if number > 1
            else None,
            "count": len(users),
        }
        return self._page("users", part, ends)

    def _cursor_page(self, request: Request, users: list[User]) -> Answer:
        size = min(PAGE, max(1, int(request.parameter("page[size]") or PAGE)))
        start = _position(request.parameter("page[after]"), users)
        if start is None:
            return json_answer(400, {"error": "InvalidCursor", "description": "The cursor is not valid"})
        part = users[start : start + size]
        # As recorded: on the last page, too, there is a cursor and a link to the next page.
        after = _cursor(part[-1]) if part else None
        meta = {"has_more": start + size < len(users), "after_cursor": after, "before_cursor": None}
        link = f"{self._links(request)}?{_with(request, 'page[after]', after or '')}"
        return self._page("users", part, {"meta": meta, "links": {"prev": None, "next": link}})

    def _export(self, request: Request) -> Answer:
        if request.parameter("filter[type]") != "user" or "type:" in (request.parameter("query") or ""):
            return json_answer(
                400, {"error": "invalid", "description": "filter[type] is required, and type: not allowed"}
            )
        users = [user for user in self._state.users if user.active]
        made_at, _, cursor = (request.parameter("page[after]") or "").partition(".")
        expired = bool(cursor) and self._world.now() - float(made_at) > CURSOR_SECONDS
        start = _position(cursor or None, users)
        if start is None or expired:
            return json_answer(400, {"error": "InvalidCursor", "description": "The cursor has expired"})
        size = min(EXPORT_PAGE, int(request.parameter("page[size]") or PAGE))
        part = users[start : start + size]
        after = f"{int(self._world.now())}.{_cursor(part[-1])}" if part else None
        meta = {"has_more": start + size < len(users), "after_cursor": after, "before_cursor": None}
        return self._page(
            "results", part, {"facets": None, "meta": meta, "links": {"prev": None, "next": None}}
        )

    def _page(self, name: str, users: list[User], ends: dict[str, object]) -> Answer:
        bodies = b",".join(self._user(user) for user in users)
        rest = json.dumps(ends, separators=(",", ":")).encode()
        return Answer(
            200, b'{"%s":[%s],%s' % (name.encode(), bodies, rest[1:]), {"Content-Type": "application/json"}
        )

    def _user(self, user: User) -> bytes:
        """Encode a user once: a benchmark measures the client, not this."""
        if len(self._state.users) < 1000:
            return json.dumps(user.as_json(), ensure_ascii=False).encode()
        if user.id not in self._encoded:
            self._encoded[user.id] = json.dumps(user.as_json(), ensure_ascii=False).encode()
        return self._encoded[user.id]

    def _count(self, request: Request) -> Answer:
        refreshed_at = "2026-11-24T00:00:00Z" if self._state.counts_exactly else None
        return json_answer(
            200, {"count": {"value": len(self._select(request)), "refreshed_at": refreshed_at}}
        )

    def _me(self, request: Request) -> Answer:  # noqa: ARG002  (as all that answer a path)
        me = next(user for user in self._state.users if user.role == "admin")
        return json_answer(200, {"user": {**me.as_json(), "authenticity_token": secrets.token_hex(16)}})

    def _roles(self, scopes: set[str]) -> Answer:
        if not self._state.has_custom_roles or "read" not in scopes:
            return json_answer(
                403, {"error": {"title": "Forbidden", "message": "You do not have access to this page."}}
            )
        active = [user for user in self._state.users if user.active]
        roles = [
            {
                "id": role.id,
                "name": role.name,
                "description": "",
                "role_type": role.role_type,
                "team_member_count": sum(user.custom_role_id == role.id for user in active),
                "configuration": {"chat_access": True, "ticket_access": "all"},
                "created_at": "2020-01-01T00:00:00Z",
                "updated_at": "2020-01-01T00:00:00Z",
            }
            for role in self._state.roles
        ]
        return json_answer(200, {"custom_roles": roles})

    def _links(self, request: Request) -> str:
        return f"{self._state.link_host or request.host}{request.path}"


def _with(request: Request, name: str, value: str) -> str:
    others = [(key, old) for key, old in request.parameters if key != name]
    # Unencoded brackets, as recorded.
    return "&".join(f"{key}={text}" for key, text in [*others, (name, value)])


def _cursor(user: User) -> str:
    return base64.urlsafe_b64encode(f"id>{user.id}".encode()).decode().rstrip("=")


def _position(cursor: str | None, users: list[User]) -> int | None:
    """Return where the users after a cursor begin; None for a cursor that was never given out."""
    if cursor is None:
        return 0
    try:
        after = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().removeprefix("id>"))
    except (binascii.Error, ValueError):
        return None
    low, high = 0, len(users)
    while low < high:
        middle = (low + high) // 2
        if users[middle].id <= after:
            low = middle + 1
        else:
            high = middle
    return low
