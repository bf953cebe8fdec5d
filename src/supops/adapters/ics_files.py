"""Calendar files as text: what others wrote into one stays as it is, whatever it means, and only components of ours are exchanged.

Here belongs how such a file is made up of lines and components (RFC 5545), and not what is in them.
"""

import re
from dataclasses import dataclass
from functools import cached_property

# A name, parameters with quoted values, a value.
LINE = re.compile(r'([A-Za-z0-9-]{1,100}+)((?:;[^:;"]*+(?:"[^"]*+"[^:;"]*+)*+)*+):(.*+)', re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
FOLD = re.compile(r"\r?\n[ \t]")
PHYSICAL_LINE = re.compile(r"[^\n]*\n|[^\n]+")
CALENDAR = "VCALENDAR"


class NoCalendarFile(ValueError):
    """The text is not that of one calendar; the message says in what."""


@dataclass(frozen=True)
class Component:
    """A part of a calendar, such as an event.

    Attributes:
        name: Such as ``VEVENT``; empty for the calendar's own lines between components.
        text: All its lines, as they stand in the file.
    """

    name: str
    text: str

    @cached_property
    def properties(self) -> dict[str, str]:
        """Its own properties, not those of parts within it: the first value of each, as a text, by name in capitals."""
        found: dict[str, str] = {}
        depth = 0
        for line in logical_lines(self.text):
            parts = LINE.fullmatch(line.rstrip("\r\n"))
            if parts is None:
                continue
            name, value = parts[1].upper(), parts[3]
            depth += {"BEGIN": 1, "END": -1}.get(name, 0)
            if depth == 1 and name != "BEGIN":
                found.setdefault(name, unescaped(value))
        return found


@dataclass(frozen=True)
class CalendarFile:
    """A calendar's text, in its parts."""

    parts: tuple[Component, ...]

    @classmethod
    def read(cls, text: str) -> "CalendarFile":
        """Take a calendar's text apart.

        Raises:
            NoCalendarFile: It is not that of one whole calendar.
        """
        return cls(tuple(_parts(text)))

    def named(self, name: str) -> list[Component]:
        """Return the components of this name."""
        return [part for part in self.parts if part.name == name]

    def with_component(
        self, new: Component, *, instead_of: Component | None, first: bool = False
    ) -> "CalendarFile":
        """Return the file with a component in the place of another one, or added: last, or before all others."""
        new = Component(new.name, self._as_here(new.text))
        parts = list(self.parts)
        if instead_of is not None:
            place = next(place for place, part in enumerate(parts) if part is instead_of)
            parts[place] = new
        elif first:
            parts.insert(1, new)
        else:
            parts.insert(len(parts) - 1, new)
        return CalendarFile(tuple(parts))

    @property
    def text(self) -> str:
        """The whole file."""
        return "".join(part.text for part in self.parts)

    def _as_here(self, text: str) -> str:
        """Return a text with lines that end as those of the file do."""
        return text if self.parts[0].text.endswith("\r\n") else text.replace("\r\n", "\n")


def logical_lines(text: str) -> list[str]:
    """Return the lines of a text, those put together again that were folded."""
    return PHYSICAL_LINE.findall(FOLD.sub("", text))


def unescaped(value: str) -> str:
    """Return what a text was before it was written into a line."""
    return ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def _parts(text: str) -> list[Component]:
    """Cut a text into components and what is between them. The first and the last part are the calendar's own lines, or empty."""
    parts: list[Component] = []
    opened: list[str] = []
    lines: list[str] = []
    closed = False
    for number, line in enumerate(PHYSICAL_LINE.findall(text), 1):
        word, _, name = line.strip("\ufeff \t\r\n").partition(":")
        # A folded line goes on with white space, and begins and ends nothing.
        word = "" if line[0] in " \t" else word.upper()
        name = name.strip().upper()
        if (closed or not opened) and line.strip() and (closed or (word, name) != ("BEGIN", CALENDAR)):
            raise NoCalendarFile(f"line {number} is not part of a calendar")
        if word == "END" and opened[-1:] != [name]:
            raise NoCalendarFile(f"line {number} ends {name}, which was not begun")
        if word == "BEGIN":
            if len(opened) == 1:
                parts.append(Component("", "".join(lines)))
                lines = []
            opened.append(name)
        if word == "END" and len(opened) == 1:
            # What is added last stands before this.
            parts.append(Component("", "".join(lines)))
            lines, closed = [], True
        lines.append(line)
        if word == "END":
            opened.pop()
            if len(opened) == 1:
                parts.append(Component(name, "".join(lines)))
                lines = []
    if opened or not closed:
        raise NoCalendarFile(f"it does not end {opened[-1] if opened else CALENDAR}")
    return [*parts, Component("", "".join(lines))]
