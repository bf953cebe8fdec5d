"""Markdown that somebody of the team wrote: what in it GitLab would act on, and what is certainly code, in which it acts on nothing.

Versions of GitLab differ in what they take for code. Whatever one of them might take for text is text here.
"""

import re
from collections.abc import Collection, Sequence

from supops.render.text import visible

USERNAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
# Whole groups of people.
EVERYBODY = frozenset(["all", "here", "channel", "everyone"])
QUICK_ACTION = re.compile(r"^(\s*)/(\w*)")
OPENING = re.compile(r"```[A-Za-z0-9_+#.-]*")
FENCE = re.compile(r"`{3}|~{3}")
# HTML, GitLab's own quotes, and its formulas: they can go on over a block of code, or end within one.
SPANNING = re.compile(r"\s*(?:<|>>>|\$\$)")
BULLET = re.compile(r" {0,3}[-*+] +\S")
CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
# What can take the backtick of a code span behind it for its own; within a span, what can end a table's cell.
UNCLEAR = re.compile(r"[`<$|[]")
BAR = re.compile(r"(?<!\\)\|")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# A link is made of it, in which nobody is mentioned.
ADDRESS = re.compile(
    r"(?<![^\s(<])https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d+)?/[A-Za-z0-9._~:/?#%&=+,;@-]*"
)
# An at sign that is spelled mentions as well.
MENTION = re.compile(
    r"(?<![A-Za-z0-9_])(?:@|&#0*64(?:;|(?!\d))|&#[xX]0*40(?:;|(?![0-9A-Fa-f]))|&commat;|%40)"
    r"(?P<name>[A-Za-z0-9_.\\&%][A-Za-z0-9_./\\&%-]*)"
)


def own_markdown(text: str, people: Collection[str] = ()) -> str:
    """Return Markdown from a file with its markup, but without hidden marks, and without mentions of others than `people`.

    What is certainly code stays as it is. Quick actions stay as well: `without_actions` looks at the whole comment.
    """
    lines = [
        "\t".join(visible(part) for part in line.split("\t")).rstrip()
        for line in text.replace("\r\n", "\n").strip("\n").split("\n")
    ]
    codes = code_lines(lines)
    shown = "\n".join(
        line if is_code else line.replace("\t", "    ") for line, is_code in zip(lines, codes, strict=True)
    )
    known = [one for one in people if USERNAME.fullmatch(one) and one.casefold() not in EVERYBODY]
    return without_mentions(shown.replace("<!--", "&lt;!--"), known)


def without_mentions(text: str, but: Collection[str] = ()) -> str:
    """Return Markdown without mentions of others than these; what is certainly code stays as it is."""
    known = {one.casefold() for one in but}
    quiet = _quiet(text)

    def said(found: re.Match[str]) -> str:
        name = found["name"].rstrip("./")
        if quiet[found.start()] or not name:
            return found[0]
        return f"@{found['name']}" if name.casefold() in known else f"@ {found['name']}"

    return MENTION.sub(said, text)


def mentioned(text: str) -> tuple[str, ...]:
    """Return the names that Markdown mentions, of whatever they are, but for what is certainly code or a comment."""
    quiet = _quiet(text)
    at = 0
    while comment := COMMENT.search(text, at):
        is_hidden = not quiet[comment.start()]
        if is_hidden:
            quiet[comment.start() : comment.end()] = b"\1" * len(comment[0])
        at = comment.end() if is_hidden else comment.start() + 1
    found = (one["name"].rstrip("./") for one in MENTION.finditer(text) if not quiet[one.start()])
    return tuple(dict.fromkeys(name for name in found if name))


def without_actions(text: str, but: Collection[str] = ()) -> str:
    """Return Markdown of which no line is a quick action, with one empty line in a row at the most; code stays as it is.

    Args:
        text: The whole comment.
        but: Names of actions that are meant, in small letters.
    """

    def escaped(found: re.Match[str]) -> str:
        return found[0] if found[2].lower() in but else f"{found[1]}\\/{found[2]}"

    kept: list[str] = []
    after_gap = False
    lines = text.split("\n")
    for line, is_code in zip(lines, code_lines(lines), strict=True):
        is_gap = not is_code and not line.strip()
        if not (is_gap and after_gap):
            kept.append(line if is_code else QUICK_ACTION.sub(escaped, line))
        after_gap = is_gap
    return "\n".join(kept)


def code_lines(lines: Sequence[str]) -> list[bool]:
    """Say of each line whether it certainly belongs to a block of code.

    Such a block begins and ends with exactly three backticks at the beginning of a line. From the first line on that leaves doubt, none is.
    """
    found = [False] * len(lines)
    at = 0
    while at < len(lines):
        line, end = lines[at], at
        if OPENING.fullmatch(line):
            end = _end_of_code(lines, at)
            found[at : end + 1] = [end > at] * (end + 1 - at)
        if end == at and (FENCE.search(line) or SPANNING.match(line)):
            break
        at = end + 1
    return found


def _end_of_code(lines: Sequence[str], opening: int) -> int:
    """Return the line that ends a block of code, or the opening one where that is in doubt: so it is of one that is empty, too.

    To some versions a closing tag at the beginning of a line ends HTML that the comment's mark begins.
    """
    for at in range(opening + 1, len(lines)):
        if lines[at].startswith("</"):
            break
        if lines[at].lstrip().startswith("```"):
            return at if lines[at] == "```" and at > opening + 1 else opening
    return opening


def _quiet(text: str) -> bytearray:
    """Say of each character whether it certainly mentions nobody: in code, or in an address.

    A span of code is certain where nothing unclear is before it in its paragraph.
    """
    found = bytearray(len(text) + 1)
    lines = text.split("\n")
    start, clear, is_html = 0, True, False
    for line, is_block in zip(lines, code_lines(lines), strict=True):
        if is_block:
            found[start : start + len(line)] = b"\1" * len(line)
            start, clear = start + len(line) + 1, True
            continue
        if not line.strip():
            clear, is_html = True, False
        elif BULLET.match(line) and not is_html:
            clear = True
        is_html = is_html or line.lstrip().startswith("<")
        for address in [] if is_html else ADDRESS.finditer(line):
            found[start + address.start() : start + address.end()] = b"\1" * len(address[0])
        at = 0
        for span in CODE_SPAN.finditer(line):
            clear = clear and not UNCLEAR.search(line, at, span.start())
            at = span.end()
            if clear and not BAR.search(span[0]):
                found[start + span.start() : start + at] = b"\1" * len(span[0])
        clear = clear and not UNCLEAR.search(line, at)
        start += len(line) + 1
    return found
