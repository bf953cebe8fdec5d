"""Random walks through the flow: whatever is done in whatever order, an issue is never where it could not have got to."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from supops.errors import UsageError
from supops.models.workflow import CLOSED, Move, Need, Verb
from supops.services.flow_default import Switches, Where, default_flow
from supops.services.work_asking import Asked, understood
from supops.services.work_lasting import LASTING, lasting_needs
from supops.services.work_uses import unused
from tests.fakes.work import FakeWork
from tests.issues import ADMINISTRATIVE, BUG, FEATURE, WORDING, Office, stage

SWITCHES = st.builds(Switches, st.sampled_from(Where), st.booleans(), st.booleans())
APPROVED = '<!-- supops:issue approval {"approved":true} -->'
EVERYTHING: dict[str, Any] = {
    "gameplan": "1. Do it",
    "blueprint": "See !12",
    "reason": "So it is",
    "until": "The vendor answers",
    "then": "Carry on",
    "milestone": "next",
    "dri": "jo-doe",
}
OTHER = ("urgent", "Customer::Field", "roadmap_item")


def office_with(labels: tuple[str, ...], switches: Switches) -> tuple[Office, int]:
    office = Office(FakeWork(), default_flow(switches))
    iid = office.tracker.opened(stage("Triage"), *labels, *OTHER)
    return office, iid


def holds(office: Office, iid: int, forced: set[str]) -> None:
    """One stage, one type, one validation; what the flow's guards ask for is there, or was overridden; nothing of others is lost."""
    issue, flow = office.issue(iid), office.flow
    stages = flow.stages_of(issue.labels)
    assert len(stages) == 1
    assert flow.stage(stages[0]) is not None
    assert len(flow.types_of(issue.labels)) == 1
    assert sum(1 for one in issue.labels if one.startswith(flow.labels.validation)) <= 1
    assert {*OTHER} <= {*issue.labels}
    kind = flow.type(flow.types_of(issue.labels)[0])
    assert kind is not None
    wanted = lasting_needs(flow)[(stages[0], kind.key)] - forced
    if Need.ITERATION in wanted:
        assert issue.iteration is not None
        assert issue.milestone is not None
        assert issue.assignees
    if Need.VALIDATED in wanted:
        assert flow.validation_of(issue.labels) is not None
    if not issue.is_closed:
        broken = {f"missing-{need}" for need in LASTING} | {
            "half-moved",
            "several-stages",
            "blocked-without-note",
        }
        assert not broken & {*office.rules(iid)}


def chosen(office: Office, iid: int, choice: int | None, made: list[Move]) -> Move:
    """Return any of the moves that there are; for None the first step forward that was not made yet, as far as there is one."""
    moves = [one.move for one in office.mover.options(office.dossier(iid))]
    onward = [one for one in moves if not one.back and one.target != CLOSED and one not in made]
    if choice is None:
        return next(iter(onward), moves[0])
    return moves[choice % len(moves)]


STEP = st.tuples(
    # Half of them forward: else nothing gets far.
    st.one_of(st.none(), st.integers(0, 30)),
    st.sampled_from(["current", "next"]),
    st.sampled_from([False, False, False, True]),
)


@settings(max_examples=60)
@given(
    st.sampled_from([BUG, FEATURE, ADMINISTRATIVE]),
    SWITCHES,
    st.sampled_from([True, True, True, False]),
    st.sampled_from(range(10)),
    st.lists(STEP, min_size=2, max_size=8),
)
def test_legal_moves_keep_the_invariants(
    labels: tuple[str, ...],
    switches: Switches,
    approved: bool,
    forward: int,
    steps: list[tuple[int | None, str, bool]],
) -> None:
    office, iid = office_with(labels, switches)
    if approved:
        office.tracker.said(iid, APPROVED)
    forced: set[str] = set()
    made: list[Move] = []

    for choice, iteration, force in [*[(None, "current", False)] * forward, *steps]:
        move = chosen(office, iid, choice, made)
        made.append(move)
        asked = {**EVERYTHING, "iteration": iteration, "force": force}
        given_all = understood(office.desk, Asked(**asked), WORDING)
        for one in unused(office.flow, [move], given_all, office.dossier(iid).type):
            del asked[one.option]
        before, comments = office.issue(iid), office.bodies(iid)
        done = office.move(iid, move.verb, move.target, **asked)
        if not done.plan.is_legal:
            assert office.issue(iid) == before
            continue
        forced |= {one.need for one in done.plan.overridden}
        assert force or not done.plan.overridden
        assert not done.problems
        assert office.bodies(iid)[: len(comments)] == comments
        assert office.issue(iid).description == before.description
        assert office.issue(iid).title == before.title
        assert office.issue(iid).is_closed is (move.target == CLOSED or move.closes)
        holds(office, iid, forced)


@settings(max_examples=60)
@given(
    st.sampled_from(
        [(), BUG, FEATURE, ADMINISTRATIVE, ("RequestType::Incident",), (*BUG, "RequestType::Feature")]
    ),
    st.lists(
        st.sampled_from(
            [
                stage(name)
                for name in (
                    "Triage",
                    "Planning",
                    "Scheduling",
                    "Queued",
                    "Development",
                    "Validation",
                    "Implementation",
                    "Completed",
                    "Blocked",
                    "Backlogged",
                    "Other",
                )
            ]
            + ["Validation::Requested", "Validation::Nonsense", "Stage::", "Stage"]
        ),
        max_size=3,
        unique=True,
    ),
    st.booleans(),
    st.sampled_from(Verb),
    st.sampled_from(["", "Planning", "Development", "Completed", "Blocked", CLOSED]),
    st.sets(st.sampled_from([*EVERYTHING, "force", "iteration"])),
)
def test_illegal_moves_change_nothing(
    labels: tuple[str, ...],
    stages: list[str],
    closed: bool,
    verb: Verb,
    target: str,
    said: set[str],
) -> None:
    office = Office()
    iid = office.tracker.opened()
    office.tracker.relabel(iid, *stages, *labels)
    if closed:
        office.tracker.closed(iid)
    before = office.tracker.snapshot()
    asked = {name: value for name, value in EVERYTHING.items() if name in said}
    asked |= {"force": "force" in said, "iteration": "current" if "iteration" in said else None}

    try:
        plan = office.plan(iid, None if target else verb, target, **asked)
    except UsageError:
        assert office.tracker.snapshot() == before
        # What the move has no use for is left out.
        kept = {name: asked[name] for name in ("reason", "force") if name in asked}
        if kept["force"] and "reason" not in kept:
            return
        plan = office.plan(iid, None if target else verb, target, **kept)
    assert office.tracker.snapshot() == before
    done = office.applier().apply(plan)

    if not plan.is_legal or plan.is_empty:
        assert not done.done
        assert office.tracker.snapshot() == before
        assert plan.is_empty or plan.missing
        for one in plan.missing:
            assert one.message
            assert one.remedy
    else:
        assert done.done
        assert not done.problems
        after = office.issue(iid)
        assert after == replace(after, title="Something")
        if not after.is_closed:
            assert len(office.stages(iid)) == 1
