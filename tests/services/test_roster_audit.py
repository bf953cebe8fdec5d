"""The audit of the roster itself, with everything in memory."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from supops.errors import ConfigError
from supops.models.audits import Audit
from supops.models.findings import Finding
from supops.models.roster import Focus, Member, Organization, ProblemKind, Roster, RosterProblem, Skill
from supops.services.roster_audit import roster_plan
from supops.services.rostering import check_roster
from tests.fakes.clock import START
from tests.fakes.roster_files import FakeRoster
from tests.make import member


def audit(*members: Member, problems: tuple[RosterProblem, ...] = ()) -> Audit:
    return roster_plan(roster=FakeRoster(Roster(members, problems))).run(START)


def test_it_finds_what_team_check_finds() -> None:
    roster = Roster(
        (replace(member(), region="EMAE"), replace(member(), file="z.yaml")),
        (RosterProblem(ProblemKind.UNREADABLE, 3, "tabs", file="x.yaml"),),
    )

    report = roster_plan(roster=FakeRoster(roster)).run(START)

    assert report.findings == check_roster(roster)
    assert {finding.check for finding in report.findings} == {
        "roster-region",
        "duplicate-roster-entry",
        "unreadable-roster-file",
    }


def test_members_are_listed_by_name_with_their_files() -> None:
    report = audit(
        replace(member("b", "b@example.com", id=2, file="b.yaml"), region="EMEA"),
        member("A", "a@example.com", file="a.yaml"),
    )

    (listing,) = report.listings
    assert (report.key, report.counts) == ("roster", {"members": 2, "findings": 0, "waived": 0})
    assert [dict(item.facts) for item in listing.items] == [
        {"id": "a.yaml", "name": "A", "email": "a@example.com", "region": None},
        {"id": "b.yaml", "name": "b", "email": "b@example.com", "region": "EMEA"},
    ]


def test_a_file_that_can_not_be_read_is_a_finding_and_nothing_that_is_missing() -> None:
    report = audit(problems=(RosterProblem(ProblemKind.UNREADABLE, 3, "tabs", file="New/x.yaml"),))

    (finding,) = report.findings
    assert report.complete
    assert finding.subject.names == {"new/x.yaml"}


def test_a_waiver_may_name_the_members_email() -> None:
    (finding,) = audit(replace(member(email="Jo@example.com"), region="EMAE")).findings

    assert finding.subject.names == {"jo@example.com"}


def of_levels(member: Member) -> Member:
    return replace(
        member, knowledge_areas=(Skill("Geo", 5), Skill("Runner", 5)), product_categories=(Skill("Pages", 5),)
    )


def of_shares(member: Member) -> Member:
    organizations = (Organization(1, 90),)
    return replace(
        member, focuses=(Focus("ASE", 45, "global", organizations), Focus("ASE", 45, "global", organizations))
    )


def of_missing_shares(member: Member) -> Member:
    return replace(member, focuses=(Focus("ASE", None, "global", (Organization(1, None),)),))


@pytest.mark.parametrize(("change", "count"), [(of_levels, 3), (of_shares, 3), (of_missing_shares, 2)])
def test_several_findings_of_a_member_are_told_apart(change: Callable[[Member], Member], count: int) -> None:
    findings: tuple[Finding, ...] = audit(change(member())).findings

    assert len(findings) == count
    assert len({finding.fingerprint for finding in findings}) == count


def test_a_roster_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigError):
        roster_plan(roster=FakeRoster(ConfigError("no folder"))).run(START)
