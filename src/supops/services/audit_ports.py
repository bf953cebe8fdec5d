"""What audits ask of the outside world, beside agents and roster. Adapters implement these; tests have one fake for each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from supops.errors import SupopsError
from supops.models.audits import Audit, Run, RunSummary
from supops.models.issues import Issue, IssueDraft, Note, TrackerFacts
from supops.models.members import MemberListing
from supops.models.projects import Project, ProjectListing, ProjectState
from supops.models.tokens import TokenListing
from supops.models.waivers import Waiver, WrittenWaiver


class NoSuchRun(SupopsError):
    """The store has no run with this number."""


class ProjectDirectory(Protocol):
    """The projects of one GitLab group."""

    def list_projects(self) -> ProjectListing:
        """List every project of the group and its subgroups, and none that is only shared with them.

        Returns:
            The projects ordered by path.

        Raises:
            NotFound: There is no such group.
            SupopsError: The platform refuses, or can't be reached; a list that breaks off is never returned short.
        """
        ...

    def examine(self, project: Project) -> ProjectState:
        """Read a project's protected branches and approval settings. Threads may call it at once.

        Returns:
            The settings; what the plan or the token does not show is not known, and named as missing.

        Raises:
            Unauthorized: The token is not accepted.
        """
        ...


class TokenDirectory(Protocol):
    """The access tokens below one GitLab group."""

    def list_tokens(self, usernames: Sequence[str]) -> TokenListing:
        """List the active personal tokens of users, and those of the group, its subgroups, and all their projects.

        Returns:
            Tokens, each once; and what could not be read.

        Raises:
            NotFound: There is no such group.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...


class MemberDirectory(Protocol):
    """The Calendly organisation."""

    def list_members(self) -> MemberListing:
        """List everybody with an account in the organisation.

        Raises:
            SupopsError: The scheduler refuses, or can't be reached; a list that breaks off is never returned short.
        """
        ...


class IssueTracker(Protocol):
    """The issues of the project that audits are filed in."""

    def facts(self, labels: Sequence[str], assignees: Sequence[str]) -> TrackerFacts:
        """Look at the project before anything is filed.

        Raises:
            NotFound: There is no such project, or the token does not see it.
            Rejected: Its issue tracker is disabled.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def issues_since(self, moment: datetime) -> tuple[Issue, ...]:
        """List all issues that were created since then, open or closed, the oldest first. The list is never short.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def create(self, draft: IssueDraft) -> Issue:
        """Create a confidential issue. It is tried once: whoever calls looks whether it is there before trying again.

        Raises:
            CredentialError, RateLimited, Rejected, NotFound: The platform refuses: nothing was created.
            PlatformError: Anything else: it may have been created, or not.
        """
        ...

    def update(self, issue: Issue, description: str) -> Issue:
        """Replace an issue's description, and make it confidential where it is not. Nothing else changes.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def notes(self, issue: Issue) -> tuple[Note, ...]:
        """List the comments on an issue that our own user wrote, the oldest first.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def add_note(self, issue: Issue, body: str) -> None:
        """Add a comment. It is tried once, as `create`.

        Raises:
            SupopsError: As `create`.
        """
        ...

    def update_note(self, issue: Issue, note: Note, body: str) -> None:
        """Replace a comment of ours.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def delete_note(self, issue: Issue, note: Note) -> None:
        """Delete a comment of ours; one that is gone already is as good as deleted.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...


class RunStore(Protocol):
    """The audits that were run before."""

    def check(self) -> None:
        """See whether an audit could be stored, before it is run.

        Raises:
            SupopsError: It could not; the message says why.
        """
        ...

    def add(self, audit: Audit, *, command: str, quarter: str | None = None) -> int:
        """Store an audit: whole, or not at all.

        Returns:
            The number of the run.

        Raises:
            SupopsError: It was not stored.
        """
        ...

    def filed(self, run: int, quarter: str) -> None:
        """Take note of the quarter that a stored audit was filed for.

        Raises:
            SupopsError: That was not stored.
        """
        ...

    def runs(self, key: str | None = None, *, limit: int | None = None) -> tuple[RunSummary, ...]:
        """List stored runs, the latest first: of one audit (``zendesk/global``), or of all. No store is as good as an empty one.

        Raises:
            SupopsError: The store can't be read.
        """
        ...

    def run(self, number: int) -> Run:
        """Return a stored run.

        Raises:
            NoSuchRun: There is none with this number.
            SupopsError: The store can't be read.
        """
        ...


class WaiverBook(Protocol):
    """The file that waivers are written down in."""

    def read(self, checks: Sequence[str]) -> tuple[Waiver, ...]:
        """Read all waivers.

        Args:
            checks: The ids that an entry may name.

        Raises:
            ConfigError: The file does not exist, or has a broken entry; all mistakes at once, each with its line.
        """
        ...

    def add(self, waiver: Waiver, *, checks: Sequence[str], replace: bool, dry_run: bool) -> WrittenWaiver:
        """Write a waiver down, and leave the rest of the file as it is, comments and order included. No file is as good as an empty one.

        Args:
            waiver: Which; its file and line are not looked at.
            checks: The ids that an entry may name.
            replace: Whether one for the same check and subject may be changed.
            dry_run: Whether to change nothing.

        Returns:
            The waiver with its file and line.

        Raises:
            ConfigError: The file has a broken entry: it is not changed.
            UsageError: There is one for this check and subject already, and `replace` is False.
            SupopsError: The file can't be written.
        """
        ...
