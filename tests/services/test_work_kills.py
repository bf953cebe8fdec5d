"""Every move of the flow, killed after each of its writes: nothing is left half done that lint does not find, and a repeat goes on from there."""

from typing import Any

import pytest

from supops.models.work import WorkIssue
from supops.models.workflow import CLOSED, NOWHERE, Flow, Move, Need, Verb
from supops.services.flow_default import Switches, Where, default_flow
from supops.services.work_asking import Asked, understood
from supops.services.work_uses import unused
from tests.fakes.work import FakeWork
from tests.issues import ADMINISTRATIVE, BLUEPRINT, BUG, FEATURE, GAMEPLAN, WORDING, Office, stage

LABELS = {"bug": BUG, "feature": FEATURE, "administrative": ADMINISTRATIVE}
FLOWS = [
    default_flow(Switches(where, plan, close))
    for where in Where
    for plan, close in [(True, False), (False, True)]
]
VALIDATIONS = {Need.REQUESTED: "Validation::Requested", Need.VALIDATED: "Validation::Received"}
WRITES = ("comment", "set_iteration", "update")


class Killed(BaseException):
    """The process ends there and then."""


class KilledWork(FakeWork):
    """Ends the process after so many writes; 0 for never."""

    def __init__(self) -> None:
        super().__init__()
        self.kill_after = self.writes = 0

    def written(self) -> None:
        self.writes += 1
        if self.writes == self.kill_after:
            raise Killed

    def comment(self, *args: Any) -> Any:
        note = super().comment(*args)
        self.written()
        return note

    def set_iteration(self, *args: Any) -> Any:
        issue = super().set_iteration(*args)
        self.written()
        return issue

    def update(self, *args: Any) -> Any:
        issue = super().update(*args)
        self.written()
        return issue


def before(flow: Flow, kind: str, move: Move) -> tuple[Office, int]:
    """Return an issue that can make the move."""
    office = Office(KilledWork(), flow)
    validation = [VALIDATIONS[need] for need in move.needs if need in VALIDATIONS]
    labels = (*LABELS[kind], *validation, "Approval::Granted")
    is_back = move.verb is Verb.UNBLOCK
    places = {
        NOWHERE: (),
        CLOSED: (stage("Completed"),),
        "Blocked": (stage(move.target if is_back else "Triage"),),
    }
    iid = office.tracker.opened(*places.get(move.source, (stage(move.source),)), *labels)
    office.tracker.said(iid, GAMEPLAN)
    office.tracker.said(iid, BLUEPRINT)
    if move.source == CLOSED:
        office.tracker.closed(iid)
    if move.source == "Blocked":
        office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on")
    return office, iid


def make(office: Office, iid: int, kind: str, move: Move, *, kill_after: int = 0) -> bool:
    """Make a move; return whether it came to its end."""
    tracker = office.tracker
    assert isinstance(tracker, KilledWork)
    tracker.writes, tracker.kill_after = 0, kill_after
    which = "current" if Need.CURRENT in move.needs else "next"
    asked: dict[str, Any] = {
        "reason": "So it is",
        "until": "They answer",
        "then": "Go on",
        "iteration": which,
        "milestone": "next",
        "dri": "jo-doe",
    }
    for one in unused(office.flow, [move], understood(office.desk, Asked(**asked), WORDING), kind):
        del asked[one.option]
    try:
        done = office.move(iid, move.verb, move.target, **asked)
    except Killed:
        return False
    assert done.plan.is_legal, [one.message for one in done.plan.missing]
    assert not done.problems
    return True


def facts(issue: WorkIssue) -> tuple[object, ...]:
    return ({*issue.labels}, issue.state, issue.iteration, issue.milestone, issue.assignees)


def moves() -> list[tuple[Flow, str, Move]]:
    """Return every move for every type, once."""
    found = {
        (kind, move): (flow, kind, move) for flow in FLOWS for kind in LABELS for move in flow.moves_of(kind)
    }
    return [*found.values()]


@pytest.mark.parametrize("kind", LABELS)
def test_a_move_that_is_killed_is_found_and_repeated(kind: str) -> None:
    for flow, _, move in [one for one in moves() if one[1] == kind]:
        office, iid = before(flow, kind, move)
        quiet = {*office.rules(iid)}
        assert make(office, iid, kind, move)
        whole, comments = facts(office.issue(iid)), len(office.bodies(iid))
        assert isinstance(office.tracker, KilledWork)

        for after in range(1, office.tracker.writes + 1):
            killed, iid = before(flow, kind, move)
            assert not make(killed, iid, kind, move, kill_after=after)
            what = f"{move.source} to {move.target} ({move.verb}), killed after {after}"
            # What stays in its place has not moved at all.
            if facts(killed.issue(iid)) != whole and not move.in_place:
                assert {*killed.rules(iid)} - quiet, what
            assert make(killed, iid, kind, move), what
            assert facts(killed.issue(iid)) == whole, what
            assert len(killed.bodies(iid)) == comments, what
            assert "half-moved" not in killed.rules(iid), what
