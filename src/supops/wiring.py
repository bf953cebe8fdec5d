"""The composition root: settings to adapters to services, each made when it is first asked for.

Nothing heavy is imported at the top, so that help needs neither a token nor time.
"""

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from supops.audit_wiring import AuditWiring
from supops.errors import UsageError
from supops.platforms import INSTANCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from supops.license_wiring import LicenseWiring
    from supops.models.bookings import Booking, OtherEvent
    from supops.models.health import Health
    from supops.models.licenses import Issued
    from supops.models.roster import Roster
    from supops.models.secrets import Secret
    from supops.models.subscriptions import Wanted
    from supops.services.comparing import Listing
    from supops.services.monitoring import Place, Watcher
    from supops.services.ports import KeyPlace, Probe
    from supops.services.routing import Router
    from supops.services.webhook_health import Healths
    from supops.webhook_wiring import WebhookWiring
    from supops.work_wiring import WorkWiring

PAYLOAD_VARIABLE = "TRIGGER_PAYLOAD"
SIGNING_KEY = "the signing key for Calendly"


class Wiring(AuditWiring):
    """Makes the adapters and services that commands need, from the settings."""

    @cached_property
    def webhooks(self) -> "WebhookWiring":
        """What receives and processes deliveries."""
        from supops.webhook_wiring import WebhookWiring

        return WebhookWiring(self, partial(self.router, confirm=False, dry_run=False, restore=False))

    @cached_property
    def licenses(self) -> "LicenseWiring":
        """What decides about license requests, signs licenses, and answers."""
        from supops.license_wiring import LicenseWiring

        return LicenseWiring(self, self._embedded, self._earlier_licenses)

    def _earlier_licenses(self) -> "Iterator[Issued]":
        """Yield what was issued in the embedded world before its story begins."""
        import hashlib
        from datetime import UTC, date, datetime, time

        from supops.models.licenses import Issued, Origin
        from supops.sandbox.license_requests import earlier_licenses

        for one in earlier_licenses() if self.options.demo else ():
            starts = date.fromisoformat(one.starts)
            yield Issued(
                0,
                hashlib.sha256(one.email.encode()).hexdigest(),
                *(one.name, one.email, one.plan, one.users),
                *(starts, date.fromisoformat(one.expires)),
                issue="",
                issued_at=datetime.combine(starts, time(9), UTC),
                by=one.by,
                origin=Origin.GENERATED,
            )

    @cached_property
    def work(self) -> "WorkWiring":
        """What works on issues."""
        from supops.work_wiring import WorkWiring

        return WorkWiring(self, self.work_tracker, self.parallel)

    def signing_key(self, variable: str | None) -> "Secret | None":
        """Return the key that deliveries are to be signed with: from the environment variable that is named, or from the settings.

        Raises:
            CredentialError: It is not there.
        """
        from supops.models.secrets import SecretRef

        ref = SecretRef(env=variable) if variable else self.config.settings.calendly.signing_key
        secrets = self.user_secrets if variable else self.secrets
        return secrets.fetch(ref, purpose=SIGNING_KEY) if ref else None

    def new_signing_key(self, file: Path | None) -> "KeyPlace":
        """Return where a new signing key is to be kept: in the file that is named, or where the settings say.

        Raises:
            UsageError: There is no such place.
        """
        from supops.adapters.secrets import NewKey
        from supops.models.secrets import SecretRef

        ref = SecretRef(file=str(file)) if file else self.config.settings.calendly.signing_key
        if ref is None or ref.env is not None:
            raise UsageError(
                "There is no place to keep a new signing key in.",
                hint="Name a file with --signing-key-file, or set calendly.signing_key to {file: PATH} or {keyring: NAME}.",
            )
        return NewKey(self.user_secrets if file else self.secrets, ref, purpose=SIGNING_KEY)

    def expanded(self, text: str) -> str:
        """Put the user's environment variables in place of each ``${NAME}``.

        Raises:
            UsageError: One is not set.
        """
        from supops.config import expanded

        return expanded(text, self.environ)

    def declared_subscriptions(self, file: Path) -> "list[Wanted]":
        """Read the webhook subscriptions that a file declares.

        Raises:
            UsageError: It can't be read, or has mistakes.
        """
        from supops.adapters.subscription_files import read_declared

        return read_declared(self._embedded(file), self.expanded)

    def payload(self, path: Path | None) -> "Booking | OtherEvent":
        """Read a payload: from a file, from standard input for ``-``, or from the file that ``TRIGGER_PAYLOAD`` names.

        Raises:
            UsageError: There is none, or it makes no sense.
        """
        from supops.adapters.calendly_payloads import MAX_BYTES, read_calendly
        from supops.adapters.payload_files import read_payload

        named = str(self._embedded(path)) if path else self.environ.get(PAYLOAD_VARIABLE, "")
        if not named:
            raise UsageError(
                "There is no payload.",
                hint=f"Name its file, - for standard input, or set {PAYLOAD_VARIABLE} to the file's path, as GitLab's trigger does.",
            )
        via = "" if path else f", which {PAYLOAD_VARIABLE} names,"
        return read_payload(named, read_calendly, self.terminal, most=MAX_BYTES, via=via)

    def _embedded(self, path: Path) -> Path:
        """Return where a file is; in the embedded world its own may be named without their folder."""
        if not self.options.demo:
            return path
        from supops.sandbox.files import FOLDER, files

        if str(path) not in files() or path.exists():
            return path
        # Making the settings starts the embedded world, which writes them.
        _ = self.config
        return self.demo_folder / FOLDER / path

    def place(self, key: str, *, tests: bool = False) -> "Place":
        """Return a Zendesk instance, for its webhooks; it is connected when it is asked.

        Raises:
            ConfigError: It is not configured.
        """
        from supops.services.monitoring import Place

        settings = self._zendesk(key)
        if settings is None:
            raise self.config.missing(f"zendesk.{key}")
        return Place(key, settings.title, partial(self.webhook_directory, key, tests=tests))

    def watcher(self, key: str | None) -> "Watcher":
        """Return what looks at the webhooks of one Zendesk instance, or of all that are configured.

        Raises:
            ConfigError: It is not configured; of all, none is.
        """
        keys = [key] if key else [one for one in INSTANCES if self._zendesk(one) is not None]
        if not keys:
            raise self.config.missing(" or ".join(f"zendesk.{one}" for one in INSTANCES))
        for one in () if key else INSTANCES:
            if one not in keys:
                self.terminal.note(f"zendesk.{one} is not configured, and left out")
        return self._watcher(keys)

    def _watcher(self, keys: "list[str]") -> "Watcher":
        from supops.services.monitoring import Watcher

        places = [self.place(key) for key in keys]
        return Watcher(places, self.parallel, self.terminal, self.clock.now)

    def webhook_health(self, window: "timedelta") -> "Healths":
        """Say how the webhooks of every platform are that is configured.

        Raises:
            ConfigError: None is.
        """
        from supops.services.subscribing import Subscriber
        from supops.services.webhook_health import examine_all

        keys = [key for key in INSTANCES if self._zendesk(key) is not None]
        left_out = [f"zendesk.{key}" for key in INSTANCES if key not in keys]
        has_calendly = self.config.settings.calendly.token is not None
        if not has_calendly:
            left_out.append("calendly.token")
        if not keys and not has_calendly:
            raise self.config.missing(" or ".join(left_out))
        for section in left_out:
            self.terminal.note(f"{section} is not configured, and left out")

        def subscriptions() -> "Listing":
            return Subscriber(self.calendly, self.terminal).list_own()

        return examine_all(
            self._watcher(keys), window, subscriptions if has_calendly else None, left_out=left_out
        )

    def test_payload(self, file: Path | None) -> str | None:
        """Read what a test request is to carry; None where no file is named.

        Raises:
            UsageError: It can't be sent.
        """
        from supops.adapters.payload_files import read_text
        from supops.models.zendesk_webhooks import MAX_PAYLOAD_BYTES

        return read_text(str(self._embedded(file)), most=MAX_PAYLOAD_BYTES) if file else None

    def router(self, *, confirm: bool, dry_run: bool, restore: bool) -> "Router":
        """Return what routes bookings into the team calendars."""
        from supops.services.routing import Router

        return Router(
            read_roster=self._read_roster,
            open_calendars=lambda: self.team_calendars,
            missing_calendar=lambda key: self.config.missing(f"calendars.{key}.id"),
            notices=self.terminal,
            now=self.clock.now,
            desk=self.calendly if confirm else None,
            dry_run=dry_run,
            restore=restore,
        )

    def _read_roster(self) -> "Roster":
        return self.roster.read()

    def examine_everything(self) -> "list[Health]":
        """Look at the settings, the roster and every platform that is configured."""
        from supops.services.diagnosing import examine, platform_facts, roster_facts

        settings = examine("settings", self._settings_facts)
        if settings.problem:
            return [settings]
        healths = [settings, examine("roster", lambda: roster_facts(self.roster.read()))]
        for key in INSTANCES:
            configured = self._zendesk(key)
            if configured is not None:
                healths.append(examine(configured.title, partial(self._zendesk_facts, key)))
        if self.config.settings.calendly.token is not None:
            healths.append(examine("Calendly", lambda: platform_facts(self.calendly)))
        if self.config.settings.gitlab.token is not None:
            healths.append(examine("GitLab", lambda: platform_facts(self.gitlab)))
        if self._has_calendars:
            healths += [
                examine(f"calendar {name.name}", partial(self._calendar_facts, name.key))
                for name in self._calendar_names()
            ]
        return [*healths, *self._license_healths()]

    def _license_healths(self) -> "Iterator[Health]":
        """Look at what licenses need, where anything of that is set."""
        from supops.services.diagnosing import examine, ledger_facts, platform_facts, rule_facts

        if not any(name.startswith(("licenses.", "gitlab.licenses_")) for name in self.config.origins):
            return
        settings = self.config.settings
        yield examine("license ledger", lambda: ledger_facts(self.licenses.ledger))
        yield examine("license rules", lambda: rule_facts(self.licenses.rules, self.licenses.zone))
        if settings.licenses.private_key or settings.licenses.public_key:
            yield examine("license keys", lambda: self.licenses.key_facts)
        project = settings.gitlab.licenses_project
        if project:
            from supops.adapters.gitlab_license_project import LicenseProject

            yield examine("license requests", lambda: platform_facts(LicenseProject(self.gitlab, project)))

    @property
    def _has_calendars(self) -> bool:
        settings = self.config.settings
        return bool(
            settings.calendars.backend == "ics" or settings.google.credentials or settings.google.api_endpoint
        )

    def _calendar_facts(self, key: str) -> str:
        from supops.services.diagnosing import platform_facts

        return platform_facts(cast("Probe", self.team_calendars[key]))

    def _settings_facts(self) -> str:
        if self.config.file is None and not self.config.origins:
            raise self.config.missing("settings")
        return self.config.source

    def _zendesk_facts(self, key: str) -> str:
        from supops.adapters.zendesk import ZendeskProbe
        from supops.services.diagnosing import platform_facts

        return platform_facts(ZendeskProbe(self._zendesk_client(key), clock=self.clock))
