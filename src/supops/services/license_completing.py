"""Completing license requests: the file is compared with the request; then record, reply, time, label and close (source: domain, 5)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from supops.errors import ConfigError, UsageError
from supops.models.license_requests import (
    Closing,
    Decision,
    Override,
    RequestIssue,
    RequestNote,
    Step,
    StepState,
    WrittenRequest,
)
from supops.models.licenses import Inspection, License, Opened, Origin, Problem
from supops.services.license_answered import Answered, complete_mark
from supops.services.license_closing import COMPLETE, Closer
from supops.services.license_ports import LicenseReader
from supops.services.license_rules import differences, unwanted
from supops.services.licensing import fingerprint, with_remarks


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


def license_line(text: str) -> str:
    """Return what stands for a license's text wherever it is shown: only the comment on the issue has the text."""
    data = text.encode()
    return f"[the license file: {len(data):,} bytes, SHA-256 {fingerprint(data)}]"


@dataclass(frozen=True, slots=True)
class Part:
    """A step, and what does it.

    Attributes:
        step: Done before, or planned.
        words: For whoever is asked whether to do it; empty for what is done on this machine alone.
    """

    step: Step
    words: str
    act: Callable[[], object]


@dataclass
class Completion:
    """A request that can be completed, or what is in the way of that.

    Attributes:
        mark: Of the reply.
        reply: As it is posted: with the license's text, where it is handed out so.
        before: What was answered already.
    """

    closer: Closer
    closing: Closing
    inspection: Inspection | None = None
    handed: Handed | None = None
    mark: str = ""
    reply: str = field(default="", repr=False)
    before: Answered = field(default_factory=Answered)

    @property
    def question(self) -> str:
        """Whether to do what is left to do on the issue; empty where that is nothing."""
        left = [one.words for one in self._parts(self.before) if one.step.state is not StepState.ALREADY]
        words = ", ".join(filter(None, left))
        return f"{self.closing.issue.web_url}: {words}?" if words else ""

    def carry_out(self) -> Closing:
        """Do what is left to do, or for a dry run say what that is.

        Raises:
            StillRunning: The person got another license meanwhile; nothing was posted.
            Conflict, UsageError: The issue was changed meanwhile; nothing was posted.
            SupopsError: A step failed; those before it are done, and are not done again the next time.
        """
        if self.inspection is None or self.handed is None:
            return self.closing
        closer, issue, handed = self.closer, self.closing.issue, self.handed
        # A colleague may have answered while somebody was asked.
        before = self.before if closer.dry_run else closer.answered(issue)
        reply = before.reply(self.mark)
        if not closer.dry_run:
            now = closer.check_unchanged(issue)
            if handed.attach and reply is None:
                check_confidential(now)
        steps: list[Step] = []
        for part in self._parts(before):
            step = part.step
            if step.state is not StepState.ALREADY and not closer.dry_run:
                part.act()
                step = replace(step, state=StepState.DONE)
            steps.append(step)
        remarks = self.closing.remarks
        if handed.attach and reply is not None and not self._has_content(reply):
            remarks = (*remarks, "the reply was there already: nothing was attached to it now")
        return replace(self.closing, steps=tuple(steps), remarks=remarks)

    def _parts(self, before: Answered) -> Iterator[Part]:
        """Yield what belongs to it, in the order in which it is done."""
        if self.inspection is None or self.handed is None or self.inspection.opened.license is None:
            return
        closer, issue, spent = self.closer, self.closing.issue, self.handed.spent
        reply = before.reply(self.mark)
        yield self._record(self.inspection.opened.license, self.handed)
        has_content = self.handed.attach if reply is None else self._has_content(reply)
        yield Part(
            _step(
                "reply",
                f"with{'' if has_content else 'out'} the license's content",
                is_done=reply is not None,
            ),
            "reply with the license" if has_content else "reply",
            lambda: closer.post(issue, self.reply, self.mark, self._check_place),
        )
        if spent:
            yield Part(
                _step("time", f"{spent} spent", is_done=reply is not None and before.has_time(reply.id)),
                f"log {spent}",
                lambda: closer.surely(
                    lambda: closer.tracker.spend(issue, spent),
                    lambda: closer.answered(issue).has_time(before.last, by=closer.me),
                ),
            )
        label = closer.licenser.completed_label
        yield Part(
            _step("close", f"label {label}, and closed", is_done=issue.is_closed and label in issue.labels),
            f"set {label} and close",
            lambda: closer.tracker.finish(issue, label),
        )

    def _check_place(self) -> None:
        """See that the content may be posted now: between two attempts are seconds, and somebody may make the issue public."""
        if self.handed and self.handed.attach:
            check_confidential(self.closer.tracker.issue(self.closing.issue.iid))

    def _has_content(self, reply: RequestNote) -> bool:
        text = self.inspection.opened.text.strip() if self.inspection else ""
        return text in reply.body.replace("\r\n", "\n")

    def _record(self, content: License, handed: Handed) -> Part:
        """Take a license down that is not in the ledger: it was made in the administration form."""
        known = self.inspection.issued if self.inspection else None
        licenser, override = self.closer.licenser, self.closing.decision.override
        if known is not None:
            step = _step("ledger", f"license {known.id}", is_done=not known.is_pending)
            return Part(step, "", lambda: licenser.ledger.confirm(known, known.file))
        reason = override.reason if override else ""
        entry = licenser.entry(
            content, handed.data, self.closing.issue.link, handed.by, Origin.COMPLETED, reason
        )
        step = _step("ledger", "recorded as handed out", is_done=False)
        return Part(step, "", lambda: licenser.ledger.add(entry, today=licenser.today))


