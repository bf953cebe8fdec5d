"""Filing: one confidential issue for each audit and quarter, however often it is filed (source: domain and interface, "audit").

An issue is known by a hidden mark in its description. Whatever happens between a request and its answer, there is never a second one: before
anything is created again, it is looked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from supops.errors import (
    Conflict,
    CredentialError,
    NotFound,
    PlatformError,
    RateLimited,
    Rejected,
    SupopsError,
)
from supops.models.audits import Audit, quarter_of
from supops.models.changes import AuditChanges
from supops.models.filings import Action, Filed, Texts
from supops.models.issues import Issue, IssueDraft, Note, TrackerFacts
from supops.services.audit_ports import IssueTracker
from supops.services.ports import Clock, Notices

# How long before a quarter an issue for it may have been created: by a clock that is ahead, or with --as-of.
SLACK = timedelta(days=31)
MOST_SKEW = timedelta(minutes=5)
# Seconds to wait before each look for what may have been created although no answer arrived.
PAUSES = (1.0, 4.0, 10.0)
REFUSALS = (Conflict, CredentialError, RateLimited, Rejected, NotFound)
Found = TypeVar("Found")


class Composer(Protocol):
    """Writes the texts of an issue."""

    def title(self, audit: Audit, quarter: str) -> str:
        """Return the issue's title."""
        ...

    def is_part_of(self, text: str, audit: Audit, quarter: str, part: int = 1) -> bool:
        """Whether a description or note is a part of the audit's issue, by its mark."""
        ...

    def compose(
        self, audit: Audit, changes: AuditChanges | None, quarter: str, *, previous: Sequence[str] = ()
    ) -> Texts:
        """Compose the description, and notes where it is too long for that; what people did in the previous texts is kept.

        Raises:
            ConfigError: The template has mistakes.
        """
        ...


