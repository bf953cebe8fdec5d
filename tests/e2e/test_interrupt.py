"""Killing a run: the minted token is still revoked, and the exit status says what happened."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from supops.sandbox.people import write_roster
from supops.sandbox.server import Sandbox


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_token_is_revoked_when_the_run_is_killed(
    sandbox: Sandbox, tmp_path: Path, home: dict[str, str], sent: signal.Signals, status: int
) -> None:
    write_roster(tmp_path / "team")
    config = {
        "roster": {"path": "team"},
        "zendesk": {
            "global": {
                "url": sandbox.urls["zendesk-global"],
                "oauth": {"client_id": "supops", "client_secret": {"env": "SECRET"}},
            }
        },
    }
    (tmp_path / "supops.yaml").write_text(json.dumps(config))
    state = sandbox.world.zendesk["global"]
    process = subprocess.Popen(
        [sys.executable, "-m", "supops", "audit", "zendesk", "--instance", "global"],
        env=home | {"SECRET": "demo-client-secret-global"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Slow enough to be in the middle of the list when it is killed.
    _wait_for(lambda: bool(state.tokens))
    sandbox.latency = 1.0
    _wait_for(lambda: any(request.path == "/api/v2/users" for request in sandbox.requests))
    os.kill(process.pid, sent)
    time.sleep(0.1)
    sandbox.latency = 0.0

    out, err = process.communicate(timeout=30)

    assert process.returncode == status
    assert out == ""
    assert "Traceback" not in err
    assert state.tokens == {}
    if sent == signal.SIGINT:
        assert err == "interrupted\n"


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come to that")


def test_a_reader_that_goes_away_is_no_traceback(home: dict[str, str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "supops", "--demo", "audit", "zendesk", "--instance", "global"],
        env=home,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()

    err = process.stderr.read()
    process.stderr.close()

    # As a shell calls the end by SIGPIPE.
    assert process.wait(timeout=30) == 141
    assert b"Traceback" not in err
