"""The receiver and its workers as processes: from a signed delivery to an entry in a calendar, and to their end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from supops.adapters.calendly_deliveries import signed_headers
from supops.models.secrets import Secret
from tests.conftest import Run

KEY = Secret("demo-calendly-signing-key", "")
PAYLOADS = Path(__file__).parents[1] / "payloads"


@dataclass
class Serving:
    """``supops webhooks serve``, and its journal."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]

    def of(self, what: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["what"] == what]

    def wait_for(self, what: str, number: int = 1) -> dict[str, Any]:
        until(lambda: len(self.of(what)) >= number or self.process.poll() is not None)
        assert len(self.of(what)) >= number, self.log.read_text()
        return self.of(what)[number - 1]

    @property
    def url(self) -> str:
        return str(self.wait_for("listening")["url"])

    @property
    def worker(self) -> int:
        """The last worker's process."""
        self.wait_for("working")
        return int(self.of("working")[-1]["worker"].split(":")[-2])

    def post(self, body: bytes, url: str | None = None) -> int:
        return httpx.post(
            url or self.url, content=body, headers=signed_headers(KEY, body, datetime.now(UTC))
        ).status_code


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def is_there(process: int) -> bool:
    try:
        # One that has ended, and that nobody has asked for its status, is still listed.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


Serve = Callable[..., Serving]


@pytest.fixture
def serve(home: dict[str, str], tmp_path: Path) -> Iterator[Serve]:
    """Start a receiver on any port that is free; all that are started are killed in the end."""
    started: list[Serving] = []

    def starter(
        *words: str,
        env: dict[str, str] | None = None,
        group: tuple[str, ...] = ("--demo",),
        stderr: int | None = None,
    ) -> Serving:
        log = tmp_path / f"{len(started)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "supops",
                    *group,
                    "webhooks",
                    "serve",
                    "--port",
                    "0",
                    "--metrics-port",
                    "0",
                    "--log-format",
                    "json",
                    *words,
                ],
                env=home | dict(env or {}),
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stderr=file if stderr is None else stderr,
            )
        started.append(Serving(process, log))
        return started[-1]

    yield starter
    for one in started:
        one.process.kill()
        one.process.wait()


