"""Stands in for `supops.render.console`: remembers what was said, and what progress was made."""

from collections.abc import Iterator
from contextlib import contextmanager

from supops.services.ports import Notices, Progress, Task


class FakeNotices(Notices):
    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.details: list[str] = []
        self.debugs: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def detail(self, message: str) -> None:
        self.details.append(message)

    def debug(self, message: str) -> None:
        self.debugs.append(message)

    @property
    def everything(self) -> str:
        return "\n".join((*self.notes, *self.warnings, *self.details, *self.debugs))


class FakeTask(Task):
    def __init__(self) -> None:
        self.steps = 0
        self.items = 0
        self.total: int | None = None

    def advance(self, steps: int = 1, *, items: int = 0, total: int | None = None) -> None:
        self.steps += steps
        self.items += items
        self.total = total if total is not None else self.total


class FakeProgress(Progress):
    def __init__(self) -> None:
        self.tasks: dict[str, FakeTask] = {}

    @contextmanager
    def task(self, label: str, *, item: str) -> Iterator[Task]:
        label = f"{label}: {item}"
        self.tasks[label] = FakeTask()
        yield self.tasks[label]
