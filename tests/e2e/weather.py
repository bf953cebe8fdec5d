"""Bookings, the deliveries that tell of them in a bad order, and what the calendars must say in the end."""

import json
import random
from dataclasses import dataclass, field

from supops.models.entries import entry_id
from supops.sandbox.bookings import Guest, Json, Slot, canceled, created
from supops.sandbox.world import CALENDAR_IDS, World

US_HOST, OTHER_HOST = "hannah.lindqvist", "chloe.tremblay"


@dataclass(slots=True)
class Weather:
    """What comes.

    Attributes:
        deliveries: Bodies, shuffled and some of them repeated.
        poison: Those of them that make no sense, and never will.
        expected: The entries that must be there in the end: calendar's key and entry's id.
    """

    deliveries: list[bytes] = field(default_factory=list)
    poison: set[bytes] = field(default_factory=set)
    expected: set[tuple[str, str]] = field(default_factory=set)


def weather(seed: int, bookings: int) -> Weather:
    """Return a storm's deliveries; the same for the same seed."""
    chance = random.Random(seed)
    made = Weather()
    bodies: list[bytes] = []
    for number in range(1, bookings + 1):
        is_us = chance.random() < 0.4
        slot = _slot(100_000 + number, is_us=is_us)
        home = "us-government" if is_us else "global"
        fate = chance.choice(["stays", "stays", "canceled", "rescheduled"])
        bodies.append(_body(created(slot, minute=number % 20)))
        if fate == "stays":
            made.expected.add((home, entry_id(slot.uri)))
            continue
        bodies.append(_body(canceled(slot, minute=30)))
        if fate == "rescheduled":
            moved = _slot(200_000 + number, is_us=is_us)
            delivery = created(moved, minute=30)
            payload = delivery["payload"]
            assert isinstance(payload, dict)
            payload["old_invitee"] = slot.invitee_uri(0)
            bodies.append(_body(delivery))
            made.expected.add((home, entry_id(moved.uri)))
    for number in range(max(2, bookings // 12)):
        broken = created(_slot(300_000 + number, is_us=False))
        payload = broken["payload"]
        assert isinstance(payload, dict)
        payload["scheduled_event"] = {"uri": f"https://api.calendly.com/scheduled_events/broken{number}"}
        made.poison.add(_body(broken))
    made.deliveries = [*bodies, *made.poison]
    made.deliveries += chance.sample(made.deliveries, len(made.deliveries) // 2)
    chance.shuffle(made.deliveries)
    return made


def shown(world: World) -> set[tuple[str, str]]:
    """Return the entries that people see: calendar's key and entry's id."""
    keys = {identity: key for key, identity in CALENDAR_IDS.items()}
    with world.alone():
        return {
            (keys[identity], entry)
            for identity, calendar in world.google_calendar.calendars.items()
            for entry, event in calendar.events.items()
            if event["status"] != "cancelled"
        }


def _slot(number: int, *, is_us: bool) -> Slot:
    name = f"US Federal Support - call {number}" if is_us else f"Support call {number}"
    guest = Guest(f"Guest {number}", f"guest{number}@example.org")
    return Slot(number, name, (US_HOST if is_us else OTHER_HOST,), 1 + number % 27, 8 + number % 9, (guest,))


def _body(delivery: Json) -> bytes:
    return json.dumps(delivery).encode()
