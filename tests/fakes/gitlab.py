"""Stands in for `supops.adapters.gitlab_issues`, `gitlab_projects` and `gitlab_tokens`: GitLab in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from supops.errors import NotFound, Rejected, SupopsError
from supops.models.issues import Issue, IssueDraft, Note, TrackerFacts
from supops.models.projects import Project, ProjectListing, ProjectState
from supops.models.tokens import Token, TokenKind, TokenListing
from supops.services.audit_ports import IssueTracker, ProjectDirectory, TokenDirectory
from tests.fakes.clock import START

PROJECT = "support-readiness/system-audits"


@dataclass
class Failure:
    """How a call fails, once.

    Attributes:
        acts: Whether what was asked for is done all the same, as where the network breaks before the answer.
    """

    call: str
    error: SupopsError
    acts: bool = False


class FakeTracker(IssueTracker):
    """The issues of one project.

    Args:
        labels: Those that there are; others are made with the first issue that has them.
        people: Usernames that are known.
        enabled: Whether there is an issue tracker.
        start: When the first issue is created; each later one a second later.
    """

    def __init__(
        self,
        *,
        labels: Iterable[str] = (),
        people: Iterable[str] = (),
        enabled: bool = True,
        start: datetime = START,
    ) -> None:
        self.labels = {*labels}
        self.people = {*people}
        self.enabled = enabled
        self.now = start
        self.issues: dict[int, Issue] = {}
        self.created_at: dict[int, datetime] = {}
        self.comments: dict[int, list[Note]] = {}
        self.failures: list[Failure] = []
        self.calls: list[str] = []

    def put(self, issue: Issue, *, created_at: datetime | None = None) -> Issue:
        """Have an issue there, as somebody made it."""
        self.issues[issue.iid] = issue
        self.created_at[issue.iid] = created_at or self.now
        self.comments.setdefault(issue.iid, [])
        return issue

    def facts(self, labels: Sequence[str], assignees: Sequence[str]) -> TrackerFacts:
        self._called("facts")
        if not self.enabled:
            raise Rejected("the issue tracker is disabled")
        return TrackerFacts(
            PROJECT,
            self.now,
            tuple(name for name in labels if name not in self.labels),
            tuple(name for name in assignees if name not in self.people),
        )

    def issues_since(self, moment: datetime) -> tuple[Issue, ...]:
        self._called("issues_since")
        iids = sorted(self.issues, key=lambda iid: (self.created_at[iid], iid))
        return tuple(self.issues[iid] for iid in iids if self.created_at[iid] >= moment)

    def create(self, draft: IssueDraft) -> Issue:
        failure = self._called("create")
        iid = max(self.issues, default=0) + 1
        self.now += timedelta(seconds=1)
        self.labels.update(draft.labels)
        url = f"https://gitlab.example.com/{PROJECT}/-/issues/{iid}"
        made = Issue(
            iid,
            draft.title,
            draft.description,
            url,
            labels=draft.labels,
            assignees=tuple(name for name in draft.assignees if name in self.people),
            due_date=draft.due_date,
        )
        self.put(made)
        _fail(failure)
        return made

    def update(self, issue: Issue, description: str) -> Issue:
        failure = self._called("update")
        self.issues[issue.iid] = replace(self._known(issue), description=description, is_confidential=True)
        _fail(failure)
        return self.issues[issue.iid]

    def notes(self, issue: Issue) -> tuple[Note, ...]:
        self._called("notes")
        return tuple(self.comments[self._known(issue).iid])

    def add_note(self, issue: Issue, body: str) -> None:
        failure = self._called("add_note")
        of = self.comments[self._known(issue).iid]
        of.append(
            Note(1 + max((note.id for notes in self.comments.values() for note in notes), default=0), body)
        )
        _fail(failure)

    def update_note(self, issue: Issue, note: Note, body: str) -> None:
        failure = self._called("update_note")
        of = self.comments[self._known(issue).iid]
        places = [place for place, one in enumerate(of) if one.id == note.id]
        if not places:
            raise NotFound("there is no such comment")
        of[places[0]] = Note(note.id, body)
        _fail(failure)

    def delete_note(self, issue: Issue, note: Note) -> None:
        failure = self._called("delete_note")
        of = self.comments[self._known(issue).iid]
        of[:] = [one for one in of if one.id != note.id]
        _fail(failure)

    def _known(self, issue: Issue) -> Issue:
        if issue.iid not in self.issues:
            raise NotFound("there is no such issue")
        return self.issues[issue.iid]

    def _called(self, call: str) -> Failure | None:
        """Fail now, or return how to fail afterwards."""
        self.calls.append(call)
        failure = next((one for one in self.failures if one.call == call), None)
        if failure is not None:
            self.failures.remove(failure)
            if not failure.acts:
                raise failure.error
        return failure


def _fail(failure: Failure | None) -> None:
    if failure is not None:
        raise failure.error


class FakeProjects(ProjectDirectory):
    """Projects of one group.

    Args:
        states: As they are.
        archived: Paths of the archived ones.
        error: Raised when they are listed.
    """

    def __init__(
        self,
        states: Iterable[ProjectState] = (),
        *,
        archived: Iterable[str] = (),
        error: SupopsError | None = None,
    ) -> None:
        self.states = {state.project.id: state for state in states}
        self.archived = tuple(archived)
        self.error = error

    def list_projects(self) -> ProjectListing:
        if self.error is not None:
            raise self.error
        projects = sorted((state.project for state in self.states.values()), key=lambda one: one.path)
        return ProjectListing(tuple(projects), tuple(sorted(self.archived)))

    def examine(self, project: Project) -> ProjectState:
        known = self.states.get(project.id)
        return known or ProjectState(project, None, missing=("it is gone",))


class FakeTokens(TokenDirectory):
    """Tokens of users, and below one group.

    Args:
        tokens: All active ones.
        hidden: Owners whose tokens are not shown.
        error: Raised when they are listed.
    """

    def __init__(
        self, tokens: Iterable[Token] = (), *, hidden: Iterable[str] = (), error: SupopsError | None = None
    ) -> None:
        self.tokens = tuple(tokens)
        self.hidden = tuple(hidden)
        self.error = error

    def list_tokens(self, usernames: Sequence[str]) -> TokenListing:
        if self.error is not None:
            raise self.error
        wanted = [one for one in self.tokens if one.kind is not TokenKind.PERSONAL or one.owner in usernames]
        shown = tuple(one for one in wanted if one.owner not in self.hidden)
        people = {one.owner for one in self.tokens if one.kind is TokenKind.PERSONAL}
        unseen = [name for name in usernames if name in self.hidden or name not in people]
        unseen += [name for name in self.hidden if name not in people]
        return TokenListing(shown, tuple(f"the tokens of {name} could not be read" for name in unseen))
