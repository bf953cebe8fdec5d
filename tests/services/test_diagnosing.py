"""Diagnosing with everything in memory."""

import pytest

from supops.errors import CredentialError, ExitCode, SupopsError
from supops.models.health import Contact, Health
from supops.services.diagnosing import examine, exit_code, platform_facts
from tests.fakes.zendesk import FakeProbe


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


def test_exit_status() -> None:
    well = Health("a")
    ill = examine("b", lambda: platform_facts(FakeProbe(SupopsError("no"))))
    refused = examine("c", lambda: platform_facts(FakeProbe(CredentialError("no"))))

    assert exit_code([well]) == ExitCode.DONE
    assert exit_code([well, ill]) == ExitCode.ERROR
    assert exit_code([ill, refused]) == ExitCode.CREDENTIALS
