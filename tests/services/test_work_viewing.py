"""Seeing the work: working days, lists, the board, one issue, and what contradicts the flow."""

from datetime import UTC, datetime, timedelta

import pytest

from supops.errors import NetworkError, NotFound, Unauthorized, UsageError
from supops.models.workdays import working_days
from supops.models.workflow import Verb
from supops.services.flow_default import default_flow
from supops.services.work_lasting import lasting_needs
from supops.services.work_linting import Linter
from supops.services.work_viewing import Filters
from tests.fakes.parallel import one_by_one
from tests.fakes.work import BEFORE, CURRENT, LEADER, ME, MILESTONE, TEAMMATE, Failure
from tests.issues import BUG, FEATURE, GAMEPLAN, Office, stage

DAY = timedelta(days=1)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-26T00:00", "2026-11-26T23:59", 0),
        ("2026-11-26T23:59", "2026-11-27T00:00", 1),
        ("2026-11-27T12:00", "2026-11-29T12:00", 0),
        ("2026-11-27T12:00", "2026-11-30T12:00", 1),
        ("2026-11-28T12:00", "2026-11-30T12:00", 1),
        ("2026-11-02T12:00", "2026-11-30T12:00", 20),
        ("2026-11-30T12:00", "2026-11-02T12:00", 0),
    ],
)
def test_working_days(start: str, end: str, days: int) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert working_days(moment(start), moment(end)) == days


def test_an_age_counts_from_when_the_stage_came(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG, ago=20 * DAY)
    office.tracker.relabel(iid, stage("Planning"), *BUG, at=office.tracker.time - 10 * DAY)
    office.tracker.said(iid, "Hello")

    (row,) = office.viewer.rows(Filters()).rows
    assert (row.stage, row.age.days, row.age.is_exact, row.age.is_late) == ("Planning", 8, True, True)

    (bounds,) = office.viewer.rows(Filters(), exact=False).rows
    assert (bounds.age.days, bounds.age.most) == (0, 14)
    assert not bounds.age.is_settled


def test_a_requested_validation_has_a_goal_of_its_own(office: Office) -> None:
    iid = office.tracker.opened(stage("Development"), *BUG, ago=30 * DAY)
    at = office.tracker.time - 9 * DAY
    office.tracker.relabel(iid, stage("Development"), *BUG, "Validation::Requested", at=at)

    (row,) = office.viewer.rows(Filters()).rows

    assert (row.age.of, row.age.days, row.age.is_late) == ("validation", 7, True)


def test_stale_asks_for_no_more_histories_than_it_needs(office: Office) -> None:
    office.tracker.opened(stage("Triage"), *BUG, ago=timedelta(hours=1))
    late = office.tracker.opened(stage("Triage"), *BUG, ago=10 * DAY)

    found = office.viewer.rows(Filters(stale=True))

    assert [row.issue.iid for row in found.rows] == [late]
    assert "label_events" not in office.tracker.calls


def test_filters(office: Office) -> None:
    first = office.tracker.opened(stage("Triage"), *BUG, assignees=(TEAMMATE,))
    second = office.tracker.opened(stage("Planning"), *FEATURE, iteration=CURRENT)
    third = office.tracker.opened()
    closed = office.tracker.opened(stage("Triage"), *BUG)
    office.tracker.closed(closed)

    def found(**filters: str) -> list[int]:
        return sorted(row.issue.iid for row in office.viewer.rows(Filters(**filters)).rows)  # type: ignore[arg-type]

    assert found() == [first, second, third]
    assert found(stage="triage") == [first]
    assert found(stage="Stage::Planning") == found(stage="stage::planning") == [second]
    assert found(stage="none") == found(type="none") == [third]
    assert found(type="feature") == found(customer="finance") == found(priority="3") == [second]
    assert found(assignee="@Jo-Doe") == [first]
    mine = office.tracker.opened(stage("Queued"), *BUG, assignees=(ME,))
    assert found(assignee="@me") == [mine]
    del office.tracker.kept[mine]
    assert found(assignee="none") == [second, third]
    assert found(customer="none") == found(priority="none") == [third]
    assert found(assignee=LEADER) == []
    assert found(iteration="current") == [second]
    assert found(iteration="none") == [first, third]
    with pytest.raises(UsageError, match="Did you mean|no stage"):
        found(stage="plannin")
    with pytest.raises(UsageError, match="no type") as caught:
        found(type="featur")
    assert caught.value.hint == "Did you mean feature?"
    with pytest.raises(UsageError, match="no user 'jo-do'"):
        found(assignee="jo-do")


