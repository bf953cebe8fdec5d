"""Approvals by the decision table, and weights by modified RICE."""

import itertools
from dataclasses import replace

import pytest

from supops.errors import UsageError
from supops.models.workflow import Verb
from supops.services.approving import (
    EFFORTS,
    GRADES,
    IMPACT,
    REACH,
    Assessment,
    Decision,
    Outcome,
    approval_plan,
    decide,
    rice,
    weight_plan,
)
from supops.services.flow_default import APPROVALS, default_flow
from tests.issues import BUG, FEATURE, WORDING, Office, stage


def decision(**facts: object) -> Decision:
    return decide(Assessment(**facts), APPROVALS)  # type: ignore[arg-type]


def test_what_is_congruent_with_the_roadmap_needs_nothing() -> None:
    found = decision(aligned=True, congruent=True)

    assert (found.outcome, found.level, found.approved) == (Outcome.NONE_NEEDED, "", True)


def test_what_aligns_only_needs_the_roadmap_updated_or_leadership() -> None:
    assert decision(aligned=True, congruent=False).outcome is Outcome.ROADMAP
    assert not decision(aligned=True, congruent=False).approved
    where = "https://example.com/x"
    assert decision(aligned=True, congruent=False, roadmap_updated=True, evidence=where).approved
    assert decision(aligned=True, congruent=False, approved_by="kim-moe", evidence=where).approved
    with pytest.raises(UsageError, match="congruent"):
        decision(aligned=True)


@pytest.mark.parametrize(
    ("effort", "risk", "impact", "level"),
    [
        ("small", "low", "low", "manager"),
        ("medium", "low", "medium", "manager"),
        ("medium", "medium", "medium", "senior-manager"),
        ("large", "low", "low", "senior-manager"),
        ("small", "high", "low", "senior-manager"),
        ("large", "high", "low", "director"),
        ("small", "high", "high", "director"),
    ],
)
def test_what_does_not_align_needs_a_level_that_fits(effort: str, risk: str, impact: str, level: str) -> None:
    found = decision(aligned=False, effort=effort, risk=risk, impact=impact)

    assert (found.outcome, found.level, found.approved) == (Outcome.LEADERSHIP, level, False)


