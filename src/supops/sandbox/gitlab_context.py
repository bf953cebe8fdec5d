"""What the parts of the simulated GitLab share: who asks, and what of the platform they may see."""

from dataclasses import dataclass
from urllib.parse import unquote

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_state import (
    GUEST,
    OWNER,
    AccessToken,
    GitLabGroup,
    GitLabProject,
    GitLabState,
    GitLabUser,
)
from supops.sandbox.http import Request


@dataclass(frozen=True, slots=True)
class Context:
    """A request that was let in: whose it is, with which token, and what is asked.

    Attributes:
        now: Seconds since 1970.
    """

    request: Request
    state: GitLabState
    user: GitLabUser
    token: AccessToken
    now: float

    def level(self, place: GitLabProject | GitLabGroup) -> int:
        """Return what the user may do in a project or group."""
        return level_of(self.state, self.user, place)

    def project(self, identity: str) -> GitLabProject | None:
        """Return the project with a number or an encoded path; None where the user does not see it."""
        found = (one for one in self.state.projects if unquote(identity) in (str(one.id), one.path))
        project = next(found, None)
        return project if project and self.level(project) >= GUEST else None

    def group(self, identity: str) -> GitLabGroup | None:
        """Return the group with a number or an encoded path; None where the user does not see it."""
        found = (one for one in self.state.groups if unquote(identity) in (str(one.id), one.path))
        group = next(found, None)
        return group if group and self.level(group) >= GUEST else None


def level_of(state: GitLabState, user: GitLabUser, place: GitLabProject | GitLabGroup) -> int:
    """Return what a user may do in a project or group: what stands there, or the most that the groups above give."""
    if user.is_admin:
        return OWNER
    if isinstance(place, GitLabProject) and user.username in place.levels:
        return place.levels[user.username]
    held = [
        group.levels.get(user.username, 0)
        for group in state.groups
        if f"{place.path}/".startswith(f"{group.path}/")
    ]
    return max(held, default=0)


def user_json(state: GitLabState, username: str | None) -> Json | None:
    """Return a user as other things show it; None for nobody."""
    user = next((one for one in state.users if one.username == username), None)
    if user is None:
        return None
    return {
        "id": user.id,
        "username": user.username,
        "name": user.name,
        "state": user.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{state.host}/{user.username}",
    }