def test_closed_issues_are_listed_as_well(office: Office) -> None:
    waits = office.tracker.opened(stage("Triage"), *BUG, ago=DAY)
    early, late = (office.tracker.opened(stage("Completed"), *BUG, ago=20 * DAY) for _ in range(2))
    office.tracker.closed(early)
    between = office.tracker.time + 5 * DAY
    office.tracker.time += 10 * DAY
    office.tracker.closed(late)
    office.tracker.said(early, "Thank you")

    def found(state: str, **filters: object) -> list[tuple[int, int]]:
        rows = office.viewer.rows(Filters(state=state, **filters)).rows  # type: ignore[arg-type]
        return sorted((row.issue.iid, row.age.days) for row in rows)

    assert found("opened") == [(waits, 7)]
    # Until they were closed.
    assert found("closed") == [(early, 14), (late, 20)]
    assert found("all") == [(waits, 7), *found("closed")]
    assert found("closed", closed_since=between) == [(late, 20)]
    assert found("closed", changed_since=between) == found("closed")
    assert found("opened", changed_since=between) == []
    assert found("closed", stage="triage") == []


def test_a_history_that_can_not_be_read_makes_the_list_incomplete(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG, ago=9 * DAY)
    office.tracker.said(iid, "x")
    office.tracker.failures = [Failure("label_events", NetworkError("no answer"))]

    found = office.viewer.rows(Filters())

    assert found.incomplete_reasons == ("the history of issue 1: no answer",)
    assert not found.rows[0].age.is_exact
    office.tracker.failures = [Failure("label_events", Unauthorized("no"))]
    with pytest.raises(Unauthorized):
        office.viewer.rows(Filters())


def test_the_board_has_every_stage_and_what_is_in_none_first(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG)
    lost = office.tracker.opened()

    columns, _ = office.viewer.board(Filters())

    assert columns[0].stage == ""
    assert [row.issue.iid for row in columns[0].rows] == [lost]
    assert [one.stage for one in columns[1:]] == [one.name for one in office.flow.stages]
    assert [row.issue.iid for one in columns for row in one.rows if one.stage == "Planning"] == [iid]
    assert office.tracker.calls == ["issues"]


def test_one_issue_with_its_history(office: Office) -> None:
    iid = office.tracker.opened(stage("Planning"), *BUG, ago=10 * DAY)
    office.move(iid, Verb.BLOCK, until="The vendor answers", then="Carry on", on=LEADER)

    shown = office.viewer.show(iid, office.mover)

    assert [(stay.stage, stay.by) for stay in shown.history] == [
        ("Planning", "jo-doe"),
        ("Blocked", "support-bot"),
    ]
    assert (shown.history[0].days, shown.history[1].until) == (8, None)
    assert (shown.came_from, shown.until, shown.then) == ("Planning", "The vendor answers", "Carry on")
    assert shown.on == LEADER
    assert "unblock" in [one.move.verb for one in shown.options]
    with pytest.raises(NotFound):
        office.viewer.show(99, office.mover)


def test_the_history_has_when_it_was_closed_and_opened_again(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG, ago=10 * DAY)
    office.tracker.closed(iid, by=LEADER)
    office.tracker.time += 7 * DAY
    office.tracker.reopened(iid)

    def history() -> list[tuple[str, str, int, bool]]:
        found = office.viewer.show(iid, office.mover).history
        return [(one.stage, one.by, one.days, one.until is None) for one in found]

    again = [("Triage", TEAMMATE, 8, False), ("Closed", LEADER, 5, False), ("Triage", TEAMMATE, 0, True)]
    assert history() == again
    office.move(iid, target="Planning")
    office.move(iid, Verb.CLOSE, reason="Not now")
    assert history()[3:] == [("Planning", "support-bot", 0, True)]
    # Of imported ones, the platform may not tell all.
    office.tracker.closed(iid, by=LEADER)
    office.tracker.states[iid] = []
    assert [one[:2] for one in history()][-2:] == [("Planning", "support-bot"), ("Closed", "")]


