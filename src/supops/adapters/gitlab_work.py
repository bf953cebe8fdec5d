"""GitLab's issues as the team's work: iterations, milestones, labels with their history, and changes (source: platforms, G-2 and G-3)."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn, TypeVar

from gitlab.utils import EncodedId

from supops.adapters.answers import Answer
from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_graphql import change as change_by_graphql
from supops.adapters.gitlab_members import MemberShape, read_team
from supops.adapters.gitlab_pages import read_all, read_at_once, read_texts
from supops.adapters.gitlab_work_shapes import (
    EventShape,
    GroupShape,
    IssueShape,
    IterationShape,
    LabelShape,
    MilestoneShape,
    NoteShape,
    ProjectShape,
    StateShape,
    difference,
    events_of,
    issue_of,
    iteration_of,
    milestone_of,
    note_of,
    notes_of,
    states_of,
)
from supops.errors import Conflict, Forbidden, NotFound, PlatformError, RateLimited, Rejected
from supops.models.work import (
    Change,
    Iteration,
    IterationListing,
    LabelEvent,
    Milestone,
    Person,
    StateEvent,
    WorkIssue,
    WorkNote,
)
from supops.services.work_ports import Changed, WorkTracker

WRITE_HINT = (
    "The token needs the scope api, and its user the role of a Reporter (or Planner) or more in the project."
)
PROJECT_HINT = "Check gitlab.issues_project, and that the token's user is a member there: GitLab hides what one may not see."
ISSUE_HINT = (
    "Check the number; a confidential issue is shown to Reporters and above, to its author, and to whom it is assigned; "
    f"an issue that was moved has another number. {PROJECT_HINT}"
)
Event = TypeVar("Event", EventShape, StateShape)
NO_GROUP = "the project is in no group, and only groups have iterations"
NO_ITERATIONS = "GitLab has none for this group: they are in its plans Premium and above"
NOBODY = {"assignee_ids": [0]}
SET_ITERATION = (
    "mutation($project: ID!, $iid: String!, $iteration: IterationID) { issueSetIteration(input: {projectPath: $project, iid: $iid, "
    "iterationId: $iteration}) { errors } }"
)


class GitLabWork(WorkTracker):
    """The issues of one project.

    Args:
        project: Its path.
    """

    def __init__(self, gitlab: GitLabConnection, project: str) -> None:
        self._gitlab = gitlab
        self.project = project
        self._group = project.rpartition("/")[0]
        self._path = f"/projects/{EncodedId(project)}"
        self._users: dict[str, User | None] = {}
        self._lock = threading.Lock()

    def me(self) -> str:
        """See `supops.services.work_ports.WorkTracker`."""
        return self._gitlab.me().username

    def issues(
        self, *, state: str = "opened", labels: Sequence[str] = (), changed_since: datetime | None = None
    ) -> tuple[WorkIssue, ...]:
        """See `supops.services.work_ports.WorkTracker`."""
        query: dict[str, object] = {"scope": "all", "state": state, "order_by": "created_at", "sort": "asc"}
        if labels:
            query["labels"] = ",".join(labels)
        if changed_since is not None:
            query["updated_after"] = changed_since.isoformat()
        try:
            found = read_at_once(
                self._gitlab,
                f"{self._path}/issues",
                IssueShape,
                purpose=f"list the issues of {self.project}",
                query=query,
                changed_at=lambda one: one.updated_at,
            )
        except NotFound as error:
            error.hint = PROJECT_HINT
            raise
        return tuple(issue_of(one) for one in {one.iid: one for one in found}.values())

    def issue(self, iid: int) -> WorkIssue:
        """See `supops.services.work_ports.WorkTracker`."""
        return issue_of(self._read(iid))

    def notes(self, iid: int) -> tuple[WorkNote, ...]:
        """See `supops.services.work_ports.WorkTracker`."""
        purpose = f"list the comments on the issue #{iid} of {self.project}"
        query = {"order_by": "created_at", "sort": "asc"}
        try:
            found = read_texts(self._gitlab, self._notes_of(iid), NoteShape, purpose=purpose, query=query)
        except NotFound as error:
            error.hint = ISSUE_HINT
            raise
        return notes_of(found)

    def label_events(self, iid: int) -> tuple[LabelEvent, ...]:
        """See `supops.services.work_ports.WorkTracker`."""
        return events_of(self._events_of(iid, "label", EventShape))

    def state_events(self, iid: int) -> tuple[StateEvent, ...]:
        """See `supops.services.work_ports.WorkTracker`."""
        return states_of(self._events_of(iid, "state", StateShape))

    def iterations(self) -> IterationListing:
        """See `supops.services.work_ports.WorkTracker`."""
        purpose = f"list the iterations of the group {self._group}"
        query = {"state": "all", "include_ancestors": "true"}
        path = f"/groups/{EncodedId(self._group)}/iterations"
        try:
            found = read_all(self._gitlab, path, IterationShape, purpose=purpose, query=query)
        except (Forbidden, NotFound):
            return IterationListing(unavailable=self._why_no_iterations())
        known = {one.id: one for shape in found if (one := iteration_of(shape))}
        return IterationListing(tuple(sorted(known.values(), key=lambda one: (one.start, one.id))))

    def milestones(self) -> tuple[Milestone, ...]:
        """See `supops.services.work_ports.WorkTracker`."""
        purpose = f"list the milestones of {self.project}"
        query = {"state": "active", "include_ancestors": "true"}
        found = read_all(
            self._gitlab, f"{self._path}/milestones", MilestoneShape, purpose=purpose, query=query
        )
        known = {one.id: milestone_of(one) for one in found}
        return tuple(sorted(known.values(), key=_due_first))

    def labels(self) -> frozenset[str]:
        """See `supops.services.work_ports.WorkTracker`."""
        purpose = f"list the labels of {self.project}"
        query = {"include_ancestor_groups": "true", "with_counts": "false"}
        found = read_all(self._gitlab, f"{self._path}/labels", LabelShape, purpose=purpose, query=query)
        return frozenset(one.name for one in found)

    def person(self, username: str) -> Person | None:
        """See `supops.services.work_ports.WorkTracker`."""
        user = self._user(username)
        if user is None:
            return None
        purpose = f"look up the role of {user.username} in {self.project}"
        try:
            member = self._gitlab.get(f"{self._path}/members/all/{user.id}", MemberShape, purpose=purpose)
        except NotFound:
            return Person(user.username, user.name)
        return Person(user.username, user.name, may_plan=member.may_plan)

    def team(self) -> frozenset[str]:
        """See `supops.services.work_ports.WorkTracker`."""
        return read_team(self._gitlab, self.project)

    def update(self, issue: WorkIssue, change: Change) -> WorkIssue:
        """See `supops.services.work_ports.WorkTracker`. What is already so is not sent; where all of it is, nothing is."""
        shape, now = self._unchanged(issue)
        body = self._body(now, change)
        if not body:
            return now
        purpose = f"change the issue #{issue.iid} of {self.project}"
        # By the project's number: it may have been renamed, and only reading follows that.
        path = f"/projects/{shape.project_id}/issues/{issue.iid}"
        answer = self._write("PUT", path, purpose=purpose, body=body)
        return issue_of(self._gitlab.decode(answer, IssueShape, purpose=purpose))

    def set_iteration(self, issue: WorkIssue, iteration: Iteration) -> WorkIssue:
        """See `supops.services.work_ports.WorkTracker`. Where no answer tells whether that worked, it is looked at, and not sent again."""
        shape, now = self._unchanged(issue)
        if _is_in(now, iteration):
            return now
        purpose = f"put the issue #{issue.iid} of {self.project} into the iteration {iteration.name}"
        variables: dict[str, object] = {
            "project": shape.references.full.rpartition("#")[0] or self.project,
            "iid": str(issue.iid),
            "iteration": f"gid://gitlab/Iteration/{iteration.id}",
        }
        lost: PlatformError | None = None
        try:
            change_by_graphql(
                self._gitlab, SET_ITERATION, variables, name="issueSetIteration", purpose=purpose
            )
        except Forbidden as error:
            error.hint = WRITE_HINT
            raise
        except (Conflict, NotFound, RateLimited, Rejected):
            raise
        except PlatformError as error:
            lost = error
        after = self.issue(issue.iid)
        if _is_in(after, iteration):
            return after
        raise lost or PlatformError(
            f"GitLab was asked to {purpose}, and said that it did; but the issue is not in it.",
            hint="Look at the issue in GitLab, and try again.",
        )

    def comment(self, issue: WorkIssue, body: str) -> WorkNote:
        """See `supops.services.work_ports.WorkTracker`."""
        purpose = f"comment on the issue #{issue.iid} of {self.project}"
        answer = self._write("POST", self._notes_of(issue.iid), purpose=purpose, body={"body": body})
        if answer.status == 202:
            raise Rejected(
                f"GitLab took the whole comment on the issue #{issue.iid} of {self.project} for quick actions: there is no comment."
            )
        return note_of(self._gitlab.decode(answer, NoteShape, purpose=purpose))

    def _read(self, iid: int) -> IssueShape:
        purpose = f"show the issue #{iid} of {self.project}"
        try:
            return self._gitlab.get(f"{self._path}/issues/{iid}", IssueShape, purpose=purpose)
        except NotFound as error:
            error.hint = ISSUE_HINT
            raise

    def _events_of(self, iid: int, what: str, shape: type[Event]) -> list[Event]:
        purpose = f"list the {what} events of the issue #{iid} of {self.project}"
        path = f"{self._path}/issues/{iid}/resource_{what}_events"
        try:
            return read_all(self._gitlab, path, shape, purpose=purpose)
        except NotFound as error:
            error.hint = ISSUE_HINT
            raise

    def _unchanged(self, issue: WorkIssue) -> tuple[IssueShape, WorkIssue]:
        """Read an issue again, which has to be as it was."""
        shape = self._read(issue.iid)
        now = issue_of(shape)
        if now.updated_at != issue.updated_at:
            _changed(issue, now)
        return shape, now

    def _body(self, now: WorkIssue, change: Change) -> dict[str, object]:
        """Return what has to be sent for a change.

        Labels with the scoped key of a new one are taken away by name: lower plans don't do that, and none does it where two were there.
        """
        added = [name for name in dict.fromkeys(change.add_labels) if name not in now.labels]
        keys = {key for name in change.add_labels if (key := name.rpartition("::")[0])}
        removed = [
            name
            for name in now.labels
            if name not in change.add_labels
            and (name in change.remove_labels or name.rpartition("::")[0] in keys)
        ]
        body: dict[str, object] = {}
        if added:
            body["add_labels"] = ",".join(added)
        if removed:
            body["remove_labels"] = ",".join(removed)
        if change.assignees is not None and {*change.assignees} != {*now.assignees}:
            body |= (
                {"assignee_ids": [self._id_of(name) for name in change.assignees]}
                if change.assignees
                else NOBODY
            )
        if change.milestone is not None and (
            now.milestone is None or now.milestone.id != change.milestone.id
        ):
            body["milestone_id"] = change.milestone.id
        if change.weight is not None and change.weight != now.weight:
            body["weight"] = change.weight
        if change.close and not now.is_closed:
            body["state_event"] = "close"
        if change.reopen and now.is_closed:
            body["state_event"] = "reopen"
        return body

    def _write(self, method: str, path: str, *, purpose: str, body: dict[str, object]) -> Answer:
        try:
            return self._gitlab.ask(method, path, purpose=purpose, body=body)
        except Forbidden as error:
            error.hint = WRITE_HINT
            raise
        except NotFound as error:
            error.hint = ISSUE_HINT
            raise

    def _why_no_iterations(self) -> str:
        """Say why the list of iterations was refused. The group itself tells a plan without them from a token that may see nothing.

        Raises:
            SupopsError: The group can't be seen either.
        """
        purpose = f"look at the group {self._group}"
        try:
            self._gitlab.get(f"/groups/{EncodedId(self._group)}", GroupShape, purpose=purpose)
        except NotFound:
            purpose = f"look at the project {self.project}"
            found = self._gitlab.get(self._path, ProjectShape, purpose=purpose)
            if found.namespace.kind == "user":
                return NO_GROUP
            raise
        return NO_ITERATIONS

    def _notes_of(self, iid: int) -> str:
        return f"{self._path}/issues/{iid}/notes"

    def _id_of(self, username: str) -> int:
        user = self._user(username)
        if user is None:
            raise NotFound(f"GitLab knows no user {username}: nobody can be assigned by that name.")
        return user.id

    def _user(self, username: str) -> User | None:
        """Return a user by name, looked up once; None where there is none."""
        key = username.strip().casefold()
        if not key:
            return None
        with self._lock:
            if key not in self._users:
                found = self._gitlab.get(
                    "/users", list[User], purpose=f"look up the user {username}", query={"username": key}
                )
                self._users[key] = next((one for one in found if one.username.casefold() == key), None)
            return self._users[key]


def _changed(before: WorkIssue, now: WorkIssue) -> NoReturn:
    what = ", ".join(difference(before, now)) or "a comment, or something that is not shown"
    raise Changed(
        f"The issue {now.web_url} was changed since it was read ({what}): nothing was written.",
        hint="Look at it, and run the command again: it goes on from how the issue is now.",
    )


def _is_in(issue: WorkIssue, iteration: Iteration) -> bool:
    return issue.iteration is not None and issue.iteration.id == iteration.id


def _due_first(one: Milestone) -> tuple[bool, str, str]:
    return (one.due is None, one.due.isoformat() if one.due else "", one.title)
