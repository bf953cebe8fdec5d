"""GitLab as one token sees it: the connection, through python-gitlab, and how often it is asked (source: platforms, G-5 and G-6).

The library authenticates, builds addresses and raises errors. What it does by itself is switched off: its waits are silent, its repeats
include what must not be done twice, and its lists forget a page that broke off.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import gitlab
import msgspec
import tenacity

from supops import __version__
from supops.adapters.answers import IDEMPOTENT, Answer, clock_skew
from supops.adapters.decoding import UNDECODABLE
from supops.adapters.gitlab_errors import (
    ANY_ERROR,
    TOKEN_HINT,
    is_passing,
    is_resource_lock,
    translated,
    vendor_of,
    was_not_sent,
)
from supops.adapters.gitlab_session import GitLabSession
from supops.adapters.http_errors import Refusal, not_understood
from supops.adapters.pacing import Pacer, RateLimit
from supops.adapters.patience import Patience, retry_after_of, spoken
from supops.errors import CredentialError, RateLimited, SupopsError
from supops.models.health import Contact
from supops.models.secrets import Secret
from supops.services.ports import Clock, Notices, Probe

WHOSE = "tell whose token it is"
Shape = TypeVar("Shape")
Query = Mapping[str, object]


class User(msgspec.Struct):
    """A user as GitLab shows them everywhere."""

    id: int
    username: str
    name: str = ""


class _Token(msgspec.Struct):
    scopes: list[str] = []
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request."""

    method: str
    path: str
    purpose: str
    query: Query
    body: dict[str, object] | None


