"""What entries show and remember: nothing secret, nothing too long, the same in any order."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supops.adapters.entry_notes import from_properties, to_properties
from supops.models.bookings import Host, Invitee
from supops.models.entries import Record
from supops.services.recording import card_of, hear, is_active, to_keep
from tests.make import booked, invitee, meeting

# What Google Calendar takes of unseen properties: in all, for a name, for a value, and how many.
MOST, LONGEST_NAME, LONGEST_VALUE, MOST_PROPERTIES = 32_000, 44, 1024, 300


def after(*words: Invitee, **of: object) -> Record:
    """What is kept after bookings by these invitees."""
    record = Record(meeting().uri)
    there = replace(meeting(active=len(words)), **of)  # type: ignore[arg-type]
    for minute, by in enumerate(words):
        record = to_keep(hear(record, booked(minute, of=there, by=by), "global"))
    return record


def shown(record: Record) -> str:
    card = card_of(record)
    assert card is not None
    return "\n".join((card.summary, card.location, *card.lines))


@pytest.mark.parametrize("size", [1, 2, 60])
@pytest.mark.parametrize("text", ['"' * 900, "\\" * 900, "😀" * 900, "x" * 900, "&<>" * 300])
def test_an_entry_holds_any_number_of_invitees_with_any_texts(size: int, text: str) -> None:
    answers = tuple((f"{number}{text}", text) for number in range(20))
    guests = [
        replace(invitee(number), name=text, answers=answers, zone="America/Argentina/ComodRivadavia")
        for number in range(size)
    ]
    hosts = tuple(Host(text, text) for _ in range(20))

    record = after(*guests, name=text, hosts=hosts, place=text, join_link=f"https://x.example.com/{text}")

    properties = to_properties(record)
    assert sum(len(name) + len(value) for name, value in properties.items()) <= MOST
    assert len(properties) <= MOST_PROPERTIES
    assert max(map(len, properties)) <= LONGEST_NAME
    assert max(map(len, properties.values())) <= LONGEST_VALUE
    assert from_properties(properties) == record
    assert len(shown(record).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) < 16_000


@settings(max_examples=6)
@given(st.permutations(range(70)))
def test_what_of_a_large_group_is_kept_does_not_depend_on_the_order(order: list[int]) -> None:
    there = meeting(active=70)
    words = [
        booked(number, of=there, by=replace(invitee(number), answers=(("Why?", "because " * 50),) * 5))
        for number in range(70)
    ]
    in_order = shuffled = Record(there.uri)
    for number in range(70):
        in_order = to_keep(hear(in_order, words[number], "global"))
        shuffled = to_keep(hear(shuffled, words[order[number]], "global"))

    assert in_order == shuffled
    assert shown(in_order) == shown(shuffled)
    assert "and more invitees" in shown(in_order)


SECRETS = {
    "place": "Room 4, Passcode: SECRET1",
    "dialed": "+1 555 0100,,4711#,,,,*7654321#",
    "answer": "the token is SECRET2",
    "question": "SECRET3",
    "link": "https://user:SECRET4@zoom.example.com/j/4711?pwd=SECRET5&tk=SECRET6#SECRET7",
    "name": "Ina https://calendly.com/cancellations/SECRET8",
}


def test_nothing_secret_is_shown_or_remembered() -> None:
    answers = (("Anything else?", SECRETS["answer"]), ("Your password?", SECRETS["question"]))
    guest = replace(invitee(), name=SECRETS["name"], answers=answers)

    record = after(guest, place=f"{SECRETS['place']}\n{SECRETS['dialed']}", join_link=SECRETS["link"])

    everything = shown(record) + repr(to_properties(record))
    assert "SECRET" not in everything
    assert "7654321" not in everything
    assert "https://zoom.example.com/j/4711" in shown(record)
    assert "Room 4, Passcode [redacted]" in shown(record)


def test_a_link_without_which_nobody_finds_the_meeting_keeps_its_name() -> None:
    link = "https://meet.example.com/j.php?MTID=m123&pw=SECRET"

    assert "https://meet.example.com/j.php?MTID=m123" in shown(after(invitee(), join_link=link))


def test_a_join_link_that_is_too_long_is_left_out_and_not_cut() -> None:
    record = after(invitee(), place="Room 4", join_link=f"https://x.example.com/{'a' * 900}")

    card = card_of(record)
    assert card is not None
    assert card.location == "Room 4"


def test_times_are_shown_where_the_invitee_is() -> None:
    record = after(replace(invitee(), zone="Asia/Tokyo"))

    card = card_of(record)
    assert card is not None
    assert (card.start.isoformat(), card.zone) == ("2026-11-28T19:00:00+09:00", "Asia/Tokyo")
    assert card.start == meeting().start


def test_a_zone_that_this_machine_does_not_know_is_no_reason_to_fail() -> None:
    card = card_of(after(replace(invitee(), zone="Europe/Atlantis")))

    assert card is not None
    assert card.zone == "UTC"


NOTES = to_properties(after(invitee(), place="Room 4"))


@given(st.data())
def test_anything_that_others_wrote_into_the_notes_is_survived(data: st.DataObject) -> None:
    part = NOTES["booking_record_00"]
    start = data.draw(st.integers(0, len(part)))
    end = data.draw(st.integers(start, min(len(part), start + 30)))
    written = data.draw(st.one_of(st.text(max_size=5), st.sampled_from(["null", "[]", "1", '"x"', "{}"])))

    record = from_properties({**NOTES, "booking_record_00": part[:start] + written + part[end:]})

    if record is not None:
        known = hear(record, booked(5, by=invitee(2)), "global")
        assert card_of(to_keep(known)) is not None or not is_active(known)


def test_notes_that_nobody_changed_are_read_as_they_were() -> None:
    assert from_properties(NOTES) == after(invitee(), place="Room 4")
    assert from_properties({}) is None
