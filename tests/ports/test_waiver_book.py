"""What every book of waivers promises: the fake in memory, and a file."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from supops.adapters.waiver_files import WaiverFile
from supops.errors import ConfigError, UsageError
from supops.models.waivers import Waiver
from supops.services.audit_ports import WaiverBook
from tests.fakes.waivers import FakeWaivers

CHECKS = ("light-agent", "suspended-agent")
FIRST = Waiver("light-agent", "jo@example.com", "is trained", "Sam", date(2027, 3, 31))
SECOND = Waiver("suspended-agent", "390000000021", "on leave", "Sam", date(2027, 6, 30))
Open = Callable[..., WaiverBook]


@pytest.fixture(params=["fake", "file"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Return a maker of books, empty or not there at all."""

    def fake(*, exists: bool = True) -> WaiverBook:
        return FakeWaivers(() if exists else None)

    def file(*, exists: bool = True) -> WaiverBook:
        if exists:
            (tmp_path / "waivers.yaml").write_bytes(b"")
        return WaiverFile(tmp_path / "waivers.yaml")

    return fake if request.param == "fake" else file


def said(book: WaiverBook) -> list[Waiver]:
    """What stands in the book, wherever that is."""
    return [replace(waiver, file="", line=1) for waiver in book.read(CHECKS)]


def add(book: WaiverBook, *waivers: Waiver) -> None:
    for waiver in waivers:
        book.add(waiver, checks=CHECKS, replace=False, dry_run=False)


def test_an_empty_book_has_no_waivers(opened: Open) -> None:
    assert opened().read(CHECKS) == ()


def test_a_book_that_is_not_there_is_an_error_until_something_is_added(opened: Open) -> None:
    book = opened(exists=False)

    with pytest.raises(ConfigError):
        book.read(CHECKS)

    add(book, FIRST)
    assert said(book) == [FIRST]


def test_what_is_added_comes_last_and_has_a_place(opened: Open) -> None:
    book = opened()
    add(book, FIRST)

    written = book.add(SECOND, checks=CHECKS, replace=False, dry_run=False)

    assert said(book) == [FIRST, SECOND]
    assert written.before is None
    assert written.waiver == book.read(CHECKS)[1]
    assert written.waiver.line > book.read(CHECKS)[0].line
    assert "390000000021" in written.text


@pytest.mark.parametrize("exists", [True, False])
def test_a_dry_run_tells_the_same_and_changes_nothing(opened: Open, exists: bool) -> None:
    book = opened(exists=exists)

    planned = book.add(FIRST, checks=CHECKS, replace=False, dry_run=True)

    if exists:
        assert said(book) == []
    else:
        with pytest.raises(ConfigError):
            book.read(CHECKS)
    assert planned == book.add(FIRST, checks=CHECKS, replace=False, dry_run=False)


def test_the_same_check_and_subject_stand_once_whatever_their_case(opened: Open) -> None:
    book = opened()
    add(book, FIRST, SECOND)
    again = replace(FIRST, subject="JO@example.com", reason="still is", expires=date(2027, 4, 1))

    for dry_run in (True, False):
        with pytest.raises(UsageError):
            book.add(again, checks=CHECKS, replace=False, dry_run=dry_run)
    assert said(book) == [FIRST, SECOND]

    written = book.add(again, checks=CHECKS, replace=True, dry_run=False)

    # The subject stays as somebody wrote it.
    assert said(book) == [replace(again, subject=FIRST.subject), SECOND]
    assert written.before is not None
    assert (written.before.reason, written.waiver.reason) == ("is trained", "still is")


def test_another_check_of_the_same_subject_is_another_waiver(opened: Open) -> None:
    book = opened()
    add(book, FIRST, replace(FIRST, check="suspended-agent"))

    assert len(said(book)) == 2


def test_to_replace_what_is_not_there_is_to_add_it(opened: Open) -> None:
    book = opened()

    assert book.add(FIRST, checks=CHECKS, replace=True, dry_run=False).before is None
    assert said(book) == [FIRST]


def test_a_book_with_a_check_that_there_is_not_is_left_alone(opened: Open) -> None:
    book = opened()
    add(book, FIRST)

    with pytest.raises(ConfigError):
        book.read(["suspended-agent"])
    with pytest.raises(ConfigError):
        book.add(SECOND, checks=["suspended-agent"], replace=False, dry_run=False)
    assert said(book) == [FIRST]
