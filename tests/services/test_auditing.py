"""Auditing with everything in memory."""

from collections.abc import Callable

import pytest

from supops.errors import CredentialError, ExitCode, SupopsError
from supops.models.agents import Agent
from supops.models.audits import Audit
from supops.models.findings import Severity
from supops.models.roster import Member, ProblemKind, Roster, RosterProblem
from supops.services.agent_audit import agent_plan
from supops.services.auditing import AuditPlan, Outcome, exit_code, run_audits
from supops.services.ports import RosterSource
from tests.fakes.clock import START, FakeClock
from tests.fakes.console import FakeNotices
from tests.fakes.parallel import one_by_one
from tests.fakes.roster_files import FakeRoster
from tests.fakes.zendesk import FakeAgents
from tests.make import ADMIN, FEDERAL, INSTANCE, LIGHT, agent, member

Scene = Callable[[RosterSource], AuditPlan]


def outcomes(*scenes: Scene, roster: RosterSource, notices: FakeNotices | None = None) -> tuple[Outcome, ...]:
    plans = [scene(roster) for scene in scenes]
    return run_audits(plans, clock=FakeClock(), notices=notices or FakeNotices(), parallel=one_by_one)


def audit(
    *scenes: Scene, members: tuple[Member, ...] = (), problems: tuple[RosterProblem, ...] = ()
) -> tuple[Audit, ...]:
    done = outcomes(*scenes, roster=FakeRoster(Roster(members, problems)))
    return tuple(outcome.audit for outcome in done)


def of(*agents: Agent, breaks_off_after: int | None = None) -> Scene:
    directory = FakeAgents(agents, breaks_off_after=breaks_off_after)
    return lambda roster: agent_plan(INSTANCE, directory=lambda: directory, roster=roster)


def broken(error: SupopsError) -> Scene:
    return lambda roster: agent_plan(FEDERAL, directory=lambda: FakeAgents(error=error), roster=roster)


def ids(report: Audit, key: str) -> list[str]:
    (listing,) = (listing for listing in report.listings if listing.key == key)
    return [item.identity for item in listing.items]


def test_agents_are_in_three_lists_by_name() -> None:
    agents = [
        agent(1, "b"),
        agent(2, "A"),
        agent(3, "c", role_id=LIGHT),
        agent(4, "d", role_id=ADMIN),
        agent(5, "e", role_id=None),
    ]

    (report,) = audit(of(*agents))

    assert ids(report, "full_agents") == ["2", "1", "5"]
    assert ids(report, "light_agents") == ["3"]
    assert ids(report, "admins") == ["4"]
    assert report.counts["agents"] == 5
    assert report.started_at == START
    assert report.finished_at > report.started_at
    assert report.complete


def test_an_admin_by_role_without_the_custom_role_is_a_full_agent() -> None:
    # As the domain has it: everybody who has neither of the two custom roles.
    (report,) = audit(of(Agent(1, "a", None, "admin", None, False, None)))

    assert ids(report, "full_agents") == ["1"]


def test_findings_are_ordered_by_check_then_name() -> None:
    members = (
        member("b", "b@example.com", id=1),
        member("a", "a@example.com", id=2),
        member("c", "c@example.com", id=9),
    )
    agents = [agent(1, "x", "b@example.com", suspended=True), agent(2, "y", "a@example.com")]

    (report,) = audit(of(*agents), members=members)

    assert [(finding.check, str(finding.subject)) for finding in report.findings] == [
        ("missing-agent", "c"),
        ("name-mismatch", "x"),
        ("name-mismatch", "y"),
        ("suspended-agent", "x"),
    ]


@pytest.mark.parametrize(
    ("key", "matters"),
    [
        ("zendesk.main.id", True),
        ("zendesk", True),
        ("email", True),
        ("zendesk.us-federal.id", False),
        ("start_date", False),
    ],
)
def test_only_problems_with_what_is_compared_are_in_the_audit(key: str, matters: bool) -> None:
    problem = RosterProblem(ProblemKind.INVALID, 3, "wrong", key, file="x.yaml")

    (report,) = audit(of(), problems=(problem,))

    assert [finding.check for finding in report.findings] == (["invalid-roster-value"] if matters else [])


def test_unreadable_files_are_always_in_the_audit() -> None:
    (report,) = audit(of(), problems=(RosterProblem(ProblemKind.UNREADABLE, 1, "tabs", file="x.yaml"),))

    assert [finding.check for finding in report.findings] == ["unreadable-roster-file"]


def test_a_list_that_breaks_off_makes_the_audit_incomplete_and_nobody_missing() -> None:
    members = (member(id=2, email="b@example.com"),)

    (report,) = audit(of(agent(1), agent(2, email="b@example.com"), breaks_off_after=1), members=members)

    assert report.incomplete_reasons == (
        "the list of agents broke off",
        "missing-agent was not checked: it needs every agent",
    )
    assert report.findings == ()
    assert exit_code([report], None) == ExitCode.INCOMPLETE


def test_one_instance_that_fails_does_not_stop_the_other() -> None:
    notices = FakeNotices()
    scenes = [broken(CredentialError("refused", hint="mend it")), of(agent(1, suspended=True))]

    done = outcomes(*scenes, roster=FakeRoster(Roster(())), notices=notices)

    reports = [outcome.audit for outcome in done]

    assert [report.incomplete_reasons for report in reports] == [("refused",), ()]
    assert len(reports[1].findings) == 1
    assert exit_code(reports, Severity.LOW) == ExitCode.INCOMPLETE
    assert notices.warnings == ["Zendesk US Government could not be audited. refused. mend it"]


def test_when_all_fail_the_first_error_is_the_answer() -> None:
    with pytest.raises(CredentialError, match="first"):
        audit(broken(CredentialError("first")), broken(SupopsError("second")))


@pytest.mark.parametrize(
    ("threshold", "status"),
    [
        (Severity.LOW, ExitCode.FINDINGS),
        (Severity.MEDIUM, ExitCode.FINDINGS),
        (Severity.HIGH, ExitCode.DONE),
        (None, ExitCode.DONE),
    ],
)
def test_the_threshold_decides_the_exit_status(threshold: Severity | None, status: ExitCode) -> None:
    reports = audit(of(agent(email="other@example.com")), members=(member(),))

    assert [finding.severity for finding in reports[0].findings] == [Severity.MEDIUM]
    assert exit_code(reports, threshold) == status


def test_a_roster_that_can_not_be_read_is_an_error() -> None:
    with pytest.raises(SupopsError, match="no folder"):
        outcomes(of(), roster=FakeRoster(SupopsError("no folder")))
