"""The shape of the configuration: every key, its type, its default and what it is for.

Names and defaults are the contract with users. The JSON schema (``supops config schema``), the commented file of
``supops config init`` and the reference in the docs are made from these classes.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from supops.license_settings import Licenses
from supops.models.secrets import SecretRef
from supops.receiver_settings import Queue, Receiver
from supops.setting_types import DURATION, PATH, URL, Id, Section, Text
from supops.work_settings import Issues


class Roster(Section, frozen=True):
    """The team's roster: one YAML file for each person."""

    path: Annotated[
        str | None,
        Meta(
            description="Folder with the files, searched recursively", examples=["./support-team"], extra=PATH
        ),
    ] = None
    git: Annotated[
        str | None,
        Meta(
            description="Repository to clone instead of reading a folder",
            examples=["git@gitlab.example:support-team.git"],
        ),
    ] = None
    max_age: Annotated[
        str, Meta(description="Age after which a clone is made anew: 30m, 1h, 2d", extra=DURATION)
    ] = "1h"


class OAuth(Section, frozen=True):
    """An OAuth client for the client credentials grant: a token is minted, used and revoked."""

    client_id: Annotated[Text, Meta(description="The client's unique identifier", examples=["supops"])]
    client_secret: Annotated[
        SecretRef, Meta(description="Where the client's secret is kept", examples=["{env: ZD_GLOBAL_SECRET}"])
    ]
    scope: Annotated[Text, Meta(description="Scopes to ask for, separated by spaces")] = "users:read"


class ApiToken(Section, frozen=True):
    """An API token. Zendesk ends them on 2027-04-30: use oauth."""

    email: Annotated[
        Text, Meta(description="Email of the user that the token acts as", examples=["bot@example.com"])
    ]
    token: Annotated[SecretRef, Meta(description="Where the token is kept", examples=["{env: ZD_TOKEN}"])]


class ZendeskInstance(Section, frozen=True, kw_only=True):
    """A Zendesk instance. One of oauth, access_token and api_token is used: the first that is set."""

    url: Annotated[
        Text, Meta(description="Address of the instance", examples=["https://example.zendesk.com"], extra=URL)
    ]
    oauth: Annotated[OAuth | None, Meta(description="OAuth client; the way to prefer")] = None
    access_token: Annotated[
        SecretRef | None,
        Meta(description="A bearer token made elsewhere", examples=["{env: ZD_ACCESS_TOKEN}"]),
    ] = None
    api_token: Annotated[ApiToken | None, Meta(description="An API token; works until 2027-04-30")] = None
    title: Annotated[Text, Meta(description="The name that people use")]
    roster_key: Annotated[Text, Meta(description="Key below `zendesk` in the roster's files")]
    light_agent_role_id: Annotated[Id, Meta(description="Custom role id of light agents")]
    admin_role_id: Annotated[Id, Meta(description="Custom role id of admins")]
    allowed_admins: Annotated[
        tuple[str, ...],
        Meta(
            description="Emails that may hold the admin role although no roster file says so",
            examples=["[owner@example.com]"],
        ),
    ] = ()


class ZendeskGlobal(ZendeskInstance, frozen=True, kw_only=True):
    """The instance `global`."""

    title: Annotated[Text, Meta(description="The name that people use")] = "Zendesk Global"
    roster_key: Annotated[Text, Meta(description="Key below `zendesk` in the roster's files")] = "main"
    light_agent_role_id: Annotated[Id, Meta(description="Custom role id of light agents")] = 360004984553
    admin_role_id: Annotated[Id, Meta(description="Custom role id of admins")] = 360004957599


class ZendeskUsGovernment(ZendeskInstance, frozen=True, kw_only=True):
    """The instance `us-government`."""

    title: Annotated[Text, Meta(description="The name that people use")] = "Zendesk US Government"
    roster_key: Annotated[Text, Meta(description="Key below `zendesk` in the roster's files")] = "us-federal"
    light_agent_role_id: Annotated[Id, Meta(description="Custom role id of light agents")] = 360008074111
    admin_role_id: Annotated[Id, Meta(description="Custom role id of admins")] = 360016820032


