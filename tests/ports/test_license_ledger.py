"""What a ledger of licenses does, whether in memory or in a file."""

from datetime import date
from pathlib import Path

import pytest

from supops.adapters.license_ledger import LicenseDatabase
from supops.errors import Conflict
from supops.models.licenses import Origin, Withdrawal
from supops.services.license_ports import Ledger, StillRunning
from tests.fakes.licenses import FakeLedger
from tests.licenses import NOW, TODAY, issued


@pytest.fixture(params=["memory", "file"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return FakeLedger() if request.param == "memory" else LicenseDatabase(tmp_path / "folder" / "state.db")


def test_a_license_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.check()
    entry = issued(1, users=None, origin=Origin.COMPLETED, reason="it was lost")

    kept = ledger.add(entry, today=TODAY)

    assert ledger.entries() == (kept,)
    assert ledger.find(entry.sha256) == kept
    assert (kept.id > 0, kept.reason, kept.users) == (True, "it was lost", None)


def test_no_ledger_is_as_good_as_an_empty_one(ledger: Ledger) -> None:
    assert ledger.entries() == ()
    assert ledger.entries("jo@example.com") == ()
    assert ledger.find("0" * 64) is None


def test_entries_of_one_person_whatever_way_the_address_is_written(ledger: Ledger) -> None:
    mine = ledger.add(issued(1, email="Jane.Doe+test@Example.com"), today=TODAY)
    ledger.add(issued(2, email="jo@example.com"), today=TODAY)

    assert ledger.entries("jane.doe@example.com") == (mine,)


def test_a_second_license_of_a_person_is_refused_while_one_runs(ledger: Ledger) -> None:
    ledger.add(issued(1, expires=date(2027, 1, 1)), today=TODAY)

    with pytest.raises(StillRunning):
        ledger.add(issued(2), today=date(2026, 12, 31))
    assert len(ledger.entries()) == 1

    ledger.add(issued(2), today=date(2027, 1, 1))
    assert len(ledger.entries()) == 2


def test_with_a_reason_it_is_recorded_all_the_same(ledger: Ledger) -> None:
    ledger.add(issued(1), today=TODAY)

    assert ledger.add(issued(2, reason="lost"), today=TODAY).reason == "lost"


def test_the_same_file_is_recorded_once(ledger: Ledger) -> None:
    ledger.add(issued(1), today=TODAY)

    with pytest.raises(Conflict):
        ledger.add(issued(1, email="jo@example.com"), today=TODAY)


def test_what_is_to_be_written_is_kept_until_it_is(ledger: Ledger) -> None:
    kept = ledger.add(issued(1, file="/a"), today=TODAY, unwritten="text")

    assert (kept.is_pending, ledger.entries(), ledger.unwritten(kept)) == (True, (kept,), "text")
    with pytest.raises(StillRunning):
        ledger.add(issued(2), today=TODAY)

    done = ledger.confirm(kept, "/b")
    assert (done.is_pending, done.file, ledger.find(kept.sha256)) == (False, "/b", done)
    assert ledger.unwritten(kept) == ""
    assert ledger.confirm(kept, "/b") == done


def test_what_is_withdrawn_stays_and_does_not_count(ledger: Ledger) -> None:
    kept = ledger.add(issued(1), today=TODAY, unwritten="text")
    withdrawal = Withdrawal(NOW, "jo", "a typo")

    after = ledger.withdraw(kept, withdrawal)

    assert (after.withdrawn, after.is_pending, ledger.unwritten(after)) == (withdrawal, False, "")
    assert ledger.entries() == (after,)
    assert ledger.withdraw(after, Withdrawal(NOW, "sam", "another")) == after
    with pytest.raises(Conflict):
        ledger.confirm(kept, "/a")
    ledger.add(issued(2), today=TODAY)
