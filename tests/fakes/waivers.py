"""Stands in for `supops.adapters.waiver_files`: waivers in memory."""

from collections.abc import Sequence
from dataclasses import replace as changed

from supops.errors import ConfigError, UsageError
from supops.models.waivers import Waiver, WrittenWaiver
from supops.services.audit_ports import WaiverBook

LINES = 5


class FakeWaivers(WaiverBook):
    """A book of waivers, each of five lines.

    Attributes:
        waivers: What stands in it; None where there is no book.
    """

    def __init__(self, waivers: Sequence[Waiver] | None = ()) -> None:
        self.waivers = None if waivers is None else [*waivers]

    def read(self, checks: Sequence[str]) -> tuple[Waiver, ...]:
        if self.waivers is None:
            raise ConfigError("there is no book")
        for waiver in self.waivers:
            if waiver.check not in checks:
                raise ConfigError(f"there is no check {waiver.check}")
        return tuple(_placed(place, waiver) for place, waiver in enumerate(self.waivers))

    def add(self, waiver: Waiver, *, checks: Sequence[str], replace: bool, dry_run: bool) -> WrittenWaiver:
        there = [] if self.waivers is None else [*self.read(checks)]
        keys = [(one.check, one.subject.casefold()) for one in there]
        key = (waiver.check, waiver.subject.casefold())
        place = keys.index(key) if key in keys else len(keys)
        before = there[place] if key in keys else None
        if before and not replace:
            raise UsageError(f"it stands in line {before.line} already")
        if before:
            waiver = changed(waiver, subject=before.subject)
        there[place : place + 1] = [waiver]
        if not dry_run:
            self.waivers = there
        return WrittenWaiver(_placed(place, waiver), f"{waiver.check}: {waiver.subject}", before)


def _placed(place: int, waiver: Waiver) -> Waiver:
    return changed(waiver, file="the book", line=1 + place * LINES)
