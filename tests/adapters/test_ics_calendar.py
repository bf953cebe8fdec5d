"""Calendar files: what other programs see of them, what others put into them, and several processes at once."""

import multiprocessing
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, Timezone

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


EVENT = "BEGIN:VEVENT\r\nUID:lunch\r\nDTSTAMP:20260101T000000Z\r\n{}\r\nEND:VEVENT\r\n"
FOREIGN = {
    "event": EVENT.format("DTSTART:20260101T120000Z\r\nX-ELSE:kept\r\nSUMMARY:fol\r\n ded"),
    "zone that is a folder": EVENT.format("DTSTART;TZID=Europe:20260101T120000"),
    "zone with a long name": EVENT.format(f"DTSTART;TZID={'x' * 300}:20260101T120000"),
    "zone given twice": EVENT.format("DTSTART;TZID=Europe/Berlin;TZID=Europe/Paris:20260101T120000"),
    "zone elsewhere": EVENT.format("DTSTART;TZID=../../etc/passwd:20260101T120000"),
    "zone without a name": "BEGIN:VTIMEZONE\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
    "zone without rules": "BEGIN:VTIMEZONE\r\nTZID:Mine\r\nEND:VTIMEZONE\r\n",
    "time that is none": EVENT.format("DTSTART:noon"),
    "alarm within": EVENT.format("BEGIN:VALARM\r\nUID:{}\r\nACTION:AUDIO\r\nEND:VALARM").replace(
        "{}", entry()[0]
    ),
    "no line": EVENT.format('what is this\r\n:\r\n;=:\r\nBEGIN-NOT:VEVENT\r\nX"Y;Z:1'),
    "no UTF-8": EVENT.format("SUMMARY:M\udcfcnchen"),
    "two ids": "BEGIN:VEVENT\r\nUID:a\r\nUID:b\r\nSTATUS:X\r\nEND:VEVENT\r\n",
}


@pytest.mark.parametrize("newline", ["\r\n", "\n"])
@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_what_others_have_in_the_file_stays_as_it_is(
    calendar: IcsCalendar, folder: Path, foreign: str, newline: str
) -> None:
    folder.mkdir()
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//else//EN\r\n"
    whole = f"{head}{foreign}END:VCALENDAR\r\n".replace("\r\n", newline)
    (folder / "global.ics").write_bytes(whole.encode("utf-8", "surrogateescape"))
    identity, card, record = entry()

    calendar.insert(identity, card, record)
    found = calendar.find(identity)
    assert found is not None
    calendar.update(found, None, record)

    kept = (folder / "global.ics").read_bytes()
    assert foreign.replace("\r\n", newline).encode("utf-8", "surrogateescape") in kept
    assert (b"\r" in kept) == (newline == "\r\n")
    removed = calendar.find(identity)
    assert removed is not None
    assert (removed.removed, removed.record) == (True, record)


def test_an_entry_that_somebody_changed_into_nonsense_is_found_and_replaced(
    calendar: IcsCalendar, folder: Path
) -> None:
    identity, card, record = entry()
    calendar.insert(identity, card, record)
    file = folder / "global.ics"
    file.write_bytes(file.read_bytes().replace(b"DTSTART;TZID=Europe/Berlin:", b"DTSTART;TZID=Europe:"))

    found = calendar.find(identity)
    assert found is not None
    calendar.update(found, card, record)

    assert [event.start for event in events(folder)] == [card.start]


def written(calendar: IcsCalendar, folder: Path, zone: str, start: datetime, minutes: int = 30) -> Event:
    """Write an entry into a new file, and return what any calendar program reads of it."""
    local = ZoneInfo(zone)
    end = start + timedelta(minutes=minutes)
    _, card, record = entry()
    calendar.file.unlink(missing_ok=True)
    calendar.insert(
        entry()[0],
        replace(card, zone=zone, start=start.astimezone(local), end=end.astimezone(local)),
        record,
    )
    [event] = events(folder)
    return event


