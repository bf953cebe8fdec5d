"""What an entry remembers, in the properties of a calendar."""

import json
from dataclasses import replace

import pytest

from supops.adapters.entry_notes import changed_properties, from_properties, to_properties
from supops.models.entries import Record
from supops.services.recording import hear, to_keep
from tests.make import booked, meeting

RECORD = replace(to_keep(hear(Record(meeting().uri), booked(), "global")), closed=meeting().end, shown=True)
PARTS = to_properties(RECORD)
TEXT = "".join(PARTS[name] for name in sorted(PARTS) if name.startswith("booking_record_"))


def test_what_is_written_is_read() -> None:
    assert from_properties(PARTS) == RECORD


def times(node: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if isinstance(node, dict):
        return [found for key, value in node.items() for found in times(value, (*path, key))]
    return [path] if isinstance(node, str) and node.startswith("2026-") else []


@pytest.mark.parametrize("path", times(json.loads(TEXT)), ids=".".join)
@pytest.mark.parametrize("time", ["2026-11-20T09:00:00", "2026-11-20", "soon"])
def test_a_time_that_can_not_be_compared_is_as_good_as_no_record(path: tuple[str, ...], time: str) -> None:
    changed = json.loads(TEXT)
    node = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = time

    assert from_properties({"booking_record_00": json.dumps(changed)}) is None


def test_parts_that_a_longer_record_left_behind_do_not_count() -> None:
    assert from_properties({**PARTS, "booking_record_30": "left"}) == RECORD


@pytest.mark.parametrize("count", ["", "many", "\u00b2", "-1"])
def test_without_their_number_all_parts_count(count: str) -> None:
    assert from_properties({**PARTS, "booking_parts": count}) == RECORD


@pytest.mark.parametrize("count", ["0", "9" * 5000])
def test_a_wrong_number_is_survived(count: str) -> None:
    assert from_properties({**PARTS, "booking_parts": count}) in (None, RECORD)


def test_a_change_takes_away_what_a_longer_record_had() -> None:
    changed = changed_properties(RECORD)

    assert PARTS.items() <= changed.items()
    assert changed["booking_record_30"] is None
    assert len(changed) < 60
