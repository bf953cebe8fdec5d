"""What licenses need, put together: rules, ledger, keys, requests from files and issues, and what answers those."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import ConfigError, Conflict, SupopsError, UsageError
from supops.license_key_wiring import LicenseKeyWiring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo

    from supops.models.license_requests import Decision, Override, WrittenRequest
    from supops.models.licenses import Generated, Issued, Withdrawn
    from supops.platforms import Platforms
    from supops.services.license_closing import Closer
    from supops.services.license_ports import (
        FormReader,
        Ledger,
        LicenseSigner,
        RequestTracker,
    )
    from supops.services.license_rules import Rules
    from supops.services.licensing import Licenser

# Who runs a pipeline, by GitLab's name.
USER_VARIABLE = "GITLAB_USER_LOGIN"
SUFFIX = ".gitlab-license"


class LicenseWiring(LicenseKeyWiring):
    """Makes what the commands about licenses need, from the settings.

    Args:
        platforms: Everything else that is configured.
        embedded: As `LicenseKeyWiring`.
        earlier: Yields what is in the ledger from the beginning: in the embedded world.
    """

    def __init__(
        self,
        platforms: "Platforms",
        embedded: Callable[[Path], Path],
        earlier: "Callable[[], Iterator[Issued]]",
    ) -> None:
        super().__init__(platforms, embedded)
        self._earlier = earlier

    @cached_property
    def rules(self) -> "Rules":
        """What the organisation decides for itself."""
        from supops.services.license_rules import Rules

        settings = self._settings
        return Rules(
            settings.email_domains, settings.company, settings.staging_contact, settings.orders_contact
        )

    @cached_property
    def zone(self) -> "tzinfo":
        """The organisation's time zone.

        Raises:
            ConfigError: There is none with the name in the settings.
        """
        from zoneinfo import ZoneInfo

        name = self._settings.timezone
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ConfigError(
                f"licenses.timezone: there is no time zone {name[:60]!r} on this machine.",
                hint="Write it as the IANA does: UTC, America/Los_Angeles, Europe/Berlin.",
            ) from None

    @cached_property
    def ledger(self) -> "Ledger":
        """What was issued."""
        from supops.adapters.license_ledger import LicenseDatabase

        configured = self._platforms.config.settings.state.path
        ledger = LicenseDatabase(
            Path(configured) if configured else self._platforms.state_folder / "state.db"
        )
        if self._platforms.options.demo and not ledger.entries():
            for one in self._earlier():
                # Another command may be faster.
                with suppress(Conflict):
                    ledger.add(one, today=one.starts)
        return ledger

    @cached_property
    def licenser(self) -> "Licenser":
        """What decides about requests."""
        from supops.services.licensing import Licenser

        return Licenser(
            self.rules, self.ledger, self._platforms.clock.now, self.zone, self._settings.completed_label
        )

    @cached_property
    def tracker(self) -> "RequestTracker":
        """The requests in GitLab.

        Raises:
            ConfigError: No project is named.
            CredentialError: There is no token for GitLab.
        """
        from supops.adapters.gitlab_license_requests import GitLabRequests

        return GitLabRequests(self._platforms.gitlab, self._project)

    @cached_property
    def forms(self) -> "FormReader":
        """What reads requests from issues."""
        from supops.adapters.license_forms import IssueForms

        return IssueForms(self.zone)

    def number(self, text: str) -> int:
        """Return a request's number from what people call it: ``42``, ``#42``, ``group/project#42``, or its address.

        Raises:
            UsageError: It is none, or one of another project.
        """
        from supops.platforms import issue_named, issue_number

        path, number = issue_named(text)
        if not path:
            return number
        addresses = self._platforms.gitlab_addresses
        return issue_number(text, self._project, addresses, "gitlab.licenses_project")

    @property
    def _project(self) -> str:
        project = self._platforms.config.settings.gitlab.licenses_project
        if not project:
            raise self._platforms.config.missing("gitlab.licenses_project")
        return project

    def decision(self, file: Path | None, iid: int | None, override: "Override | None") -> "Decision":
        """Decide about a request: one in a file, on standard input (``-``), or in an issue.

        Raises:
            UsageError: None is named, or two, or it can't be read.
            SupopsError: The ledger or the tracker can't be read.
        """
        from supops.services.licensing import with_remarks

        if (file is None) == (iid is None):
            raise UsageError(
                "Name one request.",
                hint="It is a YAML or JSON file, - for standard input, or an issue: --issue NUMBER.",
            )
        licenser = self.licenser
        if iid is None:
            return licenser.decide(self._written(file or Path("-")), override=override)
        issue = self.tracker.issue(iid)
        written = self.forms(issue)
        held, remarks = licenser.earlier(written, self.tracker, self.forms, issue=issue)
        return with_remarks(licenser.decide(written, earlier=held, override=override), remarks)

    def _written(self, file: Path) -> "WrittenRequest":
        from supops.adapters.license_requests import read_request

        return read_request(str(self._embedded(file)))

    def license_bytes(self, file: Path) -> bytes:
        """Read a license file, or standard input for ``-``; no more than one byte beyond what a license may have.

        Raises:
            UsageError: It can't be read.
        """
        from supops.adapters.license_file import MOST_BYTES

        named = str(file)
        try:
            with open(0 if named == "-" else self._embedded(file), "rb", closefd=named != "-") as stream:
                return stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UsageError(f"The license {named} can't be read: {error.strerror}") from None

    def target(self, file: Path | None, decision: "Decision", *, force: bool) -> Path:
        """Return where a new license is to be written.

        Args:
            file: The file that is named; None for one in this folder, named after the person and the end date.
            decision: About a request that was understood. What was begun for it may be there.
            force: Whether a file that is there may be replaced.

        Raises:
            UsageError: It is there already, or is no regular file.
            SupopsError: Nothing can be written there.
        """
        import re

        from supops.files import check_place

        request = decision.request
        if request is None:
            raise ValueError("not understood")
        local = re.sub(r"[^a-z0-9]+", "-", request.email.partition("@")[0].lower()).strip("-") or "license"
        path = file or Path(f"{local}-{request.end_date}{SUFFIX}")
        if path.is_dir() or (path.exists() and not path.is_file()):
            raise UsageError(f"{path} is no file that a license could be written to.")
        is_ours = decision.begun is not None and self.has_file(decision.begun, path)
        if not force and not is_ours and (path.exists() or path.is_symlink()):
            raise UsageError(
                f"{path} is there already, and is left as it is.",
                hint="Name another file with --output-file, or add --force to replace it.",
            )
        try:
            check_place(path)
        except OSError as error:
            raise SupopsError(f"{path} can't be written: {error.strerror}") from None
        return path

    def has_file(self, issued: "Issued", path: Path) -> bool:
        """Whether a file is the one of a license in the ledger."""
        from supops.adapters.license_file import MOST_BYTES
        from supops.services.licensing import fingerprint

        try:
            if not path.is_file() or path.is_symlink():
                return False
            with path.open("rb") as stream:
                return fingerprint(stream.read(MOST_BYTES + 1)) == issued.sha256
        except OSError:
            return False

    def write(self, path: Path, text: str, *, force: bool) -> None:
        """Write a license for its owner only. Where the very same is there already, it stays.

        Raises:
            SupopsError: It could not be written.
        """
        from supops.files import remove_copies, write_new_private, write_private

        data = text.encode()
        try:
            try:
                if force:
                    write_private(path, data)
                else:
                    write_new_private(path, data)
            except FileExistsError:
                if path.is_symlink() or path.read_bytes() != data:
                    raise UsageError(f"{path} is there already, and is left as it is.") from None
            if path.read_bytes() != data:
                raise SupopsError(f"{path} does not read back as it was written.", hint="Look at the disk.")
            remove_copies(path, data)
        except OSError as error:
            raise SupopsError(f"{path} can't be written: {error.strerror}") from None

    def generated(
        self, decision: "Decision", signer: "LicenseSigner", target: Path, *, force: bool, dry_run: bool
    ) -> "Generated":
        """Sign a license for an accepted request, and write it to a file; a dry run signs, and keeps nothing.

        Raises:
            SupopsError: It could not be signed, recorded or written; what was begun is finished when it is repeated.
        """
        from dataclasses import replace

        def write(text: str) -> None:
            self.write(target, text, force=force)

        place = str(target.absolute())
        made = self.licenser.generate(
            decision, signer, by=self.user, file=place, write=None if dry_run else write
        )
        return replace(made, file=str(target))

    def withdrawn(self, issued: "Issued", reason: str, *, dry_run: bool) -> "Withdrawn":
        """Withdraw a license, and look for its file.

        Raises:
            SupopsError: It was not noted.
        """
        from supops.models.licenses import Withdrawn

        action = "already" if issued.withdrawn else "planned" if dry_run else "withdrawn"
        after = self.licenser.withdraw(issued, by=self.user, reason=reason, dry_run=dry_run)
        return Withdrawn(after, action, bool(issued.file) and self.has_file(issued, Path(issued.file)))

    @property
    def user(self) -> str:
        """Who runs this: the user of the pipeline, or of the machine."""
        import getpass

        named = self._platforms.environ.get(USER_VARIABLE, "").strip()
        if named:
            return named[:100]
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return "unknown"

    def closer(self, *, dry_run: bool) -> "Closer":
        """Return what answers requests.

        Raises:
            ConfigError: No project is named.
        """
        from supops.render.license_replies import TemplateReplies
        from supops.services.license_closing import Closer

        settings = self._settings
        complete, refuse = settings.complete_template, settings.refuse_template
        return Closer(
            self.licenser,
            self.tracker,
            self.forms,
            TemplateReplies(
                settings.docs_url,
                Path(complete) if complete else None,
                Path(refuse) if refuse else None,
            ),
            self._platforms.terminal,
            dry_run=dry_run,
            pause=time.sleep,
        )

    def spent(self, text: str | None) -> str:
        """Return the time spent: what is named, or what the settings say; empty for none.

        Raises:
            UsageError: It is no such time.
        """
        from supops.services.license_closing import check_duration

        return check_duration(self._settings.spent if text is None else text)
