"""Members of a GitLab project: who belongs to the team (source: platforms, G-2)."""

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_pages import read_all

# Planners may label issues, and everybody above: Reporters, ...
PLANNER = 15


class MemberShape(msgspec.Struct):
    """A member of the project, or of a group above it."""

    username: str
    access_level: int = 0
    state: str = "active"
    membership_state: str = "active"

    @property
    def may_plan(self) -> bool:
        """Whether they may label issues of the project."""
        return self.access_level >= PLANNER and self.state == "active" and self.membership_state == "active"


def read_team(gitlab: GitLabConnection, project: str) -> frozenset[str]:
    """Return the usernames of all who may label issues of a project; members of the groups above it are among them.

    Raises:
        SupopsError: GitLab refuses, or can't be reached.
    """
    path = f"/projects/{EncodedId(project)}/members/all"
    found = read_all(gitlab, path, MemberShape, purpose=f"list the members of {project}")
    return frozenset(one.username for one in found if one.may_plan)
