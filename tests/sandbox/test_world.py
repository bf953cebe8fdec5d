"""The embedded world's state: kept between commands, and shared by those that run at the same time."""

import json
import threading
import urllib.request
from pathlib import Path

import pytest

from supops.sandbox.server import Sandbox
from supops.sandbox.world import CALENDAR_IDS, FILE_NAME, VERSION, World, WorldError

GLOBAL = CALENDAR_IDS["global"]


def insert(sandbox: Sandbox, identity: str) -> None:
    event = {
        "id": identity,
        "start": {"dateTime": "2026-12-01T09:00:00Z"},
        "end": {"dateTime": "2026-12-01T10:00:00Z"},
    }
    request = urllib.request.Request(
        f"{sandbox.urls['google-calendar']}/calendar/v3/calendars/{GLOBAL}/events",
        data=json.dumps(event).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10):
        pass


def kept(world: World) -> set[str]:
    with world.alone():
        return set(world.google_calendar.calendars[GLOBAL].events)


def test_what_was_changed_is_there_the_next_time(tmp_path: Path) -> None:
    with Sandbox(World.open(tmp_path)) as sandbox:
        insert(sandbox, "abcde")

    assert kept(World.open(tmp_path)) == {"abcde"}


def test_commands_at_the_same_time_lose_nothing_of_each_other(tmp_path: Path) -> None:
    with Sandbox(World.open(tmp_path)) as one, Sandbox(World.open(tmp_path)) as other:
        threads = [
            threading.Thread(target=insert, args=(sandbox, f"event{number}"))
            for number, sandbox in enumerate([one, other] * 5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert kept(one.world) == kept(other.world) == {f"event{number}" for number in range(10)}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "can't be read"),
        ('{"version": 1}', "another version"),
        (json.dumps({"version": VERSION}), "is broken"),
    ],
)
def test_a_broken_state_says_how_to_begin_afresh(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)

    with pytest.raises(WorldError, match=problem) as raised:
        World.open(tmp_path)
    assert "supops demo reset" in str(raised.value)
