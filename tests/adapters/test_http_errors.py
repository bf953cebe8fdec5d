"""Every exception of httpx has words, and words have no secrets."""

import inspect

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.http_errors import Refusal, Vendor, from_refusal, not_understood
from supops.adapters.httpx_errors import from_transport
from supops.errors import NetworkError, PlatformError, Rejected, SupopsError
from supops.models.redaction import redact

VENDOR = Vendor(
    "Zendesk Global", "Zendesk", "zendesk.global", lambda _: None, "sign in", "ask for more", "status page"
)
# Raised by misuse of httpx, or not by a request: never by a platform.
OURS_TO_AVOID = {
    "CookieConflict",
    "HTTPError",
    "HTTPStatusError",
    "InvalidURL",
    "RequestNotRead",
    "ResponseNotRead",
    "StreamClosed",
    "StreamConsumed",
    "StreamError",
}
WORDS = {
    "CloseError": "broke off",
    "ConnectError": "no connection",
    "ConnectTimeout": "connection took too long",
    "DecodingError": "compression is broken",
    "LocalProtocolError": "broke off",
    "NetworkError": "broke off",
    "PoolTimeout": "connection took too long",
    "ProtocolError": "broke off",
    "ProxyError": "proxy refused",
    "ReadError": "broke off",
    "ReadTimeout": "answer took too long",
    "RemoteProtocolError": "broke off",
    "RequestError": "RequestError",
    "TimeoutException": "answer took too long",
    "TooManyRedirects": "TooManyRedirects",
    "TransportError": "TransportError",
    "UnsupportedProtocol": "UnsupportedProtocol",
    "WriteError": "broke off",
    "WriteTimeout": "answer took too long",
}


def test_every_exception_of_httpx_is_known_here() -> None:
    exceptions = {
        name for name, value in vars(httpx).items() if inspect.isclass(value) and issubclass(value, Exception)
    }

    assert exceptions == OURS_TO_AVOID | WORDS.keys()


@pytest.mark.parametrize("name", WORDS)
def test_every_exception_of_a_request_has_words(name: str) -> None:
    error = from_transport(VENDOR, "list the agents", "example.zendesk.com", getattr(httpx, name)("boom"))

    assert isinstance(error, NetworkError)
    assert WORDS[name] in error.message
    assert "Zendesk Global (example.zendesk.com) could not be asked to list the agents" in error.message


def test_an_untrusted_certificate_names_the_variable() -> None:
    error = from_transport(
        VENDOR, "x", "h", httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")
    )

    assert "certificate" in error.message
    assert "SSL_CERT_FILE" in error.hint


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500, 503])
@given(body=st.binary(max_size=300))
def test_any_body_becomes_one_line(status: int, body: bytes) -> None:
    error = from_refusal(VENDOR, Refusal(status, body, "text/plain", "list the agents", "the token"))

    assert isinstance(error, SupopsError)
    assert str(status) in error.message
    assert "\n" not in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize(
    ("status", "is_refusal"),
    [(400, True), (422, True), (408, False), (304, False), (500, False), (504, False)],
)
def test_a_refusal_is_told_from_what_leaves_open_what_happened(status: int, is_refusal: bool) -> None:
    error = from_refusal(VENDOR, Refusal(status, b"", "text/plain", "create the thing", "the token"))

    assert isinstance(error, Rejected) == is_refusal
    assert isinstance(error, PlatformError)


def test_json_of_another_shape_is_not_called_no_json() -> None:
    refusal = Refusal(200, b'{"users": 1}', "application/json", "list the agents", "the token")

    error = not_understood(VENDOR, refusal, "Expected `array`, got `int` - at `$.users`")

    assert "not JSON" not in error.message
    assert "$.users" in error.message


@pytest.mark.parametrize(
    "text",
    [
        "https://user:SECRET@example.com/x",
        "https://oauth2:SECRET@gitlab.example.com",
        "https://example.com/?token=SECRET&x=1",
        "https://example.com/?x=1&access_token=SECRET",
        "client_secret=SECRET",
        "Authorization: Bearer SECRETSECRET",
        "Basic SECRETSECRET",
        "https://calendly.com/cancellations/SECRET",
        "https://calendly.com/reschedulings/SECRET",
        "X-Signature=SECRET",
    ],
)
def test_secrets_are_redacted(text: str) -> None:
    assert "SECRET" not in redact(text)


def test_ordinary_text_is_left_alone() -> None:
    text = "GET https://example.zendesk.com/api/v2/users?page=2&per_page=100 -> 200"

    assert redact(text) == text
