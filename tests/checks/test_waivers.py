"""The checks of waivers themselves: known, and belonging everywhere."""

from supops.checks.registry import all_checks
from supops.checks.waivers import CHECKS, EVERYWHERE
from supops.services.waiving import waivable_checks


def test_they_belong_to_every_audit_that_has_a_check() -> None:
    audits = {audit for check in all_checks() for audit in check.audits}

    assert audits <= set(EVERYWHERE)
    assert all(check.audits == EVERYWHERE for check in CHECKS)


def test_they_are_not_among_those_that_can_be_waived() -> None:
    waivable = waivable_checks()

    assert "light-agent" in waivable
    assert not {check.id for check in CHECKS} & set(waivable)
    assert {*waivable, *(check.id for check in CHECKS)} >= {check.id for check in all_checks()}
