"""Team calendars of every kind, each with a way to see what people see in it."""

import html
import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol, cast

from icalendar import Calendar

from supops.adapters.google_account import GoogleAccount
from supops.adapters.google_calendar import GoogleTeamCalendar
from supops.adapters.ics_calendar import IcsCalendar
from supops.models.entries import TeamCalendarName
from supops.sandbox.server import Sandbox
from supops.sandbox.states import SharedCalendar
from supops.services.ports import TeamCalendar
from tests.conftest import IMPATIENT
from tests.fakes.calendars import FakeCalendar
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

KEYS = ("us-government", "global")


class Board(Protocol):
    """Both team calendars."""

    @property
    def calendars(self) -> Mapping[str, TeamCalendar]:
        """By key, as the services know them."""
        ...

    def shown(self, key: str) -> dict[str, str]:
        """Return the description of each entry that people see, by its id."""
        ...

    def delete_by_hand(self, key: str, entry_id: str) -> None:
        """Delete an entry as a person does, in the calendar's own program."""
        ...

    def clear(self) -> None:
        """Begin afresh."""
        ...


class FakeBoard(Board):
    def __init__(self) -> None:
        self.clear()

    @property
    def calendars(self) -> dict[str, FakeCalendar]:
        return self._calendars

    def shown(self, key: str) -> dict[str, str]:
        kept = self.calendars[key].kept.items()
        return {identity: "\n".join(one.card.lines) for identity, one in kept if one.card is not None}

    def delete_by_hand(self, key: str, entry_id: str) -> None:
        self.calendars[key].delete_by_hand(entry_id)

    def clear(self) -> None:
        self._calendars = {key: FakeCalendar(key) for key in KEYS}

    def killed_before(self, requests: int, error: type[BaseException]) -> None:
        """Raise an error in place of the request after so many."""
        left = itertools.count(requests, -1)

        def kill() -> None:
            if next(left) <= 0:
                raise error

        self.before_each_request(kill)

    def before_each_request(self, happening: Callable[[], None]) -> None:
        """Let something happen before each request."""
        for calendar in self.calendars.values():
            calendar.before = happening

    def calm_down(self) -> None:
        """Let nothing happen any more."""
        self.before_each_request(lambda: None)


class IcsBoard(Board):
    """Calendar files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count()
        self.clear()

    @property
    def calendars(self) -> dict[str, IcsCalendar]:
        return self._calendars

    def shown(self, key: str) -> dict[str, str]:
        file = self.calendars[key].file
        if not file.exists():
            return {}
        events = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
        return {
            str(event["UID"]): str(event["DESCRIPTION"])
            for event in events
            if str(event["STATUS"]) != "CANCELLED"
        }

    def delete_by_hand(self, key: str, entry_id: str) -> None:
        file = self.calendars[key].file
        text = file.read_bytes().decode()
        events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", text, re.DOTALL)
        mine = next(event for event in events if entry_id in event.replace("\r\n ", ""))
        file.write_bytes(text.replace(mine, "").encode())

    def clear(self) -> None:
        folder = self._folder / str(next(self._count))
        names = {key: TeamCalendarName(key, f"Calendar {key}", f"{key}.ics") for key in KEYS}
        self._calendars = {key: IcsCalendar(name, folder, clock=FakeClock()) for key, name in names.items()}


class GoogleBoard(Board):
    """The simulated Google Calendar."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._state = sandbox.world.google_calendar
        self.account = GoogleAccount(
            credentials=None,
            subject=None,
            endpoint=f"{sandbox.urls['google-calendar']}/calendar/v3/",
            notices=FakeNotices(),
            # Nothing here is slow on purpose, and a busy machine may be.
            patience=replace(IMPATIENT, read=10),
        )
        names = [TeamCalendarName(key, f"Calendar {key}", f"{key}@calendar.example.com") for key in KEYS]
        self._calendars = {name.key: GoogleTeamCalendar(name, self.account) for name in names}
        self.clear()

    @property
    def calendars(self) -> dict[str, GoogleTeamCalendar]:
        return self._calendars

    def shared(self, key: str) -> SharedCalendar:
        return self._state.calendars[f"{key}@calendar.example.com"]

    def shown(self, key: str) -> dict[str, str]:
        return {
            identity: html.unescape(cast("str", event["description"]))
            for identity, event in self.shared(key).events.items()
            if event["status"] != "cancelled"
        }

    def delete_by_hand(self, key: str, entry_id: str) -> None:
        event = self.shared(key).events[entry_id]
        event["status"] = "cancelled"
        event["etag"] = f"{event['etag']}-by-hand"

    def clear(self) -> None:
        self._state.calendars = {f"{key}@calendar.example.com": SharedCalendar() for key in KEYS}
