"""What the simulated GitLab knows: users, tokens, groups, projects, issues. Paths and names are as its API shows them."""

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50
NO_ONE, ADMINISTRATOR = 0, 60
# What was saved in JSON: whoever takes it over looks at each part.
Saved = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GitLabUser:
    """A user. Bots of project and group tokens are users too."""

    id: int
    username: str
    name: str
    is_admin: bool = False
    is_bot: bool = False
    state: str = "active"


@dataclass(slots=True)
class AccessToken:
    """An access token. Days count from today, so that the story stays true; the past is negative, or "ago".

    Attributes:
        user: Username that it acts as.
        project: Path of the project that it belongs to; None for none.
        group: Path of the group that it belongs to; None for none.
        level: What it may do in its project or group.
        created_ago: Days since it was made.
        used_ago: Days since it was last used; None for never.
        expires_in: Days until the day on which it no longer works; None for no such day.
        secret: What is sent to use it; empty where nobody in the story uses it.
    """

    id: int
    name: str
    user: str
    scopes: tuple[str, ...] = ("read_api",)
    project: str | None = None
    group: str | None = None
    level: int = MAINTAINER
    created_ago: int = 100
    used_ago: int | None = 1
    expires_in: int | None = 200
    revoked: bool = False
    secret: str = ""


@dataclass(slots=True)
class GitLabGroup:
    """A group. `levels` has what its members may do in it and below, by username."""

    id: int
    path: str
    name: str
    levels: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do something to a protected branch: a level, or one user, group or deploy key, each named by its id."""

    level: int | None = None
    user: int | None = None
    group: int | None = None
    deploy_key: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class BranchProtection:
    """A protected branch, or a pattern of branches."""

    name: str
    merge: tuple[Grant, ...] = (Grant(MAINTAINER),)
    push: tuple[Grant, ...] = (Grant(NO_ONE),)
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalSettings:
    """How merge requests are approved, in the words of ``merge_request_approval_setting``."""

    author: bool = False
    committer: bool = False
    overrides: bool = False
    retained: bool = False


@dataclass(slots=True)
class GitLabProject:
    """A project.

    Attributes:
        path: With its groups.
        default_branch: None for an empty repository.
        levels: What people may do here, by username; stands above what the groups say, so that it can be less.
        shared_with: Paths of groups that it is shared with.
        issues_access: ``enabled``, ``private`` or ``disabled``.
    """

    id: int
    path: str
    name: str
    default_branch: str | None = "main"
    archived: bool = False
    levels: dict[str, int] = field(default_factory=dict)
    shared_with: tuple[str, ...] = ()
    issues_access: str = "enabled"
    protections: tuple[BranchProtection, ...] = ()
    approvals: ApprovalSettings = ApprovalSettings()


@dataclass(slots=True)
class Label:
    """A label. `place` is the path of its project or group."""

    id: int
    name: str
    place: str
    description: str = ""
    color: str = "#428BCA"


@dataclass(slots=True)
class GitLabNote:
    """A comment on an issue; a system note tells of a change."""

    id: int
    author: str
    body: str
    created_at: str
    updated_at: str
    system: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """A label came to an issue, or went: `action` is ``add`` or ``remove``."""

    id: int
    user: str
    label: str
    action: str
    created_at: str


@dataclass(frozen=True, slots=True)
class StateEvent:
    """An issue was closed or opened again: `state` is ``closed`` or ``reopened``."""

    id: int
    user: str
    state: str
    created_at: str


@dataclass(slots=True)
class GitLabIssue:
    """An issue; `description` is the Markdown that is left when its quick actions were carried out.

    Attributes:
        milestone: Id of its milestone; None for none.
        iteration: Id of its iteration; None for none.
        events: How its labels came and went, the oldest first.
        states: When it was closed and opened again, the oldest first; no note tells of that.
        time_spent: In seconds.
    """

    id: int
    iid: int
    project: str
    title: str
    author: str
    created_at: str
    updated_at: str
    description: str | None = None
    state: str = "opened"
    confidential: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    due_date: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None
    notes: list[GitLabNote] = field(default_factory=list)
    weight: int | None = None
    milestone: int | None = None
    iteration: int | None = None
    events: list[LabelEvent] = field(default_factory=list)
    states: list[StateEvent] = field(default_factory=list)
    time_spent: int = 0

    def touch(self, moment: str) -> None:
        """Have it changed at a time, as the API shows times; within one millisecond, at the next."""
        if moment <= self.updated_at:
            after = datetime.fromisoformat(self.updated_at) + timedelta(milliseconds=1)
            moment = after.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.updated_at = moment


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody, or ``all``, was mentioned in an issue or a note, and got a notification."""

    name: str
    project: str
    iid: int


