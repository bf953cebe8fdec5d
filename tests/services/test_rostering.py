"""Looking at the roster with everything in memory."""

from dataclasses import replace

import pytest

from supops.models.roster import Focus, Member, ProblemKind, Roster, RosterProblem, ZendeskIdentity
from supops.services.rostering import NoSuchMember, by_name, find_members, us_government_agents
from tests.make import member


def federal(**identity: object) -> Member:
    return replace(member(), zendesk={"us-federal": ZendeskIdentity(**identity)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (federal(id=1, role="Support Staff"), True),
        (federal(id=1, role=None), True),
        (federal(id=1, role="Light agent"), False),
        (federal(id=1, role="light AGENT "), False),
        (federal(id=None, role="Support Staff"), False),
        (member(), False),
        (replace(member(), focuses=(Focus("US Federal", 1),)), True),
        (replace(member(), focuses=(Focus("US Federal", 0),)), False),
        (replace(member(), focuses=(Focus("US Federal", None),)), False),
        (replace(federal(id=1, role="Light agent"), focuses=(Focus("US Federal", 10),)), True),
    ],
)
def test_who_is_a_us_government_agent(one: Member, expected: bool) -> None:
    assert (us_government_agents(Roster((one,))) == (one,)) is expected


def test_members_are_found_in_any_case() -> None:
    one = member(email="Jo@Example.com")

    assert find_members(Roster((one,)), "jo@example.COM") == (one,)


def test_both_files_of_one_person_are_found() -> None:
    both = (member(), replace(member(), file="z.yaml"))

    assert find_members(Roster(both), "jo@example.com") == both


def test_nobody_is_told_with_the_files_that_could_hide_somebody() -> None:
    problem = RosterProblem(ProblemKind.UNREADABLE, 1, "tabs", file="x.yaml")

    with pytest.raises(NoSuchMember, match="Nobody in the roster has the email al@example.com") as raised:
        find_members(Roster((member(),), (problem,)), "al@example.com")

    assert "1 of the roster's files can't be read" in raised.value.hint


def test_members_by_name_without_regard_to_case() -> None:
    names = [one.name for one in by_name(Roster((member("b"), member("A"), member("c"))))]

    assert names == ["A", "b", "c"]