class Zendesk(Section, frozen=True, rename={"global_": "global", "us_government": "us-government"}):
    """The Zendesk instances."""

    global_: ZendeskGlobal | None = None
    us_government: ZendeskUsGovernment | None = None


class Calendly(Section, frozen=True):
    """The organisation's Calendly account."""

    url: Annotated[Text, Meta(description="Address of the API", extra=URL)] = "https://api.calendly.com"
    token: Annotated[
        SecretRef | None,
        Meta(description="Where the personal access token is kept", examples=["{env: CALENDLY_API_TOKEN}"]),
    ] = None
    signing_key: Annotated[
        SecretRef | None,
        Meta(
            description="Where the key is kept that webhook deliveries are signed with",
            examples=["{env: CALENDLY_SIGNING_KEY}"],
        ),
    ] = None
    allowed_members: Annotated[
        tuple[str, ...],
        Meta(
            description="Emails that may be members of the organisation although they are not in the roster",
            examples=["[bot@example.com]"],
        ),
    ] = ()


class Google(Section, frozen=True):
    """Access to Google Calendar."""

    credentials: Annotated[
        SecretRef | None,
        Meta(description="Where the service account's JSON is kept", examples=["{env: SERVICE_CREDS}"]),
    ] = None
    subject: Annotated[
        str | None,
        Meta(
            description="User to act as, with domain-wide delegation", examples=["calendar-bot@example.com"]
        ),
    ] = None
    api_endpoint: Annotated[
        str | None,
        Meta(
            description="Address of a test server", examples=["http://127.0.0.1:8080/calendar/v3/"], extra=URL
        ),
    ] = None


class Calendar(Section, frozen=True):
    """One team calendar."""

    name: Annotated[Text, Meta(description="The calendar's name")]
    id: Annotated[
        str | None,
        Meta(description="The calendar's id in Google Calendar", examples=["team@group.calendar.google.com"]),
    ] = None


class GlobalCalendar(Calendar, frozen=True, kw_only=True):
    """The calendar of Global events."""

    name: Annotated[Text, Meta(description="The calendar's name")] = "GitLab Support"


class UsGovernmentCalendar(Calendar, frozen=True, kw_only=True):
    """The calendar of US Government events."""

    name: Annotated[Text, Meta(description="The calendar's name")] = "US Government Support"


class Calendars(Section, frozen=True, rename={"global_": "global", "us_government": "us-government"}):
    """The team calendars that booked events go to."""

    backend: Annotated[
        Literal["google", "ics"], Meta(description="Google Calendar, or one .ics file for each calendar")
    ] = "google"
    folder: Annotated[str, Meta(description="Folder of the .ics files", extra=PATH)] = "./calendars"
    us_government: UsGovernmentCalendar = UsGovernmentCalendar()
    global_: GlobalCalendar = GlobalCalendar()


class ExpectedSettings(Section, frozen=True):
    """What every project of the group is expected to have. `any` leaves a setting unchecked."""

    author_approval: Annotated[
        Literal["prevented", "allowed", "any"], Meta(description="Approving one's own merge request")
    ] = "prevented"
    committer_approval: Annotated[
        Literal["prevented", "allowed", "any"], Meta(description="Approving what one has committed to")
    ] = "prevented"
    rule_overrides: Annotated[
        Literal["prevented", "allowed", "any"],
        Meta(description="Changing approval rules in a merge request"),
    ] = "prevented"
    approvals_on_push: Annotated[
        Literal["removed", "kept", "any"], Meta(description="Approvals when a commit is added")
    ] = "removed"
    merge: Annotated[
        Literal["nobody", "maintainers", "developers", "any"],
        Meta(description="The most who may merge into the default branch"),
    ] = "maintainers"
    push: Annotated[
        Literal["nobody", "bot_users", "maintainers", "developers", "any"],
        Meta(description="The most who may push to the default branch"),
    ] = "bot_users"


