"""License requests in GitLab: issues of one project, the time spent on them, and what is answered (source: platforms, G-2)."""

from datetime import UTC, datetime

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.answers import Answer
from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_members import read_team
from supops.adapters.gitlab_pages import read_texts
from supops.errors import Forbidden, NotFound, Rejected
from supops.models.license_requests import RequestIssue, RequestNote
from supops.services.license_ports import RequestTracker


class _Issue(msgspec.Struct):
    iid: int
    title: str
    web_url: str
    state: str
    created_at: datetime
    author: User | None = None
    description: str | None = None
    confidential: bool = False
    labels: list[str] = []


class _Note(msgspec.Struct):
    id: int
    body: str
    system: bool = False
    author: User | None = None


class GitLabRequests(RequestTracker):
    """The issues of one project.

    Args:
        project: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, project: str) -> None:
        self._gitlab = gitlab
        self._name = project
        self._path = f"/projects/{EncodedId(project)}/issues"

    def issue(self, iid: int) -> RequestIssue:
        """See `supops.services.license_ports.RequestTracker`."""
        purpose = f"read issue {iid} of {self._name}"
        try:
            return _issue(self._gitlab.get(f"{self._path}/{iid}", _Issue, purpose=purpose))
        except NotFound as error:
            error.hint = (
                "Check the number and gitlab.licenses_project, and that the token's user is a member there: GitLab hides what one may "
                "not see, confidential issues included."
            )
            raise

    def mentioning(self, text: str, since: datetime) -> tuple[RequestIssue, ...]:
        """See `supops.services.license_ports.RequestTracker`."""
        return self._since(since, {"search": text, "in": "description"})

    def made_by(self, username: str, since: datetime) -> tuple[RequestIssue, ...]:
        """See `supops.services.license_ports.RequestTracker`."""
        return self._since(since, {"author_username": username})

    def _since(self, since: datetime, wanted: dict[str, str]) -> tuple[RequestIssue, ...]:
        query = wanted | {
            "created_after": since.astimezone(UTC).isoformat(),
            "scope": "all",
            "state": "all",
            "order_by": "created_at",
            "sort": "asc",
        }
        purpose = f"look for earlier requests in {self._name}"
        found = read_texts(self._gitlab, self._path, _Issue, purpose=purpose, query=query)
        return tuple({one.iid: _issue(one) for one in found}.values())

    def notes(self, issue: RequestIssue) -> tuple[RequestNote, ...]:
        """See `supops.services.license_ports.RequestTracker`."""
        found = read_texts(
            self._gitlab,
            f"{self._path}/{issue.iid}/notes",
            _Note,
            purpose=f"list the comments on {issue.web_url}",
            query={"order_by": "created_at", "sort": "asc"},
        )
        return tuple({one.id: _note(one) for one in found}.values())

    def me(self) -> str:
        """See `supops.services.license_ports.RequestTracker`."""
        return self._gitlab.me().username

    def team(self) -> frozenset[str]:
        """See `supops.services.license_ports.RequestTracker`."""
        return read_team(self._gitlab, self._name)

    def comment(self, issue: RequestIssue, body: str) -> None:
        """See `supops.services.license_ports.RequestTracker`."""
        purpose = f"comment on {issue.web_url}"
        answer = self._change("POST", f"{self._path}/{issue.iid}/notes", purpose, {"body": body})
        if answer.status == 202:
            raise Rejected(
                f"GitLab took the whole comment on {issue.web_url} for quick actions: there is no comment."
            )

    def spend(self, issue: RequestIssue, duration: str) -> None:
        """See `supops.services.license_ports.RequestTracker`."""
        path = f"{self._path}/{issue.iid}/add_spent_time"
        self._change("POST", path, f"add the time spent on {issue.web_url}", {"duration": duration})

    def finish(self, issue: RequestIssue, label: str) -> RequestIssue:
        """See `supops.services.license_ports.RequestTracker`."""
        purpose = f"close {issue.web_url}"
        body: dict[str, object] = {"add_labels": label}
        if not issue.is_closed:
            body["state_event"] = "close"
        answer = self._change("PUT", f"{self._path}/{issue.iid}", purpose, body)
        return _issue(self._gitlab.decode(answer, _Issue, purpose=purpose))

    def _change(self, method: str, path: str, purpose: str, body: dict[str, object]) -> Answer:
        try:
            return self._gitlab.ask(method, path, purpose=purpose, body=body)
        except Forbidden as error:
            error.hint = (
                "The token needs the scope api, and its user the role of a Reporter or more in the project."
            )
            raise


def _note(one: _Note) -> RequestNote:
    return RequestNote(one.id, one.body, one.author.username if one.author else "", one.system)


def _issue(one: _Issue) -> RequestIssue:
    return RequestIssue(
        one.iid,
        one.title,
        one.description or "",
        one.web_url,
        one.author.username if one.author else "",
        one.created_at if one.created_at.tzinfo else one.created_at.replace(tzinfo=UTC),
        is_closed=one.state == "closed",
        is_confidential=one.confidential,
        labels=tuple(one.labels),
    )
