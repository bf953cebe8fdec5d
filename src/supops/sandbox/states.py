"""What each simulated platform has: the shapes of its state, empty until a story fills them."""

from dataclasses import dataclass, field

from supops.sandbox.bookings import BOT, Json, user_uri
from supops.sandbox.users import User
from supops.sandbox.webhook_story import SimulatedWebhook


@dataclass(slots=True)
class OAuthToken:
    """An access token that was minted. `expires_at` is in seconds since 1970."""

    id: int
    token: str
    client_id: str
    scopes: list[str]
    expires_at: float


@dataclass(slots=True)
class Role:
    """A custom role. `role_type`: 0 custom, 1 light agent, 4 admin."""

    id: int
    name: str
    role_type: int


@dataclass(slots=True)
class ZendeskState:
    """One Zendesk instance.

    Attributes:
        tokens: OAuth tokens that are alive, by the token itself.
        plan_limit: Requests a minute.
        has_custom_roles: False for plans without them.
        takes_api_tokens: False from 2027-04-30 on.
        revokes_current: False for the quirk that users report: DELETE of the current token answers 204, and it lives on.
        counts_exactly: False while the platform still computes a count.
        grants: The scopes that OAuth clients may ask for; None for all.
        webhooks: Its webhooks, with all that became of them.
        link_host: The host in links of pages, which need not be the one that was asked; None for the one that was.
    """

    users: list[User] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    clients: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, OAuthToken] = field(default_factory=dict)
    ready_token: str = ""
    api_email: str = ""
    api_token: str = ""
    next_token_id: int = 1
    plan_limit: int = 700
    has_custom_roles: bool = True
    takes_api_tokens: bool = True
    revokes_current: bool = True
    counts_exactly: bool = True
    link_host: str | None = "https://mapped.example.com:443"
    revision: int = 0
    grants: tuple[str, ...] | None = None
    webhooks: list[SimulatedWebhook] = field(default_factory=list)

    def changed(self) -> None:
        """Say that the users changed, so that what was computed from them is computed again."""
        self.revision += 1


@dataclass(slots=True)
class CalendlyToken:
    """A personal access token: whose it is (a URI), and what it may do."""

    user: str
    scopes: tuple[str, ...]


@dataclass(slots=True)
class CalendlyState:
    """The simulated Calendly.

    Attributes:
        tokens: By the token itself.
        owner: URI of the organisation's owner, who may do what admins may.
        admins: URIs of the organisation's admins.
        subscriptions: As the API shows them.
        signing_keys: What was given at creation, by URI; the API never shows them.
        plan_limit: Requests a minute.
        paid_plan: False for a plan without webhooks.
        newer_events: Events that this platform takes, and that clients may not know yet.
        forgets_events: Events that it leaves out of what it creates: its answer then mirrors no more what was asked.
        names_hosts: False where scheduled events name their hosts by URI only.
        largest_page: How many entries a page has at most, however many are asked for.
        tells_retry_after: False where a refusal for too many requests only tells when the whole limit is there again.
    """

    tokens: dict[str, CalendlyToken] = field(default_factory=dict)
    owner: str = user_uri("owner")
    admins: tuple[str, ...] = (BOT,)
    subscriptions: list[Json] = field(default_factory=list)
    signing_keys: dict[str, str] = field(default_factory=dict)
    plan_limit: int = 500
    paid_plan: bool = True
    newer_events: tuple[str, ...] = ("invitee.rescued",)
    forgets_events: tuple[str, ...] = ()
    names_hosts: bool = True
    largest_page: int = 100
    tells_retry_after: bool = True


@dataclass(slots=True)
class SharedCalendar:
    """A calendar and what our account may do there: ``writer``, ``reader`` or ``none``. Events are as the API shows them.

    Attributes:
        purged: Ids of events that are gone for good, and may not be used again.
    """

    events: dict[str, Json] = field(default_factory=dict)
    access: str = "writer"
    purged: list[str] = field(default_factory=list)


@dataclass(slots=True)
class GoogleState:
    """The simulated Google Calendar.

    Attributes:
        calendars: By id.
        takes_anybody: Whether requests without credentials are let in, as on a test server.
        service_accounts: Addresses that are given tokens.
        delegates: Whether they may act as other users.
        claims: What was claimed for each token that was given.
        forgets_removed: Whether of a removed event only the id is told, which is all that the documentation promises.
        ignores_status: Whether a new event is confirmed, whatever status is asked for.
    """

    calendars: dict[str, SharedCalendar] = field(default_factory=dict)
    takes_anybody: bool = True
    service_accounts: tuple[str, ...] = ("supops@demo-project.iam.example.com",)
    delegates: bool = False
    tokens: list[str] = field(default_factory=list)
    claims: list[Json] = field(default_factory=list)
    forgets_removed: bool = False
    ignores_status: bool = False
    version: int = 1000
