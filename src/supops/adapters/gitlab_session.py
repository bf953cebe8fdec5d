"""The connections that python-gitlab uses: bounded in number, time and size, and the token is sent to the configured host only."""

import ssl
import threading
import time
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from supops.adapters.answers import MAX_ANSWER_BYTES, MAX_IN_FLIGHT, MAX_REDIRECTS
from supops.adapters.patience import Patience
from supops.errors import ConfigError
from supops.models.hosts import is_loopback
from supops.models.redaction import redact
from supops.services.ports import Notices

CHUNK = 64 * 1024


class AnswerTooLarge(Exception):
    """An answer has more bytes than we take."""


class GitLabSession(requests.Session):
    """A session for one GitLab, which threads may share.

    Args:
        base_url: The configured address.
        ca: File or folder with the certificates to trust instead of the usual ones.

    Raises:
        ConfigError: The certificates can't be read.
    """

    def __init__(self, base_url: str, *, patience: Patience, notices: Notices, ca: Path | None) -> None:
        super().__init__()
        if ca is not None and _origin(base_url)[0] == "https":
            _check_certificates(ca)
        self._origin = _origin(base_url)
        # A proxy must not see what is meant for this machine only.
        self.trust_env = not is_loopback(urlsplit(base_url).hostname or "")
        # Threads share nothing that an answer says.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self.max_redirects = MAX_REDIRECTS
        self.answers = _Adapter(patience, notices)
        self.mount("https://", self.answers)
        self.mount("http://", self.answers)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where to go on: within the configured host, and only with what changes nothing.

        The library would take the token along to any host: it is not in the header that requests takes out.
        """
        if resp.request.method not in ("GET", "HEAD"):
            return None
        try:
            target = super().get_redirect_target(resp)
            return target if target and _origin(urljoin(resp.url, target)) == self._origin else None
        except ValueError:
            # It is no address.
            return None


class _Adapter(HTTPAdapter):
    """Sends requests, at most so many at once, and reads their answers whole."""

    def __init__(self, patience: Patience, notices: Notices) -> None:
        # Whoever finds no connection free waits for one.
        super().__init__(pool_maxsize=MAX_IN_FLIGHT, pool_block=True)
        self._patience = patience
        self._notices = notices
        self._own = threading.local()

    def last(self) -> requests.Response | None:
        """Return the answer to this thread's last request: the library's errors have no headers. None where none arrived."""
        answer: requests.Response | None = getattr(self._own, "answer", None)
        return answer

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,  # noqa: ARG002
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and read its answer.

        Raises:
            requests.RequestException: No whole answer arrived.
            AnswerTooLarge: It is too large.
        """
        self._own.answer = None
        times = (self._patience.connect, self._patience.read)
        asked = f"{request.method} {redact(request.url or '')}"
        started = time.perf_counter()
        try:
            answer = super().send(
                request, stream=True, timeout=times, verify=verify, cert=cert, proxies=proxies
            )
            body = _body(answer)
        except (requests.RequestException, AnswerTooLarge) as error:
            self._notices.debug(f"{asked} -> {type(error).__name__}")
            raise
        # This is how requests itself keeps the body that it has read.
        answer._content = body  # noqa: SLF001
        milliseconds = (time.perf_counter() - started) * 1000
        self._notices.debug(f"{asked} -> {answer.status_code} ({milliseconds:.0f} ms, {len(body)} bytes)")
        self._own.answer = answer
        return answer


def _body(answer: requests.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        for part in answer.iter_content(CHUNK):
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise AnswerTooLarge
            parts.append(part)
    except BaseException:
        # What is left unread would be taken for the next answer.
        answer.raw.close()
        raise
    return b"".join(parts)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return (parts.scheme, parts.hostname or "", port)


def _check_certificates(ca: Path) -> None:
    try:
        if ca.is_dir():
            ssl.create_default_context(capath=ca)
        else:
            ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"The certificates to trust can't be read from {ca}: {error}") from None
