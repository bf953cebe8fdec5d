"""Lint: issues whose labels, comments or fields contradict the flow (source: domain, 4)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from supops.errors import CredentialError, SupopsError
from supops.models.findings import Severity
from supops.models.work import WorkIssue
from supops.models.work_marks import mark_of, marked
from supops.models.work_moves import Given
from supops.models.workflow import NOWHERE, Flow, Move, Need, Template, Validation
from supops.services.ports import Parallel
from supops.services.work_guards import GUARDS, Case
from supops.services.work_reading import Desk, Dossier, type_of

# What stays true once a move that needs it was made.
LASTING = frozenset(
    {
        Need.TYPE,
        Need.PRIORITY,
        Need.CUSTOMER,
        Need.APPROVAL,
        Need.GAMEPLAN,
        Need.ITERATION,
        Need.MILESTONE,
        Need.DRI,
        Need.VALIDATED,
        Need.BLUEPRINT,
    }
)


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
    """Looks at all open issues."""

    desk: Desk
    parallel: Parallel

    def lint(self) -> Lint:
        """Look at all open issues, several at once.

        Raises:
            CredentialError: The credential is not accepted.
            SupopsError: The issues can't be listed.
        """
        issues = self.desk.tracker.issues()
        needs = lasting_needs(self.desk.flow)
        # Once, before several ask at the same time.
        _ = (self.desk.team, self.desk.iterations) if issues else ()
        found, missing = [*self._project()], []

        def look(issue: WorkIssue) -> list[LintFinding] | str:
            try:
                return [*lint_issue(self.desk.dossier(issue), needs)]
            except CredentialError:
                raise
            except SupopsError as error:
                return f"issue {issue.iid}: {error.message}"

        for result in self.parallel(look, issues):
            if isinstance(result, str):
                missing.append(result)
            else:
                found += result
        found.sort(key=lambda one: (one.issue.iid if one.issue else 0, -one.severity.rank, one.rule))
        return Lint(tuple(found), len(issues), tuple(sorted(missing)))

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
                    "create it, or name yours in the flow file (issues.flow)",
                )


def lint_issue(dossier: Dossier, needs: dict[tuple[str, str], frozenset[Need]]) -> Iterator[LintFinding]:
    """Yield all that contradicts the flow about an open issue."""
    flow, issue = dossier.flow, dossier.issue
    kind = type_of(flow, issue)
    known = flow.type(kind) if kind else None
    found = [*_labels(flow, issue)]
    if known is not None and known.outside:
        yield from found
        return
    found += _stages(flow, issue)
    if not any(one.rule in ("no-stage", "several-stages", "unknown-stage") for one in found):
        found += _place(dossier)
        found += _unmet(dossier, kind, needs)
    found += _half_moved(dossier)
    yield from found


def _labels(flow: Flow, issue: WorkIssue) -> Iterator[LintFinding]:
    names = flow.labels
    types = flow.types_of(issue.labels)
    if len(types) > 1:
        yield _finding(
            "several-types",
            issue,
            f"it has several types: {', '.join(types)}",
            f"supops issues triage {issue.iid} --type TYPE",
        )
    for name in types:
        if flow.type(name) is None:
            yield _finding(
                "unknown-type", issue, f"the type {name} is not known", "use one of the flow's types"
            )
    for key, rule in ((names.priority, "several-priorities"), (names.validation, "several-validations")):
        values = [one.removeprefix(key) for one in issue.labels if one.startswith(key)]
        if len(values) > 1:
            yield _finding(
                rule, issue, f"it has several labels {key}: {', '.join(values)}", "remove all but one"
            )
    validations = {name for known in names.validations.values() for name in known}
    pairs = (
        (names.priority, {*names.priorities}),
        (names.customer, {*names.customers}),
        (names.validation, validations),
    )
    for key, values_known in pairs:
        for label in issue.labels:
            if label.startswith(key) and label.removeprefix(key) not in values_known:
                message = f"the label {label} is none of the flow's"
                yield _finding(
                    "unknown-label",
                    issue,
                    message,
                    "use one that the flow knows, or add it to the flow file",
                    Severity.LOW,
                )


def _stages(flow: Flow, issue: WorkIssue) -> Iterator[LintFinding]:
    stages = flow.stages_of(issue.labels)
    if not stages:
        yield _finding("no-stage", issue, "it has no stage", f"`supops issues triage {issue.iid}`")
    elif len(stages) > 1:
        yield _finding(
            "several-stages",
            issue,
            f"it has several stages: {', '.join(stages)}",
            f"`supops issues move {issue.iid} STAGE --force --reason TEXT`",
        )
    elif flow.stage(stages[0]) is None:
        yield _finding(
            "unknown-stage",
            issue,
            f"its stage, {stages[0]}, is not in the flow",
            f"`supops issues move {issue.iid} STAGE --force --reason TEXT`",
        )


def _place(dossier: Dossier) -> Iterator[LintFinding]:
    flow, issue, desk = dossier.flow, dossier.issue, dossier.desk
    place, iid = dossier.place, issue.iid
    if place == flow.last:
        goal = flow.stage(place)
        within = f" within {goal.goal} working days" if goal and goal.goal else ""
        yield _finding(
            "completed-but-open",
            issue,
            "it is completed, but open",
            f"close it{within}: `supops issues close {iid}`",
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
    if place == flow.blocked and not [*marked(dossier.team_notes, Template.BLOCKED)]:
        yield _finding(
            "blocked-without-note",
            issue,
            "it is blocked, and no comment says since which stage, until what, and what then",
            f"say it: unblock it, and `supops issues block {iid} --until TEXT --then TEXT`",
        )
    state = flow.validation_of(issue.labels)
    places = {one.source for one in flow.moves if Need.REQUESTED in one.needs} | {
        flow.validation,
        flow.blocked,
    }
    if state is Validation.REQUESTED and place not in places:
        yield _finding(
            "validation-out-of-place",
            issue,
            f"its validation is requested, and it is in {place}",
            "remove the label, or move it back",
        )


def lasting_needs(flow: Flow) -> dict[tuple[str, str], frozenset[Need]]:
    """Return what every issue of a type has that got to a stage by moves forward, whichever those were, by stage and type.

    Cycles are no trouble: it starts with everything, and takes away until nothing changes.
    """
    needs: dict[tuple[str, str], frozenset[Need]] = {}
    for kind in (one.key for one in flow.types if not one.outside):
        names = [one.name for one in flow.stages]
        into = {name: _forward(flow, name, kind) for name in names}
        found = {name: LASTING if into[name] and name != flow.first else frozenset[Need]() for name in names}
        changed = True
        while changed:
            changed = False
            for name in names:
                if name == flow.first or not into[name]:
                    continue
                sets = [(LASTING & {*one.needs}) | found.get(one.source, frozenset()) for one in into[name]]
                common = frozenset.intersection(*map(frozenset, sets))
                if common != found[name]:
                    found[name], changed = common, True
        needs |= {(name, kind): value for name, value in found.items()}
    return needs


def _forward(flow: Flow, name: str, kind: str) -> list[Move]:
    return [
        one
        for one in flow.moves
        if one.target == name
        and kind in one.types
        and not one.back
        and not one.in_place
        and one.source != NOWHERE
    ]


def _unmet(
    dossier: Dossier, kind: str | None, needs: dict[tuple[str, str], frozenset[Need]]
) -> Iterator[LintFinding]:
    flow, issue, place = dossier.flow, dossier.issue, dossier.place
    stage = flow.stage(place)
    if kind is None:
        if place != flow.first and stage and not stage.parking and not flow.types_of(issue.labels):
            yield _finding(
                "missing-type",
                issue,
                f"it is in {place}, and has no type",
                f"`supops issues triage {issue.iid} --type TYPE`",
            )
        return
    wanted = needs.get((place, kind), frozenset())
    if not wanted:
        return
    move = Move(place, place, (kind,), tuple(need for need in Need if need in wanted))
    case = Case(dossier, move, Given(), issue.labels, issue.assignees, issue.iteration)
    unmet = [one for need in move.needs if (one := GUARDS[need](case)) is not None]
    forced = _forced(dossier) if unmet else frozenset()
    for one in unmet:
        if one.need not in forced:
            yield _finding(f"missing-{one.need}", issue, f"it is in {place}, and {one.message}", one.remedy)


def _forced(dossier: Dossier) -> frozenset[str]:
    """Return the needs that somebody overrode, with a comment that says so."""
    marks = (mark_of(one.body) for one in dossier.team_notes)
    return frozenset(need for mark in marks if mark for need in mark.text("forced").split(",") if need)


def _half_moved(dossier: Dossier) -> Iterator[LintFinding]:
    """Yield the comment on a move that did not happen: nothing was moved since it was written."""
    # Other comments of the team, such as a gameplan, say nothing of moves.
    marks = (mark_of(note.body) for note in reversed(dossier.team_notes))
    mark = next((mark for mark in marks if mark and "n" in mark.facts), None)
    if mark is None:
        return
    source, target = mark.text("from"), mark.text("to")
    if (source == target and mark.kind == Template.MOVED) or source not in (dossier.place, NOWHERE):
        return
    if mark.number("n") == dossier.steps:
        yield _finding(
            "half-moved",
            dossier.issue,
            f"a comment says that it was moved from {source or 'no stage'} to {target} ({mark.kind}), and it was not",
            "run the command again that moves it: it goes on from there, and comments once only",
            Severity.HIGH,
        )


def _finding(
    rule: str, issue: WorkIssue, message: str, remedy: str, severity: Severity = Severity.MEDIUM
) -> LintFinding:
    high = ("no-stage", "several-stages", "unknown-stage", "several-types")
    return LintFinding(rule, Severity.HIGH if rule in high else severity, issue, message, remedy)


def worst_first(findings: Sequence[LintFinding]) -> list[LintFinding]:
    """Return findings, the most severe ones first."""
    return sorted(findings, key=lambda one: (-one.severity.rank, one.rule, one.issue.iid if one.issue else 0))
