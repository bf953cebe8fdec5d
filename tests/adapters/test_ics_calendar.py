"""Calendar files: what other programs see of them, what others put into them, and several processes at once."""

import multiprocessing
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from icalendar import Calendar, Event

from supops.adapters.ics_calendar import IcsCalendar
from supops.errors import SupopsError
from supops.models.entries import Card, Record, TeamCalendarName, entry_id
from supops.services.ports import EntryConflict
from supops.services.recording import card_of, hear, to_keep
from tests.fakes.clock import FakeClock
from tests.make import booked, meeting

NAME = TeamCalendarName("global", "GitLab Support", "global.ics")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "calendars"


@pytest.fixture
def calendar(folder: Path) -> IcsCalendar:
    return IcsCalendar(NAME, folder, clock=FakeClock())


def entry(number: int = 1) -> tuple[str, Card, Record]:
    of = meeting(number)
    record = replace(to_keep(hear(Record(of.uri), booked(of=of), "global")), shown=True)
    card = card_of(record)
    assert card is not None
    return entry_id(of.uri), card, record


def events(folder: Path) -> list[Event]:
    found = Calendar.from_ical((folder / "global.ics").read_bytes()).walk("VEVENT")
    return [event for event in found if isinstance(event, Event)]


def test_any_calendar_program_can_read_the_file(calendar: IcsCalendar, folder: Path) -> None:
    calendar.insert(*entry())

    whole = Calendar.from_ical((folder / "global.ics").read_bytes())
    [event] = events(folder)
    assert whole["X-WR-CALNAME"] == "GitLab Support"
    assert [str(zone["TZID"]) for zone in whole.walk("VTIMEZONE")] == ["Europe/Berlin"]
    assert str(event["SUMMARY"]) == "Support onboarding - Invitee Number 1"
    assert event.start.isoformat() == "2026-11-28T11:00:00+01:00"
    assert (str(event["STATUS"]), str(event["URL"])) == ("CONFIRMED", meeting().uri)


def test_looking_makes_no_file(calendar: IcsCalendar, folder: Path) -> None:
    folder.mkdir()

    assert calendar.find(entry()[0]) is None
    assert calendar.contact().facts == f"{folder / 'global.ics'} is made with the first entry"
    assert list(folder.iterdir()) == []


def test_what_others_have_in_the_file_stays(calendar: IcsCalendar, folder: Path) -> None:
    folder.mkdir()
    foreign = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//else//EN\r\nBEGIN:VEVENT\r\nUID:lunch\r\nSUMMARY:Lunch\r\n"
        "DTSTAMP:20260101T000000Z\r\nDTSTART:20260101T120000Z\r\nX-ELSE:kept\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    (folder / "global.ics").write_text(foreign)

    calendar.insert(*entry())

    lunch, _ = events(folder)
    assert (str(lunch["UID"]), str(lunch["X-ELSE"])) == ("lunch", "kept")


@pytest.mark.parametrize(
    "content",
    [
        b"this is no calendar",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        b"\xff\xfe",
    ],
)
def test_a_broken_file_is_named_and_not_touched(calendar: IcsCalendar, folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "global.ics").write_bytes(content)

    with pytest.raises(SupopsError, match=r"global\.ics is no calendar file"):
        calendar.insert(*entry())
    assert (folder / "global.ics").read_bytes() == content


def test_an_empty_file_is_an_empty_calendar(calendar: IcsCalendar, folder: Path) -> None:
    folder.mkdir()
    (folder / "global.ics").touch()

    calendar.insert(*entry())

    assert len(events(folder)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_t_be_written_to(calendar: IcsCalendar, folder: Path) -> None:
    folder.mkdir(mode=0o500)

    assert calendar.find(entry()[0]) is None
    with pytest.raises(SupopsError, match="can't be written") as raised:
        calendar.insert(*entry())
    assert "calendars.folder" in (raised.value.hint or "")


def test_a_file_in_place_of_the_folder(calendar: IcsCalendar, folder: Path) -> None:
    folder.write_text("a file")

    with pytest.raises(SupopsError, match="can't be written"):
        calendar.insert(*entry())


def _insert_all(folder: Path, numbers: Iterable[int]) -> int:
    calendar = IcsCalendar(NAME, folder, clock=FakeClock())
    inserted = 0
    for number in numbers:
        try:
            calendar.insert(*entry(number))
            inserted += 1
        except EntryConflict:
            pass
    return inserted


def test_processes_at_once_lose_nothing_and_make_nothing_twice(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        inserted = pool.starmap(_insert_all, [(folder, range(12))] * 3)

    assert sum(inserted) == 12
    assert len(events(folder)) == 12


def test_a_kill_between_file_and_list_of_ids_leaves_a_whole_calendar(
    calendar: IcsCalendar, folder: Path
) -> None:
    identity, card, record = entry()
    calendar.insert(identity, card, record)
    (folder / ".global.ics.ids").write_bytes(b"")

    with pytest.raises(EntryConflict):
        calendar.insert(identity, card, record)
    assert len(events(folder)) == 1
