"""GitLab behind a private CA or a proxy, with a real TLS server and a real proxy on loopback; and lists that misbehave."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import trustme

from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_pages import read_all
from supops.errors import ConfigError, NetworkError, PlatformError
from supops.models.secrets import Secret
from tests.conftest import IMPATIENT
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices


class Asked(msgspec.Struct):
    asked: str


class Server(HTTPServer):
    """Answers with the address that was asked for (a proxy is asked for whole ones), or with prepared pages.

    Attributes:
        pages: Headers and user ids of each answer, first to last.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: list[tuple[dict[str, str], list[int]]] = []
        self.statuses: list[tuple[int, str]] = []
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.asked.append(self.path)
        headers: dict[str, str] = {}
        body: object = Asked(self.path)
        if server.pages:
            headers, numbers = server.pages.pop(0)
            body = [User(number, f"user-{number}") for number in numbers]
        status, reason = server.statuses.pop(0) if server.statuses else (200, "OK")
        encoded = msgspec.json.encode(body)
        self.send_response(status, reason)
        self.send_header("Content-Length", str(len(encoded)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    serving = Server()
    yield serving
    serving.shutdown()
    serving.server_close()


def serve(server: Server) -> int:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return int(server.server_address[1])


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_port(server: Server, authority: trustme.CA) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return serve(server)


def connect(url: str, *, ca: Path | None = None) -> GitLabConnection:
    return GitLabConnection(
        url, Secret("x", "GL_TOKEN"), notices=FakeNotices(), clock=FakeClock(), ca=ca, patience=IMPATIENT
    )


@pytest.fixture
def gitlab(server: Server) -> Iterator[GitLabConnection]:
    connection = connect(f"http://127.0.0.1:{serve(server)}")
    yield connection
    connection.close()


def ask(url: str, *, ca: Path | None = None) -> str:
    connection = connect(url, ca=ca)
    try:
        return connection.get("/x", Asked, purpose="see").asked
    finally:
        connection.close()


def test_a_private_ca_that_is_named_is_trusted(tls_port: int, authority: trustme.CA, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))

    assert ask(f"https://127.0.0.1:{tls_port}", ca=bundle) == "/api/v4/x"


def test_a_ca_that_is_not_named_is_not_trusted_and_the_hint_says_how(tls_port: int) -> None:
    with pytest.raises(NetworkError, match="its certificate is not trusted") as raised:
        ask(f"https://127.0.0.1:{tls_port}")

    assert "SSL_CERT_FILE" in raised.value.hint


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_that_can_not_be_read_is_a_mistake_in_the_settings(tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)

    with pytest.raises(ConfigError, match="can't be read"):
        connect("https://127.0.0.1:9", ca=bundle)


def test_the_usual_variables_name_a_proxy(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(server)}")

    assert ask("http://gitlab.example.com/sub/") == "http://gitlab.example.com/sub/api/v4/x"


def test_no_proxy_is_obeyed(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(server)}")
    monkeypatch.setenv("NO_PROXY", "gitlab.invalid")

    with pytest.raises(NetworkError, match="no connection"):
        ask("http://gitlab.invalid")


def test_a_login_for_the_host_in_netrc_is_not_taken(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str | None] = []
    handle = Handler.do_GET

    class Spying(Handler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            handle(self)

    server.RequestHandlerClass = Spying
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(server)}")

    ask("http://gitlab.example.com")

    assert seen == [None]


def test_a_resource_lock_passes_even_for_what_creates_something(
    server: Server, gitlab: GitLabConnection
) -> None:
    server.statuses = [(409, "Resource lock"), (201, "Created")]

    assert gitlab.ask("POST", "/x", purpose="create", body={}).status == 201
    assert len(server.asked) == 2


def users(gitlab: GitLabConnection) -> list[int]:
    return [one.id for one in read_all(gitlab, "/users", User, purpose="list the users")]


def test_of_a_link_only_the_parameters_are_taken(server: Server, gitlab: GitLabConnection) -> None:
    link = '<https://other.example.com/elsewhere?cursor=a%2Bb&per_page=100>; rel="next", <x>; rel="first"'
    server.pages = [({"Link": link}, [1, 2]), ({}, [3])]

    assert users(gitlab) == [1, 2, 3]
    assert urlsplit(server.asked[1]).path == "/api/v4/users"
    assert parse_qs(urlsplit(server.asked[1]).query) == {"cursor": ["a+b"], "per_page": ["100"]}


def test_where_a_proxy_takes_links_out_the_next_page_is_known_by_its_number(
    server: Server, gitlab: GitLabConnection
) -> None:
    server.pages = [({"X-Next-Page": "2"}, [1]), ({"X-Next-Page": ""}, [2])]

    assert users(gitlab) == [1, 2]
    assert parse_qs(urlsplit(server.asked[1]).query)["page"] == ["2"]


def test_a_list_that_leads_in_circles_ends(server: Server, gitlab: GitLabConnection) -> None:
    server.pages = [({"X-Next-Page": "2"}, [1]), ({"X-Next-Page": "2"}, [2])]

    with pytest.raises(PlatformError, match="in circles"):
        users(gitlab)


def test_a_list_that_became_shorter_meanwhile_is_read_again(server: Server, gitlab: GitLabConnection) -> None:
    server.pages = [
        ({"X-Next-Page": "2", "X-Total": "4"}, [1, 2]),
        # 1 was deleted: 3 is on the first page now.
        ({"X-Total": "3"}, [4]),
        ({"X-Next-Page": "2", "X-Total": "3"}, [2, 3]),
        ({"X-Total": "3"}, [4]),
    ]

    assert users(gitlab) == [2, 3, 4]


def test_a_list_that_never_stands_still_is_no_list(server: Server, gitlab: GitLabConnection) -> None:
    for total in (9, 8, 7):
        server.pages += [
            ({"X-Next-Page": "2", "X-Total": f"{total}"}, [1]),
            ({"X-Total": f"{total - 1}"}, [2]),
        ]

    with pytest.raises(PlatformError, match="changed each time"):
        users(gitlab)


def test_a_list_of_another_shape_is_not_understood(server: Server, gitlab: GitLabConnection) -> None:
    with pytest.raises(PlatformError, match="don't understand"):
        users(gitlab)
