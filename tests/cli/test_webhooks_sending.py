"""``supops webhooks verify`` and ``trigger`` as people run them."""

import base64
import csv
import hashlib
import hmac
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from supops.adapters.calendly_deliveries import CalendlySource
from supops.adapters.delivery_samples import SENDERS
from supops.adapters.zendesk_deliveries import ZendeskSource
from supops.models.deliveries import LARGEST_BODY
from supops.models.secrets import Secret
from tests.cli.schemas import validate
from tests.conftest import Ran, Run

WEBHOOKS = ("webhooks",)
KEY = Secret("demo-calendly-signing-key", "a test")
ZENDESK_SECRET = Secret("demo-zendesk-signing-secret", "a test")
BODY = b'{"event": "invitee.created"}'
AT = "2026-11-26T12:00:00"
STAMP = f"{AT}Z"


def report(ran: Ran, schema: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    validate(document, f"supops.{schema}-1.json")
    return document


def calendly(body: bytes = BODY, *, at: str = AT, key: str = KEY.reveal()) -> str:
    """Sign as Calendly's documentation says, by other means than the code that is tested."""
    seconds = str(int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()))
    return (
        f"t={seconds},v1={hmac.new(key.encode(), seconds.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
    )


def zendesk(body: bytes = BODY) -> str:
    digest = hmac.new(ZENDESK_SECRET.reveal().encode(), STAMP.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


KEYS = {
    "SUPOPS_CALENDLY__SIGNING_KEY__ENV": "CALENDLY_KEY",
    "SUPOPS_RECEIVER__ZENDESK_SECRETS__ENV": "ZENDESK_SECRET",
    "CALENDLY_KEY": KEY.reveal(),
    "ZENDESK_SECRET": ZENDESK_SECRET.reveal(),
}
NO_SETTINGS = {name: "" for name in KEYS if name.startswith("SUPOPS_")}
NO_KEYS = {**NO_SETTINGS, "SUPOPS_QUEUE__LEASE": "30s"}


@pytest.fixture
def home(home: dict[str, str]) -> dict[str, str]:
    """An environment with keys; without the embedded world, which takes longer to start."""
    return home | KEYS


@pytest.fixture
def body(tmp_path: Path) -> str:
    (tmp_path / "body.json").write_bytes(BODY)
    return "body.json"


@pytest.mark.parametrize(
    ("signature", "words", "fails"),
    [
        (calendly(), ("--at", AT), None),
        (f"Calendly-Webhook-Signature: {calendly()}", ("--at", AT), None),
        (calendly(), ("--at", "2026-11-26T12:03:01Z"), "time"),
        (calendly(at="2020-01-01T00:00:00"), (), "time"),
        (calendly(b"{}"), ("--at", AT), "key"),
        ("t=1", ("--at", AT), "format"),
        ("v1=abc: d", (), "format"),
        ("", (), "missing"),
    ],
)
def test_verify_calendly(
    run: Run, body: str, signature: str, words: tuple[str, ...], fails: str | None
) -> None:
    ran = run(*WEBHOOKS, "verify", body, "--signature", signature, *words, "-o", "json")

    document = report(ran, "signature")
    assert (document["good"], document["fails"]) == (fails is None, fails)
    assert ran.status == (3 if fails else 0)


@pytest.mark.parametrize(
    ("signature", "stamp", "fails"),
    [
        (zendesk(), STAMP, None),
        (
            f"X-Zendesk-Webhook-Signature: {zendesk()}",
            f"X-Zendesk-Webhook-Signature-Timestamp: {STAMP}",
            None,
        ),
        (zendesk(), "2026-11-26T12:00:01Z", "key"),
        (zendesk(), "2026-11-26T13:00:00Z", "time"),
        ("abc", STAMP, "format"),
    ],
)
def test_verify_zendesk(run: Run, body: str, signature: str, stamp: str, fails: str | None) -> None:
    words = ("--platform", "zendesk", "--signature", signature, "--timestamp", stamp, "--at", AT)

    ran = run(*WEBHOOKS, "verify", body, *words, "-o", "json")

    assert (report(ran, "signature")["fails"], ran.status) == (fails, 3 if fails else 0)


def test_verify_says_what_to_do(run: Run, body: str) -> None:
    stale = run(*WEBHOOKS, "verify", body, "--signature", calendly(at="2020-01-01T00:00:00"))
    other = run(*WEBHOOKS, "verify", body, "--signature", calendly(key="other"), "--at", AT)

    early = run(*WEBHOOKS, "verify", body, "--signature", calendly(), "--at", "2026-11-26T11:00")
    shape, nothing = (run(*WEBHOOKS, "verify", body, "--signature", text) for text in ("t=1", ""))

    assert "--at TIME" in stale.out
    assert "s before the time of the check" in stale.out
    assert "3600 s after the time of the check, 2026-11-26 11:00:00 UTC" in early.out
    assert "byte for byte" in other.out
    assert "the key does not give this signature for this body" in other.out
    assert "the header's whole value" in shape.out
    assert "signing key" in nothing.out
    assert (
        run(*WEBHOOKS, "verify", "-", "--signature", calendly(), "--at", AT, stdin=BODY.decode()).status == 0
    )


def test_verify_says_that_a_body_is_too_large_for_a_receiver(run: Run, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b" " * (LARGEST_BODY + 1))

    ran = run(*WEBHOOKS, "verify", "large", "--signature", "t=1")

    assert f"a receiver takes {LARGEST_BODY} at most" in ran.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("missing.json", "--signature", "t=1"), 2, "can't be read"),
        (("body.json", "--signature", "X-Other: t=1"), 2, "should be the header calendly-webhook-signature"),
        (("body.json", "--signature", "t=1", "--timestamp", STAMP), 2, "goes with --platform zendesk"),
        (("body.json", "--signature", "t=1", "--platform", "zendesk"), 2, "--timestamp is needed"),
        (("body.json", "--signature", "t=1", "--at", "noon"), 2, "is no time"),
    ],
)
def test_verify_that_makes_no_sense(
    run: Run, body: str, words: tuple[str, ...], status: int, said: str
) -> None:
    assert body
    ran = run(*WEBHOOKS, "verify", *words)

    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err


