"""HTTP as every platform's adapter uses it: one client, with the same care everywhere.

Time-outs; repeats of idempotent requests with jitter, as long as the platform asks to wait; no redirect to another host; the
credential to the configured host only; a bounded number of requests at once and of bytes in an answer; proxies and private CAs
from the usual environment variables; a debug log without secrets.
"""

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import httpx
import msgspec
import tenacity

from supops import __version__
from supops.adapters.answers import IDEMPOTENT, MAX_ANSWER_BYTES, MAX_IN_FLIGHT, MAX_REDIRECTS, Answer
from supops.adapters.decoding import UNDECODABLE
from supops.adapters.http_errors import (
    Refusal,
    Vendor,
    from_refusal,
    not_understood,
    redirected,
)
from supops.adapters.httpx_errors import from_transport
from supops.adapters.pacing import Pacer, RateLimit
from supops.adapters.patience import Patience, retry_after_of, spoken
from supops.errors import ConfigError, PlatformError, RateLimited, SupopsError
from supops.models.hosts import is_loopback
from supops.models.redaction import redact
from supops.services.ports import Notices

Shape = TypeVar("Shape")
Parameters = Sequence[tuple[str, str]]

REPEATED_STATUSES = frozenset({429, 502, 503, 504})


class Credential(Protocol):
    """What requests carry to be let in.

    Attributes:
        description: What it is, for messages: ``the API token from ZD_TOKEN``.
    """

    description: str

    def header(self) -> str:
        """Return the value of the Authorization header; an empty one is not sent."""
        ...

    def renew(self, refused: str) -> bool:
        """Replace the header that was refused with 401. Return False where that can't be done."""
        ...


@dataclass(frozen=True, slots=True)
class FixedCredential(Credential):
    """A credential that never changes."""

    description: str
    value: str = field(repr=False)

    def header(self) -> str:
        """See `Credential`."""
        return self.value

    def renew(self, refused: str) -> bool:  # noqa: ARG002  (the port's signature)
        """There is no other."""
        return False


