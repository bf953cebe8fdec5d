"""Checks of projects: approval settings, and who may change the default branch by all protections together."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.checks.projects import (
    PROJECTS,
    RULES,
    Action,
    ProjectSnapshot,
    is_beyond,
    unknown_pushers,
    unread,
    who_may,
)
from supops.checks.registry import run_rules
from supops.models.findings import Finding, Severity
from supops.models.projects import (
    Access,
    Approvals,
    Expected,
    Level,
    MostToPush,
    Project,
    ProjectState,
    Protection,
)

NOBODY = Access("No one", Level.NOBODY)
DEVELOPERS = Access("Developers + Maintainers", Level.DEVELOPERS)
MAINTAINERS = Access("Maintainers", Level.MAINTAINERS)
ADMINS = Access("Administrators", Level.ADMINS)
BOT = Access("Support Bot", username="Support-Bot")
JO = Access("Jo Doe", username="jo")
KEY = Access("Old laptop")
BOTS = ("support-bot",)
CAREFUL = Approvals(
    author_prevented=True, committers_prevented=True, overrides_prevented=True, removed_on_push=True
)
EXPECTED = Expected()
UNCHECKED = Expected("any", "any", "any", "any", "any", "any")


def protection(
    name: str = "main", *, merge: tuple[Access, ...] = (MAINTAINERS,), push: tuple[Access, ...] = (BOT,)
) -> Protection:
    return Protection(name, merge, push)


GOOD = ProjectState(
    Project(1, "team/tools", "https://gitlab.example/team/tools", "main"), (protection(),), CAREFUL
)


def found(
    state: ProjectState, expected: Expected = EXPECTED, *, bot_users: tuple[str, ...] = BOTS
) -> list[Finding]:
    return list(run_rules(RULES, PROJECTS, ProjectSnapshot((state,), expected, bot_users)))


def expecting(other: Mapping[str, str], but_for: Expected = EXPECTED) -> Expected:
    return replace(but_for, **other)  # type: ignore[arg-type]


def test_all_is_well() -> None:
    assert found(GOOD) == []


@pytest.mark.parametrize(
    ("careless", "check", "setting", "is_said", "expected"),
    [
        ({"author_prevented": False}, "author-approval", "author_approval", "allowed", "prevented"),
        ({"committers_prevented": False}, "committer-approval", "committer_approval", "allowed", "prevented"),
        ({"overrides_prevented": False}, "approval-rule-overrides", "rule_overrides", "allowed", "prevented"),
        ({"removed_on_push": False}, "approvals-on-push", "approvals_on_push", "kept", "removed"),
    ],
)
def test_an_approval_setting_that_is_careless(
    careless: dict[str, bool], check: str, setting: str, is_said: str, expected: str
) -> None:
    state = replace(GOOD, approvals=replace(CAREFUL, **careless))

    (finding,) = found(state)

    assert (finding.check, finding.actual, finding.expected) == (check, is_said, expected)
    assert finding.message == f"{setting} is {is_said}; expected: {expected}"
    assert (finding.subject.name, finding.subject.ref) == ("team/tools", "team/tools")
    assert found(state, expecting({setting: "any"})) == []
    # What a team wants to be allowed is a finding where it is not.
    wanted = expecting({setting: is_said})
    assert found(state, wanted) == []
    assert [finding.actual for finding in found(GOOD, wanted)] == [expected]


def test_a_setting_that_is_not_known_is_neither_a_finding_nor_fine() -> None:
    state = replace(GOOD, protections=None, approvals=Approvals())

    assert found(state) == []
    assert unread(state, EXPECTED) == (
        "author_approval",
        "committer_approval",
        "rule_overrides",
        "approvals_on_push",
        "merge",
        "push",
    )
    assert unread(GOOD, EXPECTED) == unread(state, UNCHECKED) == ()
    assert unread(replace(GOOD, protections=None), replace(EXPECTED, merge="any")) == ("push",)


@pytest.mark.parametrize("protections", [(), (protection("release/*"),), (protection("Main"),)])
def test_a_default_branch_that_nothing_protects(protections: tuple[Protection, ...]) -> None:
    state = replace(GOOD, protections=protections)

    (finding,) = found(state)

    assert (finding.check, finding.severity) == ("unprotected-default-branch", Severity.HIGH)
    assert found(state, replace(EXPECTED, merge="any", push="any")) == []
    # Those who may push may rewrite history too: that is not what `developers` stands for.
    assert len(found(state, replace(EXPECTED, merge="developers", push="developers"))) == 1


def test_a_project_without_a_branch_has_nothing_to_protect() -> None:
    project = replace(GOOD.project, default_branch=None)

    for protections in ((), None):
        state = replace(GOOD, project=project, protections=protections)
        assert found(state) == []
        assert unread(state, EXPECTED) == ()
        assert who_may(state, "push") is None


@pytest.mark.parametrize(
    ("push", "whom"),
    [
        ((), None),
        ((NOBODY,), None),
        ((BOT,), None),
        ((MAINTAINERS,), "Maintainers"),
        ((ADMINS,), "Administrators"),
        ((BOT, JO), "jo"),
        ((BOT, KEY), "Old laptop"),
        ((JO, DEVELOPERS), "jo, Developers + Maintainers"),
    ],
)
def test_nobody_but_bot_users_may_push(push: tuple[Access, ...], whom: str | None) -> None:
    messages = [finding.message for finding in found(replace(GOOD, protections=(protection(push=push),)))]

    assert messages == (
        [] if whom is None else [f"may push to main: {whom}; expected: nobody but support-bot"]
    )


def test_a_finding_tells_everybody_who_may() -> None:
    (finding,) = found(replace(GOOD, protections=(protection(push=(BOT, KEY)),)))

    assert (finding.check, finding.actual, finding.expected) == (
        "push-access",
        "Support-Bot, Old laptop",
        "nobody but support-bot",
    )


def test_developers_may_not_merge() -> None:
    (finding,) = found(replace(GOOD, protections=(protection(merge=(DEVELOPERS,)),)))

    assert finding.check == "merge-access"
    assert (
        finding.message == "may merge into main: Developers + Maintainers; expected: nobody but Maintainers"
    )


def test_of_several_protections_the_one_that_lets_most_through_counts() -> None:
    wide = protection("*", merge=(DEVELOPERS,), push=(JO,))

    checks = [finding.check for finding in found(replace(GOOD, protections=(protection(), wide)))]

    assert checks == ["merge-access", "push-access"]


def test_nobody_on_one_protection_takes_nothing_away_from_another() -> None:
    closed = protection("ma*", merge=(NOBODY,), push=(NOBODY,))
    state = replace(GOOD, protections=(closed, protection()))

    assert who_may(state, "merge") == (MAINTAINERS,)
    assert who_may(state, "push") == (BOT,)


def test_without_bot_users_a_user_who_pushes_is_neither_a_finding_nor_fine() -> None:
    state = replace(GOOD, protections=(protection(push=(JO, NOBODY)),))
    snapshot = ProjectSnapshot((state,), EXPECTED)

    assert found(state, bot_users=()) == []
    assert unknown_pushers(state, snapshot) == ("jo",)
    assert unknown_pushers(state, replace(snapshot, bot_users=BOTS)) == ()


def test_without_bot_users_a_role_that_pushes_is_a_finding_all_the_same() -> None:
    (finding,) = found(replace(GOOD, protections=(protection(push=(JO, MAINTAINERS)),)), bot_users=())

    assert finding.message == "may push to main: Maintainers; expected: nobody but the bot users"


MOST: tuple[MostToPush, ...] = ("nobody", "bot_users", "maintainers", "developers", "any")
# By expectation, who is let through by it; the rest is not.
WITHIN = {
    "nobody": {NOBODY},
    "bot_users": {NOBODY, BOT},
    "maintainers": {NOBODY, BOT, ADMINS, MAINTAINERS},
    "developers": {NOBODY, BOT, ADMINS, MAINTAINERS, DEVELOPERS, JO},
    "any": {NOBODY, BOT, ADMINS, MAINTAINERS, DEVELOPERS, JO, KEY},
}
EVERYONE = sorted(WITHIN["any"], key=lambda access: access.title)


@pytest.mark.parametrize(("most", "access"), list(product(MOST, EVERYONE)), ids=str)
def test_who_is_beyond_what(most: MostToPush, access: Access) -> None:
    assert is_beyond(access, most, BOTS) is (access not in WITHIN[most])


def test_what_is_stricter_than_expected_is_fine() -> None:
    # Whoever is within an expectation is within each that lets more people through.
    for narrow, wide in pairwise(MOST):
        assert WITHIN[narrow] <= WITHIN[wide]


# --- against simple oracles ---

BRANCH_PARTS = st.text(st.sampled_from("ab/.-[]?!^$+\\"), max_size=6)
PATTERN_PARTS = st.lists(BRANCH_PARTS, min_size=1, max_size=4)


def covers(pattern: str, branch: str) -> bool:
    """The oracle: a star stands for anything, and all else for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), branch, re.DOTALL) is not None


