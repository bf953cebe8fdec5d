"""Runs commands in processes of their own that need not start an interpreter.

One process imports what commands import, and forks for each command: the command has its own arguments, environment, folder and
streams, runs the same entry point, and ends as any process does. It takes a third of the time. What depends on how an interpreter
starts is tested with a new one: the tests of start-up, of interrupts, of terminals, and of several processes at once.
"""

import atexit
import gc
import json
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, NoReturn

import supops

# All of these, but what needs a package that may not be there.
PACKAGES = ("adapters", "checks", "commands", "models", "render", "services")
NEEDS_MORE = ("postgres", "procrastinate")
WIRINGS = ("audit_wiring", "license_key_wiring", "license_wiring", "webhook_wiring", "wiring", "work_wiring")
# What our modules or libraries load when they are used.
LATER = (
    *("supops.cli", "supops.config", "supops.settings", "supops.sandbox.breaking", "supops.sandbox.server"),
    *("cryptography.hazmat.primitives.serialization", "cryptography.hazmat.primitives.asymmetric.rsa"),
    *("gitlab.v4.objects", "h11", "httpcore", "jinja2", "markdown_it", "platformdirs"),
    *("rich.console", "rich.table"),
)
STREAMS = ("stdin", "stdout", "stderr")


class Forker:
    """Starts the process that forks, with the first command."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, words: tuple[str, ...], *, env: Mapping[str, str], cwd: Path, stdin: bytes, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Run a command; return its exit status, and what it wrote to its standard output and standard error."""
        with tempfile.TemporaryDirectory() as name:
            files = {stream: Path(name) / stream for stream in STREAMS}
            files["stdin"].write_bytes(stdin)
            asked = {
                "words": words,
                "env": dict(env),
                "cwd": str(cwd),
                "timeout": timeout,
                **{stream: str(file) for stream, file in files.items()},
            }
            status = self._ask(json.dumps(asked))
            return status, files["stdout"].read_bytes(), files["stderr"].read_bytes()

    def close(self) -> None:
        """End the process that forks."""
        if self._process is not None:
            with self._process as process:
                assert process.stdin is not None
                process.stdin.close()

    def _ask(self, line: str) -> int:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forking"],
                cwd=Path(__file__).parents[1],
                env={**os.environ, "PYTHONUTF8": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the process that forks has ended"
        return int(answer)


def _serve(requests: IO[str], answers: IO[str]) -> None:
    for line in requests:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(asked)
        answers.write(f"{_status_of(child, asked['timeout'])}\n")
        answers.flush()


def _status_of(child: int, timeout: float) -> int:
    """Wait for a child, as long as it may take; a negative status is the signal that ended it."""

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    late = threading.Timer(timeout, kill)
    late.start()
    _, status = os.waitpid(child, 0)
    late.cancel()
    return os.waitstatus_to_exitcode(status)


def _become(asked: dict[str, str]) -> NoReturn:
    """Be the command that is asked for, to the end."""
    for number, stream in enumerate(STREAMS):
        flags = os.O_RDONLY if stream == "stdin" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(asked[stream], flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    environment: object = asked["env"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(asked["cwd"])
    sys.argv = ["supops", *asked["words"]]
    from supops.__main__ import main

    status = 0
    try:
        main()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 1
    finally:
        # As an interpreter ends, but for taking down all that was imported, which takes longer than most commands.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _ours() -> Iterator[str]:
    yield from (f"supops.{name}" for name in WIRINGS)
    for package in PACKAGES:
        folder = Path(supops.__file__).parent / package
        for module in pkgutil.iter_modules([str(folder)], f"supops.{package}."):
            if not any(word in module.name for word in NEEDS_MORE):
                yield module.name


if __name__ == "__main__":
    import importlib

    for module in (*_ours(), *LATER):
        importlib.import_module(module)
    gc.freeze()
    # Its own standard input is where requests come from: nothing may read ahead of a child.
    with os.fdopen(os.dup(0)) as requests, os.fdopen(os.dup(1), "w") as answers:
        _serve(requests, answers)
