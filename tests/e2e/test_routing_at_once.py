"""Several processes route the same, or words about the same meeting, at the same time."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from supops.models.entries import entry_id
from supops.sandbox.bookings import canceled, created, slot
from supops.sandbox.people import roster_files
from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS

pytestmark = pytest.mark.thorough
PROCESSES = 5
MEETING = slot(2)


@pytest.fixture(params=["ics", "google"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def settings(home: dict[str, str], tmp_path: Path, sandbox: Sandbox, backend: str) -> dict[str, str]:
    """The environment of a pipeline's job."""
    for path, content in roster_files().items():
        file = tmp_path / "roster" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return home | {
        "SUPOPS_ROSTER__PATH": str(tmp_path / "roster"),
        "SUPOPS_CALENDARS__BACKEND": backend,
        "SUPOPS_CALENDARS__FOLDER": str(tmp_path / "calendars"),
        "SUPOPS_CALENDARS__GLOBAL__ID": CALENDAR_IDS["global"],
        "SUPOPS_CALENDARS__US_GOVERNMENT__ID": CALENDAR_IDS["us-government"],
        "SUPOPS_GOOGLE__API_ENDPOINT": f"{sandbox.urls['google-calendar']}/calendar/v3/",
    }


def route_at_once(payloads: Sequence[object], settings: dict[str, str], cwd: Path) -> Counter[str]:
    """Return how often what was done."""
    words = [sys.executable, "-m", "supops", "-q", "calendly", "route", "-", "-o", "json"]
    running = [
        subprocess.Popen(
            words,
            env=settings,
            cwd=cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in payloads
    ]
    # They are all on their way before the first one is given something to do.
    for process, payload in zip(running, payloads, strict=True):
        assert process.stdin is not None
        process.stdin.write(json.dumps(payload).encode())
        process.stdin.close()
        process.stdin = None
    actions: Counter[str] = Counter()
    for process in running:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err.decode()
        actions[json.loads(out)["action"]] += 1
    return actions


def shown(backend: str, sandbox: Sandbox, tmp_path: Path) -> list[str]:
    """Return the ids of the entries that people see."""
    if backend == "google":
        calendars = sandbox.world.google_calendar.calendars.values()
        return [
            identity
            for calendar in calendars
            for identity, event in calendar.events.items()
            if event["status"] != "cancelled"
        ]
    text = (tmp_path / "calendars" / "global.ics").read_text(encoding="utf-8").replace("\n ", "")
    events = text.split("BEGIN:VEVENT")[1:]
    return [event.split("UID:")[1].split()[0] for event in events if "STATUS:CONFIRMED" in event]


def test_the_same_payload_makes_one_entry(
    settings: dict[str, str], backend: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    actions = route_at_once([created(MEETING)] * PROCESSES, settings, tmp_path)

    assert actions == {"inserted": 1, "unchanged": PROCESSES - 1}
    assert shown(backend, sandbox, tmp_path) == [entry_id(MEETING.uri)]


def test_a_booking_and_its_cancellation_leave_nothing(
    settings: dict[str, str], backend: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    route_at_once([created(MEETING), canceled(MEETING)] * 2, settings, tmp_path)

    assert shown(backend, sandbox, tmp_path) == []


def test_different_bookings_are_all_there(
    settings: dict[str, str], backend: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    payloads = [created(slot(number)) for number in (2, 5, 6, 7)]

    route_at_once(payloads, settings, tmp_path)

    # The seventh is the sixth, rescheduled.
    assert set(shown(backend, sandbox, tmp_path)) == {entry_id(slot(number).uri) for number in (2, 5, 7)}
