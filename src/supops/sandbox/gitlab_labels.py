"""The simulated GitLab's labels, and how they came to issues and went."""

from collections.abc import Iterable

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context, user_json
from supops.sandbox.gitlab_pages import flag, moment, page
from supops.sandbox.gitlab_state import GitLabIssue, GitLabProject, GitLabState, Label, LabelEvent
from supops.sandbox.http import Answer


def set_labels(
    context: Context,
    project: GitLabProject,
    issue: GitLabIssue,
    names: Iterable[str],
    *,
    only_known: bool = False,
) -> None:
    """Give an issue labels, and remember what came and went. Unknown ones are made, silently.

    Of scoped ones with one key the last is kept, where one of them is new: those that were there together stay so.
    """
    state = context.state
    known = {label.name for label in _labels_of(state, project, with_groups=True)}
    wanted = [
        name for name in dict.fromkeys(names) if name in known or not only_known or name in issue.labels
    ]
    for name in wanted:
        if name not in known and name not in issue.labels:
            state.labels.append(Label(state.new_id(), name, project.path))
    fresh = [name for name in wanted if name not in issue.labels]
    kept = _without_rivals(wanted, fresh) if state.paid_plan else wanted
    at, by = moment(context.now), context.user.username
    gone = [name for name in issue.labels if name not in kept]
    for action, changed in (("remove", gone), ("add", [name for name in kept if name in fresh])):
        issue.events += [LabelEvent(state.new_id(), by, name, action, at) for name in changed]
    issue.labels = sorted(kept, key=str.lower)


def _without_rivals(wanted: list[str], fresh: list[str]) -> list[str]:
    """Leave out scoped labels in whose place another one with their key comes."""
    last = {key: name for name in wanted if (key := _key_of(name))}
    contested = {_key_of(name) for name in fresh} - {""}
    return [name for name in wanted if _key_of(name) not in contested or last[_key_of(name)] == name]


def _key_of(name: str) -> str:
    return name.rpartition("::")[0]


def _labels_of(state: GitLabState, project: GitLabProject, *, with_groups: bool) -> list[Label]:
    return [
        label
        for label in state.labels
        if label.place == project.path or (with_groups and project.path.startswith(f"{label.place}/"))
    ]


def labels(context: Context, project: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/labels``."""
    with_groups = flag(context.request, "include_ancestor_groups", default=True)
    search = (context.request.parameter("search") or "").lower()
    found = [
        label
        for label in _labels_of(context.state, project, with_groups=with_groups)
        if search in label.name.lower()
    ]
    found.sort(key=lambda label: label.name.lower())
    return page(context.request, found, lambda label: _label_json(project, label))


def label_events(context: Context, project: GitLabProject, issue: GitLabIssue) -> Answer:
    """Answer ``GET /projects/:id/issues/:iid/resource_label_events``. Of a label that is gone, nothing is told."""
    known = {label.name: label for label in _labels_of(context.state, project, with_groups=True)}
    return page(context.request, issue.events, lambda one: _event_json(context, issue, one, known))


def _event_json(context: Context, issue: GitLabIssue, event: LabelEvent, known: dict[str, Label]) -> Json:
    label = known.get(event.label)
    shown = {"id": label.id, "name": label.name, "color": label.color, "description": None} if label else None
    return {
        "id": event.id,
        "user": user_json(context.state, event.user),
        "created_at": event.created_at,
        "resource_type": "Issue",
        "resource_id": issue.id,
        "label": shown,
        "action": event.action,
    }


def _label_json(project: GitLabProject, label: Label) -> Json:
    return {
        "id": label.id,
        "name": label.name,
        "description": label.description or None,
        "text_color": "#FFFFFF",
        "color": label.color,
        "subscribed": False,
        "priority": None,
        "is_project_label": label.place == project.path,
    }
