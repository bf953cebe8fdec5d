"""Every exception of python-gitlab and requests has words, and words have no secrets."""

import inspect

import gitlab.exceptions
import pytest
import requests
import requests.exceptions
import urllib3.exceptions
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.gitlab_errors import (
    error_detail,
    is_passing,
    is_resource_lock,
    translated,
    vendor_of,
    was_not_sent,
)
from supops.adapters.gitlab_session import AnswerTooLarge
from supops.errors import (
    Conflict,
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    Rejected,
    SupopsError,
    Unauthorized,
)

# Those of one operation or another, which the library raises in place of GitlabHttpError.
OF_OPERATIONS = {
    name
    for name, value in vars(gitlab.exceptions).items()
    if inspect.isclass(value) and issubclass(value, gitlab.exceptions.GitlabOperationError)
}
OTHERS = {
    "GitlabAuthenticationError": Unauthorized,
    "GitlabCiLintError": PlatformError,
    "GitlabConnectionError": NetworkError,
    "GitlabError": PlatformError,
    "GitlabHttpError": PlatformError,
    "GitlabParsingError": PlatformError,
    "RedirectError": PlatformError,
}
WORDS = {
    "ChunkedEncodingError": "broke off",
    "ConnectTimeout": "connection took too long",
    "ConnectionError": "broke off",
    "ContentDecodingError": "compression is broken",
    "HTTPError": "HTTPError",
    "InvalidHeader": "InvalidHeader",
    "InvalidJSONError": "InvalidJSONError",
    "InvalidProxyURL": "InvalidProxyURL",
    "InvalidSchema": "InvalidSchema",
    "InvalidURL": "InvalidURL",
    "MissingSchema": "MissingSchema",
    "ProxyError": "proxy refused",
    "ReadTimeout": "answer took too long",
    "RequestException": "RequestException",
    "RetryError": "RetryError",
    "SSLError": "encrypted connection failed",
    "StreamConsumedError": "StreamConsumedError",
    "Timeout": "answer took too long",
    "TooManyRedirects": "leads in circles",
    "URLRequired": "URLRequired",
    "UnrewindableBodyError": "UnrewindableBodyError",
}
# Takes other arguments than the rest, and comes of decoding, which we do ourselves.
DECODING = {"JSONDecodeError"}


def ours(error: Exception, answer: requests.Response | None = None) -> SupopsError:
    return translated(
        error,
        vendor_of("https://gitlab.example.com"),
        purpose="list the projects",
        credential="the access token from GL_TOKEN",
        host="gitlab.example.com",
        answer=answer,
    )


def refused(status: int, body: bytes) -> SupopsError:
    return ours(gitlab.exceptions.GitlabHttpError("x", status, body))


def test_every_exception_of_python_gitlab_is_known_here() -> None:
    found = {
        name
        for name, value in vars(gitlab.exceptions).items()
        if inspect.isclass(value) and issubclass(value, Exception)
    }

    assert found == OF_OPERATIONS | OTHERS.keys()


@pytest.mark.parametrize("name", sorted(OF_OPERATIONS | OTHERS.keys()))
def test_every_exception_of_python_gitlab_has_words(name: str) -> None:
    kind = getattr(gitlab.exceptions, name)
    without_status = ours(kind("said so"))
    with_status = ours(kind("said so", 404, b'{"message":"404 Project Not Found"}'))

    for error in (without_status, with_status):
        assert isinstance(error, PlatformError)
        assert "list the projects" in error.message
    if name in OF_OPERATIONS:
        assert isinstance(with_status, NotFound)


@pytest.mark.parametrize(("name", "kind"), OTHERS.items())
def test_those_of_the_connection_are_told_apart(name: str, kind: type[SupopsError]) -> None:
    status = 401 if kind is Unauthorized else None

    assert isinstance(ours(getattr(gitlab.exceptions, name)("said so", status)), kind)


def test_every_exception_of_requests_is_known_here() -> None:
    found = {
        name
        for name, value in vars(requests.exceptions).items()
        if inspect.isclass(value) and issubclass(value, requests.RequestException)
    }

    assert found == WORDS.keys() | DECODING


@pytest.mark.parametrize("name", WORDS)
def test_every_exception_of_requests_has_words(name: str) -> None:
    error = ours(getattr(requests.exceptions, name)("glpat-SECRETSECRETSECRET"))

    assert isinstance(error, NetworkError)
    assert "GitLab (gitlab.example.com) could not be asked to list the projects" in error.message
    assert WORDS[name] in error.message
    assert "SECRET" not in error.message
    assert error.hint