class TokenRules(Section, frozen=True):
    """When a token needs attention."""

    expiring_within: Annotated[
        str, Meta(description="Tokens that expire within this time are findings", extra=DURATION)
    ] = "3w"
    unused_after: Annotated[
        str, Meta(description="Tokens that were not used for this time are findings", extra=DURATION)
    ] = "90d"


class Filing(Section, frozen=True):
    """The issues that audits are filed as, in `gitlab.audits_project`."""

    labels: Annotated[
        tuple[str, ...], Meta(description="Labels of a new issue", examples=["[audit, Priority::2]"])
    ] = ()
    assignees: Annotated[
        tuple[str, ...], Meta(description="Usernames of whom a new issue is for", examples=["[jo, sam]"])
    ] = ()
    due_after: Annotated[
        str | None,
        Meta(description="Time from the day of filing to the due date", examples=["30d"], extra=DURATION),
    ] = None
    template: Annotated[
        str | None,
        Meta(
            description="Jinja2 template of the description, instead of the built-in one",
            examples=["./audit.md.j2"],
            extra=PATH,
        ),
    ] = None
    longest_text: Annotated[
        int,
        Meta(
            ge=10_000,
            le=1_000_000,
            description="Characters in a description or note; what is longer is split",
        ),
    ] = 1_000_000


class GitLab(Section, frozen=True):
    """GitLab, where the team's issues are."""

    url: Annotated[Text, Meta(description="Address of GitLab", extra=URL)] = "https://gitlab.com"
    token: Annotated[
        SecretRef | None, Meta(description="Where the access token is kept", examples=["{env: GL_TOKEN}"])
    ] = None
    audits_project: Annotated[
        str | None,
        Meta(description="Project that audits are filed in", examples=["support-readiness/system-audits"]),
    ] = None
    issues_project: Annotated[
        str | None,
        Meta(description="Project of the team's issue workflow", examples=["cust-support-ops/issue-tracker"]),
    ] = None
    licenses_project: Annotated[
        str | None,
        Meta(description="Project of the license requests", examples=["cust-support-ops/issue-tracker"]),
    ] = None
    group: Annotated[
        str | None,
        Meta(description="Group whose projects and tokens are audited", examples=["support-readiness"]),
    ] = None
    bot_users: Annotated[
        tuple[str, ...],
        Meta(
            description="Usernames of the team's bots: they may push to default branches, and their tokens are audited",
            examples=["[support-bot]"],
        ),
    ] = ()
    expected: ExpectedSettings = ExpectedSettings()
    tokens: TokenRules = TokenRules()
    filing: Filing = Filing()


class State(Section, frozen=True):
    """What supops keeps between runs: the audits that were run."""

    path: Annotated[
        str | None,
        Meta(
            description="The SQLite file; none for one in the user's state folder",
            examples=["./supops-state.db"],
            extra=PATH,
        ),
    ] = None


class Settings(Section, frozen=True):
    """The settings of supops."""

    roster: Roster = Roster()
    zendesk: Zendesk = Zendesk()
    calendly: Calendly = Calendly()
    google: Google = Google()
    calendars: Calendars = Calendars()
    gitlab: GitLab = GitLab()
    waivers: Annotated[
        str | None,
        Meta(description="File with the findings that are waived", examples=["./waivers.yaml"], extra=PATH),
    ] = None
    state: State = State()
    licenses: Licenses = Licenses()
    receiver: Receiver = Receiver()
    queue: Queue = Queue()
    issues: Issues = Issues()


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the settings file."""
    schema = msgspec.json.schema(Settings)
    definitions = schema["$defs"]
    # A reference to a secret names exactly one place.
    definitions["SecretRef"] |= {"additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "supops settings", **schema}
