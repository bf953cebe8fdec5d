"""Tables of the HTML report that can be sorted and filtered, as the page and its script are given them."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from supops.models.audits import Fact, Listing
from supops.models.changes import AuditChanges, ItemChange
from supops.models.findings import Finding
from supops.render.audits import ALARMING, fact_title, fact_value
from supops.render.tables import NOTHING, cell_text
from supops.render.text import visible

# So many rows are in the page itself, which is what a browser without JavaScript shows.
FIRST_ROWS = 100
FIRST_FINDINGS = 1_000
# So many changes of one kind are listed; more are counted.
CHANGES = 200
Shown = str | int | bool | None
# A cell's value by which it is sorted; where there is more to say, as a tuple with the lines below it.
GridCell = Shown | tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table that can be sorted and filtered.

    Attributes:
        rows: As many cells as there are columns.
        waived: Of findings: whether each row's is waived.
        alarming: Columns in which a yes is bad news.
        checks: Ids of checks that the page explains: cells of the column ``check`` lead there.
        in_page: How many rows are in the page itself.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[GridCell, ...], ...]
    waived: tuple[bool, ...] = ()
    alarming: tuple[int, ...] = ()
    checks: tuple[str, ...] = ()
    in_page: int = FIRST_ROWS

    @property
    def is_findings(self) -> bool:
        """Whether the rows are findings, of which some may be waived."""
        return bool(self.waived)

    @property
    def first(self) -> list[list[tuple[str, ...]]]:
        """The rows that are in the page itself, each cell as its lines."""
        return [[_lines(cell) for cell in row] for row in self.rows[: self.in_page]]

    @property
    def left_out(self) -> int:
        """How many rows are not."""
        return max(0, len(self.rows) - self.in_page)

    @property
    def data(self) -> str:
        """All rows as JSON that can't end the element that it stands in: it is ASCII, and has no angle brackets."""
        data = {
            "rows": self.rows,
            "waived": [int(waived) for waived in self.waived],
            "alarming": self.alarming,
            "checks": self.checks,
        }
        text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@dataclass(frozen=True, slots=True)
class ChangeList:
    """Changes of one kind.

    Attributes:
        lines: Of each that is listed: who or what it is, and what is to be said of it.
    """

    title: str
    size: int
    lines: tuple[tuple[str, str], ...]

    @property
    def left_out(self) -> int:
        """How many are not listed."""
        return self.size - len(self.lines)


def findings_grid(findings: Sequence[Finding], checks: Collection[str]) -> Grid:
    """Return all findings, the open ones first, the most severe of them first; `checks` are those that the page explains."""
    ordered = sorted(findings, key=lambda one: (one.waiver is not None, -one.severity.rank))
    columns = ("Severity", "Check", "Who", "Finding", "Waived until")
    kept = len(columns) if any(one.waiver for one in ordered) else len(columns) - 1
    return Grid(
        "Findings",
        columns[:kept],
        tuple(_finding(one)[:kept] for one in ordered),
        waived=tuple(one.waiver is not None for one in ordered),
        checks=tuple(check for check in dict.fromkeys(one.check for one in ordered) if check in checks),
        in_page=FIRST_FINDINGS,
    )


def _finding(one: Finding) -> tuple[GridCell, ...]:
    subject, waiver = one.subject, one.waiver
    severity: GridCell = (str(one.severity), "waived") if waiver else str(one.severity)
    known = (subject.email, None if subject.zendesk_id is None else str(subject.zendesk_id), subject.ref)
    about = [visible(text) for text in known if text and text != str(subject)]
    details = (("Expected", one.expected), ("Actual", one.actual), ("Where", one.source and str(one.source)))
    said = [f"{name}: {visible(text)}" for name, text in details if text]
    until: GridCell = None
    if waiver:
        until = (waiver.expires.isoformat(), f"By {visible(waiver.owner)}", visible(waiver.reason))
    return (severity, one.check, (visible(str(subject)), *about), (visible(one.message), *said), until)


def listing_grid(listing: Listing) -> Grid:
    """Return things that an audit saw."""
    rows = tuple(
        tuple(_plain(fact_value(name, item.facts.get(name))) for name in listing.shown)
        for item in listing.items
    )
    return Grid(
        listing.title,
        tuple(fact_title(name).capitalize() for name in listing.shown),
        rows,
        alarming=tuple(place for place, name in enumerate(listing.shown) if name in ALARMING),
    )


def change_lists(changes: AuditChanges) -> list[ChangeList]:
    """Return what is different, by what became of it; kinds of which there is nothing are left out."""
    findings = (("New findings", changes.new_findings), ("Fixed findings", changes.fixed_findings))
    items = (("Added", changes.added), ("Removed", changes.removed), ("Changed", changes.changed))
    lists = [
        ChangeList(
            title, len(found), tuple((cell_text(str(one.subject)), _said(one)) for one in found[:CHANGES])
        )
        for title, found in findings
    ]
    lists += [
        ChangeList(
            title, len(moved), tuple((cell_text(one.item.title), _moved(one)) for one in moved[:CHANGES])
        )
        for title, moved in items
    ]
    return [one for one in lists if one.size]


def _said(finding: Finding) -> str:
    return visible(f"{finding.message} ({finding.check}, {finding.severity})")


def _moved(change: ItemChange) -> str:
    if not change.facts:
        email = change.item.facts.get("email")
        return visible(", ".join(str(part) for part in (email, change.listing) if part))
    return "; ".join(
        f"{fact_title(fact.name)}: {_fact(fact.name, fact.before)} -> {_fact(fact.name, fact.after)}"
        for fact in change.facts
    )


def _fact(name: str, fact: Fact) -> str:
    return cell_text(fact_value(name, fact))


def _plain(value: Shown) -> Shown:
    return visible(value) if isinstance(value, str) else value


def _lines(cell: GridCell) -> tuple[str, ...]:
    return tuple(map(cell_text, cell)) if isinstance(cell, tuple) else (cell_text(cell),)


def shape(lines: Sequence[str]) -> str:
    """Return what the style knows a cell by: short words are never broken, long ones wherever they have to be."""
    if len(lines) > 1:
        return ""
    (text,) = lines
    if text == NOTHING:
        return "none"
    if re.search(r"\S{25}", text):
        return "long"
    return "" if re.search(r"\s", text) else "word"
