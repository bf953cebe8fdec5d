"""What an entry remembers, written into the unseen properties that calendars let one keep with an entry."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from supops.adapters.decoding import UNDECODABLE
from supops.models.entries import Record

# Google Calendar's limits, the tightest there are: 44 characters for a name, 1024 for a value (source: platforms, K-3).
PART_LENGTH = 1000
PART = "booking_record_"
# More than there is room for: an entry's properties may take 32 kB in all.
MOST_PARTS = 40
# How many of the parts count. Where an entry is only changed in part, later ones may be left from a longer record.
COUNT = "booking_parts"


def to_properties(record: Record) -> dict[str, str]:
    """Write a record down. The state and its time are readable by themselves; the whole is in numbered parts."""
    # ASCII: then characters, bytes and UTF-16 units are the same number, whatever a limit counts.
    text = json.dumps(msgspec.to_builtins(record), ensure_ascii=True, separators=(",", ":"))
    parts = [text[start : start + PART_LENGTH] for start in range(0, len(text), PART_LENGTH)]
    word = record.word
    return {
        "booking_uri": record.meeting[:PART_LENGTH],
        "booking_state": "canceled" if word is None or word.canceled else "active",
        "booking_time": word.time.isoformat() if word else "",
        COUNT: str(len(parts)),
        **{f"{PART}{number:02d}": part for number, part in enumerate(parts)},
    }


def changed_properties(record: Record) -> dict[str, str | None]:
    """Write a record over another one: what that may have had more is None, which takes it away."""
    written = to_properties(record)
    left = {name: None for number in range(MOST_PARTS) if (name := f"{PART}{number:02d}") not in written}
    return {**written, **left}


def from_properties(properties: Mapping[str, str]) -> Record | None:
    """Read a record; None where there is none, or where somebody changed it so that it makes no sense."""
    parts = sorted(name for name in properties if name.startswith(PART))
    count = properties.get(COUNT, "")
    if count.isascii() and count.isdecimal():
        parts = parts[: int(count[:4])]
    text = "".join(properties[name] for name in parts)
    try:
        record = msgspec.json.decode(text, type=Record) if text else None
    except UNDECODABLE:
        return None
    # A time without a zone can't be compared with others.
    return record if record and all(time.tzinfo for time in _times(record)) else None


def _times(record: Record) -> Iterator[datetime]:
    word = record.word
    meeting = word.meeting if word else None
    found = [word and word.time, meeting and meeting.start, meeting and meeting.end, record.closed]
    for attendee in record.attendees.values():
        found += [attendee.seen, attendee.canceled]
    yield from (time for time in found if time)
