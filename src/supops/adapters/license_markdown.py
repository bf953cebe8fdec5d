"""The description of an issue in pieces: headings, rows of tables, and lines, each as what GitLab shows of it.

markdown-it finds the blocks; what stands in a line is read here. Comments show nothing, and nothing else is left out: not what is in code, not what
follows the marks of a fence, not the cells that a table has too many of.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_NESTING = 100
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Where characters that are escaped wait until the marks are read: beyond all that people write.
WAITING = 0xF0000
WAITED = {WAITING + code: code for code in range(0x80)}
SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f", " "))
CELLS = re.compile(r"(?<!\\)\|")
EDGES = re.compile(r"^[ \t]*\||(?<!\\)\|[ \t]*$")
RULER = re.compile(r"[\s|:-]*-[\s|:-]*")
# Bounded, so that a heading that does not end takes no time.
HTML_HEADING = re.compile(
    r"<(?P<tag>h[1-6]|dt)(?:\s[^<>]{0,200})?>(?P<text>.{0,300}?)</(?P=tag)\s{0,9}>", re.IGNORECASE | re.DOTALL
)
HTML_CELL = re.compile(r"\s{0,200}<t[dh](?:\s[^<>]{0,200})?>", re.IGNORECASE)
HTML_BREAK = re.compile(r"</?(?:br|p|div|li|ul|ol|tr|dl|dd|summary)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE)
HTML_TAG = re.compile(
    r"</?(?:a|b|i|em|strong|u|s|del|ins|mark|code|kbd|pre|span|font|small|center|sub|sup|details|blockquote|h[1-6]|d[td]"
    r"|table|thead|tbody|t[dh]|hr|img|input)(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
ATTRIBUTES = re.compile(r"<[A-Za-z][A-Za-z0-9-]{0,20}\s([^<>]{1,300})>")
LINK = re.compile(
    r"\[(?P<text>[^\[\]\n]*)\]\(<?(?P<target>[^()\s<>]*)>?(?P<title>[ \t]+\"[^\"\n]*\")?\)"
    r"|<(?:mailto:)?(?P<auto>[^<>\s@:]{1,64}[@:][^<>\s]{1,2000})>"
)
BOLD = re.compile(r"\*\*(?=\S)([^*\n]{1,300})\*\*")
MARKS = ("**", "__", "`", "*", "_", '"', "'")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Attributes:
        text: Markdown.
        is_underlined: Whether only a line below makes it one: many people mean to separate what is above by that.
    """

    text: str
    is_underlined: bool = False


@dataclass(frozen=True, slots=True)
class Rows:
    """A table: the cells of each row, without the ruler."""

    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        text: Markdown, without the mark of a list.
        has_list: Whether it is an entry of a list that has a list of its own.
    """

    text: str
    has_list: bool = False


@dataclass(frozen=True, slots=True)
class Aside:
    """What is written where no value is expected."""

    text: str


Piece = Heading | Rows | Line | Aside


def pieces(description: str) -> Iterator[Piece]:
    """Yield the pieces of a description, in its order."""
    text = description.replace("\r\n", "\n").replace("\r", "\n").translate(SPACES)
    source, tokens = text.split("\n"), _parser().parse(text)
    # Neither the attributes of HTML (what stands for an image) nor what is nested too deep is among the pieces.
    yield from (Aside(found) for found in ATTRIBUTES.findall(text) if "mailto:" not in found)
    if any(token.level >= MAX_NESTING - 1 for token in tokens):
        yield Aside(text)
    within = ""
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            first, last = token.map or [0, 0]
            yield from _table(source[first:last])
        if token.type in ("table_open", "heading_open"):
            within = token.markup or "table"
        elif token.type in ("table_close", "heading_close"):
            within = ""
        elif token.type == "inline" and within != "table":
            yield from _inline(token.content, within, has_list=_has_list(tokens, number))
        elif token.type in ("fence", "code_block"):
            if token.info.strip():
                yield Aside(token.info)
            yield from _lines(token.content)
        elif token.type == "html_block":
            yield from _shown(_without_comments(token.content, is_block=True))


def masked(text: str) -> str:
    """Return a text in which the characters that are escaped are no marks."""
    return ESCAPED.sub(lambda match: chr(WAITING + ord(match[1])), text)


def plain(text: str) -> str:
    """Return what a reader sees of a line of Markdown."""
    text = LINK.sub(lambda match: match["auto"] if match["text"] is None else match["text"], masked(text))
    text = BOLD.sub(r"\1", HTML_TAG.sub("", text)).strip().removesuffix("\\").strip()
    for mark in MARKS:
        if len(text) > 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            text = text[len(mark) : -len(mark)].strip()
    return " ".join(html.unescape(text).translate(WAITED).split())


def beside(text: str) -> list[str]:
    """Return what stands in a line and is not seen: where links lead, but for addresses of people, and their titles."""
    found = [(match["target"] or "", match["title"] or "") for match in LINK.finditer(masked(text))]
    return [
        part.translate(WAITED)
        for target, title in found
        for part in (target, title)
        if part and not part.startswith("mailto:")
    ]


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # References are left as they are written: nobody sees them, and everything is looked at.
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})
    return parser.enable("table").disable(["inline", "reference"])


def _inline(content: str, within: str, *, has_list: bool) -> Iterator[Piece]:
    text = masked(_without_comments(content, is_block=False))
    if within:
        yield Heading(text, is_underlined=not within.startswith("#"))
        return
    yield from _shown(text, has_list=has_list)


def _shown(text: str, *, has_list: bool = False) -> Iterator[Piece]:
    """Yield what a text with HTML in it shows."""
    at = 0
    for match in HTML_HEADING.finditer(text):
        yield from _lines(_unfolded(text[at : match.start()]))
        yield Heading(match["text"])
        at = match.end()
    yield from _lines(_unfolded(text[at:]), has_list=has_list)


def _unfolded(text: str) -> str:
    """Return HTML with a line for each line that it shows."""
    return HTML_BREAK.sub("\n", HTML_CELL.sub("|", text)) if "<" in text else text


def _lines(text: str, *, has_list: bool = False) -> Iterator[Piece]:
    """Yield lines; those that begin with a bar are a table, even if it is none for GitLab."""
    for is_table, lines in groupby(text.split("\n"), key=lambda line: line.lstrip().startswith("|")):
        if is_table:
            yield from _table(lines)
        else:
            yield from (Line(line.strip(), has_list) for line in lines if line.strip())


def _table(lines: Iterable[str]) -> Iterator[Rows]:
    shown = (_without_comments(line, is_block=False) for line in lines)
    rows = [cells(line) for line in shown if line.strip() and not RULER.fullmatch(line)]
    if rows:
        yield Rows(rows)


def cells(line: str) -> list[str]:
    """Return the cells of a row, with bars around it or without."""
    return [cell.strip() for cell in CELLS.split(EDGES.sub("", masked(line)))]


def _has_list(tokens: "list[Token]", number: int) -> bool:
    after = tokens[number + 2].type if number + 2 < len(tokens) else ""
    return after in ("bullet_list_open", "ordered_list_open")


def _without_comments(text: str, *, is_block: bool) -> str:
    """Return a text without comments. One that does not end hides the rest of a block, and within a line it is none."""
    shown, at = [], 0
    while (start := text.find("<!--", at)) >= 0:
        end = text.find("-->", start + 4)
        if end < 0 and not is_block:
            break
        shown.append(text[at:start])
        at = end + 3 if end >= 0 else len(text)
    return "".join([*shown, text[at:]])
