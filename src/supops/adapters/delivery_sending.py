"""Sends deliveries as Calendly and Zendesk do: once, without following redirects, and without waiting long."""

import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from supops import __version__
from supops.adapters.http import tls_context
from supops.adapters.http_errors import Vendor
from supops.adapters.httpx_errors import from_transport
from supops.errors import NetworkError
from supops.models.hosts import is_loopback
from supops.models.redaction import excerpt
from supops.models.triggers import Answered

# As long as Calendly waits (platforms, C-6).
TIMEOUT = httpx.Timeout(15.0, connect=10.0)
# Of an answer no more is read.
MOST_READ = 4096
RECEIVER = Vendor("The receiver", "its owner", "receiver", lambda _: None, "", "", "")
START_HINT = (
    "Start one with `supops webhooks serve`. One that listens elsewhere, such as at another --port, is named with "
    "--to http://127.0.0.1:PORT."
)
UNSURE_HINT = "It may have arrived all the same: `supops webhooks deliveries` shows it."


class Sender:
    """Sends to one address.

    Args:
        url: Where to.
        shown: The same without secrets.
        ca: File or folder with the certificates to trust instead of the usual ones.
    """

    def __init__(self, url: str, *, shown: str, ca: Path | None) -> None:
        self._url = httpx.URL(url)
        self._shown = shown
        self._client = httpx.Client(
            headers={"User-Agent": f"supops/{__version__} (sample)"},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=not is_loopback(self._url.host),
            verify=tls_context(ca) if self._url.scheme == "https" else False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def send(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send a delivery, once.

        Raises:
            NetworkError: No answer arrived.
        """
        began = time.perf_counter()
        try:
            with self._client.stream("POST", self._url, headers=headers, content=body) as answer:
                said = b""
                for chunk in answer.iter_bytes():
                    said += chunk
                    if len(said) >= MOST_READ:
                        break
        except httpx.HTTPError as error:
            told = from_transport(RECEIVER, "take a delivery", self._url.host, error)
            is_certificate = "certificate" in told.message
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                hint = told.hint if is_certificate else START_HINT
            else:
                hint = UNSURE_HINT
            raise NetworkError(f"{told.message}. The address was {self._shown}.", hint=hint) from None
        return Answered(answer.status_code, time.perf_counter() - began, excerpt(said))