def test_more_of_anything_is_never_a_lower_level() -> None:
    def rank(place: tuple[int, int, int]) -> int:
        effort, risk, impact = place
        found = decision(aligned=False, effort=EFFORTS[effort], risk=GRADES[risk], impact=GRADES[impact])
        return APPROVALS.levels.index(found.level)

    for one in itertools.product(range(3), repeat=3):
        for dimension in range(3):
            if one[dimension] < 2:
                more = (*one[:dimension], one[dimension] + 1, *one[dimension + 1 :])
                assert rank(more) >= rank(one)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts",
    [
        {"aligned": False},
        {"aligned": False, "effort": "small", "risk": "low"},
        {"aligned": False, "congruent": True, "effort": "small", "risk": "low", "impact": "low"},
        {
            "aligned": False,
            "roadmap_updated": True,
            "evidence": "https://example.com/x",
            "effort": "small",
            "risk": "low",
            "impact": "low",
        },
    ],
)
def test_what_the_table_asks_for_has_to_be_said(facts: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        decision(**facts)


def test_only_leaders_of_the_level_or_above_approve_where_they_are_known() -> None:
    rules = replace(APPROVALS, leaders={"senior-manager": ("sam",), "director": ("Kim",)})
    asked = Assessment(aligned=False, effort="large", risk="low", impact="low")

    with pytest.raises(UsageError, match="jo is not of the level"):
        decide(replace(asked, approved_by="jo"), rules)
    assert decide(replace(asked, approved_by="kim"), rules).approved
    assert decide(replace(asked, approved_by="SAM"), rules).approved


def test_where_leaders_are_not_known_it_takes_evidence() -> None:
    asked = Assessment(aligned=False, effort="small", risk="low", impact="low", approved_by="kim-moe")

    with pytest.raises(UsageError, match="nobody can check kim-moe"):
        decide(asked, APPROVALS)
    assert decide(replace(asked, evidence="https://example.com/x"), APPROVALS).approved
    rules = replace(APPROVALS, leaders={"director": ("kim-moe",)})
    assert decide(asked, rules).approved
    with pytest.raises(UsageError, match="nobody can check jo"):
        decide(replace(asked, approved_by="jo"), rules)


@pytest.mark.parametrize(
    ("evidence", "said"), [("", "needs evidence"), (" ", "needs evidence"), ("see the wiki", "no address")]
)
def test_that_the_roadmap_was_updated_takes_a_link(evidence: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        decision(aligned=True, congruent=False, roadmap_updated=True, evidence=evidence)

    assert "--evidence " in (caught.value.hint or "")


def test_the_link_to_the_roadmap_stands_in_the_comment_and_its_remedy_can_be_run() -> None:
    office = Office()
    iid = office.tracker.opened(stage("Triage"), *FEATURE)
    for found in (
        decision(aligned=True, congruent=False),
        decision(aligned=True, congruent=False, roadmap_updated=True, evidence="https://example.com/map"),
    ):
        if found.approved:
            remedy = office.plan(iid, Verb.PLAN).missing[0].remedy
            options = "--roadmap aligned --congruent no --roadmap-updated --evidence URL"
            assert f"`supops issues approval {iid} {options}`" in remedy
        office.applier().apply(approval_plan(office.desk, WORDING, office.dossier(iid), found))

    assert "The roadmap was updated" in office.bodies(iid)[-1]
    assert "<https://example.com/map>" in office.bodies(iid)[-1]
    assert office.plan(iid, Verb.PLAN).is_legal


def test_the_author_does_not_approve() -> None:
    office = Office()
    iid = office.tracker.opened(stage("Triage"), *FEATURE)
    found = decision(aligned=True, congruent=False, approved_by="Sam-Roe", evidence="https://example.com/x")

    with pytest.raises(UsageError, match="sam-roe is the author"):
        approval_plan(office.desk, WORDING, office.dossier(iid), found)


def test_a_decision_is_recorded_once_and_read_by_the_guard() -> None:
    office = Office()
    iid = office.tracker.opened(stage("Triage"), *FEATURE)

    def record(found: Decision) -> bool:
        desk = office.desk
        return office.applier().apply(approval_plan(desk, WORDING, desk.dossier(iid), found)).done

    waits = decision(aligned=False, effort="small", risk="low", impact="low")
    assert record(waits)
    assert not record(waits)
    assert "Approval::Needed" in office.issue(iid).labels
    plan = office.plan(iid, Verb.PLAN)
    assert [one.need for one in plan.missing] == ["approval"]
    assert "manager" in plan.missing[0].message

    there = decision(
        aligned=False,
        effort="small",
        risk="low",
        impact="low",
        approved_by="kim-moe",
        evidence="https://example.com/x",
    )
    assert record(there)
    assert "Approval::Granted" in office.issue(iid).labels
    assert "Approval::Needed" not in office.issue(iid).labels
    assert "@kim-moe" in office.bodies(iid)[-1]
    assert "<https://example.com/x>" in office.bodies(iid)[-1]
    assert office.plan(iid, Verb.PLAN).is_legal


def test_bugs_and_closed_issues_are_not_approved() -> None:
    office = Office()
    found = decision(aligned=True, congruent=True)
    bug, closed = office.tracker.opened(stage("Triage"), *BUG), office.tracker.opened(*FEATURE)
    office.tracker.closed(closed)

    for iid, need in ((bug, "type"), (closed, "stage")):
        plan = approval_plan(office.desk, WORDING, office.dossier(iid), found)
        assert [one.need for one in plan.missing] == [need]


def test_the_weight_is_reach_times_impact_times_confidence_by_effort() -> None:
    assert REACH == {"customers": 10, "all-agents": 7, "region": 4, "small-group": 2, "minimal": 1}
    assert IMPACT == {"revenue": 3, "large": 2, "small": 1, "minimal": 0.5}
    found = rice("customers", "revenue", 80, 5)
    assert found.score == pytest.approx(4.8)
    assert found.weight == 5
    assert rice("region", "small", 100, 8).weight == 1
    assert rice("minimal", "minimal", 50, 10).weight == 0


@pytest.mark.parametrize(
    ("confidence", "effort"), [(101, 1), (-1, 1), (50, 0), (50, -1), (50, float("inf")), (float("nan"), 1)]
)
def test_a_weight_needs_a_percentage_and_an_effort(confidence: float, effort: float) -> None:
    with pytest.raises(UsageError):
        rice("region", "small", confidence, effort)


@pytest.mark.parametrize("effort", [1e-300, 5e-324, 0.000_000_001])
def test_a_weight_that_gitlab_does_not_take_is_refused(effort: float) -> None:
    with pytest.raises(UsageError, match=r"The weight would be .*2,147,483,647") as caught:
        rice("customers", "revenue", 80, effort)

    assert f"{effort:g}" in (caught.value.hint or "")


def test_rounding_is_said() -> None:
    assert rice("customers", "large", 100, 1).rounding == ""
    assert "4.8, is rounded to 5" in rice("customers", "revenue", 80, 5).rounding
    nothing = rice("minimal", "minimal", 0.8, 10)
    assert "is rounded to 0" in nothing.rounding
    assert "is 80 meant?" in nothing.rounding


def test_a_weight_is_set_once() -> None:
    office = Office(flow=default_flow())
    iid = office.tracker.opened(stage("Triage"), *FEATURE)
    found = rice("customers", "large", 100, 1)

    assert office.applier().apply(weight_plan(office.dossier(iid), found)).done
    assert office.issue(iid).weight == 20
    assert not office.applier().apply(weight_plan(office.dossier(iid), found)).done
