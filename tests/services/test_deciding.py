"""Which calendar a meeting belongs into, and when the roster does not tell."""

from dataclasses import replace

import pytest

from supops.adapters.roster_reader import read_member
from supops.models.bookings import Host
from supops.models.roster import Roster
from supops.models.routings import Criterion, Decision, Reason, Verdict
from supops.services.deciding import Team, decide, team_of, unreadable_team
from tests.make import HOST, OTHER_HOST, meeting, us_government_team

US = "US Federal Support"
AGENT, OTHER, STRANGER = HOST, OTHER_HOST, "stranger@example.com"
TEAM = team_of(us_government_team())


def host_of(verdict: Verdict) -> Reason:
    [reason] = [reason for reason in verdict.reasons if reason.criterion is Criterion.HOST]
    return reason


@pytest.mark.parametrize(
    ("name", "hosts", "decision"),
    [
        # A US Government agent and one of the strings, as written.
        ("US Federal Support", (AGENT,), "us-government"),
        ("US Government onboarding", (AGENT,), "us-government"),
        ("Call (US Federal)", (AGENT,), "us-government"),
        ("Pre-US Federally", (AGENT,), "us-government"),
        ("US Federal Support", ("HANNAH@Example.COM ",), "us-government"),
        # One of several hosts is enough, wherever they stand.
        ("US Federal call", (OTHER, AGENT), "us-government"),
        ("US Federal call", (AGENT, OTHER), "us-government"),
        ("US Federal call", (None, STRANGER, AGENT), "us-government"),
        # Case counts in these strings.
        ("US federal Support", (AGENT,), "global"),
        ("us government call", (AGENT,), "none"),
        ("US  Federal call", (AGENT,), "none"),
        ("USFederal call", (AGENT,), "none"),
        # Of somebody else's, only the word Support counts.
        ("US Federal Support", (OTHER,), "global"),
        ("US Federal Support", (STRANGER, OTHER), "global"),
        ("US Federal call", (OTHER,), "none"),
        ("US Government call", (), "none"),
        ("US Government support", (), "global"),
        # Support in any case, for any host.
        ("Support", (AGENT,), "global"),
        ("SUPPORT", (STRANGER,), "global"),
        ("Premium sUpPoRt call", (), "global"),
        ("Unsupported version", (OTHER,), "global"),
        ("Supp ort", (OTHER,), "none"),
        ("", (AGENT,), "none"),
        ("Sales call", (AGENT,), "none"),
    ],
)
def test_a_meeting_belongs_where_the_rules_say(
    name: str, hosts: tuple[str | None, ...], decision: str
) -> None:
    verdict = decide(meeting(name=name, hosts=hosts), TEAM)

    assert verdict.decision == decision
    assert verdict.doubts == ()


JO = "jo@example.com"
US_AGENT = "zendesk: {us-federal: {id: 5, role: Support Staff}}"
NO_AGENT = "zendesk: {us-federal: {id: 5, role: Light agent}}"
US_FOCUS = "focuses: [{name: US Federal, percentage: 50}]"


def team(**files: str) -> Team:
    """Return the team of roster files. Of each text, name and email are left out."""
    members, problems = [], []
    for name, text in files.items():
        reading = read_member(f"name: {name}\nemail: {name.rstrip('2')}@example.com\n{text}\n".encode())
        members += [replace(member, file=f"{name}.yaml") for member in (reading.member,) if member]
        problems += [replace(problem, file=f"{name}.yaml") for problem in reading.problems]
    return team_of(Roster(tuple(members), tuple(problems)))


