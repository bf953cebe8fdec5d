"""The audit of the Calendly organisation, with everything in memory."""

import pytest

from supops.errors import Forbidden
from supops.models.audits import Audit
from supops.models.roster import Member, ProblemKind, Roster, RosterProblem
from supops.services.auditing import AuditPlan
from supops.services.member_audit import member_plan
from tests.fakes.calendly_members import FakeMembers, calendly_member
from tests.fakes.clock import START
from tests.fakes.roster_files import FakeRoster
from tests.make import member

JO, GARY = calendly_member(), calendly_member("gary", "gary@example.com")


def plan(
    directory: FakeMembers,
    *team: Member,
    problems: tuple[RosterProblem, ...] = (),
    allowed: tuple[str, ...] = (),
) -> AuditPlan:
    roster = FakeRoster(Roster(team, problems))
    return member_plan(directory=lambda: directory, roster=roster, allowed=allowed)


def checks(report: Audit) -> list[str]:
    return [finding.check for finding in report.findings]


def test_all_is_well() -> None:
    report = plan(FakeMembers([JO]), member()).run(START)

    assert (report.key, report.findings, report.complete, report.remarks) == ("calendly", (), True, ())
    assert report.counts == {"members": 1, "roster": 1, "findings": 0, "waived": 0}


def test_members_are_listed_by_name() -> None:
    (listing,) = plan(FakeMembers([JO, GARY])).run(START).listings

    assert [item.facts["name"] for item in listing.items] == ["gary", "Jo Doe"]
    assert dict(listing.items[0].facts) == {
        "id": GARY.uri,
        "name": "gary",
        "email": "gary@example.com",
        "role": "user",
    }


def test_both_ways_and_ordered_by_check() -> None:
    report = plan(FakeMembers([GARY]), member()).run(START)

    assert checks(report) == ["missing-calendly-account", "unexpected-calendly-member"]


def test_what_is_missing_makes_the_audit_incomplete_and_nobody_missing() -> None:
    report = plan(FakeMembers([GARY], missing=("the list broke off",)), member()).run(START)

    assert checks(report) == ["unexpected-calendly-member"]
    assert report.incomplete_reasons == (
        "the list broke off",
        "missing-calendly-account was not checked: it needs every member",
    )


def test_a_file_that_can_not_be_read_is_found_and_explains_who_seems_to_have_left() -> None:
    problem = RosterProblem(ProblemKind.UNREADABLE, 3, "tabs", file="jo.yaml")

    report = plan(FakeMembers([JO]), problems=(problem,)).run(START)

    assert checks(report) == ["unexpected-calendly-member", "unreadable-roster-file"]
    assert report.remarks == (
        "1 file of the roster can't be read: whoever stands there is taken for somebody who is not in the roster",
    )


def test_only_what_is_compared_of_the_roster_matters() -> None:
    # One user id for two people says nothing about their emails.
    team = (member(), member("Al", "al@example.com", file="al.yaml"))
    problem = RosterProblem(ProblemKind.INVALID, 3, "wrong", "zendesk.main.id", file="al.yaml")
    organisation = FakeMembers([JO, calendly_member("Al", "al@example.com")])

    assert checks(plan(organisation, *team, problems=(problem,)).run(START)) == []
    assert checks(plan(organisation, *team, member(file="z.yaml")).run(START)) == ["duplicate-roster-entry"]


def test_the_rules_are_those_who_are_allowed() -> None:
    rules = [
        plan(FakeMembers(), allowed=allowed).run(START).rules
        for allowed in (("a@example.com", "b@example.com"), ("B@example.com", "a@example.com"), ())
    ]

    assert rules[0] == rules[1] != rules[2]


def test_an_organisation_that_can_not_be_read_is_an_error() -> None:
    with pytest.raises(Forbidden):
        plan(FakeMembers(error=Forbidden("not for you"))).run(START)
