"""The ledger's file: shared with the runs of audits, and with other processes."""

import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supops.adapters.license_ledger import LicenseDatabase
from supops.adapters.state import RunDatabase
from supops.adapters.state_migrations import APPLICATION_ID, STEPS
from supops.errors import SupopsError
from supops.services.license_ports import StillRunning
from tests.audits import an_audit
from tests.licenses import TODAY, issued


def test_it_is_in_one_file_with_the_runs(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    run = RunDatabase(file).add(an_audit(), command="")
    ledger = LicenseDatabase(file)

    kept = ledger.add(issued(1), today=TODAY)

    assert RunDatabase(file).run(run).audit == an_audit()
    assert ledger.entries() == (kept,)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("version", [2, 3])
def test_a_file_of_a_version_before_is_taken_along(tmp_path: Path, version: int) -> None:
    file = tmp_path / "state.db"
    old = issued(7, id=1) if version == 3 else None
    with closing(sqlite3.connect(file)) as connection:
        for step in STEPS[:version]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {version}")
        if old:
            days = (old.starts.isoformat(), old.expires.isoformat(), old.issue, old.issued_at.isoformat())
            person = (old.sha256, old.email, old.name, old.email, old.plan, old.users)
            connection.execute(
                f"INSERT INTO licenses VALUES (1{', ?' * 14})", (*person, *days, old.by, "generated", "", "1")
            )
        connection.commit()

    assert LicenseDatabase(file).entries() == ((old,) if old else ())
    assert LicenseDatabase(file).add(issued(1, email="jo@example.com"), today=TODAY).id == (2 if old else 1)


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = LicenseDatabase(tmp_path / "folder" / "state.db")

    assert ledger.entries() == ()
    assert ledger.find("0" * 64) is None
    assert list(tmp_path.iterdir()) == []


def test_looking_whether_it_could_be_written_writes_nothing(tmp_path: Path) -> None:
    ledger = LicenseDatabase(tmp_path / "state.db")
    kept = ledger.add(issued(1), today=TODAY)

    ledger.check()

    assert ledger.entries() == (kept,)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SupopsError, match="ledger of licenses"):
            LicenseDatabase(tmp_path / "state.db").check()
    finally:
        tmp_path.chmod(0o700)


def test_a_file_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"hello" * 1_000)

    for attempt in (
        LicenseDatabase(tmp_path / "state.db").entries,
        LicenseDatabase(tmp_path / "state.db").check,
    ):
        with pytest.raises(SupopsError, match="ledger of licenses") as raised:
            attempt()
        assert "state.path" in raised.value.hint


def test_an_entry_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    ledger = LicenseDatabase(tmp_path / "state.db")
    ledger.add(issued(1), today=TODAY)
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("UPDATE licenses SET expires = 'never'")
        connection.commit()

    with pytest.raises(SupopsError, match="can't be read"):
        ledger.entries()


def test_of_many_who_issue_to_one_person_at_once_one_does(tmp_path: Path) -> None:
    LicenseDatabase(tmp_path / "state.db").check()

    def attempt(number: int) -> bool:
        try:
            LicenseDatabase(tmp_path / "state.db").add(issued(number), today=TODAY)
        except StillRunning:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1


def test_texts_of_every_kind_come_back(tmp_path: Path) -> None:
    ledger = LicenseDatabase(tmp_path / "state.db")
    entry = issued(
        1,
        name="Zoë \U0001f600 '; DROP TABLE licenses; --",
        by="\u202e",
        issued_at=datetime(2026, 1, 2, tzinfo=UTC),
    )

    kept = ledger.add(entry, today=TODAY)

    assert ledger.find(entry.sha256) == kept
    assert kept.name == entry.name
