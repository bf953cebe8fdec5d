"""Lint: issues whose labels, comments or fields contradict the flow (source: domain, 4)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from supops.errors import CredentialError, SupopsError
from supops.models.findings import Severity
from supops.models.work import WorkIssue
from supops.models.work_marks import Mark, mark_of
from supops.models.work_moves import Given, Missing
from supops.models.workflow import CLOSED, NOWHERE, Move, Need, Template, Validation
from supops.services.ports import Parallel
from supops.services.work_guards import (
    Case,
    block_of,
    is_close_unfinished,
    label_of_others,
    missing_needs,
)
from supops.services.work_lasting import forward, lasting_needs
from supops.services.work_mending import (
    remedy_of,
    run_again,
    setting,
    stage_by_force,
    validation_anew,
    validation_away,
    validation_of_others,
    validation_request,
)
from supops.services.work_reading import Desk, Dossier, age_of, type_of

# How long a closed issue is looked at, after somebody tried to open it again.
RECENT = timedelta(weeks=4)
# What is changed later than that after an issue was closed was not changed by its closing.
SECOND = timedelta(seconds=1)
# What plans the work, in words.
SCHEDULE = {Need.ITERATION: "an iteration", Need.MILESTONE: "a milestone", Need.DRI: "somebody responsible"}


@dataclass(frozen=True, slots=True)
class LintFinding:
    """Something about an issue that contradicts the flow.

    Attributes:
        rule: Which rule: ``several-stages``.
        issue: None where it is about the project.
    """

    rule: str
    severity: Severity
    issue: WorkIssue | None
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Lint:
    """What was found.

    Attributes:
        checked: How many issues were looked at.
        incomplete_reasons: What could not be read.
    """

    findings: tuple[LintFinding, ...]
    checked: int
    incomplete_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Linter:
    """Looks at all open issues, and at closed ones that somebody did not get to open again."""

    desk: Desk
    parallel: Parallel

    def lint(self) -> Lint:
        """Look at all issues, several at once.

        Raises:
            CredentialError: The credential is not accepted.
            SupopsError: The issues can't be listed.
        """
        issues = self.desk.tracker.issues()
        closed = self._closed()
        needs = lasting_needs(self.desk.flow)
        # Once, before several ask at the same time.
        _ = (self.desk.team, self.desk.iterations) if issues or closed else ()
        found, missing = [*self._project()], []

        def look(issue: WorkIssue) -> list[LintFinding] | str:
            try:
                dossier = self.desk.dossier(issue)
                return [*(_half_opened(dossier) if issue.is_closed else lint_issue(dossier, needs))]
            except CredentialError:
                raise
            except SupopsError as error:
                return f"issue {issue.iid}: {error.message}"

        for result in self.parallel(look, [*issues, *closed]):
            if isinstance(result, str):
                missing.append(result)
            else:
                found += result
        found.sort(key=lambda one: (one.issue.iid if one.issue else 0, -one.severity.rank, one.rule))
        return Lint(tuple(found), len(issues), tuple(sorted(missing)))

    def _closed(self) -> list[WorkIssue]:
        """Return closed issues that something happened to since they were closed, such as a comment on opening them again."""
        found = self.desk.tracker.issues(state="closed", changed_since=self.desk.now - RECENT)
        return [one for one in found if one.closed_at is None or one.updated_at - one.closed_at >= SECOND]

    def _project(self) -> Iterator[LintFinding]:
        flow = self.desk.flow
        names = [flow.stage_label(one.name) for one in flow.stages]
        names += [f"{flow.labels.type}{one.name}" for one in flow.types]
        names += [flow.validation_label(state) for state in Validation]
        for name in names:
            if name not in self.desk.labels:
                yield LintFinding(
                    "label-does-not-exist",
                    Severity.LOW,
                    None,
                    f"the label {name} does not exist in {self.desk.tracker.project}",
                    "create it, or name yours in the flow file (`issues.flow`)",
                )


def lint_issue(dossier: Dossier, needs: dict[tuple[str, str], frozenset[Need]]) -> Iterator[LintFinding]:
    """Yield all that contradicts the flow about an open issue."""
    flow, issue = dossier.flow, dossier.issue
    kind = type_of(flow, issue)
    known = flow.type(kind) if kind else None
    found = [*_labels(dossier), *_approvals(dossier)]
    if known is not None and known.outside:
        yield from found
        return
    found += _stages(dossier)
    if not any(one.rule in ("no-stage", "several-stages", "unknown-stage") for one in found):
        found += _place(dossier)
        wanted = needs.get((dossier.place, kind or ""), frozenset())
        found += _validation(dossier, wanted)
        found += _unmet(dossier, kind, wanted)
    found += _half_moved(dossier)
    yield from found


def _labels(dossier: Dossier) -> Iterator[LintFinding]:
    flow, issue = dossier.flow, dossier.issue
    names, types = flow.labels, flow.types_of(issue.labels)
    if len(types) > 1:
        message = f"it has several types: {', '.join(types)}"
        yield _finding("several-types", issue, message, setting(dossier, Need.TYPE))
    for name in types:
        if flow.type(name) is None:
            message = f"the type {name} is not known"
            yield _finding("unknown-type", issue, message, setting(dossier, Need.TYPE))
    validations = {name for known in names.validations.values() for name in known}
    scopes = (
        (names.priority, {*names.priorities}, "several-priorities", setting(dossier, Need.PRIORITY)),
        (names.validation, validations, "several-validations", validation_anew(dossier)),
        (names.customer, {*names.customers}, "", setting(dossier, Need.CUSTOMER)),
    )
    for key, known, several, remedy in scopes:
        values = [one.removeprefix(key) for one in issue.labels if one.startswith(key)]
        # Some requests are of several customers.
        if several and len(values) > 1:
            message = f"it has several labels {key}: {', '.join(values)}"
            yield _finding(several, issue, message, remedy)
        for value in values:
            if value not in known:
                message = f"the label {key}{value} is none of the flow's"
                way = f"{remedy}; or add it to the flow file (`issues.flow`)"
                yield _finding("unknown-label", issue, message, way, Severity.LOW)


def _approvals(dossier: Dossier) -> Iterator[LintFinding]:
    """Yield that labels say two things of an approval."""
    key, issue = dossier.flow.labels.approval, dossier.issue
    values = [one.removeprefix(key) for one in issue.labels if one.startswith(key)]
    if len(values) > 1:
        message = f"it has several labels {key}: {', '.join(values)}"
        way = f"decide, which leaves one: `supops issues approval {issue.iid} --roadmap aligned --congruent yes`, or what else is so"
        yield _finding("several-approvals", issue, message, way)


def _stages(dossier: Dossier) -> Iterator[LintFinding]:
    flow, issue = dossier.flow, dossier.issue
    stages = flow.stages_of(issue.labels)
    if not stages:
        yield _finding("no-stage", issue, "it has no stage", setting(dossier))
    elif len(stages) > 1:
        message = f"it has several stages: {', '.join(stages)}"
        yield _finding("several-stages", issue, message, stage_by_force(dossier))
    elif flow.stage(stages[0]) is None:
        message = f"its stage, {stages[0]}, is not in the flow"
        yield _finding("unknown-stage", issue, message, stage_by_force(dossier))


def _place(dossier: Dossier) -> Iterator[LintFinding]:
    flow, issue, desk = dossier.flow, dossier.issue, dossier.desk
    place, iid = dossier.place, issue.iid
    if place == flow.last:
        age = age_of(dossier)
        within = f" within {age.goal} working days" if age.goal and not age.is_late else ""
        # That it is open for a while is as it should be.
        severity = Severity.LOW if age.goal and not age.is_late else Severity.MEDIUM
        message = f"it is completed, but open{f', for {age.days} working days' if age.is_late else ''}"
        yield _finding(
            "completed-but-open", issue, message, f"close it{within}: `supops issues close {iid}`", severity
        )
    if place == flow.queued and issue.iteration is not None:
        if issue.iteration.due < desk.today:
            message = f"it is {place}, and its iteration, {issue.iteration.name}, is over"
            yield _finding(
                "iteration-over", issue, message, f"`supops issues start {iid} --iteration current`"
            )
        elif issue.iteration.start <= desk.today:
            message = f"it is {place}, and its iteration, {issue.iteration.name}, has come"
            yield _finding("iteration-has-come", issue, message, "`supops issues dequeue`", Severity.LOW)
    if place == flow.blocked and is_close_unfinished(dossier):
        message = "a comment says that it was closed, and it was not"
        yield _finding(
            "half-moved", issue, message, "run `supops issues escalate --yes` again", Severity.HIGH
        )
    if place == flow.blocked and block_of(dossier) is None:
        yield _finding(
            "blocked-without-note",
            issue,
            "it is blocked, and no comment says since which stage, until what, and what then",
            f"say it: `supops issues block {iid} --until TEXT --then TEXT`",
        )


def _validation(dossier: Dossier, needed: Collection[Need]) -> Iterator[LintFinding]:
    flow, issue, place = dossier.flow, dossier.issue, dossier.place
    places = {one.source for one in flow.moves if Need.REQUESTED in one.needs}
    is_requested = flow.validation_of(issue.labels) is Validation.REQUESTED
    if is_requested and place not in places | {flow.validation, flow.blocked}:
        message = f"its validation is requested, and it is in {place}"
        yield _finding("validation-out-of-place", issue, message, validation_away(dossier))
    label = label_of_others(dossier)
    # Where a validation is needed, that is what is missing.
    if label and Need.VALIDATED not in needed:
        message = f"the label {label} was set by nobody of the team, and counts for nothing"
        yield _finding("validation-by-others", issue, message, validation_of_others(dossier, label))
    ways = forward(flow, place, dossier.type)
    waits = bool(ways) and all(
        one.validation is Validation.REQUESTED or Need.REQUESTED in one.needs for one in ways
    )
    if waits and not any(one.startswith(flow.labels.validation) for one in issue.labels):
        message = f"it is in {place}, and no label says that its validation was requested"
        yield _finding("validation-not-requested", issue, message, validation_request(dossier))


def _unmet(dossier: Dossier, kind: str | None, wanted: Collection[Need]) -> Iterator[LintFinding]:
    flow, issue, place = dossier.flow, dossier.issue, dossier.place
    stage = flow.stage(place)
    if kind is None:
        if place != flow.first and stage and not stage.parking and not flow.types_of(issue.labels):
            yield _finding(
                "missing-type",
                issue,
                f"it is in {place}, and has no type",
                setting(dossier, Need.TYPE),
            )
        return
    unmet = _lacking(dossier, wanted)
    forced = _forced(dossier) if unmet else frozenset()
    for one in unmet:
        if one.need not in forced:
            message = f"it is in {place}, and {one.message}"
            yield _finding(f"missing-{one.need}", issue, message, remedy_of(dossier, one))
    yield from _half_scheduled(dossier, wanted)


def _lacking(dossier: Dossier, needs: Collection[Need]) -> list[Missing]:
    """Return what an issue lacks where it is."""
    issue, place = dossier.issue, dossier.place
    move = Move(place, place, (), tuple(need for need in Need if need in needs))
    return [*missing_needs(Case(dossier, move, Given(), issue.labels, issue.assignees, issue.iteration))]


def _half_scheduled(dossier: Dossier, wanted: Collection[Need]) -> Iterator[LintFinding]:
    """Yield that some of what plans the work is there where it is to be set, and the rest is not."""
    flow, issue, place = dossier.flow, dossier.issue, dossier.place
    onward = [one for one in flow.moves_from(place, dossier.type) if not one.back]
    parts = [need for need in SCHEDULE if need not in wanted and any(need in one.needs for one in onward)]
    stage = flow.stage(place)
    if dossier.desk.iterations.unavailable:
        parts = [need for need in parts if need is not Need.ITERATION]
    if stage and stage.dri and issue.assignees == (stage.dri,):
        # That is who sees to the stage, and not who was chosen for the work.
        parts = [need for need in parts if need is not Need.DRI]
    unmet = _lacking(dossier, parts)
    if 0 < len(unmet) < len(parts):
        needs = [Need(one.need) for one in unmet]
        there = " and ".join(SCHEDULE[need] for need in parts if need not in needs)
        lacks = ", and ".join(one.message for one in unmet)
        message = f"it is in {place}, and half-scheduled: it has {there}, but {lacks}"
        yield _finding("half-scheduled", issue, message, setting(dossier, *needs))


def _forced(dossier: Dossier) -> frozenset[str]:
    """Return the needs that somebody overrode, with a comment that says so."""
    marks = (mark_of(one.body) for one in dossier.team_notes)
    return frozenset(need for mark in marks if mark for need in mark.text("forced").split(",") if need)


def _half_moved(dossier: Dossier) -> Iterator[LintFinding]:
    """Yield the comment on a move that did not happen: nothing was moved since it was written."""
    if dossier.latest_move is None:
        return
    _, mark = dossier.latest_move
    source, target = mark.text("from"), mark.text("to")
    # These can be about the stage that the issue is in.
    kinds = [Template.MOVED, Template.BLOCKED]
    if dossier.flow.validation_of(dossier.issue.labels) is Validation.RECEIVED:
        # A label that counted for nothing stays the same as it is told to count.
        kinds.append(Template.VALIDATED)
    is_there = target == dossier.place and mark.kind in kinds
    if is_there or source not in (dossier.place, NOWHERE) or mark.number("n") != dossier.steps:
        return
    yield _did_not_move(dossier, mark)


def _half_opened(dossier: Dossier) -> Iterator[LintFinding]:
    """Yield the comment on a closed issue that says that it was opened again."""
    closed_at = dossier.issue.closed_at
    if dossier.latest_move is None:
        return
    note, mark = dossier.latest_move
    if mark.text("from") == CLOSED and (closed_at is None or note.created_at > closed_at):
        yield _did_not_move(dossier, mark)


def _did_not_move(dossier: Dossier, mark: Mark) -> LintFinding:
    source = mark.text("from") or "no stage"
    message = (
        f"a comment says that it was moved from {source} to {mark.text('to')} ({mark.kind}), and it was not"
    )
    return _finding("half-moved", dossier.issue, message, run_again(dossier, mark), Severity.HIGH)


def _finding(
    rule: str, issue: WorkIssue, message: str, remedy: str, severity: Severity = Severity.MEDIUM
) -> LintFinding:
    high = ("no-stage", "several-stages", "unknown-stage", "several-types")
    return LintFinding(rule, Severity.HIGH if rule in high else severity, issue, message, remedy)
