"""Guards: what a move needs, and what to do where that is missing (source: domain, 4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from supops.models.work import Iteration, WorkIssue
from supops.models.work_marks import Mark, has_link, marked
from supops.models.work_moves import Given, Missing
from supops.models.workflow import Flow, Move, Need, Template, Validation
from supops.services.work_reading import Dossier

APPROVED = "approved"
# A close of ours follows its comment at once; whatever comes later is somebody else's doing.
AT_ONCE = timedelta(seconds=5)
# What anybody of the team can write themselves.
BY_HAND = {
    Need.GAMEPLAN: "write one as a comment that begins with `## Gameplan`",
    Need.BLUEPRINT: "write a comment that begins with `## Technical blueprint`, with links to what was changed",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A move that somebody wants to make.

    Attributes:
        labels: As they would be with what was said.
        assignees: So these, and the iteration.
    """

    dossier: Dossier
    move: Move
    given: Given
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    iteration: Iteration | None

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.dossier.flow

    @property
    def issue(self) -> WorkIssue:
        """The issue as it was read."""
        return self.dossier.issue

    @property
    def has_iterations(self) -> bool:
        """Whether there can be iterations; else milestones alone say when work is planned for."""
        return not self.dossier.desk.iterations.unavailable


def missing_needs(case: Case) -> tuple[Missing, ...]:
    """Return what a move lacks, in the order of its needs."""
    found = (GUARDS[need](case) for need in case.move.needs)
    return tuple(one for one in found if one is not None)


def _type(case: Case) -> Missing | None:
    names = case.flow.types_of(case.labels)
    known = ", ".join(one.key for one in case.flow.types if not one.outside)
    if len(names) > 1:
        return Missing(
            Need.TYPE, f"it has several types: {', '.join(names)}", f"say which it is: --type {known}"
        )
    if not names:
        return Missing(Need.TYPE, "it has no type", f"say which it is: --type {known}")
    if case.flow.type(names[0]) is None:
        return Missing(Need.TYPE, f"the type {names[0]!r} is not known", f"say which it is: --type {known}")
    return None


def _scoped(case: Case, need: Need, key: str, known: tuple[str, ...]) -> Missing | None:
    values = [label.removeprefix(key) for label in case.labels if label.startswith(key)]
    hint = f"say which: --{need} {', '.join(known)}"
    if not values:
        return Missing(need, f"it has no {need}", hint)
    if need is Need.PRIORITY and len(values) > 1:
        return Missing(need, f"it has several priorities: {', '.join(values)}", hint)
    return None


def _priority(case: Case) -> Missing | None:
    return _scoped(case, Need.PRIORITY, case.flow.labels.priority, case.flow.labels.priorities)


def _customer(case: Case) -> Missing | None:
    return _scoped(case, Need.CUSTOMER, case.flow.labels.customer, case.flow.labels.customers)


def decision_of(dossier: Dossier) -> Mark | None:
    """Return the latest decision on an issue's approval; None where none is recorded."""
    return next((mark for _, mark in marked(dossier.team_notes, Template.APPROVAL)), None)


def _approval(case: Case) -> Missing | None:
    decision, iid, names = decision_of(case.dossier), case.issue.iid, case.flow.labels
    command = f"supops issues approval {iid}"
    if decision is None:
        # Where people decided by hand, the label says so.
        not_needed, _, granted = (f"{names.approval}{name}" for name in names.approvals)
        by_hand = [one for one in (not_needed, granted) if one in case.labels]
        if any(is_set_by_team(case.dossier, one) for one in by_hand):
            return None
        message = "no decision on its approval is recorded"
        if by_hand:
            message += f"; the label {by_hand[0]} was not set by anybody of the team"
        remedy = f"decide: `{command} --roadmap aligned --congruent yes`, or what else is so"
        return Missing(Need.APPROVAL, message, remedy)
    if decision.facts.get(APPROVED) is True:
        return None
    level = decision.text("level")
    whose = f"the approval of support leadership ({level}) is" if level else "the approval is"
    command = f"{command} {_assessed(decision)}"
    remedy = f"once it is, record it: `{command} --approved-by USERNAME --evidence URL`"
    if decision.facts.get("aligned") is True:
        remedy += f"; or that the roadmap was updated: `{command} --roadmap-updated --evidence URL`"
    return Missing(Need.APPROVAL, f"{whose} not there yet", remedy)


