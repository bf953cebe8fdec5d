"""The flow as data: that it is the domain's, and that another one is looked at before it is used."""

from dataclasses import replace

import pytest

from supops.models.workflow import CLOSED, NOWHERE, Flow, Move, Need, Validation, Verb
from supops.services.flow_checking import check_flow
from supops.services.flow_default import Switches, Where, default_flow

# The rules, as the domain has them: from, to, what that needs.
BUG = [
    ("Triage", "Planning", "type priority customer"),
    ("Planning", "Development", "gameplan"),
    ("Development", "Implementation", "validation"),
    ("Implementation", "Completed", "blueprint"),
    ("Completed", "Closed", ""),
    ("Triage", "Closed", "reason"),
]
FEATURE = [
    ("Triage", "Planning", "type priority customer approval"),
    ("Planning", "Scheduling", "gameplan"),
    ("Scheduling", "Queued", "iteration milestone dri later-iteration"),
    ("Scheduling", "Development", "iteration milestone dri current-iteration"),
    ("Queued", "Development", "iteration milestone dri current-iteration"),
    ("Development", "Implementation", "validation"),
    ("Implementation", "Completed", "blueprint"),
    ("Completed", "Closed", ""),
    ("Triage", "Closed", "reason"),
]
ADMINISTRATIVE = [
    ("Triage", "Scheduling", "type priority customer"),
    ("Scheduling", "Queued", "iteration milestone dri later-iteration"),
    ("Scheduling", "Development", "iteration milestone dri current-iteration"),
    ("Queued", "Development", "iteration milestone dri current-iteration"),
    ("Development", "Implementation", "reason"),
    ("Implementation", "Completed", "blueprint"),
    ("Completed", "Closed", ""),
    ("Triage", "Closed", "reason"),
]
EVERY = [Switches(where, plan, close) for where in Where for plan in (True, False) for close in (True, False)]


def forward(flow: Flow, kind: str) -> list[tuple[str, str, str]]:
    parked = {one.name for one in flow.stages if one.parking}
    return sorted(
        (one.source, one.target, " ".join(one.needs))
        for one in flow.moves_of(kind)
        if not one.back and not one.in_place and one.source not in (NOWHERE, *parked)
    )


@pytest.mark.parametrize(
    ("kind", "rules"), [("bug", BUG), ("feature", FEATURE), ("administrative", ADMINISTRATIVE)]
)
def test_the_flow_is_the_domains(kind: str, rules: list[tuple[str, str, str]]) -> None:
    flow = default_flow(Switches(validation=Where.DEVELOPMENT))

    assert forward(flow, kind) == sorted(rules)


def test_bugs_need_not_be_planned() -> None:
    flow = default_flow(Switches(validation=Where.DEVELOPMENT, bugs_plan=False))

    rules = [("Triage", "Development", "type priority customer"), *BUG[2:]]
    assert forward(flow, "bug") == sorted(rules)
    assert forward(flow, "feature") == sorted(FEATURE)


def test_validation_can_be_a_stage() -> None:
    flow = default_flow(Switches(validation=Where.STAGE))

    moves = forward(flow, "feature")
    assert ("Development", "Validation", "") in moves
    assert ("Validation", "Implementation", "validation") in moves
    assert ("Development", "Implementation", "validation") not in moves
    assert ("Development", "Implementation", "reason") in forward(flow, "administrative")


def test_service_goals_are_the_domains() -> None:
    flow = default_flow()

    goals = {one.name: str(one.goal) for one in flow.stages if one.goal}
    assert goals == {
        "Triage": "1-2",
        "Planning": "5",
        "Scheduling": "5",
        "Validation": "3-5",
        "Implementation": "3",
        "Completed": "2",
    }
    assert [one.name for one in flow.stages if one.parking] == ["Blocked", "Backlogged"]


def test_incidents_are_outside() -> None:
    flow = default_flow()

    assert not flow.moves_of("incident")
    assert [one.key for one in flow.types if one.outside] == ["incident"]


@pytest.mark.parametrize("switches", EVERY)
def test_every_shape_of_the_built_in_flow_makes_sense(switches: Switches) -> None:
    assert check_flow(default_flow(switches)) == ()


def mistakes(*moves: Move) -> str:
    flow = default_flow()
    return "\n".join(one.message for one in check_flow(replace(flow, moves=(*flow.moves, *moves))))


def test_unknown_stages_and_types_are_told() -> None:
    flow = default_flow()

    assert "there is no stage 'Nowhere'" in mistakes(Move("Triage", "Nowhere", ("bug",)))
    assert "there is no type 'wish'" in mistakes(Move("Triage", "Planning", ("wish",)))
    assert "has to close" in mistakes(Move("Planning", CLOSED, ("bug",)))
    assert "leads to a stage" in mistakes(Move("Planning", NOWHERE, ("bug",)))
    assert "can't be" in mistakes(Move("Planning", "Queued", ("bug",), (Need.CURRENT, Need.LATER)))
    skipping = Move("Development", "Implementation", ("bug",), validation=Validation.SKIPPED)
    assert "skipped with a reason" in mistakes(skipping)
    clearing = Move("Completed", "Implementation", ("bug",), clears=True, back=True)
    assert "clears the validation that a bug has in Implementation" in mistakes(clearing)
    assert "there is no stage 'Gone'" in check_flow(replace(flow, queued="Gone"))[0].message


def test_stages_that_nothing_leads_to_are_told() -> None:
    flow = default_flow()
    moves = tuple(one for one in flow.moves if one.target != "Backlogged")

    found = [one.message for one in check_flow(replace(flow, moves=moves))]

    assert "no move leads to the stage Backlogged" in found


def test_dead_ends_are_told_and_cycles_are_none() -> None:
    flow = default_flow()
    bug = ("bug",)
    # Two stages that lead to each other, and nowhere else.
    stuck = [one for one in flow.moves if one.source not in ("Development", "Validation", "Blocked")]
    circle = (
        Move("Development", "Validation", bug),
        Move("Validation", "Development", bug),
        Move("Development", "Blocked", bug),
        Move("Blocked", "Development", bug),
    )

    found = [one.message for one in check_flow(replace(flow, moves=(*stuck, *circle)))]

    assert "the stage Development is a dead end: from there a bug never gets closed" in found
    assert "the stage Validation is a dead end: from there a bug never gets closed" in found
    assert not any("Triage is a dead end" in one for one in found)


def test_a_move_without_a_way_back_is_told() -> None:
    flow = default_flow()
    moves = tuple(one for one in flow.moves if one.source != CLOSED)

    found = check_flow(replace(flow, moves=moves))

    assert "from Closed there is no way back to Completed for a bug" in [one.message for one in found]
    assert all(one.move is not None for one in found)


def test_every_named_form_has_a_move() -> None:
    verbs = {one.verb for one in default_flow().moves}

    assert verbs == {*Verb}
