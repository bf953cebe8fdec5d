"""Long Markdown in several texts, split between rows: each can be read by itself."""

import re

TABLE_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+")
# Lines that belong to those that follow.
OPENING = ("#", "<details>")
CUT = " [cut: the line is {length:,} characters long]"


def split_text(text: str, longest: int) -> list[str]:
    """Split Markdown into texts, between lines and never within one.

    A text that begins within a table repeats its head; within a folded section it opens that again; within a list it repeats the
    heading. Only a line that is longer than a whole text is cut, and says so.

    Args:
        text: Headings, lists, tables, and sections folded with ``<details>``.
        longest: Characters in each text.
    """
    if len(text) <= longest:
        return [text]
    splitter = _Splitter(longest)
    for line in text.splitlines():
        splitter.add(line)
    return splitter.texts()


class _Splitter:
    """Takes lines one after another, and begins a new text when the present one is full."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._texts: list[str] = []
        self._lines: list[str] = []
        self._size = 0
        # Where we are: below which heading, in which folded section, below which head of a table.
        self._heading = ""
        self._summary = ""
        self._table: list[str] = []
        self._fresh = True

    def add(self, line: str) -> None:
        is_folded = (self._summary and line != "</details>") or line.startswith(("<details>", "<summary>"))
        ending = len("\n\n</details>") if is_folded else 0
        if self._size + len(line) + 1 + ending > self._longest and not self._fresh:
            self._begin_another()
        room = self._longest - self._size - ending - 1
        if len(line) > room:
            said = CUT.format(length=len(line))
            line = line[: max(0, room - len(said))] + said
        self._put(line)
        self._fresh = False
        self._follow(line)

    def texts(self) -> list[str]:
        self._texts.append("\n".join(self._lines))
        return self._texts

    def _put(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line) + 1

    def _begin_another(self) -> None:
        trailing: list[str] = []
        while self._lines and (not self._lines[-1].strip() or self._lines[-1].startswith(OPENING)):
            # A heading belongs to what follows it.
            trailing.insert(0, self._lines.pop())
        again = [line for line in trailing if line.startswith(OPENING)]
        if self._summary:
            self._lines += ["", "</details>"]
        self._texts.append("\n".join(self._lines))
        self._lines, self._size, self._fresh = [], 0, True
        if self._summary:
            again = ["<details>", f"<summary>{self._summary} (continued)</summary>", ""]
        elif self._heading and not again:
            again = [f"{self._heading} (continued)", ""]
        for line in (*again, *self._table):
            self._put(line)

    def _follow(self, line: str) -> None:
        if line.startswith("#"):
            self._heading, self._table = line, []
        elif line.startswith("<summary>"):
            self._summary = line.removeprefix("<summary>").removesuffix("</summary>")
        elif line == "</details>":
            self._summary, self._heading, self._table = "", "", []
        elif TABLE_RULE.fullmatch(line) and len(self._lines) > 1 and self._lines[-2].startswith("|"):
            self._table = [self._lines[-2], line]
        elif not line.startswith("|"):
            self._table = []