def is_set_by_team(dossier: Dossier, label: str) -> bool:
    """Whether a label was set by the team: whoever opens an issue, a Guest as well, may label it then.

    What nothing is told of, as with imported issues, is believed.
    """
    came = [one for one in dossier.events if one.added and one.label == label]
    return not came or came[-1].by in dossier.desk.team


def label_of_others(dossier: Dossier) -> str:
    """Return the label of a validation that was done which counts for nothing; empty where there is none.

    It counts where the team set it, or requested the validation before, or a comment of ours says it.
    """
    names, labels = dossier.flow.labels, dossier.issue.labels
    state = dossier.flow.validation_of(labels)
    if state not in (Validation.RECEIVED, Validation.SKIPPED):
        return ""
    known = [f"{names.validation}{name}" for name in names.validations[state]]
    label = next(one for one in labels if one in known)
    if is_set_by_team(dossier, label):
        return ""
    at = max(one.at for one in dossier.events if one.added and one.label == label)
    requests = [f"{names.validation}{name}" for name in names.validations[Validation.REQUESTED]]
    asked = (one for one in dossier.events if one.added and one.label in requests and one.at < at)
    kinds = (Template.VALIDATED, Template.SKIPPED)
    told = (note for kind in kinds for note, _ in marked(dossier.team_notes, kind) if note.created_at >= at)
    counts = any(one.by in dossier.desk.team for one in asked) or any(told)
    return "" if counts else label


def _assessed(decision: Mark) -> str:
    """Return the options that say again how a request was assessed."""
    aligned = decision.facts.get("aligned") is True
    words = ["--roadmap aligned --congruent no" if aligned else "--roadmap not-aligned"]
    words += [f"--{name} {text}" for name in ("effort", "risk", "impact") if (text := decision.text(name))]
    return " ".join(words)


def _gameplan(case: Case) -> Missing | None:
    if case.given.gameplan or case.dossier.written(Template.GAMEPLAN):
        return None
    return Missing(
        Need.GAMEPLAN,
        "there is no gameplan by anybody of the team",
        f"{BY_HAND[Need.GAMEPLAN]}, or add --gameplan FILE",
    )


def _blueprint(case: Case) -> Missing | None:
    note = case.dossier.written(Template.BLUEPRINT) if not case.given.blueprint else None
    text = case.given.blueprint or (note.body if note else "")
    remedy = f"{BY_HAND[Need.BLUEPRINT]}, or add --blueprint FILE"
    if not text:
        return Missing(Need.BLUEPRINT, "there is no technical blueprint by anybody of the team", remedy)
    if not has_link(text):
        return Missing(Need.BLUEPRINT, "its technical blueprint links to nothing", remedy)
    return None


def _iteration(case: Case) -> Missing | None:
    if not case.has_iterations or case.iteration is not None:
        return None
    return Missing(
        Need.ITERATION, "it is in no iteration", "set one: --iteration current, next, or a day of it"
    )


def _current(case: Case) -> Missing | None:
    one, today = case.iteration, case.dossier.desk.today
    if not case.has_iterations or one is None or one.contains(today):
        return None
    if one.start > today:
        waits = f"it waits in {case.flow.queued} until then"
        if case.dossier.place != case.flow.queued:
            said = f" --iteration {one.id}" if case.given.iteration else ""
            waits += f": `supops issues move {case.issue.iid} {case.flow.queued}{said}`"
        message = f"its iteration, {one.name}, has not come yet"
        return Missing(Need.CURRENT, message, f"{waits}; or add --iteration current")
    return Missing(
        Need.CURRENT, f"its iteration, {one.name}, is over", "put it into another: --iteration current"
    )


def _later(case: Case) -> Missing | None:
    one, today = case.iteration, case.dossier.desk.today
    if not case.has_iterations or one is None or one.start > today:
        return None
    if one.contains(today):
        return Missing(
            Need.LATER,
            f"its iteration, {one.name}, is the current one: there is nothing to wait for",
            f"start it: `supops issues start {case.issue.iid}{' --iteration current' if case.given.iteration else ''}`",
        )
    return Missing(Need.LATER, f"its iteration, {one.name}, is over", "put it into another: --iteration next")


def _milestone(case: Case) -> Missing | None:
    if case.given.milestone or case.issue.milestone:
        return None
    return Missing(Need.MILESTONE, "it has no milestone", "set one: --milestone next, or its title")


def _dri(case: Case) -> Missing | None:
    if case.assignees:
        return None
    return Missing(Need.DRI, "nobody is responsible for it", "say who: --dri USERNAME")


