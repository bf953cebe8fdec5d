"""The store's file: what is in its way, what other versions left there, and kills."""

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from supops.adapters import state_migrations
from supops.adapters.sqlite_file import migrate, version_of
from supops.adapters.state import RunDatabase
from supops.adapters.state_migrations import APPLICATION_ID, STEPS, VERSION
from supops.errors import SupopsError
from tests.audits import a_finding, an_agent, an_audit
from tests.conftest import ROOT

AUDIT = an_audit(a_finding(), agents=(an_agent(1),))
HINT = "--no-save"


def filled(path: Path) -> RunDatabase:
    store = RunDatabase(path, patience=0.2)
    store.add(AUDIT, command="first")
    return store


def refused(store: RunDatabase, said: str) -> None:
    for attempt in (store.check, lambda: store.add(AUDIT, command="")):
        with pytest.raises(SupopsError, match=said) as raised:
            attempt()
        assert HINT in raised.value.hint


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    filled(tmp_path / "folder" / "state.db")

    assert stat.S_IMODE((tmp_path / "folder" / "state.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_reading_leaves_nothing_behind(tmp_path: Path) -> None:
    store = RunDatabase(tmp_path / "state.db")
    assert store.runs() == ()
    assert list(tmp_path.iterdir()) == []

    filled(tmp_path / "state.db").runs()
    assert [path.name for path in tmp_path.iterdir()] == ["state.db"]


def test_looking_whether_something_could_be_stored_stores_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "state.db")
    before = store.runs()

    store.check()

    assert store.runs() == before


def version_1(path: Path) -> None:
    """A store as the first version left it, with one run."""
    filled(path.with_name("now.db"))
    with closing(sqlite3.connect(path.with_name("now.db"))) as now:
        (row,) = now.execute(
            "SELECT audit, title, started_at, finished_at, complete, counts, severities, rules, version, command, document FROM runs"
        ).fetchall()
    with closing(sqlite3.connect(path)) as connection:
        for statement in STEPS[0]:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO runs (audit, title, started_at, finished_at, complete, counts, severities, rules, version, command, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        connection.execute("PRAGMA user_version = 1")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.commit()


def test_a_store_of_the_first_version_is_read_and_written(tmp_path: Path) -> None:
    version_1(tmp_path / "state.db")
    store = RunDatabase(tmp_path / "state.db")

    assert store.run(1).audit == AUDIT
    assert store.runs()[0].quarter is None
    assert store.add(AUDIT, command="second") == 2
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        assert version_of(connection) == VERSION


def test_a_step_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    filled(tmp_path / "state.db")
    steps = (*STEPS, ("CREATE TABLE more (a)", "INSERT INTO nowhere VALUES (1)"))
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as connection:
        with pytest.raises(sqlite3.Error):
            migrate(connection, steps, APPLICATION_ID)

        assert version_of(connection) == VERSION
        assert not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'more'").fetchall()
        migrate(connection, (*STEPS, ("CREATE TABLE more (a)",)), APPLICATION_ID)
        assert version_of(connection) == VERSION + 1


def test_a_store_that_became_newer_meanwhile_stays_so(tmp_path: Path) -> None:
    filled(tmp_path / "state.db")
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as connection:
        migrate(connection, (*STEPS, ("CREATE TABLE more (a)",)), APPLICATION_ID)
        migrate(connection, STEPS, APPLICATION_ID)

        assert version_of(connection) == VERSION + 1


def test_steps_that_were_released_are_never_changed() -> None:
    import hashlib

    digests = [hashlib.sha256("".join(step).encode()).hexdigest()[:12] for step in state_migrations.STEPS]

    assert digests[:3] == ["6bb7ac95c624", "72245ac9f5d4", "ed3228503379"]


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = filled(tmp_path / "state.db")
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (tmp_path / "state.db").read_bytes()

    refused(store, f"newer version of supops \\(store version {VERSION + 1}; this one knows {VERSION}\\)")
    with pytest.raises(SupopsError, match="newer version"):
        store.runs()
    assert (tmp_path / "state.db").read_bytes() == before


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE theirs (a)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"]
)
def test_a_file_of_another_program_is_left_alone(tmp_path: Path, statement: str) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute(statement)
        connection.commit()
    before = (tmp_path / "state.db").read_bytes()

    refused(RunDatabase(tmp_path / "state.db"), "of another program")
    assert (tmp_path / "state.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 99, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.db").write_bytes(content)

    refused(RunDatabase(tmp_path / "state.db"), "is no store of runs, or is damaged")
    assert (tmp_path / "state.db").read_bytes() == content


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()

    refused(RunDatabase(tmp_path / "state.db"), "can't be written")


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    refused(RunDatabase(tmp_path / "file" / "state.db"), "can't be written")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET document = x'00'",
        "UPDATE runs SET document = substr(document, 1, 90)",
        "UPDATE runs SET counts = 'x', started_at = 'x'",
    ],
)
def test_a_run_that_is_damaged_is_said_to_be(tmp_path: Path, change: str) -> None:
    store = filled(tmp_path / "state.db")
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as connection:
        connection.execute(change)

    with pytest.raises(SupopsError, match="is damaged"):
        store.runs(), store.run(1)


