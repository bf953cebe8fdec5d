"""License requests as issues: the fields of a form, read from the description as tolerantly as people fill it in.

A field is a heading with what stands under it, a label with a colon (bold or not, in a list or not), or a row or column of a table. Boxes that
are not ticked, comments, and placeholders say nothing. What belongs to no field of ours is kept, labels included: a legacy license depends on what is
not in it.
"""

import re
from dataclasses import dataclass, field
from datetime import tzinfo

from supops.adapters.license_markdown import (
    Aside,
    Heading,
    Line,
    Piece,
    Rows,
    beside,
    cells,
    masked,
    pieces,
    plain,
)
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
# Bold with the colon inside, outside or nowhere; in other marks, or in none, with a colon. What is in brackets after it is a hint.
HINT = r"[ \t]*(?:\([^()\n]{0,80}\))?[ \t]*"
START = r"[ \t]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?"
SIGN = r"(?:[:\uff1a=]|(?<=[ \t])[-\u2013\u2014](?=[ \t]))"
BOLD = re.compile(
    rf"{START}(?P<mark>\*{{2,3}}|_{{2,3}})(?P<label>[^*\n]{{1,80}}?)[ \t]*(?P=mark){HINT}(?P<sign>{SIGN}?)(?P<value>.*)"
)
LABELED = re.compile(
    rf"{START}(?P<mark>[*_`]?)(?P<label>[^\W_][^:\uff1a=|\n`*]{{0,80}}?)[ \t]*(?:{SIGN}[ \t]*(?P=mark)|(?P=mark){HINT}{SIGN})(?P<value>.*)"
)
# People forget the space after the marks.
HASHED = re.compile(r"#{1,6}(?P<text>.{1,80}?)#*")
BULLET = re.compile(r"^[ \t]*[-*+][ \t]+")
BOX = re.compile(r"(?:[-*+][ \t]+)?\[(?P<mark>[ xX~])\](?:[ \t]+|$)")
NEGATED = re.compile(r"\b(?:no|not|non|never|without|none)\b|n['\u2019]t\b", re.IGNORECASE)
NO = frozenset({"no", "none", "no thanks", "not needed", "no response", "n/a", "na", "false", "-", "--"})
PLACEHOLDERS = frozenset(
    {"", "no response", "none", "n/a", "na", "tbd", "todo", "-", "--", "...", "?", "yyyy-mm-dd", "x"}
)
# So that no description, however long, takes longer than this to read.
LONGEST = 50_000
LONGEST_VALUE = 1_000


@dataclass
class _Found:
    """What was found so far: the values of each of our fields, and all other text."""

    values: dict[str, list[str]] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)

    def add(self, label: str, value: str) -> None:
        """Take a field down with its value, which is none where it says nothing."""
        self.unread(value[LONGEST_VALUE:])
        self.other += [*beside(label), *beside(value)]
        text = plain(value[:LONGEST_VALUE])
        key = key_of(label)
        if key is None:
            self._keep(said(plain(label), text))
            return
        if key != "purpose":
            # What a field may be for is told by its purpose; of the others, a hint may tell as well.
            self._keep(re.findall(r"\(([^()]+)\)", plain(label)))
        known = self.values.setdefault(key, [])
        if not _says_nothing(text) and text not in known:
            known.append(text)

    def unread(self, text: str) -> None:
        """Take down what belongs to no field."""
        self.other += beside(text)
        self._keep([plain(text)])

    def _keep(self, texts: list[str]) -> None:
        self.other += [text for text in texts if not _says_nothing(text)]


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
        # Who sorted it may have said in a label what it is about.
        other = (*found.other, *found.values.get("issue", ()), *issue.labels)
        return WrittenRequest(
            values,
            f"issue #{issue.iid}",
            tuple(problems),
            title=issue.title,
            other=other,
            requested_on=issue.created_at.astimezone(self.zone).date(),
            link=issue.web_url,
        )


def key_of(label: str) -> str | None:
    """Return the key that a label stands for; None where it is none of ours."""
    words = re.sub(r"\([^)]*\)", " ", plain(label[:LONGEST_VALUE])).casefold()
    words = " ".join(re.sub(r"[^\w]+|_+", " ", words).split())
    for suffix in (" required", " optional"):
        words = words.removesuffix(suffix)
    return KEY_OF.get(words)


def said(label: str, text: str) -> list[str]:
    """Return what somebody says with a field that is none of ours: the label and the text; nothing, where the answer is no.

    A no to a question that has a no in it may be a yes, and so is what the question is about.
    """
    if text.casefold().strip("_*.! ") in NO:
        return [NEGATED.sub(" ", label)] if NEGATED.search(label) else []
    return [label, text]


def read_form(description: str) -> _Found:
    """Read all fields of a description."""
    reader = _Reader()
    for piece in pieces(description[:LONGEST]):
        reader.take(piece)
    reader.begin("")
    reader.found.unread(description[LONGEST:])
    return reader.found


