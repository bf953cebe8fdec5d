"""Private CAs and proxies, with a real TLS server and a real proxy on loopback."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest
import trustme

from supops.adapters.http import FixedCredential, HttpClient
from supops.adapters.http_errors import Vendor
from supops.errors import ConfigError, NetworkError
from tests.conftest import IMPATIENT
from tests.fakes.console import FakeNotices

VENDOR = Vendor("Zendesk Global", "Zendesk", "zendesk.global", lambda _: None, "", "", "")


class Answer(msgspec.Struct):
    asked: str


class Handler(BaseHTTPRequestHandler):
    """Answers with the address that was asked for: a proxy is asked for whole ones."""

    def do_GET(self) -> None:
        body = msgspec.json.encode(Answer(self.path))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    serving = HTTPServer(("127.0.0.1", 0), Handler)
    yield serving
    serving.shutdown()
    serving.server_close()


def serve(server: HTTPServer) -> int:
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    return int(server.server_address[1])


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_port(server: HTTPServer, authority: trustme.CA) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return serve(server)


def ask(url: str, *, ca: Path | None = None) -> str:
    client = HttpClient(
        VENDOR, url, FixedCredential("the token", "Bearer x"), FakeNotices(), ca=ca, patience=IMPATIENT
    )
    try:
        return client.get("/x", Answer, purpose="see").asked
    finally:
        client.close()


def test_a_private_ca_that_is_named_is_trusted(tls_port: int, authority: trustme.CA, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))

    assert ask(f"https://127.0.0.1:{tls_port}", ca=bundle) == "/x"


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
        ask("https://127.0.0.1:9", ca=bundle)


def test_the_usual_variables_name_a_proxy(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(server)}")

    assert ask("http://platform.example.com") == "http://platform.example.com/x"


def test_no_proxy_is_obeyed(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{serve(server)}")
    monkeypatch.setenv("NO_PROXY", "platform.invalid")

    with pytest.raises(NetworkError, match="no connection"):
        ask("http://platform.invalid")
