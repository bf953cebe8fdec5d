"""Each check of the table in the domain, instance by instance."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.checks.agents import RULES, AccessSnapshot
from supops.checks.registry import run_rules
from supops.models.agents import Agent, Instance
from supops.models.findings import Finding
from supops.models.matching import email_key, match_members, name_key
from supops.models.roster import Member
from tests.make import ADMIN, FEDERAL, INSTANCE, LIGHT, agent, member


def found(
    members: list[Member], agents: list[Agent], instance: Instance = INSTANCE, *, complete: bool = True
) -> list[Finding]:
    matches = match_members(members, agents, instance.roster_key)
    snapshot = AccessSnapshot(instance, tuple(agents), matches, complete)
    return list(run_rules(RULES, f"zendesk/{instance.key}", snapshot))


def checks(*args: object, **kwargs: object) -> list[str]:
    return [finding.check for finding in found(*args, **kwargs)]  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert found([member()], [agent()]) == []


def test_a_member_without_a_user_is_missing_on_global() -> None:
    (finding,) = found([member(id=7)], [agent(8, email="other@example.com")])

    assert finding.check == "missing-agent"
    assert (finding.subject.name, finding.subject.email, finding.subject.zendesk_id) == (
        "Jo Doe",
        "jo@example.com",
        7,
    )
    assert str(finding.source) == "jo.yaml:5"
    assert finding.message == "no agent on Zendesk Global has the roster's id 7"


def test_the_email_decides_only_where_the_roster_has_no_id() -> None:
    assert checks([member(id=None)], [agent(7)]) == []
    (finding,) = found([member(id=8)], [agent(7)])
    assert finding.check == "missing-agent"
    assert "the agent 7 has the member's email" in finding.message


def test_nobody_is_called_missing_when_part_of_the_agents_could_not_be_read() -> None:
    assert checks([member(id=7)], [], complete=False) == []


def test_a_light_agent_in_the_team() -> None:
    (finding,) = found([member()], [agent(role_id=LIGHT)])

    assert (finding.check, finding.actual, str(finding.source)) == ("light-agent", "light agent", "jo.yaml:6")


def test_a_light_agent_who_is_not_in_the_team_is_fine() -> None:
    assert checks([], [agent(role_id=LIGHT)]) == []


@pytest.mark.parametrize(
    ("roster", "zendesk", "same"),
    [
        ("Zoë Doe", unicodedata.normalize("NFD", "Zoë Doe"), True),
        ("Jo Doe", "  Jo   Doe ", True),
        ("Jo Doe", "Jo\u00a0Doe", True),
        ("Jo Doe", "jo doe", False),
        ("Zoë Doe", "Zoe Doe", False),
        ("Jo Doe", "Jo-Doe", False),
    ],
)
def test_names(roster: str, zendesk: str, same: bool) -> None:
    assert checks([member(roster)], [agent(name=zendesk)]) == ([] if same else ["name-mismatch"])


@pytest.mark.parametrize(
    ("zendesk", "same"),
    [
        ("JO@Example.COM", True),
        (" jo@example.com ", True),
        ("jo+x@example.com", False),
        ("", False),
        (None, False),
    ],
)
def test_emails(zendesk: str | None, same: bool) -> None:
    assert checks([member()], [agent(email=zendesk)]) == ([] if same else ["email-mismatch"])


@pytest.mark.parametrize(
    ("email", "role", "allowed"),
    [
        ("jo@example.com", "Admin", True),
        ("jo@example.com", " admin ", True),
        ("jo@example.com", "Support Staff", False),
        ("jo@example.com", "Administrator", False),
        ("jo@example.com", None, False),
        ("Owner@example.com", "Support Staff", True),
    ],
)
def test_admins(email: str, role: str | None, allowed: bool) -> None:
    assert checks([member(email=email, role=role)], [agent(email=email, role_id=ADMIN)]) == (
        [] if allowed else ["unexpected-admin"]
    )


def test_an_admin_who_is_not_in_the_team_is_listed_but_no_finding() -> None:
    assert checks([], [agent(role_id=ADMIN)]) == []


def test_the_role_of_another_instance_explains_nothing() -> None:
    assert checks(
        [member(role="Admin", key="us-federal", id=1), member(id=2, email="al@example.com")], []
    ) == [
        "missing-agent",
        "missing-agent",
    ]


@pytest.mark.parametrize("in_roster", [True, False])
def test_suspended_agents_in_the_team_or_not(in_roster: bool) -> None:
    (finding,) = found([member()] if in_roster else [], [agent(suspended=True)])

    assert finding.check == "suspended-agent"
    assert finding.message.endswith("; in the roster" if in_roster else "not in the roster")
    assert (finding.source is not None) == in_roster


def test_us_government_leaves_missing_and_light_agents_alone() -> None:
    members = [
        member(key="us-federal", id=7),
        member("Al", "al@example.com", key="us-federal", id=2, role="Light agent"),
    ]

    assert checks(members, [agent(2, "Al", "al@example.com", role_id=LIGHT)], FEDERAL) == []


def test_us_government_checks_the_rest() -> None:
    members = [member(key="us-federal", id=1), member("Al", "al@example.com", key="us-federal", id=2)]
    agents = [
        agent(1, "Joe", "joe@example.com", role_id=ADMIN),
        agent(2, "Al", "al@example.com", suspended=True),
    ]

    assert checks(members, agents, FEDERAL) == [
        "name-mismatch",
        "email-mismatch",
        "unexpected-admin",
        "suspended-agent",
    ]


names = st.text(min_size=1, max_size=30)
spaces = st.text(" \t\u00a0\u2003", min_size=1, max_size=4)


@given(names, spaces)
def test_a_name_is_itself_however_it_is_composed_and_spaced(name: str, space: str) -> None:
    spaced = space + name.replace(" ", space) + space

    assert name_key(unicodedata.normalize("NFD", spaced)) == name_key(unicodedata.normalize("NFC", name))
    assert name_key(name_key(name)) == name_key(name)


@given(names, names)
def test_names_that_are_the_same_differ_in_nothing_but_form_and_space(one: str, other: str) -> None:
    if name_key(one) == name_key(other):
        assert "".join(unicodedata.normalize("NFC", one).split()) == "".join(
            unicodedata.normalize("NFC", other).split()
        )


@given(st.emails())
def test_an_email_is_itself_in_any_case(email: str) -> None:
    assert email_key(email.upper()) == email_key(email.lower()) == email_key(f" {email} ")


people = st.lists(st.tuples(st.integers(1, 20), st.sampled_from("abcdef")), max_size=12)


@given(people, people)
def test_a_match_has_the_rosters_id_or_where_there_is_none_its_email(
    team: list[tuple[int, str]], users: list[tuple[int, str]]
) -> None:
    members = [
        member(email=f"{letter}@example.com", id=number if number % 2 else None) for number, letter in team
    ]
    agents = [agent(number, email=f"{letter}@example.com") for number, letter in users]

    for match in match_members(members, agents, "main"):
        known = match.member.identity("main").id
        if known is not None:
            assert (match.agent.id if match.agent else None) == (
                known if known in {one.id for one in agents} else None
            )
        else:
            assert (match.agent.email if match.agent else None) == (
                match.member.email if match.member.email in {one.email for one in agents} else None
            )