@given(PATTERN_PARTS, st.lists(BRANCH_PARTS, min_size=4, max_size=4))
def test_a_star_stands_for_anything_and_nothing_else_has_a_meaning(
    parts: list[str], fillings: list[str]
) -> None:
    pattern = "*".join(parts)
    filled = "".join(
        part + filling for part, filling in zip(parts, [*fillings[: len(parts) - 1], ""], strict=True)
    )

    assert Protection(pattern, (), ()).covers(filled)


@given(PATTERN_PARTS, BRANCH_PARTS)
def test_patterns_match_what_the_oracle_says(parts: list[str], branch: str) -> None:
    pattern = "*".join(parts)

    assert Protection(pattern, (), ()).covers(branch) == covers(pattern, branch)


ACCESSES = st.lists(st.sampled_from(EVERYONE), max_size=3).map(tuple)
PROTECTIONS = st.lists(
    st.builds(
        Protection, st.sampled_from(["main", "*", "ma*", "*/main", "other", "MAIN"]), ACCESSES, ACCESSES
    ),
    max_size=4,
).map(tuple)


@given(PROTECTIONS, st.sampled_from(["merge", "push"]), st.sampled_from(MOST))
def test_somebody_is_found_if_one_covering_protection_lets_them_through(
    protections: tuple[Protection, ...], action: Action, most: MostToPush
) -> None:
    if action == "merge" and most == "bot_users":
        most = "maintainers"
    expected = expecting({action: most}, UNCHECKED)
    covering = [one for one in protections if covers(one.name, "main")]
    let_through = {access for one in covering for access in getattr(one, action)} - {NOBODY}
    wrong = let_through - WITHIN[most]

    checks = [finding.check for finding in found(replace(GOOD, protections=protections), expected)]

    if not covering and most != "any":
        assert checks == ["unprotected-default-branch"]
    else:
        assert checks == ([f"{action}-access"] if covering and wrong else [])
