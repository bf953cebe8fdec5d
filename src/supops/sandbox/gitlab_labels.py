"""The simulated GitLab's labels."""

from collections.abc import Iterable

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_pages import flag, page
from supops.sandbox.gitlab_state import GitLabIssue, GitLabProject, GitLabState, Label
from supops.sandbox.http import Answer


def set_labels(
    state: GitLabState,
    project: GitLabProject,
    issue: GitLabIssue,
    names: Iterable[str],
    *,
    only_known: bool = False,
) -> None:
    """Give an issue labels. Unknown ones are made, silently; of scoped ones with one key, the last is kept."""
    known = {label.name for label in _labels_of(state, project, with_groups=True)}
    kept: dict[str, str] = {}
    for name in names:
        if name not in known and only_known:
            continue
        if name not in known:
            state.labels.append(Label(state.new_id(), name, project.path))
            known.add(name)
        scope = name.rpartition("::")[0]
        key = f"{scope}::" if scope else name
        kept.pop(key, None)
        kept[key] = name
    issue.labels = sorted(kept.values(), key=str.lower)


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
