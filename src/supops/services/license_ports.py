"""What licenses ask of the outside world. Adapters implement these; tests have one fake for each."""

from datetime import date, datetime
from typing import Protocol

from supops.errors import Conflict
from supops.models.license_requests import RequestIssue, RequestNote, WrittenRequest
from supops.models.licenses import Issued, License, Opened, Withdrawal


class StillRunning(Conflict):
    """The person has a license that is not expired: nothing was recorded."""


class LicenseReader(Protocol):
    """Reads license files with a public key."""

    def read(self, data: bytes) -> Opened:
        """Read a file, whatever it holds.

        Returns:
            The license, or what is wrong; it raises nothing.
        """
        ...


class LicenseSigner(Protocol):
    """Signs license files with a private key."""

    def sign(self, content: License) -> str:
        """Return the text of a license file.

        Raises:
            UsageError: It can't be written in that format.
        """
        ...

    def reader(self) -> LicenseReader:
        """Return what reads with the public half of the key."""
        ...


class Ledger(Protocol):
    """What was issued. Nothing is ever deleted from it."""

    def check(self) -> None:
        """See whether something could be recorded.

        Raises:
            SupopsError: It could not; the message says why.
        """
        ...

    def add(self, issued: Issued, *, today: date, unwritten: str = "") -> Issued:
        """Record a license. Two that do so at the same time for one person are not both recorded.

        Args:
            issued: Its id is not looked at. With a reason, other licenses of the person do not matter.
            today: The day on which others count that are not expired.
            unwritten: The text of a file that is still to be written: it is pending, and the text is kept, until it is confirmed.

        Returns:
            The entry, with its id.

        Raises:
            StillRunning: The person has another license that is not expired, and no reason is given.
            Conflict: This very file is recorded already.
            SupopsError: It was not recorded.
        """
        ...

    def unwritten(self, issued: Issued) -> str:
        """Return the text of a file that is still to be written; empty where it is written.

        Raises:
            SupopsError: The ledger can't be read.
        """
        ...

    def confirm(self, issued: Issued, file: str) -> Issued:
        """Note that a pending license was written to a file. To do it again changes nothing.

        Raises:
            Conflict: It was withdrawn meanwhile.
            SupopsError: It was not noted.
        """
        ...

    def withdraw(self, issued: Issued, withdrawal: Withdrawal) -> Issued:
        """Note that a license does not count. The first to do so is the one that is kept.

        Returns:
            The entry as it is now.

        Raises:
            SupopsError: It was not noted.
        """
        ...

    def entries(self, email: str | None = None) -> tuple[Issued, ...]:
        """List what was issued to one person, or to all, in the order in which it was. No ledger is as good as an empty one.

        Raises:
            SupopsError: The ledger can't be read.
        """
        ...

    def find(self, sha256: str) -> Issued | None:
        """Return the entry of a file; None where it was not issued by us.

        Raises:
            SupopsError: The ledger can't be read.
        """
        ...


class FormReader(Protocol):
    """Reads requests from the descriptions of issues."""

    def __call__(self, issue: RequestIssue) -> WrittenRequest:
        """Return what the issue says, as far as it is understood."""
        ...


class RequestTracker(Protocol):
    """The issues of the project that license requests are in."""

    def issue(self, iid: int) -> RequestIssue:
        """Return an issue as it is now.

        Raises:
            NotFound: There is none, or the credential does not see it.
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def mentioning(self, text: str, since: datetime) -> tuple[RequestIssue, ...]:
        """List the issues that were created since then, and in whose description a word begins with a text, in upper or lower case.

        An address is one word, and what stands before a plus sign in it another; other marks separate words. The list is never short.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def made_by(self, username: str, since: datetime) -> tuple[RequestIssue, ...]:
        """List the issues that somebody made since then. The list is never short.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def notes(self, issue: RequestIssue) -> tuple[RequestNote, ...]:
        """List all comments, and what the platform noted of what people did, the oldest first.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def me(self) -> str:
        """Return the username of whoever the credential belongs to.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def team(self) -> frozenset[str]:
        """Return the usernames of all who may label issues.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...

    def comment(self, issue: RequestIssue, body: str) -> None:
        """Add a comment. It is tried once: whoever calls looks whether it is there before trying again.

        Raises:
            CredentialError, RateLimited, Rejected, NotFound: The platform refuses: there is no comment.
            PlatformError: Anything else: it may be there, or not.
        """
        ...

    def spend(self, issue: RequestIssue, duration: str) -> None:
        """Add to the time spent on an issue: ``1h30m``. It is tried once, as `comment`.

        Raises:
            SupopsError: As `comment`.
        """
        ...

    def finish(self, issue: RequestIssue, label: str) -> RequestIssue:
        """Add a label, which takes the place of others with the same scope, and close. To do it again changes nothing.

        Raises:
            SupopsError: The platform refuses, or can't be reached.
        """
        ...
