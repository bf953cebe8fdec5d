"""Conducting audits from beginning to end: run, waive, store, compare with the one before, file."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from supops.errors import ExitCode, SupopsError
from supops.models.audits import Audit
from supops.models.changes import AuditChanges
from supops.models.filings import Filed
from supops.models.findings import Severity
from supops.models.waivers import Waiver
from supops.services.audit_ports import RunStore
from supops.services.auditing import AuditPlan, Outcome, exit_code, run_audits
from supops.services.differing import baseline, compare
from supops.services.filing import Filer
from supops.services.ports import Clock, Notices, Parallel
from supops.services.waiving import apply_waivers


@dataclass(frozen=True, slots=True)
class Conducted:
    """What became of an audit.

    Attributes:
        error: Why it could not be run; None where it could.
        run: Its number in the store; None where it is not stored.
        filed: What became of filing it; None where it is not filed.
        problems: What went wrong after it was run: it could not be stored, or not filed.
    """

    audit: Audit
    error: SupopsError | None = None
    run: int | None = None
    filed: Filed | None = None
    problems: tuple[SupopsError, ...] = ()


@dataclass(frozen=True)
class Conductor:
    """Conducts audits.

    Args:
        waivers: Reads them; None where no file is configured.
        configured: Keys of all audits that could be run.
        store: Where runs are kept.
        saves: Whether these runs are stored.
        filer: Files them as issues; None where they are not filed.
        command: How they are run, as words of a command line.
    """

    clock: Clock
    notices: Notices
    parallel: Parallel
    store: RunStore
    command: str
    waivers: Callable[[], tuple[Waiver, ...]] | None = None
    configured: Collection[str] = ()
    saves: bool = True
    filer: Filer | None = None

    def conduct(self, plans: Sequence[AuditPlan], *, all_may_fail: bool = False) -> tuple[Conducted, ...]:
        """Run audits, and store and file each that could be run. What goes wrong with one does not stop the others.

        Whatever can be found out before the audits are run, is: they take a while.

        Args:
            plans: Which, in the order of the report.
            all_may_fail: Whether there is a report even where none of them could be run.

        Raises:
            SupopsError: Waivers, store or tracker are not in order; or none of the audits could be run.
        """
        waivers = self.waivers() if self.waivers else ()
        if self.saves:
            self.store.check()
        if self.filer:
            self.filer.check()
        outcomes = run_audits(
            plans,
            clock=self.clock,
            notices=self.notices,
            parallel=self.parallel,
            all_may_fail=all_may_fail,
        )
        return tuple(self._finish(outcome) for outcome in self._waived(outcomes, waivers))

    def _waived(self, outcomes: Sequence[Outcome], waivers: tuple[Waiver, ...]) -> list[Outcome]:
        # What could not be read has no findings, and proves nothing of a waiver: but it has to be seen as incomplete.
        audits = [outcome.audit for outcome in outcomes]
        waived = apply_waivers(
            audits,
            waivers,
            today=self.clock.now().date(),
            configured=self.configured or [a.key for a in audits],
        )
        return [replace(outcome, audit=audit) for outcome, audit in zip(outcomes, waived, strict=True)]

    def _finish(self, outcome: Outcome) -> Conducted:
        if outcome.error:
            return Conducted(outcome.audit, outcome.error)
        audit = outcome.audit
        problems: list[SupopsError] = []
        run = filed = None
        if self.saves:
            try:
                run = self.store.add(audit, command=self.command)
            except SupopsError as error:
                problems.append(error)
        if self.filer:
            try:
                filed = self.filer.file(audit, self._changes(audit, self.filer))
                if run is not None and filed.issue is not None:
                    self.store.filed(run, self.filer.quarter)
            except SupopsError as error:
                problems.append(error)
        return Conducted(audit, None, run, filed, tuple(problems))

    def _changes(self, audit: Audit, filer: Filer) -> AuditChanges | None:
        """Compare an audit with the one before its quarter; say so and go on where the store can't be read."""
        try:
            before = baseline(self.store, audit.key, quarter_start(filer.day))
        except SupopsError as error:
            self.notices.warn(f"{audit.title} can't be compared with the audit before: {error.message}")
            return None
        return compare(before.audit, audit, old_run=before.id) if before else None


def quarter_start(day: date) -> datetime:
    """Return the first moment, in UTC, of a day's calendar quarter."""
    return datetime.combine(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), time(), UTC)


def conducted_exit_code(conducted: Sequence[Conducted], threshold: Severity | None) -> ExitCode:
    """Decide what a pipeline is told: first of what failed after an audit, then of what is incomplete, then of findings."""
    if conducted and all(one.error for one in conducted):
        first = conducted[0].error
        return first.exit_code if first else ExitCode.ERROR
    for one in conducted:
        for problem in one.problems:
            return problem.exit_code
    return exit_code([one.audit for one in conducted], threshold)
