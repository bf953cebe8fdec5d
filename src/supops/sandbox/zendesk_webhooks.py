"""The simulated Zendesk's webhooks: list, show, invocations, attempts, and test requests that are really sent to this machine."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from supops.sandbox.bookings import Json
from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.states import ZendeskState
from supops.sandbox.webhook_story import Run, SimulatedWebhook
from supops.sandbox.world import World

PATH = "/api/v2/webhooks"
READ = frozenset({"read", "webhooks:read"})
WRITE = frozenset({"write", "webhooks:write"})
PAGE = 100
LIMIT = 100
TEST_LIMIT = 20
WINDOW = 60.0
SECONDS_TO_ANSWER = 10.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NOT_FOUND = {"error": "RecordNotFound", "description": "Not found"}
FORBIDDEN = {
    "error": "Forbidden",
    "description": "You are missing the following required scopes: {}",
}
# What goes on after nobody waits for the world any more.
Later = Callable[[], Answer]


class Webhooks:
    """The webhooks of one instance."""

    def __init__(self, world: World, state: ZendeskState) -> None:
        self._world = world
        self._state = state
        self._counted: dict[int, tuple[float, int]] = {}
        # Invocations have ended so long before the first question: a list stays the same from page to page.
        self._asked_at: float | None = None

    def handle(self, request: Request, path: str, scopes: set[str]) -> "Answer | Later":
        """Answer a request below `PATH`; a test request is to be sent after the world was let go."""
        is_test = path == f"{PATH}/test" and request.method == "POST"
        limit = TEST_LIMIT if is_test else LIMIT
        headers, is_over = self._limited(limit)
        if is_over:
            description = {"error": "APIRateLimitExceeded", "description": "Too many requests"}
            return json_answer(429, description, {**headers, "Retry-After": str(self._left(limit))})
        if not scopes & (WRITE if is_test else READ):
            needed = "webhooks:write" if is_test else "webhooks:read"
            body = {**FORBIDDEN, "description": FORBIDDEN["description"].format(needed)}
            return json_answer(403, body, headers)
        answer = self._test(request) if is_test else self._read(request, path)
        if isinstance(answer, Answer):
            return Answer(answer.status, answer.body, {**answer.headers, **headers})
        sent = answer
        return lambda: _with_headers(sent(), headers)

    def _limited(self, limit: int) -> tuple[dict[str, str], bool]:
        """Count a request; each operation's limit is counted by itself. As recorded, the time of the reset is not told."""
        now = self._world.now()
        began, used = self._counted.get(limit, (now, 0))
        if now - began >= WINDOW:
            began, used = now, 0
        self._counted[limit] = (began, used + 1)
        left = {"x-rate-limit": str(limit), "x-rate-limit-remaining": str(max(0, limit - used - 1))}
        return left, used >= limit

    def _left(self, limit: int) -> int:
        return max(1, round(self._counted[limit][0] + WINDOW - self._world.now()))

    def _read(self, request: Request, path: str) -> Answer:
        parts = path.removeprefix(PATH).strip("/").split("/")
        if request.method != "GET":
            return json_answer(404, NOT_FOUND)
        if parts == [""]:
            part = request.parameter("filter[name_contains]") or ""
            found = [one.shown for one in self._state.webhooks if part in str(one.shown["name"])]
            return self._page(request, "webhooks", found)
        webhook = next((one for one in self._state.webhooks if one.id == parts[0]), None)
        if webhook is None:
            return json_answer(404, NOT_FOUND)
        match parts[1:]:
            case []:
                return json_answer(200, {"webhook": webhook.shown})
            case ["invocations"]:
                shown = [self._invocation(webhook, run, place) for place, run in enumerate(webhook.runs)]
                return self._page(request, "invocations", shown)
            case ["invocations", identity, "attempts"]:
                return self._attempts(webhook, identity)
        return json_answer(404, NOT_FOUND)

    def _page(self, request: Request, name: str, found: Sequence[Mapping[str, object]]) -> Answer:
        size = min(PAGE, max(1, int(request.parameter("page[size]") or PAGE)))
        cursor = request.parameter("page[after]")
        identities = [str(one["id"]) for one in found]
        start = 0
        if cursor is not None:
            identity = _identity(cursor)
            if identity not in identities:
                return json_answer(400, {"error": "InvalidCursor", "description": "The cursor is not valid"})
            start = identities.index(identity) + 1
        part = found[start : start + size]
        body: dict[str, object] = {name: part, "meta": {"has_more": False}}
        if start + size < len(found):
            after = _cursor(identities[start + size - 1])
            body["meta"] = {"has_more": True, "after_cursor": after, "before_cursor": None}
            # As recorded: the port is told, and the cursor is not encoded.
            host = self._state.link_host or request.host
            link = f"{host}{request.path}?page[size]={size}&page[after]={after}"
            body["links"] = {"prev": None, "next": link}
        return json_answer(200, body)

    def _invocation(self, webhook: SimulatedWebhook, run: Run, place: int) -> Json:
        code = {"status_code": run.codes[-1]} if run.codes else {}
        # The newest has the last place: what comes later does not move it.
        identity = f"01JE{webhook.id[4]}{webhook.id[-2:]}{len(webhook.runs) - place:019d}"
        return {"id": identity, "status": run.status, **code, "latest_completed_at": self._time(run.ago)}

    def _attempts(self, webhook: SimulatedWebhook, identity: str) -> Answer:
        for place, run in enumerate(webhook.runs):
            if self._invocation(webhook, run, place)["id"] == identity:
                return json_answer(200, {"attempts": self._attempts_of(webhook, run, identity)})
        return json_answer(404, NOT_FOUND)

    def _attempts_of(self, webhook: SimulatedWebhook, run: Run, identity: str) -> list[Json]:
        # As recorded: each has the webhook's id.
        known: Json = {"id": webhook.id, "invocation_id": identity}
        if not run.codes:
            return [{**known, "status": run.status, "completed_at": self._time(run.ago)}]
        body = '{"ticket":{"id":35436,"requester":"kim.lee@example.com","comment":"My card is 4111 1111 1111 1111"}}'
        request = {"headers": [{"key": "Content-Type", "value": "application/json"}], "payload": body}
        response = {"headers": [{"key": "Server", "value": "made-up"}], "payload": run.answer}
        return [
            {
                **known,
                "status": "success" if 200 <= code < 300 else "terminated",
                "status_code": code,
                "completed_at": self._time(run.ago + 30 * (len(run.codes) - 1 - number)),
                "request": request,
                "response": response,
            }
            for number, code in enumerate(run.codes)
        ]

    def _time(self, ago: float) -> str:
        if self._asked_at is None:
            self._asked_at = self._world.now()
        moment = datetime.fromtimestamp(self._asked_at - ago, UTC)
        # As recorded where something was just written: nanoseconds.
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}584Z"

    def _test(self, request: Request) -> "Answer | Later":
        identity = request.parameter("webhook_id")
        webhook = next((one for one in self._state.webhooks if one.id == identity), None)
        if identity is not None and webhook is None:
            return json_answer(404, NOT_FOUND)
        try:
            asked = dict(json.loads(request.body)["request"])
        except (ValueError, KeyError, TypeError):
            return json_answer(400, {"error": "BadRequest", "description": "request is required"})
        known = webhook.shown if webhook else {}
        endpoint = str(asked.get("endpoint") or known.get("endpoint") or "")
        method = str(asked.get("http_method") or known.get("http_method") or "")
        if not endpoint or not method:
            return json_answer(
                400, {"error": "BadRequest", "description": "endpoint and http_method are required"}
            )
        target = webhook.target if webhook else (200, '{"ok":true}')
        if urlsplit(endpoint).hostname not in LOOPBACK:
            return json_answer(200, {"response": _response(*target)})
        body = str(asked.get("payload") or "{}").encode()
        headers = self._signed(webhook, body)
        return lambda: json_answer(200, {"response": _sent(method, endpoint, headers, body)})

    def _signed(self, webhook: SimulatedWebhook | None, body: bytes) -> dict[str, str]:
        time = datetime.fromtimestamp(self._world.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The vendor's published key, for what is no webhook yet.
        secret = webhook.secret if webhook else "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
        signature = hmac.digest(secret.encode(), time.encode() + body, "sha256")
        return {
            "Content-Type": "application/json",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": "1",
            "X-Zendesk-Webhook-Id": webhook.id if webhook else "",
            "X-Zendesk-Webhook-Invocation-Id": f"test-{time}",
            "X-Zendesk-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": time,
        }


def _sent(method: str, endpoint: str, headers: dict[str, str], body: bytes) -> Json:
    """Send a test request to this machine, and return what was answered; without a status where nothing was."""
    parts = urlsplit(endpoint)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=SECONDS_TO_ANSWER)
        try:
            connection.request(method, path, body, headers)
            answered = connection.getresponse()
            return _response(answered.status, answered.read().decode("utf-8", "replace"))
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        return {"headers": [], "payload": f"{type(error).__name__}: no answer"}


def _response(status: int, text: str) -> Json:
    return {"status_code": status, "headers": [{"key": "Server", "value": "made-up"}], "payload": text}


def _with_headers(answer: Answer, headers: Mapping[str, str]) -> Answer:
    return Answer(answer.status, answer.body, {**answer.headers, **headers})


def _cursor(identity: str) -> str:
    return base64.b64encode(f"id>{identity}".encode()).decode()


def _identity(cursor: str) -> str:
    try:
        return base64.b64decode(cursor, validate=True).decode().removeprefix("id>")
    except ValueError:
        return ""
