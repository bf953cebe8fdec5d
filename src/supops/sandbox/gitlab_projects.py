"""The simulated GitLab's groups and projects, their protected branches and approval settings."""

from collections.abc import Iterable
from operator import attrgetter

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_pages import FORBIDDEN, NOT_FOUND, failed, flag, page
from supops.sandbox.gitlab_state import (
    ADMINISTRATOR,
    DEVELOPER,
    GUEST,
    MAINTAINER,
    NO_ONE,
    BranchProtection,
    GitLabGroup,
    GitLabProject,
    Grant,
)
from supops.sandbox.http import Answer, json_answer

TITLES = {
    NO_ONE: "No one",
    DEVELOPER: "Developers + Maintainers",
    MAINTAINER: "Maintainers",
    ADMINISTRATOR: "Administrators",
}
MADE = "2021-05-03T08:00:00.000Z"


def group(context: Context, identity: str) -> Answer:
    """Answer ``GET /groups/:id``."""
    found = context.group(identity)
    return json_answer(200, _group_json(context, found)) if found else failed(404, "404 Group Not Found")


def descendant_groups(context: Context, identity: str) -> Answer:
    """Answer ``GET /groups/:id/descendant_groups``: the subgroups at any depth."""
    found = context.group(identity)
    if found is None:
        return failed(404, "404 Group Not Found")
    below = [one for one in context.state.groups if one.path.startswith(f"{found.path}/")]
    seen = sorted((one for one in below if context.level(one) >= GUEST), key=attrgetter("name"))
    return page(context.request, seen, lambda one: _group_json(context, one))


def subgroups(context: Context, identity: str) -> Answer:
    """Answer ``GET /groups/:id/subgroups``: those directly below."""
    found = context.group(identity)
    if found is None:
        return failed(404, "404 Group Not Found")
    below = [one for one in context.state.groups if one.path.rpartition("/")[0] == found.path]
    return page(context.request, below, lambda one: _group_json(context, one))


def group_projects(context: Context, identity: str) -> Answer:
    """Answer ``GET /groups/:id/projects``, in pages by number: this list knows no other, whatever is asked for."""
    request = context.request
    found = context.group(identity)
    if found is None:
        return failed(404, "404 Group Not Found")
    deep = flag(request, "include_subgroups", default=False)
    chosen = [
        one
        for one in context.state.projects
        if one.path.rpartition("/")[0] == found.path
        or (deep and one.path.startswith(f"{found.path}/"))
        or (flag(request, "with_shared", default=True) and found.path in one.shared_with)
    ]
    chosen = [one for one in chosen if context.level(one) >= GUEST]
    if request.parameter("archived") is not None:
        chosen = [one for one in chosen if one.archived == flag(request, "archived", default=False)]
    search = (request.parameter("search") or "").lower()
    chosen = [one for one in chosen if search in one.name.lower()]
    return page(request, _ordered(context, chosen), lambda one: _project_json(context, one))


def _ordered(context: Context, projects: Iterable[GitLabProject]) -> list[GitLabProject]:
    field = context.request.parameter("order_by") or "created_at"
    key = attrgetter({"name": "name", "path": "path"}.get(field, "id"))
    return sorted(projects, key=key, reverse=context.request.parameter("sort") != "asc")


