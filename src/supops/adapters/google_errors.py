"""What went wrong between us and Google Calendar, in words for people: the ONE place that translates it (platforms, K-1 to K-3)."""

import http.client

import google.auth.exceptions
import httplib2
import msgspec
from googleapiclient.errors import HttpError

from supops.adapters.decoding import UNDECODABLE
from supops.errors import (
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    SupopsError,
    Unauthorized,
)
from supops.models.redaction import excerpt, redact

# Of the refusals with status 403, these are limits, and pass.
LIMIT_REASONS = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})
# What is raised when no whole answer arrived.
TRANSPORT_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    http.client.HTTPException,
    httplib2.HttpLib2Error,
    google.auth.exceptions.TransportError,
)
STATUS_PAGE = "https://www.google.com/appsstatus/dashboard/"
NETWORK_HINT = "Check the network, the proxy settings (HTTPS_PROXY, NO_PROXY) and google.api_endpoint."
CHECK_CREDENTIALS = "Check google.credentials."


class _Reason(msgspec.Struct):
    reason: str = ""


class _Error(msgspec.Struct):
    message: str = ""
    errors: list[_Reason] = []


class _Body(msgspec.Struct):
    error: _Error


def reason_of(error: HttpError) -> str:
    """Return Google's own word for a refusal, such as ``rateLimitExceeded``; empty where it gives none."""
    said = _said(error)
    return said.errors[0].reason if said and said.errors else ""


def passes(error: BaseException) -> bool:
    """Whether asking again may help."""
    if isinstance(error, HttpError):
        status = error.resp.status
        return status in PASSING_STATUSES or (status == 403 and reason_of(error) in LIMIT_REASONS)
    return isinstance(error, TRANSPORT_ERRORS)


def translated(
    error: Exception, *, purpose: str, calendar: str, account: str, remedy: str = CHECK_CREDENTIALS
) -> SupopsError:
    """Return an error of ours for one of Google's libraries.

    Args:
        error: What was raised.
        purpose: What was asked for, after "to": ``insert the entry``.
        calendar: Name and id of the calendar.
        account: Address of the service account; empty where there is none.
        remedy: What to do where the credentials are refused.
    """
    if isinstance(error, HttpError):
        return _refusal(error, purpose, calendar, account, remedy)
    if isinstance(error, google.auth.exceptions.RefreshError):
        return Unauthorized(
            f"Google gives the service account {account} no access token: {redact(str(error.args[0] if error.args else ''))}",
            hint="Check google.credentials. With google.subject, an administrator has to allow the account domain-wide delegation for "
            "the scope https://www.googleapis.com/auth/calendar.events.",
        )
    if isinstance(error, TRANSPORT_ERRORS):
        problem = redact(str(error)) or type(error).__name__
        return NetworkError(f"Google Calendar could not be asked to {purpose}: {problem}", hint=NETWORK_HINT)
    return PlatformError(
        f"Google Calendar answered the request to {purpose} with what we don't understand ({type(error).__name__})",
        hint="Check that google.api_endpoint, where it is set, is the address of a calendar API.",
    )


def id_is_gone(calendar: str) -> PlatformError:
    """Return the error for an entry whose id may not be used, and which can't be found either."""
    return PlatformError(
        f"Google Calendar refuses the entry's id in the calendar {calendar}, and has no entry with it: it was deleted there for good.",
        hint="Google does not let an id be used twice. If the meeting takes place, add it to the calendar by hand.",
    )


def _refusal(error: HttpError, purpose: str, calendar: str, account: str, remedy: str) -> SupopsError:
    status, reason = error.resp.status, reason_of(error)
    said = _said(error)
    detail = redact(said.message) if said else excerpt(error.content)
    detail = f": {detail}" if detail else ""
    share = f"Share the calendar with {account or 'the service account'}, with the right to make changes to events."
    if status == 401:
        who = f"the service account {account}" if account else "a request without credentials"
        return Unauthorized(f"Google Calendar refused {who} (401){detail}", hint=remedy)
    if status == 404:
        return NotFound(
            f"Google Calendar does not know {calendar}, or does not show it to {account or 'us'} (404){detail}",
            hint=f"{share} Check the calendar's id in the settings: it is under Integrate calendar in its own settings.",
        )
    if status == 429 or reason in LIMIT_REASONS:
        return RateLimited(
            f"Google Calendar is limiting requests ({status} {reason}); it was asked to {purpose}",
            hint="Try again in some minutes, or look at the quota of the service account's project.",
        )
    if status == 403 and reason == "accessNotConfigured":
        return Forbidden(
            f"The Google Calendar API is not switched on in the service account's project (403){detail}",
            hint="Enable the Google Calendar API for the project in the Google Cloud console.",
        )
    if status == 403:
        return Forbidden(
            f"Google Calendar does not allow {account or 'us'} to {purpose} in {calendar} (403){detail}",
            hint=share,
        )
    if status >= 500:
        return PlatformError(
            f"Google Calendar failed to {purpose} ({status}){detail}",
            hint=f"Look at {STATUS_PAGE}, and try again later.",
        )
    if 300 <= status < 400:
        return PlatformError(
            f"Google Calendar redirects the request to {purpose} elsewhere ({status}); not followed",
            hint="Check google.api_endpoint.",
        )
    return PlatformError(f"Google Calendar refused to {purpose} ({status}){detail}")


def _said(error: HttpError) -> _Error | None:
    try:
        return msgspec.json.decode(error.content, type=_Body).error
    except UNDECODABLE:
        return None
