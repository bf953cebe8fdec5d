"""Whether the project of the license requests can be worked in: it is there, and the token may answer (source: platforms, G-2)."""

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.gitlab import GitLabConnection
from supops.errors import Forbidden, NotFound, SupopsError
from supops.models.health import Contact
from supops.services.ports import Probe

ROLES = {
    0: "no member",
    5: "a minimal user",
    10: "a Guest",
    15: "a Planner",
    20: "a Reporter",
    30: "a Developer",
}
ROLES |= {40: "a Maintainer", 50: "an Owner"}
# Who may label and close issues of others, and add the time spent.
LEAST_ROLE = 15
WRITING_SCOPE = "api"


class _Access(msgspec.Struct):
    access_level: int = 0


class _Permissions(msgspec.Struct):
    project_access: _Access | None = None
    group_access: _Access | None = None


class _Project(msgspec.Struct):
    path_with_namespace: str
    archived: bool = False
    issues_access_level: str = "enabled"
    permissions: _Permissions | None = None


class _Token(msgspec.Struct):
    scopes: list[str] = []


class LicenseProject(Probe):
    """The project.

    Args:
        project: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, project: str) -> None:
        self._gitlab = gitlab
        self._name = project

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: reads the project, and what the token and its user may do there."""
        found = self._found()
        if found.archived or found.issues_access_level == "disabled":
            why = "is archived" if found.archived else "has no issues"
            raise SupopsError(f"{self._name} {why}.", hint="Set gitlab.licenses_project to another project.")
        return Contact(", ".join((found.path_with_namespace, self._role(found), self._scope())))

    def _found(self) -> _Project:
        try:
            purpose = f"read the project {self._name}"
            return self._gitlab.get(f"/projects/{EncodedId(self._name)}", _Project, purpose=purpose)
        except NotFound as error:
            error.hint = "Check gitlab.licenses_project, and that the token's user is a member there: GitLab hides what one may not see."
            raise

    def _role(self, found: _Project) -> str:
        permissions = found.permissions or _Permissions()
        known = [one for one in (permissions.project_access, permissions.group_access) if one is not None]
        if not known:
            # So it is for administrators, and for members by way of an invited group.
            return "the user's role is not shown"
        level = max(one.access_level for one in known)
        role = ROLES.get(level, f"of level {level}")
        if level < LEAST_ROLE:
            raise Forbidden(
                f"The token's user is {role} in {self._name}, which is not enough to answer requests.",
                hint="Give the user the role of a Reporter or more in the project.",
            )
        return f"the user is {role}"

    def _scope(self) -> str:
        try:
            token = self._gitlab.get(
                "/personal_access_tokens/self", _Token, purpose="tell what the token may do"
            )
        except SupopsError:
            return "scopes unknown"
        if WRITING_SCOPE not in token.scopes:
            raise Forbidden(
                f"The token has the scopes {', '.join(token.scopes) or 'none'}, which is not enough to answer requests.",
                hint=f"Make a token with the scope {WRITING_SCOPE}. Reading requests works without.",
            )
        return f"scope {WRITING_SCOPE}"
