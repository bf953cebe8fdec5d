"""What went wrong between us and GitLab, in words for people: the ONE place that translates it (source: platforms, G-6).

`tests/adapters/test_gitlab_errors.py` fails when python-gitlab or requests has an exception that is not translated here.
"""

import ssl
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import msgspec
import requests
import urllib3.exceptions
from gitlab.exceptions import GitlabConnectionError, GitlabError, GitlabParsingError, RedirectError

from supops.adapters.answers import MAX_ANSWER_BYTES
from supops.adapters.decoding import UNDECODABLE
from supops.adapters.gitlab_session import AnswerTooLarge
from supops.adapters.http_errors import Refusal, Vendor, from_refusal, not_understood
from supops.errors import NetworkError, PlatformError, SupopsError
from supops.models.redaction import excerpt, redact

TOKEN_HINT = (
    "Make an access token in GitLab under Edit profile, Access tokens, or for the group, with the scope api (read_api is enough to "
    "look and file nothing); gitlab.token says where it is kept."
)
STATUS_PAGE = "https://status.gitlab.com"


class TooLarge(PlatformError):
    """An answer has more bytes than we take; of a list, a smaller page may do."""


# Whether asking again may help. Those from 520 on are of the network in front of gitlab.com.
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# No whole answer arrived.
BROKEN: tuple[type[Exception], ...] = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
# All that can be raised on the way.
ANY_ERROR: tuple[type[Exception], ...] = (GitlabError, requests.RequestException, AnswerTooLarge)
WITHOUT_NAME = ("base", "error", "message")


def vendor_of(url: str) -> Vendor:
    """Return the GitLab with this address, as its errors name it."""
    host = urlsplit(url).hostname or url
    return Vendor(
        "GitLab",
        "GitLab",
        "gitlab",
        error_detail,
        unauthorized_hint=f"It may have expired, been revoked, or copied incompletely. {TOKEN_HINT}",
        forbidden_hint="The token needs the scope api (read_api to look), and its user a role there that allows this.",
        status_page=STATUS_PAGE if host == "gitlab.com" else f"how {host} is doing",
    )


def error_detail(body: bytes) -> str | None:
    """Return what GitLab says of an error, as one sentence; None where the body is not an error of GitLab's."""
    try:
        found = msgspec.json.decode(body, type=dict[str, object])
    except UNDECODABLE:
        return None
    parts = [
        part
        for name in ("message", "error", "error_description", "errors")
        for part in _sentences(found.get(name))
    ]
    if found.get("scope"):
        parts.append(f"needed: {found['scope']}")
    # It may be as long as GitLab likes.
    return excerpt("; ".join(dict.fromkeys(parts)).encode())


def _sentences(said: object, name: str = "") -> Iterator[str]:
    """Take errors apart: a text, a list of them, or each by its field, in any depth that comes."""
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _sentences(value, name if key in WITHOUT_NAME else f"{name} {key}".strip())
    elif isinstance(said, list):
        for value in said:
            yield from _sentences(value, name)
    elif said:
        yield f"{name} {said}".strip()


def is_resource_lock(answer: requests.Response | None) -> bool:
    """Whether GitLab did nothing, because it was busy with the same thing."""
    return (
        answer is not None
        and answer.status_code == 409
        and ("Resource lock" in (answer.reason or "") or b"Resource lock" in answer.content)
    )


def was_not_sent(error: Exception) -> bool:
    """Whether nothing of a request can have reached GitLab."""
    return isinstance(error, requests.ConnectTimeout) or _reason_of(
        error, urllib3.exceptions.NewConnectionError
    )


def is_passing(error: Exception) -> bool:
    """Whether asking again may help: of a status that passes, or where no whole answer arrived."""
    if isinstance(error, GitlabError):
        return error.response_code in PASSING_STATUSES
    return isinstance(error, BROKEN) and not _is_certificate_problem(error)


