"""How Zendesk is asked: the ways to sign in, its errors, and its rate limit in all spellings (sources: platforms Z-1, Z-7)."""

import base64
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from supops.adapters.decoding import UNDECODABLE
from supops.adapters.http import Credential, FixedCredential, HttpClient
from supops.adapters.http_errors import Vendor
from supops.adapters.pacing import RateLimit
from supops.adapters.patience import Patience
from supops.errors import Forbidden, PlatformError, Rejected, SupopsError, Unauthorized
from supops.models.secrets import Secret
from supops.services.ports import Notices

# A token that could not be revoked ends by itself after this long.
TOKEN_SECONDS = 3600
API_TOKENS_END = "2027-04-30"
STATUS_PAGE = "https://status.zendesk.com"
LIMIT_HEADERS = (
    ("x-rate-limit", "x-rate-limit-remaining", "ratelimit-reset"),
    ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
    ("rate-limit", "rate-limit-remaining", "rate-limit-reset"),
)
CURRENT_TOKEN = "/api/v2/oauth/tokens/current.json"


class _Minted(msgspec.Struct):
    access_token: str


class _TokenId(msgspec.Struct):
    id: int


class _CurrentToken(msgspec.Struct):
    token: _TokenId


class ZendeskAccount:
    """A Zendesk instance as one credential sees it.

    Args:
        title: The instance's name for people, such as ``Zendesk Global``.
        setting: The section of the settings that it is configured in.
        url: Its address.
    """

    def __init__(
        self,
        *,
        title: str,
        setting: str,
        url: str,
        notices: Notices,
        patience: Patience | None = None,
        ca: Path | None = None,
    ) -> None:
        self._title = title
        self._setting = setting
        self._url = url
        self._notices = notices
        self._patience = patience or Patience()
        self._ca = ca

    def with_oauth(self, client_id: str, client_secret: Secret, scope: str) -> "OAuthClient":
        """Return a client that mints a token for itself, and revokes it when it is closed."""
        description = f"the OAuth client {client_id} with the secret from {client_secret.origin}"
        hint = (
            f"Check {self._setting}.oauth: in Zendesk's Admin Center, under Apps and integrations, APIs, OAuth clients, "
            "the client must be confidential and its unique identifier and secret must be these."
        )
        client = self._client(
            FixedCredential(description, ""), hint, f"Give the client the scope it needs, now: {scope}."
        )
        credential = _OAuthCredential(client, client_id, client_secret, scope, self._notices)
        client.credential = credential
        return OAuthClient(client, credential)

    def with_access_token(self, token: Secret) -> HttpClient:
        """Return a client that presents a ready bearer token."""
        credential = FixedCredential(f"the access token from {token.origin}", f"Bearer {token.reveal()}")
        hint = f"It may have expired or been revoked. Make a new one, or set up {self._setting}.oauth."
        return self._client(credential, hint, "Make a token with the scope users:read.")

    def with_api_token(self, email: str, token: Secret) -> HttpClient:
        """Return a client that presents an API token, and warn that those come to an end."""
        self._notices.warn(
            f"{self._title} is asked with an API token. Zendesk ends all API tokens on {API_TOKENS_END}: "
            f"set up {self._setting}.oauth before that."
        )
        basic = base64.b64encode(f"{email}/token:{token.reveal()}".encode()).decode()
        credential = FixedCredential(f"the API token from {token.origin}", f"Basic {basic}")
        hint = (
            f"Check {self._setting}.api_token: the email must be an agent's, and the token active. Zendesk deactivates "
            f"tokens that are not used for 30 days, and new ones can't be made: set up {self._setting}.oauth instead."
        )
        return self._client(credential, hint, "The token's user needs the role of an agent or admin.")

    def _client(self, credential: Credential, unauthorized_hint: str, forbidden_hint: str) -> HttpClient:
        vendor = Vendor(
            self._title,
            "Zendesk",
            self._setting,
            error_detail,
            unauthorized_hint,
            forbidden_hint,
            STATUS_PAGE,
        )
        return HttpClient(
            vendor,
            self._url,
            credential,
            self._notices,
            ca=self._ca,
            read_limit=read_limit,
            patience=self._patience,
        )


class OAuthClient:
    """A client with a token of its own.

    Attributes:
        http: Asks Zendesk; the token is minted with the first request.
    """

    def __init__(self, http: HttpClient, credential: "_OAuthCredential") -> None:
        self.http = http
        self._credential = credential

    def close(self) -> None:
        """Revoke the token and close all connections. What goes wrong with that is told as a warning."""
        self._credential.revoke_all()
        self.http.close()


