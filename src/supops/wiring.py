"""The composition root: settings to adapters to services, each made when it is first asked for.

Nothing heavy is imported at the top, so that help needs neither a token nor time.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import CredentialError, SupopsError, UsageError

if TYPE_CHECKING:
    from supops.adapters.http import HttpClient
    from supops.adapters.secrets import SecretStore
    from supops.config import Config
    from supops.models.agents import Instance
    from supops.models.health import Health
    from supops.render.console import Terminal
    from supops.sandbox.server import Sandbox
    from supops.services.auditing import AuditTarget
    from supops.services.ports import AgentDirectory, Clock, RosterSource
    from supops.settings import ZendeskInstance

INSTANCES = ("global", "us-government")


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options before the group's name."""

    config: Path | None = None
    demo: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: bool = True


class Wiring:
    """Makes what commands need, and puts away what was made.

    Args:
        options: The global options.
        environ: The environment variables.
    """

    def __init__(self, options: GlobalOptions, environ: Mapping[str, str]) -> None:
        self.options = options
        self.environ = environ
        self._opened = ExitStack()

    def close(self) -> None:
        """Put away what was made, last first: tokens are revoked, connections closed, simulated platforms stopped."""
        self._opened.close()

    @cached_property
    def terminal(self) -> "Terminal":
        """Where the command speaks."""
        from supops.render.console import terminal_of_process

        options = self.options
        return terminal_of_process(
            quiet=options.quiet, verbose=options.verbose, debug=options.debug, color=options.color
        )

    @cached_property
    def clock(self) -> "Clock":
        """What time it is."""
        from supops.adapters.clock import SystemClock

        return SystemClock()

    @cached_property
    def config(self) -> "Config":
        """The settings, and where each came from."""
        from supops import config

        if self.options.demo:
            from supops.sandbox.world import demo_settings

            plain = demo_settings(self._sandbox.urls, self.demo_folder / "support-team")
            return config.from_plain(plain, origin="the embedded world")
        return config.load(self.options.config, self.environ)

    @cached_property
    def roster(self) -> "RosterSource":
        """Where the team's roster is kept."""
        from supops.adapters.roster_files import RosterFolder
        from supops.adapters.roster_git import RosterRepository
        from supops.settings import seconds_of

        settings = self.config.settings.roster
        if settings.git:
            return RosterRepository(
                settings.git,
                cache_folder=self.cache_folder,
                max_age=seconds_of(settings.max_age),
                notices=self.terminal,
            )
        if settings.path:
            return RosterFolder(Path(settings.path), cache_folder=self.cache_folder)
        raise self.config.missing("roster.path (or roster.git)")

    @property
    def cache_folder(self) -> Path:
        """Where files are kept that can be made again."""
        import platformdirs

        return platformdirs.user_cache_path("supops", appauthor=False)

    @property
    def demo_folder(self) -> Path:
        """Where the embedded world is kept between commands."""
        import platformdirs

        return platformdirs.user_state_path("supops", appauthor=False) / "demo"

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

    def examine_everything(self) -> "list[Health]":
        """Look at the settings, the roster and every platform that is configured."""
        from supops.services.diagnosing import examine, roster_facts

        settings = examine("settings", self._settings_facts)
        if settings.problem:
            return [settings]
        healths = [settings, examine("roster", lambda: roster_facts(self.roster.read()))]
        for key in INSTANCES:
            configured = self._zendesk(key)
            if configured is not None:
                healths.append(examine(configured.title, partial(self._zendesk_facts, key)))
        return healths

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
            secret = self._secrets.fetch(oauth.client_secret, purpose=f"the OAuth client secret {of}")
            client = account.with_oauth(oauth.client_id, secret, oauth.scope)
            self._opened.callback(client.close)
            return client.http
        if settings.access_token:
            token = self._secrets.fetch(settings.access_token, purpose=f"the access token {of}")
            http = account.with_access_token(token)
        elif settings.api_token:
            token = self._secrets.fetch(settings.api_token.token, purpose=f"the API token {of}")
            http = account.with_api_token(settings.api_token.email, token)
        else:
            raise CredentialError(
                f"{settings.title} has no credential: {section} has neither oauth, nor access_token, nor api_token.",
                hint=f"Add {section}.oauth: a client_id and a client_secret. They are made in Zendesk's Admin Center, under Apps and "
                "integrations, APIs, OAuth clients.",
            )
        self._opened.callback(http.close)
        return http

    @cached_property
    def _sandbox(self) -> "Sandbox":
        """The simulated platforms, started."""
        from supops.sandbox.faults import parse_faults
        from supops.sandbox.people import write_roster
        from supops.sandbox.server import Sandbox
        from supops.sandbox.world import World, WorldError

        try:
            world = World.open(self.demo_folder)
            write_roster(self.demo_folder / "support-team")
            faults = parse_faults(self.environ.get("SUPOPS_DEMO_FAULTS", ""))
        except WorldError as error:
            raise SupopsError(str(error)) from None
        except ValueError as error:
            raise UsageError(f"SUPOPS_DEMO_FAULTS: {error}") from None
        except OSError as error:
            raise SupopsError(
                f"The embedded world can't be kept in {self.demo_folder}: {error.strerror}",
                hint="Set XDG_STATE_HOME to a folder that can be written to.",
            ) from None
        return self._opened.enter_context(Sandbox(world, faults=faults))

    @cached_property
    def _secrets(self) -> "SecretStore":
        from supops.adapters.secrets import SecretStore

        return SecretStore(self.secret_variables)

    @property
    def secret_variables(self) -> Mapping[str, str]:
        """The environment variables that secrets are taken from; those of the real platforms are not seen by the demo."""
        if not self.options.demo:
            return self.environ
        from supops.sandbox.world import DEMO_SECRETS

        return DEMO_SECRETS


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
