"""The simulated GitLab's members of projects, inherited ones included."""

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context, level_of, user_json
from supops.sandbox.gitlab_pages import failed, page
from supops.sandbox.gitlab_state import GUEST, GitLabProject, GitLabUser
from supops.sandbox.http import Answer, json_answer


def all_members(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/members/all``."""
    search = (context.request.parameter("query") or "").lower()
    people = [
        user
        for user in context.state.users
        if not user.is_admin
        and level_of(context.state, user, found) >= GUEST
        and search in f"{user.username} {user.name}".lower()
    ]
    return page(context.request, people, lambda user: _member_json(context, found, user))


def member(context: Context, found: GitLabProject, number: str) -> Answer:
    """Answer ``GET /projects/:id/members/all/:user_id``."""
    user = next((one for one in context.state.users if str(one.id) == number), None)
    if user is None or user.is_admin or level_of(context.state, user, found) < GUEST:
        return failed(404, "404 Not found")
    return json_answer(200, _member_json(context, found, user))


def _member_json(context: Context, found: GitLabProject, user: GitLabUser) -> Json:
    return {
        **(user_json(context.state, user.username) or {}),
        "access_level": level_of(context.state, user, found),
        "created_at": "2021-05-03T08:00:00.000Z",
        "expires_at": None,
        "membership_state": "active",
    }
