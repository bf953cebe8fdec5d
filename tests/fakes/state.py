"""Stands in for `supops.adapters.state`."""

from dataclasses import dataclass, field, replace

from supops import __version__
from supops.errors import SupopsError
from supops.models.audits import Audit, Run, RunSummary
from supops.models.findings import Severity
from supops.services.audit_ports import NoSuchRun, RunStore


@dataclass
class FakeStore(RunStore):
    """Runs in memory.

    Attributes:
        error: What is raised when something is to be stored; None for a store that works.
    """

    kept: list[Run] = field(default_factory=list)
    error: SupopsError | None = None

    def check(self) -> None:
        if self.error:
            raise self.error

    def add(self, audit: Audit, *, command: str, quarter: str | None = None) -> int:
        self.check()
        self.kept.append(Run(len(self.kept) + 1, audit, __version__, command, quarter))
        return len(self.kept)

    def filed(self, run: int, quarter: str) -> None:
        self.check()
        self.kept[run - 1] = replace(self.kept[run - 1], quarter=quarter)

    def runs(self, key: str | None = None, *, limit: int | None = None) -> tuple[RunSummary, ...]:
        found = [run for run in reversed(self.kept) if key in (None, run.audit.key)]
        return tuple(
            RunSummary(
                run.id,
                run.audit.key,
                run.audit.title,
                run.audit.started_at,
                run.audit.complete,
                run.audit.counts,
                {level: run.audit.count_of(level) for level in Severity},
                run.version,
                run.quarter,
            )
            for run in found[:limit]
        )

    def run(self, number: int) -> Run:
        for run in self.kept:
            if run.id == number:
                return run
        raise NoSuchRun(f"There is no run {number}")
