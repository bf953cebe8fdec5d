"""The simulated GitLab's issues and labels."""

import json
import re
from collections.abc import Iterable
from operator import attrgetter
from urllib.parse import parse_qs

from supops.sandbox import gitlab_issue_filters, gitlab_planning
from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context, level_of, user_json
from supops.sandbox.gitlab_labels import label_events, set_labels
from supops.sandbox.gitlab_pages import (
    FORBIDDEN,
    failed,
    keyset_page,
    moment,
    page,
)
from supops.sandbox.gitlab_state import (
    GUEST,
    REPORTER,
    GitLabIssue,
    GitLabNote,
    GitLabProject,
    GitLabState,
    Mention,
    StateEvent,
)
from supops.sandbox.gitlab_text import QuickAction, carried_out, mentions
from supops.sandbox.gitlab_time import seconds_of, spoken, time_stats
from supops.sandbox.http import Answer, Request, json_answer

LONGEST_TITLE = 255
LONGEST_DESCRIPTION = 1_048_576
NO_ISSUE = "404 Not found"


def answer(context: Context, project: GitLabProject, inner: tuple[str, ...]) -> Answer:
    """Answer whatever is asked of a project's issues, and not of their notes."""
    method = context.request.method
    if not inner:
        if method == "GET":
            return _list(context, project)
        return _create(context, project) if method == "POST" else failed(405, "405 Method Not Allowed")
    issue = visible_issue(context, project, inner[0])
    if issue is not None and method == "GET" and inner[1:] == ("resource_label_events",):
        return label_events(context, project, issue)
    if issue is not None and method == "GET" and inner[1:] == ("resource_state_events",):
        return page(context.request, issue.states, lambda one: _state_json(context, issue, one))
    if issue is not None and inner[1:] in (("add_spent_time",), ("time_stats",)):
        return _time_of(context, project, issue, inner[1])
    if issue is None or len(inner) > 1:
        return failed(404, NO_ISSUE)
    if method == "GET":
        return json_answer(200, issue_json(context, issue))
    return _update(context, project, issue) if method == "PUT" else failed(405, "405 Method Not Allowed")


def _time_of(context: Context, project: GitLabProject, issue: GitLabIssue, what: str) -> Answer:
    """Answer ``GET time_stats`` and ``POST add_spent_time``."""
    if what == "time_stats" and context.request.method == "GET":
        return json_answer(200, time_stats(issue.time_spent))
    if what == "time_stats" or context.request.method != "POST":
        return failed(405, "405 Method Not Allowed")
    if context.level(project) < REPORTER:
        return failed(403, FORBIDDEN)
    asked = body_of(context.request)
    if "duration" not in asked:
        return json_answer(400, {"error": "duration is missing"})
    seconds = seconds_of(str(asked["duration"]))
    if seconds is None or issue.time_spent + seconds < 0:
        return failed(400, "400 Bad request - Invalid duration")
    issue.time_spent += seconds
    now = moment(context.now)
    verb = "added" if seconds > 0 else "subtracted"
    tell(context, issue, f"{verb} {spoken(abs(seconds))} of time spent at {now[:10]}")
    issue.touch(now)
    return json_answer(201, time_stats(issue.time_spent))


def visible_issue(context: Context, project: GitLabProject, iid: str) -> GitLabIssue | None:
    """Return an issue; None where there is none that the user may see."""
    found = (one for one in context.state.issues if (one.project, str(one.iid)) == (project.path, iid))
    issue = next(found, None)
    return issue if issue and _sees(context, project, issue) else None


def _sees(context: Context, project: GitLabProject, issue: GitLabIssue) -> bool:
    """Whether the user may see an issue: confidential ones need a Reporter, their author, or somebody assigned."""
    name = context.user.username
    return (
        not issue.confidential
        or context.level(project) >= REPORTER
        or name == issue.author
        or name in issue.assignees
    )


def _list(context: Context, project: GitLabProject) -> Answer:
    request = context.request
    chosen = [one for one in context.state.issues if one.project == project.path]
    try:
        chosen = gitlab_issue_filters.wanted(context, [one for one in chosen if _sees(context, project, one)])
    except ValueError as error:
        return json_answer(400, {"error": str(error)})
    order = request.parameter("order_by") or "created_at"
    if order not in gitlab_issue_filters.ORDERS:
        return json_answer(400, {"error": "order_by does not have a valid value"})
    value = attrgetter(order)
    chosen.sort(key=lambda one: (str(value(one) or ""), one.id), reverse=request.parameter("sort") != "asc")
    paged = keyset_page if request.parameter("pagination") == "keyset" else page
    return paged(request, chosen, lambda one: issue_json(context, one))


