"""What the services ask of the outside world. Adapters implement these; tests have one fake for each."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from supops.models.agents import AgentListing
from supops.models.health import Contact
from supops.models.roster import Roster


class AgentDirectory(Protocol):
    """The agents of one Zendesk instance."""

    def list_agents(self) -> AgentListing:
        """List every admin and agent.

        Returns:
            The agents, each once, in no particular order. When the list broke off: what was read, and why the rest
            is missing.

        Raises:
            CredentialError: The credential is missing, wrong or not allowed to list users.
            PlatformError: Nothing at all could be read.
        """
        ...


class RosterSource(Protocol):
    """Where the team's roster is kept."""

    def read(self) -> Roster:
        """Read every file of the roster.

        Raises:
            ConfigError: The folder does not exist, or has no YAML file in it.
            SupopsError: A git repository could not be cloned or refreshed.
        """
        ...


class Clock(Protocol):
    """What time it is."""

    def now(self) -> datetime:
        """Return the present time, in UTC and aware of it."""
        ...


class Task(Protocol):
    """A piece of work that takes a while."""

    def advance(self, steps: int = 1, *, items: int = 0, total: int | None = None) -> None:
        """Say that steps (pages) are done, with so many items in them; and the total of steps once it is known."""
        ...


class Progress(Protocol):
    """Someone who watches long work."""

    def task(self, label: str, *, item: str) -> AbstractContextManager[Task]:
        """Begin a piece of work: with what (``Zendesk Global``), and what one of its items is called (``agent``)."""
        ...


class Notices(Protocol):
    """Someone who is told, while a command runs, what matters beside its result."""

    def note(self, message: str) -> None:
        """Tell what is going on, such as a wait for a platform's limit."""
        ...

    def warn(self, message: str) -> None:
        """Tell what the user should act on, although the command goes on."""
        ...

    def detail(self, message: str) -> None:
        """Tell how the work is done, to somebody who asked for that."""
        ...

    def debug(self, message: str) -> None:
        """Tell what only somebody who looks for a fault wants to know."""
        ...


class Probe(Protocol):
    """A platform that can be asked whether it is ready for work."""

    def contact(self) -> Contact:
        """Ask something small that needs the credential.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...