class _OAuthCredential(Credential):
    """Mints a token when one is needed, and again when Zendesk no longer takes it."""

    def __init__(
        self, http: HttpClient, client_id: str, secret: Secret, scope: str, notices: Notices
    ) -> None:
        self.description = http.credential.description
        self._http = http
        self._request = {"grant_type": "client_credentials", "client_id": client_id, "scope": scope}
        self._secret = secret
        self._notices = notices
        self._lock = threading.Lock()
        self._header = ""
        self._minted: list[str] = []
        self._closed = False

    def header(self) -> str:
        with self._lock:
            return self._header or self._mint()

    def renew(self, refused: str) -> bool:
        with self._lock:
            if self._closed:
                return False
            if self._header == refused:
                self._mint()
            return True

    def _mint(self) -> str:
        if self._closed:
            # A thread that was still reading when the run ended must not leave a token behind.
            raise PlatformError(f"{self._http.vendor.name} is not asked any more: the run has ended")
        purpose = "mint an access token"
        try:
            answer = self._http.request(
                "POST",
                "/oauth/tokens",
                purpose=purpose,
                json={**self._request, "client_secret": self._secret.reveal(), "expires_in": TOKEN_SECONDS},
                credential=FixedCredential(self.description, ""),
            )
        except Rejected as error:
            scope = self._request["scope"]
            error.hint = f"It was asked for the scope {scope}: the OAuth client must be allowed to have that."
            raise
        token = self._http.decode(answer, _Minted, purpose=purpose).access_token
        self._header = f"Bearer {token}"
        self._minted.append(self._header)
        return self._header

    def revoke_all(self) -> None:
        with self._lock:
            minted, self._minted, self._header, self._closed = self._minted, [], "", True
        for header in minted:
            try:
                self._revoke(FixedCredential(self.description, header))
            except Unauthorized:
                continue
            except SupopsError as error:
                self._notices.warn(
                    f"An access token of {self._http.vendor.name} may still be active: {error.message}. "
                    f"It ends by itself within {TOKEN_SECONDS // 60} minutes."
                )

    def _revoke(self, token: FixedCredential) -> None:
        """Revoke a token, and look whether it is gone: users report a 204 after which the token went on working.

        Raises:
            Unauthorized: It is gone, as it should be.
        """
        purpose = "revoke the access token"
        self._http.request("DELETE", CURRENT_TOKEN, purpose=purpose, credential=token)
        try:
            answer = self._http.request("GET", CURRENT_TOKEN, purpose=purpose, credential=token)
        except Forbidden:
            raise SupopsError("its scope does not allow to look whether it was revoked") from None
        number = self._http.decode(answer, _CurrentToken, purpose=purpose).token.id
        self._http.request("DELETE", f"/api/v2/oauth/tokens/{number}.json", purpose=purpose, credential=token)


def scope_for(configured: str, needed: Collection[str]) -> str:
    """Return the scope that a token is minted with: the configured one where that covers what is needed, else no more than this."""
    given = configured.split()
    covers = all(scope in given or scope.partition(":")[2] in given for scope in needed)
    return configured if covers else " ".join(needed)


def read_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read the account's limit from an answer's headers, in any of the spellings that Zendesk has used."""
    for limit, remaining, reset in LIMIT_HEADERS:
        try:
            return RateLimit(int(headers[limit]), int(headers[remaining]), float(headers.get(reset, 60)))
        except (KeyError, ValueError):
            continue
    return None


def error_detail(body: bytes) -> str | None:
    """Return what Zendesk says of an error, as one sentence; None where the body is not an error of Zendesk's."""
    try:
        found = msgspec.json.decode(body, type=dict[str, object])
    except UNDECODABLE:
        return None
    parts = []
    for key in ("error", "title", "message", "description", "error_description"):
        value = found.get(key)
        if isinstance(value, dict):
            parts += [str(value[inner]) for inner in ("title", "message") if value.get(inner)]
        elif isinstance(value, str):
            parts.append(value)
    details = found.get("details")
    if isinstance(details, dict):
        parts += [f"{field}: {_field_errors(errors)}" for field, errors in details.items()]
    return "; ".join(dict.fromkeys(parts))


def _field_errors(errors: object) -> str:
    if not isinstance(errors, list):
        return str(errors)
    return ", ".join(
        str(error.get("description", error)) if isinstance(error, dict) else str(error) for error in errors
    )
