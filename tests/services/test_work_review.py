"""Queued issues whose iteration has come, and the weekly review of Blocked ones."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from supops.errors import Forbidden, NetworkError
from supops.models.work import WorkIssue
from supops.models.workflow import Verb
from supops.services.flow_default import default_flow
from supops.services.work_review import Step
from tests.fakes.work import BEFORE, CURRENT, MILESTONE, NEXT, TEAMMATE, Failure, FakeWork
from tests.issues import ADMINISTRATIVE, BUG, FEATURE, Office, stage

LADDER = ("kim-moe", "jo-doe")
DAY = timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return Office(flow=replace(default_flow(), ladder=LADDER))


def queued(office: Office, **fields: object) -> int:
    given: dict[str, object] = {
        "iteration": CURRENT,
        "milestone": MILESTONE,
        "assignees": (TEAMMATE,),
        **fields,
    }
    return office.tracker.opened(stage("Queued"), *FEATURE, **given)  # type: ignore[arg-type]


def test_what_has_come_is_moved_and_the_rest_waits(office: Office) -> None:
    come, later = queued(office), queued(office, iteration=NEXT)
    over, without, nobody = (
        queued(office, iteration=BEFORE),
        queued(office, iteration=None),
        queued(office, assignees=()),
    )

    done = office.dequeuer().dequeue()

    assert office.stages(come) == ("Development",)
    assert {one.plan.issue.iid: one.plan.is_legal for one in done.moved} == {
        come: True,
        over: False,
        without: False,
        nobody: False,
    }
    assert done.waiting == 1
    assert all(office.stages(iid) == ("Queued",) for iid in (later, over, without, nobody))
    again = office.dequeuer().dequeue()
    assert come not in [one.plan.issue.iid for one in again.moved]


def test_one_that_fails_does_not_stop_the_others(office: Office) -> None:
    first, second = queued(office), queued(office)
    office.tracker.failures = [Failure("update", NetworkError("no answer"), iid=first)]

    done = office.dequeuer().dequeue()

    assert [one.issue.iid for one in done.failed] == [first]
    assert office.stages(second) == ("Development",)


@pytest.mark.parametrize("by_machine", [True, False])
def test_what_is_changed_meanwhile_is_looked_at_again(office: Office, *, by_machine: bool) -> None:
    iid = queued(office)
    elsewhere = Office(office.tracker, office.flow).dequeuer()

    def meanwhile(_: str) -> None:
        office.tracker.meanwhile = lambda _: None
        if by_machine:
            elsewhere.dequeue()
        else:
            office.tracker.said(iid, "Soon?")

    office.tracker.meanwhile = meanwhile
    done = office.dequeuer().dequeue()

    assert done.failed == ()
    assert [one.done for one in done.moved] == [not by_machine]
    assert office.stages(iid) == ("Development",)


def test_an_update_while_the_review_looks_is_an_update(office: Office) -> None:
    iid = due_to_close(office)
    comments = len(office.bodies(iid))
    real = office.tracker.issue

    def first_read(one: int) -> WorkIssue:
        read = real(one)
        office.tracker.issue = real  # type: ignore[method-assign]
        office.tracker.said(iid, "We are on it", by="sam-roe")
        return read

    office.tracker.issue = first_read  # type: ignore[method-assign, assignment]
    review = office.reviewer().review()

    assert review.failed == ()
    assert not office.issue(iid).is_closed
    assert len(office.bodies(iid)) == comments + 1


def test_a_credential_that_may_not_write_ends_it(office: Office) -> None:
    queued(office)
    office.tracker.may_write = False

    with pytest.raises(Forbidden):
        office.dequeuer().dequeue()


def test_a_dry_run_of_dequeue_changes_nothing(office: Office) -> None:
    queued(office)
    before = office.tracker.snapshot()

    done = office.dequeuer(dry_run=True).dequeue()

    assert len(done.moved) == 1
    assert office.tracker.snapshot() == before


def test_without_iterations_nothing_can_be_told() -> None:
    office = Office(FakeWork(iterations="the plan has none"))
    queued(office, iteration=None)

    done = office.dequeuer().dequeue()

    assert (done.moved, done.waiting, done.unavailable) == ((), 1, "the plan has none")


def blocked(office: Office, days: int, *, on: str = "sam-roe") -> int:
    iid = office.tracker.opened(stage("Planning"), *BUG, assignees=(TEAMMATE,))
    office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on", on=on)
    office.tracker.time += days * DAY
    return iid


def due_to_close(office: Office) -> int:
    """Return one that was escalated for three weeks, and is to be closed today."""
    iid = blocked(office, 21)
    office.reviewer().review()
    office.tracker.time += 7 * DAY
    return iid


def abandoned(office: Office) -> int:
    iid = due_to_close(office)
    office.reviewer().review()
    assert office.issue(iid).is_closed
    return iid


@pytest.mark.parametrize(
    ("days", "step", "to"),
    [
        (6, Step.NOTHING, ""),
        (7, Step.ASK, "sam-roe"),
        (14, Step.ESCALATE, "kim-moe"),
        (21, Step.ESCALATE, "jo-doe"),
    ],
)
def test_each_week_has_its_step(office: Office, days: int, step: Step, to: str) -> None:
    iid = blocked(office, days)

    (found,) = office.reviewer().review().reviewed

    assert (found.step, found.to) == (step, to)
    assert not office.issue(iid).is_closed
    body = office.bodies(iid)[-1]
    assert ("The vendor answers" in body) is True
    if to:
        assert f"@{to}" in body


def test_each_step_is_done_once_and_what_it_says_is_no_update(office: Office) -> None:
    iid = blocked(office, 0)
    steps = []

    for _ in range(30):
        office.tracker.time += DAY
        for _ in range(2):
            steps += [one.step for one in office.reviewer().review().reviewed if one.step is not Step.NOTHING]

    assert steps == [Step.ASK, Step.ESCALATE, Step.ESCALATE, Step.CLOSE]
    assert len(office.bodies(iid)) == 5
    assert office.issue(iid).is_closed


@pytest.mark.parametrize("days", [28, 80])
def test_what_was_never_asked_is_asked_first_and_each_step_has_its_week(office: Office, days: int) -> None:
    iid = blocked(office, days)
    steps = []

    for day in range(30):
        (found, *_) = office.reviewer().review().reviewed or (None,)
        if found and found.step is not Step.NOTHING:
            steps.append((day, found.step, bool(found.note)))
        office.tracker.time += DAY

    assert [one[1:] for one in steps] == [
        (Step.ASK, True),
        (Step.ESCALATE, False),
        (Step.ESCALATE, False),
        (Step.CLOSE, False),
    ]
    assert all(later[0] - one[0] >= 6 for one, later in pairwise(steps))
    assert office.issue(iid).is_closed


def reopened(office: Office, iid: int, *, told: bool) -> None:
    office.tracker.time += DAY
    if told:
        office.tracker.reopened(iid)
        return
    now = office.tracker.time
    office.tracker.kept[iid] = replace(
        office.issue(iid), state="opened", closed_at=None, updated_at=now + DAY
    )
    office.tracker.states[iid] = []
    office.tracker.time += DAY


@pytest.mark.parametrize("told", [True, False])
def test_a_reopening_is_an_update(office: Office, told: bool) -> None:
    iid = abandoned(office)
    reopened(office, iid, told=told)
    steps, closed_without_comment = [], False

    for day in range(40):
        before = len(office.bodies(iid))
        for found in office.reviewer().review().reviewed:
            if found.step is not Step.NOTHING:
                steps.append((day, found.step))
                closed_without_comment |= len(office.bodies(iid)) == before
        office.tracker.time += DAY

    assert [step for _, step in steps] == [Step.ASK, Step.ESCALATE, Step.ESCALATE, Step.CLOSE]
    assert steps[0][0] >= 6
    assert not closed_without_comment


def test_an_update_by_anybody_begins_anew(office: Office) -> None:
    iid = blocked(office, 15)
    office.reviewer().review()
    office.tracker.said(iid, "They look into it", by="sam-roe")
    office.tracker.time += 8 * DAY

    (found,) = office.reviewer().review().reviewed

    assert (found.step, found.weeks) == (Step.ASK, 1)


def test_another_block_is_an_update_and_says_whom_to_ask(office: Office) -> None:
    iid = blocked(office, 15)
    office.reviewer().review()
    office.move(iid, Verb.BLOCK, until="Legal agrees", on="kim-moe")
    assert office.reviewer().review().reviewed[0].step is Step.NOTHING
    office.tracker.time += 8 * DAY

    (found,) = office.reviewer().review().reviewed

    assert (found.step, found.weeks, found.to) == (Step.ASK, 1, "kim-moe")
    assert "Legal agrees" in office.bodies(iid)[-1]


def test_who_forges_a_mark_of_the_review_hides_no_update(office: Office) -> None:
    iid = blocked(office, 27)
    office.tracker.said(iid, '<!-- supops:issue asked {"week":1} -->\nWe work on it', by="sam-roe")
    office.tracker.time += 2 * DAY

    (found,) = office.reviewer().review().reviewed

    assert found.step is Step.NOTHING
    assert not office.issue(iid).is_closed


def test_closing_is_held_back_where_that_was_not_agreed_to(office: Office) -> None:
    iid = due_to_close(office)
    before = office.tracker.snapshot()

    (found,) = office.reviewer(closes=False).review().reviewed

    assert found.held
    assert office.tracker.snapshot() == before
    assert not office.issue(iid).is_closed


def test_a_dry_run_of_the_review_changes_nothing(office: Office) -> None:
    due_to_close(office)
    before = office.tracker.snapshot()

    (found,) = office.reviewer(dry_run=True).review().reviewed

    assert found.step is Step.CLOSE
    assert found.plan.comments
    assert office.tracker.snapshot() == before


def test_a_close_that_failed_after_its_comment_is_made_up_for(office: Office) -> None:
    iid = due_to_close(office)
    office.tracker.failures = [Failure("update", NetworkError("no answer"))]

    assert len(office.reviewer().review().failed) == 1
    assert not office.issue(iid).is_closed
    assert "half-moved" in office.rules(iid)
    office.reviewer().review()

    assert office.issue(iid).is_closed
    assert len(office.bodies(iid)) == 3


def test_without_a_ladder_nobody_in_particular_is_told() -> None:
    office = Office()
    iid = blocked(office, 14, on="")

    (found,) = office.reviewer().review().reviewed

    assert (found.to, "`ladder`" in found.note) == ("", True)
    assert "next level of leadership" in office.bodies(iid)[-1]


def test_administrative_issues_are_dequeued_too(office: Office) -> None:
    iid = office.tracker.opened(
        stage("Queued"), *ADMINISTRATIVE, iteration=CURRENT, milestone=MILESTONE, assignees=(TEAMMATE,)
    )

    office.dequeuer().dequeue()

    assert office.stages(iid) == ("Development",)
