"""What works on issues, from the settings: the flow, the issues of the project, what moves, reviews, lints and shows them."""

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.platforms import issue_number

if TYPE_CHECKING:
    from supops.models.workflow import Flow
    from supops.platforms import Platforms
    from supops.render.issue_comments import IssueComments
    from supops.services.ports import Parallel
    from supops.services.work_applying import Applier
    from supops.services.work_linting import Linter
    from supops.services.work_moving import Mover
    from supops.services.work_ports import WorkTracker
    from supops.services.work_reading import Desk
    from supops.services.work_review import Dequeuer, Reviewer
    from supops.services.work_viewing import Viewer

MOST_BYTES = 500_000


class WorkWiring:
    """Makes what the commands about issues need, from the settings.

    Args:
        platforms: Everything else that is configured.
        tracker: Connects to the issues.
        parallel: Does several things at once.
    """

    def __init__(
        self, platforms: "Platforms", tracker: "Callable[[], WorkTracker]", parallel: "Parallel"
    ) -> None:
        self._platforms = platforms
        self._tracker = tracker
        self._parallel = parallel

    @cached_property
    def flow(self) -> "Flow":
        """The issue flow: the built-in one, with what the settings and the file say that they name.

        Raises:
            ConfigError: The file can't be read, or has mistakes.
        """
        from supops.services.flow_checking import check_flow
        from supops.services.flow_default import Switches, Where, default_flow

        settings = self._platforms.config.settings.issues
        flow = default_flow(
            Switches(
                validation=Where(settings.validation),
                bugs_plan=settings.bugs == "planned",
                close_on_completion=settings.completed == "closed",
            )
        )
        if settings.flow is None:
            return flow
        from supops.adapters.flow_files import read_flow

        return read_flow(Path(settings.flow), flow, check_flow)

    @cached_property
    def comments(self) -> "IssueComments":
        """What writes comments."""
        from supops.render.issue_comments import IssueComments

        folder = self._platforms.config.settings.issues.templates
        return IssueComments(Path(folder) if folder else None)

    @cached_property
    def desk(self) -> "Desk":
        """The project's issues and the flow.

        Raises:
            ConfigError: No project is named, or the flow has mistakes.
            CredentialError: GitLab has no credential.
        """
        from supops.services.work_reading import Desk

        # What the flow's file says wrong is said before anybody is asked.
        flow = self.flow
        return Desk(self._tracker(), flow, self._platforms.clock)

    @cached_property
    def mover(self) -> "Mover":
        """What plans moves."""
        from supops.services.work_moving import Mover

        return Mover(self.desk, self.comments)

    def applier(self, *, dry_run: bool) -> "Applier":
        """Return what carries plans out."""
        from supops.services.work_applying import Applier

        return Applier(self.desk, self._platforms.terminal, pause=time.sleep, dry_run=dry_run)

    @cached_property
    def viewer(self) -> "Viewer":
        """What reads issues for people to see."""
        from supops.services.work_viewing import Viewer

        return Viewer(self.desk, self._parallel)

    @cached_property
    def linter(self) -> "Linter":
        """What looks for issues that contradict the flow."""
        from supops.services.work_linting import Linter

        return Linter(self.desk, self._parallel)

    def dequeuer(self, *, dry_run: bool) -> "Dequeuer":
        """Return what moves Queued issues on."""
        from supops.services.work_review import Dequeuer

        return Dequeuer(self.desk, self.mover, self.applier(dry_run=dry_run), self._parallel)

    def reviewer(self, *, dry_run: bool, closes: bool) -> "Reviewer":
        """Return what reviews Blocked issues."""
        from supops.services.work_review import Reviewer

        return Reviewer(self.desk, self.mover, self.applier(dry_run=dry_run), self._parallel, closes)

    def iid(self, text: str) -> int:
        """Return an issue's number from what people call it: ``42``, ``#42``, ``group/project#42``, or its address.

        Raises:
            UsageError: It is none, or one of another project.
        """
        project, setting = self.desk.tracker.project, "gitlab.issues_project"
        return issue_number(text, project, self._platforms.gitlab_addresses, setting)

    def text_of(self, file: Path, what: str) -> str:
        """Read a text that somebody wrote for an issue: a gameplan, a blueprint.

        Raises:
            UsageError: It can't be read, is empty, or is too long.
        """
        from supops.adapters.text_files import read_own_text

        return read_own_text(str(file), what, most=MOST_BYTES)
