"""Licenses for team members: what a license file says, and what was issued (source: domain, 5; licenses, 3 and 4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

COMPANY = "GitLab - Team Member License"


class Route(StrEnum):
    """Which kind of license a request is for."""

    LEGACY = "legacy"
    STAGING_CLOUD = "staging-cloud"
    ZERO_DOLLAR = "zero-dollar-subscription"


class State(StrEnum):
    """How a license in the ledger is on a day."""

    RUNNING = "running"
    UPCOMING = "upcoming"
    EXPIRED = "expired"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"


class Origin(StrEnum):
    """How a license came into the ledger: signed here, or handed out for a request with `supops licenses complete`."""

    GENERATED = "generated"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what would be acceptable.

    Attributes:
        field: The key of a request that it is about, or ``license`` for the file.
        message: For whoever works on the request.
        reply: For whoever made it, where they are told something else.
    """

    field: str
    message: str
    reply: str = ""


@dataclass(frozen=True, slots=True)
class License:
    """What a legacy license file says.

    Attributes:
        starts: The first day on which it is valid.
        expires: The first day on which it is expired.
        users: Seats; None for no limit.
        previous_users: None where the file does not say; that is not the same as 0.
        trueup: None where the file does not say.
        block_changes: From this day on, the instance takes no pushes; None for no such day.
    """

    name: str
    company: str
    email: str
    starts: date
    expires: date
    plan: str
    users: int | None
    previous_users: int | None = None
    trueup: int | None = None
    notify_admins: date | None = None
    notify_users: date | None = None
    block_changes: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """Whether it has begun, and is not expired."""
        return self.starts <= day < self.expires


@dataclass(frozen=True, slots=True)
class Opened:
    """A license file that was read.

    Attributes:
        license: None where it can't be understood.
        attributes: All that it says, as in its JSON; empty where that can't be read.
        problems: What makes it no license, each in one line.
        oddities: What is about the file, and not about the license in it: a byte-order mark, text around.
        text: The license alone, in the form in which it is written; empty where it can't be told from what is around.
    """

    license: License | None
    attributes: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody decided that a license in the ledger does not count."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Issued:
    """A license in the ledger.

    Attributes:
        id: Its number there; 0 before it is in the ledger.
        sha256: Of the file, as `supops.services.licensing.fingerprint` takes it.
        issue: Link of the request; empty where there was none.
        by: Who issued it.
        reason: Why it was issued although the person still had one; empty where they had none.
        file: Where its file was written to, or was to be; empty where that is not known.
        is_pending: Whether it was begun, and its file is not known to be written.
        withdrawn: None for one that counts.
    """

    id: int
    sha256: str
    name: str
    email: str
    plan: str
    users: int | None
    starts: date
    expires: date
    issue: str
    issued_at: datetime
    by: str
    origin: Origin
    reason: str = ""
    file: str = ""
    is_pending: bool = False
    withdrawn: Withdrawal | None = None

    def is_running_on(self, day: date) -> bool:
        """Whether it is not expired and not withdrawn; one that begins later counts, and one that is pending."""
        return self.withdrawn is None and day < self.expires

    def state_on(self, day: date) -> State:
        """How it is: withdrawn, or else pending, or else what its days say."""
        if self.withdrawn or self.is_pending:
            return State.WITHDRAWN if self.withdrawn else State.PENDING
        if day >= self.expires:
            return State.EXPIRED
        return State.RUNNING if self.starts <= day else State.UPCOMING


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a license file is worth.

    Attributes:
        issued: The ledger's entry for exactly this file; None where it has none.
        problems: Why it is not valid today, each in one line.
        remarks: What else is to know.
    """

    sha256: str
    opened: Opened
    today: date
    issued: Issued | None
    problems: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it is a license that is valid today. That is no proof that we issued it: see `issued`."""
        return self.opened.license is not None and not self.problems


@dataclass(frozen=True, slots=True)
class Generated:
    """A license that was signed.

    Attributes:
        file: Where it was written to, or would be.
        text: The file's content.
        is_recorded: Whether it is in the ledger as written; False for a dry run.
        was_begun: Whether it was begun before, and is now finished.
    """

    issued: Issued
    file: str
    text: str = field(repr=False)
    is_recorded: bool = True
    was_begun: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What became of withdrawing a license.

    Attributes:
        license: As it is in the ledger now; after a dry run, as it would be.
        action: ``withdrawn``, ``planned``, or ``already``.
        file_is_there: Whether its file is still where it was written.
    """

    license: Issued
    action: str
    file_is_there: bool


def person_of(email: str) -> str:
    """Return what tells whether two addresses are the same person's: upper and lower case, and what follows a plus sign, do not count."""
    local, _, host = email.strip().casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{host}"
