"""What an entry remembers, written into the unseen properties that calendars let one keep with an entry."""

import json
from collections.abc import Mapping

import msgspec

from supops.adapters.decoding import UNDECODABLE
from supops.models.entries import Record

# Google Calendar's limits, the tightest there are: 44 characters for a name, 1024 for a value (source: platforms, K-3).
PART_LENGTH = 1000
PART = "supops_record_"


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
        **{f"{PART}{number:02d}": part for number, part in enumerate(parts)},
    }


def from_properties(properties: Mapping[str, str]) -> Record | None:
    """Read a record; None where there is none, or where somebody changed it so that it makes no sense."""
    text = "".join(properties[name] for name in sorted(properties) if name.startswith(PART))
    try:
        return msgspec.json.decode(text, type=Record) if text else None
    except UNDECODABLE:
        return None
