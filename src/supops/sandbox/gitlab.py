"""The simulated GitLab: who is let in, the limit of requests, and which part answers."""

import json
from collections import Counter
from collections.abc import Callable
from urllib.parse import unquote

from supops.sandbox import (
    gitlab_graphql,
    gitlab_issues,
    gitlab_labels,
    gitlab_members,
    gitlab_notes,
    gitlab_planning,
    gitlab_projects,
    gitlab_tokens,
)
from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context, user_json
from supops.sandbox.gitlab_pages import FORBIDDEN, UNAUTHORIZED, failed, page
from supops.sandbox.gitlab_state import AccessToken, GitLabGroup, GitLabProject, GitLabState, GitLabUser
from supops.sandbox.http import Answer, Request, json_answer
from supops.sandbox.world import World

PREFIX = "/api/v4/"
GRAPHQL = "/api/graphql"
WINDOW = 60
VERSION = {"version": "18.6.1-ee", "revision": "0123456789a", "enterprise": True}
UNKNOWN: Json = {"error": "404 Not Found"}
TOO_MANY = {"error": "This endpoint has been requested too many times. Try again later."}
ForProject = Callable[[Context, GitLabProject], Answer]
ForGroup = Callable[[Context, GitLabGroup], Answer]


class GitLab:
    """The simulated platform."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._window = 0
        self._used: Counter[str] = Counter()

    @property
    def _state(self) -> GitLabState:
        return self._world.gitlab

    def handle(self, request: Request) -> Answer:
        """Answer a request."""
        with self._world.alone():
            if not request.path.startswith(PREFIX) and request.path != GRAPHQL:
                return json_answer(404, UNKNOWN)
            token, problem = self._let_in(request)
            if token is None and request.path == GRAPHQL:
                return json_answer(401, {"errors": [{"message": "Invalid token"}]})
            if token is None:
                return problem or failed(401, UNAUTHORIZED)
            limit = self._limit_headers(token.user)
            if self._used[token.user] > self._state.plan_limit:
                wait = str(int(limit["RateLimit-Reset"]) - int(self._world.now()))
                return Answer(429, b"Retry later\n", {**limit, "Retry-After": wait})
            context = Context(request, self._state, self._state.user(token.user), token, self._world.now())
            try:
                answer = self._answer(context) if _may(token, request) else _insufficient()
            except json.JSONDecodeError:
                answer = json_answer(400, {"error": "There was a problem in the JSON you submitted"})
            if request.method != "GET" and answer.status < 400:
                self._world.save()
            return Answer(answer.status, answer.body, {**limit, **answer.headers})

    def _let_in(self, request: Request) -> tuple[AccessToken | None, Answer | None]:
        """Return the token that was sent; or, where it is not taken, what is answered."""
        bearer = request.headers.get("authorization", "")
        secret = request.headers.get("private-token") or bearer.removeprefix("Bearer ")
        token = next((one for one in self._state.tokens if secret and one.secret == secret), None)
        if token is None or gitlab_tokens.is_active(token):
            return token, None
        said = (
            "Token was revoked. You have to re-authorize from the user."
            if token.revoked
            else "Token is expired. You can either do re-authorization or token refresh."
        )
        return None, json_answer(401, {"error": "invalid_token", "error_description": said})

    def _limit_headers(self, username: str) -> dict[str, str]:
        """Count a request, and return what is said of the limit. `RateLimit-Reset` is in seconds since 1970."""
        now = self._world.now()
        window = int(now // WINDOW)
        if window != self._window:
            self._window = window
            self._used.clear()
        self._used[username] += 1
        limit, used = self._state.plan_limit, self._used[username]
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Observed": str(used),
            "RateLimit-Remaining": str(max(0, limit - used)),
            "RateLimit-Reset": str((window + 1) * WINDOW),
        }

    def _answer(self, context: Context) -> Answer:
        if context.request.path == GRAPHQL:
            return gitlab_graphql.answer(context)
        first, *rest = context.request.path.removeprefix(PREFIX).rstrip("/").split("/")
        if context.request.method == "GET":
            match (first, *rest):
                case ("version",):
                    return json_answer(200, VERSION)
                case ("user",):
                    return _self(context)
                case ("users",):
                    return self._users(context)
                case ("users", number):
                    return self._user(number)
                case ("personal_access_tokens",):
                    return gitlab_tokens.personal_tokens(context)
                case ("personal_access_tokens", "self"):
                    return gitlab_tokens.own_token(context)
                case ("groups", identity, *inner):
                    return _of_group(context, identity, inner)
        if first == "projects" and rest:
            return self._of_project(context, rest[0], tuple(rest[1:]))
        return json_answer(404, UNKNOWN)

    def _users(self, context: Context) -> Answer:
        name = context.request.parameter("username")
        search = (context.request.parameter("search") or "").lower()
        people = [user for user in self._state.users if name is None or user.username.lower() == name.lower()]
        people = [user for user in people if search in f"{user.username} {user.name}".lower()]
        return page(context.request, people, lambda user: _user_json(self._state, user))

    def _user(self, number: str) -> Answer:
        found = next((user for user in self._state.users if str(user.id) == number), None)
        return (
            json_answer(200, _user_json(self._state, found)) if found else failed(404, "404 User Not Found")
        )

    def _of_project(self, context: Context, identity: str, inner: tuple[str, ...]) -> Answer:
        project = context.project(identity)
        if project is None:
            return failed(404, "404 Project Not Found")
        method = context.request.method
        routes: dict[tuple[str, tuple[str, ...]], ForProject] = {
            ("GET", ()): gitlab_projects.project,
            ("GET", ("protected_branches",)): gitlab_projects.protected_branches,
            ("GET", ("merge_request_approval_setting",)): gitlab_projects.approval_setting,
            ("GET", ("approvals",)): gitlab_projects.approvals,
            ("GET", ("access_tokens",)): gitlab_tokens.project_tokens,
            ("GET", ("labels",)): gitlab_labels.labels,
            ("GET", ("milestones",)): gitlab_planning.project_milestones,
            ("GET", ("members", "all")): gitlab_members.all_members,
        }
        route = routes.get((method, inner))
        if route:
            return route(context, project)
        if method == "GET" and inner[:2] == ("members", "all") and len(inner) == 3:
            return gitlab_members.member(context, project, inner[2])
        if inner[:1] != ("issues",):
            return json_answer(404, UNKNOWN)
        if project.issues_access == "disabled" or (project.archived and method != "GET"):
            return failed(403, FORBIDDEN)
        is_note = inner[2:] == ("notes",) and method == "POST"
        if is_note and self._too_many_notes(context.user.username):
            return json_answer(429, {"message": TOO_MANY})
        if inner[2:3] == ("notes",):
            return gitlab_notes.answer(context, project, inner[1], inner[3:])
        return gitlab_issues.answer(context, project, inner[1:])

    def _too_many_notes(self, username: str) -> bool:
        self._used[f"{username} notes"] += 1
        return self._used[f"{username} notes"] > self._state.note_limit


def _of_group(context: Context, identity: str, inner: list[str]) -> Answer:
    match inner:
        case []:
            return gitlab_projects.group(context, identity)
        case ["projects"]:
            return gitlab_projects.group_projects(context, identity)
        case ["descendant_groups"]:
            return gitlab_projects.descendant_groups(context, identity)
        case ["subgroups"]:
            return gitlab_projects.subgroups(context, identity)
    routes: dict[tuple[str, ...], ForGroup] = {
        ("access_tokens",): gitlab_tokens.group_tokens,
        ("iterations",): gitlab_planning.group_iterations,
        ("milestones",): gitlab_planning.group_milestones,
    }
    route, found = routes.get(tuple(inner)), context.group(identity)
    if route is None:
        return json_answer(404, UNKNOWN)
    return route(context, found) if found else failed(404, "404 Group Not Found")


def _may(token: AccessToken, request: Request) -> bool:
    """Whether a token's scopes are enough: all for `api`, reading for `read_api`, and oneself for narrower ones."""
    if "api" in token.scopes:
        return True
    if request.path == GRAPHQL:
        # A change is refused by what it would change, in GraphQL's own words.
        return "read_api" in token.scopes
    if request.method != "GET":
        return False
    path = unquote(request.path).removeprefix(PREFIX)
    return (
        "read_api" in token.scopes
        or path == "personal_access_tokens/self"
        or ("read_user" in token.scopes and path.partition("/")[0] in ("user", "users"))
    )


def _insufficient() -> Answer:
    said = "The request requires higher privileges than provided by the access token."
    return json_answer(403, {"error": "insufficient_scope", "error_description": said, "scope": "api"})


def _self(context: Context) -> Answer:
    """Answer ``GET /user``. Clients compare the address in it with the one that they were given."""
    shown = user_json(context.state, context.user.username) or {}
    page_of = f"{context.request.host}/{context.user.username}"
    user = context.user
    return json_answer(200, {**shown, "web_url": page_of, "bot": user.is_bot, "is_admin": user.is_admin})


def _user_json(state: GitLabState, user: GitLabUser) -> Json:
    return user_json(state, user.username) or {}
