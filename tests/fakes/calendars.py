"""Stands in for `supops.adapters.google_calendar` and `supops.adapters.ics_calendar`."""

from collections.abc import Callable
from dataclasses import dataclass

from supops.errors import SupopsError
from supops.models.entries import Card, Entry, Record, TeamCalendarName
from supops.services.ports import EntryConflict, TeamCalendar


@dataclass
class _Kept:
    card: Card | None
    record: Record | None
    version: int


class FakeCalendar(TeamCalendar):
    """A calendar in memory. `asked` counts what would be requests."""

    def __init__(self, key: str = "global", name: str = "GitLab Support") -> None:
        self.name = TeamCalendarName(key, name, f"{key}@calendar.example.com")
        self.kept: dict[str, _Kept] = {}
        self.asked: list[str] = []
        self.error: SupopsError | None = None
        self.before: Callable[[], None] = lambda: None

    def find(self, entry_id: str) -> Entry | None:
        self._ask("find")
        kept = self.kept.get(entry_id)
        if kept is None:
            return None
        return Entry(entry_id, kept.card is None, kept.record, str(kept.version))

    def insert(self, entry_id: str, card: Card | None, record: Record) -> None:
        self._ask("insert")
        if entry_id in self.kept:
            raise EntryConflict
        self.kept[entry_id] = _Kept(card, record, 1)

    def update(self, entry: Entry, card: Card | None, record: Record) -> None:
        self._ask("update")
        kept = self.kept[entry.id]
        if str(kept.version) != entry.version:
            raise EntryConflict
        self.kept[entry.id] = _Kept(card, record, kept.version + 1)

    def delete_by_hand(self, entry_id: str) -> None:
        kept = self.kept[entry_id]
        self.kept[entry_id] = _Kept(None, kept.record, kept.version + 1)

    def cards(self) -> list[Card]:
        """What people see."""
        return [kept.card for kept in self.kept.values() if kept.card is not None]

    def _ask(self, what: str) -> None:
        self.before()
        self.asked.append(what)
        if self.error is not None:
            raise self.error