def test_verify_without_a_key(run: Run, body: str) -> None:
    ran = run(*WEBHOOKS, "verify", body, "--signature", "t=1", env=NO_KEYS)
    zendesk_words = ("--platform", "zendesk", "--timestamp", STAMP)
    other = run(*WEBHOOKS, "verify", body, "--signature", "t=1", *zendesk_words, env=NO_KEYS)

    assert (ran.status, other.status) == (4, 4)
    assert "Set calendly.signing_key" in ran.err
    assert "Set receiver.zendesk_secrets" in other.err


@pytest.mark.parametrize(
    "words", [("verify", "-", "--signature", "t=1"), ("trigger", "invitee.created"), ("serve",)]
)
def test_without_settings_the_ways_on_are_named(run: Run, words: tuple[str, ...]) -> None:
    nothing = run("webhooks", *words, env=NO_SETTINGS)
    no_key = run("webhooks", *words, env=NO_KEYS)

    assert (nothing.status, nothing.out) == (2, "")
    assert "supops config init" in nothing.err
    assert "supops --demo" in nothing.err
    assert (no_key.status, no_key.out) == (4, "")
    assert "Set calendly.signing_key" in no_key.err


def test_verify_needs_nothing_of_the_extras(home: dict[str, str], body: str, tmp_path: Path) -> None:
    extras = ("starlette", "uvicorn", "uvloop", "httptools", "procrastinate", "psycopg", "prometheus_client")
    script = (
        "import sys\n"
        "from supops.cli import run\n"
        "status = run(sys.argv[1:])\n"
        f"loaded = sorted(set({extras!r}) & set(sys.modules))\n"
        "sys.exit(f'loaded: {loaded}' if loaded else status)\n"
    )
    words = [sys.executable, "-c", script, *WEBHOOKS, "verify", body, "--signature", calendly(), "--at", AT]

    done = subprocess.run(words, env=home, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


class Receiver(ThreadingHTTPServer):
    """Takes what is sent, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = 202
        self.location = ""
        self.most: int | None = None
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, headers, body))
        if self.server.most is not None and len(self.server.got) > self.server.most:
            self.server.answers = 503
        self.send_response(self.server.answers)
        if self.server.location:
            self.send_header("Location", self.server.location)
        said = b"no \x1b[31m" if self.server.answers >= 300 else b""
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("event", ["invitee.created", "zen:event-type:ticket.created"])
def test_trigger_sends_a_signed_sample(run: Run, receiver: Receiver, event: str) -> None:
    ran = run(*WEBHOOKS, "trigger", event, "--to", receiver.url)

    ((path, headers, body),) = receiver.got
    assert path == f"/{SENDERS[event]}"
    sources = {
        "calendly": CalendlySource([KEY], datetime.resolution * 10**7),
        "zendesk": ZendeskSource([ZENDESK_SECRET], datetime.resolution * 10**7),
    }
    assert sources[SENDERS[event]].verify(headers, body, datetime.now(UTC)).good
    first, *_, last = ran.out.splitlines()
    assert first == f"--> {event} to {receiver.url}/{SENDERS[event]}"
    assert re.fullmatch(r"<-- 202 in \d+ ms", last)
    assert (ran.status, ran.err) == (0, "")


def test_trigger_in_other_formats_and_several(run: Run, receiver: Receiver, tmp_path: Path) -> None:
    words = (*WEBHOOKS, "trigger", "invitee.created", "--to", f"{receiver.url}/calendly", "--repeat", "3")

    document = report(run(*words, "-o", "json"), "trigger")
    rows = list(csv.DictReader(StringIO(run(*words, "-o", "csv").out)))
    run(*words, "-f", str(tmp_path / "out"))

    events = [json.loads(body)["payload"]["scheduled_event"]["uri"] for _, _, body in receiver.got]
    assert len(set(events)) == 9
    assert [one["about"] for one in document["sent"]] == events[:3]
    assert [row["about"] for row in rows] == events[3:6]
    assert (tmp_path / "out").read_text().count("-->") == 3


def test_trigger_with_values(run: Run, receiver: Receiver) -> None:
    booked = "https://api.calendly.com/scheduled_events/4711"
    ran = run(
        *(*WEBHOOKS, "trigger", "invitee.canceled", "--to", receiver.url),
        *(
            "--set",
            f"payload.scheduled_event.uri={booked}",
            "--set",
            "payload.questions_and_answers.0.answer=1",
        ),
    )

    payload = json.loads(receiver.got[0][2])["payload"]
    assert (payload["scheduled_event"]["uri"], payload["event"]) == (booked, booked)
    assert payload["questions_and_answers"][0]["answer"] == 1
    assert f"about {booked}" in ran.out


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "The receiver has another key"),
        (302, "Redirects are not followed"),
        (418, "Look at the receiver's journal"),
    ],
)
def test_trigger_that_is_not_taken_is_sent_once(
    run: Run, receiver: Receiver, status: int, remedy: str
) -> None:
    receiver.answers = status
    receiver.location = f"{receiver.url}/elsewhere" if status == 302 else ""

    ran = run(*WEBHOOKS, "trigger", "invitee.created", "--to", receiver.url, "--repeat", "2")

    assert (ran.status, len(receiver.got)) == (1, 1)
    assert f"answered {status}, and has not taken" in ran.err
    assert remedy in ran.err
    assert f"<-- {status} in" in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_trigger_without_a_receiver(run: Run, receiver: Receiver) -> None:
    receiver.server_close()

    ran = run(*WEBHOOKS, "trigger", "invitee.created", "--to", receiver.url)
    document = report(
        run(*WEBHOOKS, "trigger", "invitee.created", "--to", receiver.url, "-o", "json"), "trigger"
    )

    assert ran.status == 1
    assert "supops webhooks serve" in ran.err
    assert (document["sent"], receiver.url in document["error"]) == ([], True)


def test_trigger_says_how_many_were_taken(run: Run, receiver: Receiver) -> None:
    receiver.most = 2

    ran = run(*WEBHOOKS, "trigger", "invitee.created", "--to", receiver.url, "--repeat", "4", "-o", "json")

    document = report(ran, "trigger")
    assert [one["taken"] for one in document["sent"]] == [True, True, False]
    assert "2 of 4 were taken before." in ran.err
    assert "2 of 4 were taken before." in document["error"]


def test_trigger_at_the_path_of_the_other_sender(run: Run, receiver: Receiver) -> None:
    receiver.answers = 401

    ran = run(*WEBHOOKS, "trigger", "invitee.created", "--to", f"{receiver.url}/zendesk")

    assert "The address is where Zendesk's deliveries go" in ran.err


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_trigger_dry_run_sends_nothing(run: Run, receiver: Receiver, output: str) -> None:
    ran = run(*WEBHOOKS, "trigger", "invitee.created", "--to", receiver.url, "--dry-run", "-o", output)

    assert (ran.status, receiver.got) == (0, [])
    assert "planned" in ran.out
    assert "https://api.calendly.com/scheduled_events/" in ran.out
    if output == "json":
        (one,) = report(ran, "trigger")["planned"]
        assert one["body"]["payload"]["cancel_url"] == "[redacted]"
    if output == "table":
        assert f"planned: invitee.created to {receiver.url}/calendly; nothing was sent" in ran.out


def test_trigger_never_shows_the_secret_part_of_the_path(run: Run, receiver: Receiver) -> None:
    secret = "only-lower-case-letters"
    env = {
        "SUPOPS_RECEIVER__PATH_SECRET__ENV": "PART",
        "SUPOPS_RECEIVER__PORT": str(receiver.server_address[1]),
        "PART": secret,
    }

    ran = run("webhooks", "trigger", "invitee.created", env=env)
    receiver.answers = 404
    refused = run("webhooks", "trigger", "invitee.created", "-o", "json", env=env)

    assert [path for path, _, _ in receiver.got] == [f"/calendly/{secret}"] * 2
    assert (ran.status, refused.status) == (0, 1)
    assert "/calendly/[redacted]" in ran.out
    assert secret not in ran.out + ran.err + refused.out + refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invitee.creatd",), "Did you mean invitee.created?"),
        (
            ("ticket.created", "--source", "zendesk"),
            "Did you mean zen:event-type:ticket.created?",
        ),
        (("invitee.created", "--source", "zendesk"), "is no event of zendesk"),
        (("invitee.created", "--to", "http://hooks.example.com/"), "without TLS"),
        (("invitee.created", "--set", "payload.nam=x"), "Did you mean payload.name?"),
        (("invitee.created", "--to", "http://127.0.0.1/${NO_SUCH}"), "NO_SUCH"),
    ],
)
def test_trigger_that_makes_no_sense(run: Run, words: tuple[str, ...], said: str) -> None:
    ran = run(*WEBHOOKS, "trigger", *words)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


def test_trigger_without_a_key(run: Run) -> None:
    ran = run(*WEBHOOKS, "trigger", "invitee.created", env=NO_KEYS)

    assert ran.status == 4
    assert "Set calendly.signing_key" in ran.err


@pytest.mark.parametrize("backend", ["ics", "google"])
def test_a_broken_calendar_of_the_embedded_world(
    run: Run, home: dict[str, str], backend: str, tmp_path: Path
) -> None:
    env = {"SUPOPS_CALENDARS__BACKEND": backend}
    route = ("--demo", "calendly", "route", "-o", "json")
    before = json.loads(run(*route, "global.json", env=env).out)["action"]

    broken = [run("demo", "break", "calendar") for _ in range(2)]
    fails = run(*route, "canceled.json", env=env)
    mended = [run("demo", "mend", "calendar") for _ in range(2)]
    after = json.loads(run(*route, "canceled.json", env=env).out)["action"]

    assert (before, after) == ("inserted", "deleted")
    assert fails.status in (1, 4)
    assert ["fail from now on" in broken[0].err, "fail already" in broken[1].err] == [True, True]
    assert ["work again" in mended[0].err, "were not broken" in mended[1].err] == [True, True]
    run("demo", "break", "calendar")
    run("demo", "reset")
    assert json.loads(run(*route, "global.json", env=env).out)["action"] == "inserted"
