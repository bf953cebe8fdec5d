"""The roster: who is in the team, as its YAML files say (source: domain, "The roster")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

LIGHT_AGENT_ROLE = "light agent"
ADMIN_ROLE = "admin"
US_GOVERNMENT_KEY = "us-federal"
US_GOVERNMENT_FOCUS = "US Federal"


@dataclass(frozen=True, slots=True)
class Organization:
    """A customer organisation that an ASE focus is assigned to, and its share in percent."""

    id: int | None = None
    percentage: float | None = None


@dataclass(frozen=True, slots=True)
class Focus:
    """A part of a member's work and its share in percent."""

    name: str | None = None
    percentage: float | None = None
    zendesk: str | None = None
    organizations: tuple[Organization, ...] = ()


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """Whether a US Government agent takes part in the assignment of tickets, and with what weight."""

    active: bool = False
    modifier: int = 1


@dataclass(frozen=True, slots=True)
class ZendeskIdentity:
    """What a roster file says of a member's user in one Zendesk instance."""

    id: int | None = None
    role: str | None = None
    groups: tuple[str, ...] = ()
    alias: str | None = None
    shows_gitlab_handle: bool | None = None
    salutations: tuple[str, ...] = ()
    round_robin: RoundRobin | None = None

    def has_role(self, role: str) -> bool:
        """Compare the role's name without regard to case and surrounding white space."""
        return self.role is not None and self.role.strip().casefold() == role


@dataclass(frozen=True, slots=True)
class Account:
    """A member's account on GitLab, Slack or PagerDuty."""

    id: str | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Skill:
    """A knowledge area or product category, and how well a member knows it (1 to 3)."""

    name: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the team. Everything but name and email may be missing.

    Attributes:
        zendesk: By roster key (``main``, ``us-federal``).
        file: Path of the member's file, relative to the roster's folder.
        lines: Line of each key in the file, by dotted key (``zendesk.main.id``, ``focuses.0.name``).
    """

    name: str
    email: str
    title: str | None = None
    entity: str | None = None
    reports_to: str | None = None
    pronouns: str | None = None
    working_hours: str | None = None
    region: str | None = None
    location: str | None = None
    country: str | None = None
    tzdata_timezone: str | None = None
    start_date: date | None = None
    calendly: str | None = None
    languages: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    pagerduty: Account = field(default_factory=Account)
    gitlab: Account = field(default_factory=Account)
    slack: Account = field(default_factory=Account)
    focuses: tuple[Focus, ...] = ()
    zendesk: Mapping[str, ZendeskIdentity] = field(default_factory=dict)
    knowledge_areas: tuple[Skill, ...] = ()
    product_categories: tuple[Skill, ...] = ()
    file: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, key: str) -> int:
        """Return the line of a dotted key, or of the nearest key above it that is in the file, or 1."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key.rpartition(".")[0]
        return 1

    def identity(self, roster_key: str) -> ZendeskIdentity:
        """Return what the file says of one Zendesk instance; an empty identity where it says nothing."""
        return self.zendesk.get(roster_key) or ZendeskIdentity()

    @property
    def is_us_government_agent(self) -> bool:
        """Whether the member is a US Government support agent.

        That is a member with an id on US Government whose role there is not the light agent role, or with a
        ``US Federal`` focus above 0 % (source: domain, "The roster").
        """
        identity = self.identity(US_GOVERNMENT_KEY)
        if identity.id is not None and not identity.has_role(LIGHT_AGENT_ROLE):
            return True
        return any(
            focus.name == US_GOVERNMENT_FOCUS and focus.percentage is not None and focus.percentage > 0
            for focus in self.focuses
        )


class ProblemKind(StrEnum):
    """What can be wrong with a roster file as such; each is the id of the check that reports it."""

    UNREADABLE = "unreadable-roster-file"
    INVALID = "invalid-roster-value"


@dataclass(frozen=True, slots=True)
class RosterProblem:
    """Something in a roster file that could not be taken as it stands.

    Attributes:
        key: Dotted key of the value; empty when it is the whole file.
    """

    kind: ProblemKind
    line: int
    message: str
    key: str = ""
    expected: str | None = None
    actual: str | None = None
    file: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """All members that could be read, in the order of their files' paths, and all that could not."""

    members: tuple[Member, ...]
    problems: tuple[RosterProblem, ...] = ()
