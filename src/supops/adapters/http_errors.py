"""What a platform refused, in words for people: the ONE place that translates statuses and bodies.

What went wrong on the way is translated beside the library that says it: `httpx_errors` and `gitlab_errors`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from supops.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    RateLimited,
    Rejected,
    SupopsError,
    Unauthorized,
)
from supops.models.redaction import excerpt, redact


@dataclass(frozen=True, slots=True)
class Vendor:
    """A platform as its errors name it.

    Attributes:
        name: Such as ``Zendesk Global``.
        company: Whose limit it is: ``Zendesk``.
        setting: The section of the settings that it is configured in.
        detail: Takes what the platform says of an error out of its body; None where the body is not the platform's.
        unauthorized_hint: What to do about 401.
        forbidden_hint: What to do about 403.
        status_page: Where to look when the platform fails.
    """

    name: str
    company: str
    setting: str
    detail: Callable[[bytes], str | None]
    unauthorized_hint: str
    forbidden_hint: str
    status_page: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is not a success.

    Attributes:
        purpose: What was asked for, after "to": ``list the agents``.
        credential: What was presented: ``the API token from ZD_TOKEN``.
    """

    status: int
    body: bytes
    content_type: str
    purpose: str
    credential: str


def from_refusal(vendor: Vendor, refusal: Refusal) -> SupopsError:
    """Translate an answer's status and body into an error of ours."""
    status, purpose = refusal.status, refusal.purpose
    detail = _detail(vendor, refusal)
    said = f": {detail}" if detail else ""
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized(
            f"{vendor.name} refused {refusal.credential} (401){said}", hint=vendor.unauthorized_hint
        )
    if status == HTTPStatus.FORBIDDEN:
        message = f"{vendor.name} does not allow {refusal.credential} to {purpose} (403){said}"
        return Forbidden(message, hint=vendor.forbidden_hint)
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            f"{vendor.name} found nothing when asked to {purpose} (404){said}",
            hint=f"Check {vendor.setting}.url, and that the credential may see what was asked for.",
        )
    if status == HTTPStatus.CONFLICT:
        return Conflict(f"{vendor.name} refused to {purpose} (409){said}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(
            f"{vendor.name} is limiting requests (429); it was asked to {purpose}",
            hint="Try again in some minutes, or find what else uses the account's limit.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        message = f"{vendor.name} failed to {purpose} ({status}){said}"
        return PlatformError(message, hint=f"Look at {vendor.status_page}, and try again later.")
    # What sends 408 gave up waiting, and leaves open what became of the request.
    is_refusal = status >= HTTPStatus.BAD_REQUEST and status != HTTPStatus.REQUEST_TIMEOUT
    kind = Rejected if is_refusal else PlatformError
    return kind(f"{vendor.name} refused to {purpose} ({status}){said}")


def not_understood(vendor: Vendor, refusal: Refusal, problem: str) -> PlatformError:
    """Return the error for an answer that says success, but whose body is not what the platform documents."""
    if refusal.body.lstrip()[:1] in (b"{", b"["):
        shown = problem
    else:
        shown = f"it is not JSON but {refusal.content_type or 'of no type'}: {excerpt(refusal.body)!r}"
    return PlatformError(
        f"{vendor.name} answered the request to {refusal.purpose} with what we don't understand: {shown}",
        hint=f"Check that {vendor.setting}.url is the platform's own address, not a sign-in page or a proxy.",
    )


def redirected(vendor: Vendor, purpose: str, host: str) -> PlatformError:
    """Return the error for a redirect that we don't follow."""
    return PlatformError(
        f"{vendor.name} redirects the request to {purpose} to another host, {host or 'nowhere'}; not followed",
        hint=f"If the platform has moved there, set {vendor.setting}.url. The credential was not sent to it.",
    )


def _detail(vendor: Vendor, refusal: Refusal) -> str:
    detail = vendor.detail(refusal.body)
    if detail is None:
        detail = excerpt(refusal.body) if refusal.body.strip() else ""
    return redact(detail)
