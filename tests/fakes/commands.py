"""Stands in for `supops.adapters.command_runner`."""

from collections.abc import Sequence

from supops.errors import SupopsError
from supops.models.schedules import CommandEnd
from supops.services.inbox_ports import CommandRunner


class FakeRunner(CommandRunner):
    """Runs nothing, and remembers what it should have."""

    def __init__(self, *ends: CommandEnd | int | SupopsError) -> None:
        self._ends = list(ends)
        self.ran: list[tuple[str, ...]] = []

    def run(self, words: Sequence[str]) -> CommandEnd:
        self.ran.append(tuple(words))
        end = self._ends.pop(0) if self._ends else 0
        if isinstance(end, SupopsError):
            raise end
        return CommandEnd(end, "", "") if isinstance(end, int) else end
