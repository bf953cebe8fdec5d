"""Requests for a license, and what becomes of them (source: domain, 5; interface, "licenses")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from supops.models.licenses import Issued, Problem, Route

PLANS = ("premium", "ultimate")
KEYS = (
    "name",
    "email",
    "plan",
    "users_count",
    "previous_users_count",
    "trueup_count",
    "end_date",
    "requested_on",
    "purpose",
    "issue",
)


class Purpose(StrEnum):
    """What a license is wanted for."""

    SELF_MANAGED = "self-managed"
    DUO_TESTING = "duo-testing"
    DUO_PRODUCTION = "duo-production"


@dataclass(frozen=True, slots=True)
class WrittenRequest:
    """A request as somebody wrote it.

    Attributes:
        values: The text of each key that has one.
        source: Where it was read from, for messages.
        problems: What could not even be read: a list where a text should be, a field that stands twice, a key that means nothing.
        remarks: What was not understood, and may not matter.
        title: Of the issue; empty for a file.
        other: All else that somebody wrote: fields that are none of ours, with their labels, and text beside the fields.
        requested_on: The day on which the platform says that it was made; it counts, whatever the request says. None for a file.
        link: Address of the issue; empty for a file.
    """

    values: Mapping[str, str]
    source: str
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    title: str = ""
    other: tuple[str, ...] = ()
    requested_on: date | None = None
    link: str = ""

    @property
    def issue(self) -> str:
        """Link of the request, as it is kept and compared; empty where none is named."""
        return link_of(self.link or self.values.get("issue", "").strip())


@dataclass(frozen=True, slots=True)
class LicenseRequest:
    """A request that was understood.

    Attributes:
        end_date: The first day on which the license is expired.
        requested_on: By the organisation's calendar.
        issue: Link of the request; empty where there is none.
    """

    name: str
    email: str
    plan: str
    users_count: int
    previous_users_count: int
    trueup_count: int
    end_date: date
    requested_on: date
    issue: str = ""


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the administration form.

    Attributes:
        key: Its name for programs.
        label: Its name in the form.
        value: What to enter; empty for what stays empty.
    """

    key: str
    label: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class Held:
    """A license that the person still has.

    Attributes:
        where: What tells of it, for messages: ``the ledger (license 3)``.
        expires: The first day on which it is expired.
        issue: Link of the request that it was made for; empty where there was none.
        issued: The ledger's entry; None where only the tracker tells of it.
    """

    where: str
    expires: date
    issue: str = ""
    issued: Issued | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody decided that a person may have another license while one is running. It is about nothing else."""

    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Which license a request is for, and whether it may be made.

    Attributes:
        route: None where the request does not say what it is for.
        why: Why this route, in one sentence.
        contact: Where to ask for a license that is not made here; None for one that is.
        problems: All that is wrong; empty exactly where it is accepted.
        remarks: What else is to know.
        request: None where a field is missing, or could not be understood. One that is not accepted may be understood.
        form: The values to enter; empty where it is not accepted.
        held: What the person still has.
        override: Set where such a license was found, and somebody decided that it does not matter.
        begun: A license that was begun for this very request, and not finished.
        link: Of the request; empty where none is named.
    """

    route: Route | None
    why: str
    contact: str | None
    problems: tuple[Problem, ...]
    remarks: tuple[str, ...] = ()
    request: LicenseRequest | None = None
    form: tuple[FormField, ...] = ()
    held: tuple[Held, ...] = ()
    override: Override | None = None
    begun: Issued | None = None
    link: str = ""

    @property
    def is_accepted(self) -> bool:
        """Whether a legacy license may be made."""
        return self.route is Route.LEGACY and not self.problems and self.request is not None

    @property
    def is_served(self) -> bool:
        """Whether the person has a license by this very request."""
        return any(one.issue and one.issue == self.link for one in self.held)


@dataclass(frozen=True, slots=True)
class RequestIssue:
    """A request as an issue.

    Attributes:
        iid: Its number in the project.
        description: Markdown, as it was written.
        author: Username.
        created_at: Aware of its zone.
        labels: In no order.
    """

    iid: int
    title: str
    description: str
    web_url: str
    author: str
    created_at: datetime
    is_closed: bool = False
    is_confidential: bool = False
    labels: tuple[str, ...] = ()

    @property
    def link(self) -> str:
        """Its address as the ledger has it; see `link_of`."""
        return link_of(self.web_url)


@dataclass(frozen=True, slots=True)
class RequestNote:
    """A comment on a request, or what the platform noted of what somebody did.

    Attributes:
        author: Username of who wrote it, or did it; empty where they are gone.
        system: Whether the platform wrote it.
    """

    id: int
    body: str
    author: str
    system: bool = False


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    PLANNED = "planned"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done to answer a request.

    Attributes:
        what: ``ledger``, ``reply``, ``time`` or ``close``.
        detail: In words.
    """

    what: str
    detail: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of answering a request.

    Attributes:
        kind: ``complete`` or ``refuse``.
        steps: In the order in which they are done; empty where there are problems in the way.
        reply: Markdown that was posted, or would be; where that has a license's text, this has a line in its place.
        problems: Of the request, or between request and file.
    """

    kind: str
    issue: RequestIssue
    decision: Decision
    steps: tuple[Step, ...] = ()
    reply: str = field(default="", repr=False)
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()


def link_of(address: str) -> str:
    """Return the address of an issue in the one form that is kept and compared: GitLab has two of each, and people copy those of comments."""
    if not address.startswith(("https://", "http://")):
        return address
    return re.split("[?#]", address, maxsplit=1)[0].rstrip("/").replace("/-/work_items/", "/-/issues/")


def number_of(link: str) -> int | None:
    """Return the number of the issue that a link of one leads to; None where it is no such link."""
    found = re.search("/-/issues/([0-9]{1,9})$", link_of(link))
    return int(found[1]) if found else None
