"""The simulated Calendly: users, memberships, webhook subscriptions, scheduled events, samples, scopes, rate limit."""

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from supops.sandbox.bookings import API, ORGANIZATION, SLOTS, Json, invitee, sample, scheduled_event, users
from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.states import CalendlyState
from supops.sandbox.world import World

WINDOW = 60.0
SCOPES = ("organization", "user", "group")
# What a subscription may cover, and what its creator must be allowed to read. (Written anew from the vendor's description.)
RULES: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("invitee.created", "invitee.canceled", "invitee_no_show.created", "invitee_no_show.deleted"),
        (SCOPES, "scheduled_events:read"),
    ),
    **dict.fromkeys(
        ("event_type.created", "event_type.updated", "event_type.deleted"), (SCOPES, "event_types:read")
    ),
    **dict.fromkeys(("contact.created", "contact.updated", "contact.deleted"), (SCOPES, "contacts:read")),
    **dict.fromkeys(
        ("meeting_recap.created", "meeting_recap.updated", "meeting_recap.deleted"),
        (("user",), "meeting_recaps:read"),
    ),
    "routing_form_submission.created": (("organization",), "routing_forms:read"),
}
NOT_FOUND = {"title": "Resource Not Found", "message": "The server could not find the requested resource."}
DENIED = {"title": "Permission Denied", "message": "You do not have permission to access this resource."}