class _Repeatable(Exception):
    """A try that may be repeated, and the error to report when it is the last."""

    def __init__(self, error: SupopsError, retry_after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.retry_after = retry_after


@dataclass(slots=True)
class HttpClient:
    """Asks one platform.

    Args:
        vendor: The platform as errors name it.
        base_url: The configured address. Requests name paths below it, and go nowhere else.
        credential: What requests carry.
        ca: File or folder with the certificates to trust instead of the usual ones.
        read_limit: Reads the platform's rate limit from an answer's headers.
        sleep: Replaced in tests.
    """

    vendor: Vendor
    base_url: str
    credential: Credential
    notices: Notices
    ca: Path | None = None
    read_limit: Callable[[Mapping[str, str]], RateLimit | None] = lambda _headers: None
    patience: Patience = field(default_factory=Patience)
    sleep: Callable[[float], None] = time.sleep
    _client: httpx.Client = field(init=False)
    _pacer: Pacer = field(init=False)
    _told_of_pace: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._pacer = Pacer(sleep=self.sleep)
        url = httpx.URL(self.base_url)
        self._client = httpx.Client(
            base_url=url,
            headers={"User-Agent": f"supops/{__version__}", "Accept": "application/json"},
            timeout=httpx.Timeout(self.patience.read, connect=self.patience.connect, pool=None),
            limits=httpx.Limits(max_connections=MAX_IN_FLIGHT, max_keepalive_connections=MAX_IN_FLIGHT),
            follow_redirects=False,
            # A proxy must not see what is meant for this machine only.
            trust_env=not is_loopback(url.host),
            verify=tls_context(self.ca) if url.scheme == "https" else False,
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def get(self, path: str, shape: type[Shape], *, purpose: str, parameters: Parameters = ()) -> Shape:
        """Get a resource and decode it into a shape that msgspec knows.

        Raises:
            SupopsError: As `request`; also where the answer is not of that shape.
        """
        return self.decode(
            self.request("GET", path, purpose=purpose, parameters=parameters), shape, purpose=purpose
        )

    def decode(self, answer: Answer, shape: type[Shape], *, purpose: str) -> Shape:
        """Decode an answer's JSON."""
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except UNDECODABLE as error:
            raise not_understood(self.vendor, self._refusal(answer, purpose), str(error)) from None

    def request(
        self,
        method: str,
        path: str,
        *,
        purpose: str,
        parameters: Parameters = (),
        json: object = None,
        credential: Credential | None = None,
    ) -> Answer:
        """Send a request, and repeat it where that is safe and may help.

        Args:
            method: Such as ``GET``.
            path: Below the configured address, with a leading slash.
            purpose: What it is for, after "to": ``list the agents``.
            parameters: Of the query; a name may come more than once.
            json: The body, where there is one.
            credential: What to carry instead of the client's own.

        Raises:
            CredentialError: 401 or 403.
            NotFound: 404.
            RateLimited: 429, to the last try or for longer than we wait.
            NetworkError: No whole answer arrived.
            PlatformError: Any other refusal, a redirect to another host, or an answer that is too large.
        """
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"not a path below the platform's address: {path}")
        request = self._client.build_request(method, path, params=list(parameters) or None, json=json)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Repeatable),
            stop=tenacity.stop_after_attempt(self.patience.tries),
            wait=self._pause,
            before_sleep=self._tell_of_pause,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return retrying(self._attempt, request, purpose, credential or self.credential)
        except _Repeatable as last:
            raise last.error from None

    def _attempt(self, request: httpx.Request, purpose: str, credential: Credential) -> Answer:
        self._keep_pace()
        header = credential.header()
        answer = self._send(request, header, purpose)
        if answer.status == httpx.codes.UNAUTHORIZED and credential.renew(header):
            header = credential.header()
            answer = self._send(request, header, purpose)
        for _ in range(MAX_REDIRECTS):
            if not 300 <= answer.status < 400:
                break
            request = self._redirection(request, answer, purpose)
            answer = self._send(request, header, purpose)
        limit = self.read_limit(answer.headers)
        if limit is not None:
            self._pacer.observe(limit)
        if answer.status < 300:
            return answer
        error = from_refusal(self.vendor, self._refusal(answer, purpose, credential))
        repeatable = request.method in IDEMPOTENT or answer.status == httpx.codes.TOO_MANY_REQUESTS
        if answer.status not in REPEATED_STATUSES or not repeatable:
            raise error
        retry_after = retry_after_of(answer.headers.get("retry-after"))
        if retry_after is None and limit is not None and answer.status == httpx.codes.TOO_MANY_REQUESTS:
            # Some platforms only tell when the whole limit is there again.
            retry_after = limit.reset
        if retry_after is not None and retry_after > self.patience.longest_retry_after:
            error.hint = f"It asks to wait {retry_after:.0f} s. Try again after that."
            raise error
        raise _Repeatable(error, retry_after)

    def _send(self, request: httpx.Request, header: str, purpose: str) -> Answer:
        if header:
            request.headers["Authorization"] = header
        started = time.perf_counter()
        url = redact(str(request.url))
        try:
            response = self._client.send(request, stream=True)
            try:
                body = self._body(response, purpose)
            finally:
                response.close()
        except httpx.RequestError as error:
            self.notices.debug(f"{request.method} {url} -> {type(error).__name__}")
            translated = from_transport(self.vendor, purpose, request.url.host, error)
            unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            if request.method in IDEMPOTENT or unsent:
                raise _Repeatable(translated) from error
            raise translated from error
        milliseconds = (time.perf_counter() - started) * 1000
        self.notices.debug(
            f"{request.method} {url} -> {response.status_code} ({milliseconds:.0f} ms, {len(body)} bytes)"
        )
        return Answer(response.status_code, response.headers, body)

    def _body(self, response: httpx.Response, purpose: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise PlatformError(
                    f"{self.vendor.name} answered the request to {purpose} with more than {MAX_ANSWER_BYTES >> 20} MiB",
                    hint=f"Check that {self.vendor.setting}.url is the platform's own address.",
                )
            parts.append(part)
        return b"".join(parts)

    def _redirection(self, request: httpx.Request, answer: Answer, purpose: str) -> httpx.Request:
        """Return the request to repeat within the configured host; refuse any other redirect."""
        location = answer.headers.get("location", "")
        try:
            target = request.url.join(location)
        except httpx.InvalidURL:
            location = ""
        if not location:
            raise redirected(self.vendor, purpose, "")
        if _origin(target) != _origin(self._client.base_url) or request.method not in ("GET", "HEAD"):
            raise redirected(self.vendor, purpose, target.host)
        return self._client.build_request(request.method, target)

    def _keep_pace(self) -> None:
        waited = self._pacer.wait()
        if waited >= 1 and not self._told_of_pace:
            self._told_of_pace = True
            self.notices.note(f"slowing down: less than half of {self.vendor.company}'s limit is left")

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Repeatable) and error.retry_after is not None:
            return error.retry_after
        patience = self.patience
        return tenacity.wait_random_exponential(multiplier=patience.first_pause, max=patience.longest_pause)(
            state
        )

    def _tell_of_pause(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.upcoming_sleep
        if isinstance(error, _Repeatable) and error.retry_after is not None:
            company = self.vendor.company
            reason = f"{company}'s limit" if isinstance(error.error, RateLimited) else f"as {company} asks"
            self.notices.note(f"waiting {spoken(seconds)}, {reason}")
        elif isinstance(error, _Repeatable):
            self.notices.note(f"trying again in {spoken(seconds)}: {error.error.message}")

    def _refusal(self, answer: Answer, purpose: str, credential: Credential | None = None) -> Refusal:
        content_type = answer.headers.get("content-type", "").partition(";")[0]
        description = (credential or self.credential).description
        return Refusal(answer.status, answer.body, content_type, purpose, description)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return (url.scheme, url.host, url.port)


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return what checks certificates: with those that are named, or else with the usual ones.

    Raises:
        ConfigError: Those that are named can't be read.
    """
    if ca is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        if ca.is_dir():
            return ssl.create_default_context(capath=ca)
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"The certificates to trust can't be read from {ca}: {error}") from None