def _create(context: Context, project: GitLabProject) -> Answer:
    asked = body_of(context.request)
    if not asked.get("title"):
        return json_answer(400, {"error": "title is missing"})
    problem = _problem_with(asked)
    if problem:
        return problem
    if context.level(project) < REPORTER:
        # What guests may not set is left out, silently.
        asked = {name: asked[name] for name in ("title", "description", "confidential") if name in asked}
    now = moment(context.now)
    iid = max((one.iid for one in context.state.issues if one.project == project.path), default=0) + 1
    issue = GitLabIssue(
        context.state.new_id(), iid, project.path, str(asked["title"]), context.user.username, now, now
    )
    context.state.issues.append(issue)
    _change(context, project, issue, asked)
    return json_answer(201, issue_json(context, issue))


def _update(context: Context, project: GitLabProject, issue: GitLabIssue) -> Answer:
    if context.level(project) < REPORTER and context.user.username != issue.author:
        return failed(403, FORBIDDEN)
    asked = body_of(context.request)
    if not asked:
        return json_answer(400, {"error": "at least one parameter must be provided"})
    problem = _problem_with(asked)
    if problem:
        return problem
    was = issue.description
    _change(context, project, issue, asked)
    issue.touch(moment(context.now))
    if issue.description != was:
        tell(context, issue, "changed the description")
    return json_answer(200, issue_json(context, issue))


def tell(context: Context, issue: GitLabIssue, what: str) -> None:
    """Add a note that tells of a change, as the platform does by itself, in the user's name."""
    now = moment(context.now)
    issue.notes.append(GitLabNote(context.state.new_id(), context.user.username, what, now, now, system=True))


def _problem_with(asked: Json) -> Answer | None:
    title, description = str(asked.get("title") or ""), str(asked.get("description") or "")
    if len(title) > LONGEST_TITLE:
        return failed(400, {"title": [f"is too long (maximum is {LONGEST_TITLE} characters)"]})
    if not re.fullmatch(r"(None|[0-9]*)", str(asked.get("weight"))):
        return json_answer(400, {"error": "weight is invalid"})
    if len(description) > LONGEST_DESCRIPTION:
        return failed(400, {"description": [f"is too long (maximum is {LONGEST_DESCRIPTION} characters)"]})
    return None


def _change(context: Context, project: GitLabProject, issue: GitLabIssue, asked: Json) -> None:
    """Make an issue as it is asked for. What a quick action in the description says, wins."""
    if "title" in asked:
        issue.title = str(asked["title"])
    if "confidential" in asked:
        issue.confidential = str(asked["confidential"]).lower() == "true"
    if "due_date" in asked:
        issue.due_date = str(asked["due_date"] or "") or None
    for name in ("assignee_ids", "assignee_id", "assignee_ids[]"):
        if name in asked:
            _assign(context, issue, _names(asked[name]))
    if "labels" in asked:
        set_labels(context, project, issue, _names(asked["labels"]))
    added, removed = _names(asked.get("add_labels")), _names(asked.get("remove_labels"))
    if added or removed:
        kept = [name for name in issue.labels if name not in removed]
        set_labels(context, project, issue, [*kept, *added])
    _plan(context, issue, asked)
    if asked.get("state_event") in ("close", "reopen"):
        _set_state(context, issue, is_closed=asked["state_event"] == "close")
    if "description" in asked:
        before = mentions(issue.description or "")
        text, actions = carried_out(str(asked["description"] or ""))
        issue.description = text
        carry_out(context, project, issue, actions)
        notify(context.state, issue, [name for name in mentions(text) if name not in before])


def _plan(context: Context, issue: GitLabIssue, asked: Json) -> None:
    """Set milestone and weight. A milestone that the project may not use clears it, and a plan without weights leaves them out."""
    if "milestone_id" in asked:
        text = str(asked["milestone_id"] or "")
        number = int(text) if text.isdecimal() else None
        found = gitlab_planning.milestone(number, context.now, issue.project)
        issue.milestone = found.id if found else None
    if "weight" in asked and context.state.paid_plan:
        text = str(asked["weight"] if asked["weight"] is not None else "")
        issue.weight = int(text) if text.isdecimal() else None


def notify(state: GitLabState, issue: GitLabIssue, names: Iterable[str]) -> None:
    """Remember who was mentioned: users and groups that there are, and ``all``."""
    known = {user.username for user in state.users} | {group.path for group in state.groups} | {"all"}
    state.mentions += [Mention(name, issue.project, issue.iid) for name in names if name in known]


