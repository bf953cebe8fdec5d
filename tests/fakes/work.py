"""Stands in for `supops.adapters.gitlab_work`: the issues of one project, in memory, with scoped labels as GitLab has them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from supops.errors import Forbidden, NotFound, Rejected, SupopsError
from supops.models.work import (
    Change,
    Iteration,
    IterationListing,
    LabelEvent,
    Milestone,
    Person,
    StateEvent,
    WorkIssue,
    WorkNote,
)
from supops.services.work_ports import Changed, WorkTracker

PROJECT = "cust-support-ops/issue-tracker"
# A Thursday, in the iteration that began on the Sunday before.
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ME, REQUESTER, TEAMMATE, LEADER = "support-bot", "sam-roe", "jo-doe", "kim-moe"
BEFORE = Iteration(11, None, date(2026, 11, 15), date(2026, 11, 21))
CURRENT = Iteration(12, None, date(2026, 11, 22), date(2026, 11, 28))
NEXT = Iteration(13, "  ", date(2026, 11, 29), date(2026, 12, 5))
MILESTONE = Milestone(7, "CustSuppOps Deployment 2026-12-01", due=date(2026, 12, 1))


@dataclass
class Failure:
    """How a call fails, once.

    Attributes:
        acts: Whether what was asked for is done all the same, as where the network breaks before the answer.
    """

    call: str
    error: SupopsError
    acts: bool = False
    iid: int | None = None


class FakeWork(WorkTracker):
    """The issues of one project. Its time is that of the tests, and moves on a second with each change.

    Args:
        labels: Those that there are; others are made when they are set.
        iterations: Those of the group, or why there are none.
        may_write: Whether the credential may change anything.
    """

    def __init__(
        self,
        *,
        labels: Iterable[str] = (),
        iterations: Sequence[Iteration] | str = (BEFORE, CURRENT, NEXT),
        may_write: bool = True,
        now: datetime = NOW,
    ) -> None:
        self.project = PROJECT
        self.known_labels = {*labels}
        self.listing = (
            IterationListing(unavailable=iterations)
            if isinstance(iterations, str)
            else IterationListing(tuple(iterations))
        )
        self.may_write = may_write
        self.time = now
        self.kept: dict[int, WorkIssue] = {}
        self.comments: dict[int, list[WorkNote]] = {}
        self.events: dict[int, list[LabelEvent]] = {}
        self.states: dict[int, list[StateEvent]] = {}
        self.people = {
            name: Person(name, name.title(), may_plan=name != REQUESTER)
            for name in (ME, REQUESTER, TEAMMATE, LEADER)
        }
        self.failures: list[Failure] = []
        self.calls: list[str] = []
        # Called before a write is looked at: somebody else may be faster.
        self.meanwhile: Callable[[str], None] = lambda _: None

    # What people do there past us.

    def opened(
        self,
        *labels: str,
        title: str = "Something",
        description: str = "",
        ago: timedelta = timedelta(hours=1),
        assignees: tuple[str, ...] = (),
        iteration: Iteration | None = None,
        milestone: Milestone | None = None,
        confidential: bool = False,
        author: str = REQUESTER,
    ) -> int:
        """Have an issue, and return its number."""
        iid, made = len(self.kept) + 1, self.time - ago
        url = f"https://gitlab.example.com/{PROJECT}/-/issues/{iid}"
        self.kept[iid] = WorkIssue(
            iid,
            title,
            description,
            "opened",
            (),
            author,
            made,
            made,
            url,
            assignees,
            iteration,
            milestone,
            confidential=confidential,
        )
        self.comments[iid], self.events[iid], self.states[iid] = [], [], []
        self.relabel(iid, *labels, at=made)
        self.known_labels.update(labels)
        return iid

    def relabel(self, iid: int, *labels: str, at: datetime | None = None, by: str = TEAMMATE) -> None:
        """Replace all labels, whatever their keys, as happens through history."""
        at = at or self._tick()
        before = self.kept[iid].labels
        self.events[iid] += [
            LabelEvent(one, added=False, at=at, by=by) for one in before if one not in labels
        ]
        self.events[iid] += [LabelEvent(one, added=True, at=at, by=by) for one in labels if one not in before]
        self.kept[iid] = replace(
            self.kept[iid], labels=tuple(labels), updated_at=max(at, self.kept[iid].updated_at)
        )

    def said(self, iid: int, body: str, *, by: str = TEAMMATE, at: datetime | None = None) -> WorkNote:
        """Have somebody comment."""
        at = at or self._tick()
        number = 1 + sum(len(notes) for notes in self.comments.values())
        note = WorkNote(number, body, by, at)
        self.comments[iid].append(note)
        self.kept[iid] = replace(self.kept[iid], updated_at=max(at, self.kept[iid].updated_at))
        return note

    def renamed(self, iid: int, title: str) -> None:
        """Have somebody change an issue."""
        self.kept[iid] = replace(self.kept[iid], title=title, updated_at=self._tick())

    def closed(self, iid: int, *, by: str = TEAMMATE) -> None:
        """Have somebody close an issue."""
        self._set_state(iid, closed=True, at=self._tick(), by=by)

    def reopened(self, iid: int, *, by: str = TEAMMATE) -> None:
        """Have somebody open an issue again."""
        self._set_state(iid, closed=False, at=self._tick(), by=by)

    def _set_state(self, iid: int, *, closed: bool, at: datetime, by: str) -> None:
        if self.kept[iid].is_closed == closed:
            return
        state, closed_at = ("closed", at) if closed else ("opened", None)
        self.kept[iid] = replace(self.kept[iid], state=state, closed_at=closed_at, updated_at=at)
        self.states[iid].append(StateEvent(closed, at, by))

    def snapshot(self) -> tuple[object, ...]:
        """Return all that there is, to compare with later."""
        return (
            dict(self.kept),
            {iid: tuple(notes) for iid, notes in self.comments.items()},
            {iid: tuple(events) for iid, events in self.events.items()},
            {iid: tuple(events) for iid, events in self.states.items()},
        )

    def _tick(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    # The port.

    def me(self) -> str:
        return ME

    def issues(
        self, *, state: str = "opened", labels: Sequence[str] = (), changed_since: datetime | None = None
    ) -> tuple[WorkIssue, ...]:
        self._called("issues")
        return tuple(
            one
            for one in self.kept.values()
            if state in ("all", one.state)
            and {*labels} <= {*one.labels}
            and (changed_since is None or one.updated_at >= changed_since)
        )

    def issue(self, iid: int) -> WorkIssue:
        self._called("issue", iid)
        return self._known(iid)

    def notes(self, iid: int) -> tuple[WorkNote, ...]:
        self._called("notes", iid)
        self._known(iid)
        return tuple(self.comments[iid])

    def label_events(self, iid: int) -> tuple[LabelEvent, ...]:
        self._called("label_events", iid)
        self._known(iid)
        return tuple(self.events[iid])

    def state_events(self, iid: int) -> tuple[StateEvent, ...]:
        self._called("state_events", iid)
        self._known(iid)
        return tuple(self.states[iid])

    def iterations(self) -> IterationListing:
        self._called("iterations")
        return self.listing

    def milestones(self) -> tuple[Milestone, ...]:
        self._called("milestones")
        return (MILESTONE, Milestone(8, "Someday"))

    def labels(self) -> frozenset[str]:
        self._called("labels")
        return frozenset(self.known_labels)

    def person(self, username: str) -> Person | None:
        self._called("person")
        return next((one for name, one in self.people.items() if name == username.casefold()), None)

    def team(self) -> frozenset[str]:
        self._called("team")
        return frozenset(name for name, one in self.people.items() if one.may_plan)

    def update(self, issue: WorkIssue, change: Change) -> WorkIssue:
        failure = self._written("update", issue)
        if change.is_empty:
            return issue
        for name in change.assignees or ():
            if name not in self.people:
                raise NotFound(f"there is no user {name}")
        at = self._tick()
        now = self.kept[issue.iid]
        labels = [one for one in now.labels if one not in change.remove_labels]
        for label in change.add_labels:
            key = _key(label)
            labels = [one for one in labels if one != label and (not key or _key(one) != key)]
            labels.append(label)
        self.kept[issue.iid] = replace(
            now,
            assignees=now.assignees if change.assignees is None else change.assignees,
            milestone=change.milestone or now.milestone,
            weight=now.weight if change.weight is None else change.weight,
            updated_at=at,
        )
        self.relabel(issue.iid, *labels, at=at, by=ME)
        if change.close or change.reopen:
            self._set_state(issue.iid, closed=change.close, at=at, by=ME)
        self.known_labels.update(change.add_labels)
        return self._answered(issue.iid, failure)

    def set_iteration(self, issue: WorkIssue, iteration: Iteration) -> WorkIssue:
        failure = self._written("set_iteration", issue)
        if iteration not in self.listing.iterations:
            raise Rejected("the iteration is of another group")
        if issue.iteration != iteration:
            now = self.kept[issue.iid]
            self.kept[issue.iid] = replace(now, iteration=iteration, updated_at=self._tick())
        return self._answered(issue.iid, failure)

    def comment(self, issue: WorkIssue, body: str) -> WorkNote:
        failure = self._called("comment", issue.iid)
        self._must_write()
        self._known(issue.iid)
        note = self.said(issue.iid, body, by=ME)
        if failure is not None:
            raise failure.error
        return note

    def _written(self, call: str, issue: WorkIssue) -> Failure | None:
        failure = self._called(call, issue.iid)
        self._must_write()
        self.meanwhile(call)
        if self._known(issue.iid).updated_at != issue.updated_at:
            raise Changed(f"issue {issue.iid} was changed meanwhile")
        return failure

    def _must_write(self) -> None:
        if not self.may_write:
            raise Forbidden("the token may not write", hint="It needs the scope api.")

    def _answered(self, iid: int, failure: Failure | None) -> WorkIssue:
        if failure is not None:
            raise failure.error
        return self.kept[iid]

    def _known(self, iid: int) -> WorkIssue:
        if iid not in self.kept:
            raise NotFound(f"there is no issue {iid} in {PROJECT}")
        return self.kept[iid]

    def _called(self, call: str, iid: int | None = None) -> Failure | None:
        """Fail now, or return how to fail afterwards."""
        self.calls.append(call)
        failure = next((one for one in self.failures if one.call == call and one.iid in (None, iid)), None)
        if failure is not None:
            self.failures.remove(failure)
            if not failure.acts:
                raise failure.error
        return failure


def _key(label: str) -> str:
    """Return the key of a scoped label; empty for another."""
    return label.rpartition("::")[0]
