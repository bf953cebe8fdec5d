"""Moves of issues, with everything in memory: what each needs, what each does, and that it is safe to repeat."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from supops.errors import Forbidden, NetworkError, NotFound, UsageError
from supops.models.work import Iteration
from supops.models.workflow import Verb
from supops.services.flow_default import Switches, Where, default_flow
from supops.services.work_ports import Changed
from tests.fakes.work import BEFORE, CURRENT, LEADER, MILESTONE, NEXT, TEAMMATE, Failure, FakeWork
from tests.issues import ADMINISTRATIVE, BLUEPRINT, BUG, FEATURE, GAMEPLAN, Office, stage


@pytest.fixture
def office() -> Office:
    return Office()


def needs(plan: object) -> list[str]:
    return [one.need for one in plan.missing]  # type: ignore[attr-defined]


def test_triage_puts_an_issue_without_labels_into_the_flow(office: Office) -> None:
    iid = office.tracker.opened()

    done = office.move(iid, Verb.TRIAGE, type="bug", priority="1", customer="support")

    assert done.done
    assert not done.problems
    assert set(office.issue(iid).labels) == {
        stage("Triage"),
        "RequestType::Bug",
        "Priority::1",
        "Customer::Support",
    }
    assert office.bodies(iid) == []


def test_planning_needs_type_priority_and_customer(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"))
    before = office.tracker.snapshot()

    done = office.move(iid, Verb.PLAN)

    assert needs(done.plan) == ["type", "priority", "customer"]
    assert not done.done
    assert office.tracker.snapshot() == before
    assert office.move(iid, Verb.PLAN, type="bug", priority="2", customer="Security").done
    assert office.stages(iid) == ("Planning",)


def test_a_feature_needs_its_approval_as_well(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *FEATURE)

    assert needs(office.plan(iid, Verb.PLAN)) == ["approval"]

    # Anybody can write a mark; only what the team writes counts.
    mark = '<!-- supops:issue approval {"approved":true} -->'
    office.tracker.said(iid, mark, by="sam-roe")
    assert needs(office.plan(iid, Verb.PLAN)) == ["approval"]
    office.tracker.said(iid, f"I read this:\n{mark}")
    assert needs(office.plan(iid, Verb.PLAN)) == ["approval"]
    office.tracker.said(iid, mark)
    assert office.move(iid, Verb.PLAN).done


@pytest.mark.parametrize("label", ["Approval::Granted", "Approval::Not needed"])
def test_an_approval_that_people_labelled_by_hand_counts(office: Office, label: str) -> None:
    iid = office.tracker.opened(stage("Triage"), *FEATURE, label)

    assert office.plan(iid, Verb.PLAN).is_legal
    # Whoever opens an issue can label it then, a Guest as well.
    office.tracker.relabel(iid, stage("Triage"), *FEATURE)
    office.tracker.relabel(iid, stage("Triage"), *FEATURE, label, by="sam-roe")
    (missing,) = office.plan(iid, Verb.PLAN).missing
    assert f"{label} was not set by anybody of the team" in missing.message


@pytest.mark.parametrize("state", ["Received", "Skipped"])
def test_a_validation_counts_where_the_team_set_requested_or_told_it(office: Office, state: str) -> None:
    label = f"Validation::{state}"

    def opened(*more: str, by: str) -> int:
        iid = office.tracker.opened(stage("Development"), *BUG)
        office.tracker.said(iid, GAMEPLAN)
        for labels in ([*more], [label]):
            office.tracker.relabel(
                iid, stage("Development"), *BUG, *labels, by=by if label in labels else TEAMMATE
            )
        return iid

    # Whoever opens an issue can label it then, a Guest as well.
    iid = opened(by="sam-roe")
    (missing,) = office.plan(iid, Verb.IMPLEMENT).missing
    assert (missing.need, f"{label} was set by nobody of the team" in missing.message) == ("validation", True)
    assert office.rules(iid) == ["validation-by-others"]
    assert not office.plan(iid, Verb.VALIDATED).is_legal
    assert office.move(iid, Verb.REQUEST_VALIDATION).done
    assert office.move(iid, Verb.VALIDATED).done
    told = opened(by="sam-roe")
    office.move(told, Verb.VALIDATED, force=True, reason="It was on the phone")
    for one in (iid, told, opened(by=TEAMMATE), opened("Validation::Awaiting", by="sam-roe")):
        assert office.plan(one, Verb.IMPLEMENT).is_legal
        assert office.rules(one) == []


@pytest.mark.parametrize(
    ("heading", "by", "counts"),
    [
        ("## Gameplan\n\nDo it", TEAMMATE, True),
        ("**Gameplan**: do it", TEAMMATE, True),
        ("## Gameplan", "sam-roe", False),
        ("The gameplan is missing", TEAMMATE, False),
    ],
)
def test_a_gameplan_is_a_comment_of_the_team(office: Office, heading: str, by: str, counts: bool) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    office.tracker.said(iid, heading, by=by)

    assert office.plan(iid, Verb.START).is_legal is counts


def test_a_gameplan_from_a_file_is_posted_once_and_counts(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *FEATURE)

    done = office.move(iid, Verb.SCHEDULE, gameplan="1. Do it\n/close\n<!-- supops:issue approval {} -->")

    assert done.done
    (body,) = office.bodies(iid)
    assert body.startswith("<!-- supops:issue gameplan ")
    assert "\n/close" not in body
    assert body.count("<!--") == 1
    assert office.move(iid, target="Planning", reason="Too early").done
    assert office.move(iid, Verb.SCHEDULE).done
    assert sum("gameplan" in one for one in office.bodies(iid)) == 1


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_mentions_people_and_says_whom_it_does_not(office: Office, *, dry_run: bool) -> None:
    iid = office.tracker.opened(stage("Planning"), *FEATURE)
    text = f"Ask @{LEADER.upper()}, @support-ops and @all.\n\n```\n@cached\n```"

    done = office.move(iid, Verb.SCHEDULE, gameplan=text, dry_run=dry_run)

    (comment,) = done.plan.comments
    assert comment.body.endswith(text.replace("@s", "@ s").replace("@all", "@ all"))
    assert LEADER.upper() in done.plan.notify
    assert not {"support-ops", "all", "cached"} & {*done.plan.notify}
    assert office.notices.warnings[:2] == [
        "@support-ops is a group or nobody: not mentioned",
        "@all is a group or nobody: not mentioned",
    ]


def test_out_of_scheduling_needs_iteration_milestone_and_dri(office: Office) -> None:
    iid = office.tracker.opened(stage("Scheduling"), *FEATURE)

    assert needs(office.plan(iid, Verb.START)) == ["iteration", "milestone", "dri"]

    done = office.move(iid, Verb.SCHEDULE, iteration="next", milestone="next", dri=TEAMMATE)

    issue = office.issue(iid)
    assert done.done
    assert (issue.iteration, issue.milestone, issue.assignees) == (NEXT, MILESTONE, (TEAMMATE,))
    assert office.stages(iid) == ("Queued",)
    assert needs(office.plan(iid, Verb.START)) == ["current-iteration"]


def test_what_is_scheduled_for_the_current_iteration_waits_for_nothing(office: Office) -> None:
    iid = office.tracker.opened(stage("Scheduling"), *ADMINISTRATIVE)

    office.move(iid, Verb.SCHEDULE, iteration="current", milestone="2026-12-01", dri="@JO-DOE")

    assert office.stages(iid) == ("Scheduling",)
    assert office.issue(iid).iteration == CURRENT
    assert needs(office.plan(iid, target="Queued")) == ["later-iteration"]
    (late,) = office.plan(iid, Verb.START, iteration="next").missing
    assert f"`supops issues move {iid} Queued --iteration {NEXT.id}`" in late.remedy
    (soon,) = office.plan(iid, target="Queued", iteration="current").missing
    assert f"`supops issues start {iid} --iteration current`" in soon.remedy
    assert office.move(iid, Verb.START).done


def test_an_iteration_that_is_over_has_to_be_another(office: Office) -> None:
    iid = office.tracker.opened(
        stage("Queued"), *FEATURE, iteration=BEFORE, milestone=MILESTONE, assignees=(TEAMMATE,)
    )

    plan = office.plan(iid, Verb.START)

    assert needs(plan) == ["current-iteration"]
    assert "is over" in plan.missing[0].message
    assert office.move(iid, Verb.START, iteration="current").done


def test_without_iterations_the_milestone_alone_says_when() -> None:
    office = Office(FakeWork(iterations="the group's plan has none"))
    iid = office.tracker.opened(stage("Scheduling"), *FEATURE)

    plan = office.plan(iid, Verb.START)
    assert needs(plan) == ["milestone", "dri"]
    done = office.move(iid, Verb.START, milestone="next", dri=TEAMMATE)

    assert done.done
    assert "the group's plan has none" in done.plan.remarks[0]
    with pytest.raises(UsageError, match="the group's plan has none"):
        office.plan(iid, Verb.START, iteration="current")


def test_validation_inside_of_development(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)

    assert needs(office.plan(iid, Verb.IMPLEMENT)) == ["validation"]
    office.move(iid, Verb.REQUEST_VALIDATION)
    assert office.stages(iid) == ("Development",)
    assert "Validation::Requested" in office.issue(iid).labels
    assert "@sam-roe" in office.bodies(iid)[-1]
    assert needs(office.plan(iid, Verb.IMPLEMENT)) == ["validation"]

    assert needs(office.plan(iid, Verb.REJECTED)) == ["reason"]
    office.move(iid, Verb.REJECTED, reason="It is slow\n/close @all")
    assert office.stages(iid) == ("Development",)
    assert "Validation::Rejected" in office.issue(iid).labels
    assert "Validation::Requested" not in office.issue(iid).labels
    assert "`/close @all`" in office.bodies(iid)[-1]

    again = office.move(iid, Verb.REQUEST_VALIDATION)
    assert again.done
    assert "round 2" in office.bodies(iid)[-1]
    office.move(iid, Verb.VALIDATED)
    assert office.move(iid, Verb.IMPLEMENT).done
    assert office.stages(iid) == ("Implementation",)


def test_validation_in_a_stage_of_its_own() -> None:
    office = Office(flow=default_flow(Switches(validation=Where.STAGE)))
    iid = office.tracker.opened(stage("Development"), *FEATURE)

    office.move(iid, Verb.REQUEST_VALIDATION)
    assert office.stages(iid) == ("Validation",)
    office.move(iid, Verb.REJECTED, reason="No")
    assert office.stages(iid) == ("Development",)
    office.move(iid, Verb.REQUEST_VALIDATION)
    office.move(iid, Verb.VALIDATED)
    assert office.move(iid, Verb.IMPLEMENT).done


def test_newer_teams_say_awaiting(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG, "Validation::Awaiting")

    assert office.move(iid, Verb.VALIDATED).done
    assert "Validation::Awaiting" not in office.issue(iid).labels


def test_administrative_work_skips_validation_and_says_so(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *ADMINISTRATIVE)

    (option,) = [one for one in office.mover.options(office.dossier(iid)) if one.move.verb is Verb.IMPLEMENT]
    assert option.asks == ("reason",)
    before = office.tracker.snapshot()
    plan = office.move(iid, Verb.IMPLEMENT).plan
    assert needs(plan) == ["reason"]
    assert "--reason TEXT" in plan.missing[0].remedy
    assert office.tracker.snapshot() == before

    office.move(iid, Verb.IMPLEMENT, reason="Nobody asked for it")

    assert "Validation::Skipped" in office.issue(iid).labels
    assert "Nobody asked for it" in office.bodies(iid)[-1]


@pytest.mark.parametrize(
    ("blueprint", "counts"), [("See !12", True), ("See https://example.com/x", True), ("It is done", False)]
)
def test_completed_needs_a_blueprint_with_a_link(office: Office, blueprint: str, counts: bool) -> None:
    iid = office.tracker.opened(stage("Implementation"), *BUG)

    assert needs(office.plan(iid, Verb.COMPLETE)) == ["blueprint"]
    assert office.move(iid, Verb.COMPLETE, blueprint=blueprint).done is counts
    assert (office.stages(iid) == ("Completed",)) is counts


def test_completed_is_closed_by_a_step_of_its_own_or_at_once(office: Office) -> None:
    iid = office.tracker.opened(stage("Implementation"), *BUG)
    office.tracker.said(iid, BLUEPRINT)
    office.move(iid, Verb.COMPLETE)
    assert not office.issue(iid).is_closed
    office.move(iid, Verb.CLOSE)
    assert office.issue(iid).is_closed

    at_once = Office(flow=default_flow(Switches(close_on_completion=True)))
    iid = at_once.tracker.opened(stage("Implementation"), *BUG)
    at_once.move(iid, Verb.COMPLETE, blueprint="!1", keep_open=True)
    assert not at_once.issue(iid).is_closed
    iid = at_once.tracker.opened(stage("Implementation"), *BUG)
    at_once.move(iid, Verb.COMPLETE, blueprint="!1")
    assert at_once.issue(iid).is_closed
    assert at_once.move(iid, Verb.COMPLETE).plan.is_empty


@pytest.mark.parametrize(
    ("labels", "said"),
    [(BUG, "Closed as invalid"), (FEATURE, "Closed as not approved"), (ADMINISTRATIVE, "Closed")],
)
def test_closing_from_triage_needs_a_reason_and_says_it(
    office: Office, labels: tuple[str, ...], said: str
) -> None:
    iid = office.tracker.opened(stage("Triage"), *labels)

    assert needs(office.plan(iid, Verb.CLOSE)) == ["reason"]
    assert office.move(iid, Verb.CLOSE, reason="It works as it should").done
    assert office.issue(iid).is_closed
    assert f"## {said}" in office.bodies(iid)[-1]
    assert "It works as it should" in office.bodies(iid)[-1]


def test_a_guard_is_overridden_with_a_reason_that_the_comment_gives(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)

    with pytest.raises(UsageError, match="says why"):
        office.plan(iid, Verb.START, force=True)
    done = office.move(iid, Verb.START, force=True, reason="It burns")

    assert done.done
    (body,) = office.bodies(iid)
    assert "**Overridden**" in body
    assert "there is no gameplan" in body
    assert "It burns" in body
    # What was overridden knowingly contradicts nothing.
    assert office.rules(iid) == []


def test_force_makes_no_move_that_there_is_not(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)
    before = office.tracker.snapshot()

    plan = office.plan(iid, target="Completed", force=True, reason="Now")

    assert needs(plan) == ["move"]
    assert "it can get to" in plan.missing[0].remedy
    office.applier().apply(plan)
    assert office.tracker.snapshot() == before


def test_repeating_a_command_changes_nothing(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    steps: list[tuple[Verb, dict[str, Any]]] = [
        (Verb.REQUEST_VALIDATION, {}),
        (Verb.REJECTED, {"reason": "No"}),
        (Verb.REQUEST_VALIDATION, {}),
        (Verb.VALIDATED, {}),
        (Verb.IMPLEMENT, {}),
        (Verb.COMPLETE, {"blueprint": "!1"}),
        (Verb.CLOSE, {}),
    ]
    for verb, asked in steps:
        assert office.move(iid, verb, **asked).done
        before = office.tracker.snapshot()
        again = office.move(iid, verb, **asked)
        assert again.plan.is_legal
        assert not again.done
        assert office.tracker.snapshot() == before


@pytest.mark.parametrize(
    "name", ["Triage", "Planning", "Scheduling", "Development", "Implementation", "Blocked"]
)
def test_to_the_stage_that_it_is_in_there_is_nothing_to_do(office: Office, name: str) -> None:
    iid = office.tracker.opened(stage(name), *BUG)
    before = office.tracker.snapshot()

    done = office.move(iid, target=name)

    assert done.plan.is_legal
    assert done.plan.is_empty
    assert office.tracker.snapshot() == before


def test_fields_are_set_where_it_is(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"))

    assert office.move(iid, target="Triage", priority="2").done
    assert "Priority::2" in office.issue(iid).labels


def test_a_dry_run_writes_nothing_and_says_all(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG, assignees=(TEAMMATE,))
    office.tracker.said(iid, "Looks good", by="kim-moe")
    before = office.tracker.snapshot()

    plan = office.move(iid, Verb.REQUEST_VALIDATION, dry_run=True).plan

    assert office.tracker.snapshot() == before
    assert plan.notify == ("jo-doe", "kim-moe", "sam-roe")
    real = office.move(iid, Verb.REQUEST_VALIDATION)
    assert real.plan.comments[0].body == plan.comments[0].body == office.bodies(iid)[-1]


@pytest.mark.parametrize("call", ["update", "comment", "set_iteration"])
@pytest.mark.parametrize("acts", [False, True])
def test_after_a_failure_the_same_command_goes_on_from_there(office: Office, call: str, acts: bool) -> None:
    iid = office.tracker.opened(stage("Queued"), *FEATURE, iteration=BEFORE, milestone=MILESTONE)
    asked: dict[str, Any] = {"iteration": "current", "dri": TEAMMATE, "reason": "We have time"}
    office.tracker.failures = [
        Failure(call, NetworkError("no answer"), acts) for _ in range(1 if call != "comment" else 2 - acts)
    ]

    try:
        office.move(iid, Verb.START, **asked)
    except NetworkError:
        if not acts or call != "update":
            assert office.stages(iid) == ("Queued",)
    office.move(iid, Verb.START, **asked)

    assert office.stages(iid) == ("Development",)
    assert office.issue(iid).iteration == CURRENT
    assert sum("We have time" in one for one in office.bodies(iid)) == 1
    assert "half-moved" not in office.rules(iid)


def test_a_half_done_move_is_what_lint_finds(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.tracker.said(iid, GAMEPLAN)
    office.tracker.failures = [Failure("update", NetworkError("no answer"))]
    with pytest.raises(NetworkError):
        office.move(iid, Verb.REQUEST_VALIDATION)

    assert office.rules(iid) == ["half-moved"]
    office.move(iid, Verb.REQUEST_VALIDATION)
    assert office.rules(iid) == []


@pytest.mark.parametrize("call", ["update", "comment", "before"])
def test_what_somebody_else_changed_meanwhile_is_not_overwritten(office: Office, call: str) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    plan = office.plan(iid, Verb.REQUEST_VALIDATION)
    if call == "before":
        office.tracker.renamed(iid, "Changed")
    elif call == "update":
        office.tracker.meanwhile = lambda _: office.tracker.renamed(iid, "Changed")
    else:
        real = office.tracker.comment

        def commented(issue: object, body: str) -> object:
            note = real(issue, body)  # type: ignore[arg-type]
            office.tracker.renamed(iid, "Changed")
            return note

        office.tracker.comment = commented  # type: ignore[assignment, method-assign]

    with pytest.raises(Changed):
        office.applier().apply(plan)

    assert office.issue(iid).title == "Changed"
    assert "Validation::Requested" not in office.issue(iid).labels


def test_a_token_that_may_not_write_changes_nothing() -> None:
    office = Office(FakeWork(may_write=False))
    iid = office.tracker.opened(stage("Triage"), *BUG)
    before = office.tracker.snapshot()

    with pytest.raises(Forbidden):
        office.move(iid, Verb.PLAN)
    assert office.tracker.snapshot() == before
    assert office.move(iid, Verb.PLAN, dry_run=True).plan.is_legal


def test_an_issue_that_is_not_there(office: Office) -> None:
    with pytest.raises(NotFound):
        office.plan(404, Verb.PLAN)


def test_a_closed_issue_is_opened_again_first(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    office.tracker.closed(iid)

    plan = office.plan(iid, Verb.START)
    assert needs(plan) == ["move"]
    assert "open it again" in plan.missing[0].remedy

    assert office.move(iid, target="Triage", reason="It is back").done
    assert not office.issue(iid).is_closed
    assert office.stages(iid) == ("Triage",)


def test_two_stages_are_put_right_by_force_only(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)
    office.tracker.relabel(iid, stage("Development"), stage("Planning"), *BUG)

    assert needs(office.plan(iid, Verb.START)) == ["stage"]
    assert office.moves(iid) == {}
    assert office.move(iid, target="Planning", force=True, reason="It is planned").done
    assert office.stages(iid) == ("Planning",)


def test_two_types_have_to_be_one(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"))
    office.tracker.relabel(iid, stage("Triage"), "RequestType::Bug", "RequestType::Feature", *BUG[1:])

    assert needs(office.plan(iid, Verb.PLAN)) == ["type"]
    assert office.move(iid, Verb.PLAN, type="bug").done
    assert office.flow.types_of(office.issue(iid).labels) == ("Bug",)


def test_an_incident_is_outside_of_the_flow(office: Office) -> None:
    iid = office.tracker.opened("RequestType::Incident")

    assert office.moves(iid) == {}
    assert needs(office.plan(iid, Verb.TRIAGE)) == ["type"]


def test_a_new_label_is_told_of(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)

    office.move(iid, Verb.PLAN)

    assert "'Stage::Planning' did not exist" in office.notices.warnings[0]


def test_stages_have_somebody_responsible() -> None:
    from dataclasses import replace

    flow = default_flow()
    stages = tuple(replace(one, dri=TEAMMATE) if one.name == "Planning" else one for one in flow.stages)
    office = Office(flow=replace(flow, stages=stages))
    iid = office.tracker.opened(stage("Triage"), *BUG)

    office.move(iid, Verb.PLAN)

    assert office.issue(iid).assignees == (TEAMMATE,)


def test_blocked_returns_to_where_it_came_from(office: Office) -> None:
    iid = office.tracker.opened(stage("Implementation"), *BUG, "Validation::Received")

    assert needs(office.plan(iid, Verb.BLOCK)) == ["until", "then"]
    office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on", on="kim-moe")
    assert office.stages(iid) == ("Blocked",)
    assert "@kim-moe" in office.bodies(iid)[-1]

    unblocks = [one for one in office.moves(iid) if one[0] == Verb.UNBLOCK]
    assert unblocks == [(Verb.UNBLOCK, "Implementation")]
    assert needs(office.plan(iid, target="Triage")) == ["came-from"]
    office.move(iid, Verb.UNBLOCK)
    assert office.stages(iid) == ("Implementation",)
    assert "Validation::Received" in office.issue(iid).labels


def test_blocked_by_hand_its_history_says_where_it_came_from(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    office.move(iid, Verb.BLOCK, until="a", then="b")
    office.move(iid, Verb.UNBLOCK)
    # The comment is from another time.
    office.tracker.relabel(iid, stage("Development"), *BUG)
    office.tracker.relabel(iid, stage("Blocked"), *BUG)

    office.move(iid, Verb.UNBLOCK)

    assert office.stages(iid) == ("Development",)


def test_blocked_without_any_trace_is_put_right_by_force(office: Office) -> None:
    iid = office.tracker.opened(stage("Blocked"), *BUG)

    assert needs(office.plan(iid, Verb.UNBLOCK)) == ["came-from"]
    assert office.move(iid, target="Development", force=True, reason="Known").done


def test_names_are_found_and_unknown_ones_told(office: Office) -> None:
    iid = office.tracker.opened(stage("Scheduling"), *FEATURE, ago=timedelta(days=1))

    with pytest.raises(UsageError, match="no user"):
        office.plan(iid, Verb.SCHEDULE, dri="nobody")
    with pytest.raises(UsageError, match="No iteration is called"):
        office.plan(iid, Verb.SCHEDULE, iteration=" ")
    for name in ("current", "12", "2026-11-24"):
        assert office.plan(iid, Verb.SCHEDULE, iteration=name).iteration == CURRENT
    with pytest.raises(UsageError, match="No active milestone"):
        office.plan(iid, Verb.SCHEDULE, milestone="2027")
    with pytest.raises(UsageError, match="no type"):
        office.plan(iid, Verb.TRIAGE, type="buggy")


def test_of_several_cadences_the_iteration_has_to_be_named() -> None:
    fortnight = Iteration(21, "Fortnight", date(2026, 11, 15), date(2026, 11, 28))
    after = Iteration(22, "Fortnight 2", date(2026, 11, 29), date(2026, 12, 12))
    office = Office(FakeWork(iterations=(fortnight, CURRENT, NEXT, after)))
    iid = office.tracker.opened(stage("Scheduling"), *FEATURE)

    for name in ("current", "next"):
        with pytest.raises(UsageError, match=f"More than one iteration is called '{name}'"):
            office.plan(iid, Verb.SCHEDULE, iteration=name)
    # What has begun is not the next one.
    only_one_to_come = Office(FakeWork(iterations=(fortnight, CURRENT, NEXT)))
    iid = only_one_to_come.tracker.opened(stage("Scheduling"), *FEATURE)
    assert only_one_to_come.plan(iid, Verb.SCHEDULE, iteration="next").iteration == NEXT


def test_a_type_is_changed_in_triage_only(office: Office) -> None:
    rejected = office.tracker.opened(stage("Development"), *FEATURE, "Validation::Rejected")
    planned = office.tracker.opened(stage("Planning"), *BUG)
    office.tracker.said(planned, GAMEPLAN)
    before = office.tracker.snapshot()

    assert needs(office.plan(rejected, target="Implementation", type="administrative"))[0] == "type"
    assert needs(office.plan(planned, target="Scheduling", type="feature")) == ["type", "approval"]
    assert office.tracker.snapshot() == before

    done = office.move(planned, target="Scheduling", type="feature", force=True, reason="It is one")
    assert [one.need for one in done.plan.overridden] == ["type", "approval"]
    assert "no decision on its approval" in office.bodies(planned)[-1]
    triaged = office.tracker.opened(stage("Triage"), *BUG)
    assert office.move(triaged, Verb.TRIAGE, type="administrative").done


def test_a_type_that_was_missing_asks_for_what_issues_of_it_have_there(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG[1:])

    assert needs(office.plan(iid, target="Scheduling", type="feature", gameplan="Do it")) == ["approval"]
    assert office.plan(iid, target="Development", type="bug", gameplan="Do it").is_legal


@pytest.mark.parametrize("stages", [("Triage", "Planning"), ("Nowhere",)])
def test_a_stage_by_force_says_what_is_missing_there(office: Office, stages: tuple[str, ...]) -> None:
    iid = office.tracker.opened()
    office.tracker.relabel(iid, *(stage(one) for one in stages), *FEATURE)

    done = office.move(iid, target="Completed", force=True, reason="It was done by hand")

    lacking = ["approval", "gameplan", "iteration", "milestone", "dri", "validation", "blueprint"]
    assert [one.need for one in done.plan.overridden] == lacking
    assert done.plan.comments[0].mark.facts["forced"] == ",".join(lacking)
    assert "no technical blueprint" in office.bodies(iid)[-1]
    assert office.stages(iid) == ("Completed",)


def test_each_round_has_its_comment(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)

    for number in range(1, 4):
        assert office.move(iid, Verb.CLOSE, reason="It works").done
        assert not office.move(iid, Verb.CLOSE, reason="It works").done
        assert office.move(iid, target="Triage", reason="It is back").done
        assert len(office.bodies(iid)) == 2 * number


def test_a_round_is_another_one_where_people_opened_it_again_by_hand(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)
    office.move(iid, Verb.CLOSE, reason="It works")

    office.tracker.reopened(iid)

    assert "half-moved" not in office.rules(iid)
    assert office.move(iid, Verb.CLOSE, reason="It works").plan.comments


def test_an_older_comment_that_says_the_same_is_not_the_one_whose_answer_was_lost(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    for text in ("One way", "Another way"):
        office.move(iid, target="Planning", gameplan=text)

    for acts in (False, True):
        office.tracker.failures = [Failure("comment", NetworkError("no answer"), acts=acts)]
        text = "Another way" if acts else "One way"
        assert office.move(iid, target="Planning", gameplan=text).done
        assert text in office.bodies(iid)[-1]

    assert len(office.bodies(iid)) == 4


def test_what_iterations_and_milestones_are_called_is_no_change_of_an_issue(office: Office) -> None:
    labels = (stage("Scheduling"), *ADMINISTRATIVE)
    iid = office.tracker.opened(*labels, iteration=CURRENT, milestone=MILESTONE, assignees=(TEAMMATE,))
    plan = office.plan(iid, target="Development", reason="It is urgent")
    assert plan.comments
    office.tracker.kept[iid] = replace(
        office.issue(iid),
        iteration=replace(CURRENT, title="Renamed"),
        milestone=replace(MILESTONE, title="Renamed"),
    )

    assert office.applier().apply(plan).done


def test_another_reason_is_another_comment(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.tracker.failures = [Failure("update", NetworkError("no answer"))]
    with pytest.raises(NetworkError):
        office.move(iid, target="Planning", reason="Too early")

    office.move(iid, target="Planning", reason="Too late")

    assert ["Too early" in office.bodies(iid)[0], "Too late" in office.bodies(iid)[1]] == [True, True]


@pytest.mark.parametrize("where", [Where.STAGE, Where.EITHER])
def test_the_stage_of_validation_is_no_trap(where: Where) -> None:
    office = Office(flow=default_flow(Switches(validation=where)))
    iid = office.tracker.opened(stage("Validation"), *BUG)

    for labels, validation in (((), "Requested"), (("Validation::Received",), "Requested")):
        office.tracker.relabel(iid, stage("Validation"), *BUG, *labels)
        assert office.move(iid, Verb.REQUEST_VALIDATION).done
        assert office.stages(iid) == ("Validation",)
        assert f"Validation::{validation}" in office.issue(iid).labels
        again = office.move(iid, Verb.REQUEST_VALIDATION)
        assert again.plan.is_legal
        assert not again.done

    assert office.move(iid, Verb.VALIDATED).done
    assert needs(office.plan(iid, Verb.REJECTED)) == ["reason"]
    assert office.move(iid, Verb.REJECTED, reason="It broke again").done
    assert office.stages(iid) == ("Development",)
    assert "Validation::Rejected" in office.issue(iid).labels


def test_what_was_received_in_development_can_still_be_rejected(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG, "Validation::Received")

    assert office.move(iid, Verb.REJECTED, reason="It broke again").done


def test_to_validation_and_requested_again_is_nothing_to_do(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *FEATURE)
    office.move(iid, Verb.REQUEST_VALIDATION)
    assert office.move(iid, target="Validation").done

    again = office.move(iid, Verb.REQUEST_VALIDATION)

    assert again.plan.is_legal
    assert again.plan.is_empty


def test_fields_are_set_where_an_issue_is_already(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)

    assert office.move(iid, target="Planning", priority="4", dri=TEAMMATE).done
    assert "Priority::4" in office.issue(iid).labels
    assert office.stages(iid) == ("Planning",)
    assert office.move(iid, Verb.PLAN, customer="Security", reason="They pay").done
    assert "They pay" in office.bodies(iid)[-1]
    before = office.tracker.snapshot()
    again = office.move(iid, Verb.PLAN, customer="Security", reason="They pay")
    assert again.plan.is_legal
    assert office.tracker.snapshot() == before
    assert office.rules(iid) == []


@pytest.mark.parametrize(
    ("name", "asked", "need"),
    [
        ("Planning", {"reason": "Again"}, "reason"),
        ("Planning", {"type": "feature"}, "type"),
        ("Triage", {"type": "incident"}, "type"),
    ],
)
def test_what_is_said_is_done_or_refused(office: Office, name: str, asked: dict[str, Any], need: str) -> None:
    iid = office.tracker.opened(stage(name), *BUG)
    before = office.tracker.snapshot()

    plan = office.plan(iid, target=name, **asked)

    assert needs(plan)[0] == need
    assert plan.missing[0].remedy
    office.applier().apply(plan)
    assert office.tracker.snapshot() == before


def test_a_requester_that_was_not_asked_is_said_so(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.move(iid, Verb.REQUEST_VALIDATION, requester=TEAMMATE)

    assert office.plan(iid, Verb.REQUEST_VALIDATION, requester=TEAMMATE).is_legal
    assert needs(office.plan(iid, Verb.REQUEST_VALIDATION, requester="kim-moe")) == ["requester"]


WAITS: dict[str, Any] = {"until": "The vendor answers", "then": "Carry on", "on": "kim-moe"}


def test_what_a_blocked_issue_waits_for_can_change(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.move(iid, Verb.BLOCK, **WAITS)

    done = office.move(iid, Verb.BLOCK, until="Legal agrees", priority="4")

    assert done.done
    assert office.stages(iid) == ("Blocked",)
    assert "Priority::4" in office.issue(iid).labels
    body = office.bodies(iid)[-1]
    # What is not said again holds on.
    for text in ("Came from: Development", "Until: Legal agrees", "Then: Carry on", "@kim-moe"):
        assert text in body
    shown = office.viewer.show(iid, office.mover)
    assert (shown.came_from, shown.until, shown.then) == ("Development", "Legal agrees", "Carry on")
    assert office.rules(iid) == []
    office.move(iid, Verb.UNBLOCK)
    assert office.stages(iid) == ("Development",)


@pytest.mark.parametrize("asked", [{}, WAITS, {**WAITS, "until": " The vendor\nanswers"}])
def test_the_same_about_a_block_changes_nothing(office: Office, asked: dict[str, Any]) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    office.move(iid, Verb.BLOCK, **WAITS, reason="They are late")
    before = office.tracker.snapshot()

    for done in (office.move(iid, Verb.BLOCK, **asked), office.move(iid, target="Blocked", **asked)):
        assert done.plan.is_legal
        assert not done.done
        assert done.plan.remarks == ("it is in Blocked already",)
    assert office.tracker.snapshot() == before

    for number, until in enumerate(("Legal agrees", "The vendor answers", "Legal agrees"), start=2):
        assert office.move(iid, Verb.BLOCK, until=until).done
        assert not office.move(iid, Verb.BLOCK, until=until).done
        assert len(office.bodies(iid)) == number


def test_where_the_flow_has_no_move_for_that_it_is_blocked_anew() -> None:
    flow = default_flow()
    moves = tuple(one for one in flow.moves if not (one.in_place and one.verb is Verb.BLOCK))
    office = Office(flow=replace(flow, moves=moves))
    iid = office.tracker.opened(stage("Planning"), *BUG)
    office.move(iid, Verb.BLOCK, **WAITS)

    assert office.plan(iid, Verb.BLOCK, **WAITS).is_empty
    (one,) = office.plan(iid, Verb.BLOCK, until="Legal agrees").missing
    assert (one.need, f"`supops issues unblock {iid}`" in one.remedy) == ("until", True)


def test_an_issue_that_was_blocked_by_hand_is_given_its_comment(office: Office) -> None:
    known, unknown = (
        office.tracker.opened(stage("Planning"), *BUG),
        office.tracker.opened(stage("Blocked"), *BUG),
    )
    office.tracker.relabel(known, stage("Blocked"), *BUG)

    for iid, text in ((known, "Came from: Planning"), (unknown, "Came from: not known")):
        assert needs(office.plan(iid, Verb.BLOCK)) == ["until", "then"]
        office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on")
        assert text in office.bodies(iid)[-1]
        assert office.rules(iid) == []
    assert office.move(known, Verb.UNBLOCK).done
    assert needs(office.plan(unknown, Verb.UNBLOCK)) == ["came-from"]


@pytest.mark.parametrize(
    ("name", "labels", "target", "asked", "options", "hint"),
    [
        ("Planning", FEATURE, "Scheduling", {"until": "x"}, "--until", "`supops issues block 1`"),
        (
            "Planning",
            BUG,
            "Planning",
            {"until": "x", "on": "kim-moe"},
            "--until, --on",
            "`supops issues block 1`",
        ),
        ("Triage", BUG, "Planning", {"blueprint": "!1"}, "--blueprint", "`supops issues complete 1`"),
        (
            "Triage",
            ADMINISTRATIVE,
            "Scheduling",
            {"gameplan": "x"},
            "--gameplan",
            "no move of administrative work",
        ),
        (
            "Completed",
            BUG,
            "Closed",
            {"dri": TEAMMATE, "iteration": "next"},
            "--iteration, --dri",
            "Leave --dri out",
        ),
        ("Completed", FEATURE, "Closed", {"milestone": "next"}, "--milestone", "`supops issues start 1`"),
        ("Implementation", BUG, "Completed", {"keep_open": True, "blueprint": "!1"}, "--keep-open", "Leave"),
        ("Planning", BUG, "Development", {"requester": TEAMMATE}, "--requester", "request-validation 1`"),
        ("Blocked", BUG, "Closed", {"then": "x", "reason": "y"}, "--then", "`supops issues block 1`"),
    ],
)
def test_what_a_move_has_no_use_for_is_refused(
    office: Office,
    name: str,
    labels: tuple[str, ...],
    target: str,
    asked: dict[str, Any],
    options: str,
    hint: str,
) -> None:
    iid = office.tracker.opened(stage(name), *labels)
    before = office.tracker.snapshot()

    with pytest.raises(UsageError, match=f"{options} means? nothing for a move to {target}") as caught:
        office.plan(iid, target=target, **asked)

    assert hint in (caught.value.hint or "")
    assert office.tracker.snapshot() == before


@pytest.mark.parametrize(
    ("name", "labels", "target", "asked"),
    [
        ("Triage", BUG, "Planning", {"gameplan": "x", "priority": "1", "dri": TEAMMATE, "iteration": "next"}),
        ("Development", BUG, "Development", {"gameplan": "x"}),
        ("Development", (*BUG, "Validation::Received"), "Implementation", {"blueprint": "!1"}),
        ("Completed", BUG, "Completed", {"blueprint": "!1"}),
    ],
)
def test_what_does_no_harm_where_it_is_said_is_done(
    office: Office, name: str, labels: tuple[str, ...], target: str, asked: dict[str, Any]
) -> None:
    iid = office.tracker.opened(stage(name), *labels)

    done = office.move(iid, target=target, **asked)

    assert done.done
    assert not done.plan.overridden
    assert office.stages(iid) == (target,)


def test_fields_are_set_one_at_a_time_in_scheduling(office: Office) -> None:
    iid = office.tracker.opened(stage("Scheduling"), *FEATURE)

    steps: list[tuple[str, dict[str, Any]]] = [
        ("Scheduling", {"priority": "2"}),
        ("Scheduling", {"dri": TEAMMATE}),
        ("", {"milestone": "next"}),
    ]
    for target, asked in steps:
        plan = office.move(iid, None if target else Verb.SCHEDULE, target, **asked).plan
        assert plan.is_legal
        assert office.stages(iid) == ("Scheduling",)
    assert plan.remarks == ("it stays in Scheduling; to Queued: it is in no iteration",)
    issue = office.issue(iid)
    assert (issue.assignees, issue.milestone) == ((TEAMMATE,), MILESTONE)
    assert office.moves(iid)[(Verb.SCHEDULE, "Queued")] == ["iteration"]
    assert needs(office.plan(iid, target="Queued")) == ["iteration"]
    # By force it is moved.
    done = office.move(iid, Verb.SCHEDULE, force=True, reason="It burns")
    assert [one.need for one in done.plan.overridden] == ["iteration"]
    assert office.stages(iid) == ("Queued",)


def test_a_closed_issue_is_opened_again_as_the_flow_has_it() -> None:
    flow = default_flow()
    moves = tuple(replace(one, target="Planning") if one.source == "Closed" else one for one in flow.moves)
    office = Office(flow=replace(flow, moves=moves))
    iid = office.tracker.opened(stage("Development"), *BUG)
    office.tracker.closed(iid)

    assert (
        f"`supops issues move {iid} Planning --reason TEXT`" in office.plan(iid, Verb.START).missing[0].remedy
    )
    assert office.move(iid, target="Planning", reason="It is back").done
