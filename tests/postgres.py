"""A private PostgreSQL for tests: started on a free port of this machine, with a new database for each test, and killed at will."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

USERS = ("postgres", "nobody")
SECONDS = 30.0


def folder_of_programs() -> Path | None:
    """Return where PostgreSQL's server programs are; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


class Cluster:
    """A server with its data in a folder of its own."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Not pytest's folder: the server runs as another user where we are root, and has to get there.
        self._folder = Path(tempfile.mkdtemp(prefix="supops-postgres-"))
        self._user = _user_of_server()
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        data = str(self._folder / "data")
        self._run("initdb", "-D", data, "-U", "supops", "-A", "trust", "-E", "UTF8", "--no-sync", "-N")
        self.port = _free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it lets us in."""
        # A kill of the server leaves what it has written to the system's care: no sync is needed to survive that.
        options = ["-p", str(self.port), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        self._server = self._popen("postgres", "-D", str(self._folder / "data"), *options)
        deadline = time.monotonic() + SECONDS
        while not self._lets_in():
            assert self._server.poll() is None, (self._folder / "log").read_text(errors="replace")
            assert time.monotonic() < deadline, "PostgreSQL does not come up"
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server and all it has started, as a power cut would."""
        assert self._server is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._server.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        for pid in (self._server.pid, *map(int, children.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._server.wait()
        (self._folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def close(self) -> None:
        """End the server, and delete all it had."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def new_database(self) -> str:
        """Make an empty database, and return its address."""
        import psycopg

        self._databases += 1
        name = f"test{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgresql://supops@127.0.0.1:{self.port}/{database}"

    def _lets_in(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _popen(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments],
                user=self._user,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def cluster_or_skip() -> Cluster:
    """Start a cluster; skip the test where there is no PostgreSQL, or no psycopg to talk to it."""
    pytest.importorskip("psycopg", reason="the extra 'scale' is not installed")
    pytest.importorskip("procrastinate", reason="the extra 'scale' is not installed")
    programs = folder_of_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    return Cluster(programs)


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Wait until something is so; return whether it became so in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _user_of_server() -> str | None:
    """Return as whom the server is to run: it refuses to as root."""
    if os.getuid() != 0:
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return next(name for name in USERS if name in known)
