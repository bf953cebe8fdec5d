"""Google Calendar as one service account sees it: the connection, and how often it is asked (source: platforms, K-3 and K-4)."""

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import httplib2
import msgspec
import tenacity
from google.auth.credentials import Credentials
from google.oauth2 import service_account
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from supops.adapters.decoding import UNDECODABLE
from supops.adapters.google_errors import CHECK_CREDENTIALS, passes, reason_of, translated
from supops.adapters.patience import Patience, retry_after_of, spoken
from supops.errors import CredentialError
from supops.models.entries import TeamCalendarName
from supops.models.hosts import is_loopback
from supops.models.secrets import Secret
from supops.services.ports import EntryConflict, Notices

SCOPE = "https://www.googleapis.com/auth/calendar.events"
Result = TypeVar("Result")

for _library in ("gcsa", "googleapiclient", "google", "google_auth_httplib2"):
    # They would speak on standard error, past us.
    logging.getLogger(_library).addHandler(logging.NullHandler())


class ConflictAfterTrying(EntryConflict):
    """A conflict, perhaps with ourselves: an earlier try may have been carried out although no answer arrived."""


class GoogleAccount:
    """Google Calendar as one service account sees it.

    Args:
        credentials: The service account's JSON; None for a test server that asks for none.
        subject: The user to act as, with domain-wide delegation.
        endpoint: Address of another server than Google's.
        ca: File with the certificates to trust instead of the usual ones.

    Raises:
        CredentialError: The JSON is not that of a service account.

    Attributes:
        address: The service account's, which calendars are shared with; empty where there is none.
    """

    def __init__(
        self,
        *,
        credentials: Secret | None,
        subject: str | None,
        endpoint: str | None,
        notices: Notices,
        patience: Patience | None = None,
        ca: Path | None = None,
        remedy: str = CHECK_CREDENTIALS,
    ) -> None:
        self._credentials = _service_account(credentials, subject) if credentials else None
        self.address = str(getattr(self._credentials, "service_account_email", "") or "")
        self._endpoint = endpoint
        self._notices = notices
        self._patience = patience or Patience()
        self._ca = ca
        self._remedy = remedy

    @cached_property
    def events(self) -> discovery.Resource:
        """The requests about events that there are, to be made over our connection."""
        options = {"api_endpoint": self._endpoint} if self._endpoint else None
        return discovery.build("calendar", "v3", http=self._http, client_options=options).events()

    @cached_property
    def _http(self) -> httplib2.Http | AuthorizedHttp:
        host = urlsplit(self._endpoint or "").hostname
        http = httplib2.Http(
            timeout=self._patience.read,
            ca_certs=str(self._ca) if self._ca and self._ca.is_file() else None,
            # A proxy must not see what is meant for this machine only.
            proxy_info=None if host and is_loopback(host) else httplib2.proxy_info_from_environment,
        )
        http.follow_redirects = False
        return AuthorizedHttp(self._credentials, http=http) if self._credentials else http

    def close(self) -> None:
        """Close all connections."""
        if "_http" in vars(self):
            self._http.close()

    def ask(self, request: Callable[[], Result], *, purpose: str, calendar: TeamCalendarName) -> Result:
        """Ask, and ask again where that may help. All that is asked may be repeated: ids are ours, versions are compared.

        Raises:
            ConflictAfterTrying: As `EntryConflict`, and an earlier try of the same request may have done it.
            EntryConflict: The entry is there already (409), or is not what was read (412).
            SupopsError: Google refuses, or can't be reached.
        """
        patience = self._patience
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._may_be_repeated),
            stop=tenacity.stop_after_attempt(patience.tries),
            wait=self._pause,
            before_sleep=lambda state: self._tell_of_pause(state, purpose),
            reraise=True,
        )
        try:
            result = retrying(request)
        except Exception as error:
            self._notices.debug(f"Google Calendar: {purpose} -> {_status_of(error)}")
            if isinstance(error, HttpError) and error.resp.status in (409, 412):
                tries = retrying.statistics.get("attempt_number", 1)
                raise (ConflictAfterTrying if tries > 1 else EntryConflict) from None
            where = f"the calendar {calendar.name} ({calendar.id})"
            raise translated(
                error, purpose=purpose, calendar=where, account=self.address, remedy=self._remedy
            ) from error
        self._notices.debug(f"Google Calendar: {purpose} -> done")
        return result

    def _may_be_repeated(self, error: BaseException) -> bool:
        return passes(error) and (_asked_to_wait(error) or 0) <= self._patience.longest_retry_after

    def _pause(self, state: tenacity.RetryCallState) -> float:
        asked = _asked_to_wait(state.outcome.exception() if state.outcome else None)
        if asked is not None:
            return asked
        patience = self._patience
        wait = tenacity.wait_random_exponential(
            multiplier=patience.first_pause, max=patience.longest_pause, min=patience.first_pause
        )
        return wait(state)

    def _tell_of_pause(self, state: tenacity.RetryCallState, purpose: str) -> None:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, HttpError):
            # What broke off leaves a connection that is good for nothing.
            self._http.close()
        seconds = state.upcoming_sleep
        if isinstance(error, HttpError) and error.resp.status in (403, 429):
            self._notices.note(f"waiting {spoken(seconds)}, Google's limit")
        else:
            self._notices.note(f"trying again in {spoken(seconds)} to {purpose}")


def _service_account(secret: Secret, subject: str | None) -> Credentials:
    hint = "Make a key for the service account in the Google Cloud console, and keep the whole JSON file as the secret."
    try:
        known = msgspec.json.decode(secret.reveal(), type=dict[str, object])
    except UNDECODABLE:
        message = f"The Google credentials from {secret.origin} are not JSON."
        raise CredentialError(message, hint=hint) from None
    if known.get("type") != "service_account":
        message = f"The Google credentials from {secret.origin} are not those of a service account."
        raise CredentialError(message, hint=hint)
    try:
        made: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]  # google-auth has none
            known, scopes=[SCOPE], subject=subject
        )
    except ValueError:
        # Its message may quote what is in the file.
        message = (
            f"The Google credentials from {secret.origin} are incomplete, or their private key is broken."
        )
        raise CredentialError(message, hint=hint) from None
    return made


def _asked_to_wait(error: BaseException | None) -> float | None:
    return retry_after_of(error.resp.get("retry-after")) if isinstance(error, HttpError) else None


def _status_of(error: Exception) -> str:
    return f"{error.resp.status} {reason_of(error)}" if isinstance(error, HttpError) else type(error).__name__