def _step(what: str, detail: str, *, is_done: bool) -> Step:
    return Step(what, detail, StepState.ALREADY if is_done else StepState.PLANNED)


def plan_completion(closer: Closer, iid: int, handed: Handed, override: Override | None) -> Completion:
    """Look whether a license file is what a request asks for, and what is left to do. Nothing is changed.

    Raises:
        UsageError: The content is to be posted, and the issue is not confidential.
        ConfigError: The template of the reply has mistakes, or does not put in the content that is to be posted.
        SupopsError: Tracker or ledger can't be read.
    """
    issue = closer.tracker.issue(iid)
    if handed.attach:
        check_confidential(issue)
    inspection = closer.licenser.inspect(handed.data, handed.reader)
    opened = inspection.opened
    written = closer.read(issue)
    if opened.license is None:
        return _stopped(closer, issue, written, opened.problems)
    known = inspection.issued
    if known is not None and known.reason and override is None:
        override = Override(known.reason)
    held, remarks = closer.licenser.earlier(
        written, closer.tracker, closer.read, issue=issue, is_answered=True
    )
    decision = with_remarks(
        closer.licenser.decide(
            written,
            earlier=held,
            override=override,
            today=opened.license.starts,
            but=inspection.sha256,
        ),
        (*remarks, *opened.oddities),
    )
    before = closer.answered(issue)
    others = [one for one in before.completions() if not inspection.sha256.startswith(one)]
    problems = [*decision.problems, *_differences(closer, inspection, decision, issue)]
    if others and override is None:
        said = f"the request was completed already, with another file: its SHA-256 begins with {others[0]}"
        way_on = "to hand this one out as well, add --override-existing --reason TEXT"
        problems.append(Problem("license", f"{said}; {way_on}"))
    if problems or decision.request is None:
        return Completion(closer, Closing(COMPLETE, issue, decision, problems=tuple(problems)))
    body = closer.replies.complete(issue, decision.request, opened.license, _shown(opened, handed))
    return _possible(closer, Closing(COMPLETE, issue, decision, reply=body), inspection, handed, before)


def _possible(
    closer: Closer, closing: Closing, inspection: Inspection, handed: Handed, before: Answered
) -> Completion:
    line, text, body = _shown(inspection.opened, handed), inspection.opened.text.strip(), closing.reply
    if line not in body:
        raise ConfigError(
            "The template of the reply does not put in `attached`: the license would not be in the reply.",
            hint="It is what licenses.complete_template names. Add {{ attached }} to it, or leave out --attach.",
        )
    mark = complete_mark(inspection.sha256)
    reply = f"{mark}\n\n{body.strip()}\n"
    remarks = closing.decision.remarks
    label = closer.licenser.completed_label
    if closing.issue.is_closed and label not in closing.issue.labels:
        remarks = (*remarks, f"the issue is closed already, without the label {label}")
    posted = reply.replace(line, text) if line else reply
    closing = replace(closing, reply=reply, remarks=remarks)
    return Completion(closer, closing, inspection, handed, mark, posted, before)


def _alone(opened: Opened) -> str:
    return f"{opened.text.strip()}\n"


def _shown(opened: Opened, handed: Handed) -> str:
    return license_line(_alone(opened)) if handed.attach else ""


def _differences(
    closer: Closer, inspection: Inspection, decision: Decision, issue: RequestIssue
) -> list[Problem]:
    """Say what speaks against a file that can be read: of its own, against the request, and against the ledger."""
    opened, known = inspection.opened, inspection.issued
    problems = [Problem("license", one) for one in inspection.problems if one not in opened.oddities]
    problems += [Problem("license", one) for one in unwanted(opened.attributes)]
    if opened.license is not None and decision.request is not None:
        problems += differences(opened.license, decision.request, closer.licenser.rules)
    if opened.license is not None and fingerprint(_alone(opened).encode()) != inspection.sha256:
        # What is recorded would be another file than what a reply has.
        odd = f" ({', '.join(opened.oddities)})" if opened.oddities else ""
        said = f"there is more in the file than the license{odd}: hand out the file as it was made"
        problems.append(Problem("license", said))
    if (begun := decision.begun) is not None:
        said = f"license {begun.id} was begun for this request, and is another file: generate it again to finish that one, or first run:"
        problems.append(Problem("license", f"{said} supops licenses withdraw {begun.id} --reason TEXT"))
    if known is not None and known.issue and known.issue != issue.link:
        problems.append(Problem("license", f"the ledger has it as issued for another request, {known.issue}"))
    return problems


def _stopped(
    closer: Closer, issue: RequestIssue, written: WrittenRequest, problems: Sequence[str]
) -> Completion:
    decision = closer.licenser.decide(written)
    told = tuple(Problem("license", one) for one in problems)
    return Completion(closer, Closing(COMPLETE, issue, decision, problems=told))
