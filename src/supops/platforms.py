"""Every platform that is configured, connected when it is first asked for."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import CredentialError, UsageError
from supops.surroundings import Surroundings

if TYPE_CHECKING:
    from supops.adapters.calendly import CalendlyDesk
    from supops.adapters.gitlab import GitLabConnection
    from supops.adapters.google_account import GoogleAccount
    from supops.adapters.http import HttpClient
    from supops.models.entries import TeamCalendarName
    from supops.services.audit_ports import IssueTracker, MemberDirectory, ProjectDirectory, TokenDirectory
    from supops.services.ports import AgentDirectory, TeamCalendar
    from supops.services.webhook_ports import WebhookDirectory
    from supops.services.work_ports import WorkTracker
    from supops.settings import ZendeskInstance

INSTANCES = ("global", "us-government")
# What addresses begin with that the embedded world's GitLab shows.
EMBEDDED = "https://gitlab.example.com"


class Platforms(Surroundings):
    """Connects to the platforms, each with the credential that the settings name."""

    def agent_directory(self, key: str) -> "AgentDirectory":
        """Connect to a Zendesk instance with the first credential that is configured for it.

        Raises:
            CredentialError: None is, or its secret is not where the settings say.
        """
        from supops.adapters.zendesk import ZendeskAgents

        return ZendeskAgents(self._zendesk_client(key), notices=self.terminal, progress=self.terminal)

    def webhook_directory(self, key: str, *, tests: bool = False) -> "WebhookDirectory":
        """Connect to a Zendesk instance for its webhooks: to read them, and to send test requests where those are wanted.

        Raises:
            CredentialError: As `agent_directory`.
        """
        from supops.adapters.zendesk_webhooks import READ, WRITE, ZendeskWebhooks

        client = self._zendesk_client(key, (READ, WRITE) if tests else (READ,))
        return ZendeskWebhooks(client, setting=f"zendesk.{key}")

    @cached_property
    def calendly(self) -> "CalendlyDesk":
        """Calendly, as the token sees it that is configured.

        Raises:
            CredentialError: None is, or it is not where the settings say.
        """
        from supops.adapters.calendly import CalendlyDesk

        return CalendlyDesk(self._calendly_client, notices=self.terminal, clock=self.clock)

    def member_directory(self) -> "MemberDirectory":
        """Return the members of the Calendly organisation.

        Raises:
            CredentialError: As `calendly`.
        """
        from supops.adapters.calendly_members import CalendlyMembers

        return CalendlyMembers(self._calendly_client, account=self.calendly.account)

    @cached_property
    def _calendly_client(self) -> "HttpClient":
        from supops.adapters.calendly import TOKEN_HINT, calendly_client
        from supops.config import private_ca

        settings = self.config.settings.calendly
        if settings.token is None:
            if self.config.file is None and not self.config.origins:
                raise self.config.missing("calendly.token")
            raise CredentialError("Calendly has no credential: calendly.token is not set.", hint=TOKEN_HINT)
        token = self.secrets.fetch(settings.token, purpose="the access token for Calendly")
        http = calendly_client(settings.url, token, notices=self.terminal, ca=private_ca(self.environ))
        self.opened.callback(http.close)
        return http

    @cached_property
    def gitlab(self) -> "GitLabConnection":
        """GitLab, as the token sees it that is configured.

        Raises:
            CredentialError: None is, or it is not where the settings say.
        """
        from supops.adapters.gitlab import GitLabConnection
        from supops.adapters.gitlab_errors import TOKEN_HINT
        from supops.config import private_ca

        settings = self.config.settings.gitlab
        if settings.token is None:
            if self.config.file is None and not self.config.origins:
                raise self.config.missing("gitlab.token")
            raise CredentialError("GitLab has no credential: gitlab.token is not set.", hint=TOKEN_HINT)
        token = self.secrets.fetch(settings.token, purpose="the access token for GitLab")
        connection = GitLabConnection(
            settings.url, token, notices=self.terminal, clock=self.clock, ca=private_ca(self.environ)
        )
        self.opened.callback(connection.close)
        return connection

    def project_directory(self) -> "ProjectDirectory":
        """Return the projects of the group that is audited.

        Raises:
            ConfigError: No group is named.
            CredentialError: As `gitlab`.
        """
        from supops.adapters.gitlab_projects import GitLabProjects

        projects = GitLabProjects(self.gitlab, self._audited_group, progress=self.terminal)
        self.opened.callback(projects.close)
        return projects

    def token_directory(self) -> "TokenDirectory":
        """Return the tokens below the group that is audited.

        Raises:
            ConfigError: No group is named.
            CredentialError: As `gitlab`.
        """
        from supops.adapters.gitlab_tokens import GitLabTokens

        return GitLabTokens(self.gitlab, self._audited_group, progress=self.terminal)

    def issue_tracker(self) -> "IssueTracker":
        """Return the issues of the project that audits are filed in.

        Raises:
            ConfigError: No project is named.
            CredentialError: As `gitlab`.
        """
        from supops.adapters.gitlab_issues import GitLabIssues

        project = self.config.settings.gitlab.audits_project
        if not project:
            raise self.config.missing("gitlab.audits_project")
        return GitLabIssues(self.gitlab, project)

    def work_tracker(self) -> "WorkTracker":
        """Return the issues of the project that the team's work is in.

        Raises:
            ConfigError: No project is named.
            CredentialError: As `gitlab`.
        """
        from supops.adapters.gitlab_work import GitLabWork

        project = self.config.settings.gitlab.issues_project
        if not project:
            raise self.config.missing("gitlab.issues_project")
        return GitLabWork(self.gitlab, project)

    @property
    def gitlab_addresses(self) -> tuple[str, ...]:
        """Where GitLab is; the embedded one shows itself under another address than it has."""
        url = self.config.settings.gitlab.url
        return (url, EMBEDDED) if self.options.demo else (url,)

    @property
    def _audited_group(self) -> str:
        group = self.config.settings.gitlab.group
        if not group:
            raise self.config.missing("gitlab.group")
        return group

    @cached_property
    def team_calendars(self) -> "dict[str, TeamCalendar]":
        """The team calendars that are configured, by key; opening them asks nobody.

        Raises:
            ConfigError: Google Calendar has neither credentials nor another address.
            CredentialError: Its credentials are not where the settings say, or make no sense.
        """
        settings = self.config.settings.calendars
        if settings.backend == "ics":
            from supops.adapters.ics_calendar import UNUSABLE, IcsCalendar

            folder = Path(settings.folder)
            return {
                name.key: IcsCalendar(
                    name, folder, clock=self.clock, remedy=self._calendar_remedy or UNUSABLE
                )
                for name in self._calendar_names()
            }
        from supops.adapters.google_calendar import GoogleTeamCalendar

        return {name.key: GoogleTeamCalendar(name, self._google) for name in self._calendar_names()}

    @property
    def _calendar_remedy(self) -> str:
        """What to do where one of the embedded world's calendars can't be used; empty for real ones."""
        mend = "Where `supops demo break calendar` broke them, `supops demo mend calendar` mends the embedded world's calendars."
        return mend if self.options.demo else ""

    def _calendar_names(self) -> "list[TeamCalendarName]":
        from supops.models.entries import TeamCalendarName

        settings = self.config.settings.calendars
        is_file = settings.backend == "ics"
        both = {"us-government": settings.us_government, "global": settings.global_}
        return [
            TeamCalendarName(key, one.name, f"{key}.ics" if is_file else one.id or "")
            for key, one in both.items()
            if is_file or one.id
        ]

    @cached_property
    def _google(self) -> "GoogleAccount":
        settings = self.config.settings.google
        if settings.credentials is None and settings.api_endpoint is None:
            raise self.config.missing("google.credentials")
        from supops.adapters.google_account import GoogleAccount
        from supops.adapters.google_errors import CHECK_CREDENTIALS
        from supops.config import private_ca

        purpose = "the service account for Google Calendar"
        ref = settings.credentials
        account = GoogleAccount(
            credentials=self.secrets.fetch(ref, purpose=purpose, is_document=True) if ref else None,
            subject=settings.subject,
            endpoint=settings.api_endpoint,
            notices=self.terminal,
            ca=private_ca(self.environ),
            remedy=self._calendar_remedy or CHECK_CREDENTIALS,
        )
        self.opened.callback(account.close)
        return account

    def _zendesk(self, key: str) -> "ZendeskInstance | None":
        zendesk = self.config.settings.zendesk
        return zendesk.global_ if key == "global" else zendesk.us_government

    def _zendesk_client(self, key: str, scopes: tuple[str, ...] = ()) -> "HttpClient":
        from supops.adapters.zendesk_auth import ZendeskAccount, scope_for
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
            secret = self.secrets.fetch(oauth.client_secret, purpose=f"the OAuth client secret {of}")
            client = account.with_oauth(oauth.client_id, secret, scope_for(oauth.scope, scopes))
            self.opened.callback(client.close)
            return client.http
        if settings.access_token:
            token = self.secrets.fetch(settings.access_token, purpose=f"the access token {of}")
            http = account.with_access_token(token)
        elif settings.api_token:
            token = self.secrets.fetch(settings.api_token.token, purpose=f"the API token {of}")
            http = account.with_api_token(settings.api_token.email, token)
        else:
            raise CredentialError(
                f"{settings.title} has no credential: {section} has neither oauth, nor access_token, nor api_token.",
                hint=f"Add {section}.oauth: a client_id and a client_secret. They are made in Zendesk's Admin Center, under Apps and "
                "integrations, APIs, OAuth clients.",
            )
        self.opened.callback(http.close)
        return http


def issue_named(text: str) -> tuple[str, int]:
    """Return what people call an issue in two parts: what names its project, or nothing, and its number.

    Args:
        text: ``42``, ``#42``, ``group/project#42``, or the issue's address.

    Raises:
        UsageError: It is none.
    """
    import re

    pattern = r"(?:(?P<path>[^#\s]*?)(?:#|/-/(?:issues|work_items)/))?(?P<iid>\d{1,10})/?(?:#note_\d+)?"
    found = re.fullmatch(pattern, text.strip())
    if found is None or int(found["iid"]) == 0:
        raise UsageError(
            f"{text[:100]!r} is no number of an issue.", hint="Such as 42, or the issue's address."
        )
    return found["path"] or "", int(found["iid"])


def issue_number(text: str, project: str, addresses: Sequence[str], setting: str) -> int:
    """Return an issue's number from what people call it.

    Args:
        text: As `issue_named` reads it.
        project: Path of the project that issues are in.
        addresses: Where GitLab is.
        setting: Names the project.

    Raises:
        UsageError: It is none, or one of another project.
    """
    path, number = issue_named(text)
    for address in addresses:
        path = path.removeprefix(f"{address.rstrip('/')}/")
    if path and path.casefold() != project.casefold():
        raise UsageError(
            f"{text[:200]} is an issue of another project than {project}.",
            hint=f"{setting} says which project it is.",
        )
    return number