@dataclass
class Filer:
    """Files audits.

    Args:
        tracker: The issues of the project that audits are filed in.
        body: Writes their texts.
        day: The day that decides the quarter and the due date.
        day_is_given: Whether somebody named the day; else it is today's by our own clock.
        due_after: From the day to the due date; None for no due date.
        dry_run: Whether nothing is changed.
        pause: Waits for so many seconds.
    """

    tracker: IssueTracker
    body: Composer
    clock: Clock
    notices: Notices
    day: date
    day_is_given: bool = False
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    due_after: timedelta | None = None
    dry_run: bool = False
    pause: Callable[[float], None] = lambda _: None
    _issues: tuple[Issue, ...] | None = field(init=False, default=None)

    @property
    def quarter(self) -> str:
        """The quarter that is filed for: ``2026 Q4``."""
        return quarter_of(self.day)

    def check(self) -> None:
        """Look at the project before audits are run, and warn of what will not be as the settings say.

        Raises:
            SupopsError: Nothing could be filed there, or it is not certain for which quarter.
        """
        facts = self.tracker.facts(self.labels, self.assignees)
        for label in facts.unknown_labels:
            self.notices.warn(
                f"the label {label!r} does not exist in {facts.name}: GitLab creates it with a new issue. Is it misspelt in gitlab.filing.labels?"
            )
        for person in facts.unknown_people:
            self.notices.warn(
                f"GitLab does not know the user {person!r}: an issue can't be assigned to them (gitlab.filing.assignees)"
            )
        self.assignees = tuple(name for name in self.assignees if name not in facts.unknown_people)
        self._compare_clocks(facts)

    def _compare_clocks(self, facts: TrackerFacts) -> None:
        now = self.clock.now()
        skew = now - facts.now
        if abs(skew) <= MOST_SKEW:
            return
        said = f"this machine's clock is {_spoken(abs(skew))} {'ahead of' if skew > timedelta() else 'behind'} GitLab's"
        if not self.day_is_given and quarter_of(facts.now) != quarter_of(now):
            raise SupopsError(
                f"It is not certain which quarter to file for: {said}.",
                hint="Set the clock, or name the day: --as-of YYYY-MM-DD.",
            )
        self.notices.warn(said)

    def file(self, audit: Audit, changes: AuditChanges | None) -> Filed:
        """File an audit: create its issue, or update the one that there is.

        Returns:
            What was done, or would be.

        Raises:
            SupopsError: The platform refuses, or it is not known whether it did what it was asked.
        """
        title = self.body.title(audit, self.quarter)
        issue, adopted = self._find(audit, title)
        if issue is None:
            if audit.kind == "tokens" and not audit.findings and audit.complete:
                return Filed(Action.NOTHING, title, None, ("there is nothing to file",))
            return self._create(audit, changes, title)
        return self._update(audit, changes, issue, adopted=adopted)

    def _create(self, audit: Audit, changes: AuditChanges | None, title: str) -> Filed:
        texts = self.body.compose(audit, changes, self.quarter)
        due = self.day + self.due_after if self.due_after else None
        draft = IssueDraft(title, texts.parts[0], self.labels, self.assignees, due)
        if self.dry_run:
            return Filed(Action.WOULD_CREATE, title, None, parts=texts.parts, draft=draft)
        issue = self._surely(
            lambda: self.tracker.create(draft), lambda: self._first(self._marked(audit, fresh=True))
        )
        for part, text in enumerate(texts.parts[1:], 2):
            self._add_note(audit, issue, part, text)
        return Filed(
            Action.CREATED, title, issue, self._oddities(audit, issue, draft), parts=texts.parts, draft=draft
        )

    def _update(self, audit: Audit, changes: AuditChanges | None, issue: Issue, *, adopted: bool) -> Filed:
        notes = self._notes_of(audit, issue)
        previous = [issue.description, *(note.body for note in notes.values())]
        texts = self.body.compose(audit, changes, self.quarter, previous=previous)
        remarks = list(texts.remarks)
        if adopted:
            remarks.append("the mark that supops knows its issue by was removed by hand: it is put back")
        if issue.is_closed:
            remarks.append("it was closed by people, and is left closed")
        if not issue.is_confidential:
            remarks.append("it was not confidential any more: it is made so again")
        if self.dry_run:
            return Filed(Action.WOULD_UPDATE, issue.title, issue, tuple(remarks), parts=texts.parts)
        if texts.parts[0] != issue.description or not issue.is_confidential:
            issue = self.tracker.update(issue, texts.parts[0])
        for part, text in enumerate(texts.parts[1:], 2):
            note = notes.pop(part, None)
            if note is None:
                self._add_note(audit, issue, part, text)
            elif note.body != text:
                self.tracker.update_note(issue, note, text)
        for note in notes.values():
            self.tracker.delete_note(issue, note)
        return Filed(Action.UPDATED, issue.title, issue, tuple(remarks), parts=texts.parts)

    def _add_note(self, audit: Audit, issue: Issue, part: int, text: str) -> None:
        def add() -> bool:
            self.tracker.add_note(issue, text)
            return True

        self._surely(add, lambda: part in self._notes_of(audit, issue) or None)

    def _surely(self, create: Callable[[], Found], look: Callable[[], Found | None]) -> Found:
        """Create something. Where no answer tells whether that worked, look for it before it is tried again, once."""
        try:
            return create()
        except REFUSALS:
            raise
        except PlatformError as error:
            self.notices.note(f"{error.message}; looking whether it was done all the same")
            for seconds in PAUSES:
                self.pause(seconds)
                found = look()
                if found is not None:
                    return found
        return create()

    def _find(self, audit: Audit, title: str) -> tuple[Issue | None, bool]:
        """Return the audit's issue, and whether it lacks the mark: then it is ours by its author and title."""
        marked = self._marked(audit)
        if marked:
            return self._first(marked), False
        same_title = [issue for issue in self._known() if issue.title == title]
        for issue in same_title:
            if issue.is_ours:
                return issue, True
            self.notices.warn(
                f"{issue.web_url} has the title {title!r} as well, but supops did not write it: it is left alone"
            )
        return None, False

    def _first(self, issues: Sequence[Issue]) -> Issue | None:
        return issues[0] if issues else None

    def _marked(self, audit: Audit, *, fresh: bool = False) -> list[Issue]:
        """Return the issues with the audit's mark, the oldest first."""
        if fresh:
            self._issues = None
        return [
            issue for issue in self._known() if self.body.is_part_of(issue.description, audit, self.quarter)
        ]

    def _known(self) -> tuple[Issue, ...]:
        """Return all issues that one for this quarter can be among; listed once for all audits."""
        if self._issues is None:
            now = self.clock.now()
            first = date(self.day.year, (self.day.month - 1) // 3 * 3 + 1, 1)
            since = min(datetime.combine(first, time(), now.tzinfo), now) - SLACK
            self._issues = self.tracker.issues_since(since)
        return self._issues

    def _notes_of(self, audit: Audit, issue: Issue) -> dict[int, Note]:
        """Return the notes that an audit's issue goes on in, by part. Of two with the same mark the older one counts."""
        found: dict[int, Note] = {}
        notes = self.tracker.notes(issue)
        part = 2
        while True:
            fitting = [note for note in notes if self.body.is_part_of(note.body, audit, self.quarter, part)]
            if not fitting:
                return found
            found[part] = fitting[0]
            part += 1

    def _oddities(self, audit: Audit, issue: Issue, draft: IssueDraft) -> tuple[str, ...]:
        """Say what is not as it was asked for, and whether somebody else filed at the same moment."""
        remarks = []
        missing = sorted(set(draft.assignees) - set(issue.assignees))
        if missing:
            remarks.append(f"GitLab did not assign it to {', '.join(missing)}")
        if not issue.is_confidential:
            remarks.append("GitLab did not make it confidential: look at it now")
        others = [one for one in self._marked(audit, fresh=True) if one.iid != issue.iid]
        if others:
            also = ", ".join(one.web_url for one in others)
            remarks.append(
                f"another run filed the same audit at the same moment: {also}. Close one; from now on the older one is updated"
            )
        return tuple(remarks)


def _spoken(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return (
        f"{minutes} min"
        if minutes < 120
        else f"{minutes // 60} h"
        if minutes < 2880
        else f"{minutes // 1440} days"
    )
