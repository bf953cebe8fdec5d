"""The composition root: settings to adapters to services, each made when it is first asked for.

Nothing heavy is imported at the top, so that help needs neither a token nor time.
"""

from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from supops.errors import CredentialError, UsageError
from supops.surroundings import Surroundings

if TYPE_CHECKING:
    from supops.adapters.calendly import CalendlyDesk
    from supops.adapters.google_account import GoogleAccount
    from supops.adapters.http import HttpClient
    from supops.models.agents import Instance
    from supops.models.bookings import Booking, OtherEvent
    from supops.models.entries import TeamCalendarName
    from supops.models.health import Health
    from supops.models.roster import Roster
    from supops.models.secrets import Secret
    from supops.models.subscriptions import Wanted
    from supops.services.auditing import AuditTarget
    from supops.services.ports import AgentDirectory, KeyPlace, Probe, TeamCalendar
    from supops.services.routing import Router
    from supops.settings import ZendeskInstance

INSTANCES = ("global", "us-government")
PAYLOAD_VARIABLE = "TRIGGER_PAYLOAD"
SIGNING_KEY = "the signing key for Calendly"


class Wiring(Surroundings):
    """Makes the adapters and services that commands need, from the settings."""

    def audit_target(self, key: str) -> "AuditTarget":
        """Return a Zendesk instance to audit.

        Raises:
            ConfigError: It is not configured.
        """
        from supops.services.auditing import AuditTarget

        settings = self._zendesk(key)
        if settings is None:
            raise self.config.missing(f"zendesk.{key}")
        if self.config.settings.waivers:
            self.terminal.warn(
                "this version applies no waivers: every finding is reported, and none is counted as waived"
            )
        return AuditTarget(_instance(key, settings), lambda: self.agent_directory(key))

    def audit_targets(self) -> "list[AuditTarget]":
        """Return every Zendesk instance that is configured, and say which is not.

        Raises:
            ConfigError: None is.
        """
        configured = [key for key in INSTANCES if self._zendesk(key) is not None]
        if not configured:
            raise self.config.missing(" or ".join(f"zendesk.{key}" for key in INSTANCES))
        for key in INSTANCES:
            if key not in configured:
                self.terminal.warn(f"zendesk.{key} is not configured, and not part of this audit")
        return [self.audit_target(key) for key in configured]

    def agent_directory(self, key: str) -> "AgentDirectory":
        """Connect to a Zendesk instance with the first credential that is configured for it.

        Raises:
            CredentialError: None is, or its secret is not where the settings say.
        """
        from supops.adapters.zendesk import ZendeskAgents

        return ZendeskAgents(self._zendesk_client(key), notices=self.terminal, progress=self.terminal)

    @cached_property
    def calendly(self) -> "CalendlyDesk":
        """Calendly, as the token sees it that is configured.

        Raises:
            CredentialError: None is, or it is not where the settings say.
        """
        from supops.adapters.calendly import TOKEN_HINT, CalendlyDesk, calendly_client
        from supops.config import private_ca

        settings = self.config.settings.calendly
        if settings.token is None:
            if self.config.file is None and not self.config.origins:
                raise self.config.missing("calendly.token")
            raise CredentialError("Calendly has no credential: calendly.token is not set.", hint=TOKEN_HINT)
        token = self.secrets.fetch(settings.token, purpose="the access token for Calendly")
        http = calendly_client(settings.url, token, notices=self.terminal, ca=private_ca(self.environ))
        self.opened.callback(http.close)
        return CalendlyDesk(http, notices=self.terminal, clock=self.clock)

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

    @cached_property
    def team_calendars(self) -> "dict[str, TeamCalendar]":
        """The team calendars that are configured, by key; opening them asks nobody.

        Raises:
            ConfigError: Google Calendar has neither credentials nor another address.
            CredentialError: Its credentials are not where the settings say, or make no sense.
        """
        settings = self.config.settings.calendars
        if settings.backend == "ics":
            from supops.adapters.ics_calendar import IcsCalendar

            folder = Path(settings.folder)
            return {name.key: IcsCalendar(name, folder, clock=self.clock) for name in self._calendar_names()}
        from supops.adapters.google_calendar import GoogleTeamCalendar

        return {name.key: GoogleTeamCalendar(name, self._google) for name in self._calendar_names()}

    def _calendar_names(self) -> "list[TeamCalendarName]":
        from supops.models.entries import TeamCalendarName

        settings = self.config.settings.calendars
        is_file = settings.backend == "ics"
        both = {"us-government": settings.us_government, "global": settings.global_}
        return [
            TeamCalendarName(key, one.name, f"{key}.ics" if is_file else one.id or "")
            for key, one in both.items()
            if is_file or one.id
        ]

    @cached_property
    def _google(self) -> "GoogleAccount":
        settings = self.config.settings.google
        if settings.credentials is None and settings.api_endpoint is None:
            raise self.config.missing("google.credentials")
        from supops.adapters.google_account import GoogleAccount
        from supops.config import private_ca

        purpose = "the service account for Google Calendar"
        ref = settings.credentials
        account = GoogleAccount(
            credentials=self.secrets.fetch(ref, purpose=purpose, is_document=True) if ref else None,
            subject=settings.subject,
            endpoint=settings.api_endpoint,
            notices=self.terminal,
            ca=private_ca(self.environ),
        )
        self.opened.callback(account.close)
        return account

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
        if self._has_calendars:
            healths += [
                examine(f"calendar {name.name}", partial(self._calendar_facts, name.key))
                for name in self._calendar_names()
            ]
        return healths

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

    def _zendesk(self, key: str) -> "ZendeskInstance | None":
        zendesk = self.config.settings.zendesk
        return zendesk.global_ if key == "global" else zendesk.us_government

    def _zendesk_client(self, key: str) -> "HttpClient":
        from supops.adapters.zendesk_auth import ZendeskAccount
        from supops.config import private_ca

        settings = self._zendesk(key)
        if settings is None:
            raise self.config.missing(f"zendesk.{key}")
        section = f"zendesk.{key}"
        account = ZendeskAccount(
            title=settings.title,
            setting=section,
            url=settings.url,
            notices=self.terminal,
            ca=private_ca(self.environ),
        )
        of = f"for {settings.title}"
        if settings.oauth:
            oauth = settings.oauth
            secret = self.secrets.fetch(oauth.client_secret, purpose=f"the OAuth client secret {of}")
            client = account.with_oauth(oauth.client_id, secret, oauth.scope)
            self.opened.callback(client.close)
            return client.http
        if settings.access_token:
            token = self.secrets.fetch(settings.access_token, purpose=f"the access token {of}")
            http = account.with_access_token(token)
        elif settings.api_token:
            token = self.secrets.fetch(settings.api_token.token, purpose=f"the API token {of}")
            http = account.with_api_token(settings.api_token.email, token)
        else:
            raise CredentialError(
                f"{settings.title} has no credential: {section} has neither oauth, nor access_token, nor api_token.",
                hint=f"Add {section}.oauth: a client_id and a client_secret. They are made in Zendesk's Admin Center, under Apps and "
                "integrations, APIs, OAuth clients.",
            )
        self.opened.callback(http.close)
        return http


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
