"""Carrying plans out: comments first, then the iteration, then all else in one request, then a look whether all is as it should be.

Until the last request, an issue is where it was; whoever repeats the command goes on from there, and no comment is written twice.
A comment on a move that did not happen is what ``lint`` finds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from supops.errors import Conflict, CredentialError, NotFound, PlatformError, RateLimited, Rejected
from supops.models.work import WorkIssue
from supops.models.work_marks import mark_of
from supops.models.work_moves import Comment, Moved, Plan
from supops.models.workflow import CLOSED
from supops.services.ports import Notices
from supops.services.work_ports import Changed
from supops.services.work_reading import Desk

REFUSALS = (Conflict, CredentialError, RateLimited, Rejected, NotFound)
# Seconds to wait before each look for a comment that may have been posted although no answer arrived.
PAUSES = (1.0, 4.0, 10.0)


@dataclass(frozen=True, slots=True)
class Applier:
    """Carries plans out.

    Args:
        pause: Waits for so many seconds.
        dry_run: Whether nothing is written.
    """

    desk: Desk
    notices: Notices
    pause: Callable[[float], None] = lambda _: None
    dry_run: bool = False

    def apply(self, plan: Plan) -> Moved:
        """Carry a plan out, whole; an illegal one, and one that has nothing to do, changes nothing. Whom it does not mention is told first.

        Raises:
            Changed: Somebody changed the issue meanwhile; nothing of theirs is overwritten.
            SupopsError: The platform refuses, or it is not known whether it did what it was asked.
        """
        if plan.is_legal:
            for name in dict.fromkeys(one for comment in plan.comments for one in comment.unmentioned):
                self.notices.warn(f"@{name} is a group or nobody: not mentioned")
        if not plan.is_legal or plan.is_empty or self.dry_run:
            return Moved(plan, plan.issue, done=False)
        self._warn_of_new_labels(plan)
        tracker, issue = self.desk.tracker, plan.issue
        if plan.comments:
            issue = self._unchanged(issue)
        for comment in plan.comments:
            self._post(issue, comment)
            issue = self._unchanged(issue, by_us=True)
        if plan.iteration is not None:
            before, issue = issue, tracker.set_iteration(issue, plan.iteration)
            _must_be_same(replace(before, iteration=plan.iteration), issue)
        if not plan.change.is_empty:
            issue = tracker.update(issue, plan.change)
        return Moved(plan, issue, done=True, problems=self._problems(plan, issue))

    def _unchanged(self, issue: WorkIssue, *, by_us: bool = False) -> WorkIssue:
        """Read an issue again, which has to be as it was; but for the time of its last change, where that is ours."""
        now = self.desk.tracker.issue(issue.iid)
        _must_be_same(issue, now, with_time=not by_us)
        return now

    def _post(self, issue: WorkIssue, comment: Comment) -> None:
        """Post a comment. Where no answer tells whether that worked, look for it before it is tried again, once."""
        tracker = self.desk.tracker
        try:
            tracker.comment(issue, comment.body)
        except REFUSALS:
            raise
        except PlatformError as error:
            self.notices.note(f"{error.message}; looking whether the comment was posted all the same")
            for seconds in PAUSES:
                self.pause(seconds)
                if self._is_there(issue, comment):
                    return
            tracker.comment(issue, comment.body)

    def _is_there(self, issue: WorkIssue, comment: Comment) -> bool:
        me = self.desk.tracker.me()
        # What was there before the issue was last looked at is an older one that says the same.
        notes = (
            one
            for one in self.desk.tracker.notes(issue.iid)
            if one.author == me and one.created_at >= issue.updated_at
        )
        marks = (mark_of(one.body) for one in notes)
        return any(mark is not None and mark.line == comment.mark.line for mark in marks)

    def _warn_of_new_labels(self, plan: Plan) -> None:
        for label in plan.change.add_labels:
            if label not in self.desk.labels:
                self.notices.warn(
                    f"the label {label!r} did not exist in {self.desk.tracker.project}: GitLab creates it. Is it misspelt in the flow?"
                )

    def _problems(self, plan: Plan, after: WorkIssue) -> tuple[str, ...]:
        """Say what is not as it was planned."""
        change, flow = plan.change, self.desk.flow
        problems = [f"it has no label {one}" for one in change.add_labels if one not in after.labels]
        problems += [f"it still has the label {one}" for one in change.remove_labels if one in after.labels]
        if plan.move and plan.target != CLOSED and flow.stages_of(after.labels) != (plan.target,):
            found = ", ".join(flow.stages_of(after.labels)) or "none"
            problems.append(f"its stage is {found}, and should be {plan.target}")
        if change.close and not after.is_closed:
            problems.append("it is open, and should be closed")
        if change.reopen and after.is_closed:
            problems.append("it is closed, and should be open")
        if change.milestone and (after.milestone is None or after.milestone.id != change.milestone.id):
            problems.append(f"its milestone is not {change.milestone.title}")
        if plan.iteration and (after.iteration is None or after.iteration.id != plan.iteration.id):
            problems.append(f"its iteration is not {plan.iteration.name}")
        if change.assignees is not None and set(after.assignees) != set(change.assignees):
            found = ", ".join(after.assignees) or "nobody"
            problems.append(f"it is assigned to {found}, and should be to {', '.join(change.assignees)}")
        if change.weight is not None and after.weight != change.weight:
            problems.append(f"its weight is not {change.weight}")
        return tuple(dict.fromkeys(problems))


def _must_be_same(before: WorkIssue, now: WorkIssue, *, with_time: bool = False) -> None:
    if not with_time:
        before = replace(before, updated_at=now.updated_at)
    if before == now:
        return
    names = [
        name
        for name in (
            "title",
            "description",
            "state",
            "labels",
            "assignees",
            "iteration",
            "milestone",
            "weight",
        )
        if getattr(before, name) != getattr(now, name)
    ]
    what = f" ({', '.join(names)})" if names else ""
    raise Changed(
        f"The issue {now.web_url or now.iid} was changed by somebody else meanwhile{what}: nothing of that is overwritten.",
        hint="Look at it, and run the command again: it goes on from how the issue is now.",
    )
