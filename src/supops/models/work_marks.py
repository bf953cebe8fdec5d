"""The hidden marks of the comments that the flow writes: what each is, and what it remembers. GitLab shows HTML comments to nobody."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from supops.models.work import WorkNote
from supops.models.workflow import Template

# Only at the very beginning of a comment, where no text from outside can stand.
MARK = re.compile(r"<!-- supops:issue ([a-z-]+) (\{.*\}) -->[ \t]*(?:\n|$)")
# What people write by hand in place of the mark.
HEADINGS = {
    Template.GAMEPLAN: re.compile(r"(?:#{1,6}[ \t]*|\*\*)game ?plan\b", re.IGNORECASE),
    Template.BLUEPRINT: re.compile(r"(?:#{1,6}[ \t]*|\*\*)(?:technical )?blueprint\b", re.IGNORECASE),
}
LINK = re.compile(r"https?://[^\s)>\]]+|(?<![\w&])[!#]\d+\b")
Fact = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a comment is, and what it remembers.

    Attributes:
        kind: The name of its template.
        facts: Such as the stage that a blocked issue came from.
    """

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The mark as it stands at the beginning of the comment. The same facts are the same line."""
        text = json.dumps(dict(self.facts), sort_keys=True, separators=(",", ":"))
        # Nothing in it ends the HTML comment, or mentions anybody.
        for char in "<>@":
            text = text.replace(char, f"\\u{ord(char):04x}")
        text = text.replace("--", "\\u002d\\u002d")
        return f"<!-- supops:issue {self.kind} {text} -->"

    def text(self, name: str) -> str:
        """Return a fact that is a text; empty where it is none."""
        value = self.facts.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a fact that is a number; 0 where it is none."""
        value = self.facts.get(name)
        return value if isinstance(value, int) else 0


def mark_of(body: str) -> Mark | None:
    """Return the mark of a comment; None where it has none, or one that makes no sense."""
    found = MARK.match(body.replace("\r\n", "\n"))
    if found is None:
        return None
    try:
        facts = json.loads(found[2])
    except ValueError:
        return None
    return Mark(found[1], facts) if isinstance(facts, dict) else None


def marked(notes: Iterable[WorkNote], kind: Template) -> Iterator[tuple[WorkNote, Mark]]:
    """Yield the comments of a kind with their marks, the latest first."""
    for note in reversed([*notes]):
        mark = mark_of(note.body)
        if mark is not None and mark.kind == kind:
            yield note, mark


def is_kind(note: WorkNote, kind: Template) -> bool:
    """Whether a comment is of a kind: by its mark, or, for a gameplan or a blueprint, by its heading."""
    mark = mark_of(note.body)
    if mark is not None:
        return mark.kind == kind
    heading = HEADINGS.get(kind)
    return heading is not None and heading.match(note.body.lstrip()) is not None


def has_link(text: str) -> bool:
    """Whether a text links to something: an address, an issue (``#1``) or a merge request (``!1``)."""
    return LINK.search(MARK.sub("", text)) is not None