def test_what_is_no_error_of_the_libraries_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError):
        ours(ValueError("x"))


def test_an_answer_that_is_too_large() -> None:
    assert "more than 32 MiB" in ours(AnswerTooLarge()).message


def test_an_untrusted_certificate_names_the_variable() -> None:
    error = requests.exceptions.SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed")

    assert "certificate is not trusted" in ours(error).message
    assert "SSL_CERT_FILE" in ours(error).hint
    assert not is_passing(error)


def test_a_time_out_in_the_middle_of_an_answer_is_one() -> None:
    pool = urllib3.HTTPConnectionPool("gitlab.example.com")
    error = requests.ConnectionError(urllib3.exceptions.ReadTimeoutError(pool, "/x", "Read timed out."))

    assert "the answer took too long" in ours(error).message
    assert not was_not_sent(error)


def test_only_what_had_no_connection_was_not_sent() -> None:
    connection = urllib3.connection.HTTPConnection("gitlab.example.com")
    refused_one = urllib3.exceptions.NewConnectionError(connection, "[Errno 111] Connection refused")
    pool = urllib3.HTTPConnectionPool("gitlab.example.com")
    error = requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/x", refused_one))

    assert was_not_sent(error)
    assert "no connection ([Errno 111] Connection refused)" in ours(error).message
    assert was_not_sent(requests.ConnectTimeout("x"))
    for other in (requests.ConnectionError("reset"), requests.ReadTimeout("x"), AnswerTooLarge()):
        assert not was_not_sent(other)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (422, Rejected),
        (429, RateLimited),
        (500, PlatformError),
        (302, PlatformError),
    ],
)
@given(body=st.binary(max_size=300))
def test_any_body_becomes_one_line(status: int, kind: type[SupopsError], body: bytes) -> None:
    error = refused(status, body)

    assert isinstance(error, kind)
    assert "\n" not in error.message
    assert len(error.message) < 450


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"message":"404 Project Not Found"}', "404 Project Not Found"),
        (
            b'{"message":{"title":["is too long (maximum is 255 characters)","is odd"]}}',
            "title is too long (maximum is 255 characters); title is odd",
        ),
        (b'{"message":{"base":["is full"]}}', "is full"),
        (
            b'{"error":"title is missing, confidential is invalid"}',
            "title is missing, confidential is invalid",
        ),
        (
            b'{"error":"insufficient_scope","error_description":"More is required.","scope":"api read_api"}',
            "insufficient_scope; More is required.; needed: api read_api",
        ),
        (b'{"message":{"error":"Try again later."}}', "Try again later."),
        (b"{}", ""),
        (b"[1]", None),
        (b"<html>", None),
        (b"Retry later\n", None),
    ],
)
def test_what_gitlab_says_is_taken_out_of_every_form(body: bytes, said: str | None) -> None:
    assert error_detail(body) == said


def test_a_sign_in_page_is_shown_as_text_and_short() -> None:
    page = b"<html><style>x{}</style><body><h1>Sign in</h1>" + b"<p>word </p>" * 500

    message = refused(403, page).message

    assert "Sign in" in message
    assert "<" not in message
    assert len(message) < 450


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("https://gitlab.com", "https://status.gitlab.com"),
        ("https://gitlab.example.com/x", "gitlab.example.com"),
    ],
)
def test_where_to_look_when_it_fails(url: str, hint: str) -> None:
    error = translated(
        gitlab.exceptions.GitlabHttpError("x", 500, b""),
        vendor_of(url),
        purpose="x",
        credential="y",
        host="z",
    )

    assert hint in error.hint


@pytest.mark.parametrize(
    ("status", "reason", "body", "is_lock"),
    [
        (409, "Resource lock", b"", True),
        (409, "Conflict", b'{"message":"409 Resource lock"}', True),
        (409, "Conflict", b'{"message":"409 Conflict"}', False),
        (400, "Resource lock", b"", False),
    ],
)
def test_a_lock_passes_and_any_other_conflict_does_not(
    status: int, reason: str, body: bytes, is_lock: bool
) -> None:
    answer = requests.Response()
    answer.status_code, answer.reason, answer._content = status, reason, body

    assert is_resource_lock(answer) == is_lock
    assert not is_resource_lock(None)
