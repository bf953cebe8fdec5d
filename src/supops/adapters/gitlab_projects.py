"""GitLab's projects below one group, their protected branches and approval settings (source: platforms, G-4)."""

import threading
from contextlib import ExitStack

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_pages import Seen, read_all
from supops.errors import Forbidden, NotFound, SupopsError, Unauthorized
from supops.models.projects import (
    Access,
    Approvals,
    Level,
    Project,
    ProjectListing,
    ProjectState,
    Protection,
)
from supops.services.audit_ports import ProjectDirectory
from supops.services.ports import Progress, Task

LEVELS = {0: Level.NOBODY, 30: Level.DEVELOPERS, 40: Level.MAINTAINERS, 60: Level.ADMINS}
GROUP_HINT = (
    "Check gitlab.group, and that the token's user is a member there: GitLab hides what one may not see."
)
UNSEEN = "it is gone, or the token's user does not see it any more"
APPROVALS_UNSEEN = (
    "GitLab does not show its approval settings: its plan has none (they are in Premium and above), or the token's user is less "
    "than a Maintainer there"
)
BRANCHES_UNSEEN = (
    "GitLab does not show its protected branches to the token's user, who may be less than a Developer there"
)


class GroupProject(msgspec.Struct):
    """A project as the group's list shows it."""

    id: int
    path_with_namespace: str
    web_url: str
    default_branch: str | None = None
    archived: bool = False


class _Access(msgspec.Struct):
    access_level: int | None = None
    access_level_description: str | None = None
    user_id: int | None = None
    group_id: int | None = None
    deploy_key_id: int | None = None
    member_role_id: int | None = None


class _Protection(msgspec.Struct):
    name: str
    push_access_levels: list[_Access]
    merge_access_levels: list[_Access]


class _Setting(msgspec.Struct):
    value: bool | None = None


class _Settings(msgspec.Struct):
    """As they are in effect, those of the group included. True lets people do something."""

    allow_author_approval: _Setting = msgspec.field(default_factory=_Setting)
    allow_committer_approval: _Setting = msgspec.field(default_factory=_Setting)
    allow_overrides_to_approver_list_per_merge_request: _Setting = msgspec.field(default_factory=_Setting)
    retain_approvals_on_push: _Setting = msgspec.field(default_factory=_Setting)


class _Configuration(msgspec.Struct):
    """The older form of the same. True, but for the author, keeps people from something."""

    merge_requests_author_approval: bool | None = None
    merge_requests_disable_committers_approval: bool | None = None
    disable_overriding_approvers_per_merge_request: bool | None = None
    reset_approvals_on_push: bool | None = None


def group_projects(gitlab: GitLabConnection, group: str, *, seen: Seen) -> list[GroupProject]:
    """List the projects of a group and its subgroups, archived ones included, those only shared with them not.

    Raises:
        NotFound: There is no such group.
        SupopsError: The list can't be read to its end.
    """
    query = {"include_subgroups": "true", "with_shared": "false", "order_by": "id", "sort": "asc"}
    purpose = f"list the projects of the group {group}"
    path = f"/groups/{EncodedId(group)}/projects"
    try:
        found = read_all(gitlab, path, GroupProject, purpose=purpose, query=query, seen=seen)
    except NotFound as error:
        error.hint = GROUP_HINT
        raise
    return list({one.id: one for one in found}.values())


