"""The simulated GitLab's GraphQL, for what its other API can't do. Unknown fields are errors; what a change refuses is data."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from supops.sandbox import gitlab_planning
from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_graphql_text import Field, GraphQLSyntaxError, operation_of
from supops.sandbox.gitlab_issues import visible_issue
from supops.sandbox.gitlab_pages import moment
from supops.sandbox.gitlab_state import REPORTER, GitLabIssue, GitLabProject
from supops.sandbox.http import Answer, json_answer

UNAVAILABLE = "The resource that you are attempting to access does not exist or you don't have permission to perform this action"
NO_SUCH = "iteration is not one of the groups that the issue's project is in"
ITERATION = re.compile(r"gid://gitlab/Iteration/(?P<id>[0-9]+)")
Resolve = Callable[[Field], object]


class _Problem(Exception):
    """A request that can't be answered; `path` leads to the field, where that was reached at all."""

    def __init__(self, message: str, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = list(path)


def answer(context: Context) -> Answer:
    """Answer ``POST /api/graphql``. Errors come with status 200."""
    if context.request.method != "POST":
        return json_answer(404, {"errors": [{"message": "Not found"}]})
    try:
        asked = json.loads(context.request.body or b"{}")
        text, variables = asked.get("query"), asked.get("variables") or {}
        if not isinstance(text, str) or not text.strip():
            raise _Problem("No query string was present")
        found = operation_of(text, variables)
        known = {"query": _QUERIES, "mutation": _MUTATIONS}[found.kind]
        data: Json = {}
        for field in found.fields:
            if field.name not in known:
                raise _unknown(field.name, found.kind.title())
            data[field.shown] = known[field.name](context, field)
    except GraphQLSyntaxError as error:
        return json_answer(200, {"errors": [{"message": str(error), "locations": []}]})
    except _Problem as problem:
        said: Json = {"message": problem.message, "locations": [{"line": 1, "column": 1}]}
        if not problem.path:
            return json_answer(200, {"errors": [said]})
        errors = [{**said, "path": problem.path}]
        return json_answer(200, {"data": {problem.path[0]: None}, "errors": errors})
    return json_answer(200, {"data": data})


def _unknown(name: str, kind: str) -> _Problem:
    return _Problem(f"Field '{name}' doesn't exist on type '{kind}'")


def _shown(fields: Sequence[Field], kind: str, known: Mapping[str, Resolve]) -> Json:
    """Return the fields that are asked for."""
    if not fields:
        raise _Problem(f"Field must have selections (returns {kind} but has no selections)")
    for field in fields:
        if field.name not in known:
            raise _unknown(field.name, kind)
    return {field.shown: known[field.name](field) for field in fields}


def _current_user(context: Context, field: Field) -> Json:
    user = context.user
    known: dict[str, Resolve] = {
        "id": lambda _: f"gid://gitlab/User/{user.id}",
        "username": lambda _: user.username,
        "name": lambda _: user.name,
    }
    return _shown(field.inner, "CurrentUser", known)


def _set_iteration(context: Context, field: Field) -> Json:
    asked = _input(field, needed=("projectPath", "iid"), optional=("iterationId", "clientMutationId"))
    # Before anything is done: what is asked for must exist.
    _shown_payload(context, field, None, [])
    found = _changeable(context, asked)
    if found is None:
        raise _Problem(UNAVAILABLE, [field.shown])
    issue = found[1]
    errors = _iterate(context, issue, asked.get("iterationId"), field)
    return _shown_payload(context, field, issue, errors)


def _input(field: Field, *, needed: Sequence[str], optional: Sequence[str]) -> Json:
    asked = field.arguments.get("input")
    kind = f"{field.name[0].upper()}{field.name[1:]}Input"
    if not isinstance(asked, dict):
        raise _Problem(f"Field '{field.name}' is missing required arguments: input")
    for name in asked:
        if name not in (*needed, *optional):
            raise _Problem(f"InputObject '{kind}' doesn't accept argument '{name}'")
    for name in needed:
        if not isinstance(asked.get(name), str):
            raise _Problem(
                f"Argument '{name}' on InputObject '{kind}' has an invalid value ({asked.get(name)!r})."
            )
    return asked


def _changeable(context: Context, asked: Json) -> tuple[GitLabProject, GitLabIssue] | None:
    """Return the issue, and its project; None where the user may not change it, with this token, or does not see it."""
    if "api" not in context.token.scopes:
        return None
    project = next((one for one in context.state.projects if one.path == asked["projectPath"]), None)
    if project is None or context.level(project) < REPORTER or project.issues_access == "disabled":
        return None
    issue = visible_issue(context, project, str(asked["iid"]))
    return (project, issue) if issue else None


def _iterate(context: Context, issue: GitLabIssue, wanted: object, field: Field) -> list[str]:
    """Set the iteration, or return what is wrong with it."""
    state = context.state
    number = None
    if wanted is not None:
        match = ITERATION.fullmatch(str(wanted))
        if match is None:
            raise _Problem(f'"{wanted}" does not represent an instance of Iteration')
        number = int(match["id"])
        is_there = gitlab_planning.iteration(state, number, context.now) is not None
        if state.without_iterations or not state.paid_plan:
            raise _Problem(UNAVAILABLE, [field.shown])
        if number == gitlab_planning.FOREIGN_ITERATION:
            return [NO_SUCH]
        if not is_there:
            raise _Problem(UNAVAILABLE, [field.shown])
    if state.iteration_problem:
        return [state.iteration_problem]
    if not state.forgets_iterations and issue.iteration != number:
        issue.iteration = number
        issue.touch(moment(context.now))
    return []


def _shown_payload(context: Context, field: Field, issue: GitLabIssue | None, errors: list[str]) -> Json:
    known: dict[str, Resolve] = {
        "errors": lambda _: errors,
        "clientMutationId": lambda _: None,
        "issue": lambda inner: _issue(context, inner, issue),
    }
    return _shown(field.inner, "IssueSetIterationPayload", known)


def _issue(context: Context, field: Field, issue: GitLabIssue | None) -> Json:
    known: dict[str, Resolve] = {
        "id": lambda _: f"gid://gitlab/Issue/{issue.id}" if issue else None,
        "iid": lambda _: str(issue.iid) if issue else None,
        "title": lambda _: issue.title if issue else None,
        "updatedAt": lambda _: issue.updated_at if issue else None,
        "iteration": lambda inner: _iteration(context, inner, issue),
    }
    return _shown(field.inner, "Issue", known)


def _iteration(context: Context, field: Field, issue: GitLabIssue | None) -> Json | None:
    number = issue.iteration if issue else None
    week = gitlab_planning.iteration(context.state, number or 0, context.now)
    known: dict[str, Resolve] = {
        "id": lambda _: f"gid://gitlab/Iteration/{week.id}" if week else None,
        "title": lambda _: week.title if week else None,
        "startDate": lambda _: week.start.isoformat() if week else None,
        "dueDate": lambda _: week.due.isoformat() if week else None,
    }
    shown = _shown(field.inner, "Iteration", known)
    return shown if week else None


_QUERIES: dict[str, Callable[[Context, Field], Json]] = {"currentUser": _current_user}
_MUTATIONS: dict[str, Callable[[Context, Field], Json]] = {"issueSetIteration": _set_iteration}
