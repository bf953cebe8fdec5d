"""What conducts audits, from the settings: each audit, what is waived, where runs are stored, where they are filed."""

from datetime import timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import SupopsError
from supops.platforms import INSTANCES, Platforms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from supops.models.agents import Instance
    from supops.models.audits import Audit, RunSummary
    from supops.models.changes import AuditChanges
    from supops.services.audit_ports import RunStore, WaiverBook
    from supops.services.auditing import AuditPlan
    from supops.services.conducting import Conducted, Conductor
    from supops.services.filing import Filer
    from supops.services.ports import Parallel, RosterSource
    from supops.settings import GitLab, ZendeskInstance

AT_ONCE = 8


class AuditWiring(Platforms):
    """Makes what audits need, from the settings.

    Attributes:
        expiring_within: What the command line says in place of ``gitlab.tokens.expiring_within``.
    """

    expiring_within: str | None = None

    def audit_plan(self, key: str) -> "AuditPlan":
        """Return an audit by its key: ``zendesk/global``, ``projects``.

        Raises:
            ConfigError: What it needs is not configured.
        """
        kind, _, instance = key.partition("/")
        if instance:
            return self._agent_plan(instance)
        plans = {
            "projects": self._project_plan,
            "tokens": self._token_plan,
            "calendly": self._member_plan,
            "roster": self._roster_plan,
        }
        return plans[kind]()

    def configured_audits(self) -> "list[str]":
        """Return the keys of all audits that can be run with these settings, in the order of reports."""
        settings = self.config.settings
        keys = [f"zendesk/{key}" for key in INSTANCES if self._zendesk(key) is not None]
        if settings.gitlab.group:
            keys += ["projects", "tokens"]
        if settings.calendly.token:
            keys.append("calendly")
        if settings.roster.path or settings.roster.git:
            keys.append("roster")
        return keys

    def zendesk_audits(self) -> "list[str]":
        """Return the audits of every Zendesk instance that is configured, and say which is not.

        Raises:
            ConfigError: None is.
        """
        configured = [key for key in INSTANCES if self._zendesk(key) is not None]
        if not configured:
            raise self.config.missing(" or ".join(f"zendesk.{key}" for key in INSTANCES))
        for key in INSTANCES:
            if key not in configured:
                self.terminal.warn(f"zendesk.{key} is not configured, and not part of this audit")
        return [f"zendesk/{key}" for key in configured]

    def _agent_plan(self, key: str) -> "AuditPlan":
        from supops.services.agent_audit import agent_plan

        settings = self._zendesk(key)
        if settings is None:
            raise self.config.missing(f"zendesk.{key}")
        return agent_plan(
            _instance(key, settings), directory=lambda: self.agent_directory(key), roster=self.team
        )

    def _project_plan(self) -> "AuditPlan":
        from supops.models.projects import Expected
        from supops.services.project_audit import project_plan

        settings = self._group_settings()
        expected = settings.expected
        return project_plan(
            directory=self.project_directory,
            parallel=self.parallel,
            expected=Expected(
                expected.author_approval,
                expected.committer_approval,
                expected.rule_overrides,
                expected.approvals_on_push,
                expected.merge,
                expected.push,
            ),
            bot_users=settings.bot_users,
        )

    def _token_plan(self) -> "AuditPlan":
        from supops.models.tokens import ZendeskAccess
        from supops.services.token_audit import token_plan
        from supops.setting_types import seconds_of

        settings = self._group_settings()
        instances = ((key, self._zendesk(key)) for key in INSTANCES)
        # Of several credentials, the first that is set is used: the API token only where it is the only one.
        with_api_token = tuple(
            ZendeskAccess(key, one.title)
            for key, one in instances
            if one is not None and one.api_token and not one.oauth and not one.access_token
        )
        return token_plan(
            directory=self.token_directory,
            bot_users=settings.bot_users,
            zendesk=with_api_token,
            within=timedelta(seconds=seconds_of(self.expiring_within or settings.tokens.expiring_within)),
            unused_after=timedelta(seconds=seconds_of(settings.tokens.unused_after)),
            clock=self.clock,
        )

    def _group_settings(self) -> "GitLab":
        settings = self.config.settings.gitlab
        if not settings.group:
            raise self.config.missing("gitlab.group")
        return settings

    def _member_plan(self) -> "AuditPlan":
        from supops.services.member_audit import member_plan

        allowed = self.config.settings.calendly.allowed_members
        return member_plan(directory=self.member_directory, roster=self.team, allowed=allowed)

    def _roster_plan(self) -> "AuditPlan":
        from supops.services.roster_audit import roster_plan

        return roster_plan(roster=self.team)

    def conductor(self, *, saves: bool, files: bool, dry_run: bool, day: "date | None" = None) -> "Conductor":
        """Return what conducts audits.

        Args:
            saves: Whether they are stored.
            files: Whether they are filed as issues.
            dry_run: Whether nothing is filed or stored, but only planned.
            day: The day that decides the quarter; None for today.

        Raises:
            ConfigError: What filing needs is not configured.
        """
        from supops.services.conducting import Conductor

        waivers = None
        if self.config.settings.waivers:
            from supops.services.waiving import waivable_checks

            waivers = partial(self.waiver_book.read, waivable_checks())
        return Conductor(
            clock=self.clock,
            notices=self.terminal,
            parallel=self.parallel,
            store=self.run_store,
            command=self.command_line,
            waivers=waivers,
            configured=self.configured_audits(),
            saves=saves and not dry_run,
            filer=self._filer(dry_run=dry_run, day=day) if files else None,
        )

    def _filer(self, *, dry_run: bool, day: "date | None") -> "Filer":
        import time

        from supops import __version__
        from supops.render.issue_body import IssueBody
        from supops.services.filing import Filer
        from supops.setting_types import seconds_of

        settings = self.config.settings.gitlab.filing
        template = Path(settings.template) if settings.template else None
        return Filer(
            tracker=self.issue_tracker(),
            body=IssueBody(__version__, self.command_line, template, settings.longest_text),
            clock=self.clock,
            notices=self.terminal,
            day=day or self.clock.now().date(),
            day_is_given=day is not None,
            labels=settings.labels,
            assignees=settings.assignees,
            due_after=timedelta(seconds=seconds_of(settings.due_after)) if settings.due_after else None,
            dry_run=dry_run,
            pause=time.sleep,
        )

    def changes_before(self, conducted: "Sequence[Conducted]") -> "list[AuditChanges]":
        """Return what is different from the stored run before each audit that was run now, where there is one."""
        from supops.services.differing import compare

        changes = []
        for one in conducted:
            runs = self._history([one.audit])
            before = [run.id for run in runs if run.id != one.run and run.complete]
            if before and not one.error:
                old = self.run_store.run(before[0])
                changes.append(compare(old.audit, one.audit, old_run=old.id, new_run=one.run))
        return changes

    def report(
        self,
        audits: "Sequence[Audit]",
        *,
        changes: "Sequence[AuditChanges]" = (),
        until: int | None = None,
        version: str | None = None,
        command: str | None = None,
    ) -> str:
        """Return audits as one HTML page.

        Args:
            audits: Which.
            changes: What is different from the runs before.
            until: The last stored run that is part of the history shown; None for the latest.
            version: Of supops, where the audits were made by another one.
            command: How they were run, where that was not now.
        """
        from supops import __version__
        from supops.checks.registry import all_checks
        from supops.render.html import report_html

        return report_html(
            audits,
            history=[run for run in self._history(audits) if until is None or run.id <= until],
            checks=all_checks(),
            changes=changes,
            made_at=self.clock.now(),
            version=version or __version__,
            command=command or self.command_line,
        )

    def _history(self, audits: "Sequence[Audit]") -> "list[RunSummary]":
        """Return the stored runs of audits; none, and a warning, where the store can't be read: the report goes on without."""
        try:
            return [run for audit in audits for run in self.run_store.runs(audit.key)]
        except SupopsError as error:
            self.terminal.warn(f"the runs before are not part of this: {error.message}")
            return []

    @property
    def command_line(self) -> str:
        """How supops was run: the words, and the pipeline's job where it is one."""
        import shlex
        import sys

        job = self.environ.get("CI_JOB_URL")
        words = shlex.join(["supops", *sys.argv[1:]])
        return f"{words} in {job}" if job else words

    @cached_property
    def team(self) -> "RosterSource":
        """The roster, read once however many audits need it."""
        from supops.services.auditing import ReadOnce

        return ReadOnce(lambda: self.roster)

    @cached_property
    def parallel(self) -> "Parallel":
        """Does several things at once."""
        from supops.adapters.parallel import in_parallel

        return partial(in_parallel, limit=AT_ONCE)

    @cached_property
    def run_store(self) -> "RunStore":
        """Where the audits are kept that were run; the embedded world has a store of its own."""
        from supops.adapters.state import RunDatabase

        configured = self.config.settings.state.path
        return RunDatabase(Path(configured) if configured else self.state_folder / "state.db")

    @cached_property
    def waiver_book(self) -> "WaiverBook":
        """The file with the findings that are waived.

        Raises:
            ConfigError: No file is named.
        """
        from supops.adapters.waiver_files import WaiverFile

        if self.config.settings.waivers is None:
            raise self.config.missing("waivers")
        return WaiverFile(Path(self.config.settings.waivers))


def _instance(key: str, settings: "ZendeskInstance") -> "Instance":
    from supops.models.agents import Instance

    return Instance(
        key,
        settings.title,
        settings.roster_key,
        settings.light_agent_role_id,
        settings.admin_role_id,
        frozenset(settings.allowed_admins),
    )