class GitLabProjects(ProjectDirectory):
    """The projects of one group.

    Args:
        group: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, group: str, *, progress: Progress) -> None:
        self._gitlab = gitlab
        self._group = group
        self._progress = progress
        self._usernames: dict[int, str | SupopsError | None] = {}
        self._lock = threading.Lock()
        self._watched = ExitStack()
        self._task: Task | None = None
        self._left = 0

    def close(self) -> None:
        """End the progress of what is examined, however that ended."""
        self._watched.close()

    def list_projects(self) -> ProjectListing:
        """See `supops.services.audit_ports.ProjectDirectory`."""
        with self._progress.task("GitLab", item="project") as task:
            found = group_projects(
                self._gitlab,
                self._group,
                seen=lambda items, pages: task.advance(items=items, total=pages),
            )
        found.sort(key=lambda one: one.path_with_namespace)
        projects = tuple(
            Project(one.id, one.path_with_namespace, one.web_url, one.default_branch)
            for one in found
            if not one.archived
        )
        self._watch(len(projects))
        return ProjectListing(projects, tuple(one.path_with_namespace for one in found if one.archived))

    def examine(self, project: Project) -> ProjectState:
        """See `supops.services.audit_ports.ProjectDirectory`. That takes two requests, where nothing is odd."""
        missing: list[str] = []
        protections: tuple[Protection, ...] | None = None
        approvals = Approvals()
        try:
            protections = self._protections(project)
        except Unauthorized:
            raise
        except NotFound:
            missing.append(UNSEEN)
        except Forbidden:
            missing.append(BRANCHES_UNSEEN)
        except SupopsError as error:
            missing.append(error.message)
        if UNSEEN not in missing:
            try:
                approvals = self._approvals(project)
            except Unauthorized:
                raise
            except (Forbidden, NotFound):
                missing.append(APPROVALS_UNSEEN)
            except SupopsError as error:
                missing.append(error.message)
        self._examined()
        return ProjectState(project, protections, approvals, tuple(missing))

    def _protections(self, project: Project) -> tuple[Protection, ...]:
        path = f"/projects/{project.id}/protected_branches"
        found = read_all(self._gitlab, path, _Protection, purpose="list the protected branches")
        return tuple(
            Protection(
                one.name,
                tuple(self._access(entry) for entry in one.merge_access_levels),
                tuple(self._access(entry) for entry in one.push_access_levels),
            )
            for one in found
        )

    def _access(self, entry: _Access) -> Access:
        title = entry.access_level_description or ""
        if entry.user_id is not None:
            return Access(title or f"user {entry.user_id}", username=self._username(entry.user_id))
        # A deploy key has a level as well; it is not what its holder may do.
        if entry.group_id is not None:
            return Access(f"group {title or entry.group_id}")
        if entry.deploy_key_id is not None:
            return Access(f"deploy key {title or entry.deploy_key_id}")
        if entry.member_role_id is not None:
            return Access(title or f"role {entry.member_role_id}")
        level = LEVELS.get(entry.access_level) if entry.access_level is not None else None
        return Access(title or f"access level {entry.access_level}", level)

    def _username(self, number: int) -> str | None:
        """Return a user's name, looked up once for all threads; None where there is no such user any more.

        Raises:
            SupopsError: It can't be looked up.
        """
        with self._lock:
            if number not in self._usernames:
                self._usernames[number] = self._look_up(number)
            found = self._usernames[number]
        if isinstance(found, Unauthorized):
            raise found
        if isinstance(found, SupopsError):
            # Not as what it is: that a user is refused says nothing about the project.
            raise SupopsError(found.message)
        return found

    def _look_up(self, number: int) -> str | SupopsError | None:
        purpose = "look up who may change protected branches"
        try:
            return self._gitlab.get(f"/users/{number}", User, purpose=purpose).username
        except NotFound:
            return None
        except SupopsError as error:
            return error

    def _approvals(self, project: Project) -> Approvals:
        purpose = "show the approval settings"
        path = f"/projects/{project.id}"
        try:
            new = self._gitlab.get(f"{path}/merge_request_approval_setting", _Settings, purpose=purpose)
        except (NotFound, Forbidden):
            old = self._gitlab.get(f"{path}/approvals", _Configuration, purpose=purpose)
            return Approvals(
                _not(old.merge_requests_author_approval),
                old.merge_requests_disable_committers_approval,
                old.disable_overriding_approvers_per_merge_request,
                old.reset_approvals_on_push,
            )
        return Approvals(
            _not(new.allow_author_approval.value),
            _not(new.allow_committer_approval.value),
            _not(new.allow_overrides_to_approver_list_per_merge_request.value),
            _not(new.retain_approvals_on_push.value),
        )

    def _watch(self, count: int) -> None:
        self._watched.close()
        self._left = count
        if count:
            self._task = self._watched.enter_context(self._progress.task("GitLab: settings", item="project"))
            self._task.advance(0, total=count)

    def _examined(self) -> None:
        # All in one: a bar that another thread has put away must not begin again.
        with self._lock:
            self._left -= 1
            if self._task is not None:
                self._task.advance(items=1)
            if self._left == 0:
                self.close()


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
