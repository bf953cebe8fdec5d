"""Reading one roster file, however it was edited."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.roster_reader import read_member
from supops.models.roster import (
    Account,
    Focus,
    Member,
    Organization,
    ProblemKind,
    Roster,
    RoundRobin,
    Skill,
    ZendeskIdentity,
)
from supops.sandbox.people import roster_files
from supops.services.rostering import check_roster

WHOLE = b"""\
name: Jo Doe
email: jo@example.com
title: Engineer
entity: Example Inc.
reports_to: Al Boss
pronouns: they/them
working_hours: 0800-1600 Central time
region: EMEA
location: Oslo
country: NO
tzdata_timezone: Europe/Oslo
start_date: 2021-05-03
calendly: https://calendly.com/jo
languages: [English, Norsk]
modules:
  - git
pagerduty: {id: P1}
focuses:
  - name: ASE
    percentage: 66.6
    zendesk: us-federal
    organizations:
      - {id: 7, percentage: 100}
  - {name: US Federal, percentage: 33.4}
zendesk:
  main:
    id: 360
    groups: [A, B]
    role: Support Staff
    alias:
    show_in_signature: {gitlab_handle: true}
    salutations: [Hi]
  us-federal:
    id: 361
    role: Light agent
    round_robin: {active: true, modifier: 0}
gitlab: {id: 5, username: jo}
slack: {id: U1, username: jo.doe}
knowledge_areas:
  - {name: Geo, level: 2}
product_categories:
  - {name: Verify, level: 3}
hobby: chess
"""


def problems(data: bytes) -> list[tuple[str, int, str]]:
    return [(str(problem.kind), problem.line, problem.message) for problem in read_member(data).problems]


def test_every_key_is_read() -> None:
    reading = read_member(WHOLE)

    assert reading.problems == ()
    jo = reading.member
    assert jo is not None
    lines = jo.lines
    assert jo == Member(
        name="Jo Doe",
        email="jo@example.com",
        title="Engineer",
        entity="Example Inc.",
        reports_to="Al Boss",
        pronouns="they/them",
        working_hours="0800-1600 Central time",
        region="EMEA",
        location="Oslo",
        country="NO",
        tzdata_timezone="Europe/Oslo",
        start_date=date(2021, 5, 3),
        calendly="https://calendly.com/jo",
        languages=("English", "Norsk"),
        modules=("git",),
        pagerduty=Account("P1"),
        gitlab=Account("5", "jo"),
        slack=Account("U1", "jo.doe"),
        focuses=(Focus("ASE", 66.6, "us-federal", (Organization(7, 100),)), Focus("US Federal", 33.4)),
        zendesk={
            "main": ZendeskIdentity(360, "Support Staff", ("A", "B"), None, True, ("Hi",)),
            "us-federal": ZendeskIdentity(361, "Light agent", round_robin=RoundRobin(True, 1)),
        },
        knowledge_areas=(Skill("Geo", 2),),
        product_categories=(Skill("Verify", 3),),
        lines=lines,
    )
    assert (lines["zendesk.main.id"], lines["focuses.0.organizations"], lines["email"]) == (27, 22, 2)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 1, "the file is empty"),
        (b"- a\n", 1, "the file holds no mapping of keys to values"),
        (b"name: Jo\n", 1, "email is missing or empty"),
        (b"name: Jo\nemail:\n", 2, "email is missing or empty"),
        (b"name: Jo\nemail: ' '\n", 2, "email is missing or empty"),
        (b"email: jo@example.com\nname: [Jo]\n", 2, "name is not a text"),
    ],
)
def test_a_file_without_a_member_is_unreadable(data: bytes, line: int, message: str) -> None:
    assert read_member(data).member is None
    assert problems(data) == [(str(ProblemKind.UNREADABLE), line, message)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("start_date: 31.02.2021", "start_date is not an ISO date such as 2024-03-01: 31.02.2021"),
        ("start_date: 2021-02-30", "start_date is not an ISO date such as 2024-03-01: 2021-02-30"),
        ("start_date: 20210203", "start_date is not an ISO date such as 2024-03-01: 20210203"),
        ("zendesk: {main: {id: abc}}", "zendesk.main.id is not a whole number: abc"),
        ("zendesk: {main: {id: -1}}", "zendesk.main.id is not a whole number: -1"),
        ("zendesk: {main: {id: 1e999}}", "zendesk.main.id is not a whole number: 1e999"),
        ("zendesk: {main: [1]}", "zendesk.main is not a mapping: a list"),
        ("zendesk: main", "zendesk is not a mapping: main"),
        ("languages: English", "languages is not a list: English"),
        ("languages: [{a: b}]", "languages is not a list of texts: a mapping"),
        ("focuses: [{name: ASE, percentage: lots}]", "focuses.0.percentage is not a number: lots"),
        ("focuses: [{name: ASE, percentage: nan}]", "focuses.0.percentage is not a number: nan"),
        ("focuses: [SaaS]", "focuses.0 is not a mapping: SaaS"),
        (
            "zendesk: {us-federal: {round_robin: {active: maybe}}}",
            "zendesk.us-federal.round_robin.active is not true or false: maybe",
        ),
        ("title: [a]", "title is not a text: a list"),
        ("title: a\ntitle: b", "title stands twice; the first one counts"),
    ],
)
def test_a_wrong_value_is_a_problem_and_the_member_stays(text: str, message: str) -> None:
    data = f"name: Jo\nemail: jo@example.com\n{text}\n".encode()

    assert read_member(data).member is not None
    assert problems(data) == [(str(ProblemKind.INVALID), 4 if "twice" in message else 3, message)]


@pytest.mark.parametrize("text", ["id:", "id: ~", "id: null", "id: ''"])
def test_an_empty_value_is_a_missing_one(text: str) -> None:
    reading = read_member(f"name: Jo\nemail: jo@example.com\nzendesk: {{main: {{{text}}}}}\n".encode())

    assert reading.problems == ()
    assert reading.member is not None
    assert reading.member.identity("main").id is None


def test_long_values_are_shortened_in_messages() -> None:
    ((_, _, message),) = problems(b"name: Jo\nemail: jo@example.com\nlanguages: " + b"x" * 5000)

    assert len(message) < 120


scalars = st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
keys = st.sampled_from(
    ["name", "email", "start_date", "languages", "focuses", "zendesk", "gitlab", "knowledge_areas", "x"]
)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_member_or_a_problem(data: bytes) -> None:
    reading = read_member(data)

    assert reading.member is not None or reading.problems
    assert all(problem.line >= 1 for problem in reading.problems)


@given(st.dictionaries(keys, values, max_size=9))
def test_any_values_under_known_keys_give_a_member_or_a_problem(document: dict[str, object]) -> None:
    reading = read_member(json.dumps(document, ensure_ascii=False, allow_nan=True).encode("utf-8", "replace"))

    assert reading.member is not None or reading.problems
    check_roster(Roster((reading.member,) if reading.member else (), reading.problems))


@given(st.data())
def test_a_good_file_with_some_bytes_changed_gives_a_member_or_a_problem(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from(sorted(roster_files().values())))
    place = data.draw(st.integers(0, len(good) - 1))
    change = data.draw(st.binary(max_size=4))

    reading = read_member(good[:place] + change + good[place + len(change) :])

    assert reading.member is not None or reading.problems
    # Whatever was read can be checked.
    check_roster(Roster((reading.member,) if reading.member else (), reading.problems))
