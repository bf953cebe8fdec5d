"""Answering license requests: reply, time, label, close; each step once, however often it is asked for (source: domain, 5).

A reply is known by a hidden mark. Before anything is posted again, it is looked for: whoever of the team posted it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
    WrittenRequest,
)
from supops.models.licenses import Inspection, License, Origin, Problem
from supops.services.license_answered import Answered, complete_mark, matters, refuse_mark
from supops.services.license_ports import FormReader, LicenseReader, RequestTracker
from supops.services.license_rules import differences, unwanted
from supops.services.licensing import Licenser, fingerprint, with_remarks
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


@dataclass(frozen=True, slots=True)
class Handed:
    """A license file that is handed out for a request.

    Attributes:
        data: The file.
        spent: Time spent, in GitLab's words: ``10m``; empty for none.
        attach: Whether the reply has the file's content.
        by: Who hands it out.
    """

    data: bytes = field(repr=False)
    reader: LicenseReader
    spent: str
    attach: bool
    by: str


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


def check_confidential(issue: RequestIssue) -> None:
    """See that a license's content may be posted on an issue.

    Raises:
        UsageError: The issue is not confidential.
    """
    if not issue.is_confidential:
        raise UsageError(
            f"{issue.web_url} is not confidential: everybody who sees the project would see the license.",
            hint="Make the issue confidential, or leave out --attach. Nothing was posted.",
        )


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

    def plan_completion(self, iid: int, handed: Handed, override: Override | None) -> "Completion":
        """Look whether a license file is what a request asks for, and what is left to do. Nothing is changed.

        Raises:
            UsageError: The content is to be posted, and the issue is not confidential.
            SupopsError: Tracker or ledger can't be read.
        """
        issue = self.tracker.issue(iid)
        if handed.attach:
            check_confidential(issue)
        inspection = self.licenser.inspect(handed.data, handed.reader)
        opened = inspection.opened
        written = self.read(issue)
        if opened.license is None:
            return self._stopped(issue, written, opened.problems)
        known = inspection.issued
        if known is not None and known.reason and override is None:
            override = Override(known.reason)
        held, remarks = self.licenser.earlier(written, self.tracker, self.read, iid=iid)
        decision = with_remarks(
            self.licenser.decide(
                written,
                earlier=held,
                override=override,
                today=opened.license.starts,
                but=inspection.sha256,
            ),
            (*remarks, *opened.oddities),
        )
        problems = list(decision.problems)
        problems += [Problem("license", one) for one in inspection.problems if one not in opened.oddities]
        problems += [Problem("license", one) for one in unwanted(opened.attributes)]
        if decision.request is not None:
            problems += differences(opened.license, decision.request, self.licenser.rules)
        if known is not None and known.issue and known.issue != issue.web_url:
            problems.append(
                Problem("license", f"the ledger has it as issued for another request, {known.issue}")
            )
        if problems or decision.request is None:
            return Completion(self, Closing(COMPLETE, issue, decision, problems=tuple(problems)))
        attached = opened.text if handed.attach else ""
        body = self.replies.complete(issue, decision.request, opened.license, attached)
        mark = f"<!-- supops:license complete {inspection.sha256[:16]} -->"
        return Completion(
            self,
            Closing(COMPLETE, issue, decision, reply=f"{mark}\n\n{body.strip()}\n", remarks=decision.remarks),
            inspection,
            handed,
            mark,
        )

    def _stopped(self, issue: RequestIssue, written: WrittenRequest, problems: Sequence[str]) -> "Completion":
        decision = self.licenser.decide(written)
        told = tuple(Problem("license", one) for one in problems)
        return Completion(self, Closing(COMPLETE, issue, decision, problems=told))

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
        held, remarks = self.licenser.earlier(written, self.tracker, self.read, iid=iid)
        decision = with_remarks(self.licenser.decide(written, earlier=held, override=override), remarks)
        problems = [*decision.problems, *([Problem("request", reason)] if reason else [])]
        if self.licenser.completed_label in issue.labels:
            said = "it was completed already: there is nothing to refuse"
            return Closing(REFUSE, issue, decision, remarks=(said, *decision.remarks))
        if not problems:
            said = "nothing speaks against it: there is nothing to refuse"
            return Closing(REFUSE, issue, decision, remarks=(said, *decision.remarks))
        mark = f"<!-- supops:license refuse {_digest(written, problems, reason)} -->"
        reply = f"{mark}\n\n{self.replies.refuse(issue, decision, problems).strip()}\n"
        state = StepState.PLANNED
        if _has(self.tracker.notes(issue), mark):
            state = StepState.ALREADY
        elif not self.dry_run:
            self.post(issue, reply, mark)
            state = StepState.DONE
        step = Step("reply", f"tells of {len(problems)} problem{'s' if len(problems) > 1 else ''}", state)
        return Closing(REFUSE, issue, decision, (step,), reply, tuple(problems), decision.remarks)

    def post(self, issue: RequestIssue, reply: str, mark: str) -> None:
        """Post a reply, once.

        Raises:
            SupopsError: It was not posted, or it is not known whether it was.
        """
        self.surely(lambda: self.tracker.comment(issue, reply), lambda: _has(self.tracker.notes(issue), mark))

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


@dataclass
class Completion:
    """A request that can be completed, or what is in the way of that."""

    closer: Closer
    closing: Closing
    inspection: Inspection | None = None
    handed: Handed | None = None
    mark: str = ""

    @property
    def is_possible(self) -> bool:
        """Whether nothing is in the way."""
        return self.inspection is not None

    def carry_out(self) -> Closing:
        """Do what is left to do, or for a dry run say what that is.

        Raises:
            StillRunning: The person got another license meanwhile; nothing was posted.
            SupopsError: A step failed; those before it are done, and are not done again the next time.
        """
        if self.inspection is None or self.handed is None or self.inspection.opened.license is None:
            return self.closing
        closer, issue, handed = self.closer, self.closing.issue, self.handed
        notes = closer.tracker.notes(issue)
        reply = next((note for note in notes if _has((note,), self.mark)), None)
        steps = [
            self._record(self.inspection.opened.license),
            self._step(
                "reply",
                "with the license's content" if handed.attach else "without the license's content",
                done=reply is not None,
                act=self._reply,
            ),
        ]
        if handed.spent:
            before = max((note.id for note in notes), default=0) if reply is None else reply.id
            steps.append(
                self._step(
                    "time",
                    f"{handed.spent} spent",
                    done=reply is not None and _has_time(notes, reply.id),
                    act=lambda: closer.surely(
                        lambda: closer.tracker.spend(issue, handed.spent),
                        lambda: _has_time(closer.tracker.notes(issue), before),
                    ),
                )
            )
        label = closer.licenser.completed_label
        steps.append(
            self._step(
                "close",
                f"label {label}, and closed",
                done=issue.is_closed and label in issue.labels,
                act=lambda: self._finish(label),
            )
        )
        remarks = list(self.closing.remarks)
        if reply is not None and handed.attach:
            remarks.append("the reply was there already: nothing was attached to it now")
        return Closing(
            COMPLETE, issue, self.closing.decision, tuple(steps), self.closing.reply, remarks=tuple(remarks)
        )

    def _reply(self) -> None:
        issue = self.closing.issue
        if self.handed is not None and self.handed.attach:
            # Somebody may have taken their time to say yes.
            check_confidential(self.closer.tracker.issue(issue.iid))
        self.closer.post(issue, self.closing.reply, self.mark)

    def _finish(self, label: str) -> None:
        self.closer.tracker.finish(self.closing.issue, label)

    def _record(self, content: License) -> Step:
        """Take a license down that is not in the ledger: it was made in the administration form."""
        if self.inspection is None or self.handed is None:
            raise ValueError("nothing to record")
        known = self.inspection.issued
        licenser, override = self.closer.licenser, self.closing.decision.override
        if known is not None:

            def finish() -> None:
                licenser.ledger.confirm(known, known.file)

            return self._step("ledger", f"license {known.id}", done=not known.is_pending, act=finish)
        entry = licenser.entry(
            content,
            self.handed.data,
            self.closing.issue.web_url,
            self.handed.by,
            Origin.COMPLETED,
            override.reason if override else "",
        )

        def act() -> None:
            licenser.ledger.add(entry, today=licenser.today)

        return self._step("ledger", "recorded as handed out", done=False, act=act)

    def _step(self, what: str, detail: str, *, done: bool, act: Callable[[], None]) -> Step:
        if done:
            return Step(what, detail, StepState.ALREADY)
        if self.closer.dry_run:
            return Step(what, detail, StepState.PLANNED)
        act()
        return Step(what, detail, StepState.DONE)


def closing_exit_code(closing: Closing) -> ExitCode:
    """Return 0 where the request was answered as it was asked for, or would be; else 3."""
    return ExitCode.DONE if closing.steps else ExitCode.FINDINGS


def _has(notes: Sequence[RequestNote], mark: str) -> bool:
    return any(not note.system and mark in note.body.replace("\r\n", "\n").split("\n") for note in notes)


def _has_time(notes: Sequence[RequestNote], after: int) -> bool:
    """Whether the platform noted, after a note of ours, that our user added time."""
    return any(note.system and note.id > after and TIME_NOTE.match(note.body) for note in notes)


def _digest(written: WrittenRequest, problems: Sequence[Problem], reason: str) -> str:
    """Return what tells whether the same was said already: of the request and its fields, not of the day's words."""
    parts = [reason, *sorted(problem.field for problem in problems)]
    parts += [f"{key}={written.values[key]}" for key in sorted(written.values)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
