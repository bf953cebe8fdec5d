"""Answering license requests: reply, time, label, close; each step once, however often it is asked for (source: domain, 5).

A reply is known by a hidden mark. Before anything is posted again, it is looked for: whoever of the team posted it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from supops.errors import (
    Conflict,
    CredentialError,
    ExitCode,
    NotFound,
    PlatformError,
    RateLimited,
    Rejected,
    UsageError,
)
from supops.models.license_requests import (
    Closing,
    Decision,
    LicenseRequest,
    Override,
    RequestIssue,
    Step,
    StepState,
)
from supops.models.licenses import License, Problem
from supops.services.license_answered import Answered, matters, refuse_mark
from supops.services.license_ports import FormReader, RequestTracker
from supops.services.licensing import Licenser, with_remarks
from supops.services.ports import Notices

COMPLETE, REFUSE = "complete", "refuse"
# As GitLab writes it: weeks to seconds, and months of four weeks.
DURATION = re.compile(r"(?:[0-9]{1,4}(?:mo|[wdhms]))(?: ?[0-9]{1,4}(?:mo|[wdhms])){0,5}")
NO_TIME = re.compile(r"(?:0+(?:mo|[wdhms])? ?)+")
# Seconds to wait before each look for what may have been done although no answer arrived.
PAUSES = (1.0, 4.0, 10.0)
REFUSALS = (Conflict, CredentialError, RateLimited, Rejected, NotFound)


class Replies(Protocol):
    """Writes the replies."""

    def complete(self, issue: RequestIssue, request: LicenseRequest, content: License, attached: str) -> str:
        """Return the reply to a request that got its license.

        Args:
            issue: The request.
            request: The same, understood.
            content: What the license says.
            attached: What stands for the license file's text, and is replaced by it; empty where it is not handed out in the reply.

        Raises:
            ConfigError: The template has mistakes.
        """
        ...

    def refuse(self, issue: RequestIssue, decision: Decision, problems: Sequence[Problem]) -> str:
        """Return the reply to a request that gets none.

        Raises:
            ConfigError: The template has mistakes.
        """
        ...


def check_duration(text: str) -> str:
    """Return a time spent as GitLab takes it: ``1h30m``; empty where it is none, such as ``0m``.

    Raises:
        UsageError: It is no such time.
    """
    said = " ".join(text.split())
    if not said or NO_TIME.fullmatch(said):
        return ""
    if not DURATION.fullmatch(said):
        raise UsageError(
            f"{said[:40]!r} is no time spent.",
            hint="Write it as GitLab does: 10m, 1h30m, 2d; 0m for none.",
        )
    return said


@dataclass
class Closer:
    """Answers requests.

    Args:
        licenser: Decides.
        tracker: Where the requests are.
        read: Reads their descriptions.
        replies: Writes the replies.
        dry_run: Whether nothing is changed.
        pause: Waits for so many seconds.
    """

    licenser: Licenser
    tracker: RequestTracker
    read: FormReader
    replies: Replies
    notices: Notices
    dry_run: bool = False
    pause: Callable[[float], None] = lambda _: None

    @cached_property
    def me(self) -> str:
        """The user that answers."""
        return self.tracker.me()

    @cached_property
    def team(self) -> frozenset[str]:
        """Whose answers count: those who may label issues could as well answer by hand."""
        return self.tracker.team() | {self.me}

    def answered(self, issue: RequestIssue) -> Answered:
        """Read what the team answered already. Who belongs to it is asked for only where somebody else wrote what looks like an answer.

        Raises:
            SupopsError: The tracker can't be read.
        """
        notes = self.tracker.notes(issue)
        kept = (one for one in notes if one.author == self.me or (matters(one) and one.author in self.team))
        return Answered(tuple(kept))

    def refuse(self, iid: int, *, reason: str = "", override: Override | None = None) -> Closing:
        """Reply to a request with its problems. The same problems of the same request are told once.

        Args:
            iid: The request's number.
            reason: What speaks against it beside the rules; empty for nothing.
            override: See `Override`.

        Returns:
            What was done; without steps where nothing speaks against the request, or it was completed already.

        Raises:
            SupopsError: Tracker or ledger can't be read, or the reply can't be posted.
        """
        issue = self.tracker.issue(iid)
        written = self.read(issue)
        held, remarks = self.licenser.earlier(written, self.tracker, self.read, issue=issue, is_answered=True)
        decision = with_remarks(self.licenser.decide(written, earlier=held, override=override), remarks)
        problems = [*decision.problems, *([Problem("request", reason)] if reason else [])]
        before = self.answered(issue)
        if self.licenser.completed_label in issue.labels or before.completions():
            said = "it was completed already: there is nothing to refuse"
            return Closing(REFUSE, issue, decision, remarks=(said, *decision.remarks))
        if said := self._made_for(issue):
            return Closing(REFUSE, issue, decision, remarks=(said, *decision.remarks))
        if not problems:
            said = "nothing speaks against it: there is nothing to refuse"
            return Closing(REFUSE, issue, decision, remarks=(said, *decision.remarks))
        mark = refuse_mark(written, problems, reason)
        reply = f"{mark}\n\n{self.replies.refuse(issue, decision, problems).strip()}\n"
        state = StepState.PLANNED
        if before.reply(mark):
            state = StepState.ALREADY
        elif not self.dry_run:
            self.check_unchanged(issue)
            self.post(issue, reply, mark)
            state = StepState.DONE
        step = Step("reply", f"tells of {len(problems)} problem{'s' if len(problems) > 1 else ''}", state)
        return Closing(REFUSE, issue, decision, (step,), reply, tuple(problems), decision.remarks)

    def _made_for(self, issue: RequestIssue) -> str:
        """Say that this very request has its license, and is only not answered; empty where it has none."""
        today = self.licenser.today
        entries = (one for one in self.licenser.ledger.entries() if one.issue == issue.link)
        made = next((one for one in entries if one.is_running_on(today)), None)
        if made is None:
            return ""
        return (
            f"license {made.id} was made for it: hand it out with `supops licenses complete`, "
            f"or first run: supops licenses withdraw {made.id} --reason TEXT"
        )

    def post(
        self, issue: RequestIssue, reply: str, mark: str, check: Callable[[], None] = lambda: None
    ) -> None:
        """Post a reply, once.

        Args:
            issue: The request.
            reply: The comment.
            mark: Its first line.
            check: Raises where it may not be posted; asked right before each attempt.

        Raises:
            SupopsError: It was not posted, or it is not known whether it was.
        """

        def attempt() -> None:
            check()
            self.tracker.comment(issue, reply)

        self.surely(attempt, lambda: self.answered(issue).reply(mark) is not None)

    def check_unchanged(self, issue: RequestIssue) -> RequestIssue:
        """Look at a request once more before it is answered: somebody may have taken their time to say yes.

        Returns:
            The request as it is now.

        Raises:
            Conflict: It says something else than before, or was closed or labelled as completed.
        """
        now = self.tracker.issue(issue.iid)
        label = self.licenser.completed_label
        changes = {
            "its text was edited": (now.title, now.description) != (issue.title, issue.description),
            "it was closed": now.is_closed and not issue.is_closed,
            "it was opened again": issue.is_closed and not now.is_closed,
            f"it got the label {label}": label in now.labels and label not in issue.labels,
        }
        found = [what for what, is_so in changes.items() if is_so]
        if found:
            raise Conflict(
                f"{issue.web_url} was changed since it was read ({', '.join(found)}): nothing was posted.",
                hint="Look at it, and run the command again: it goes on from how the issue is now.",
            )
        return now

    def surely(self, act: Callable[[], None], look: Callable[[], bool]) -> None:
        """Do something. Where no answer tells whether that worked, look for it before it is tried again, once."""
        try:
            act()
        except REFUSALS:
            raise
        except PlatformError as error:
            self.notices.note(f"{error.message}; looking whether it was done all the same")
            for seconds in PAUSES:
                self.pause(seconds)
                if look():
                    return
            act()


def closing_exit_code(closing: Closing) -> ExitCode:
    """Return 0 where the request was answered as it was asked for, or would be; else 3."""
    return ExitCode.DONE if closing.steps else ExitCode.FINDINGS