def _requested(case: Case) -> Missing | None:
    state = case.flow.validation_of(case.issue.labels)
    # What was received can still be rejected.
    if state is Validation.REQUESTED or (
        state is Validation.RECEIVED and case.move.validation is Validation.REJECTED
    ):
        return None
    return Missing(
        Need.REQUESTED,
        "its validation was not requested",
        f"request it: `supops issues request-validation {case.issue.iid}`",
    )


def _validated(case: Case) -> Missing | None:
    state, iid = case.flow.validation_of(case.issue.labels), case.issue.iid
    others = label_of_others(case.dossier)
    if state in (Validation.RECEIVED, Validation.SKIPPED) and not others:
        return None
    if state is Validation.REQUESTED:
        return Missing(
            Need.VALIDATED,
            "its validation was requested, and not received yet",
            f"once the requester has validated: `supops issues validated {iid}`",
        )
    again = "was rejected" if state is Validation.REJECTED else "was not requested"
    if others:
        again += f": the label {others} was set by nobody of the team"
    return Missing(
        Need.VALIDATED, f"its validation {again}", f"request it: `supops issues request-validation {iid}`"
    )


def block_of(dossier: Dossier) -> Mark | None:
    """Return what the latest comment on a block remembers; None where there is none, or the issue has been in another stage since."""
    key, blocked = dossier.flow.labels.stage, dossier.flow.stage_label(dossier.flow.blocked)
    for note, mark in marked(dossier.team_notes, Template.BLOCKED):
        since = [one for one in dossier.events if one.label.startswith(key) and one.at > note.created_at]
        return mark if all(one.added == (one.label == blocked) for one in since) else None
    return None


def is_close_unfinished(dossier: Dossier) -> bool:
    """Whether the review told an issue that it is closed, and did not get to close it."""
    latest = next(reversed(dossier.all_notes), None)
    closing = next((one for one, _ in marked(dossier.team_notes, Template.ABANDONED)), None)
    if dossier.issue.is_closed or latest is None or closing is None or latest.id != closing.id:
        return False
    if dossier.issue.updated_at - closing.created_at > AT_ONCE:
        return False
    return all(one.at < closing.created_at for one in dossier.state_events)


def came_from(dossier: Dossier) -> str:
    """Return the stage that a blocked issue came from: the comment says so, else its history does. Empty where neither says it."""
    key, blocked = dossier.flow.labels.stage, dossier.flow.stage_label(dossier.flow.blocked)
    block = block_of(dossier)
    if block is not None and block.text("from"):
        return block.text("from")
    stages = [one for one in dossier.events if one.label.startswith(key)]
    before = found = ""
    for event in stages:
        if not event.added:
            continue
        if event.label == blocked:
            found = before
        else:
            before = event.label.removeprefix(key)
    return found


def _came_from(case: Case) -> Missing | None:
    source = came_from(case.dossier)
    target = case.move.target
    if source == target:
        return None
    if source and case.flow.stage(source):
        return Missing(
            Need.CAME_FROM,
            f"it came from {source}, not from {target}",
            f"`supops issues unblock {case.issue.iid}` returns it there",
        )
    return Missing(
        Need.CAME_FROM,
        "nothing says which stage it came from",
        f"say it: `supops issues move {case.issue.iid} STAGE --force --reason TEXT`",
    )


def _said(need: Need, text: Callable[[Given], str], message: str) -> Callable[[Case], Missing | None]:
    def guard(case: Case) -> Missing | None:
        return (
            None
            if text(case.given).strip()
            else Missing(need, message, f"say it: --{need} TEXT", forcible=False)
        )

    return guard


GUARDS: Mapping[Need, Callable[[Case], Missing | None]] = {
    Need.TYPE: _type,
    Need.PRIORITY: _priority,
    Need.CUSTOMER: _customer,
    Need.APPROVAL: _approval,
    Need.GAMEPLAN: _gameplan,
    Need.ITERATION: _iteration,
    Need.CURRENT: _current,
    Need.LATER: _later,
    Need.MILESTONE: _milestone,
    Need.DRI: _dri,
    Need.REQUESTED: _requested,
    Need.VALIDATED: _validated,
    Need.BLUEPRINT: _blueprint,
    Need.CAME_FROM: _came_from,
    Need.REASON: _said(Need.REASON, lambda one: one.reason, "the reason is not said"),
    Need.UNTIL: _said(Need.UNTIL, lambda one: one.until, "it is not said what unblocks it"),
    Need.THEN: _said(Need.THEN, lambda one: one.then, "it is not said what happens then"),
}
