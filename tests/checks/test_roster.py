"""Checks of the roster's files: what contradicts, and what the domain does not allow."""

from dataclasses import replace
from datetime import date

import pytest

from supops.checks.lint import FOCUSES, REGIONS
from supops.checks.registry import all_checks
from supops.models.findings import Finding
from supops.models.roster import Focus, Member, Organization, ProblemKind, Roster, RosterProblem, Skill
from supops.services.rostering import check_roster
from tests.make import member

GOOD = replace(
    member(),
    region="EMEA",
    tzdata_timezone="Europe/Oslo",
    start_date=date(2021, 5, 3),
    calendly="https://calendly.com/jo",
    focuses=(Focus("SaaS", 100),),
    knowledge_areas=(Skill("Geo", 2),),
)


def found(*members: Member) -> list[Finding]:
    return list(check_roster(Roster(members)))


def test_all_is_well() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("shares", "good"),
    [
        ([100], True),
        ([50, 50], True),
        ([33.3, 33.3, 33.3], True),
        ([50, 40], False),
        ([60, 60], False),
        ([150, -50], False),
    ],
)
def test_focuses_sum_to_100(shares: list[float], good: bool) -> None:
    focuses = tuple(Focus("SaaS", share) for share in shares)

    assert [finding.check for finding in found(replace(GOOD, focuses=focuses))] == (
        [] if good else ["roster-percentages"]
    )


def test_organizations_of_an_ase_sum_to_100() -> None:
    organizations = (Organization(1, 50), Organization(2, 40))
    (finding,) = found(replace(GOOD, focuses=(Focus("ASE", 100, "global", organizations),)))

    assert finding.message == "the percentages of the organizations of ASE sum to 90; expected 100"


def test_a_share_that_is_missing() -> None:
    (finding,) = found(replace(GOOD, focuses=(Focus("SaaS", None),)))

    assert "are not all there" in finding.message


@pytest.mark.parametrize("focus", FOCUSES)
def test_every_known_focus(focus: str) -> None:
    assert found(replace(GOOD, focuses=(Focus(focus, 100),))) == []


@pytest.mark.parametrize("region", REGIONS)
def test_every_known_region(region: str) -> None:
    assert found(replace(GOOD, region=region)) == []


@pytest.mark.parametrize(
    ("changes", "check", "says"),
    [
        (
            {"focuses": (Focus("Self Managed", 100),)},
            "roster-focus",
            "'Self Managed' is no focus; expected Self-Managed",
        ),
        ({"focuses": (Focus(None, 100),)}, "roster-focus", "a focus has no name"),
        (
            {"focuses": (Focus("ASE", 100, "main"),)},
            "roster-focus",
            "'main' is no Zendesk instance of an ASE focus",
        ),
        ({"region": "EMAE"}, "roster-region", "'EMAE' is no region; expected EMEA"),
        ({"region": "emea"}, "roster-region", "'emea' is no region"),
        ({"tzdata_timezone": "CET"}, "roster-timezone", "'CET' is no time zone"),
        ({"tzdata_timezone": "Europe/Olso"}, "roster-timezone", "expected Europe/Oslo"),
        ({"calendly": "https://calendly.com/jo/30min"}, "roster-calendly", "is the page of one event"),
        ({"calendly": "https://calendly.com/jo?month=1"}, "roster-calendly", "is the page of one event"),
        ({"calendly": "calendly.com/jo"}, "roster-calendly", "is not the page of a person"),
        (
            {"calendly": "https://calendly.com.evil.example.com/jo"},
            "roster-calendly",
            "is not the page of a person",
        ),
        ({"calendly": "https://calendly.com/"}, "roster-calendly", "is not the page of a person"),
        ({"calendly": "https://[/jo"}, "roster-calendly", "is not the page of a person"),
        ({"email": "jo+support@example.com"}, "roster-email", "expected jo@example.com"),
        ({"email": "jo"}, "roster-email", "is no email"),
        ({"email": "jo@example"}, "roster-email", "is no email"),
        ({"knowledge_areas": (Skill("Geo", 4),)}, "roster-level", "the level of Geo is not 1, 2 or 3"),
        ({"product_categories": (Skill("Geo", None),)}, "roster-level", "the level of Geo is not 1, 2 or 3"),
    ],
)
def test_what_the_domain_does_not_allow(changes: dict[str, object], check: str, says: str) -> None:
    (finding,) = found(replace(GOOD, **changes))  # type: ignore[arg-type]

    assert finding.check == check
    assert says in finding.message


def test_a_manager_whose_name_is_nearly_somebodys() -> None:
    boss = replace(GOOD, name="Ida Boss", email="ida@example.com", zendesk={}, file="ida.yaml")
    (finding,) = found(boss, replace(GOOD, reports_to="Ida Bos"))

    assert (finding.check, finding.expected) == ("roster-manager", "Ida Boss")


@pytest.mark.parametrize("manager", ["Ida Boss", "Somebody Outside"])
def test_a_manager_who_is_right_or_not_in_the_team(manager: str) -> None:
    boss = replace(GOOD, name="Ida Boss", email="ida@example.com", zendesk={}, file="ida.yaml")

    assert found(boss, replace(GOOD, reports_to=manager)) == []


def test_two_files_for_one_person_are_reported_once() -> None:
    (finding,) = found(GOOD, replace(GOOD, email="JO@example.com", file="z/jo.yaml"))

    assert finding.check == "duplicate-roster-entry"
    assert finding.message == "the same email as jo.yaml:2"
    assert str(finding.source) == "z/jo.yaml:2"


def test_two_people_with_one_user() -> None:
    (finding,) = found(GOOD, replace(GOOD, name="Al", email="al@example.com", file="z/al.yaml"))

    assert finding.message == "the same zendesk.main.id as jo.yaml:5"


def test_the_same_id_on_two_instances_is_no_contradiction() -> None:
    assert found(GOOD, replace(member("Al", "al@example.com", key="us-federal"), file="al.yaml")) == []


def test_problems_of_reading_are_findings_with_their_place() -> None:
    problem = RosterProblem(ProblemKind.UNREADABLE, 3, "not readable as YAML: tabs", file="x.yaml")
    (finding,) = check_roster(Roster((), (problem,)))

    assert (finding.check, str(finding.source), str(finding.subject)) == (
        "unreadable-roster-file",
        "x.yaml:3",
        "x.yaml",
    )


def test_every_check_says_what_why_and_what_to_do() -> None:
    checks = all_checks()

    assert len({check.id for check in checks}) == len(checks)
    for check in checks:
        assert all((check.title, check.what, check.why, check.remedy, check.audits))


def test_the_seeds_six_checks_run_where_the_domain_says() -> None:
    audits = {check.id: check.audits for check in all_checks()}

    both = ("zendesk/global", "zendesk/us-government")
    assert audits["missing-agent"] == audits["light-agent"] == ("zendesk/global",)
    for check in ("name-mismatch", "email-mismatch", "unexpected-admin", "suspended-agent"):
        assert audits[check] == both