READ_ONLY = """
import os, sys
from pathlib import Path
from supops.adapters.sqlite_file import migrate, version_of
from supops.adapters.state import RunDatabase
from supops.errors import SupopsError
from tests.audits import an_audit
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
store = RunDatabase(Path(sys.argv[1]))
for attempt in (store.check, lambda: store.add(an_audit(), command=""), lambda: len(store.runs())):
    try:
        print(attempt())
    except SupopsError as error:
        print(error.message)
"""


@pytest.mark.parametrize(
    ("folder", "file", "written", "read"),
    [
        (0o555, 0o644, "read-only", "1"),
        (0o755, 0o444, "read-only", "1"),
        (0o755, 0o000, "not ours", "not ours"),
        (0o000, 0o644, "Permission denied", "Permission denied"),
    ],
)
def test_what_may_not_be_written_or_read(
    open_folder: Path, folder: int, file: int, written: str, read: str
) -> None:
    path = open_folder / "place" / "state.db"
    filled(path)
    if os.getuid() == 0:
        # Nothing is read-only for root: somebody else tries, to whom all of it belongs.
        for owned in (path, path.parent):
            os.chown(owned, 65534, 65534)
    path.chmod(file)
    path.parent.chmod(folder)
    try:
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    finally:
        path.parent.chmod(0o755)

    checked, added, runs = done.stdout.splitlines()
    assert written in checked
    assert written in added
    assert read in runs


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_another_process_that_keeps_it_too_long(tmp_path: Path) -> None:
    store = filled(tmp_path / "state.db")
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        refused(store, "another process has kept it")


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    store = filled(tmp_path / "state.db")
    large = an_audit(agents=tuple(an_agent(number, os.urandom(40).hex()) for number in range(20_000)))

    with no_room_beyond(200_000), pytest.raises(SupopsError, match=r"is full") as raised:
        store.add(large, command="")

    assert HINT in raised.value.hint
    assert store.run(1).audit == AUDIT
    assert store.add(AUDIT, command="") == 2


@pytest.mark.parametrize("size", [0, 600, 9_000])
def test_a_disk_that_is_full_before_there_is_a_store(tmp_path: Path, size: int) -> None:
    store = RunDatabase(tmp_path / "state.db")

    with no_room_beyond(size):
        refused(store, "is full")

    assert store.runs() == ()
    assert store.add(AUDIT, command="") == 1


WRITER = """
import sys
from pathlib import Path
from supops.adapters.sqlite_file import migrate, version_of
from supops.adapters.state import RunDatabase
from tests.audits import an_agent, an_audit
store = RunDatabase(Path(sys.argv[1]))
audit = an_audit(agents=tuple(an_agent(number) for number in range(int(sys.argv[3]))))
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    store.add(audit, command=str(number))
"""


def writer(path: Path, times: int, agents: int = 50) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(path), str(times), str(agents)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    both = [writer(tmp_path / "state.db", 15) for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)

    assert [process.returncode for process in both] == [0, 0]
    assert len(RunDatabase(tmp_path / "state.db").runs()) == 30


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_leaves_whole_runs_only(tmp_path: Path, seed: int) -> None:
    with writer(tmp_path / "state.db", 10_000, agents=3_000) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05 + seed * 0.037)
        process.kill()

    store = RunDatabase(tmp_path / "state.db")
    runs = store.runs()

    assert [run.id for run in runs] == list(range(len(runs), 0, -1))
    assert all(len(store.run(run.id).audit.listings[1].items) == 3_000 for run in runs[:2])
    assert store.add(AUDIT, command="after") == len(runs) + 1