def test_lint_is_content_with_what_is_right(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)
    office.move(iid, Verb.PLAN)
    office.tracker.said(iid, GAMEPLAN)
    office.move(iid, Verb.START)
    office.tracker.opened("RequestType::Incident")
    office.tracker.opened(stage("Backlogged"))

    assert office.rules() == []


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        ((), "no-stage"),
        (BUG, "no-stage"),
        ((stage("Planning"), stage("Queued"), *BUG), "several-stages"),
        ((stage("Triague"), *BUG), "unknown-stage"),
        ((stage("Triage"), *BUG, "RequestType::Feature"), "several-types"),
        ((stage("Triage"), "RequestType::Wish"), "unknown-type"),
        ((stage("Triage"), *BUG, "Priority::1"), "several-priorities"),
        ((stage("Triage"), *BUG, "Customer::Nobody"), "unknown-label"),
        ((stage("Completed"), *BUG, "Validation::Received"), "completed-but-open"),
        ((stage("Blocked"), *BUG), "blocked-without-note"),
        ((stage("Triage"), *BUG, "Validation::Requested"), "validation-out-of-place"),
        ((stage("Planning"),), "missing-type"),
        ((stage("Planning"), *FEATURE), "missing-approval"),
        ((stage("Development"), *BUG), "missing-gameplan"),
        ((stage("Queued"), *FEATURE), "missing-iteration"),
        ((stage("Queued"), *FEATURE), "missing-milestone"),
        ((stage("Queued"), *FEATURE), "missing-dri"),
        ((stage("Implementation"), *BUG), "missing-validation"),
        ((stage("Planning"), "RequestType::Bug"), "missing-priority"),
    ],
)
def test_lint_finds(office: Office, labels: tuple[str, ...], rule: str) -> None:
    iid = office.tracker.opened()
    office.tracker.relabel(iid, *labels)

    assert rule in office.rules(iid)


@pytest.mark.parametrize(("iteration", "rule"), [(BEFORE, "iteration-over"), (CURRENT, "iteration-has-come")])
def test_lint_finds_queued_ones_that_should_not_be(office: Office, iteration: object, rule: str) -> None:
    office.tracker.opened(
        stage("Queued"),
        *FEATURE,
        iteration=iteration,  # type: ignore[arg-type]
        milestone=MILESTONE,
        assignees=(TEAMMATE,),
    )

    assert rule in office.rules()


def test_lint_says_what_could_not_be_read_and_which_labels_there_are_not(office: Office) -> None:
    office.tracker.opened(stage("Planning"), *FEATURE)
    office.tracker.failures = [Failure("notes", NetworkError("no answer"))]

    found = Linter(office.desk, one_by_one).lint()

    assert found.incomplete_reasons == ("issue 1: no answer",)
    assert found.checked == 1
    assert "label-does-not-exist" in {one.rule for one in found.findings}
    assert not [one for one in found.findings if "Stage::Planning does not" in one.message]


def test_needs_that_last_follow_every_way_to_a_stage() -> None:
    needs = lasting_needs(default_flow())

    assert {str(one) for one in needs[("Development", "bug")]} == {"type", "priority", "customer", "gameplan"}
    assert "approval" in needs[("Completed", "feature")]
    assert "gameplan" not in needs[("Development", "administrative")]
    assert needs[("Triage", "bug")] == needs[("Blocked", "bug")] == frozenset()


@pytest.mark.parametrize(
    ("filters", "said"),
    [(Filters(priority="9"), "priority '9'"), (Filters(customer="Foo"), "customer 'Foo'")],
)
def test_a_filter_names_what_there_is(office: Office, filters: Filters, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        office.viewer.rows(filters)

    assert "There are: " in (caught.value.hint or "")


@pytest.mark.parametrize("name", ["Sales", "customer::sales"])
@pytest.mark.parametrize("of_project", [True, False])
def test_a_customer_whom_the_flow_does_not_know_is_found_by_the_label(
    office: Office, name: str, *, of_project: bool
) -> None:
    office.tracker.known_labels = {"Customer::Sales"} if of_project else set()
    office.tracker.opened(stage("Triage"), *BUG)
    iid = office.tracker.opened(stage("Triage"), "Customer::Sales")

    assert [one.issue.iid for one in office.viewer.rows(Filters(customer=name)).rows] == [iid]
    assert not office.viewer.rows(Filters(customer=name, stage="Planning")).rows
    with pytest.raises(UsageError) as caught:
        office.viewer.rows(Filters(customer="Slaes"))
    assert caught.value.hint == "Did you mean Sales?"


@pytest.mark.parametrize("name", ["2", "Priority::2", "priority::2"])
def test_a_priority_is_understood_with_its_key(office: Office, name: str) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG)

    assert [one.issue.iid for one in office.viewer.rows(Filters(priority=name)).rows] == [iid]
    assert office.plan(iid, Verb.TRIAGE, priority=name).is_legal


def test_an_age_ends_when_the_issue_is_closed(office: Office) -> None:
    iid = office.tracker.opened(stage("Triage"), *BUG, ago=timedelta(hours=1))
    office.tracker.closed(iid)
    office.tracker.time += 28 * DAY

    assert office.viewer.show(iid, office.mover).row.age.days == 0
