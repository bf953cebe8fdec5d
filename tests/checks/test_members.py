"""Checks of the Calendly organisation: who is there and should not be, and the other way round."""

from dataclasses import replace

import pytest

from supops.checks.members import CALENDLY, RULES, MemberSnapshot
from supops.checks.registry import run_rules
from supops.models.findings import Finding
from supops.models.members import CalendlyMember
from supops.models.roster import Member
from tests.fakes.calendly_members import calendly_member
from tests.make import member


def found(
    members: tuple[CalendlyMember, ...],
    team: tuple[Member, ...] = (),
    *,
    allowed: tuple[str, ...] = (),
    complete: bool = True,
) -> list[Finding]:
    return list(run_rules(RULES, CALENDLY, MemberSnapshot(members, team, allowed, complete)))


@pytest.mark.parametrize("email", ["jo@example.com", "JO@Example.com", " jo@example.com "])
def test_emails_are_compared_in_any_case(email: str) -> None:
    assert found((calendly_member(email=email),), (member(),)) == []


def test_somebody_who_left() -> None:
    (finding,) = found((calendly_member("Gary", "Gary@example.com", "admin"),))

    assert finding.check == "unexpected-calendly-member"
    assert (
        finding.message == "Gary@example.com is in the Calendly organisation (admin), and not in the roster"
    )
    assert finding.actual == "admin"
    assert finding.subject.names == {"gary@example.com"}


def test_the_name_alone_makes_nobody_a_member() -> None:
    checks = [finding.check for finding in found((calendly_member(email="other@example.com"),), (member(),))]

    assert checks == ["unexpected-calendly-member", "missing-calendly-account"]


def test_who_is_allowed_need_not_be_in_the_roster() -> None:
    assert found((calendly_member("Bot", "bot@example.com"),), allowed=("BOT@example.com",)) == []


def test_who_is_allowed_need_not_have_an_account() -> None:
    assert found((), allowed=("bot@example.com",)) == []


def test_a_member_without_an_account_is_found_with_the_place_of_the_email() -> None:
    (finding,) = found((), (member(),))

    assert (finding.check, str(finding.source)) == ("missing-calendly-account", "jo.yaml:2")
    assert finding.message == "nobody in the Calendly organisation has the email jo@example.com"


def test_two_files_for_one_person_miss_one_account() -> None:
    assert len(found((), (member(), replace(member(email="JO@example.com"), file="z.yaml")))) == 1


def test_nobody_is_missing_unless_everybody_was_seen() -> None:
    gary = calendly_member("Gary", "gary@example.com")

    checks = [finding.check for finding in found((gary,), (member(),), complete=False)]

    assert checks == ["unexpected-calendly-member"]
