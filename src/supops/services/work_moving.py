"""Moves: which an issue may make, and exactly what each does (source: domain, 4). Nothing is written here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from supops.models.work import Change, WorkIssue
from supops.models.work_moves import Given, Missing, Option, Plan
from supops.models.workflow import ASKED, CLOSED, NOWHERE, Flow, Move, Need, Template, Validation, Verb, an
from supops.services.work_changing import outside, retyped, unheard
from supops.services.work_commenting import Commenter, still_waiting
from supops.services.work_guards import Case, came_from, label_of_others, missing_needs
from supops.services.work_lasting import needs_at
from supops.services.work_ports import Wording
from supops.services.work_reading import Desk, Dossier, stage_of
from supops.services.work_uses import must_be_heard


@dataclass(frozen=True, slots=True)
class Mover:
    """Knows what every move does to an issue."""

    desk: Desk
    wording: Wording

    @property
    def flow(self) -> Flow:
        """The flow."""
        return self.desk.flow

    def options(self, dossier: Dossier) -> tuple[Option, ...]:
        """Return the moves that the flow has for an issue where it is, each with what it lacks."""
        if self._obstacle(dossier) is not None:
            return ()
        moves = self.flow.moves_from(dossier.place, dossier.type)
        if dossier.place == self.flow.blocked and (source := came_from(dossier)):
            moves = tuple(one for one in moves if one.verb is not Verb.UNBLOCK or one.target == source)
        return tuple(self._option(dossier, move) for move in moves)

    def _option(self, dossier: Dossier, move: Move) -> Option:
        plan = self._plan(dossier, move, Given(), compose=False)
        asks = tuple(need for need in move.needs if need in ASKED)
        return Option(
            move,
            tuple(one for one in plan.missing if one.need not in asks),
            asks,
            plan.change.add_labels,
            plan.change.remove_labels,
            writes_comment=move.comment is not None,
            closes=move.closes,
        )

    def plan(self, dossier: Dossier, given: Given, *, verb: Verb | None = None, target: str = "") -> Plan:
        """Plan a move that is named by what people call it, by the stage that it leads to, or by both.

        Returns:
            What is done, or what is missing: then nothing is.

        Raises:
            UsageError: Something was said that the move has no use for.
        """
        misfit = outside(self.flow, given)
        obstacle = misfit or self._obstacle(dossier)
        repair = self._repair(dossier, target, given)
        if repair is not None and misfit is None:
            return repair
        if obstacle is not None:
            return self._refused(dossier, target, obstacle)
        moves = [
            one
            for one in self.flow.moves_from(dossier.place, self._type_with(dossier, given))
            if (one.verb is verb or (verb is None and _fits_by_stage(one, given)))
            and target in ("", one.target)
        ]
        if not moves:
            return self._without_move(dossier, given, verb, target)
        # By stage, a step forward goes before one that changes what is in place.
        moves.sort(key=lambda one: bool(target) and one.in_place)
        if verb is Verb.UNBLOCK:
            source = came_from(dossier)
            moves.sort(key=lambda one: one.target != source)
        plans = [self._plan(dossier, move, given) for move in moves]
        place = _best(plans, moves, force=given.force)
        self._must_be_heard(dossier, given, moves[place])
        return _staying(plans[place], moves[place], plans[0])

    def _must_be_heard(self, dossier: Dossier, given: Given, *moves: Move) -> None:
        must_be_heard(self.flow, moves, given, self._type_with(dossier, given), dossier.issue.iid)

    def _type_with(self, dossier: Dossier, given: Given) -> str | None:
        named = self.flow.type(given.type) if given.type else None
        return named.key if named else dossier.type

    def obstacles(self, dossier: Dossier) -> tuple[Missing, ...]:
        """Return why an issue can make no move at all; nothing where it can."""
        found = self._obstacle(dossier)
        return (found,) if found else ()

    def _obstacle(self, dossier: Dossier) -> Missing | None:
        """Return why no move at all makes sense for an issue as it is."""
        flow, issue = self.flow, dossier.issue
        kind = dossier.type
        known = flow.type(kind) if kind else None
        if known is not None and known.outside:
            message = f"its type, {known.key}, is outside of the flow"
            return Missing("type", message, "work on it as the guide for those says", forcible=False)
        stages = flow.stages_of(issue.labels)
        repair = f"say which it is: `supops issues move {issue.iid} STAGE --force --reason TEXT`"
        if not issue.is_closed and len(stages) > 1:
            return Missing("stage", f"it has several stages: {', '.join(stages)}", repair)
        if not issue.is_closed and stages and flow.stage(stages[0]) is None:
            return Missing("stage", f"its stage, {stages[0]}, is not in the flow", repair)
        return None

    def _repair(self, dossier: Dossier, target: str, given: Given) -> Plan | None:
        """Plan to put an issue that has several stages, or one that is not known, into one; that needs ``--force``."""
        stages, blocked = self.flow.stages_of(dossier.issue.labels), self.flow.blocked
        if dossier.issue.is_closed or not target or not given.force or self.flow.stage(target) is None:
            return None
        is_lost = stages == (blocked,) and target != blocked and not came_from(dossier)
        if not (len(stages) > 1 or (stages and self.flow.stage(stages[0]) is None) or is_lost):
            return None
        kind = self._type_with(dossier, given)
        needs = (*needs_at(self.flow, target, kind), Need.REASON)
        move = Move(dossier.place, target, (kind,) if kind else (), needs, comment=Template.MOVED)
        said = f"it had {'the stages' if len(stages) > 1 else 'the stage'} {', '.join(stages)}"
        plan = self._plan(dossier, move, given)
        self._must_be_heard(dossier, given, move)
        return replace(plan, source=", ".join(stages), remarks=(*plan.remarks, said))

    def _refused(self, dossier: Dossier, target: str, *missing: Missing) -> Plan:
        place = dossier.place if dossier.issue.is_closed else stage_of(self.flow, dossier.issue)
        return Plan(dossier.issue, dossier.type, place, target or place, missing=missing)

    def _without_move(self, dossier: Dossier, given: Given, verb: Verb | None, target: str) -> Plan:
        issue, place = dossier.issue, dossier.place
        reached = place if not issue.is_closed else stage_of(self.flow, issue)
        if target and target in (place, reached):
            return self._already(dossier, target, given)
        if verb is not None and (done := self._done_with(dossier, verb, reached)):
            return self._already(dossier, done.target, given)
        moves = self.flow.moves_from(place, dossier.type)
        targets = dict.fromkeys(one.target for one in moves if not one.in_place)
        what = f"to {target}" if target else f"called `{verb}`"
        kind = f" for {an(dossier.type)}" if dossier.type else ""
        where = f"from {place}" if place else "for an issue without a stage"
        remedy = (
            f"from there it can get to: {', '.join(targets)}"
            if targets
            else "there is nothing that it can do"
        )
        if not place:
            remedy = f"put it into the flow: `supops issues triage {issue.iid}`"
        elif issue.is_closed:
            remedy = f"open it again: {reopening(dossier)}"
        missing = Missing("move", f"there is no move {what} {where}{kind}", remedy, forcible=False)
        return self._refused(dossier, target, missing)

    def _already(self, dossier: Dossier, target: str, given: Given) -> Plan:
        """To do again what was done before does nothing; fields that are said are set, and what else is said is not ignored."""
        state = self.flow.validation_of(dossier.issue.labels)
        what = f", its validation {state}" if state and target == self.flow.validation else ""
        remark = f"it is in {target} already{what}"
        kinds = tuple(one.key for one in self.flow.types if not one.outside)
        kind = self._type_with(dossier, given)
        ways = [one for one in self.flow.moves if one.target == target and (not kind or kind in one.types)]
        self._must_be_heard(dossier, given, *ways)
        move = Move(dossier.place, dossier.place, kinds)
        fields = self._plan(dossier, move, replace(given, reason="", force=False))
        sets = bool(fields.missing) or not fields.is_empty
        ignored = unheard(dossier, given, remark, with_comment=sets)
        if ignored is not None:
            return self._refused(dossier, target, ignored)
        if sets:
            plan = self._plan(dossier, move, given)
            return replace(plan, remarks=(*plan.remarks, remark))
        return Plan(dossier.issue, dossier.type, dossier.place, target, remarks=(remark,))

    def _done_with(self, dossier: Dossier, verb: Verb, reached: str) -> Move | None:
        """Return the move by which an issue has come where it is; None where it is none that people call so."""
        state, is_closed = self.flow.validation_of(dossier.issue.labels), dossier.issue.is_closed
        places = (CLOSED, reached) if is_closed else (reached,)
        return next(
            (
                one
                for one in self.flow.moves
                if one.verb is verb
                and one.target in places
                and one.validation in (None, state)
                and one.closes >= is_closed
                and (dossier.type in one.types or dossier.type is None)
            ),
            None,
        )

    def _plan(self, dossier: Dossier, move: Move, given: Given, *, compose: bool = True) -> Plan:
        issue = dossier.issue
        if compose and move.in_place and self._is_validated_so(dossier, move.validation):
            return self._already(dossier, move.target, given)
        if move.in_place and move.comment is Template.BLOCKED:
            given = still_waiting(dossier, given)
        labels = self._labels_given(issue, given)
        iteration = given.iteration or issue.iteration
        assignees = self._assignees(issue, move, given)
        case = Case(dossier, move, given, labels, assignees, iteration)
        missing = (
            *retyped(case, self._type_with(dossier, given)),
            *self._untyped(case),
            *missing_needs(case),
        )
        missing = tuple({(one.need, one.message): one for one in missing}.values())
        overridden: tuple[Missing, ...] = ()
        if given.force and given.reason.strip() and all(one.forcible for one in missing):
            missing, overridden = (), missing
        plan = Plan(
            issue,
            self._type_with(dossier, given),
            dossier.place,
            move.target,
            move,
            missing,
            overridden,
            iteration=given.iteration if given.iteration != issue.iteration else None,
            change=self._change(issue, move, given, labels, assignees),
            remarks=self._remarks(case),
        )
        if not compose or missing:
            return plan
        comments = Commenter(self.wording).comments(dossier, plan, given)
        told = {one for comment in comments for one in comment.mentions}
        added = set(assignees) - set(issue.assignees)
        if comments:
            told |= {issue.author, *issue.assignees, *(one.author for one in dossier.notes)}
        return replace(plan, comments=comments, notify=told_names(self.desk, told | added))

    def _is_validated_so(self, dossier: Dossier, state: Validation | None) -> bool:
        """Whether a validation stands so already, and one label says it, which counts."""
        labels = [one for one in dossier.issue.labels if one.startswith(self.flow.labels.validation)]
        is_so = len(labels) == 1 and state is not None and self.flow.validation_of(labels) is state
        return is_so and not label_of_others(dossier)

    def _untyped(self, case: Case) -> tuple[Missing, ...]:
        """Return that the type is missing, where the move is not for all types and does not ask for one itself."""
        everything = {one.key for one in self.flow.types if not one.outside}
        known = self._type_with(case.dossier, case.given) is not None
        if known or Need.TYPE in case.move.needs or everything <= {*case.move.types}:
            return ()
        return missing_needs(replace(case, move=replace(case.move, needs=(Need.TYPE,))))

    def _labels_given(self, issue: WorkIssue, given: Given) -> tuple[str, ...]:
        """Return the labels as they would be with type, priority and customer as they were said."""
        names, labels = self.flow.labels, [*issue.labels]
        kind = self.flow.type(given.type) if given.type else None
        said = (
            (names.type, kind.name if kind else ""),
            (names.priority, given.priority),
            (names.customer, given.customer),
        )
        for key, value in said:
            if value:
                labels = [one for one in labels if not one.startswith(key)] + [f"{key}{value}"]
        return tuple(labels)

    def _assignees(self, issue: WorkIssue, move: Move, given: Given) -> tuple[str, ...]:
        if given.dri:
            return (given.dri,)
        stage = self.flow.stage(move.target)
        if not issue.assignees and stage and stage.dri and not move.in_place:
            return (stage.dri,)
        return issue.assignees

    def _change(
        self, issue: WorkIssue, move: Move, given: Given, labels: Sequence[str], assignees: tuple[str, ...]
    ) -> Change:
        names = self.flow.labels
        after = [*labels]
        if move.target not in (CLOSED, NOWHERE):
            after = [one for one in after if not one.startswith(names.stage)]
            after.append(self.flow.stage_label(move.target))
        if move.validation is not None or move.clears:
            after = [one for one in after if not one.startswith(names.validation)]
        if move.validation is not None:
            after.append(self._validation_label(issue, move.validation))
        closes = move.closes and not given.keep_open and not issue.is_closed
        milestone = given.milestone if given.milestone != issue.milestone else None
        return Change(
            add_labels=tuple(one for one in after if one not in issue.labels),
            remove_labels=tuple(one for one in issue.labels if one not in after),
            assignees=assignees if set(assignees) != set(issue.assignees) else None,
            milestone=milestone,
            close=closes,
            reopen=issue.is_closed and move.target != CLOSED and not move.closes,
        )

    def _validation_label(self, issue: WorkIssue, state: Validation) -> str:
        """Return the label for a state; one with another name for the same state stays."""
        names = self.flow.labels
        known = [f"{names.validation}{name}" for name in names.validations[state]]
        return next((one for one in issue.labels if one in known), self.flow.validation_label(state))

    def _remarks(self, case: Case) -> tuple[str, ...]:
        planned = {Need.ITERATION, Need.CURRENT, Need.LATER} & {*case.move.needs}
        if not planned or case.has_iterations:
            return ()
        why = case.dossier.desk.iterations.unavailable
        return (f"no iteration is asked for: {why}; the milestone alone says when it is planned for",)


def _fits_by_stage(move: Move, given: Given) -> bool:
    """Whether a move is meant by the stage that it leads to: one that stays there only where what it sets is said."""
    if not move.in_place:
        return True
    if move.comment is Template.BLOCKED:
        return any((given.until, given.then, given.on))
    sets = (given.type, given.priority, given.customer, given.iteration, given.milestone, given.dri)
    return move.validation is None and any(sets)


def _best(plans: Sequence[Plan], moves: Sequence[Move], *, force: bool) -> int:
    """Return which of some plans is meant: the first that lacks nothing; by force, the first, unless another leads on as it is."""
    found = (
        place
        for place, one in enumerate(plans)
        if one.is_legal and not one.overridden and not (force and moves[place].in_place)
    )
    return next(found, 0)


def _staying(plan: Plan, move: Move, first: Plan) -> Plan:
    """Say why an issue stays where it is, where what was asked for could have led on, or there is nothing to do."""
    if not move.in_place or not plan.is_legal:
        return plan
    remark = f"it is in {plan.target} already" if plan.is_empty else ""
    if first.target != plan.target and first.missing:
        lacks = "; ".join(one.message for one in first.missing)
        remark = f"it stays in {plan.target}; to {first.target}: {lacks}"
    remarks = (remark,) if remark and not any(one.startswith(remark) for one in plan.remarks) else ()
    return replace(plan, remarks=(*plan.remarks, *remarks))


def told_names(desk: Desk, names: Collection[str]) -> tuple[str, ...]:
    """Return whom GitLab tells, in order: nobody is told of what they do themselves."""
    me = desk.tracker.me()
    return tuple(sorted({*names} - {"", me}, key=str.casefold))


def reopening(dossier: Dossier) -> str:
    """Return the command that opens a closed issue again."""
    moves = dossier.flow.moves_from(CLOSED, dossier.type)
    target = moves[0].target if moves else dossier.flow.first
    return f"`supops issues move {dossier.issue.iid} {target} --reason TEXT`"