@pytest.fixture
def settings(tmp_path: Path) -> tuple[str, ...]:
    """Settings with a roster of nobody, and calendars in files."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "jo.yaml").write_text("name: Jo\nemail: jo@example.com\n")
    (tmp_path / "secret").write_text("a-part-that-nobody-can-guess\n")
    config = {
        "roster": {"path": "team"},
        "calendly": {"signing_key": {"env": "KEY"}},
        "calendars": {"backend": "ics", "folder": "calendars"},
        "receiver": {"metrics_port": 0, "path_secret": {"file": "secret"}},
        "queue": {"path": "inbox.db"},
    }
    (tmp_path / "supops.yaml").write_text(json.dumps(config))
    return ("--config", "supops.yaml")


def test_a_signed_delivery_ends_in_a_calendar(serve: Serve, home: dict[str, str]) -> None:
    serving = serve()

    assert serving.post((PAYLOADS / "us-government.json").read_bytes()) == 202
    assert serving.wait_for("stored")["event"] == "invitee.created"
    done = serving.wait_for("done")
    assert serving.post((PAYLOADS / "global.json").read_bytes()) == 202
    serving.wait_for("done", 2)
    serving.process.send_signal(signal.SIGTERM)

    assert serving.process.wait(20) == 0
    assert done["outcome"] == "inserted in US Government Support"
    # What is wrong with the roster is so for both.
    warnings = [str(note["text"]) for note in serving.of("note") if note["level"] == "warning"]
    assert ["roster" in warning for warning in warnings] == [True]
    calendar = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "calendars" / "us-government.ics"
    assert "BEGIN:VEVENT" in calendar.read_text()
    assert [line["what"] for line in serving.lines if line["what"] != "note"][-3:] == [
        "ending",
        "ended",
        "ended",
    ]
    assert not is_there(int(serving.of("working")[0]["worker"].split(":")[-2]))


def test_workers_are_started_again_and_end_with_a_receiver_that_is_killed(
    serve: Serve, settings: tuple[str, ...]
) -> None:
    serving = serve(group=settings, env={"KEY": KEY.reveal()})
    first = serving.worker
    os.kill(first, signal.SIGKILL)
    ended = serving.wait_for("worker ended")
    serving.wait_for("working", 2)
    second = serving.worker

    assert (ended["status"], ended["number"]) == ("SIGKILL", 1)
    assert second != first
    assert serving.url.endswith("/calendly/***")
    assert "nobody-can-guess" not in serving.log.read_text()
    assert serving.post(b"{}", serving.url.replace("***", "a-part-that-nobody-can-guess")) == 202
    serving.process.kill()

    serving.process.wait()
    until(lambda: not is_there(second))


def test_a_delivery_that_is_being_processed_when_it_ends_is_finished(serve: Serve) -> None:
    slow = {"SUPOPS_CALENDARS__BACKEND": "google", "SUPOPS_DEMO_FAULTS": "google-calendar:slow:seconds=0.5"}
    serving = serve("--path", "/hooks", env=slow)
    assert serving.post((PAYLOADS / "us-government.json").read_bytes()) == 202
    serving.wait_for("started")

    serving.process.send_signal(signal.SIGINT)
    # A second one changes nothing.
    serving.wait_for("ending")
    serving.process.send_signal(signal.SIGINT)

    assert serving.process.wait(20) == 0
    assert [line["what"] for line in serving.lines if line["what"] != "note"][-4:] == [
        "ending",
        "done",
        "ended",
        "ended",
    ]
    assert serving.url.endswith("/hooks")


def test_whoever_does_not_read_the_journal_stops_nothing(serve: Serve, home: dict[str, str]) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    serving = serve("--port", url.rpartition(":")[2], stderr=writer)
    os.close(writer)

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthz").status_code == 200
        except httpx.TransportError:
            return False

    until(answers)
    body = (PAYLOADS / "us-government.json").read_bytes()
    assert serving.post(body, f"{url}/calendly") == 202
    calendar = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "calendars" / "us-government.ics"
    until(lambda: calendar.exists() and "BEGIN:VEVENT" in calendar.read_text())
    assert answers()
    serving.process.send_signal(signal.SIGTERM)

    assert serving.process.wait(8) == 0
    os.close(reader)


def test_a_port_that_is_taken(run: Run, settings: tuple[str, ...]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        ran = run(*settings, "webhooks", "serve", "--port", port, env={"KEY": "k"})

    assert (ran.status, ran.out) == (1, "")
    assert f"Another process listens on 127.0.0.1:{port} already." in ran.err
    assert "--port" in ran.err


def test_plain_http_to_other_machines_is_warned_of(run: Run, settings: tuple[str, ...]) -> None:
    ran = run(*settings, "webhooks", "serve", "--host", "192.0.2.1", "--log-format", "json", env={"KEY": "k"})

    assert ran.status == 1
    assert "a proxy in front that speaks TLS" in json.loads(ran.err.splitlines()[0])["text"]
    assert "192.0.2.1:8080 can't be listened on" in ran.err


def write(tmp_path: Path, receiver: dict[str, object], **others: object) -> None:
    (tmp_path / "supops.yaml").write_text(json.dumps({"receiver": {"metrics_port": 0, **receiver}, **others}))


PUBLIC = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="


@pytest.mark.parametrize(
    ("receiver", "status", "said"),
    [
        ({}, 4, "calendly.signing_key"),
        ({"zendesk_secrets": {"file": "nowhere"}}, 4, "nowhere"),
        (
            {"zendesk_secrets": {"file": "public"}},
            4,
            "the file public, line 3 is Zendesk's public test secret",
        ),
        (
            {"calendly_keys": {"env": "KEYS"}, "path": "calendly"},
            2,
            "receiver.path should be such as /calendly",
        ),
        (
            {"calendly_keys": {"env": "KEYS"}, "path": "/a/{b}"},
            2,
            "receiver.path should be such as /calendly",
        ),
        ({"calendly_keys": {"env": "KEYS"}, "path": "/healthz"}, 2, "receiver.path is taken"),
        (
            {"calendly_keys": {"env": "KEYS"}, "zendesk_secrets": {"env": "KEYS"}, "path": "/zendesk"},
            2,
            "zendesk_path is taken",
        ),
        (
            {"calendly_keys": {"env": "KEYS"}, "path_secret": {"env": "SHORT"}},
            4,
            "should be 16 to 200 letters",
        ),
        (
            {"calendly_keys": {"env": "KEYS"}, "trusted_proxies": ["10.0.0.1/8"]},
            2,
            "receiver.trusted_proxies",
        ),
    ],
)
def test_settings_that_make_no_sense(
    run: Run, tmp_path: Path, receiver: dict[str, object], status: int, said: str
) -> None:
    (tmp_path / "public").write_text(f"first\n\n{PUBLIC}\n")
    write(tmp_path, receiver, queue={"path": "inbox.db"})

    ran = run("webhooks", "serve", "--port", "0", env={"KEYS": "one\ntwo", "SHORT": "secret"})

    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_without_the_packages_of_the_extra_it_says_what_to_install(
    start: Run, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('No module', name='uvicorn')\n")

    ran = start(*settings, "webhooks", "serve", env={"KEY": "k", "PYTHONPATH": str(tmp_path)})

    assert ran.status == 2
    assert "uvicorn" in ran.err
    assert "pip install 'supops[receiver]'" in ran.err


VERIFYING = """
import sys
sys.argv = ["supops", "--demo", "webhooks", "verify", "payload.json", "--signature", "t=1,v1=aa"]
from supops.cli import run
status = run()
print(status, sorted({one.partition(".")[0] for one in sys.modules} & set(sys.stdin.read().split())))
"""
EXTRAS = "starlette uvicorn uvloop httptools prometheus_client psycopg procrastinate"


def test_who_only_verifies_needs_none_of_the_extras_packages(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_bytes((PAYLOADS / "us-government.json").read_bytes())

    done = subprocess.run(
        [sys.executable, "-c", VERIFYING],
        env=home,
        cwd=tmp_path,
        input=EXTRAS,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "3 []"
