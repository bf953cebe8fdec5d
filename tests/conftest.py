"""What all tests share: a fresh sandbox, and a way to run commands as a user does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

from supops.adapters.http import HttpClient
from supops.adapters.patience import Patience
from supops.adapters.zendesk_auth import ZendeskAccount
from supops.models.secrets import Secret
from supops.sandbox.server import Sandbox
from supops.sandbox.world import World
from tests.fakes.console import FakeNotices
from tests.forking import Forker

# The second of two runs in CI, on the lowest dependencies, looks at fewer examples than the first.
EXAMPLES = int(os.environ.get("SUPOPS_TEST_EXAMPLES", "100"))
settings.register_profile("ci", deadline=None, print_blob=True, max_examples=EXAMPLES)
settings.load_profile("ci")

# What is started in the background, by a shell or by nohup, ignores interrupts, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The simulated platforms, at the story's beginning."""
    with Sandbox(World.seeded()) as running:
        yield running


# As careful as the default, in a thousandth of the time.
IMPATIENT = Patience(
    connect=2, read=0.5, tries=3, first_pause=0.001, longest_pause=0.01, longest_retry_after=2
)


@pytest.fixture
def notices() -> FakeNotices:
    """Remembers what was said."""
    return FakeNotices()


@pytest.fixture
def account(sandbox: Sandbox, notices: FakeNotices) -> ZendeskAccount:
    """The simulated Zendesk Global."""
    return ZendeskAccount(
        title="Zendesk Global",
        setting="zendesk.global",
        url=sandbox.urls["zendesk-global"],
        notices=notices,
        patience=IMPATIENT,
    )


@pytest.fixture
def zendesk(account: ZendeskAccount) -> Iterator[HttpClient]:
    """A client of the simulated Zendesk Global, with a ready access token."""
    client = account.with_access_token(Secret("demo-ready-access-token", "ZD_ACCESS_TOKEN"))
    yield client
    client.close()


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of the machine's in it, and folders of its own."""
    folder = tmp_path / "home"
    folder.mkdir()
    kept = {
        name: os.environ[name]
        for name in ("PATH", "SYSTEMROOT", "TMPDIR", "PYTHONPATH")
        if name in os.environ
    }
    return kept | {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "PYTHONUTF8": "1",
    }


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """Runs commands in processes of their own, without starting an interpreter for each."""
    running = Forker()
    yield running
    running.close()


@pytest.fixture
def start(home: dict[str, str], tmp_path: Path) -> Run:
    """Run supops with an interpreter of its own, for what depends on how that starts."""

    def starter(*words: str, env: Mapping[str, str] | None = None) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "supops", *words],
            env=home | dict(env or {}),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return starter


@pytest.fixture
def run(home: dict[str, str], tmp_path: Path, forker: Forker) -> Run:
    """Run supops in a process of its own, as a pipeline does."""

    def runner(
        *words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: str = ""
    ) -> Ran:
        status, out, err = forker.run(
            words, env=home | dict(env or {}), cwd=cwd or tmp_path, stdin=stdin.encode(), timeout=60
        )
        return Ran(status, out.decode(), err.decode())

    return runner
