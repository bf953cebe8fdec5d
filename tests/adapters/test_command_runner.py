"""Commands in processes of their own: exit status, the end of their output, and their end."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supops.adapters.command_runner import KEPT_BYTES, SupopsRunner
from supops.errors import SupopsError

TOKEN = "glpat-" + "a1B2" * 6


def runner(code: str, *, limit: float = 20, options: tuple[str, ...] = ()) -> SupopsRunner:
    program = (sys.executable, "-S", "-c", code)
    return SupopsRunner(options, {"SUPOPS_TEST": "passed on"}, program=program, limit=limit)


def test_status_output_words_and_environment() -> None:
    code = (
        "import os, sys; print(sys.argv[1:], os.environ['SUPOPS_TEST'], repr(sys.stdin.read()));"
        "print('é', file=sys.stderr); sys.exit(3)"
    )

    end = runner(code, options=("--demo",)).run(["audit", "tokens"])

    assert end.status == 3
    assert end.stdout == "['--demo', 'audit', 'tokens'] passed on ''\n"
    assert end.stderr == "é\n"


def test_only_the_end_is_kept_without_secrets_and_without_half_a_line() -> None:
    # The line with the token begins before what is kept.
    filling = KEPT_BYTES - 20
    code = f"print('first'); print('{TOKEN}'); print('x' * {filling - 1}); print('Bearer {TOKEN}')"

    end = runner(code).run([])

    assert "first" not in end.stdout
    assert TOKEN[-6:] not in end.stdout
    assert end.stdout.endswith("[redacted]\n")
    assert len(end.stdout) < KEPT_BYTES


def test_much_output_on_both_streams_stops_nothing() -> None:
    code = "import sys; [print('y' * 999, file=stream) for _ in range(999) for stream in (sys.stdout, sys.stderr)]"

    end = runner(code).run([])

    assert (end.status, len(end.stdout), len(end.stderr)) == (0, 16_000, 16_000)


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    code = (
        f"import subprocess, sys, time; child = subprocess.Popen(['sleep', '60']);"
        f"open({str(file)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    started = time.monotonic()

    with pytest.raises(SupopsError, match=r"`supops audit` took more than 1 s"):
        runner(code, limit=1).run(["audit"])

    assert time.monotonic() - started < 9
    assert _is_gone(int(file.read_text()))


def test_what_a_command_leaves_running_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supops.adapters.command_runner.GRACE_SECONDS", 0.2)
    started = time.monotonic()

    end = runner("import subprocess; subprocess.Popen(['sleep', '60']); print('done')").run([])

    assert (end.status, end.stdout) == (0, "done\n")
    assert time.monotonic() - started < 9


def test_a_signal_is_a_negative_status() -> None:
    assert runner("import os; os.kill(os.getpid(), 9)").run([]).status == -9


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(SupopsError, match="could not be started"):
        SupopsRunner((), {}, program=("/no/such/program",)).run(["audit"])


def test_supops_itself(tmp_path: Path) -> None:
    env = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}

    end = SupopsRunner((), env | {"HOME": str(tmp_path)}).run(["audi"])

    assert end.status == 2
    assert "Did you mean 'audit'" in end.stderr


WORKER = """
import os
from supops.adapters.command_runner import SupopsRunner
SupopsRunner(("--demo",), os.environ).run(["webhooks", "worker"])
"""


def test_a_command_ends_with_a_worker_that_is_killed(home: dict[str, str], tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER], env=home, cwd=tmp_path)
    children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    store = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "inbox.db"
    deadline = time.monotonic() + 20
    # Then the command has begun.
    while not store.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    command = int(children.read_text())
    assert not _has_ended(command)

    worker.kill()
    worker.wait()

    assert _is_gone(command)


def _is_gone(process: int) -> bool:
    """Wait for the end of a process; return whether it has come."""
    for _ in range(100):
        if _has_ended(process):
            return True
        time.sleep(0.05)
    return False


def _has_ended(process: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has, too."""
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or ") Z " in stat.read_text()