class _Reader:
    """Reads a description piece by piece."""

    def __init__(self) -> None:
        self.found = _Found()
        self._heading = ""
        # Of a label, what it stands for is on its own line or on those below.
        self._label = ""
        self._rest: list[str] = []
        self._boxes: list[bool] = []

    def take(self, piece: Piece) -> None:
        match piece:
            case Heading(text) if piece.is_underlined and not self._is_heading(text):
                for line in text.split("\n"):
                    self._take_line(Line(line))
            case Heading(text):
                self.begin(text)
            case Rows(rows):
                self._take_table(rows)
            case Line():
                self._take_line(piece)
            case Aside(text):
                self.found.unread(text)

    def begin(self, heading: str) -> None:
        """Take down what stands under a heading, and begin the next one."""
        self._end_label()
        short = key_of(self._heading) not in (None, "purpose")
        if self._rest and short:
            # The field is one line: below it people write remarks.
            self.found.add(self._heading, self._rest[0])
            self.found.unread(" ".join(self._rest[1:]))
        elif self._rest:
            self.found.add(self._heading, " ".join(self._rest))
        elif self._heading and not any(self._boxes):
            self._without_value(self._heading)
        self._heading, self._rest, self._boxes = heading, [], []

    def _end_label(self) -> None:
        if self._label and not any(self._boxes):
            self._without_value(self._label)
        if self._label:
            self._label, self._boxes = "", []

    def _without_value(self, label: str) -> None:
        """Take down a label with nothing but boxes that are not ticked, which is a no, or with nothing at all."""
        is_no = bool(self._boxes) and key_of(label) is None
        self.found.add(label, "no" if is_no else "")

    def _is_heading(self, text: str) -> bool:
        """Whether what is underlined is a heading, and not the value of one, or some fields, above a line that separates them from others."""
        lines = text.split("\n")
        if any(_labeled(line) for line in lines):
            return False
        if key_of(text) is not None:
            return True
        return len(lines) == 1 and not self._is_open()

    def _is_open(self) -> bool:
        """Whether a field of ours waits for its value."""
        return key_of(self._label or self._heading) is not None and not self._rest

    def _take_line(self, line: Line) -> None:
        text = line.text
        match = _labeled(text)
        if match and key_of(match["label"]) is None and not _has_sign(match) and self._is_open():
            # A value in bold.
            match = None
        hashed = HASHED.fullmatch(masked(text))
        if BOX.match(text):
            self._take_boxes(self._label or self._heading, text)
        elif hashed and key_of(hashed["text"]) is not None:
            self.begin(hashed["text"])
        elif match:
            self._end_label()
            if match["value"].strip():
                self._take_value(match["label"], match["value"])
            else:
                self._label = match["label"]
        elif line.has_list and key_of(text) is not None:
            self._end_label()
            self._label = text
        elif len(row := cells(text)) > 1 and key_of(row[0]) is not None:
            self._take_table([row])
        elif self._label:
            # The value of a label stands on the next line.
            label, self._label, self._boxes = self._label, "", []
            self._take_value(label, BULLET.sub("", text, count=1))
        else:
            self._rest.append(BULLET.sub("", text, count=1).strip())

    def _take_value(self, label: str, text: str) -> None:
        if BOX.search(text):
            before, boxes = self._label, self._boxes
            self._label, self._boxes = label, []
            self._take_boxes(label, text)
            self._end_label()
            self._label, self._boxes = before, boxes
        else:
            self.found.add(label, text)

    def _take_boxes(self, label: str, text: str) -> None:
        """Take down the boxes of a line that are ticked, and what stands before the first one."""
        first, *parts = BOX.split(text)
        self.found.unread(first)
        for mark, said_there in zip(parts[::2], parts[1::2], strict=True):
            self._boxes.append(mark in "xX")
            if mark in "xX":
                match = _labeled(said_there)
                if match and key_of(match["label"]) and match["value"].strip():
                    self.found.add(match["label"], match["value"])
                else:
                    self.found.add(label, said_there)

    def _take_table(self, rows: list[list[str]]) -> None:
        """Take a table down: one field in each row, or one in each column where the first row has several that are ours."""
        if len(rows) > 1 and sum(key_of(cell) is not None for cell in rows[0]) > 1:
            for row in rows[1:]:
                for label, value in zip(rows[0], row, strict=False):
                    self._take_value(label, value)
                self.found.unread(" ".join(row[len(rows[0]) :]))
            return
        for row in rows:
            if BOX.fullmatch(row[0]):
                self._take_boxes(self._label or self._heading, " ".join(row))
                continue
            if len(row) >= 2:
                self._take_value(row[0], row[1])
            self.found.unread(" ".join(row[2:] if len(row) >= 2 else row))


def _labeled(text: str) -> re.Match[str] | None:
    """Return a line's label and value; None where it has none. Without being bold, what is before a colon is a label only if it is ours."""
    line = masked(text)
    match = BOLD.fullmatch(line)
    if match:
        return match
    match = LABELED.fullmatch(line)
    return match if match and key_of(match["label"]) is not None else None


def _has_sign(match: re.Match[str]) -> bool:
    return bool(match["sign"]) or match["label"].rstrip().endswith((":", "\uff1a"))


def _says_nothing(text: str) -> bool:
    return text.casefold().strip("_*. ") in PLACEHOLDERS


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
