"""What lint finds, and that its remedies are commands that mend it."""

import re
import shlex
from datetime import timedelta
from typing import Any

import pytest

from supops.cli import all_commands
from supops.errors import NetworkError
from supops.models.findings import Severity
from supops.models.workflow import ASKED, Verb
from supops.services.approving import Assessment, approval_plan, decide
from supops.services.flow_default import Switches, Where, default_flow
from supops.services.work_linting import Linter, LintFinding
from supops.services.work_mending import OPTIONS
from tests.fakes.parallel import one_by_one
from tests.fakes.work import BEFORE, CURRENT, MILESTONE, NEXT, TEAMMATE, Failure, FakeWork
from tests.issues import BUG, FEATURE, GAMEPLAN, WORDING, Office, stage

# What somebody puts for the words in capitals.
WORDS = {
    "STAGE": "Triage",
    "TYPE": "bug",
    "N": "2",
    "TEAM": "Support",
    "WHICH": "next",
    "TITLE": "next",
    "USERNAME": TEAMMATE,
    "FILE": "See !12",
    "TEXT": "So it is",
}
SCHEDULED: dict[str, Any] = {"iteration": CURRENT, "milestone": MILESTONE, "assignees": (TEAMMATE,)}
APPROVED = (*FEATURE, "Approval::Granted")


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Return the options of each command about issues."""
    found = {words: command for words, command in all_commands() if words[0] == "issues"}
    return {
        words[1]: {name for one in command.params for name in one.opts} for words, command in found.items()
    }


def found(office: Office, iid: int, rule: str) -> LintFinding:
    findings = Linter(office.desk, one_by_one).lint().findings
    return next(one for one in findings if one.issue and (one.issue.iid, one.rule) == (iid, rule))


def run(office: Office, command: str, options: dict[str, set[str]]) -> None:
    """Run a command as it stands in a remedy."""
    program, group, verb, number, *rest = shlex.split(command)
    assert (program, group) == ("supops", "issues")
    target = rest.pop(0) if verb == "move" else ""
    asked: dict[str, Any] = {}
    while rest:
        name = rest.pop(0)
        assert name in options[verb]
        asked[name.removeprefix("--")] = True if name == "--force" else WORDS.get(word := rest.pop(0), word)
    done = office.move(int(number), None if target else Verb(verb), WORDS.get(target, target), **asked)
    assert done.plan.is_legal, done.plan.missing


def test_what_is_completed_may_be_open_for_as_long_as_its_goal_says() -> None:
    office = Office()
    iid = office.tracker.opened(stage("Completed"), *BUG, "Validation::Received")

    first = found(office, iid, "completed-but-open")
    office.tracker.time += timedelta(days=6)
    later = found(office, iid, "completed-but-open")

    assert (first.severity, later.severity) == (Severity.LOW, Severity.MEDIUM)
    assert "within 2 working days" in first.remedy
    assert "for 4 working days" in later.message


CASES: list[tuple[tuple[str, ...], str]] = [
    ((), "no-stage"),
    (BUG, "no-stage"),
    ((stage("Planning"), stage("Queued"), *BUG), "several-stages"),
    ((stage("Triague"), *BUG), "unknown-stage"),
    ((stage("Triage"), *BUG, "RequestType::Feature"), "several-types"),
    ((stage("Planning"), *BUG, "RequestType::Feature"), "several-types"),
    (("RequestType::Bug", "RequestType::Feature"), "several-types"),
    ((stage("Planning"), stage("Queued"), *BUG, "RequestType::Feature"), "several-types"),
    ((stage("Triage"), "RequestType::Wish"), "unknown-type"),
    ((stage("Planning"), *BUG, "Priority::1"), "several-priorities"),
    ((stage("Development"), *BUG, "Validation::Requested", "Validation::Received"), "several-validations"),
    ((stage("Development"), *BUG, "Validation::Nonsense"), "unknown-label"),
    ((stage("Triage"), *BUG[:1], "Priority::9"), "unknown-label"),
    ((stage("Triage"), *BUG[:2], "Customer::Nobody"), "unknown-label"),
    ((stage("Completed"), *BUG, "Validation::Received"), "completed-but-open"),
    ((stage("Blocked"), *BUG), "blocked-without-note"),
    ((stage("Implementation"), *BUG, "Validation::Requested"), "validation-out-of-place"),
    ((stage("Validation"), *BUG), "validation-not-requested"),
    ((stage("Planning"), *BUG[1:]), "missing-type"),
    ((stage("Planning"), *BUG[:1]), "missing-priority"),
    ((stage("Planning"), *BUG[:1]), "missing-customer"),
    ((stage("Development"), *BUG), "missing-gameplan"),
    ((stage("Queued"), *FEATURE), "missing-iteration"),
    ((stage("Queued"), *FEATURE), "missing-milestone"),
    ((stage("Queued"), *FEATURE), "missing-dri"),
    ((stage("Implementation"), *BUG), "missing-validation"),
    ((stage("Completed"), *BUG), "missing-blueprint"),
]


@pytest.mark.parametrize(("labels", "rule"), CASES)
def test_a_remedy_is_a_command_that_mends_it(
    labels: tuple[str, ...], rule: str, options: dict[str, set[str]]
) -> None:
    office = Office()
    iid = office.tracker.opened()
    office.tracker.relabel(iid, *labels)

    commands = re.findall(r"`(supops [^`]+)`", found(office, iid, rule).remedy)

    assert commands
    for command in commands:
        run(office, command, options)
    assert rule not in office.rules(iid)


def test_a_validation_out_of_place_is_taken_away_by_hand_where_no_move_does_that() -> None:
    office = Office()
    iid = office.tracker.opened(stage("Triage"), *BUG, "Validation::Awaiting")

    assert (
        found(office, iid, "validation-out-of-place").remedy
        == "remove the label Validation::Awaiting in GitLab"
    )


@pytest.mark.parametrize(
    ("fields", "lacks", "words"),
    [
        (
            {"iteration": NEXT},
            "it has an iteration, but it has no milestone, and nobody is responsible",
            "--milestone TITLE --dri USERNAME",
        ),
        (
            {"iteration": NEXT, "milestone": MILESTONE},
            "it has an iteration and a milestone, but nobody",
            "--dri USERNAME",
        ),
        (
            {"assignees": (TEAMMATE,)},
            "it has somebody responsible, but it is in no iteration",
            "--iteration WHICH --milestone TITLE",
        ),
    ],
)
def test_what_is_half_scheduled_is_named(
    fields: dict[str, Any], lacks: str, words: str, options: dict[str, set[str]]
) -> None:
    office = Office()
    iid = office.tracker.opened(stage("Scheduling"), *APPROVED, **fields)
    office.tracker.said(iid, GAMEPLAN)

    one = found(office, iid, "half-scheduled")

    assert lacks in one.message
    assert one.remedy == f"`supops issues move {iid} Scheduling {words}`"
    run(office, one.remedy.strip("`"), options)
    assert office.rules(iid) == []


@pytest.mark.parametrize(
    ("name", "labels", "fields"),
    [
        ("Scheduling", APPROVED, {}),
        ("Scheduling", APPROVED, SCHEDULED),
        ("Planning", APPROVED, {"iteration": NEXT}),
    ],
)
def test_all_and_nothing_are_not_half(name: str, labels: tuple[str, ...], fields: dict[str, Any]) -> None:
    office = Office()
    iid = office.tracker.opened(stage(name), *labels, **fields)
    office.tracker.said(iid, GAMEPLAN)

    assert office.rules(iid) == []


def test_without_iterations_nothing_is_half_for_lack_of_one() -> None:
    office = Office(FakeWork(iterations="the plan has none"))
    iid = office.tracker.opened(stage("Scheduling"), *APPROVED, milestone=MILESTONE, assignees=(TEAMMATE,))
    office.tracker.said(iid, GAMEPLAN)

    assert office.rules(iid) == []


@pytest.mark.parametrize("where", Where)
def test_only_the_stage_of_validation_asks_for_a_label(where: Where) -> None:
    office = Office(flow=default_flow(Switches(validation=where)))
    there = office.tracker.opened(stage("Validation"), *BUG)
    working = office.tracker.opened(stage("Development"), *BUG)
    validated = office.tracker.opened(stage("Validation"), *BUG, "Validation::Received")

    rule = "validation-not-requested"
    assert (rule in office.rules(there)) is (where is not Where.DEVELOPMENT)
    assert rule not in office.rules(working)
    assert rule not in office.rules(validated)


def test_several_labels_of_an_approval_are_found_and_a_decision_leaves_one() -> None:
    office = Office()
    iid = office.tracker.opened()
    office.tracker.relabel(iid, stage("Triage"), *FEATURE, "Approval::Granted", "Approval::Needed")

    assert (
        f"`supops issues approval {iid} --roadmap aligned" in found(office, iid, "several-approvals").remedy
    )
    decision = decide(Assessment(aligned=True, congruent=True), office.flow.approvals)
    office.applier().apply(approval_plan(office.desk, WORDING, office.dossier(iid), decision))

    assert "Approval::Not needed" in office.issue(iid).labels
    assert office.rules(iid) == []


@pytest.mark.parametrize("rule", ["iteration-over", "iteration-has-come"])
def test_what_waits_for_an_iteration_that_came_is_started(rule: str, options: dict[str, set[str]]) -> None:
    office = Office()
    iteration = BEFORE if rule == "iteration-over" else CURRENT
    iid = office.tracker.opened(stage("Queued"), *APPROVED, **{**SCHEDULED, "iteration": iteration})

    remedy = found(office, iid, rule).remedy.strip("`")
    if rule == "iteration-has-come":
        assert remedy == "supops issues dequeue"
        office.dequeuer().dequeue()
    else:
        run(office, remedy, options)

    assert office.stages(iid) == ("Development",)


def test_a_closed_issue_that_was_not_opened_again_is_found(options: dict[str, set[str]]) -> None:
    office = Office()
    iid, other = (office.tracker.opened(stage("Completed"), *BUG) for _ in range(2))
    for one in (iid, other):
        office.tracker.closed(one)
        office.tracker.said(one, "Thank you")
    office.tracker.failures = [Failure("update", NetworkError("no answer"))]
    with pytest.raises(NetworkError):
        office.move(iid, Verb.TRIAGE, reason="So it is")

    assert office.rules() == ["half-moved"]
    command = f"supops issues triage {iid} --reason TEXT"
    assert f"`{command}`" in found(office, iid, "half-moved").remedy
    run(office, command, options)
    assert "half-moved" not in office.rules(iid)
    # Closed by hand, it is closed, whatever was said before.
    office.tracker.closed(iid)
    assert office.rules() == []


@pytest.mark.parametrize(
    ("name", "labels", "verb", "target", "asked", "command"),
    [
        ("Development", BUG, Verb.REQUEST_VALIDATION, "", {}, "request-validation 1"),
        ("Development", BUG, None, "Planning", {"reason": "So it is"}, "move 1 Planning --reason TEXT"),
        (
            "Planning",
            BUG,
            Verb.START,
            "",
            {"reason": "So it is", "force": True},
            "start 1 --force --reason TEXT",
        ),
        ("Triage", BUG, Verb.CLOSE, "", {"reason": "So it is"}, "close 1 --reason TEXT"),
        (
            "Triage",
            BUG,
            Verb.BLOCK,
            "",
            {"until": "So it is", "then": "So it is"},
            "block 1 --until TEXT --then TEXT",
        ),
    ],
)
def test_a_move_that_did_not_happen_is_found_behind_other_marks(
    name: str,
    labels: tuple[str, ...],
    verb: Verb | None,
    target: str,
    asked: dict[str, Any],
    command: str,
    options: dict[str, set[str]],
) -> None:
    office = Office()
    iid = office.tracker.opened(stage(name), *labels)
    office.tracker.failures = [Failure("update", NetworkError("no answer"))]
    with pytest.raises(NetworkError):
        office.move(iid, verb, target, **asked)
    # Comments with marks that say nothing of moves, and one without any.
    office.tracker.said(iid, '<!-- supops:issue blueprint {"hash":"x"} -->\nDo it')
    office.tracker.said(iid, '<!-- supops:issue approval {"approved":true} -->\nIt may go on')
    office.tracker.said(iid, "Well")

    remedy = found(office, iid, "half-moved").remedy

    assert f"`supops issues {command}`" in remedy
    comments = len(office.bodies(iid))
    run(office, f"supops issues {command}", options)
    assert len(office.bodies(iid)) == comments
    assert "half-moved" not in office.rules(iid)


@pytest.mark.parametrize("planned", [True, False])
def test_what_a_move_lacks_can_be_said_with_its_command(planned: bool, options: dict[str, set[str]]) -> None:
    flow = default_flow(Switches(bugs_plan=planned, close_on_completion=True))

    lacking = {
        (str(move.verb), f"--{need}")
        for move in flow.moves
        for need in move.needs
        if need in OPTIONS or need in ASKED
        if f"--{need}" not in options[move.verb] or f"--{need}" not in options["move"]
    }

    assert not lacking
