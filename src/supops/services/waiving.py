"""Waiving: findings that somebody answers for, until a date (source: interface, "audit")."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches

from supops.checks.registry import all_checks
from supops.checks.waivers import CHECKS, EXPIRED_WAIVER, UNUSED_WAIVER
from supops.errors import UsageError
from supops.models.audits import Audit
from supops.models.findings import Finding, Source, Subject
from supops.models.waivers import Waiver, WrittenWaiver
from supops.services.audit_ports import WaiverBook
from supops.services.ports import Notices

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONG = timedelta(days=366)


def waivable_checks() -> tuple[str, ...]:
    """Return the ids of the checks whose findings can be waived: all but those of the waivers themselves."""
    return tuple(check.id for check in all_checks() if check not in CHECKS)


def apply_waivers(
    audits: Sequence[Audit], waivers: Sequence[Waiver], *, today: date, configured: Collection[str]
) -> tuple[Audit, ...]:
    """Mark the findings that are waived, and report waivers that are over or that waive nothing.

    Args:
        audits: Those that were run now.
        waivers: All entries of the file; at most one for each check and subject.
        today: In UTC. A waiver still waives on its last day.
        configured: The keys of all audits that could be run. A waiver waives nothing only where all that could hold its finding were run, and
            are complete.

    Returns:
        The audits in the same order, their findings sorted.
    """
    by_name = {_key(waiver.check, waiver.subject): waiver for waiver in waivers}
    matches: dict[Waiver, dict[int, Finding]] = defaultdict(dict)
    findings: list[list[Finding]] = []
    for place, audit in enumerate(audits):
        findings.append([])
        for finding in sorted(audit.findings, key=_order):
            matching = _matching(finding, by_name)
            for waiver in matching:
                matches[waiver].setdefault(place, finding)
            running = [waiver for waiver in matching if not waiver.is_expired(today)]
            # Somebody may be waived by email and by id: the longer one says until when.
            covering = max(running, key=lambda waiver: waiver.expires, default=finding.waiver)
            findings[place].append(replace(finding, waiver=covering))
    for waiver in waivers:
        for place, finding in _remarks(waiver, matches[waiver], audits, today, configured):
            findings[place].append(finding)
    return tuple(
        replace(audit, findings=tuple(sorted(found, key=_order)))
        for audit, found in zip(audits, findings, strict=True)
    )


def _matching(finding: Finding, by_name: Mapping[tuple[str, str], Waiver]) -> list[Waiver]:
    """Return the waivers of a finding, whether they are over or not."""
    keys = ((finding.check, name) for name in sorted(finding.subject.names))
    return [by_name[key] for key in keys if key in by_name]


def _remarks(
    waiver: Waiver,
    matches: Mapping[int, Finding],
    audits: Sequence[Audit],
    today: date,
    configured: Collection[str],
) -> Iterator[tuple[int, Finding]]:
    """Yield what is to say of a waiver itself, with the place of the audit that says it."""
    source = Source(waiver.file, waiver.line)
    nobody = Subject(name=waiver.subject, ref=waiver.subject)
    having = _audits_of(waiver.check)
    places = [place for place, audit in enumerate(audits) if audit.key in having]
    if waiver.is_expired(today):
        # Where it matched nothing, one audit tells of it, and not each.
        subjects = {place: finding.subject for place, finding in matches.items()} or dict.fromkeys(
            places[:1], nobody
        )
        for place, subject in subjects.items():
            yield (
                place,
                EXPIRED_WAIVER.finding(
                    subject,
                    f"the waiver of {waiver.check} for {waiver.subject}, which {waiver.owner} answers for, "
                    f"expired: its last day was {waiver.expires}",
                    expected=f"no waiver of {waiver.check}, or one that is not over",
                    actual=f"{waiver.subject}: until {waiver.expires}",
                    source=source,
                ),
            )
    elif not matches and places and _all_seen(having, audits, configured):
        yield (
            places[0],
            UNUSED_WAIVER.finding(
                nobody,
                f"{waiver.check} has no finding about {waiver.subject}: "
                f"the waiver, which {waiver.owner} answers for, waives nothing",
                expected=f"a finding of {waiver.check}",
                actual="none",
                source=source,
            ),
        )


def _all_seen(having: Collection[str], audits: Sequence[Audit], configured: Collection[str]) -> bool:
    """Whether a finding that is not here is nowhere: every audit that could have it was run, and is complete."""
    run = {audit.key: audit.complete for audit in audits}
    return all(run.get(key, False) for key in having if key in run or key in configured)


def _audits_of(check_id: str) -> frozenset[str]:
    return frozenset(audit for check in all_checks() if check.id == check_id for audit in check.audits)


def _key(check_id: str, subject: str) -> tuple[str, str]:
    return check_id, subject.strip().casefold()


def _order(finding: Finding) -> tuple[str, str, str, int, str]:
    return finding.sort_key


@dataclass(frozen=True, slots=True)
class Asked:
    """A waiver as somebody typed it."""

    check: str
    subject: str
    reason: str
    owner: str
    expires: str


def waive(
    book: WaiverBook, asked: Asked, *, today: date, notices: Notices, overwrite: bool, dry_run: bool
) -> WrittenWaiver:
    """Write down that somebody answers for a finding.

    Args:
        book: The file with the waivers.
        asked: The waiver.
        today: In UTC.
        notices: Is warned of a waiver that runs for very long.
        overwrite: Whether one for the same check and subject is changed; it is refused otherwise.
        dry_run: Whether nothing is written.

    Raises:
        UsageError: The waiver makes no sense, or there is one already.
        ConfigError: The file has mistakes.
        SupopsError: The file can't be written.
    """
    checks = waivable_checks()
    waiver = _waiver(asked, checks, today)
    if waiver.expires - today > LONG:
        notices.warn(f"the waiver runs until {waiver.expires}, which is more than a year ahead")
    return book.add(waiver, checks=checks, replace=overwrite, dry_run=dry_run)


def _waiver(asked: Asked, checks: Sequence[str], today: date) -> Waiver:
    check = asked.check.strip()
    if check in (one.id for one in CHECKS):
        raise UsageError(
            f"A finding of {check} can't be waived.", hint="Mend or delete the entry that it speaks of."
        )
    if check not in checks:
        nearest = get_close_matches(check, checks, n=1)
        hint = f"Did you mean {nearest[0]}? " if nearest else ""
        raise UsageError(f"There is no check {check!r}.", hint=f"{hint}`supops audit checks` lists them all.")
    texts = {
        "SUBJECT": asked.subject.strip(),
        "--reason": asked.reason.strip(),
        "--owner": asked.owner.strip(),
    }
    for name, text in texts.items():
        if not text:
            raise UsageError(
                f"{name} is empty.", hint="A waiver says whom it is for, why, and who answers for it."
            )
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise UsageError(f"{name} is no text: it has bytes that are not UTF-8.")
    expires = _last_day(asked.expires.strip())
    if expires < today:
        raise UsageError(
            f"--expires {expires} is in the past: today is {today}, in UTC.",
            hint="It is the last day on which the waiver waives.",
        )
    return Waiver(check, texts["SUBJECT"], texts["--reason"], texts["--owner"], expires)


def _last_day(text: str) -> date:
    try:
        if ISO_DATE.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise UsageError(f"--expires should be a date such as 2027-03-31, and is {text[:60]!r}.")
