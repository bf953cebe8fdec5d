"""Diagnosing with everything in memory."""

from datetime import UTC

import pytest

from supops.errors import CredentialError, ExitCode, SupopsError
from supops.models.health import Contact, Health
from supops.services.diagnosing import examine, exit_code, ledger_facts, platform_facts, rule_facts
from supops.services.license_rules import Rules
from tests.fakes.licenses import FakeLedger
from tests.fakes.zendesk import FakeProbe
from tests.licenses import TODAY, issued


def test_what_goes_well() -> None:
    health = examine("Zendesk", lambda: platform_facts(FakeProbe(Contact("52 agents", 1.0))))

    assert health == Health("Zendesk", "52 agents")


def test_what_goes_wrong_has_a_remedy() -> None:
    health = examine("Zendesk", lambda: platform_facts(FakeProbe(CredentialError("refused", hint="mend it"))))

    assert (health.problem, health.remedy, health.is_credential_problem) == ("refused", "mend it", True)


@pytest.mark.parametrize(
    ("skew", "fails"), [(None, False), (59.0, False), (-59.0, False), (61.0, True), (-3600.0, True)]
)
def test_a_clock_that_is_off(skew: float | None, fails: bool) -> None:
    health = examine("Zendesk", lambda: platform_facts(FakeProbe(Contact("52 agents", skew))))

    assert (health.problem is not None) is fails


def test_what_is_told_of_licenses() -> None:
    ledger = FakeLedger()
    assert ledger_facts(ledger) == "0 licenses"
    ledger.add(issued(1), today=TODAY, unwritten="text")
    assert ledger_facts(ledger) == "1 license, 1 of them begun and not finished: see `supops licenses list`"
    ledger.error = SupopsError("locked")
    assert examine("license ledger", lambda: ledger_facts(ledger)).problem == "locked"
    assert rule_facts(Rules(), UTC) == "any address: licenses.email_domains is not set; days of UTC"


def test_exit_status() -> None:
    well = Health("a")
    ill = examine("b", lambda: platform_facts(FakeProbe(SupopsError("no"))))
    refused = examine("c", lambda: platform_facts(FakeProbe(CredentialError("no"))))

    assert exit_code([well]) == ExitCode.DONE
    assert exit_code([well, ill]) == ExitCode.ERROR
    assert exit_code([ill, refused]) == ExitCode.CREDENTIALS
