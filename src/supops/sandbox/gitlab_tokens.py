"""The simulated GitLab's lists of access tokens."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_pages import NOT_FOUND, UNAUTHORIZED, failed, flag, moment, page
from supops.sandbox.gitlab_state import MAINTAINER, OWNER, AccessToken, GitLabGroup, GitLabProject
from supops.sandbox.http import Answer, json_answer

DAY = 86_400.0


def is_active(token: AccessToken) -> bool:
    """Whether a token works today."""
    return not token.revoked and (token.expires_in is None or token.expires_in > 0)


def personal_tokens(context: Context) -> Answer:
    """Answer ``GET /personal_access_tokens``. Those of others are for administrators; anybody else is told 401."""
    wanted = context.request.parameter("user_id")
    if wanted and not context.user.is_admin and wanted != str(context.user.id):
        return failed(401, UNAUTHORIZED)
    users = {str(user.id): user.username for user in context.state.users}
    if wanted and wanted not in users:
        return failed(404, NOT_FOUND)
    owners = set(users.values()) if context.user.is_admin else {context.user.username}
    owners = {users[wanted]} if wanted else owners
    personal = [one for one in context.state.tokens if one.project is None and one.group is None]
    return _listed(context, [one for one in personal if one.user in owners])


def own_token(context: Context) -> Answer:
    """Answer ``GET /personal_access_tokens/self``."""
    return json_answer(200, token_json(context, context.token))


def project_tokens(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/access_tokens``; whoever is no Maintainer is told 401, though their token is good."""
    if context.level(found) < MAINTAINER:
        return failed(401, UNAUTHORIZED)
    return _listed(context, [one for one in context.state.tokens if one.project == found.path])


def group_tokens(context: Context, found: GitLabGroup) -> Answer:
    """Answer ``GET /groups/:id/access_tokens``; whoever is no Owner is told 401, though their token is good."""
    if context.level(found) < OWNER:
        return failed(401, UNAUTHORIZED)
    return _listed(context, [one for one in context.state.tokens if one.group == found.path])


def _listed(context: Context, tokens: list[AccessToken]) -> Answer:
    request = context.request
    state, search = request.parameter("state"), (request.parameter("search") or "").lower()
    if state is not None and state not in ("active", "inactive"):
        return json_answer(400, {"error": "state does not have a valid value"})
    shown = [one for one in tokens if search in one.name.lower()]
    if state is not None:
        shown = [one for one in shown if is_active(one) == (state == "active")]
    if request.parameter("revoked") is not None:
        shown = [one for one in shown if one.revoked == flag(request, "revoked", default=False)]
    for name, is_before in (("expires_before", True), ("expires_after", False)):
        limit = request.parameter(name)
        if limit is not None:
            dates = [(one, _expires_at(context, one)) for one in shown]
            shown = [one for one, date in dates if date and date != limit and (date < limit) == is_before]
    return page(request, _ordered(context, shown), lambda one: token_json(context, one))


def _ordered(context: Context, tokens: list[AccessToken]) -> list[AccessToken]:
    """Return tokens as `sort` says: those without the value come last where it ascends, as in the database."""
    far = 1_000_000
    keys: dict[str, Callable[[AccessToken], float | str]] = {
        "created": lambda one: -one.created_ago,
        "expires": lambda one: far if one.expires_in is None else one.expires_in,
        "last_used": lambda one: far if one.used_ago is None else -one.used_ago,
        "name": lambda one: one.name,
    }
    field, _, direction = (context.request.parameter("sort") or "").replace("_at_", "_").rpartition("_")
    if field not in keys:
        return sorted(tokens, key=lambda one: one.id)
    return sorted(tokens, key=keys[field], reverse=direction == "desc")


def token_json(context: Context, token: AccessToken) -> Json:
    """Return a token as lists show it."""
    owner = next(user for user in context.state.users if user.username == token.user)
    used = None if token.used_ago is None else moment(context.now - token.used_ago * DAY)
    shown: Json = {
        "id": token.id,
        "name": token.name,
        "revoked": token.revoked,
        "created_at": moment(context.now - token.created_ago * DAY),
        "description": None,
        "scopes": list(token.scopes),
        "user_id": owner.id,
        "last_used_at": used,
        "active": is_active(token),
        "expires_at": _expires_at(context, token),
    }
    if token.project or token.group:
        shown |= {"access_level": token.level, "resource_type": "project" if token.project else "group"}
    return shown


def _expires_at(context: Context, token: AccessToken) -> str | None:
    if token.expires_in is None:
        return None
    return (datetime.fromtimestamp(context.now, UTC).date() + timedelta(days=token.expires_in)).isoformat()
