"""A team's own flow: what the file says holds, and all mistakes are told at once, with their lines."""

from pathlib import Path

import pytest

from supops.adapters.flow_files import read_flow
from supops.errors import ConfigError
from supops.models.workflow import Flow, Goal, Validation
from supops.services.flow_checking import check_flow
from supops.services.flow_default import default_flow
from tests.conftest import ROOT


def read(tmp_path: Path, text: str) -> Flow:
    path = tmp_path / "flow.yaml"
    path.write_text(text)
    return read_flow(path, default_flow(), check_flow)


def refused(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return [line.strip() for line in caught.value.message.splitlines()[1:]]


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == default_flow()


def test_what_it_says_takes_the_place_of_the_built_in(tmp_path: Path) -> None:
    flow = read(
        tmp_path,
        """
labels: {stage: "Step::", requested: Awaiting, customers: [Support, Sales], approvals: [No, Open, Yes]}
stages:
  Triage: {name: Intake, goal: 1-3, dri: jo-doe}
  Planning: {goal: none}
ladder: [kim-moe, alex-poe]
validation_goal: 4
approvals:
  levels: [lead, head]
  leaders: {head: alex-poe}
  rules:
    - {level: head, effort: large, risk: high}
    - {level: lead}
""",
    )

    intake = flow.stage("intake")
    assert intake is not None
    assert (intake.goal, intake.dri, flow.first) == (Goal(3, 1), "jo-doe", "Intake")
    assert flow.stage_label("Intake") == "Step::Intake"
    assert flow.stage("Triage") is None
    assert {one.source for one in flow.moves_of("bug")} >= {"Intake", "Planning"}
    planning = flow.stage("Planning")
    assert planning is not None
    assert planning.goal is None
    assert flow.labels.validations[Validation.REQUESTED] == ("Awaiting", "Requested")
    assert flow.labels.approvals == ("No", "Open", "Yes")
    assert (flow.ladder, flow.validation_goal) == (("kim-moe", "alex-poe"), Goal(4))
    assert flow.approvals.leaders == {"head": ("alex-poe",)}


def test_the_flow_of_the_guide_is_one(tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "guides" / "issues.md").read_text(encoding="utf-8")
    blocks = [one.split("```")[0] for one in guide.split("```yaml\n")[1:]]
    changed, own = blocks[2], blocks[3]

    assert read(tmp_path, changed).first == "Intake"
    flow = read(tmp_path, own)
    assert [one.name for one in flow.stages] == ["Triage", "Development", "Completed", "Blocked"]


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    found = refused(
        tmp_path,
        """labls: {}
labels: {stage: Stage, priorities: {}}
stages:
  Triage: {gaol: 2, goal: soon}
  Planning: {parking: maybe}
ladder: {}
moves:
  - {from: Triage, to: Plan, needs: [gamplan], verb: pln, comment: nope, validation: done}
  - {from: Triage}
  - nothing
approvals: {levels: [lead], rules: [{effort: huge}]}
first: Start
""",
    )

    assert [one for one in found if "there is no stage" not in one][:7] == [
        "flow.yaml:1: the flow: there is no key 'labls'; did you mean labels?",
        "flow.yaml:2: priorities: expected a list",
        "flow.yaml:2: stage: expected a label's key with its colons, such as Stage::",
        "flow.yaml:4: Triage: there is no key 'gaol'; did you mean goal?",
        "flow.yaml:4: goal: expected working days such as 5 or 1-2, found 'soon'",
        "flow.yaml:5: parking: expected yes or no, found 'maybe'",
        "flow.yaml:6: ladder: expected a list",
    ]
    text = "\n".join(found)
    for said in (
        "flow.yaml:8: there is no stage 'Plan'",
        "flow.yaml:8: needs: there is no 'gamplan'; did you mean gameplan?",
        "flow.yaml:8: verb: there is no 'pln'; did you mean plan?",
        "flow.yaml:8: comment: there is no 'nope'",
        "flow.yaml:8: validation: there is no 'done'",
        "flow.yaml:9: to is missing",
        "flow.yaml:10: a move: expected keys with values",
        "flow.yaml:11: level is missing",
        "flow.yaml:11: effort: expected one of small, medium, large, found 'huge'",
        "flow.yaml:12: first: there is no stage 'Start'",
    ):
        assert said in text


OWN = """stages: {Triage: , Work: , Blocked: {parking: yes}, Done: }
first: Triage
working: Work
queued: Work
validation: Work
last: Done
moves:
  - {from: Triage, to: Work}
  - {from: Work, to: Triage}
  - {from: Work, to: Blocked}
  - {from: Blocked, to: Work}
  - {from: Work, to: Done}
  - {from: Done, to: Work}
  - {from: Done, to: Closed}
  - {from: Closed, to: Work}
"""


def test_cycles_are_fine(tmp_path: Path) -> None:
    assert len(read(tmp_path, OWN).moves) == 8


def test_what_makes_no_sense_as_a_whole_is_told(tmp_path: Path) -> None:
    without_end = OWN.replace("  - {from: Done, to: Closed}\n  - {from: Closed, to: Work}\n", "")
    assert any("is a dead end" in one for one in refused(tmp_path, without_end))
    one_way = OWN.replace("  - {from: Done, to: Work}\n", "").replace(
        "Closed, to: Work", "Closed, to: Closed"
    )
    assert "flow.yaml:12: from Done there is no way back to Work for a bug" in refused(tmp_path, one_way)
    unreached = OWN.replace("Done: }", "Done: , Other: }")
    assert "flow.yaml:1: no move leads to the stage Other" in refused(tmp_path, unreached)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stages: {Closed: }", "'Closed' is where issues end"),
        ("stages: {Queued: {name: Planning}}", "there are two stages 'Planning'"),
        ("stages: {Planning: {name: 'A, B'}}", "no comma and no colons: 'A, B'"),
        ("labels: {type: 'Stage::'}", "labels for two things begin with 'Stage::'"),
        ("labels: {type: 'Stage::Type::'}", "labels for two things begin with 'Stage::'"),
        ("labels: {stage: '::'}", "stage: expected a label's key"),
        ("labels: {received: [Requested]}", "two states of a validation are called 'Requested'"),
        ("labels: {approvals: [No, Granted, granted]}", "two kinds of approval are called 'granted'"),
        ("types: {bug: Bug, feature: bug, administrative: A}", "there are two types 'bug'"),
        ("labels: {priorities: []}", "nothing gives a bug what this move needs: priority"),
        ("blocked: Triage", "first: Triage is the stage of what is blocked"),
        ("last: Triage", "last: Triage is the first stage"),
        (
            OWN.replace("Work, to: Done", "Work, to: Done, needs: [validation]"),
            "what this move needs: validation",
        ),
    ],
)
def test_what_would_set_another_label_or_never_move_is_told(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in refused(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [("a: [", "flow.yaml:1"), ("- x", "expected keys"), ("a: &x [*x]", "alias"), ("x", "expected keys")],
)
def test_what_is_no_flow(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"issues\.flow|can't be read"):
        read_flow(tmp_path / "none.yaml", default_flow(), check_flow)