class Calendly:
    """The simulated platform."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._state: CalendlyState = world.calendly
        self._users = {str(user["uri"]): user for user in users()}
        self._window_start = 0.0
        self._used = 0

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        with self._world.alone():
            limit = self._limit_headers()
            if self._used > self._state.plan_limit:
                body = {"title": "Too Many Requests", "message": "The rate limit is used up."}
                wait = {"Retry-After": limit["X-RateLimit-Reset"]} if self._state.tells_retry_after else {}
                return json_answer(429, body, {**limit, **wait})
            answer = self._authorized(request)
            return Answer(answer.status, answer.body, {**answer.headers, **limit})

    def _limit_headers(self) -> dict[str, str]:
        now = self._world.now()
        if now - self._window_start >= WINDOW:
            self._window_start, self._used = now, 0
        self._used += 1
        return {
            "X-RateLimit-Limit": str(self._state.plan_limit),
            "X-RateLimit-Remaining": str(max(0, self._state.plan_limit - self._used)),
            "X-RateLimit-Reset": str(max(1, round(self._window_start + WINDOW - now))),
        }

    def _authorized(self, request: Request) -> Answer:
        token = self._state.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if token is None:
            body = {"title": "Unauthenticated", "message": "The access token is invalid"}
            return json_answer(401, body)
        first, _, rest = request.path.strip("/").partition("/")
        routes: dict[tuple[str, str, bool], tuple[str, Callable[[Request, str], Answer]]] = {
            ("GET", "users", True): ("users:read", self._user),
            ("GET", "organization_memberships", False): ("organizations:read", self._memberships),
            ("GET", "webhook_subscriptions", False): ("webhooks:read", self._subscriptions),
            ("POST", "webhook_subscriptions", False): ("webhooks:write", self._create),
            ("GET", "webhook_subscriptions", True): ("webhooks:read", self._subscription),
            ("DELETE", "webhook_subscriptions", True): ("webhooks:write", self._delete),
            ("GET", "sample_webhook_data", False): ("webhooks:read", self._sample),
            ("GET", "scheduled_events", True): ("scheduled_events:read", self._scheduled_event),
        }
        route = routes.get((request.method, first, bool(rest)))
        if route is None:
            return json_answer(404, NOT_FOUND)
        scope, answer = route
        if not self._may(scope, request):
            return _insufficient(scope)
        return answer(request, rest)

    def _may(self, scope: str, request: Request) -> bool:
        held = self._state.tokens[request.headers["authorization"].removeprefix("Bearer ")].scopes
        return scope in held or scope.replace(":read", ":write") in held

    def _me(self, request: Request) -> Json:
        token = self._state.tokens[request.headers["authorization"].removeprefix("Bearer ")]
        return self._users[token.user]

    def _is_admin(self, request: Request) -> bool:
        return self._me(request)["uri"] in (self._state.owner, *self._state.admins)

    def _user(self, request: Request, identity: str) -> Answer:
        user = self._me(request) if identity == "me" else self._users.get(f"{API}/users/{identity}")
        return json_answer(200, {"resource": user}) if user else json_answer(404, NOT_FOUND)

    def _memberships(self, request: Request, _: str) -> Answer:
        wanted = request.parameter("user")
        chosen = [user for uri, user in self._users.items() if wanted in (None, uri)]
        memberships: list[Json] = [
            {
                "uri": f"{API}/organization_memberships/M{str(user['uri']).rpartition('/')[2]}",
                "role": self._role(str(user["uri"])),
                "user": {key: value for key, value in user.items() if key != "current_organization"},
                "organization": ORGANIZATION,
                "created_at": user["created_at"],
                "updated_at": user["updated_at"],
            }
            for user in chosen
        ]
        return self._page(request, memberships)

    def _role(self, uri: str) -> str:
        if uri == self._state.owner:
            return "owner"
        return "admin" if uri in self._state.admins else "user"

    def _subscriptions(self, request: Request, _: str) -> Answer:
        scope, user = request.parameter("scope"), request.parameter("user")
        if request.parameter("organization") != ORGANIZATION or scope not in SCOPES:
            return _invalid("organization", "organization and scope are required")
        if scope in ("user", "group") and not request.parameter(scope):
            return _invalid(scope, f"is required for the scope {scope}")
        if scope == "organization" and not self._is_admin(request):
            return json_answer(403, DENIED)
        chosen = [
            one
            for one in self._state.subscriptions
            if one["scope"] == scope
            and (scope != "user" or one["user"] == user)
            and (scope != "group" or one["group"] == request.parameter("group"))
        ]
        return self._page(request, chosen)

    def _subscription(self, _request: Request, identity: str) -> Answer:
        found = self._find(identity)
        return json_answer(200, {"resource": found}) if found else json_answer(404, NOT_FOUND)

    def _delete(self, _request: Request, identity: str) -> Answer:
        found = self._find(identity)
        if found is None:
            return json_answer(404, NOT_FOUND)
        self._state.subscriptions.remove(found)
        self._world.save()
        return Answer(204)

    def _find(self, identity: str) -> Json | None:
        uri = f"{API}/webhook_subscriptions/{identity}"
        return next((one for one in self._state.subscriptions if one["uri"] == uri), None)

    def _create(self, request: Request, _: str) -> Answer:
        try:
            asked = json.loads(request.body)
            url, events, scope = str(asked["url"]), list(asked["events"]), str(asked["scope"])
        except (ValueError, KeyError, TypeError):
            return _invalid("url", "url, events, organization and scope are required")
        problem = self._problem_with(request, asked, events, scope)
        if problem:
            return problem
        if any(one["callback_url"] == url for one in self._state.subscriptions):
            body = {"title": "Already Exists", "message": "Hook with this url already exists"}
            return json_answer(409, body)
        now = datetime.fromtimestamp(self._world.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        made: Json = {
            "uri": f"{API}/webhook_subscriptions/{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}",
            "callback_url": url,
            "created_at": now,
            "updated_at": now,
            "retry_started_at": None,
            "state": "active",
            "events": [event for event in events if event not in self._state.forgets_events],
            "scope": scope,
            "organization": ORGANIZATION,
            "user": asked.get("user") if scope == "user" else None,
            "group": asked.get("group") if scope == "group" else None,
            "creator": self._me(request)["uri"],
        }
        self._state.subscriptions.append(made)
        self._state.signing_keys[str(made["uri"])] = str(asked.get("signing_key") or "")
        self._world.save()
        return json_answer(201, {"resource": made})

    def _problem_with(self, request: Request, asked: Json, events: list[str], scope: str) -> Answer | None:
        if asked.get("organization") != ORGANIZATION or scope not in SCOPES or not events:
            return _invalid("organization", "organization, scope and events are required")
        if scope in ("user", "group") and not asked.get(scope):
            return _invalid(scope, f"is required for the scope {scope}")
        for event in events:
            allowed, needed = RULES.get(event, (SCOPES, "webhooks:write"))
            if event not in RULES and event not in self._state.newer_events:
                return _invalid("events", f"{event} is not an event")
            if scope not in allowed:
                return _invalid("events", f"{event} can't be subscribed to with the scope {scope}")
            if not self._may(needed, request):
                return _insufficient(needed)
        if scope == "organization" and not self._is_admin(request):
            return json_answer(403, DENIED)
        if not self._state.paid_plan:
            body = {
                "title": "Permission Denied",
                "message": "Please upgrade your Calendly account to Standard",
            }
            return json_answer(403, body)
        return None

    def _sample(self, request: Request, _: str) -> Answer:
        event = request.parameter("event") or ""
        scope = request.parameter("scope")
        if (
            event not in RULES
            or request.parameter("organization") != ORGANIZATION
            or scope not in RULES[event][0]
        ):
            return _invalid("event", "event, organization and scope are required, and have to go together")
        if scope in ("user", "group") and not request.parameter(scope):
            return _invalid(scope, f"is required for the scope {scope}")
        return json_answer(200, sample(event))

    def _scheduled_event(self, request: Request, rest: str) -> Answer:
        number, _, inner = rest.partition("/")
        booked = next((one for one in SLOTS if one.uri.endswith(f"/{number}")), None)
        if booked is None or inner not in ("", "invitees"):
            return json_answer(404, NOT_FOUND)
        if inner == "invitees":
            return self._page(request, [invitee(booked, place) for place in range(len(booked.guests))])
        event = scheduled_event(booked)
        if not self._state.names_hosts:
            hosts = [
                user for user in self._users.values() if str(user["email"]).partition("@")[0] in booked.hosts
            ]
            event["event_memberships"] = [{"user": user["uri"]} for user in hosts]
        return json_answer(200, {"resource": event})

    def _page(self, request: Request, entries: list[Json]) -> Answer:
        size = min(self._state.largest_page, max(1, int(request.parameter("count") or 20)))
        start = int(request.parameter("page_token") or 0)
        after = str(start + size) if start + size < len(entries) else None
        link = f"{request.host}{request.path}?page_token={after}" if after else None
        pagination: Json = {
            "count": len(entries[start : start + size]),
            "next_page": link,
            "previous_page": None,
            "next_page_token": after,
            "previous_page_token": None,
        }
        return json_answer(200, {"collection": entries[start : start + size], "pagination": pagination})


def _invalid(parameter: str, message: str) -> Answer:
    body = {
        "title": "Invalid Argument",
        "message": "The supplied parameters are invalid.",
        "details": [{"parameter": parameter, "message": message}],
    }
    return json_answer(400, body)


def _insufficient(scope: str) -> Answer:
    body = {"title": "Insufficient scope", "message": "The token lacks a scope", "required_scopes": [scope]}
    return json_answer(403, body)
