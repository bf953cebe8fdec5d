"""Entries in Google Calendar: what is written into an event, and what of it stays other people's."""

import html
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from supops.adapters.google_calendar import GoogleTeamCalendar
from supops.errors import PlatformError
from supops.models.entries import Attendee
from supops.sandbox.server import Sandbox
from supops.services.ports import EntryConflict
from tests.boards import GoogleBoard
from tests.make import MEETING_ID as ID
from tests.make import RECORD, card_shown, found

Json = dict[str, object]


@pytest.fixture
def board(sandbox: Sandbox) -> Iterator[GoogleBoard]:
    opened = GoogleBoard(sandbox)
    yield opened
    opened.account.close()


@pytest.fixture
def calendar(board: GoogleBoard) -> GoogleTeamCalendar:
    return board.calendars["global"]


@pytest.fixture
def events(board: GoogleBoard) -> dict[str, Json]:
    """What is in the calendar, as the API shows it."""
    return board.shared("global").events


def test_descriptions_are_shown_as_html_so_markup_is_escaped(
    calendar: GoogleTeamCalendar, events: dict[str, Json]
) -> None:
    bold = replace(card_shown(), lines=("Invitee: Cy <b>Twombly</b> & Co",))

    calendar.insert(ID, bold, RECORD)

    description = events[ID]["description"]
    assert description == "Invitee: Cy &lt;b&gt;Twombly&lt;/b&gt; &amp; Co"


def test_what_people_added_to_an_entry_survives_an_update(
    calendar: GoogleTeamCalendar, events: dict[str, Json]
) -> None:
    calendar.insert(ID, card_shown(), RECORD)
    by_hand = {
        "colorId": "11",
        "attendees": [{"email": "boss@example.com"}],
        "attachments": [{"fileUrl": "https://x.example.com/a.pdf"}],
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": 5}]},
    }
    events[ID].update(by_hand)
    private = cast("Json", cast("Json", events[ID]["extendedProperties"])["private"])
    private["theirs"] = "kept"

    calendar.update(found(calendar), replace(card_shown(), summary="Moved", location=""), RECORD)

    event = events[ID]
    assert {name: event[name] for name in by_hand} == by_hand
    assert cast("Json", cast("Json", event["extendedProperties"])["private"])["theirs"] == "kept"
    assert event["summary"] == "Moved"
    assert "location" not in event


def test_a_shorter_record_leaves_nothing_of_a_longer_one(
    calendar: GoogleTeamCalendar, events: dict[str, Json]
) -> None:
    names = {f"{number:016d}": Attendee("N" * 80) for number in range(50)}
    calendar.insert(ID, card_shown(), replace(RECORD, attendees=names))

    calendar.update(found(calendar), None, RECORD)

    assert found(calendar).record == RECORD
    event = events[ID]
    assert "NNN" not in repr(event)
    assert "description" not in event


def test_an_entry_that_somebody_made_last_all_day_gets_its_time_back(
    calendar: GoogleTeamCalendar, events: dict[str, Json]
) -> None:
    calendar.insert(ID, card_shown(), RECORD)
    event = events[ID]
    start = event["start"]
    event["start"], event["end"] = {"date": "2026-11-28"}, {"date": "2026-11-29"}

    calendar.update(found(calendar), card_shown(), RECORD)

    assert events[ID]["start"] == start


def test_an_entry_deleted_for_good_is_an_error_and_no_endless_conflict(
    calendar: GoogleTeamCalendar, board: GoogleBoard
) -> None:
    board.shared("global").purged.append(ID)

    assert calendar.find(ID) is None
    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(), RECORD)
    with pytest.raises(PlatformError, match="deleted there for good") as raised:
        calendar.find(ID)
    assert raised.value.hint


@pytest.mark.parametrize("line", ["&" * 900, "<" * 400, "x" * 900, "short"])
def test_a_description_stays_within_google_s_limit(
    calendar: GoogleTeamCalendar, events: dict[str, Json], line: str
) -> None:
    calendar.insert(ID, replace(card_shown(), lines=(line,) * 30), RECORD)

    description = events[ID]["description"]
    assert isinstance(description, str)
    lines = html.unescape(description).split("\n")
    assert len(description) <= 8000
    assert set(lines) <= {line, "and more"}
    assert (lines[-1] == "and more") == (len(line) > 5)