@pytest.mark.parametrize(
    "text",
    [
        "zendesk: nonsense",
        f"{NO_AGENT}\n{US_AGENT}",
        f"{US_AGENT}\n{NO_AGENT}",
        "zendesk: {us-federal: nonsense}",
        "zendesk: {us-federal: {id: 5, role: Light agent}, us-federal: {id: 5}}",
        "zendesk: {us-federal: {id: 5}, us-federal: {id: 5, role: Light agent}}",
        "zendesk: {us-federal: {id: 5, role: [Light agent]}}",
        "zendesk: {us-federal: {id: 5, role: Light agent, role: Admin}}",
        "zendesk: {us-federal: {id: five, role: Admin}}",
        "zendesk: {us-federal: {id: five}}",
        "focuses: nonsense",
        "focuses: [nonsense]",
        "focuses: [{name: US Federal, percentage: half}]",
        "focuses: [{name: [US Federal], percentage: 50}]",
        "focuses: [{name: US Federal, name: SaaS, percentage: 50}]",
        "focuses: [{name: US Federal, percentage: 0, percentage: 50}]",
        f"{US_FOCUS}\nfocuses: []",
        "email: somebody.else@example.com",
        "\tbroken",
    ],
)
def test_what_the_roster_does_not_tell_is_in_doubt(text: str) -> None:
    known = team(jo=text, al=NO_AGENT)

    verdict = decide(meeting(name=US, hosts=(JO,)), known)

    assert (verdict.decision, host_of(verdict).met) == (Decision.NONE, None)
    [doubt] = verdict.doubts
    assert doubt.startswith("jo.yaml:")
    assert doubt in known.doubts
    # Where the name does not ask for it, nothing depends on it.
    assert decide(meeting(hosts=(JO,)), known).decision is Decision.GLOBAL
    assert decide(meeting(hosts=(JO,)), known).doubts == ()


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        # One of the two proofs is enough, and the other is in doubt.
        (f"zendesk: nonsense\n{US_FOCUS}", "us-government"),
        (f"zendesk: {{us-federal: {{id: 5, role: [Light agent]}}}}\n{US_FOCUS}", "us-government"),
        (f"focuses: nonsense\n{US_AGENT}", "us-government"),
        ("focuses: [nonsense, {name: US Federal, percentage: 50}]", "us-government"),
        # What is in doubt can't make an agent.
        ("zendesk: {us-federal: {role: [Admin]}}", "global"),
        ("zendesk: {us-federal: {id: five, role: light AGENT}}", "global"),
        ("focuses: [{name: SaaS, percentage: half}]", "global"),
        ("focuses: [{name: [US Federal], percentage: 0}]", "global"),
        # What is wrong has nothing to do with it.
        ("zendesk: {us-federal: {id: 5, role: Light agent, groups: none, round_robin: often}}", "global"),
        ("zendesk: {us-federal: {id: 5, role: Admin, groups: none, groups: none}}", "us-government"),
        ("zendesk: {main: nonsense}", "global"),
        ("focuses: [{name: US Federal, percentage: 50, organizations: none}]", "us-government"),
        ("start_date: tomorrow\nmodules: none\ntitle: one\ntitle: two", "global"),
    ],
)
def test_what_can_not_change_the_decision_is_no_doubt(text: str, decision: str) -> None:
    verdict = decide(meeting(name=US, hosts=(JO,)), team(jo=text))

    assert (verdict.decision, verdict.doubts) == (decision, ())


class TestTwoFilesForOnePerson:
    def test_one_that_does_not_tell_puts_the_other_in_doubt(self) -> None:
        verdict = decide(meeting(name=US, hosts=(JO,)), team(jo=NO_AGENT, jo2="zendesk: nonsense"))

        assert (host_of(verdict).met, verdict.decision) == (None, Decision.NONE)
        assert [doubt.partition(":")[0] for doubt in verdict.doubts] == ["jo2.yaml"]

    def test_one_that_proves_it_is_enough(self) -> None:
        for known in (team(jo=US_AGENT, jo2="zendesk: nonsense"), team(jo=NO_AGENT, jo2=US_AGENT)):
            verdict = decide(meeting(name=US, hosts=(JO,)), known)

            assert (verdict.decision, verdict.doubts) == (Decision.US_GOVERNMENT, ())


