"""Conducting audits with everything in memory."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from supops.errors import ConfigError, CredentialError, ExitCode, SupopsError
from supops.models.audits import Audit
from supops.models.findings import Severity
from supops.models.waivers import Waiver
from supops.render.issue_body import IssueBody
from supops.services.auditing import AuditPlan
from supops.services.conducting import Conductor, conducted_exit_code, quarter_start
from supops.services.filing import Filer
from tests.audits import a_finding, an_audit
from tests.fakes.clock import START, FakeClock
from tests.fakes.console import FakeNotices
from tests.fakes.gitlab import FakeTracker
from tests.fakes.parallel import one_by_one
from tests.fakes.state import FakeStore

NO = SupopsError("no")


def plan(audit: Audit | SupopsError) -> AuditPlan:
    def run(started_at: datetime) -> Audit:
        if isinstance(audit, SupopsError):
            raise audit
        return replace(audit, started_at=started_at)

    return AuditPlan("zendesk", "global", "Zendesk Global", run)


def conductor(
    store: FakeStore,
    *,
    tracker: FakeTracker | None = None,
    waivers: Callable[[], tuple[Waiver, ...]] | None = None,
    saves: bool = True,
) -> Conductor:
    body = IssueBody("0.1.0", "supops audit")
    filer = Filer(tracker, body, FakeClock(), FakeNotices(), START.date()) if tracker else None
    return Conductor(
        FakeClock(),
        FakeNotices(),
        one_by_one,
        store,
        "supops audit",
        waivers=waivers,
        saves=saves,
        filer=filer,
    )


def test_an_audit_is_stored_and_filed_and_the_store_knows_for_when() -> None:
    store, tracker = FakeStore(), FakeTracker()

    (one,) = conductor(store, tracker=tracker).conduct([plan(an_audit(a_finding()))])

    assert one.run == 1
    assert store.run(1).quarter == "2026 Q4"
    assert one.filed
    assert one.filed.issue
    assert "compared with" in one.filed.parts[0]


def test_it_is_compared_with_the_one_of_the_quarter_before() -> None:
    store, tracker = FakeStore(), FakeTracker()
    earlier = replace(an_audit(a_finding(1), a_finding(2)), started_at=START - timedelta(days=60))
    store.add(earlier, command="", quarter="2026 Q3")

    (one,) = conductor(store, tracker=tracker).conduct([plan(an_audit(a_finding(2), a_finding(3)))])

    assert one.filed
    assert "**New since then: 1**" in one.filed.parts[0]
    assert "**Fixed since then: 1**" in one.filed.parts[0]


def test_waivers_are_applied_before_anything_is_stored() -> None:
    store = FakeStore()
    waiver = Waiver("suspended-agent", "1", "why", "jo", date(2099, 1, 1))

    (one,) = conductor(store, waivers=lambda: (waiver,)).conduct([plan(an_audit(a_finding()))])

    assert one.audit.counts["waived"] == 1
    assert store.run(1).audit == one.audit
    assert conducted_exit_code([one], Severity.LOW) == ExitCode.DONE


def test_mistakes_are_found_before_the_audit_is_run() -> None:
    ran: list[bool] = []

    def run(_: datetime) -> Audit:
        ran.append(True)
        return an_audit()

    looking = AuditPlan("zendesk", "global", "Zendesk Global", run)

    def broken() -> tuple[Waiver, ...]:
        raise ConfigError("a mistake")

    with pytest.raises(ConfigError):
        conductor(FakeStore(), waivers=broken).conduct([looking])
    with pytest.raises(SupopsError, match="no"):
        conductor(FakeStore(error=NO)).conduct([looking])
    assert ran == []


def test_without_saving_nothing_is_stored_and_the_store_is_not_looked_at() -> None:
    (one,) = conductor(FakeStore(error=NO), saves=False).conduct([plan(an_audit())])

    assert (one.run, one.problems) == (None, ())


def test_what_fails_after_the_audit_leaves_its_result() -> None:
    class Failing(FakeStore):
        def add(self, audit: Audit, *, command: str, quarter: str | None = None) -> int:
            raise NO

    tracker = FakeTracker()
    (one,) = conductor(Failing(), tracker=tracker).conduct([plan(an_audit(a_finding()))])

    assert one.problems == (NO,)
    assert one.filed
    assert conducted_exit_code([one], None) == ExitCode.ERROR


def test_one_that_fails_does_not_stop_the_others() -> None:
    store = FakeStore()

    done = conductor(store).conduct([plan(CredentialError("refused")), plan(an_audit())])

    assert [one.run for one in done] == [None, 1]
    assert conducted_exit_code(done, Severity.LOW) == ExitCode.INCOMPLETE


def test_when_all_fail_the_first_error_is_the_answer_or_the_report() -> None:
    plans = [plan(CredentialError("refused")), plan(NO)]

    with pytest.raises(CredentialError):
        conductor(FakeStore()).conduct(plans)
    done = conductor(FakeStore()).conduct(plans, all_may_fail=True)
    assert [one.error.message if one.error else None for one in done] == ["refused", "no"]
    assert conducted_exit_code(done, None) == ExitCode.CREDENTIALS


@pytest.mark.parametrize(
    ("day", "start"),
    [(date(2026, 11, 25), (2026, 10)), (date(2026, 1, 1), (2026, 1)), (date(2026, 6, 30), (2026, 4))],
)
def test_where_a_quarter_begins(day: date, start: tuple[int, int]) -> None:
    assert quarter_start(day) == datetime(*start, 1, tzinfo=UTC)
