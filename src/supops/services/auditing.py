"""Auditing: running audits, each on its own, and what their outcome means for a pipeline."""

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from supops.errors import ExitCode, SupopsError
from supops.models.audits import Audit
from supops.models.findings import Severity, at_or_above
from supops.models.roster import Roster
from supops.services.ports import Clock, Notices, Parallel, RosterSource


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """An audit that can be run.

    Attributes:
        run: Reads, checks and reports; `finished_at` is set later. It is given when it began. Raises SupopsError where nothing at all
            could be read.
    """

    kind: str
    instance: str | None
    title: str
    run: Callable[[datetime], Audit]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan.

    Attributes:
        audit: The report; of an audit that could not be run at all an empty one, marked incomplete.
        error: Why it could not be run; None where it could.
    """

    audit: Audit
    error: SupopsError | None = None


def run_audits(
    plans: Sequence[AuditPlan],
    *,
    clock: Clock,
    notices: Notices,
    parallel: Parallel,
    all_may_fail: bool = False,
) -> tuple[Outcome, ...]:
    """Run audits. Where there are several, one that can't be run does not stop the others.

    Args:
        plans: Which, in the order of the report.
        clock: Says when.
        notices: Is warned of an audit that could not be run.
        parallel: Does several things at once.
        all_may_fail: Whether there is a report even where none could be run.

    Raises:
        SupopsError: None of them could be run, and there is to be no report of that; the first one's error.
    """

    def run(place: int) -> tuple[int, Outcome]:
        return place, _run(plans[place], clock)

    done = dict(parallel(run, range(len(plans))))
    outcomes = tuple(done[place] for place in range(len(plans)))
    errors = [outcome.error for outcome in outcomes if outcome.error]
    if errors and len(errors) == len(plans) and not all_may_fail:
        raise errors[0]
    for outcome in outcomes:
        if outcome.error:
            notices.warn(
                f"{outcome.audit.title} could not be audited. {outcome.error.message}. {outcome.error.hint}"
            )
    return outcomes


def _run(plan: AuditPlan, clock: Clock) -> Outcome:
    started_at = clock.now()
    try:
        return Outcome(replace(plan.run(started_at), finished_at=clock.now()))
    except SupopsError as error:
        reasons = (error.message,)
        nothing = Audit(plan.kind, plan.instance, plan.title, started_at, clock.now())
        return Outcome(replace(nothing, incomplete_reasons=reasons), error)


def exit_code(audits: Sequence[Audit], threshold: Severity | None) -> ExitCode:
    """Decide what a pipeline is told. Incomplete comes first: what was not read may hold findings."""
    if not all(audit.complete for audit in audits):
        return ExitCode.INCOMPLETE
    if any(at_or_above(audit.findings, threshold) for audit in audits):
        return ExitCode.FINDINGS
    return ExitCode.DONE


class ReadOnce(RosterSource):
    """A roster that is read once, for all audits that need it, whichever comes first."""

    def __init__(self, source: Callable[[], RosterSource]) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._outcome: Roster | SupopsError | None = None

    def read(self) -> Roster:
        """See `RosterSource`."""
        with self._lock:
            if self._outcome is None:
                try:
                    self._outcome = self._source().read()
                except SupopsError as error:
                    self._outcome = error
        if isinstance(self._outcome, SupopsError):
            raise self._outcome
        return self._outcome


def fingerprint_of(*rules: object) -> str:
    """Return a short fingerprint of what decides what is a finding: values whose `repr` tells all, and no secret."""
    return hashlib.sha256("\0".join(map(repr, rules)).encode()).hexdigest()[:16]
