"""What every command has around it: the terminal, the clock, the settings, the roster, secrets, and the embedded world.

Each is made when it is first asked for, and nothing heavy is imported at the top, so that help needs neither a token nor time.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import ConfigError, SupopsError, UsageError

if TYPE_CHECKING:
    from supops.adapters.secrets import SecretStore
    from supops.config import Config
    from supops.render.console import Terminal
    from supops.sandbox.server import Sandbox
    from supops.services.ports import Clock, RosterSource

# The one setting of the embedded world that can be chosen: what its team calendars are kept in.
BACKEND_VARIABLE = "SUPOPS_CALENDARS__BACKEND"
BACKENDS = ("ics", "google")


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options before the group's name."""

    config: Path | None = None
    demo: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    color: bool = True

    def words(self, *, manner: bool = True) -> list[str]:
        """Return them as they are typed, for another process in whatever folder.

        Args:
            manner: Also those that say how much is told, and in which colours.
        """
        words = ["--config", str(self.config.absolute())] if self.config else []
        words += ["--demo"] if self.demo else []
        told = (
            ("--quiet", self.quiet),
            ("--verbose", self.verbose),
            ("--debug", self.debug),
            ("--no-color", not self.color),
        )
        return words + [word for word, is_given in told if manner and is_given]


class Surroundings:
    """Makes what every command may need, and puts away what was made.

    Args:
        options: The global options.
        environ: The environment variables.
        has_command: Whether this version has the command that words call.
    """

    def __init__(
        self,
        options: GlobalOptions,
        environ: Mapping[str, str],
        *,
        has_command: Callable[[Sequence[str]], bool] = lambda _words: True,
    ) -> None:
        self.options = options
        self.environ = environ
        self.has_command = has_command
        self.opened = ExitStack()

    def close(self) -> None:
        """Put away what was made, last first: tokens are revoked, connections closed, simulated platforms stopped."""
        self.opened.close()

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

            backend = self.environ.get(BACKEND_VARIABLE) or BACKENDS[0]
            if backend not in BACKENDS:
                raise ConfigError(
                    f"{BACKEND_VARIABLE}: calendars.backend should be {' or '.join(BACKENDS)}, and is {backend[:60]!r}."
                )
            plain = demo_settings(self._sandbox.urls, self.demo_folder, backend=backend)
            return config.from_plain(plain, origin="the embedded world")
        return config.load(self.options.config, self.environ)

    @cached_property
    def roster(self) -> "RosterSource":
        """Where the team's roster is kept."""
        from supops.adapters.roster_files import RosterFolder
        from supops.adapters.roster_git import RosterRepository
        from supops.setting_types import seconds_of

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

    @property
    def state_folder(self) -> Path:
        """Where files are kept that can't be made again."""
        return self.demo_folder if self.options.demo else self.demo_folder.parent

    @cached_property
    def _sandbox(self) -> "Sandbox":
        """The simulated platforms, started."""
        from supops.sandbox.breaking import FLAG
        from supops.sandbox.faults import Fault, parse_faults
        from supops.sandbox.files import FOLDER, ISSUES_FOLDER, files, issue_files
        from supops.sandbox.people import write_folder, write_roster
        from supops.sandbox.server import Sandbox
        from supops.sandbox.world import ROSTER_FOLDER, World, WorldError

        try:
            world = World.open(self.demo_folder)
            write_roster(self.demo_folder / ROSTER_FOLDER)
            write_folder(self.demo_folder / FOLDER, files())
            write_folder(self.demo_folder / ISSUES_FOLDER, issue_files())
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
        broken = Fault("expired", "google-calendar", flag=self.demo_folder / FLAG)
        return self.opened.enter_context(Sandbox(world, faults=[*faults, broken]))

    def break_demo_calendars(self, *, broken: bool) -> bool:
        """Break the embedded world's team calendars for all who use them, or mend them. Return False where they were so already.

        Raises:
            SupopsError: Its folder can't be written to.
        """
        from supops.sandbox.breaking import break_calendars, mend_calendars

        try:
            return break_calendars(self.demo_folder) if broken else mend_calendars(self.demo_folder)
        except OSError as error:
            raise SupopsError(
                f"The calendars in {self.demo_folder} can't be {'broken' if broken else 'mended'}: {error.strerror}",
                hint="`supops demo reset` starts the embedded world afresh.",
            ) from None

    @cached_property
    def secrets(self) -> "SecretStore":
        """Where the secrets come from that the settings name."""
        from supops.adapters.secrets import SecretStore

        return SecretStore(self.secret_variables)

    @cached_property
    def user_secrets(self) -> "SecretStore":
        """What the user names on the command line is taken from the user's own variables, in the embedded world as well."""
        from supops.adapters.secrets import SecretStore

        return SecretStore(self.environ)

    @property
    def secret_variables(self) -> Mapping[str, str]:
        """The environment variables that secrets are taken from; those of the real platforms are not seen by the demo."""
        if not self.options.demo:
            return self.environ
        from supops.sandbox.world import DEMO_SECRETS

        return DEMO_SECRETS
