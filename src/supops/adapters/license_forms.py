"""License requests as issues: the fields of a form, read from the description as tolerantly as people fill it in.

A field is a heading with what stands under it, a label with a colon (bold or not, in a list or not), or a row or column of a table. Boxes that
are not ticked, comments, and placeholders say nothing.
"""

import html
import re
from dataclasses import dataclass, field
from datetime import tzinfo

from supops.models.license_requests import RequestIssue, WrittenRequest
from supops.models.licenses import Problem
from supops.services.license_ports import FormReader

LABELS = {
    "name": (
        "full name",
        "your name",
        "licensee",
        "licensee name",
        "name on the license",
        "name of the licensee",
        "team member",
    ),
    "email": (
        "e mail",
        "email address",
        "e mail address",
        "work email",
        "gitlab email",
        "your email",
        "licensee email",
    ),
    "plan": (
        "plan code",
        "license plan",
        "tier",
        "product tier",
        "license tier",
        "license type",
        "subscription plan",
        "edition",
    ),
    "users_count": (
        "user count",
        "users",
        "number of users",
        "seats",
        "number of seats",
        "seat count",
        "seats needed",
        "active users",
    ),
    "previous_users_count": ("previous user count", "previous users", "previous number of users"),
    "trueup_count": ("true up count", "trueup", "true up", "trueups", "true ups"),
    "end_date": (
        *(
            "expiry date",
            "expiration date",
            "expiry",
            "expires",
            "expires on",
            "expires at",
            "license end date",
            "valid until",
        ),
        *("until", "needed until", "end of license", "end"),
    ),
    "requested_on": ("request date", "date of request", "date requested", "requested at"),
    "purpose": (
        *(
            "use",
            "use case",
            "intended use",
            "wanted for",
            "what for",
            "reason",
            "reason for request",
            "reason for the request",
        ),
        *(
            "what is it for",
            "what is the license for",
            "what will you use it for",
            "what do you need it for",
            "license for",
        ),
    ),
    "issue": (),
}
KEY_OF = {label: key for key, labels in LABELS.items() for label in (key.replace("_", " "), *labels)}
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(?P<text>.*?)[ \t#]*")
# Bold with the colon inside or outside, or a plain word or some with a colon.
LABELED = re.compile(
    r"[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?"
    r"(?:(?P<mark>\*\*|__)(?P<bold>[^*:\n]{1,60}?)[ \t]*:?[ \t]*(?P=mark)[ \t]*:?|(?P<plain>[A-Za-z][^:|\n`]{0,60}?)[ \t]*:(?=[ \t]|$))"
    r"[ \t]*(?P<value>.*)"
)
BOX = re.compile(r"[ \t]*[-*+][ \t]+\[(?P<mark>[ xX~])\][ \t]*(?P<text>.*)")
BULLET = re.compile(r"[ \t]*[-*+][ \t]+")
FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})")
RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
CELLS = re.compile(r"(?<!\\)\|")
LINK = re.compile(
    r"\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s]*)\)|<(?:mailto:)?(?P<auto>[^<>\s]+[@:][^<>\s]+)>"
)
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
PLACEHOLDERS = frozenset(
    {"", "no response", "none", "n/a", "na", "tbd", "todo", "-", "--", "...", "?", "yyyy-mm-dd", "x"}
)
# So that no description, however long, takes longer than this to read.
LONGEST = 100_000
LONGEST_VALUE = 1_000


@dataclass
class _Found:
    """What was found so far: the values of each of our fields, and those of others."""

    values: dict[str, list[str]] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)

    def add(self, label: str, value: str) -> None:
        """Take a value of a field down, unless it says nothing."""
        self.unread(value[LONGEST_VALUE:])
        text = _plain(value)
        if text.casefold().strip("_*. ") in PLACEHOLDERS:
            return
        key = key_of(label)
        known = self.values.setdefault(key, []) if key else self.other
        if text not in known:
            known.append(text)

    def unread(self, text: str) -> None:
        """Take down what belongs to no field."""
        if text.strip():
            self.other.append(" ".join(text.split()))


