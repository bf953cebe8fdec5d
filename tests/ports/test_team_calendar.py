"""What every team calendar promises: the fake in memory, calendar files, and the adapter on the simulated Google Calendar."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supops.models.bookings import Host
from supops.models.entries import Record, entry_id
from supops.sandbox.server import Sandbox
from supops.services.ports import EntryConflict, TeamCalendar
from supops.services.recording import hear, to_keep
from tests.boards import Board, FakeBoard, GoogleBoard, IcsBoard
from tests.make import booked, card_shown, found, invitee, meeting

ID = entry_id(meeting().uri)


@pytest.fixture(params=["fake", "ics", "google"])
def board(request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox) -> Iterator[Board]:
    if request.param == "fake":
        yield FakeBoard()
    elif request.param == "ics":
        yield IcsBoard(tmp_path)
    else:
        google = GoogleBoard(sandbox)
        yield google
        google.account.close()


@pytest.fixture
def calendar(board: Board) -> TeamCalendar:
    return board.calendars["global"]


def known(name: str = "Support onboarding", person: str = "Ina Vitee", answer: str = "4711") -> Record:
    """What is known after one booking."""
    by = replace(invitee(), name=person, answers=(("Ticket?", answer),))
    word = booked(of=replace(meeting(name=name), hosts=(Host("jo@example.com", "Jo Doe"),)), by=by)
    return replace(to_keep(hear(Record(word.meeting.uri), word, "global")), shown=True)


def test_what_is_not_there_is_not_found(calendar: TeamCalendar) -> None:
    assert calendar.find(ID) is None


def test_an_entry_shows_and_remembers_what_was_inserted(board: Board, calendar: TeamCalendar) -> None:
    record = known()

    calendar.insert(ID, card_shown(record), record)

    entry = found(calendar)
    assert (entry.id, entry.removed, entry.record) == (ID, False, record)
    assert board.shown("global") == {ID: "\n".join(card_shown(record).lines)}
    assert board.shown("us-government") == {}


def test_the_second_insert_is_a_conflict(board: Board, calendar: TeamCalendar) -> None:
    record = known()
    calendar.insert(ID, card_shown(record), record)

    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(known("Support, again")), known("Support, again"))

    assert "Event: Support onboarding" in board.shown("global")[ID]


def test_an_update_replaces_everything(board: Board, calendar: TeamCalendar) -> None:
    calendar.insert(ID, card_shown(known()), known())
    after = known("Support, moved", person="Bo Ek")

    calendar.update(found(calendar), card_shown(after), after)

    assert found(calendar).record == after
    assert board.shown("global") == {ID: "\n".join(card_shown(after).lines)}


def test_nobody_overwrites_what_they_have_not_read(calendar: TeamCalendar) -> None:
    calendar.insert(ID, card_shown(known()), known())
    stale = found(calendar)
    calendar.update(found(calendar), card_shown(known("Support, first")), known("Support, first"))

    with pytest.raises(EntryConflict):
        calendar.update(stale, card_shown(known("Support, second")), known("Support, second"))

    assert found(calendar).record == known("Support, first")


def test_a_removed_entry_is_not_seen_and_keeps_its_id_and_what_it_remembers(
    board: Board, calendar: TeamCalendar
) -> None:
    calendar.insert(ID, card_shown(known()), known())
    after = replace(known(), shown=False)

    calendar.update(found(calendar), None, after)

    entry = found(calendar)
    assert (entry.removed, entry.record) == (True, after)
    assert board.shown("global") == {}
    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(known()), known())


def test_one_that_is_removed_from_the_beginning_keeps_others_out(
    board: Board, calendar: TeamCalendar
) -> None:
    record = replace(known(), shown=False)

    calendar.insert(ID, None, record)

    entry = found(calendar)
    assert (entry.removed, entry.record) == (True, record)
    assert board.shown("global") == {}
    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(known()), known())


def test_a_removed_entry_can_come_back(board: Board, calendar: TeamCalendar) -> None:
    calendar.insert(ID, None, replace(known(), shown=False))

    calendar.update(found(calendar), card_shown(known()), known())

    assert found(calendar).removed is False
    assert list(board.shown("global")) == [ID]


def test_one_that_was_deleted_by_hand_is_found_as_removed(board: Board, calendar: TeamCalendar) -> None:
    calendar.insert(ID, card_shown(known()), known())

    board.delete_by_hand("global", ID)

    entry = found(calendar)
    assert entry.removed
    assert entry.record is None or entry.record.shown, "nobody can tell that it was us"
    with pytest.raises(EntryConflict):
        calendar.insert(ID, card_shown(known()), known())
    calendar.update(found(calendar), card_shown(known()), known())
    assert list(board.shown("global")) == [ID]


texts = st.text(max_size=300)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=texts, person=texts, answer=texts)
def test_any_text_is_kept_and_comes_back(board: Board, name: str, person: str, answer: str) -> None:
    board.clear()
    calendar = board.calendars["global"]
    record = known(name, person, answer)

    calendar.insert(ID, card_shown(record), record)

    assert found(calendar).record == record
    assert board.shown("global") == {ID: "\n".join(card_shown(record).lines)}