class _Repeatable(Exception):
    """A try that may be repeated, and the error to report when it is the last."""

    def __init__(self, error: SupopsError, retry_after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after


@dataclass(slots=True)
class GitLabConnection(Probe):
    """Asks one GitLab. Threads may share it.

    Args:
        url: The configured address.
        token: A personal, group or project access token.
        ca: File or folder with the certificates to trust instead of the usual ones.
        sleep: Replaced in tests.

    Raises:
        ConfigError: The certificates can't be read.
        CredentialError: The token can't be one.
    """

    url: str
    token: Secret = field(repr=False)
    notices: Notices
    clock: Clock
    ca: Path | None = None
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep
    _session: GitLabSession = field(init=False)
    _library: gitlab.Gitlab = field(init=False, repr=False)
    _pacer: Pacer = field(init=False)
    _told_of_pace: bool = field(init=False, default=False)
    _me: User | None = field(init=False, default=None)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        secret = self.token.reveal()
        if not re.fullmatch(r"[!-~]+", secret):
            # Libraries would show it in their errors.
            raise CredentialError(
                f"The access token from {self.token.origin} has characters that no token has.",
                hint=TOKEN_HINT,
            )
        self._pacer = Pacer(sleep=self.sleep)
        self._session = GitLabSession(self.url, patience=self.patience, notices=self.notices, ca=self.ca)
        self._library = gitlab.Gitlab(
            self.url,
            private_token=secret,
            user_agent=f"supops/{__version__}",
            ssl_verify=str(self.ca) if self.ca else True,
            timeout=self.patience.read,
            retry_transient_errors=False,
            session=self._session,
        )

    @property
    def credential(self) -> str:
        """What is presented, for messages."""
        return f"the access token from {self.token.origin}"

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def me(self) -> User:
        """Return whose token it is; GitLab is asked once.

        Raises:
            SupopsError: As `ask`.
        """
        with self._lock:
            if self._me is None:
                self._me = self.get("/user", User, purpose=WHOSE)
            return self._me

    def user_id(self, username: str) -> int | None:
        """Return the id of a user; None where GitLab knows none with this name.

        Raises:
            SupopsError: As `ask`.
        """
        found = self.get(
            "/users", list[User], purpose=f"look up the user {username}", query={"username": username}
        )
        return next((one.id for one in found if one.username.casefold() == username.casefold()), None)

    def now_of(self, answer: Answer) -> datetime:
        """Return the platform's time when it gave an answer; ours where it does not tell."""
        try:
            return parsedate_to_datetime(answer.headers["date"])
        except (KeyError, ValueError):
            return self.clock.now()

    def contact(self) -> Contact:
        """See `supops.services.ports.Probe`: asks whose token it is, and what it may do."""
        answer = self.ask("GET", "/user", purpose=WHOSE)
        me = self.decode(answer, User, purpose=WHOSE)
        facts = [f"{me.name} (@{me.username})"]
        try:
            token = self.get("/personal_access_tokens/self", _Token, purpose="tell what the token may do")
        except SupopsError:
            facts.append("scopes unknown")
        else:
            facts.append(f"scopes {', '.join(token.scopes) or 'none'}")
            facts.append(f"expires on {token.expires_at}" if token.expires_at else "never expires")
        limit = self.read_limit(answer.headers)
        if limit is not None:
            facts.append(f"{limit.remaining:,} of {limit.limit:,} requests a minute left")
        return Contact(", ".join(facts), clock_skew(answer.headers, self.clock.now()))

    def get(self, path: str, shape: type[Shape], *, purpose: str, query: Query | None = None) -> Shape:
        """Get a resource, and decode it.

        Raises:
            SupopsError: As `ask`; also where the answer is not of that shape.
        """
        return self.decode(self.ask("GET", path, purpose=purpose, query=query), shape, purpose=purpose)

    def decode(self, answer: Answer, shape: type[Shape], *, purpose: str) -> Shape:
        """Decode an answer's JSON."""
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except UNDECODABLE as error:
            kind = answer.headers.get("content-type", "").partition(";")[0]
            refusal = Refusal(answer.status, answer.body, kind, purpose, self.credential)
            raise not_understood(vendor_of(self.url), refusal, str(error)) from None

    def ask(
        self,
        method: str,
        path: str,
        *,
        purpose: str,
        query: Query | None = None,
        body: dict[str, object] | None = None,
    ) -> Answer:
        """Send a request, and repeat it where that is safe and may help. What creates something is sent once, if it can have arrived.

        Args:
            method: Such as ``GET``.
            path: Below the API's address, with a leading slash; names encoded.
            purpose: What it is for, after "to": ``list the projects``.
            query: The parameters.
            body: Sent as JSON.

        Raises:
            CredentialError: 401 or 403.
            NotFound: 404.
            RateLimited: 429, to the last try or for longer than we wait.
            NetworkError: No whole answer arrived.
            PlatformError: Any other refusal, a redirect to another host, or an answer that is too large.
        """
        if not path.startswith("/"):
            # The library would send the token to any address.
            raise ValueError(f"not a path below the platform's address: {path}")
        return self._answered(_Asked(method, path, purpose, query or {}, body))

    def graphql(self, document: str, variables: dict[str, object], *, purpose: str) -> Answer:
        """Send a document to GraphQL. Its own errors come in the answer: `supops.adapters.gitlab_graphql` reads them.

        Raises:
            SupopsError: As `ask`.
        """
        body: dict[str, object] = {"query": document, "variables": variables}
        # The library takes an address as it is; this one is the configured one's.
        return self._answered(_Asked("POST", f"{self._library.url}/api/graphql", purpose, {}, body))

    def _answered(self, asked: _Asked) -> Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Repeatable),
            stop=tenacity.stop_after_attempt(self.patience.tries),
            wait=self._pause,
            before_sleep=self._tell_of_pause,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, asked)
        except _Repeatable as last:
            raise last.error from None

    def _attempt(self, asked: _Asked) -> Answer:
        waited = self._pacer.wait()
        if waited >= 1 and not self._told_of_pace:
            self._told_of_pace = True
            self.notices.note("slowing down: less than half of GitLab's limit is left")
        try:
            answer = self._library.http_request(
                asked.method,
                asked.path,
                query_data=dict(asked.query),
                post_data=asked.body,
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        except ANY_ERROR as error:
            raise self._judged(error, asked) from None
        headers = {name.lower(): value for name, value in answer.headers.items()}
        self._observe(headers)
        return Answer(answer.status_code, headers, answer.content)

    def _judged(self, error: Exception, asked: _Asked) -> Exception:
        """Return our error; as one that may be repeated, where asking again is safe and may help."""
        answer = self._session.answers.last()
        headers = (
            {name.lower(): value for name, value in answer.headers.items()} if answer is not None else {}
        )
        limit = self._observe(headers)
        ours = translated(
            error,
            vendor_of(self.url),
            purpose=asked.purpose,
            credential=self.credential,
            host=urlsplit(self.url).hostname or self.url,
            answer=answer,
        )
        is_limited = isinstance(ours, RateLimited)
        did_nothing = is_limited or is_resource_lock(answer) or was_not_sent(error)
        if not (is_resource_lock(answer) or is_passing(error)):
            return ours
        if not (did_nothing or asked.method in IDEMPOTENT):
            return ours
        retry_after = retry_after_of(headers.get("retry-after"))
        if retry_after is None and is_limited and limit is not None:
            retry_after = limit.reset
        if retry_after is not None and retry_after > self.patience.longest_retry_after:
            ours.hint = f"It asks to wait {retry_after:.0f} s. Try again after that."
            return ours
        return _Repeatable(ours, retry_after)

    def _observe(self, headers: Mapping[str, str]) -> RateLimit | None:
        limit = self.read_limit(headers)
        if limit is not None:
            self._pacer.observe(limit)
        return limit

    def read_limit(self, headers: Mapping[str, str]) -> RateLimit | None:
        """Read the limit from an answer's headers. The reset is in seconds since 1970 by the platform's clock, which may be wrong."""
        try:
            limit, remaining = int(headers["ratelimit-limit"]), int(headers["ratelimit-remaining"])
            reset = float(headers["ratelimit-reset"]) if "ratelimit-reset" in headers else None
        except (KeyError, ValueError):
            return None
        if reset is not None:
            now = self.now_of(Answer(0, headers, b"")).timestamp()
            reset = max(0.0, reset - now)
        return RateLimit(limit, remaining, reset)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Repeatable) and error.retry_after is not None:
            return error.retry_after
        first, longest = self.patience.first_pause, self.patience.longest_pause
        return tenacity.wait_random_exponential(multiplier=first, max=longest)(state)

    def _tell_of_pause(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = spoken(state.upcoming_sleep)
        if isinstance(error, _Repeatable) and error.retry_after is not None:
            reason = "GitLab's limit" if isinstance(error.error, RateLimited) else "as GitLab asks"
            self.notices.note(f"waiting {seconds}, {reason}")
        elif isinstance(error, _Repeatable):
            self.notices.note(f"trying again in {seconds}: {error.error.message}")