def project(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id``."""
    return json_answer(200, _project_json(context, found))


def protected_branches(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/protected_branches``."""
    if context.level(found) < DEVELOPER:
        return failed(403, FORBIDDEN)
    search = context.request.parameter("search") or ""
    chosen = [one for one in found.protections if search in one.name]
    return page(context.request, chosen, lambda one: _protection_json(context, found, one))


def approval_setting(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/merge_request_approval_setting``, where True lets people do something."""
    if not context.state.paid_plan:
        return failed(404, NOT_FOUND)
    if context.level(found) < MAINTAINER:
        return failed(403, FORBIDDEN)
    settings = found.approvals
    values = {
        "allow_author_approval": settings.author,
        "allow_committer_approval": settings.committer,
        "allow_overrides_to_approver_list_per_merge_request": settings.overrides,
        "retain_approvals_on_push": settings.retained,
        "selective_code_owner_removals": False,
        "require_password_to_approve": False,
        "require_reauthentication_to_approve": False,
    }
    shown: Json = {
        name: {"value": value, "locked": False, "inherited_from": None} for name, value in values.items()
    }
    return json_answer(200, shown)


def approvals(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/approvals``, where True, but for the author, keeps people from something."""
    if not context.state.paid_plan:
        return failed(404, NOT_FOUND)
    if context.level(found) < MAINTAINER:
        return failed(403, FORBIDDEN)
    settings = found.approvals
    shown: Json = {
        "approvers": [],
        "approver_groups": [],
        "approvals_before_merge": 0,
        "reset_approvals_on_push": not settings.retained,
        "selective_code_owner_removals": False,
        "disable_overriding_approvers_per_merge_request": not settings.overrides,
        "merge_requests_author_approval": settings.author,
        "merge_requests_disable_committers_approval": not settings.committer,
        "require_password_to_approve": False,
        "require_reauthentication_to_approve": False,
    }
    return json_answer(200, shown)


def _protection_json(context: Context, found: GitLabProject, protection: BranchProtection) -> Json:
    number = found.id * 100 + found.protections.index(protection)
    shown: Json = {
        "id": number,
        "name": protection.name,
        "push_access_levels": _grants(context, protection.push, number * 10),
        "merge_access_levels": _grants(context, protection.merge, number * 10 + 5),
        "allow_force_push": False,
        "unprotect_access_levels": [],
        "code_owner_approval_required": False,
    }
    return shown | ({"inherited": protection.inherited} if context.state.paid_plan else {})


def _grants(context: Context, grants: tuple[Grant, ...], first: int) -> list[Json]:
    return [_grant_json(context, grant, first + place) for place, grant in enumerate(grants)]


def _grant_json(context: Context, grant: Grant, number: int) -> Json:
    """Return a grant as it is shown. A deploy key has a level too, that of Maintainers; users and groups have none here."""
    level = MAINTAINER if grant.deploy_key is not None else grant.level
    names = [user.name for user in context.state.users if user.id == grant.user]
    names += [one.name for one in context.state.groups if one.id == grant.group]
    title = grant.title or next(iter(names), "") or TITLES.get(level or 0, "No one")
    shown: Json = {"id": number, "access_level": level, "access_level_description": title}
    if grant.deploy_key is not None:
        shown["deploy_key_id"] = grant.deploy_key
    if context.state.paid_plan:
        shown |= {"user_id": grant.user, "group_id": grant.group}
    return shown


def _group_json(context: Context, found: GitLabGroup) -> Json:
    above = found.path.rpartition("/")[0]
    parents = [one.id for one in context.state.groups if one.path == above]
    return {
        "id": found.id,
        "web_url": f"{context.state.host}/groups/{found.path}",
        "name": found.name,
        "path": found.path.rpartition("/")[2],
        "description": "",
        "visibility": "private",
        "full_name": found.path.replace("/", " / "),
        "full_path": found.path,
        "parent_id": parents[0] if parents else None,
        "created_at": MADE,
        "archived": False,
    }


def _project_json(context: Context, found: GitLabProject) -> Json:
    space, _, last = found.path.rpartition("/")
    groups = [one for one in context.state.groups if one.path == space]
    host = context.state.host
    return {
        "id": found.id,
        "description": None,
        "name": found.name,
        "name_with_namespace": f"{space.replace('/', ' / ')} / {found.name}",
        "path": last,
        "path_with_namespace": found.path,
        "created_at": MADE,
        "default_branch": found.default_branch,
        "web_url": f"{host}/{found.path}",
        "last_activity_at": "2026-10-01T08:00:00.000Z",
        "namespace": {
            "id": groups[0].id if groups else 1,
            "name": groups[0].name if groups else space,
            "path": space.rpartition("/")[2],
            "kind": "group",
            "full_path": space,
            "web_url": f"{host}/groups/{space}",
        },
        "archived": found.archived,
        "empty_repo": found.default_branch is None,
        "visibility": "private",
        "issues_enabled": found.issues_access != "disabled",
        "issues_access_level": found.issues_access,
        "repository_access_level": "enabled",
        "merge_requests_access_level": "enabled",
        "shared_with_groups": [
            {"group_id": one.id, "group_name": one.name, "group_full_path": one.path}
            for one in context.state.groups
            if one.path in found.shared_with
        ],
        "permissions": {"project_access": None, "group_access": {"access_level": context.level(found)}},
    }
