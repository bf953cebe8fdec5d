"""The hidden marks in issues: which text is ours, and which box stands for which finding. GitLab shows HTML comments to nobody."""

import hashlib
import re
from dataclasses import dataclass

# On lines of their own, where no name from outside can stand.
BEGIN = re.compile(r"^<!-- supops:audit \S+ \S+ part \d+ -->$", re.MULTILINE)
END = re.compile(r"^<!-- supops:end ([0-9a-f]*) -->$", re.MULTILINE)
MARK = re.compile(r"[ \t]*<!-- supops:[^>]*-->")
BOX = re.compile(r"[-*] \[([ xX~])\] .*<!-- supops:box ([0-9a-f]{16}) -->\s*")
EARLIER = "## What stood here before"


def part_mark(key: str, quarter: str, part: int) -> str:
    """Return the mark at the beginning of a part of an audit's issue."""
    return f"<!-- supops:audit {key} {quarter.replace(' ', '-')} part {part} -->"


def has_mark(text: str, mark: str) -> bool:
    """Whether a text has a mark, on a line of its own."""
    return mark in text.replace("\r\n", "\n").split("\n")


def end_mark(inside: str) -> str:
    """Return the mark at the end of a part. It tells whether somebody edited what is before it, boxes aside."""
    return f"<!-- supops:end {_checksum(inside)} -->"


def box(text: str, identity: str, *, ticked: bool) -> str:
    """Return a box to tick, with the mark that says what it stands for."""
    return f"- [{'x' if ticked else ' '}] {text} <!-- supops:box {identity} -->"


@dataclass(frozen=True, slots=True)
class Kept:
    """What people did to a box.

    Attributes:
        text: What is beside the box.
        lines: Lines that people wrote under it, indented.
    """

    text: str
    ticked: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ours:
    """A text of an issue, taken apart.

    Attributes:
        before: What people wrote above our part.
        inside: Our part.
        after: What people wrote below it.
        remarks: What people should know about what becomes of their edits.
    """

    before: str
    inside: str
    after: str
    remarks: tuple[str, ...] = ()

    @property
    def length_outside(self) -> int:
        """How many characters are not ours."""
        return len(self.before) + len(self.after)


def split_ours(text: str) -> Ours:
    """Take a text apart. Where a mark was removed by hand, nothing of it counts as ours, and all of it stays."""
    text = text.replace("\r\n", "\n")
    begin = BEGIN.search(text)
    end = next((found for found in END.finditer(text) if begin and found.start() > begin.end()), None)
    if begin is None or end is None:
        rest = MARK.sub("", text).strip()
        earlier = f"{EARLIER}\n\n{rest}" if rest and not rest.startswith(EARLIER) else rest
        remark = "the marks that say which text is ours were removed by hand: what stood there is kept below"
        return Ours("", text[begin.start() :] if begin else "", earlier, (remark,) if rest else ())
    inside = text[begin.start() : end.start()]
    remarks: tuple[str, ...] = ()
    if _checksum(inside.removesuffix("\n")) != end[1]:
        remarks = (
            "it was edited by hand in the part that supops writes: boxes and lines under them are kept, other edits are replaced; "
            "GitLab keeps the earlier version",
        )
    return Ours(text[: begin.start()].strip(), inside, text[end.end() :].strip(), remarks)


def kept_of(inside: str) -> dict[str, Kept]:
    """Return what people did to boxes, by what each stands for: those that are ticked, or have lines under them."""
    kept: dict[str, Kept] = {}
    identity = ""
    for line in inside.split("\n"):
        found = BOX.fullmatch(line)
        if found:
            identity = found[2]
            text = MARK.sub("", line).partition("] ")[2]
            kept[identity] = Kept(text, found[1] in "xX", ())
        elif identity and line.strip() and line[0] in " \t":
            before = kept[identity]
            kept[identity] = Kept(before.text, before.ticked, (*before.lines, _harmless(line)))
        elif line.strip():
            identity = ""
    return kept


def _harmless(line: str) -> str:
    """Keep what looks like a quick action from being carried out in our name."""
    indent = line[: len(line) - len(line.lstrip())]
    text = line.lstrip()
    return f"{indent}\\{text}" if text.startswith("/") else line


def _checksum(inside: str) -> str:
    """Return a checksum that ticked boxes, and lines under boxes, leave as it is."""
    lines = []
    under_box = False
    for line in inside.split("\n"):
        if BOX.fullmatch(line):
            under_box = True
            lines.append(f"- [ ] {line.partition('] ')[2].rstrip()}")
            continue
        if under_box and line[:1] in (" ", "\t") and line.strip():
            continue
        if line.strip():
            under_box = False
        lines.append(line.rstrip())
    return hashlib.sha256("\n".join(lines).strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]
