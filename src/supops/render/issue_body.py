"""Audits as the text of an issue: a description, and notes where it is too long for that; and what people did there, read back.

Hidden marks (HTML comments, which GitLab shows nobody) say what is ours: one where our part of a text begins, one where it ends, and one
behind each box.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from supops.checks.registry import Check, all_checks
from supops.errors import ConfigError
from supops.models.audits import Audit, Listing
from supops.models.changes import AuditChanges
from supops.models.filings import Texts
from supops.models.findings import Finding
from supops.render.audits import listing_table, summary_lines, waived_table
from supops.render.comment_templates import Raw, comment_environment
from supops.render.issue_marks import Kept, Ours, box, end_mark, has_mark, kept_of, part_mark, split_ours
from supops.render.issue_parts import split_text
from supops.render.markdown import table_lines
from supops.render.text import markdown, timestamp
from supops.services.filing import Composer

if TYPE_CHECKING:
    from jinja2 import Template

BUILT_IN = "audit.md.j2"
# What the marks, the numbers of parts and what is repeated at the head of a part may take.
RESERVE = 2_000


@dataclass(frozen=True, slots=True)
class Task:
    """A box to tick.

    Attributes:
        kept: Lines that people wrote under it.
    """

    line: Raw
    kept: tuple[Raw, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Boxes that belong together."""

    title: Raw
    remarks: tuple[Raw, ...]
    tasks: tuple[Task, ...]


@dataclass
class IssueBody(Composer):
    """Composes the text of issues.

    Args:
        version: Of supops.
        command: How the audit was run, as words of a command line.
        template: A Jinja2 template of the user's; None for the built-in one.
        longest: Characters in a description or note.
    """

    version: str
    command: str
    template: Path | None = None
    longest: int = 1_000_000

    def title(self, audit: Audit, quarter: str) -> str:
        """Return the issue's title: ``Zendesk Global audit - 2026 Q4``."""
        return f"{audit.title} audit - {quarter}"

    def is_part_of(self, text: str, audit: Audit, quarter: str, part: int = 1) -> bool:
        """Whether a description or note is a part of the audit's issue, by its mark."""
        return has_mark(text, part_mark(audit.key, quarter, part))

    def compose(
        self, audit: Audit, changes: AuditChanges | None, quarter: str, *, previous: Sequence[str] = ()
    ) -> Texts:
        """Compose an issue's texts.

        Args:
            audit: What is filed.
            changes: What is different from the audit before; None where there is none.
            quarter: Which it is filed for.
            previous: The texts as they are now, description first: boxes that are ticked stay so, and what people wrote
                outside of our part, or under a box, stays.

        Raises:
            ConfigError: The template has mistakes.
        """
        ours = [split_ours(text) for text in previous]
        kept: dict[str, Kept] = {}
        for one in ours:
            kept |= kept_of(one.inside)
        text = self._rendered(audit, changes, kept)
        outside = sum(one.length_outside for one in ours)
        pieces = split_text(text, max(self.longest - RESERVE - outside, RESERVE))
        parts = [
            self._part(audit, quarter, number, piece, len(pieces)) for number, piece in enumerate(pieces, 1)
        ]
        remarks = tuple(remark for one in ours for remark in one.remarks)
        for place, one in enumerate(ours[: len(parts)]):
            parts[place] = _embedded(parts[place], one)
        return Texts(tuple(parts), tuple(dict.fromkeys(remarks)))

    def _part(self, audit: Audit, quarter: str, number: int, text: str, total: int) -> str:
        head = [part_mark(audit.key, quarter, number), ""]
        if total > 1:
            head += [f"_Part {number} of {total}._", ""]
        tail = [f"_It goes on in part {number + 1}, in a note below._", ""] if number < total else []
        inside = "\n".join([*head, text.strip(), "", *tail])
        return f"{inside}\n{end_mark(inside)}"

    def _rendered(self, audit: Audit, changes: AuditChanges | None, kept: dict[str, Kept]) -> str:
        import jinja2

        groups = _groups(audit, kept)
        values: dict[str, object] = {
            "title": audit.title,
            "summary": summary_lines(audit),
            "remarks": audit.remarks,
            "complete": audit.complete,
            "incomplete_reasons": audit.incomplete_reasons,
            "started_at": timestamp(audit.started_at),
            "finished_at": timestamp(audit.finished_at),
            "version": self.version,
            "command": self.command,
            "counts": audit.counts,
            "changes": _changes(changes) if changes else None,
            "groups": groups,
            # What `_groups` had no use for: the findings are gone, but not what people wrote.
            "gone": [
                Task(Raw(box(one.text, identity, ticked=one.ticked)), _raw(one.lines))
                for identity, one in kept.items()
                if one.lines
            ],
            "waived": _raw(_waived(audit)),
            "listings": [_listing(listing) for listing in audit.listings],
        }
        try:
            return self._template.render(values)
        except jinja2.TemplateError as error:
            raise ConfigError(f"The template {self._name} fails: {error}", hint=TEMPLATE_HINT) from None

    @property
    def _name(self) -> str:
        return str(self.template) if self.template else BUILT_IN

    @cached_property
    def _template(self) -> "Template":
        import jinja2

        environment = comment_environment(jinja2.PackageLoader("supops.render"))
        try:
            if self.template is None:
                return environment.get_template(BUILT_IN)
            return environment.from_string(self.template.read_text(encoding="utf-8"))
        except OSError as error:
            message = f"The template {self.template} can't be read: {error.strerror}"
            raise ConfigError(message, hint=TEMPLATE_HINT) from None
        except UnicodeDecodeError:
            raise ConfigError(f"The template {self.template} is not UTF-8", hint=TEMPLATE_HINT) from None
        except jinja2.TemplateSyntaxError as error:
            message = f"{self._name}:{error.lineno}: {error.message}"
            raise ConfigError(f"The template has a mistake: {message}", hint=TEMPLATE_HINT) from None


