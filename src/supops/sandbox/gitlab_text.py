"""What the simulated GitLab does with the text of issues and notes: quick actions are carried out, and people notified.

It is strict where the real one forgives, or did so in older versions: quick actions within comments and HTML are carried out.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")
QUICK_ACTION = re.compile(r"/(?P<name>[A-Za-z_]+)(?: (?P<argument>.*?))?\s*")
# What the platform takes for a command; anything else is text.
COMMANDS = frozenset(
    [
        "add_child",
        "assign",
        "assign_reviewer",
        "award",
        "blocked_by",
        "blocks",
        "clone",
        "close",
        "confidential",
        "copy_metadata",
        "create_merge_request",
        "done",
        "draft",
        "due",
        "duplicate",
        "epic",
        "estimate",
        "iteration",
        "label",
        "labels",
        "lock",
        "merge",
        "milestone",
        "move",
        "parent",
        "promote_to",
        "react",
        "reassign",
        "relabel",
        "relate",
        "remove_due_date",
        "remove_estimate",
        "remove_iteration",
        "remove_milestone",
        "reopen",
        "severity",
        "shrug",
        "spend",
        "spent",
        "status",
        "submit_review",
        "subscribe",
        "tableflip",
        "tag",
        "target_branch",
        "title",
        "todo",
        "type",
        "unassign",
        "unlabel",
        "unlock",
        "unsubscribe",
        "weight",
        "zoom",
    ]
)
MENTION = re.compile(r"(?<![A-Za-z0-9_])@(?P<name>[A-Za-z0-9_][A-Za-z0-9_./-]*)")
CODE_SPAN = re.compile(r"(?<![`\\])(?P<marks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=marks)(?!`)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Elements in whose text nobody is looked for, and tags.
QUIET_HTML = re.compile(r"<(?P<tag>code|pre|a|style)\b[^>]*>.*?</(?P=tag)>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# A link that leads to a name mentions it; addresses become links, and mention nobody.
LINK_TARGET = re.compile(r"\]\((?!\s*<?(?:@|%40))[^)\n]*\)")
ADDRESS = re.compile(r"(?<![^\s(<])https?://[\w-]+(?:\.[\w-]+)+[^\s<>()`]*", re.ASCII)
# Where Markdown begins a block of HTML: up to the next empty line nothing but HTML has a meaning.
HTML_BLOCK = re.compile(
    r" {0,3}</?(?:details|summary|table|thead|tbody|tr|t[dh]|div|p|ul|ol|li|dl|d[dt]|h[1-6]|hr|section|blockquote|center)\b",
    re.IGNORECASE,
)
LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s")
CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class QuickAction:
    """A command in a text. `argument` is what stands behind its name."""

    name: str
    argument: str


def carried_out(text: str) -> tuple[str, list[QuickAction]]:
    """Return a text without its quick actions, carriage returns and white space at its end; and the actions."""
    kept: list[str] = []
    actions: list[QuickAction] = []
    for line, is_code in _lines(text.replace("\r", "")):
        match = None if is_code else QUICK_ACTION.fullmatch(line)
        if match and match["name"].lower() in COMMANDS:
            actions.append(QuickAction(match["name"].lower(), match["argument"] or ""))
        else:
            kept.append(line)
    return "\n".join(kept).rstrip(), actions


def mentions(text: str) -> list[str]:
    """Return whom a text mentions (``all`` for everybody), outside of code and comments, each once.

    An entity (``&#64;all``) is the character that it stands for, and mentions as well. A backslash helps, but not in a
    block of HTML, where backticks make no code either. Code spans end with their table cell, list item or paragraph.
    """
    found: list[str] = []
    for chunk, is_html in _chunks(text.replace("\r", "")):
        prose = COMMENT.sub("", chunk)
        if not is_html:
            prose = LINK_TARGET.sub("]", ADDRESS.sub(" ", CODE_SPAN.sub(" ", prose)))
            prose = prose.replace("\\@", "").replace("](%40", "](@")
        prose = html.unescape(TAG.sub(" ", QUIET_HTML.sub("", prose)))
        found += [match["name"].rstrip("./-") for match in MENTION.finditer(prose)]
    return list(dict.fromkeys(found))


def _chunks(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text that Markdown looks at on their own, without code; and whether they are blocks of HTML."""
    chunk: list[str] = []
    is_html = False
    # A comment may go over empty lines.
    prose = "\n".join("" if is_code else line for line, is_code in _lines(COMMENT.sub("", text)))
    for line in prose.split("\n"):
        begins_html = not is_html and HTML_BLOCK.match(line) is not None
        begins = LIST_ITEM.match(line) or line.startswith(("#", ">", "|"))
        if not line.strip() or begins_html or (begins and not is_html):
            yield "\n".join(chunk), is_html
            chunk, is_html = [], begins_html
        if line.startswith("|") and not is_html:
            yield from ((cell, False) for cell in CELLS.split(line))
        else:
            chunk.append(line)
    yield "\n".join(chunk), is_html


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is in a block of code."""
    fence, in_list, after_gap = "", False, True
    for line in text.split("\n"):
        match = FENCE.fullmatch(line)
        indented = line.startswith(("    ", "\t"))
        if fence:
            yield line, True
            closes = match and match["marks"].startswith(fence) and not match["info"].strip()
            fence = "" if closes else fence
        elif match and not (match["marks"][0] == "`" and "`" in match["info"]):
            fence = match["marks"]
            yield line, True
        elif indented and after_gap and not in_list:
            yield line, True
            continue
        else:
            yield line, False
            if line.strip() and not indented:
                in_list = LIST_ITEM.match(line) is not None
        after_gap = not line.strip()
