"""Stands in for `supops.render.journal`."""

from dataclasses import dataclass, field

from supops.services.inbox_ports import Journal


@dataclass
class FakeJournal(Journal):
    """Remembers what it was told."""

    lines: list[tuple[str, dict[str, str | float | None]]] = field(default_factory=list)

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        self.lines.append((event, facts))

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]

    def of(self, event: str) -> list[dict[str, str | float | None]]:
        return [facts for one, facts in self.lines if one == event]
