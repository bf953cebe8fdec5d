"""The key that deliveries are signed with: taken, made, kept, and never lost while something is signed with it."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supops.sandbox.server import Sandbox
from tests.cli.webhooks import ASKED, CREATE, FAILING, NEW, REPLACE, listed, world
from tests.conftest import Run

pytestmark = pytest.mark.thorough

MAKES_KEY = ("--generate-signing-key", "--signing-key-file", "key")


def test_a_new_one_is_sent_and_kept_for_its_owner_only_and_not_printed(
    run: Run, home: dict[str, str], tmp_path: Path
) -> None:
    ran = run(*CREATE, "--generate-signing-key", "--signing-key-file", "keys/calendly")

    file = tmp_path / "keys" / "calendly"
    key = file.read_text().strip()
    assert ran.status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(key) >= 32
    assert world(home)[NEW]["key"] == key
    assert key not in ran.out + ran.err
    assert "the new signing key is kept in the file keys/calendly" in ran.err


def test_one_that_is_there_already_is_not_replaced(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("in use")

    for dry_run in ((), ("--dry-run",)):
        ran = run(*CREATE, *MAKES_KEY, *dry_run)

        assert (ran.status, ran.out) == (2, "")
        assert (tmp_path / "key").read_text() == "in use"
    assert len(listed(run)) == 4


def test_it_is_taken_back_when_it_was_refused(run: Run, tmp_path: Path) -> None:
    ran = run(*CREATE, *MAKES_KEY, env={"SUPOPS_DEMO_FAULTS": "calendly:expired:method=POST"})

    assert ran.status == 4
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize(
    "fault", ["500:method=POST", "reset:method=POST:acts=1;calendly:500:method=GET:after=3"]
)
def test_it_stays_where_something_may_be_signed_with_it(run: Run, tmp_path: Path, fault: str) -> None:
    ran = run(*CREATE, *MAKES_KEY, env={"SUPOPS_DEMO_FAULTS": f"calendly:{fault}"})

    assert ran.status == 1
    assert (tmp_path / "key").exists()
    assert "warning: the new signing key is kept in the file key: it may be in use" in ran.err


@pytest.mark.parametrize("times", [1, 2])
def test_it_stays_with_the_one_that_is_signed_with_it(
    run: Run, home: dict[str, str], tmp_path: Path, times: int
) -> None:
    # The second time, the new one could not be made, and the old one is put back.
    ran = run(*REPLACE, *MAKES_KEY, env={"SUPOPS_DEMO_FAULTS": f"calendly:500:method=POST:times={times}"})

    assert ran.status == times - 1
    assert world(home)[FAILING]["key"] == (tmp_path / "key").read_text().strip()
    assert "the new signing key is kept in the file key" in ran.err


def test_it_is_not_given_to_one_that_is_there_already(run: Run, tmp_path: Path) -> None:
    run(*CREATE)

    ran = run(*CREATE, *MAKES_KEY)

    assert ran.status == 0
    assert "--replace gives it this one" in ran.err
    assert not (tmp_path / "key").exists()


def test_from_a_variable(run: Run, home: dict[str, str]) -> None:
    ran = run(*CREATE, "--signing-key-env", "MY_KEY", env={"MY_KEY": "KEY-OF-MINE"})

    assert ran.status == 0
    assert world(home)[NEW]["key"] == "KEY-OF-MINE"
    assert "KEY-OF-MINE" not in ran.out + ran.err


def test_from_the_settings(run: Run, home: dict[str, str]) -> None:
    assert run(*CREATE).status == 0
    assert world(home)[NEW]["key"] == "demo-calendly-signing-key"


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--signing-key-env", "NOPE"), 4, "NOPE is not set"),
        # The settings of the embedded world name a variable, where nothing can be kept.
        (("--generate-signing-key",), 2, "no place to keep a new signing key"),
        (("--generate-signing-key", "--signing-key-file", "file/key"), 1, "is no folder"),
        (("--signing-key-file", "key"), 2, "none is made"),
        (("--signing-key-env", "NOPE", "--generate-signing-key"), 2, "not both"),
    ],
)
def test_a_key_that_cannot_be_had_ends_a_dry_run_like_a_real_one(
    run: Run, tmp_path: Path, words: tuple[str, ...], status: int, says: str, dry_run: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")

    ran = run(*CREATE, *words, *dry_run)

    assert (ran.status, ran.out) == (status, "")
    assert says in ran.err


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_unsigned_deliveries_are_warned_of_even_in_a_dry_run(
    run: Run, sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...]
) -> None:
    settings = {"calendly": {"url": sandbox.urls["calendly"], "token": {"env": "TOKEN"}}}
    (tmp_path / "supops.yaml").write_text(json.dumps(settings))
    options = ("create", "--url", FAILING, *ASKED, "--replace", "--yes", *words)

    ran = run("calendly", "webhooks", *options, env={"TOKEN": "demo-calendly-token"})

    assert ran.status == 0
    assert "warning: there is no signing key: deliveries will be unsigned" in ran.err
    assert "Those of the one that is replaced may have been signed." in ran.err


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_early_end_of_a_replacement_says_what_is_gone_and_where_the_key_is(
    home: dict[str, str], tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "supops", *REPLACE, *MAKES_KEY],
        env=home | {"SUPOPS_DEMO_FAULTS": "calendly:slow:method=POST:seconds=25"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    saved = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json"
    for _ in range(400):
        if saved.exists() and FAILING not in world(home):
            break
        time.sleep(0.05)
    # The next request is on its way by then.
    time.sleep(0.3)
    os.kill(process.pid, sent)

    out, err = process.communicate(timeout=20)

    assert (process.returncode, out) == (status, "")
    assert f"nothing be delivered to {FAILING}" in err
    assert "invitee.created, invitee.canceled, invitee_no_show.created and the scope organization" in err
    assert "the new signing key is kept in the file key: it may be in use" in err
    assert (tmp_path / "key").exists()
    assert "Traceback" not in err
