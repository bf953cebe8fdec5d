"""GitLab's issues, in the project that audits are filed in (source: platforms, G-2)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec
from gitlab.utils import EncodedId

from supops.adapters.answers import Answer
from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_pages import read_all
from supops.errors import Forbidden, NotFound, Rejected
from supops.models.issues import Issue, IssueDraft, Note, TrackerFacts
from supops.services.audit_ports import IssueTracker

# A description may have a million characters, and a page of a hundred would be more than is taken of an answer.
TEXTS_PER_PAGE = 20


class _Project(msgspec.Struct):
    id: int
    path_with_namespace: str
    archived: bool = False
    issues_enabled: bool = True
    issues_access_level: str = "enabled"


class _Label(msgspec.Struct):
    name: str


class _Issue(msgspec.Struct):
    iid: int
    title: str
    web_url: str
    state: str
    author: User | None = None
    description: str | None = None
    confidential: bool = False
    labels: list[str] = []
    assignees: list[User] = []
    due_date: date | None = None


class _Note(msgspec.Struct):
    id: int
    body: str
    system: bool = False
    author: User | None = None


class GitLabIssues(IssueTracker):
    """The issues of one project.

    Args:
        project: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, project: str) -> None:
        self._gitlab = gitlab
        self._name = project
        self._path = f"/projects/{EncodedId(project)}"
        self._ids: dict[str, int | None] = {}

    def facts(self, labels: Sequence[str], assignees: Sequence[str]) -> TrackerFacts:
        """See `supops.services.audit_ports.IssueTracker`. Whether people and labels are known is asked only where there are any."""
        purpose = f"look at the project {self._name}"
        try:
            answer = self._gitlab.ask("GET", self._path, purpose=purpose)
        except NotFound as error:
            error.hint = "Check gitlab.audits_project, and that the token's user is a member there: GitLab hides what one may not see."
            raise
        project = self._gitlab.decode(answer, _Project, purpose=purpose)
        self._must_take_issues(project)
        # From now on by its number: it may have been renamed, and only reading follows that.
        self._path = f"/projects/{project.id}"
        known = self._labels() if labels else set()
        return TrackerFacts(
            project.path_with_namespace,
            self._gitlab.now_of(answer),
            tuple(name for name in labels if name not in known),
            tuple(name for name in assignees if self._id_of(name) is None),
        )

    def issues_since(self, moment: datetime) -> tuple[Issue, ...]:
        """See `supops.services.audit_ports.IssueTracker`. By cursor, where GitLab can do that: whatever is added meanwhile shifts nothing."""
        query = {
            "created_after": moment.astimezone(UTC).isoformat(),
            "scope": "all",
            "state": "all",
            "order_by": "created_at",
            "sort": "asc",
            "pagination": "keyset",
        }
        purpose = f"list the issues of {self._name}"
        path = f"{self._path}/issues"
        found = read_all(self._gitlab, path, _Issue, purpose=purpose, query=query, page_size=TEXTS_PER_PAGE)
        return tuple({one.iid: self._issue(one) for one in found}.values())

    def create(self, draft: IssueDraft) -> Issue:
        """See `supops.services.audit_ports.IssueTracker`."""
        purpose = f"create an issue in {self._name}"
        body: dict[str, object] = {
            "title": draft.title,
            "description": draft.description,
            "confidential": True,
            "labels": ",".join(draft.labels),
            "assignee_ids": [number for name in draft.assignees if (number := self._id_of(name)) is not None],
        }
        if draft.due_date is not None:
            body["due_date"] = draft.due_date.isoformat()
        # Before it is created: it is needed to understand the answer.
        self._gitlab.me()
        answer = self._change("POST", f"{self._path}/issues", purpose=purpose, body=body)
        return self._issue(self._gitlab.decode(answer, _Issue, purpose=purpose))

    def update(self, issue: Issue, description: str) -> Issue:
        """See `supops.services.audit_ports.IssueTracker`."""
        purpose = f"update the issue {issue.web_url}"
        body: dict[str, object] = {"description": description, "confidential": True}
        answer = self._change("PUT", f"{self._path}/issues/{issue.iid}", purpose=purpose, body=body)
        return self._issue(self._gitlab.decode(answer, _Issue, purpose=purpose))

    def notes(self, issue: Issue) -> tuple[Note, ...]:
        """See `supops.services.audit_ports.IssueTracker`."""
        found = read_all(
            self._gitlab,
            self._notes_of(issue),
            _Note,
            purpose=f"list the comments on {issue.web_url}",
            query={"order_by": "created_at", "sort": "asc", "activity_filter": "only_comments"},
            page_size=TEXTS_PER_PAGE,
        )
        ours = [one for one in found if not one.system and self._is_me(one.author)]
        return tuple({one.id: Note(one.id, one.body) for one in ours}.values())

    def add_note(self, issue: Issue, body: str) -> None:
        """See `supops.services.audit_ports.IssueTracker`."""
        purpose = f"comment on {issue.web_url}"
        answer = self._change("POST", self._notes_of(issue), purpose=purpose, body={"body": body})
        if answer.status == 202:
            raise Rejected(
                f"GitLab took the whole comment on {issue.web_url} for quick actions: there is no comment."
            )

    def update_note(self, issue: Issue, note: Note, body: str) -> None:
        """See `supops.services.audit_ports.IssueTracker`."""
        path = f"{self._notes_of(issue)}/{note.id}"
        self._change("PUT", path, purpose=f"update a comment on {issue.web_url}", body={"body": body})

    def delete_note(self, issue: Issue, note: Note) -> None:
        """See `supops.services.audit_ports.IssueTracker`."""
        path = f"{self._notes_of(issue)}/{note.id}"
        try:
            self._change("DELETE", path, purpose=f"delete a comment on {issue.web_url}")
        except NotFound:
            self._gitlab.notices.detail(f"a comment on {issue.web_url} was not there any more")

    def _must_take_issues(self, project: _Project) -> None:
        if not project.issues_enabled or project.issues_access_level == "disabled":
            raise Rejected(
                f"The issue tracker of {self._name} is disabled: nothing can be filed there.",
                hint="Switch on issues in the project's settings, under General, Visibility; or set gitlab.audits_project to another project.",
            )
        if project.archived:
            raise Rejected(
                f"The project {self._name} is archived: nothing can be filed there.",
                hint="Unarchive it, or set gitlab.audits_project to another project.",
            )

    def _change(
        self, method: str, path: str, *, purpose: str, body: dict[str, object] | None = None
    ) -> Answer:
        try:
            return self._gitlab.ask(method, path, purpose=purpose, body=body)
        except Forbidden as error:
            error.hint = (
                "The token needs the scope api, and its user the role of a Reporter or more in the project."
            )
            raise

    def _notes_of(self, issue: Issue) -> str:
        return f"{self._path}/issues/{issue.iid}/notes"

    def _labels(self) -> set[str]:
        query = {"include_ancestor_groups": "true", "with_counts": "false"}
        purpose = f"list the labels of {self._name}"
        found = read_all(self._gitlab, f"{self._path}/labels", _Label, purpose=purpose, query=query)
        return {one.name for one in found}

    def _id_of(self, username: str) -> int | None:
        if username not in self._ids:
            self._ids[username] = self._gitlab.user_id(username)
        return self._ids[username]

    def _is_me(self, author: User | None) -> bool:
        return author is not None and author.id == self._gitlab.me().id

    def _issue(self, one: _Issue) -> Issue:
        return Issue(
            one.iid,
            one.title,
            one.description or "",
            one.web_url,
            is_closed=one.state == "closed",
            is_confidential=one.confidential,
            is_ours=self._is_me(one.author),
            labels=tuple(one.labels),
            assignees=tuple(user.username for user in one.assignees),
            due_date=one.due_date,
        )
