"""The text of a waiver file with one entry more, or with one entry changed. All else in it stays as it is, to the last byte.

ruamel.yaml says where everything stands, and the text is cut there. Its own round trip keeps comments and order, but
writes anew what it read: line ends, indentation, folded lines, escapes, and the columns of comments.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentEndEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

# What every reader of YAML takes for text as it stands: no number, no date, no sign that means anything.
PLAIN = re.compile(r"[^\W\d_](?:[\w .,;()@/+-]*[\w.)])?")
# Words that some version of YAML takes for something else.
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
# What JSON leaves as it is, and YAML wants escaped: line ends of other kinds, and what can't be seen.
UNPRINTABLE = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class _Span:
    """A value's place in the text: first character, and the one after the last."""

    start: int
    end: int


@dataclass(slots=True)
class _Entry:
    """An entry's place in the text, and those of its values by key."""

    start: int
    column: int
    flow: bool
    end: int = 0
    values: dict[str, _Span] = field(default_factory=dict)


@dataclass(slots=True)
class _Outline:
    """Where things stand in a file that has no mistakes.

    Attributes:
        end: Where the document ends.
        root: The place of the list, or of the null that stands for none. None where there is nothing but comments.
        column: Of the list.
        flow: Whether the list is written in brackets.
    """

    end: int
    root: _Span | None = None
    column: int = 0
    flow: bool = False
    entries: list[_Entry] = field(default_factory=list)


def with_entry(text: str, fields: Mapping[str, str], *, is_json: bool) -> str:
    """Return a file's text with one more entry at the end of the list.

    Args:
        text: Of a file without mistakes, or empty.
        fields: The entry's values by key, in order.
        is_json: Whether the file is one of JSON.
    """
    outline = _outline(text)
    line_end = _line_end(text)
    if not outline.entries:
        span = outline.root or _Span(outline.end, outline.end)
        entry = f"[{_flow(fields)}]" if is_json else line_end.join(block_lines(fields))
        return _on_lines_of_its_own(text, span, entry, line_end)
    last = outline.entries[-1]
    if outline.flow:
        begun = text.rfind("\n", 0, last.start) + 1
        before = text[begun : last.start]
        # On a line of its own where the last one is.
        gap = f",{line_end}{before}" if begun and not before.strip() else ", "
        return f"{text[: last.end]}{gap}{_flow(fields)}{text[last.end :]}"
    indent = " " * outline.column
    lines = [indent + line for line in block_lines(fields, width=max(2, last.column - outline.column))]
    if len(outline.entries) > 1 and _follows_blank_line(text[: last.start]):
        lines.insert(0, "")
    return _on_lines_of_its_own(text, _Span(outline.end, outline.end), line_end.join(lines), line_end)


def with_changes(text: str, place: int, fields: Mapping[str, str]) -> str:
    """Return a file's text with other values in one entry.

    Args:
        text: Of a file without mistakes.
        place: Which entry, counted from 0.
        fields: The new values by key.
    """
    entry = _outline(text).entries[place]
    spans = sorted(((entry.values[key], key) for key in fields if key in entry.values), key=_start)
    for span, key in reversed(spans):
        was = text[span.start : span.end]
        # A block of lines includes the line ends that follow it.
        tail = was[len(was.rstrip()) :]
        value = _scalar(key, fields[key], quoted=entry.flow or was.startswith('"'))
        text = f"{text[: span.start]}{value}{tail}{text[span.end :]}"
    return text


def entry_text(text: str, place: int) -> str:
    """Return an entry as it stands in a file's text, without comments above and below.

    Args:
        text: Of a file without mistakes.
        place: Which entry, counted from 0.
    """
    entry = _outline(text).entries[place]
    if entry.flow:
        return text[entry.start : entry.end]
    begun = max(text.rfind("\n", 0, entry.start), text.rfind("\r", 0, entry.start)) + 1
    return text[begun : max(span.end for span in entry.values.values())].rstrip()


def block_lines(fields: Mapping[str, str], *, width: int = 2) -> list[str]:
    """Return an entry as lines of their own, without line ends; `width` is what the dash and the space after it take."""
    lines = [f"{' ' * width}{key}: {_scalar(key, value)}" for key, value in fields.items()]
    return ["-" + lines[0][1:], *lines[1:]]


def _flow(fields: Mapping[str, str]) -> str:
    """Return an entry in braces: JSON, and YAML too."""
    return "{" + ", ".join(f'"{key}": {_quoted(value)}' for key, value in fields.items()) + "}"


def _scalar(key: str, value: str, *, quoted: bool = False) -> str:
    if not quoted and key == "expires":
        return value
    is_plain = PLAIN.fullmatch(value) and value.lower() not in WORDS
    return value if is_plain and not quoted else _quoted(value)


def _quoted(value: str) -> str:
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _on_lines_of_its_own(text: str, span: _Span, entry: str, line_end: str) -> str:
    """Return the text with an entry in a place, and line ends before and after it where there are none."""
    before, after = text[: span.start], text[span.end :]
    line_start = max(before.rfind("\n"), before.rfind("\r")) + 1
    if not before[line_start:].strip(" \t\ufeff"):
        before = before[:line_start] + before[line_start:].strip(" \t")
    else:
        before += line_end
    return f"{before}{entry}{'' if LINE_END.match(after) else line_end}{after}"


def _follows_blank_line(before: str) -> bool:
    """Whether an entry, and the comments right above it, come after a blank line."""
    lines = [line.strip() for line in LINE_END.split(before)[:-1]]
    while lines and lines[-1].startswith("#"):
        lines.pop()
    return bool(lines) and not lines[-1]


def _start(place: tuple[_Span, str]) -> int:
    return place[0].start


def _line_end(text: str) -> str:
    found = LINE_END.search(text)
    return found[0] if found else "\n"


def _outline(text: str) -> _Outline:
    """Find out where things stand. The parser is the slow one, whose places count characters."""
    outline = _Outline(len(text))
    depth = 0
    key: str | None = None
    for event in YAML(typ="safe", pure=True).parse(text):
        span = _Span(event.start_mark.index, event.end_mark.index)
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            depth -= 1
        if depth == 0:
            _note_root(outline, event, span)
        elif depth == 1 and isinstance(event, MappingStartEvent):
            outline.entries.append(_Entry(span.start, event.start_mark.column, bool(event.flow_style)))
        elif depth == 1 and isinstance(event, MappingEndEvent):
            outline.entries[-1].end = span.end
        elif depth == 2 and key is not None:
            outline.entries[-1].values[key] = span
            key = None
        elif depth == 2 and isinstance(event, ScalarEvent):
            key = event.value
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            depth += 1
    return outline


def _note_root(outline: _Outline, event: Event, span: _Span) -> None:
    if isinstance(event, ScalarEvent):
        outline.root = span
    elif isinstance(event, SequenceStartEvent):
        outline.root, outline.column, outline.flow = span, event.start_mark.column, bool(event.flow_style)
    elif isinstance(event, SequenceEndEvent) and outline.root is not None:
        outline.root = _Span(outline.root.start, span.end)
    elif isinstance(event, DocumentEndEvent) and event.explicit:
        outline.end = span.start
