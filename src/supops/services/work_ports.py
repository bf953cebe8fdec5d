"""What the issue flow asks of the outside world. Adapters implement these; tests have one fake for each."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from supops.errors import Conflict
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
from supops.models.work_moves import Values
from supops.models.workflow import Template


class Changed(Conflict):
    """Somebody changed the issue since it was read: nothing was written. Read it again, and decide anew."""


class WorkTracker(Protocol):
    """The issues of the project that the team's work is in. Threads may call it at once.

    Whatever is written is safe to repeat but for `comment`: whoever comments looks first whether the comment is there.

    Attributes:
        project: Path of the project, as it is configured.
    """

    project: str

    def me(self) -> str:
        """Return the username that the credential belongs to.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def issues(
        self, *, state: str = "opened", labels: Sequence[str] = (), changed_since: datetime | None = None
    ) -> tuple[WorkIssue, ...]:
        """List all issues that the credential sees, each once, the oldest first. The list is never short.

        Args:
            state: ``opened``, ``closed`` or ``all``.
            labels: Those that an issue must have, all of them.
            changed_since: Only those that were changed then or later, comments included; None for all.

        Raises:
            NotFound: There is no such project, or the credential does not see it.
            SupopsError: The platform refuses, or can't be reached; a list that breaks off is an error.
        """
        ...

    def issue(self, iid: int) -> WorkIssue:
        """Return an issue as it is now, never from a cache.

        Raises:
            NotFound: There is none, or the credential does not see it (as with confidential ones). The message names the project.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def notes(self, iid: int) -> tuple[WorkNote, ...]:
        """List all comments on an issue, those of the platform included, the oldest first. The list is never short.

        Raises:
            NotFound: As `issue`.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def label_events(self, iid: int) -> tuple[LabelEvent, ...]:
        """List when which label came and went, the oldest first. The list is never short.

        Raises:
            NotFound: As `issue`.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def state_events(self, iid: int) -> tuple[StateEvent, ...]:
        """List when an issue was closed and opened again, the oldest first. The list is never short.

        Raises:
            NotFound: As `issue`.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def iterations(self) -> IterationListing:
        """List the iterations of the project's group and those above it, the earliest first.

        Returns:
            Iterations; or the reason why there are none: the plan has none (lower plans), or the project is in no group.

        Raises:
            SupopsError: The platform refuses for another reason, or can't be reached.
        """
        ...

    def milestones(self) -> tuple[Milestone, ...]:
        """List the active milestones of the project and of the groups above it, the earliest due first, those without a due date last.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def labels(self) -> frozenset[str]:
        """Return the names of all labels of the project and of the groups above it.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def person(self, username: str) -> Person | None:
        """Return a user; None where the platform knows none with this username. Upper and lower case are the same.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def team(self) -> frozenset[str]:
        """Return the usernames of the project's members, inherited ones included, who may label issues (Reporters, or more).

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def update(self, issue: WorkIssue, change: Change) -> WorkIssue:
        """Change an issue, in one request. Right before that it is read: where it is not as it was, nothing is written.

        Args:
            issue: As it was read; its `updated_at` is compared.
            change: What is changed. An empty one writes nothing.

        Returns:
            The issue afterwards.

        Raises:
            Changed: Somebody changed the issue since it was read; the message says what, as far as it shows.
            Forbidden: The credential may not write: the hint names the scope ``api`` and the role.
            NotFound: As `issue`; also where an assignee is not known.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def set_iteration(self, issue: WorkIssue, iteration: Iteration) -> WorkIssue:
        """Put an issue into an iteration; one that is in it already stays, and nothing is written.

        Args:
            issue: As it was read; its `updated_at` is compared, as with `update`.
            iteration: One of `iterations`.

        Returns:
            The issue afterwards.

        Raises:
            Changed: As `update`.
            Rejected: The platform says in its answer that it did not do it, such as for an iteration of another group.
            Forbidden: As `update`.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def comment(self, issue: WorkIssue, body: str) -> WorkNote:
        """Add a comment. It is tried once: whoever calls looks whether it is there before trying again.

        Args:
            issue: On which.
            body: Markdown, whose author has seen to it that it holds no quick action.

        Raises:
            Forbidden: As `update`.
            Rejected: The platform took it for something else than a comment.
            SupopsError: The platform refuses: nothing was posted; or can't be reached: it may have been posted.
        """
        ...


class Wording(Protocol):
    """Writes the texts of comments."""

    def compose(self, kind: Template, values: Values, *, people: Collection[str] = ()) -> str:
        """Return a comment's text, without its mark; nothing in it runs as a quick action.

        Args:
            kind: Of which template.
            values: What it puts in; `text` is Markdown from a file of the team's.
            people: Usernames that `text` may mention; it mentions nobody else.

        Raises:
            ConfigError: The template has mistakes.
        """
        ...

    def mentions(self, text: str) -> tuple[str, ...]:
        """Return the names that a text mentions, of people, groups, or nobody."""
        ...