def translated(
    error: Exception,
    vendor: Vendor,
    *,
    purpose: str,
    credential: str,
    host: str,
    answer: requests.Response | None = None,
) -> SupopsError:
    """Return an error of ours.

    Args:
        error: What was raised.
        vendor: Which GitLab.
        purpose: What was asked for, after "to": ``list the projects``.
        credential: What was presented: ``the access token from GL_TOKEN``.
        host: Which was asked.
        answer: To which the library raised the error.
    """
    if isinstance(error, AnswerTooLarge):
        return TooLarge(
            f"{vendor.name} answered the request to {purpose} with more than {MAX_ANSWER_BYTES >> 20} MiB",
            hint=f"Check that {vendor.setting}.url is GitLab's own address.",
        )
    if isinstance(error, requests.RequestException):
        return _of_transport(error, vendor, purpose, host)
    if not isinstance(error, GitlabError):
        raise TypeError(f"not an error of GitLab's libraries: {type(error).__name__}")
    status = error.response_code
    if isinstance(error, RedirectError) or (status is not None and 300 <= status < 400):
        return _redirected(vendor, purpose, answer)
    if status is not None and not isinstance(error, GitlabParsingError):
        kind = answer.headers.get("content-type", "").partition(";")[0] if answer is not None else ""
        return from_refusal(vendor, Refusal(status, error.response_body or b"", kind, purpose, credential))
    said = excerpt(str(error).encode())
    if isinstance(error, GitlabParsingError):
        return not_understood(vendor, Refusal(200, b"{", "", purpose, credential), said)
    kind_of_error = NetworkError if isinstance(error, GitlabConnectionError) else PlatformError
    return kind_of_error(f"{vendor.name} could not be asked to {purpose}: {said or type(error).__name__}")


def _redirected(vendor: Vendor, purpose: str, answer: requests.Response | None) -> PlatformError:
    where = "elsewhere"
    try:
        target = (
            urlsplit(urljoin(answer.url, answer.headers.get("location", ""))) if answer is not None else None
        )
        if target and target.hostname:
            where = redact(f"{target.scheme}://{target.netloc}")
    except ValueError:
        # It is no address.
        pass
    return PlatformError(
        f"{vendor.name} redirects the request to {purpose} to {where}; not followed",
        hint=f"If GitLab has moved there, set {vendor.setting}.url; if a project or group was renamed, set its new path. The token was not "
        "sent there.",
    )


def _of_transport(error: requests.RequestException, vendor: Vendor, purpose: str, host: str) -> PlatformError:
    hint = f"Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and {vendor.setting}.url."
    if isinstance(error, requests.ConnectTimeout):
        problem = "the connection took too long"
    elif isinstance(error, requests.Timeout) or _reason_of(error, urllib3.exceptions.ReadTimeoutError):
        problem = "the answer took too long"
    elif _is_certificate_problem(error):
        problem = "its certificate is not trusted"
        hint = "If it is signed by a private CA, set SSL_CERT_FILE to the CA's certificates."
    elif isinstance(error, requests.exceptions.SSLError):
        problem = "the encrypted connection failed"
    elif isinstance(error, requests.exceptions.ProxyError):
        problem = "the proxy refused"
    elif _reason_of(error, urllib3.exceptions.NewConnectionError):
        problem = f"no connection ({_cause(error)})"
    elif isinstance(error, requests.exceptions.ContentDecodingError):
        problem = "the answer's compression is broken"
    elif isinstance(error, BROKEN):
        problem = "the answer broke off"
    elif isinstance(error, requests.TooManyRedirects):
        problem = "it leads in circles"
    else:
        # Its text may have the token in it.
        problem = f"the library refused ({type(error).__name__})"
    return NetworkError(
        f"{vendor.name} ({host}) could not be asked to {purpose}: {redact(problem)}", hint=hint
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and all that led to it: urllib3 keeps the first cause as ``reason``, requests the library's error as argument."""
    seen: list[BaseException] = []
    waiting = [error] if error is not None else []
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.append(one)
        yield one
        causes = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [cause for cause in causes if isinstance(cause, BaseException)]


def _reason_of(error: Exception, kind: type[Exception]) -> bool:
    return any(isinstance(one, kind) for one in _chain(error))


def _cause(error: Exception) -> str:
    """Return the first cause without the names of the library's objects: ``[Errno 111] Connection refused``."""
    said = next(
        (str(one) for one in _chain(error) if isinstance(one, urllib3.exceptions.NewConnectionError)), ""
    )
    return said.rpartition("): ")[2].removeprefix("Failed to establish a new connection: ")


def _is_certificate_problem(error: Exception) -> bool:
    return any(
        isinstance(one, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(one)
        for one in _chain(error)
    )
