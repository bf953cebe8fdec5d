"""Differing: what is different between two runs of the same audit, and which runs are worth comparing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from supops.errors import UsageError
from supops.models.audits import Audit, Fact, Item, Run, quarter_of
from supops.models.changes import AuditChanges, FactChange, ItemChange
from supops.models.findings import Finding
from supops.services.audit_ports import RunStore

# They move by themselves: that somebody signed in is no news.
UNREMARKABLE = frozenset({"last_login_at", "last_used_at"})
LISTING = "list"


def compare(
    old: Audit, new: Audit, *, old_run: int | None = None, new_run: int | None = None
) -> AuditChanges:
    """Compare two runs of the same audit.

    Where the later run is incomplete, nothing counts as removed or fixed, and no fact as gone: that it was not seen proves nothing.

    Raises:
        UsageError: They are of different audits.
    """
    if old.key != new.key:
        raise UsageError(
            f"{old.title} and {new.title} are different audits, and can't be compared.",
            hint="`supops audit history` shows which runs are of the same audit.",
        )
    before, after = _items(old), _items(new)
    new_findings, fixed, remaining = _findings(old.open_findings, new.open_findings)
    removed = tuple(ItemChange(item, listing) for key, (item, listing) in before.items() if key not in after)
    return AuditChanges(
        new.key,
        new.title,
        old.started_at,
        new.started_at,
        old_run,
        new_run,
        added=tuple(ItemChange(item, listing) for key, (item, listing) in after.items() if key not in before),
        removed=removed if new.complete else (),
        changed=tuple(_changed(before, after, complete=new.complete)),
        new_findings=new_findings,
        fixed_findings=fixed if new.complete else (),
        remaining_findings=remaining,
        caveats=tuple(_caveats(old, new)),
    )


def _items(audit: Audit) -> dict[str, tuple[Item, str]]:
    return {item.identity: (item, listing.title) for listing in audit.listings for item in listing.items}


def _changed(
    before: Mapping[str, tuple[Item, str]], after: Mapping[str, tuple[Item, str]], *, complete: bool
) -> Iterator[ItemChange]:
    for key, (item, listing) in after.items():
        if key not in before:
            continue
        old, old_listing = before[key]
        if old.facts == item.facts and old_listing == listing:
            continue
        facts = list(_fact_changes(old.facts, item.facts))
        if not complete:
            facts = [fact for fact in facts if fact.after is not None]
        if old_listing != listing:
            facts.append(FactChange(LISTING, old_listing, listing))
        if facts:
            yield ItemChange(item, listing, tuple(facts))


def _fact_changes(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> Iterator[FactChange]:
    for name in dict.fromkeys((*new, *old)):
        if name not in UNREMARKABLE and old.get(name) != new.get(name):
            yield FactChange(name, old.get(name), new.get(name))


def _findings(
    old: Iterable[Finding], new: Iterable[Finding]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...], tuple[Finding, ...]]:
    """Return the findings that are new, fixed, and still there.

    The same are first those that agree to the last detail; then, of what is left, those of one check about one subject.
    """
    gone, left, remaining = list(old), list(new), []
    for key in (lambda one: one.fingerprint, lambda one: (one.check, one.subject.identity)):
        waiting: dict[object, list[Finding]] = defaultdict(list)
        for finding in gone:
            waiting[key(finding)].append(finding)
        unpaired = []
        for finding in left:
            if waiting[key(finding)]:
                waiting[key(finding)].pop(0)
                remaining.append(finding)
            else:
                unpaired.append(finding)
        left = unpaired
        gone = [finding for findings in waiting.values() for finding in findings]
    return _sorted(left), _sorted(gone), _sorted(remaining)


def _sorted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: finding.sort_key))


def _caveats(old: Audit, new: Audit) -> Iterator[str]:
    if not new.complete:
        yield "the later run is incomplete: what it did not see is not counted as removed or fixed"
    if not old.complete:
        yield "the earlier run is incomplete: what looks new may have been there already"
    if old.rules != new.rules:
        yield "the settings that decide what is a finding were not the same in both runs"


def baseline(store: RunStore, key: str, quarter_start: datetime) -> Run | None:
    """Return the run that an audit is compared with when it is filed.

    That is the latest of those that were filed for the last quarter before; where none was filed before, the latest complete one that
    was started before the quarter.
    """
    runs, quarter = store.runs(key), quarter_of(quarter_start)
    # Quarters are ordered as their names are. When a run was made says less: a quarter may be filed late, or ahead.
    filed = [(run.quarter, run.id) for run in runs if run.quarter and run.quarter < quarter]
    if filed:
        return store.run(max(filed)[1])
    complete = [
        run.id for run in runs if run.complete and run.started_at < quarter_start and run.quarter is None
    ]
    return store.run(complete[0]) if complete else None


def latest_pairs(store: RunStore, key: str | None = None) -> tuple[tuple[Run, Run], ...]:
    """Return the last two runs of each audit that has two: the earlier one and the later one."""
    by_audit: dict[str, list[int]] = defaultdict(list)
    for run in store.runs(key):
        by_audit[run.key].append(run.id)
    return tuple(
        (store.run(numbers[1]), store.run(numbers[0]))
        for _, numbers in sorted(by_audit.items())
        if len(numbers) > 1
    )


def differences(
    store: RunStore, old: int | None, new: int | None, *, key: str | None = None
) -> tuple[AuditChanges, ...]:
    """Compare stored runs.

    Args:
        store: Where they are.
        old: The earlier one; None for the last two of each audit.
        new: The later one; None for the latest of the same audit.
        key: Of this audit only, where no run is named.

    Raises:
        NoSuchRun: There is none with that number.
        UsageError: They are of different audits, or there is no later one.
    """
    if old is None:
        pairs = latest_pairs(store, key)
    else:
        earlier = store.run(old)
        later = store.run(new) if new is not None else _latest(store, earlier)
        pairs = ((earlier, later),)
    return tuple(compare(one.audit, two.audit, old_run=one.id, new_run=two.id) for one, two in pairs)


def _latest(store: RunStore, earlier: Run) -> Run:
    latest = store.runs(earlier.audit.key, limit=1)[0].id
    if latest <= earlier.id:
        raise UsageError(
            f"Run {earlier.id} is the latest of {earlier.audit.title}: there is none to compare it with.",
            hint="Name the earlier one first: supops audit diff OLD NEW.",
        )
    return store.run(latest)
