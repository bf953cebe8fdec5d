"""Starts commands that run on, in processes that need not start an interpreter: a storm kills and starts many.

One process imports what the commands import, and forks for each. A command may be sabotaged: then something of it is replaced
before it begins, by a function of `tests.e2e.sabotage`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[2]


class Starter:
    """Starts commands."""

    def __init__(self) -> None:
        self._count = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.starting"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self, *words: str, env: Mapping[str, str], folder: Path, sabotage: str = "") -> "Started":
        """Start a command.

        Args:
            words: Of its command line.
            env: Its environment.
            folder: Where it runs, and where what it prints is kept: ``NUMBER.log``.
            sabotage: Name of what is done to it before.
        """
        self._count += 1
        log = folder / f"{self._count}.log"
        asked = {
            "words": words,
            "env": dict(env),
            "folder": str(folder),
            "log": str(log),
            "sabotage": sabotage,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        return Started(int(self._process.stdout.readline()), log)

    def close(self) -> None:
        """End the process that forks; what it started runs on."""
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


class Started:
    """A command that runs.

    Attributes:
        log: What it prints.
    """

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log

    def send(self, number: int) -> None:
        """Send a signal; nothing where it has ended."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return

    def kill(self) -> None:
        """End it at once, wherever it is, and see it gone."""
        self.send(signal.SIGKILL)
        assert self.ends(), "a process that was killed is still there"

    def ends(self, seconds: float = 20.0) -> bool:
        """Wait for its end; return whether it came in time."""
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def text(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


def _serve(requests: IO[str], answers: IO[str]) -> None:
    # Nobody waits for the children.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in requests:
        child = os.fork()
        if child == 0:
            _become(json.loads(line))
        answers.write(f"{child}\n")
        answers.flush()


def _become(asked: dict[str, object]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(str(asked["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, opened in enumerate((null, log, log)):
        os.dup2(opened, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False, buffering=1)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    env, words = asked["env"], asked["words"]
    assert isinstance(env, dict)
    assert isinstance(words, list)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(str(asked["folder"]))
    sys.argv = ["supops", *words]
    if asked["sabotage"]:
        from tests.e2e import sabotage

        getattr(sabotage, str(asked["sabotage"]))()
    from supops.__main__ import main

    status = 1
    try:
        main()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    import gc
    import importlib

    for module in (
        *(
            "supops.commands.webhooks",
            "supops.wiring",
            "supops.webhook_wiring",
            "supops.config",
            "supops.receiver",
        ),
        *(
            f"supops.adapters.{name}"
            for name in ("inbox", "inbox_sqlite", "embedded_engine", "google_calendar")
        ),
        *(f"supops.adapters.{name}" for name in ("roster_files", "roster_reader", "calendly_payloads")),
        *("supops.services.routing", "supops.services.processing", "supops.render.routings", "supops.cli"),
        *("uvicorn", "uvloop", "httptools", "starlette.applications", "googleapiclient.discovery"),
        *("psycopg", "psycopg_pool", "procrastinate", "asgiref.sync"),
    ):
        try:
            importlib.import_module(module)
        except ImportError:
            continue
    gc.freeze()
    with os.fdopen(os.dup(0)) as given, os.fdopen(os.dup(1), "w") as told:
        _serve(given, told)