@dataclass(slots=True)
class GitLabState:
    """The simulated GitLab.

    Attributes:
        plan_limit: Requests a minute and user.
        note_limit: Notes a minute and user.
        paid_plan: False for a plan without approval settings, iterations, weights and scoped labels, and with one assignee at most.
        without_iterations: What is answered where there are no iterations, 403 or 404; 0 where there are some.
        iteration_titles: Titles that people gave iterations, by weeks from the current one; others have none.
        iteration_problem: What GraphQL says, as data, in place of setting an iteration; empty for nothing.
        forgets_iterations: Whether GraphQL says that it set an iteration, and does not.
        issues: All, in all projects.
        mentions: Who was notified, since the beginning.
        commands: Quick actions that were carried out, since the beginning.
        next_id: Of whatever is made next.
        host: In the addresses of web pages.
    """

    users: list[GitLabUser] = field(default_factory=list)
    tokens: list[AccessToken] = field(default_factory=list)
    groups: list[GitLabGroup] = field(default_factory=list)
    projects: list[GitLabProject] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    issues: list[GitLabIssue] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    plan_limit: int = 2000
    note_limit: int = 60
    paid_plan: bool = True
    without_iterations: int = 0
    iteration_titles: dict[int, str] = field(default_factory=dict)
    iteration_problem: str = ""
    forgets_iterations: bool = False
    next_id: int = 90_001
    host: str = "https://gitlab.example.com"

    def user(self, username: str) -> GitLabUser:
        """Return the user with a name.

        Raises:
            StopIteration: There is none.
        """
        return next(user for user in self.users if user.username == username)

    def project(self, path: str) -> GitLabProject:
        """Return the project with a path.

        Raises:
            StopIteration: There is none.
        """
        return next(project for project in self.projects if project.path == path)

    def issue(self, project: str, iid: int) -> GitLabIssue:
        """Return an issue.

        Raises:
            StopIteration: There is none.
        """
        return next(issue for issue in self.issues if (issue.project, issue.iid) == (project, iid))

    def new_id(self) -> int:
        """Return an id that nothing has yet."""
        self.next_id += 1
        return self.next_id - 1

    def close_issue(self, project: str, iid: int, *, by: str, at: str) -> None:
        """Close an issue, as somebody does in the browser."""
        issue = self.issue(project, iid)
        self.set_state(issue, is_closed=True, by=by, at=at)
        issue.updated_at = at

    def set_state(self, issue: GitLabIssue, *, is_closed: bool, by: str, at: str) -> None:
        """Close an issue, or open it again; one that is so already stays as it is."""
        if is_closed == (issue.state == "closed"):
            return
        issue.state = "closed" if is_closed else "opened"
        issue.closed_at, issue.closed_by = (at, by) if is_closed else (None, None)
        issue.states.append(StateEvent(self.new_id(), by, "closed" if is_closed else "reopened", at))

    def tick(self, project: str, iid: int, text: str, *, by: str, at: str) -> None:
        """Tick the box of the first task that has a text in its line, in the description or a note, as in the browser.

        Raises:
            ValueError: There is no such task, or it is ticked.
        """
        issue = self.issue(project, iid)
        for holder in (None, *issue.notes):
            body = (issue.description or "") if holder is None else holder.body
            lines = body.split("\n")
            for place, line in enumerate(lines):
                if text in line and line.lstrip().startswith(("- [ ]", "* [ ]")):
                    lines[place] = line.replace("[ ]", "[x]", 1)
                    if holder is None:
                        issue.description = "\n".join(lines)
                    else:
                        holder.body = "\n".join(lines)
                    what = "marked a checklist item as completed"
                    issue.notes.append(GitLabNote(self.new_id(), by, what, at, at, system=True))
                    return
        raise ValueError(f"no open task with {text!r}")

    def saved(self) -> Saved:
        """Return what requests change, as it is kept."""
        return {
            "next_id": self.next_id,
            "labels": [asdict(label) for label in self.labels],
            "issues": [asdict(issue) for issue in self.issues],
            "mentions": [asdict(mention) for mention in self.mentions],
            "commands": list(self.commands),
        }

    def restore(self, saved: Saved) -> None:
        """Take over what was saved.

        Raises:
            KeyError, TypeError: A part is missing, or is another thing.
        """
        self.next_id = int(saved["next_id"])
        self.labels = [Label(**label) for label in saved["labels"]]
        self.issues = [
            GitLabIssue(
                **{
                    **issue,
                    "notes": [GitLabNote(**note) for note in issue["notes"]],
                    "events": [LabelEvent(**event) for event in issue["events"]],
                    "states": [StateEvent(**event) for event in issue.get("states", ())],
                }
            )
            for issue in saved["issues"]
        ]
        self.mentions = [Mention(**mention) for mention in saved["mentions"]]
        self.commands = [str(command) for command in saved["commands"]]