def carry_out(
    context: Context, project: GitLabProject, issue: GitLabIssue, actions: Iterable[QuickAction]
) -> Json:
    """Carry quick actions out, and return what changes. Those that are not simulated are only remembered."""
    changes: Json = {}
    for action in actions:
        context.state.commands.append(f"/{action.name} {action.argument}".rstrip())
        match action.name:
            case "close" | "reopen":
                _set_state(context, issue, is_closed=action.name == "close")
                changes["state_event"] = action.name
            case "confidential":
                issue.confidential = changes["confidential"] = True
            case "label" | "labels":
                names = [word.strip('"') for word in _labels_in(action.argument)]
                set_labels(context, project, issue, [*issue.labels, *names], only_known=True)
                changes["add_label_ids"] = names
            case "assign":
                people = [
                    user for user in context.state.users if f"@{user.username}" in action.argument.split()
                ]
                _assign(context, issue, [str(user.id) for user in people])
                changes["assignee_ids"] = [user.id for user in people]
            case "unlabel":
                gone = {word.strip('"') for word in _labels_in(action.argument)} or {*issue.labels}
                set_labels(context, project, issue, [name for name in issue.labels if name not in gone])
                changes["remove_label_ids"] = sorted(gone)
            case "weight":
                _plan(context, issue, {"weight": action.argument})
                changes["weight"] = issue.weight
            case "iteration":
                _iterate(context, issue, action.argument)
                changes["iteration"] = issue.iteration
            case "title":
                issue.title = action.argument or issue.title
    return changes


def _iterate(context: Context, issue: GitLabIssue, argument: str) -> None:
    """Set the iteration: ``*iteration:123``, or the current one, ``--current``. Another one changes nothing."""
    if context.state.without_iterations or not context.state.paid_plan:
        return
    match = re.search(r"\*iteration:([0-9]+)", argument)
    current = gitlab_planning.current_iteration(context.now)
    number = int(match[1]) if match else current if "--current" in argument else 0
    if gitlab_planning.iteration(context.state, number, context.now):
        issue.iteration = number


def _labels_in(argument: str) -> list[str]:
    return [match[1] or match[2] for match in re.finditer(r'~(?:"([^"]+)"|(\S+))', argument)]


def _set_state(context: Context, issue: GitLabIssue, *, is_closed: bool) -> None:
    context.state.set_state(issue, is_closed=is_closed, by=context.user.username, at=moment(context.now))


def _state_json(context: Context, issue: GitLabIssue, event: StateEvent) -> Json:
    return {
        "id": event.id,
        "user": user_json(context.state, event.user),
        "created_at": event.created_at,
        "resource_type": "Issue",
        "resource_id": issue.id,
        "state": event.state,
    }


def _assign(context: Context, issue: GitLabIssue, ids: list[str]) -> None:
    # Whoever is no member is left out, silently; of several, plans that are free of charge take one.
    project = context.state.project(issue.project)
    people = [
        user.username
        for user in context.state.users
        if str(user.id) in ids and level_of(context.state, user, project) >= GUEST
    ]
    issue.assignees = people if context.state.paid_plan else people[:1]


def body_of(request: Request) -> Json:
    """Return what a request asks for, whether as JSON, as a form, or in the address."""
    asked: Json = dict(request.parameters)
    if not request.body:
        return asked
    if "json" in request.headers.get("content-type", ""):
        sent = json.loads(request.body)
        return asked | (sent if isinstance(sent, dict) else {})
    form = parse_qs(request.body.decode(), keep_blank_values=True)
    return asked | {
        name.removesuffix("[]"): values if name.endswith("[]") else values[-1]
        for name, values in form.items()
    }


def _names(value: object) -> list[str]:
    """Return a list that was sent as such, or as a text with commas."""
    if isinstance(value, list):
        return [str(one).strip() for one in value if str(one).strip()]
    return [name.strip() for name in str(value or "").split(",") if name.strip()]


def issue_json(context: Context, issue: GitLabIssue) -> Json:
    """Return an issue as the API shows it."""
    state = context.state
    project = state.project(issue.project)
    milestone = (
        gitlab_planning.milestone(issue.milestone, context.now, issue.project) if issue.milestone else None
    )
    assignees = [user_json(state, name) for name in issue.assignees]
    return {
        "id": issue.id,
        "iid": issue.iid,
        "project_id": project.id,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "closed_by": user_json(state, issue.closed_by),
        "labels": issue.labels,
        "milestone": gitlab_planning.milestone_json(context, milestone) if milestone else None,
        "assignees": assignees,
        "author": user_json(state, issue.author),
        "type": "ISSUE",
        "assignee": assignees[0] if assignees else None,
        "user_notes_count": sum(not note.system for note in issue.notes),
        "due_date": issue.due_date,
        "confidential": issue.confidential,
        "time_stats": time_stats(issue.time_spent),
        "discussion_locked": None,
        "issue_type": "issue",
        "web_url": f"{state.host}/{issue.project}/-/issues/{issue.iid}",
        "references": {"short": f"#{issue.iid}", "full": f"{issue.project}#{issue.iid}"},
        "severity": "UNKNOWN",
        **(_paid_json(context, issue) if state.paid_plan else {}),
    }


def _paid_json(context: Context, issue: GitLabIssue) -> Json:
    """Return what an issue shows only on a plan that is paid for."""
    week = gitlab_planning.iteration(context.state, issue.iteration or 0, context.now)
    shown: Json = {"weight": issue.weight}
    if not context.state.without_iterations:
        shown["iteration"] = gitlab_planning.week_json(context, week) if week else None
    return shown