@pytest.mark.parametrize(
    ("start", "minutes"),
    [
        (datetime(2026, 10, 25, 0, 45, tzinfo=UTC), 30),
        (datetime(2026, 10, 25, 1, 15, tzinfo=UTC), 30),
        (datetime(2026, 10, 24, 23, 45, tzinfo=UTC), 30),
        (datetime(2026, 10, 25, 1, 45, tzinfo=UTC), 30),
        (datetime(2026, 3, 29, 0, 45, tzinfo=UTC), 30),
        (datetime(2036, 12, 31, 22, 45, tzinfo=UTC), 30),
        (datetime(2045, 7, 1, 10, 0, tzinfo=UTC), 30),
        (datetime(1990, 7, 1, 10, 0, tzinfo=UTC), 30),
        (datetime(2026, 7, 1, 10, 0, tzinfo=UTC), 0),
    ],
)
def test_an_entry_is_at_the_instants_of_its_meeting(
    calendar: IcsCalendar, folder: Path, start: datetime, minutes: int
) -> None:
    event = written(calendar, folder, "Europe/Berlin", start, minutes)

    assert (event.start, event.end) == (start, start + timedelta(minutes=minutes))


def an_hour_twice(zone: ZoneInfo) -> datetime | None:
    """Return an instant of 2030 when clocks there show what they have shown before."""
    days = [datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(366)]
    offsets = [day.astimezone(zone).utcoffset() or timedelta() for day in days]
    back = [day for day, before, after in zip(days, offsets, offsets[1:], strict=False) if after < before]
    hours = (day + timedelta(minutes=30 * number) for day in back for number in range(49))
    return next((hour for hour in hours if hour.astimezone(zone).fold), None)


def test_all_over_the_world(calendar: IcsCalendar, folder: Path) -> None:
    # Many names stand for the same rules: a fourth of them has most of these.
    for zone in sorted(available_timezones())[::4]:
        start = an_hour_twice(ZoneInfo(zone)) or datetime(2030, 7, 1, tzinfo=UTC)
        event = written(calendar, folder, zone, start, 45)
        assert (event.start, event.end) == (start, start + timedelta(minutes=45)), zone


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(sorted(available_timezones())),
    start=st.datetimes(datetime(2000, 1, 2), datetime(2060, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_the_rules_in_the_file_say_the_same_as_the_zone_s_name(
    calendar: IcsCalendar, folder: Path, zone: str, start: datetime
) -> None:
    start = start.replace(microsecond=0)

    event = written(calendar, folder, zone, start)

    assert event.start == start
    assert event.end == start + timedelta(minutes=30)
    whole = Calendar.from_ical((folder / "global.ics").read_bytes())
    rules = [one for one in whole.walk("VTIMEZONE") if isinstance(one, Timezone)]
    assert len(rules) == bool(re.search(rb"DT(START|END);TZID=", calendar.file.read_bytes()))
    for one in rules:
        there = start.astimezone(ZoneInfo(zone))
        assert one.tz_name == zone
        assert there.replace(tzinfo=one.to_tz(lookup_tzid=False)).utcoffset() == there.utcoffset()


def test_a_file_that_was_taken_away_is_a_fresh_start(calendar: IcsCalendar, folder: Path) -> None:
    first, second = entry(1), entry(2)
    calendar.insert(*first)
    calendar.insert(*second)
    calendar.file.unlink()

    assert calendar.find(first[0]) is None
    calendar.insert(*first)

    assert calendar.find(second[0]) is None
    calendar.insert(*second)
    assert len(events(folder)) == 2


def test_an_entry_taken_out_of_a_file_that_stays_is_deleted(calendar: IcsCalendar) -> None:
    calendar.insert(*entry())
    calendar.file.write_bytes(b"")

    found = calendar.find(entry()[0])

    assert found is not None
    assert (found.removed, found.record) == (True, None)


@pytest.mark.parametrize(
    "content",
    [
        b"this is no calendar",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        b"END:VCALENDAR\r\n",
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
