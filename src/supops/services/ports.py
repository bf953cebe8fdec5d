"""What the services ask of the outside world. Adapters implement these; tests have one fake for each."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from supops.models.agents import AgentListing
    from supops.models.bookings import Booking
    from supops.models.entries import Card, Entry, Record, TeamCalendarName
    from supops.models.health import Contact
    from supops.models.roster import Roster
    from supops.models.secrets import Secret
    from supops.models.subscriptions import Account, Subscription, Wanted

Work = TypeVar("Work")
Done = TypeVar("Done")


class AgentDirectory(Protocol):
    """The agents of one Zendesk instance."""

    def list_agents(self) -> "AgentListing":
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

    def read(self) -> "Roster":
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


class Parallel(Protocol):
    """Does several things at once, but not too many."""

    def __call__(self, work: Callable[[Work], Done], items: Iterable[Work], /) -> Iterator[Done]:
        """Do the work for every item, and yield results as they are ready. The first exception ends it, and is raised here."""
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

    def contact(self) -> "Contact":
        """Ask something small that needs the credential.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...


class EntryConflict(Exception):
    """Somebody else was faster: the entry is already there, or is no longer what was read. Look again, and decide anew."""


class TeamCalendar(Protocol):
    """A calendar that a team reads, with entries that remember the meetings they stand for.

    Attributes:
        name: The calendar.
    """

    name: "TeamCalendarName"

    def find(self, entry_id: str) -> "Entry | None":
        """Look an entry up, removed ones included.

        Raises:
            SupopsError: The calendar refuses, or can't be reached or read.
        """
        ...

    def insert(self, entry_id: str, card: "Card | None", record: "Record") -> None:
        """Put an entry into the calendar.

        Args:
            entry_id: Its id, which nobody else uses.
            card: What it shows; None for one that is removed from the beginning, and only keeps its id from being used.
            record: What it remembers.

        Raises:
            EntryConflict: There is an entry with this id, or there was one that was removed.
            SupopsError: As `find`; also where the calendar does not exist.
        """
        ...

    def update(self, entry: "Entry", card: "Card | None", record: "Record") -> None:
        """Replace all that an entry shows and remembers.

        Args:
            entry: As it was read.
            card: What it shows; None to remove it, or to leave it removed.
            record: What it remembers.

        Raises:
            EntryConflict: It is no longer what was read.
            SupopsError: As `find`.
        """
        ...


class BookingDesk(Protocol):
    """A scheduler that can be asked whether what a payload says is true."""

    def confirm(self, booking: "Booking") -> "Booking":
        """Return how the booking's meeting really is now.

        Raises:
            NotFound: The scheduler knows no such meeting.
            SupopsError: It refuses, or can't be reached.
        """
        ...


class KeyPlace(Protocol):
    """A place to keep one new signing key in.

    Attributes:
        name: Such as ``the file signing-key``.
    """

    name: str

    def check(self) -> None:
        """See whether a new key could be kept there, and keep none.

        Raises:
            UsageError: There is a key already, which may be in use, or nothing can be kept in such a place.
            SupopsError: It could not be written there.
        """
        ...

    def make(self) -> "Secret":
        """Make a key and keep it.

        Raises:
            SupopsError: As `check`.
        """
        ...

    def forget(self) -> None:
        """Take the key back that was made, before anybody has used it."""
        ...


class SubscriptionDesk(Protocol):
    """The scheduler, where it is told which events to send where."""

    def account(self, *, with_role: bool = False) -> "Account":
        """Return who the credential belongs to.

        Args:
            with_role: Whether the role in the organisation is asked for as well.

        Raises:
            SupopsError: The scheduler refuses, or can't be reached.
        """
        ...

    def subscriptions(
        self, account: "Account", scope: str, group: str | None = None
    ) -> "tuple[Subscription, ...]":
        """List every subscription of one scope: the organisation's, the user's own, or a group's.

        Raises:
            Forbidden: The credential may not see those.
            SupopsError: As `account`; a list that breaks off is an error, and is never returned short.
        """
        ...

    def subscription(self, identity: str) -> "Subscription":
        """Return one subscription, by its URI or the last part of that.

        Raises:
            NotFound: There is none.
            SupopsError: As `account`.
        """
        ...

    def create(self, wanted: "Wanted", account: "Account", signing_key: "Secret | None") -> "Subscription":
        """Create a subscription.

        Raises:
            Conflict: There is one with this address.
            CredentialError, RateLimited, Rejected: The scheduler refuses: nothing was created.
            PlatformError: Anything else: it may have been created, or not.
        """
        ...

    def delete(self, subscription: "Subscription") -> None:
        """Delete a subscription. One that is not there any more is as good as deleted.

        Raises:
            SupopsError: As `account`.
        """
        ...

    def sample(
        self, event: str, scope: str, account: "Account", group: str | None = None
    ) -> dict[str, object]:
        """Return a delivery as the scheduler would send it, with made-up values.

        Raises:
            SupopsError: As `account`.
        """
        ...
