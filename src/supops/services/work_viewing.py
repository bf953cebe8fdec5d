"""Seeing the work: lists with ages, the board, one issue with its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from supops.errors import CredentialError, SupopsError
from supops.models.work import WorkIssue
from supops.models.work_moves import Option
from supops.services.ports import Parallel
from supops.services.work_asking import ME, is_known, known_name, known_person, known_stage, known_type
from supops.services.work_guards import block_of, came_from
from supops.services.work_moving import Mover
from supops.services.work_reading import (
    Age,
    Desk,
    Stay,
    age_of,
    bounds_of,
    chosen_iteration,
    history_of,
    stage_of,
    type_of,
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which issues are wanted; empty for all.

    Attributes:
        stage: The name of a stage; ``none`` for those without.
        type: The key of a type; ``none`` for those without.
        customer: Of the flow, or of a label that there is; ``none`` for those without.
        priority: ``none`` for those without.
        iteration: As people call it; ``none`` for those in none.
        assignee: Username; ``@me`` for whoever the credential belongs to; ``none`` for those that nobody is assigned to.
        stale: Only those that are in their stage for longer than the service goal; closed ones, that were when they were closed.
        state: ``opened``, ``closed`` or ``all``.
        changed_since: Only those that were changed then or later, comments included; None for all.
        closed_since: Only those that were closed then or later; None for all.
    """

    stage: str = ""
    type: str = ""
    customer: str = ""
    priority: str = ""
    assignee: str = ""
    iteration: str = ""
    stale: bool = False
    state: str = "opened"
    changed_since: datetime | None = None
    closed_since: datetime | None = None


NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """An issue as lists show it.

    Attributes:
        stage: Empty for none, with a comma for several.
        type: None where it has none, or several.
    """

    issue: WorkIssue
    stage: str
    type: str | None
    priority: str | None
    customers: tuple[str, ...]
    age: Age


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of issues.

    Attributes:
        incomplete_reasons: What could not be read.
    """

    rows: tuple[Row, ...]
    incomplete_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board.

    Attributes:
        stage: The name of a stage; empty for issues without one, or with several.
    """

    stage: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """One issue with all that is known of it.

    Attributes:
        came_from: The stage that it was blocked in; empty for one that is not blocked.
        until: What unblocks it; empty as well, as the next two.
        on: Username of whoever can unblock it.
    """

    row: Row
    history: tuple[Stay, ...]
    options: tuple[Option, ...]
    came_from: str = ""
    until: str = ""
    then: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Reads issues for people to see."""

    desk: Desk
    parallel: Parallel

    def rows(self, filters: Filters, *, exact: bool = True) -> Rows:
        """List issues, in the order of stages and the oldest in its stage first.

        Args:
            filters: Which.
            exact: Whether each one's history is read for its age, which takes a request for each; else its age is what the issue itself
                tells, which is a range.

        Raises:
            UsageError: A filter names what there is not.
            SupopsError: The issues can't be listed.
        """
        flow = self.desk.flow
        customer = self._customer(filters)
        # Whatever was closed since then was changed since then.
        since = max((one for one in (filters.changed_since, filters.closed_since) if one), default=None)
        issues = self.desk.tracker.issues(
            state=filters.state, labels=self._labels(filters, customer), changed_since=since
        )
        label = f"{flow.labels.customer}{customer}"
        chosen = [one for one in self._chosen(issues, filters) if not customer or label in one.labels]
        rows = [self._row(one) for one in chosen]
        missing: list[str] = []
        if exact:
            rows, missing = self._exact(rows, unsettled_only=filters.stale)
        if filters.stale:
            rows = [one for one in rows if one.age.is_late]
        order = {stage.name: place for place, stage in enumerate(flow.stages)}
        rows.sort(key=lambda one: (order.get(one.stage, -1), -one.age.days, one.issue.iid))
        return Rows(tuple(rows), tuple(sorted(missing)))

    def board(self, filters: Filters, *, exact: bool = False) -> tuple[list[Column], Rows]:
        """Return all open issues by stage: a column for each stage, and one more for what is in none where there is any."""
        found = self.rows(filters, exact=exact)
        names = [stage.name for stage in self.desk.flow.stages]
        lost = tuple(one for one in found.rows if one.stage not in names)
        columns = [Column(name, tuple(one for one in found.rows if one.stage == name)) for name in names]
        return ([Column("", lost)] if lost else []) + columns, found

    def show(self, iid: int, mover: Mover) -> Shown:
        """Return one issue with its history and what it lacks.

        Raises:
            NotFound: There is none, or the credential does not see it.
        """
        dossier, flow = self.desk.dossier(iid), self.desk.flow
        row = self._row(dossier.issue, age_of(dossier))
        options = mover.options(dossier)
        source = until = then = on = ""
        if dossier.place == flow.blocked:
            source = came_from(dossier)
            if (block := block_of(dossier)) is not None:
                until, then, on = (block.text(name) for name in ("until", "then", "on"))
        return Shown(row, history_of(dossier), options, source, until, then, on)

    def _customer(self, filters: Filters) -> str:
        """Return a customer as the flow spells it, or as a label does that the flow does not know: of the project, or of an issue.

        Raises:
            UsageError: There is none; the nearest is named.
        """
        flow, tracker, name = self.desk.flow, self.desk.tracker, filters.customer
        key, known = flow.labels.customer, flow.labels.customers
        if name == NONE:
            return ""
        if name and not is_known(name, known, key):
            # Labels that came with an issue from elsewhere are none of the project's.
            found = self.desk.labels.union(*(one.labels for one in tracker.issues(state=filters.state)))
            others = {one.removeprefix(key) for one in found if one.startswith(key)}
            known = (*known, *sorted(others.difference(known), key=str.casefold))
        return known_name(name, known, key, "customer")

    def _labels(self, filters: Filters, customer: str) -> list[str]:
        """Return the labels that GitLab can choose by."""
        flow = self.desk.flow
        labels = []
        if filters.stage and filters.stage != NONE:
            labels.append(flow.stage_label(known_stage(flow, filters.stage)))
        if filters.type and filters.type != NONE:
            key = known_type(flow, filters.type)
            labels += [f"{flow.labels.type}{one.name}" for one in flow.types if one.key == key]
        names = flow.labels
        said = filters.priority if filters.priority != NONE else ""
        priority = known_name(said, names.priorities, names.priority, "priority")
        # By others GitLab can't choose where the project lacks them.
        if customer in names.customers:
            labels.append(f"{names.customer}{customer}")
        if priority:
            labels.append(f"{names.priority}{priority}")
        return labels

    def _chosen(self, issues: Sequence[WorkIssue], filters: Filters) -> list[WorkIssue]:
        flow, since = self.desk.flow, filters.closed_since
        chosen = [
            one for one in issues if since is None or (one.closed_at is not None and one.closed_at >= since)
        ]
        if filters.stage == NONE:
            chosen = [one for one in chosen if not flow.stages_of(one.labels)]
        if filters.type == NONE:
            chosen = [one for one in chosen if not flow.types_of(one.labels)]
        keys = ((filters.customer, flow.labels.customer), (filters.priority, flow.labels.priority))
        for key in [key for said, key in keys if said == NONE]:
            chosen = [one for one in chosen if not any(label.startswith(key) for label in one.labels)]
        if filters.assignee == NONE:
            chosen = [one for one in chosen if not one.assignees]
        elif filters.assignee:
            name = filters.assignee
            wanted = (self.desk.tracker.me() if name.casefold() == ME else name.removeprefix("@")).casefold()
            chosen = [one for one in chosen if wanted in {name.casefold() for name in one.assignees}]
            if not chosen:
                # A name that nobody has is not the same as nothing to do.
                known_person(self.desk, filters.assignee)
        if filters.iteration == NONE:
            chosen = [one for one in chosen if one.iteration is None]
        elif filters.iteration:
            iteration = chosen_iteration(self.desk, filters.iteration)
            chosen = [one for one in chosen if one.iteration and one.iteration.id == iteration.id]
        return chosen

    def _row(self, issue: WorkIssue, age: Age | None = None) -> Row:
        flow = self.desk.flow
        customers = tuple(
            one.removeprefix(flow.labels.customer)
            for one in issue.labels
            if one.startswith(flow.labels.customer)
        )
        return Row(
            issue,
            stage_of(flow, issue),
            type_of(flow, issue),
            flow.value_of(issue.labels, flow.labels.priority),
            customers,
            age or bounds_of(flow, issue, self.desk.now),
        )

    def _exact(self, rows: Sequence[Row], *, unsettled_only: bool) -> tuple[list[Row], list[str]]:
        """Read histories, of those only whose age the issue itself does not settle."""

        def is_open(row: Row) -> bool:
            return not (row.age.is_exact or (unsettled_only and row.age.is_settled and not row.age.is_late))

        asked = [one for one in rows if is_open(one)]
        known = {one.issue.iid: one for one in rows}
        missing = []

        def read(row: Row) -> Row | str:
            try:
                return self._row(row.issue, age_of(self.desk.dossier(row.issue)))
            except CredentialError:
                raise
            except SupopsError as error:
                return f"the history of issue {row.issue.iid}: {error.message}"

        for result in self.parallel(read, asked):
            if isinstance(result, str):
                missing.append(result)
            else:
                known[result.issue.iid] = result
        return [known[one.issue.iid] for one in rows], missing
