"""The simulated Google Calendar: insert, get, list, patch, put and delete of events, with ids, versions and removed ones."""

import base64
import binascii
import copy
import json
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.states import GoogleState, SharedCalendar
from supops.sandbox.world import World

EVENTS = re.compile(r"/calendar/v3/calendars/(?P<calendar>[^/]+)/events(?:/(?P<event>[^/]+))?")
ID = re.compile(r"[a-v0-9]{5,1024}")
Json = dict[str, object]


class GoogleCalendar:
    """The simulated platform."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._state: GoogleState = world.google_calendar

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        with self._world.alone():
            if (request.method, request.path) == ("POST", "/token"):
                return self._token(request)
            if not self._is_let_in(request):
                return _error(401, "authError", "Invalid Credentials", location="Authorization")
            match = EVENTS.fullmatch(request.path)
            if match is None:
                return _error(404, "notFound", f"Not Found: {request.path}")
            calendar = self._state.calendars.get(unquote(match["calendar"]))
            if calendar is None or calendar.access == "none":
                return _error(404, "notFound", "Not Found")
            if request.method != "GET" and calendar.access != "writer":
                return _error(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
            answer = self._answer(request, calendar, match["event"])
            if request.method != "GET":
                self._world.save()
            return answer

    def _answer(self, request: Request, calendar: SharedCalendar, identity: str | None) -> Answer:
        routes: dict[tuple[str, bool], Callable[[Request, SharedCalendar, str], Answer]] = {
            ("GET", False): self._list,
            ("POST", False): self._insert,
            ("GET", True): self._get,
            ("PUT", True): self._update,
            ("PATCH", True): self._update,
            ("DELETE", True): self._delete,
        }
        route = routes.get((request.method, identity is not None))
        return route(request, calendar, identity or "") if route else _error(404, "notFound", "Not Found")

    def _token(self, request: Request) -> Answer:
        """Grant a service account a token for its signed assertion; who signed it is not looked at here."""
        form = parse_qs(request.body.decode())
        try:
            claims = form["assertion"][0].split(".")[1]
            claimed = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        except (KeyError, IndexError, ValueError, binascii.Error):
            return json_answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT."})
        if claimed.get("iss") not in self._state.service_accounts:
            return json_answer(400, {"error": "invalid_grant", "error_description": "account not found"})
        if claimed.get("sub") and not self._state.delegates:
            said = "Client is unauthorized to retrieve access tokens using this method."
            return json_answer(401, {"error": "unauthorized_client", "error_description": said})
        token = secrets.token_hex(16)
        self._state.tokens.append(token)
        self._state.claims.append(claimed)
        return json_answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _is_let_in(self, request: Request) -> bool:
        presented = request.headers.get("authorization", "").removeprefix("Bearer ")
        return presented in self._state.tokens or (not presented and self._state.takes_anybody)

    def _insert(self, request: Request, calendar: SharedCalendar, _: str) -> Answer:
        event = _body(request)
        identity = str(event.get("id") or secrets.token_hex(13))
        if not ID.fullmatch(identity):
            return _error(400, "invalid", "Invalid resource id value.")
        if identity in calendar.events or identity in calendar.purged:
            return _error(409, "duplicate", "The requested identifier already exists.")
        if not _has_times(event):
            return _error(400, "required", "Missing end time.")
        if self._state.ignores_status:
            event = {**event, "status": "confirmed"}
        return self._keep(calendar, identity, event, {})

    def _get(self, _request: Request, calendar: SharedCalendar, identity: str) -> Answer:
        event = calendar.events.get(identity)
        if event is None:
            return _error(404, "notFound", "Not Found")
        return json_answer(200, self._told(event))

    def _told(self, event: Json) -> Json:
        """Return what is told of an event; of a removed one, that may be next to nothing."""
        if event["status"] == "cancelled" and self._state.forgets_removed:
            return {key: event[key] for key in ("kind", "etag", "id", "status")}
        return event

    def _update(self, request: Request, calendar: SharedCalendar, identity: str) -> Answer:
        old = calendar.events.get(identity)
        if old is None:
            return _error(404, "notFound", "Not Found")
        if request.headers.get("if-match", old["etag"]) != old["etag"]:
            return _error(412, "conditionNotMet", "Precondition Failed")
        event = _body(request) if request.method == "PUT" else _merged(old, _body(request))
        if any("date" in time and "dateTime" in time for time in _times(event)):
            return _error(400, "invalid", "Invalid start time.")
        if not _has_times(event) and event.get("status") != "cancelled":
            return _error(400, "required", "Missing end time.")
        return self._keep(calendar, identity, event, old)

    def _delete(self, request: Request, calendar: SharedCalendar, identity: str) -> Answer:
        old = calendar.events.get(identity)
        if old is None:
            return _error(404, "notFound", "Not Found")
        if old["status"] == "cancelled":
            return _error(410, "deleted", "Resource has been deleted")
        if request.headers.get("if-match", old["etag"]) != old["etag"]:
            return _error(412, "conditionNotMet", "Precondition Failed")
        self._keep(calendar, identity, {**old, "status": "cancelled"}, old)
        return Answer(204)

    def _list(self, request: Request, calendar: SharedCalendar, _: str) -> Answer:
        removed_too = request.parameter("showDeleted") == "true"
        notes = [value for name, value in request.parameters if name == "privateExtendedProperty"]
        chosen = [
            event
            for event in map(self._told, calendar.events.values())
            if (removed_too or event["status"] != "cancelled")
            and all(_has_note(event, note) for note in notes)
        ]
        size = min(2500, int(request.parameter("maxResults") or 250))
        start = int(request.parameter("pageToken") or 0)
        page: Json = {"kind": "calendar#events", "items": chosen[start : start + size]}
        if start + size < len(chosen):
            page["nextPageToken"] = str(start + size)
        return json_answer(200, page)

    def _keep(self, calendar: SharedCalendar, identity: str, event: Json, old: Json) -> Answer:
        self._state.version += 1
        now = datetime.fromtimestamp(self._world.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        kept = {
            **copy.deepcopy(event),
            "kind": "calendar#event",
            "id": identity,
            "etag": f'"{self._state.version}"',
            "status": event.get("status") or "confirmed",
            "created": old.get("created") or now,
            "updated": now,
        }
        calendar.events[identity] = kept
        return json_answer(200, kept)


def _merged(old: Json, changes: Json) -> Json:
    """Return what a partial update leaves: objects are merged, null takes a field away, all else replaces what was there."""
    merged = {name: value for name, value in old.items() if changes.get(name, value) is not None}
    for name, value in changes.items():
        before = old.get(name)
        if isinstance(value, dict):
            merged[name] = _merged(before if isinstance(before, dict) else {}, value)
        elif value is not None:
            merged[name] = value
    return merged


def _times(event: Json) -> list[Json]:
    return [time for time in (event.get("start"), event.get("end")) if isinstance(time, dict)]


def _has_times(event: Json) -> bool:
    return len(_times(event)) == 2


def _has_note(event: Json, note: str) -> bool:
    name, _, value = note.partition("=")
    properties = event.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, dict) else None
    return isinstance(private, dict) and private.get(name) == value


def _body(request: Request) -> Json:
    body = json.loads(request.body or b"{}")
    return body if isinstance(body, dict) else {}


def _error(status: int, reason: str, message: str, **more: str) -> Answer:
    domain = "usageLimits" if status == 403 and "imit" in reason else "global"
    errors = [{"domain": domain, "reason": reason, "message": message, **more}]
    return json_answer(status, {"error": {"code": status, "message": message, "errors": errors}})