@dataclass(frozen=True, slots=True)
class IssueForms(FormReader):
    """Reads requests from issues.

    Attributes:
        zone: Of the organisation: it decides the day on which an issue was created.
    """

    zone: tzinfo

    def __call__(self, issue: RequestIssue) -> WrittenRequest:
        """See `supops.services.license_ports.FormReader`."""
        found = read_form(issue.description)
        problems = [
            Problem(
                key, f"is there more than once, and differs: {' and '.join(map(repr, map(_short, values)))}"
            )
            for key, values in found.values.items()
            if len(values) > 1 and key != "issue"
        ]
        values = {key: texts[0] for key, texts in found.values.items() if len(texts) == 1 and key != "issue"}
        return WrittenRequest(
            values,
            f"issue #{issue.iid}",
            tuple(problems),
            title=issue.title,
            other=tuple(found.other),
            requested_on=issue.created_at.astimezone(self.zone).date(),
            link=issue.web_url,
        )


def key_of(label: str) -> str | None:
    """Return the key that a label stands for; None where it is none of ours."""
    words = re.sub(r"\([^)]*\)", " ", _plain(label)).casefold()
    words = " ".join(re.sub(r"[^\w]+|_+", " ", words).split())
    for suffix in (" required", " optional"):
        words = words.removesuffix(suffix)
    return KEY_OF.get(words)


def read_form(description: str) -> _Found:
    """Read all fields of a description."""
    found = _Found()
    text = COMMENT.sub("", description[:LONGEST].replace("\r\n", "\n"))
    heading, under = "", list[str]()
    rows: list[list[str]] = []
    for line in [*text.split("\n"), "#"]:
        match = HEADING.fullmatch(line) if line.lstrip().startswith("#") else None
        if rows and not line.lstrip().startswith("|"):
            _take_table(rows, found)
            rows = []
        if match or line == "#":
            _take_section(heading, under, found)
            heading, under = (match["text"] if match else ""), []
        elif line.lstrip().startswith("|"):
            rows.append([cell.strip() for cell in CELLS.split(line.strip().strip("|"))])
        else:
            under.append(line)
    found.unread(description[LONGEST:])
    return found


def _take_table(rows: list[list[str]], found: _Found) -> None:
    """Take a table down: one field in each row, or one in each column where the first row has several that are ours."""
    rows = [row for row in rows if not RULER.fullmatch("|".join(row))]
    if not rows:
        return
    if len(rows) > 1 and sum(key_of(cell) is not None for cell in rows[0]) > 1:
        for row in rows[1:]:
            for label, value in zip(rows[0], row, strict=False):
                found.add(label, value)
            found.unread(" ".join(row[len(rows[0]) :]))
        return
    for row in rows:
        if len(row) >= 2:
            found.add(row[0], row[1])
        found.unread(" ".join(row[2:] if len(row) >= 2 else row))


def _take_section(heading: str, lines: list[str], found: _Found) -> None:
    """Take down what stands under a heading: labels with their values; and the rest, which is the heading's own value."""
    rest: list[str] = []
    label = ""
    for line in lines:
        box = BOX.fullmatch(line)
        match = None if box else LABELED.fullmatch(line)
        # Under a heading of ours, a colon in a sentence makes no label of what is before it.
        is_label = match is not None and (match["bold"] or key_of(match["plain"] or "") is not None)
        if match is not None and is_label:
            label = match["bold"] or match["plain"]
            if match["value"].strip():
                found.add(label, match["value"])
                label = ""
        elif box:
            if box["mark"] in "xX":
                _take_ticked(box["text"], label or heading, found)
        elif line.strip() and label:
            # The value of a label stands on the next line.
            found.add(label, BULLET.sub("", line, count=1))
            label = ""
        elif line.strip() and not FENCE.match(line):
            rest.append(BULLET.sub("", line, count=1).strip())
    if rest:
        value = " ".join(rest)
        found.add(heading, rest[0] if _is_short_field(heading) else value)
        if _is_short_field(heading):
            found.unread(" ".join(rest[1:]))


def _take_ticked(text: str, label: str, found: _Found) -> None:
    match = LABELED.fullmatch(text)
    if match and key_of(match["bold"] or match["plain"] or "") and match["value"].strip():
        found.add(match["bold"] or match["plain"], match["value"])
    else:
        found.add(label, text)


def _is_short_field(heading: str) -> bool:
    """Whether a field's value is one line: below it people write remarks."""
    return key_of(heading) not in (None, "purpose")


def _plain(text: str) -> str:
    """Return what a reader sees of a line of Markdown."""
    text = LINK.sub(
        lambda match: match["text"] if match["text"] is not None else match["auto"], text[: 4 * LONGEST_VALUE]
    )
    text = text.strip()
    for mark in ("**", "__", "`", "*", "_"):
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    text = html.unescape(ESCAPED.sub(r"\1", text))
    return " ".join(text.split())[:LONGEST_VALUE]


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
