"""What the simulated GitLab does with the text of issues and notes: quick actions are carried out, and people notified."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")
QUICK_ACTION = re.compile(r"/(?P<name>[a-z_]+)(?:[ \t]+(?P<argument>.*?))?[ \t]*")
# What the platform takes for a command; of anything else it is said that it is text.
COMMANDS = frozenset(
    {
        "assign",
        "unassign",
        "close",
        "reopen",
        "confidential",
        "label",
        "labels",
        "unlabel",
        "relabel",
        "title",
        "due",
        "remove_due_date",
        "lock",
        "todo",
        "done",
        "subscribe",
        "move",
        "duplicate",
        "milestone",
        "estimate",
        "spend",
        "weight",
        "tag",
        "shrug",
    }
)
MENTION = re.compile(r"(?<![A-Za-z0-9_/@`&;])@(?P<name>[A-Za-z0-9_][A-Za-z0-9_.\-]*(?:/[A-Za-z0-9_.\-]+)*)")
CODE_SPAN = re.compile(r"(?<!`)(?P<marks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=marks)(?!`)", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK_TARGET = re.compile(r"\]\([^)\n]*\)")


@dataclass(frozen=True, slots=True)
class QuickAction:
    """A command in a text. `argument` is what stands behind its name."""

    name: str
    argument: str


def carried_out(text: str) -> tuple[str, list[QuickAction]]:
    """Return a text without its quick actions, and those: lines outside of code and comments that begin with a command."""
    kept: list[str] = []
    actions: list[QuickAction] = []
    for line, is_code in _lines(text):
        match = None if is_code else QUICK_ACTION.fullmatch(line.rstrip("\r"))
        if match and match["name"] in COMMANDS:
            actions.append(QuickAction(match["name"], match["argument"] or ""))
        else:
            kept.append(line)
    left = "\n".join(kept)
    return (left.strip() if actions else left), actions


def mentions(text: str) -> list[str]:
    """Return whom a text mentions (``all`` for everybody), outside of code and comments, each once."""
    prose = "\n".join("" if is_code else line for line, is_code in _lines(text))
    prose = LINK_TARGET.sub("]", CODE_SPAN.sub("", COMMENT.sub("", prose)))
    # A backslash makes the character behind it plain text.
    prose = prose.replace("\\@", "")
    return list(dict.fromkeys(match["name"].rstrip(".-") for match in MENTION.finditer(prose)))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it is within a block of code or a comment."""
    fence = ""
    in_comment = False
    for line in text.split("\n"):
        match = FENCE.fullmatch(line.rstrip("\r"))
        if fence:
            closes = bool(match and match["marks"].startswith(fence) and not match["info"].strip())
            yield line, True
            fence = "" if closes else fence
        elif in_comment:
            yield line, True
            in_comment = "-->" not in line
        elif match and not (match["marks"][0] == "`" and "`" in match["info"]):
            fence = match["marks"]
            yield line, True
        else:
            yield line, line.startswith(("    ", "\t"))
            in_comment = "<!--" in line and "-->" not in line.rpartition("<!--")[2]