TEMPLATE_HINT = (
    "It is what gitlab.filing.template names. Without that setting, the built-in template is used."
)


def _raw(lines: Sequence[str]) -> tuple[Raw, ...]:
    return tuple(map(Raw, lines))


def _groups(audit: Audit, kept: dict[str, Kept]) -> list[Group]:
    """Group open findings by check; tokens have one box each, whatever is wrong with them. Takes what is used out of `kept`."""
    checks = {check.id: check for check in all_checks()}
    if audit.kind == "tokens":
        return _one_box_each(audit.open_findings, checks, kept)
    groups = []
    for check_id, found in groupby(audit.open_findings, key=lambda finding: finding.check):
        check = checks[check_id]
        tasks = tuple(_task([finding], kept) for finding in found)
        title = Raw(f"{check.title} (`{check.id}`, {check.severity})")
        groups.append(Group(title, (Raw(check.remedy),), tasks))
    return groups


def _one_box_each(
    findings: Sequence[Finding], checks: Mapping[str, Check], kept: dict[str, Kept]
) -> list[Group]:
    by_subject: dict[str, list[Finding]] = {}
    for finding in findings:
        by_subject.setdefault(finding.subject.identity, []).append(finding)
    used = dict.fromkeys(finding.check for finding in findings)
    remarks = tuple(Raw(f"- {checks[check].title}: {checks[check].remedy}") for check in used)
    tasks = tuple(_task(found, kept) for found in by_subject.values())
    return [Group(Raw("Tokens"), remarks, tasks)] if tasks else []


def _task(findings: Sequence[Finding], kept: dict[str, Kept]) -> Task:
    """Return the box of what is wrong with one thing, ticked where it was ticked for exactly that."""
    identity = hashlib.sha256("".join(one.fingerprint for one in findings).encode()).hexdigest()[:16]
    before = kept.pop(identity, None)
    line = box(_said(findings), identity, ticked=before is not None and before.ticked)
    return Task(Raw(line), _raw(before.lines if before else ()))


def _said(findings: Sequence[Finding]) -> str:
    """Return who and what, in one line of Markdown."""
    first = findings[0]
    what = "; ".join(markdown(finding.message) for finding in findings)
    where = f" ({markdown(str(first.source))})" if first.source else ""
    return f"{_who(first)}: {what}{where}"


def _who(finding: Finding) -> str:
    subject = finding.subject
    email = f" {markdown(subject.email)}" if subject.email and subject.name else ""
    return f"**{markdown(str(subject))}**{email}"


def _changes(changes: AuditChanges) -> dict[str, object]:
    def lines(findings: Sequence[Finding]) -> list[Raw]:
        return [Raw(f"`{finding.check}` {_said([finding])}") for finding in findings]

    return {
        "since": timestamp(changes.old_at),
        "caveats": changes.caveats,
        "new": lines(changes.new_findings),
        "fixed": lines(changes.fixed_findings),
        "remaining": lines(changes.remaining_findings),
    }


def _waived(audit: Audit) -> list[str]:
    waived = [finding for finding in audit.findings if finding.waiver]
    return table_lines(waived_table(waived)) if waived else []


def _listing(listing: Listing) -> dict[str, object]:
    rows = table_lines(listing_table(listing)) if listing.items else []
    return {"title": listing.title, "size": f"{len(listing.items):,}", "rows": _raw(rows)}


def _embedded(part: str, ours: Ours) -> str:
    """Put a part in the place of the one before, between what people wrote around that."""
    return "\n\n".join(text for text in (ours.before, part, ours.after) if text)