class TestSeveralHosts:
    BROKEN = team(jo="zendesk: nonsense", al=US_AGENT, bo=NO_AGENT)

    def test_a_known_agent_is_enough(self) -> None:
        verdict = decide(meeting(name=US, hosts=(JO, "al@example.com")), self.BROKEN)

        assert (verdict.decision, verdict.doubts) == (Decision.US_GOVERNMENT, ())

    def test_one_in_doubt_is_enough_where_nobody_is_known_for_one(self) -> None:
        verdict = decide(meeting(name=US, hosts=("bo@example.com", JO)), self.BROKEN)

        assert host_of(verdict).met is None
        assert JO in host_of(verdict).detail
        assert "bo@example.com" not in host_of(verdict).detail

    def test_a_file_about_somebody_else_puts_nobody_in_doubt(self) -> None:
        for host in ("bo@example.com", STRANGER):
            verdict = decide(meeting(name=US, hosts=(host,)), self.BROKEN)

            assert (verdict.decision, verdict.doubts) == (Decision.GLOBAL, ())

    def test_a_file_that_may_be_about_anybody_puts_strangers_in_doubt(self) -> None:
        unread = team(jo="\tbroken", bo=NO_AGENT)

        assert decide(meeting(name=US, hosts=(STRANGER,)), unread).doubts
        assert decide(meeting(name=US, hosts=("bo@example.com",)), unread).doubts == ()


@pytest.mark.parametrize("name", [US, "Support"])
def test_without_a_roster_only_the_name_can_decide(name: str) -> None:
    verdict = decide(meeting(name=name, hosts=(JO,)), unreadable_team("the roster is gone"))

    expected = (Decision.NONE, ("the roster is gone",)) if name == US else (Decision.GLOBAL, ())
    assert (verdict.decision, verdict.doubts) == expected


class TestHostsWithoutEmail:
    @pytest.mark.parametrize("known", [TEAM, team(jo="\tbroken")])
    @pytest.mark.parametrize("email", [None, "", " "])
    def test_they_can_t_be_looked_up_and_may_be_agents(self, known: Team, email: str | None) -> None:
        nameless = replace(meeting(name=US), hosts=(Host(OTHER), Host(email, "Jo Doe")))

        verdict = decide(nameless, known)

        said = "Jo Doe has no email, and can't be looked up in the roster"
        assert f"{said}: --confirm-with-calendly asks Calendly for it" in verdict.doubts
        assert (host_of(verdict).met, said in host_of(verdict).detail) == (None, True)

    def test_that_matters_only_where_it_may_change_the_decision(self) -> None:
        plain = replace(meeting(name="Support onboarding"), hosts=(Host(None, "Jo Doe"),))
        proven = replace(meeting(name=US), hosts=(Host(None, "Jo Doe"), Host(HOST)))

        assert (decide(plain, TEAM).decision, decide(plain, TEAM).doubts) == (Decision.GLOBAL, ())
        assert decide(proven, TEAM).decision is Decision.US_GOVERNMENT


@pytest.mark.parametrize(
    ("name", "hosts", "details"),
    [
        (
            "US Federal SUPPORT",
            (AGENT,),
            (
                "hannah@example.com is a US Government support agent (hannah.yaml)",
                'the name contains "US Federal"',
                'the name contains "SUPPORT"',
            ),
        ),
        (
            "Sales",
            (),
            (
                "the event has no host",
                'the name contains neither "US Federal" nor "US Government" (case counts)',
                'the name does not contain "Support" in any case',
            ),
        ),
    ],
)
def test_each_criterion_says_what_was_looked_at(
    name: str, hosts: tuple[str, ...], details: tuple[str, ...]
) -> None:
    verdict = decide(meeting(name=name, hosts=hosts), TEAM)

    assert tuple(reason.detail for reason in verdict.reasons) == details
    assert [reason.criterion for reason in verdict.reasons] == list(Criterion)
