"""Every way to go wrong, in words, with the right exit status, and never with a traceback or a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supops.sandbox.people import write_roster
from supops.sandbox.server import Sandbox
from tests.conftest import Ran, Run

AUDIT = ("audit", "zendesk", "--instance", "global")


@pytest.fixture
def config(sandbox: Sandbox, tmp_path: Path) -> Path:
    """Settings for the simulated Zendesk, with an API token in ZD_TOKEN."""
    write_roster(tmp_path / "team")
    file = tmp_path / "supops.yaml"
    file.write_text(
        f"""\
roster: {{path: ./team}}
zendesk:
  global:
    url: {sandbox.urls["zendesk-global"]}
    api_token: {{email: bot@example.com, token: {{env: ZD_TOKEN}}}}
"""
    )
    return file


def assert_clean(ran: Ran) -> None:
    assert "Traceback" not in ran.out + ran.err
    assert ran.out == ""


def test_no_settings_at_all(run: Run) -> None:
    ran = run(*AUDIT)

    assert_clean(ran)
    assert ran.status == 2
    for way in ("supops config init", "supops --config FILE", "supops --demo"):
        assert way in ran.err


def test_the_api_token_works_with_a_warning(run: Run, config: Path) -> None:
    ran = run(*AUDIT, env={"ZD_TOKEN": "demo-api-token"})

    assert ran.status == 3
    assert "2027-04-30" in ran.err


def test_a_wrong_token(run: Run, config: Path) -> None:
    ran = run(*AUDIT, env={"ZD_TOKEN": "hunter2hunter2"})

    assert_clean(ran)
    assert ran.status == 4
    assert "error: Zendesk Global refused the API token from ZD_TOKEN (401)" in ran.err
    assert "zendesk.global.oauth" in ran.err
    assert "hunter2" not in ran.err


def test_a_missing_token(run: Run, config: Path) -> None:
    ran = run(*AUDIT)

    assert_clean(ran)
    assert ran.status == 4
    assert (
        "The API token for Zendesk Global is missing: the environment variable ZD_TOKEN is not set" in ran.err
    )


def test_no_credential_configured(run: Run, config: Path, sandbox: Sandbox) -> None:
    config.write_text(
        f"roster: {{path: ./team}}\nzendesk: {{global: {{url: '{sandbox.urls['zendesk-global']}'}}}}\n"
    )

    ran = run(*AUDIT)

    assert_clean(ran)
    assert ran.status == 4
    assert "has no credential: zendesk.global has neither oauth, nor access_token, nor api_token" in ran.err


def test_a_missing_section(run: Run, config: Path) -> None:
    ran = run("audit", "zendesk", "--instance", "us-government", env={"ZD_TOKEN": "x"})

    assert_clean(ran)
    assert ran.status == 2
    assert "supops.yaml has no zendesk.us-government, which this command needs." in ran.err


def test_all_audits_what_is_configured_and_says_what_is_not(run: Run, config: Path) -> None:
    ran = run("audit", "zendesk", "--instance", "all", env={"ZD_TOKEN": "demo-api-token"})

    assert ran.status == 3
    assert "zendesk.us-government is not configured, and not part of this audit" in ran.err


def test_mistakes_in_the_settings(run: Run, config: Path) -> None:
    config.write_text("zendesk: {globl: {}}\nrooster: {}\n")

    ran = run(*AUDIT)

    assert_clean(ran)
    assert ran.status == 2
    assert "The settings have 2 mistakes:" in ran.err
    assert "supops.yaml:1  zendesk.globl: is no setting; did you mean global?" in ran.err


def test_nobody_there(run: Run, config: Path, sandbox: Sandbox) -> None:
    sandbox.stop()

    ran = run(*AUDIT, env={"ZD_TOKEN": "x"})

    assert_clean(ran)
    assert ran.status == 1
    assert "no connection" in ran.err


def test_a_sign_in_page_instead_of_json(run: Run) -> None:
    ran = run("--demo", *AUDIT, env={"SUPOPS_DEMO_FAULTS": "zendesk-global:html"})

    assert_clean(ran)
    assert ran.status == 1
    assert "it is not JSON but text/html" in ran.err


def test_a_broken_embedded_world(run: Run, home: dict[str, str]) -> None:
    world = Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json"
    world.parent.mkdir(parents=True)
    world.write_text("{")

    ran = run("--demo", *AUDIT)

    assert_clean(ran)
    assert ran.status == 1
    assert "Run: supops demo reset" in ran.err


def test_an_embedded_world_that_can_not_be_kept(run: Run, home: dict[str, str]) -> None:
    Path(home["XDG_STATE_HOME"]).write_text("no folder")

    ran = run("--demo", *AUDIT)

    assert_clean(ran)
    assert ran.status == 1
    assert "The embedded world can't be kept in" in ran.err
    assert "XDG_STATE_HOME" in ran.err


def test_faults_that_are_not_understood(run: Run) -> None:
    ran = run("--demo", *AUDIT, env={"SUPOPS_DEMO_FAULTS": "zendesk-global:sad"})

    assert_clean(ran)
    assert ran.status == 2
    assert "no such fault" in ran.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("adit",), "No such command 'adit'. Did you mean 'audit'?"),
        (("frobnicate",), "No such command 'frobnicate'."),
        (("audit", "zendsk"), "No such command 'zendsk'. Did you mean 'zendesk'?"),
        (("audit", "zendesk"), "Missing option '--instance'"),
        (
            ("audit", "zendesk", "--instance", "global", "--output", "xml"),
            "Invalid value for '--output' / '-o'",
        ),
        (("--nonsense",), "No such option: --nonsense"),
        (
            ("audit", "zendesk", "--demo"),
            "No such option: --demo. It stands before the group: supops --demo audit ...",
        ),
        (("audit", "zendesk", "--dmo"), "No such option: --dmo"),
    ],
)
def test_wrong_usage(run: Run, words: tuple[str, ...], says: str) -> None:
    ran = run(*words)

    assert_clean(ran)
    assert ran.status == 2
    assert says in ran.err


def test_a_bug_is_called_a_bug_and_the_traceback_is_for_debug(start: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(
        "import supops.checks.registry as r\n"
        "def all_checks():\n"
        "    token = 'hunter2'\n"
        "    raise KeyError('client_secret=hunter2')\n"
        "r.all_checks = all_checks\n"
    )
    env = {"PYTHONPATH": f"{broken}:{Path(__file__).parents[2] / 'src'}"}

    ran = start("audit", "checks", env=env)
    assert_clean(ran)
    assert ran.status == 1
    assert "supops itself failed (KeyError: 'client_secret=[redacted]')" in ran.err

    ran = start("--debug", "audit", "checks", env=env)
    assert ran.status == 1
    assert "Traceback" in ran.err
    assert "client_secret=hunter2" not in ran.err.replace("raise KeyError('client_secret=hunter2')", "")


def supops(home: dict[str, str], *words: str, stdout: int) -> tuple[int, str]:
    """Run a command that writes to an open file, and return its exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "supops", *words],
        env=home,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [("team", "list"), ("webhooks", "list", "-o", "json")])
def test_a_standard_output_without_space(
    home: dict[str, str], unbuffered: str, words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("wb") as full:
        status, said = supops(
            home | {"PYTHONUNBUFFERED": unbuffered}, "--quiet", "--demo", *words, stdout=full.fileno()
        )

    assert status == 1
    assert said.count("error: ") == 1
    assert "error: Standard output can't be written: No space left on device." in said
    assert "bug" not in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's")
def test_help_without_space(home: dict[str, str]) -> None:
    with Path("/dev/full").open("wb") as full:
        status, said = supops(home, "--help", stdout=full.fileno())

    assert (status, "Standard output can't be written" in said) == (1, True)


@pytest.mark.parametrize("words", [("--demo", "config", "show"), ("--help",)])
def test_a_pipe_that_nobody_reads(home: dict[str, str], words: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)

    ended = supops(home, *words, stdout=write)
    os.close(write)

    assert ended == (141, "")
