"""Which issues the simulated GitLab lists."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from supops.sandbox import gitlab_planning
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_pages import moment
from supops.sandbox.gitlab_state import GitLabIssue

# An address or a host is one word, as for PostgreSQL's parser of texts; so `doe` does not find jo.doe@example.com, and `jo` does.
WORD = re.compile(r"[A-Za-z0-9][\w.-]*@[\w-]+(?:\.[\w-]+)+|[A-Za-z0-9][\w-]*(?:\.[\w-]+)+|[^\W_]+")
ORDERS = ("created_at", "updated_at", "title", "due_date")


class _Asked:
    """The parameters, read once for all issues."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.values = dict(context.request.parameters)
        self.several: dict[str, list[str]] = {}
        for name, value in context.request.parameters:
            self.several.setdefault(name, []).append(value)
        self.labels = self._names("labels")
        self.not_labels = self._names("not[labels]")
        times = ("created_after", "created_before", "updated_after", "updated_before")
        self.times = {name: _time(name, self.values[name]) for name in times if name in self.values}
        author = self.values.get("author_id")
        self.author = next((one.username for one in context.state.users if str(one.id) == author), "")

    def _names(self, name: str) -> list[str]:
        """Return a list that was sent with commas, or as several values."""
        sent = [*self.several.get(name, ()), *self.several.get(f"{name}[]", ())]
        return [one for text in sent for one in text.split(",") if one]

    def get(self, name: str) -> str | None:
        """Return the last value of a parameter; None where there is none."""
        return self.values.get(name)


def wanted(context: Context, issues: Iterable[GitLabIssue]) -> list[GitLabIssue]:
    """Return the issues that a request is for.

    Raises:
        ValueError: It makes no sense; the message is what is answered.
    """
    asked = _Asked(context)
    if asked.get("state") not in (None, "all", "opened", "closed"):
        raise ValueError("state does not have a valid value")
    return [
        one
        for one in issues
        if _is_in_state(asked, one)
        and _has_labels(asked, one)
        and _is_of_people(asked, one)
        and _is_planned(asked, one)
        and _is_found(asked, one)
    ]


def _is_in_state(asked: _Asked, issue: GitLabIssue) -> bool:
    iids, times = asked.several.get("iids[]", ()), asked.times
    confidential = asked.get("confidential")
    return (
        asked.get("state") in (None, "all", issue.state)
        and (not iids or str(issue.iid) in iids)
        and issue.created_at >= times.get("created_after", "")
        and issue.created_at <= times.get("created_before", "9")
        and issue.updated_at >= times.get("updated_after", "")
        and issue.updated_at <= times.get("updated_before", "9")
        and (confidential is None or issue.confidential == (confidential == "true"))
    )


def _has_labels(asked: _Asked, issue: GitLabIssue) -> bool:
    match asked.labels:
        case ["None"]:
            has = not issue.labels
        case ["Any"]:
            has = bool(issue.labels)
        case _:
            has = set(asked.labels) <= set(issue.labels)
    return has and not set(asked.not_labels) & set(issue.labels)


def _is_of_people(asked: _Asked, issue: GitLabIssue) -> bool:
    me, scope = asked.context.user.username, asked.get("scope") or "all"
    names = [name.lower() for name in asked.several.get("assignee_username[]", ())]
    if asked.get("assignee_username"):
        names.append(str(asked.get("assignee_username")).lower())
    assigned = {name.lower() for name in issue.assignees}
    author, username = asked.get("author_id"), asked.get("author_username")
    return (
        (author is None or issue.author == asked.author)
        and (username is None or issue.author.lower() == username.lower())
        and set(names) <= assigned
        and (asked.get("assignee_id") != "None" or not assigned)
        and (asked.get("assignee_id") != "Any" or bool(assigned))
        and (scope != "created_by_me" or issue.author == me)
        and (scope != "assigned_to_me" or me in issue.assignees)
    )


def _is_planned(asked: _Asked, issue: GitLabIssue) -> bool:
    title = asked.get("milestone")
    if title is not None:
        found = gitlab_planning.milestone(issue.milestone, asked.context.now, issue.project)
        if not _fits(title, found.title if found else None):
            return False
    number = asked.get("iteration_id")
    return number is None or _fits(number, None if issue.iteration is None else str(issue.iteration))


def _fits(asked: str, value: str | None) -> bool:
    match asked:
        case "None":
            return value is None
        case "Any":
            return value is not None
        case _:
            return value == asked


def _is_found(asked: _Asked, issue: GitLabIssue) -> bool:
    """Whether a word begins with each one that is searched for: GitLab searches the full text, and not for any part of it."""
    search = _words(asked.get("search") or "")
    if not search:
        return True
    places = (asked.get("in") or "title,description").split(",")
    texts = {"title": issue.title, "description": issue.description or ""}
    there = [word for place in places if place in texts for word in _words(texts[place])]
    return all(any(word.startswith(begun) for word in there) for begun in search)


def _words(text: str) -> list[str]:
    return [word.lower() for word in WORD.findall(text)]


def _time(name: str, text: str) -> str:
    """Return a time that was asked for as the API shows it, so that both can be compared."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name} is invalid") from None
    return moment((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
