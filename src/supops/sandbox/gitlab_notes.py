"""The simulated GitLab's notes: comments on issues."""

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context, user_json
from supops.sandbox.gitlab_issues import body_of, carry_out, notify, visible_issue
from supops.sandbox.gitlab_pages import FORBIDDEN, failed, moment, page
from supops.sandbox.gitlab_state import MAINTAINER, GitLabIssue, GitLabNote, GitLabProject
from supops.sandbox.gitlab_text import carried_out, mentions
from supops.sandbox.http import Answer, json_answer

LONGEST = 1_000_000
NO_NOTE = "404 Note Not Found"


def answer(context: Context, project: GitLabProject, iid: str, inner: tuple[str, ...]) -> Answer:
    """Answer whatever is asked of an issue's notes."""
    issue = visible_issue(context, project, iid)
    if issue is None:
        return failed(404, "404 Not found")
    method = context.request.method
    if not inner:
        if method == "GET":
            return _list(context, issue)
        return _create(context, project, issue) if method == "POST" else failed(405, "405 Method Not Allowed")
    note = next((one for one in issue.notes if str(one.id) == inner[0]), None)
    if note is None:
        return failed(404, NO_NOTE)
    if method == "GET":
        return json_answer(200, _note_json(context, issue, note))
    # Notes of others are edited by Maintainers, and the platform's own by nobody.
    if note.system or (note.author != context.user.username and context.level(project) < MAINTAINER):
        return failed(403, FORBIDDEN)
    if method == "PUT":
        return _update(context, project, issue, note)
    issue.notes.remove(note)
    return Answer(204)


def _list(context: Context, issue: GitLabIssue) -> Answer:
    request = context.request
    wanted = request.parameter("activity_filter") or "all_notes"
    shown = [one for one in issue.notes if wanted == "all_notes" or one.system == (wanted == "only_activity")]
    by_change = request.parameter("order_by") == "updated_at"
    shown.sort(
        key=lambda one: (one.updated_at if by_change else one.created_at, one.id),
        reverse=request.parameter("sort") != "asc",
    )
    return page(request, shown, lambda one: _note_json(context, issue, one))


def _create(context: Context, project: GitLabProject, issue: GitLabIssue) -> Answer:
    asked = body_of(context.request)
    problem = _problem_with(asked)
    if problem:
        return problem
    text, actions = carried_out(str(asked["body"]))
    changes = carry_out(context, project, issue, actions)
    if actions:
        issue.touch(moment(context.now))
    if actions and not text:
        summary = [f"Applied the command {action.name}." for action in actions]
        return json_answer(202, {"commands_changes": changes, "summary": summary})
    now = moment(context.now)
    internal = str(asked.get("internal", False)).lower() == "true"
    note = GitLabNote(context.state.new_id(), context.user.username, text, now, now, internal=internal)
    issue.notes.append(note)
    issue.touch(now)
    notify(context.state, issue, mentions(text))
    return json_answer(201, _note_json(context, issue, note))


def _update(context: Context, project: GitLabProject, issue: GitLabIssue, note: GitLabNote) -> Answer:
    asked = body_of(context.request)
    problem = _problem_with(asked)
    if problem:
        return problem
    before = mentions(note.body)
    text, actions = carried_out(str(asked["body"]))
    carry_out(context, project, issue, actions)
    if not text:
        # Nothing is left of it but what it did.
        issue.notes.remove(note)
        return json_answer(200, _note_json(context, issue, note))
    note.body, note.updated_at = text, moment(context.now)
    notify(context.state, issue, [name for name in mentions(text) if name not in before])
    return json_answer(200, _note_json(context, issue, note))


def _problem_with(asked: Json) -> Answer | None:
    body = str(asked.get("body") or "")
    if "body" not in asked:
        return json_answer(400, {"error": "body is missing"})
    if not body.strip():
        return failed(400, '400 Bad request - Note {:note=>["can\'t be blank"]}')
    if len(body) > LONGEST:
        return failed(
            400, f'400 Bad request - Note {{:note=>["is too long (maximum is {LONGEST} characters)"]}}'
        )
    return None


def _note_json(context: Context, issue: GitLabIssue, note: GitLabNote) -> Json:
    return {
        "id": note.id,
        "type": None,
        "body": note.body,
        "author": user_json(context.state, note.author),
        "created_at": note.created_at,
        "updated_at": note.updated_at,
        "system": note.system,
        "noteable_id": issue.id,
        "noteable_type": "Issue",
        "project_id": context.state.project(issue.project).id,
        "resolvable": False,
        "confidential": note.internal,
        "internal": note.internal,
        "imported": False,
        "noteable_iid": issue.iid,
        "commands_changes": {},
    }
