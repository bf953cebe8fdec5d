"""The journal of receiver and workers: a line for each thing that happens, for people or for programs."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TextIO

from supops.render.console import Terminal
from supops.render.line_queue import MOST_BYTES, LineQueue
from supops.render.text import visible
from supops.services.inbox_ports import Journal

Facts = Mapping[str, str | float | None]

# What came in, what became of it, and what went wrong; everything else is about the processes themselves.
ARROWS = {
    "stored": "-->",
    "repeat": "-->",
    "refused": "-x-",
    "unstored": "-x-",
    "started": "   ",
    "done": "<--",
    "failed": "<-x",
    "dead": "<-x",
    "overtaken": "<-x",
}
OTHER_ARROW = "***"
# What a line begins with, in this order; all other facts follow with their names.
NAMELESS = ("source", "event")
NAMELESS_AT_THE_END = ("outcome", "error", "text")
LONGEST_FACT = 2000
# Who does not read in time at the end has had the time.
LAST_WORDS_SECONDS = 1.0


class LineJournal(Journal):
    """Writes each line whole, so that the lines of several processes don't mix; whoever tells something does not wait for that.

    Args:
        stream: Where to. One that is gone is no reason to stop, nor is one that nobody reads: then lines are left out.
        now: The present time.
        most: How many bytes may wait for a reader.
    """

    def __init__(self, stream: TextIO, now: Callable[[], datetime], *, most: int = MOST_BYTES) -> None:
        self._now = now
        self._lines = LineQueue(stream, self._left_out, most=most)

    def tell(self, event: str, /, **facts: str | float | None) -> None:
        """See `Journal`."""
        known = {
            name: _shortened(value) for name, value in facts.items() if value is not None and value != ""
        }
        self._lines.put(self._line(self._time(), event, known))

    def close(self) -> None:
        """Have everything written, as far as somebody reads it."""
        self._lines.flush(LAST_WORDS_SECONDS)

    def _left_out(self, count: int) -> str:
        return self._line(self._time(), "left out", {"lines": count, "text": "nobody read them in time"})

    def _time(self) -> str:
        return f"{self._now():%Y-%m-%dT%H:%M:%SZ}"

    @abstractmethod
    def _line(self, time: str, event: str, facts: Facts) -> str: ...


class TextJournal(LineJournal):
    """Lines for people: time, arrow, number of the delivery, what happened; of what is only said, how much it matters."""

    def _line(self, time: str, event: str, facts: Facts) -> str:
        words = [time, ARROWS.get(event, OTHER_ARROW)]
        if "id" in facts:
            words.append(f"#{facts['id']}")
        # A delivery's event is a word of its own; the others say what happened.
        words += [_said(facts[name]) for name in NAMELESS if name in facts]
        words.append(_said(facts.get("level", event)))
        named = [name for name in facts if name not in ("id", "level", *NAMELESS, *NAMELESS_AT_THE_END)]
        words += [f"{name}={_said(facts[name])}" for name in named]
        text = " ".join(words)
        ends = [_said(facts[name]) for name in NAMELESS_AT_THE_END if name in facts]
        return f"{text}: {'; '.join(ends)}" if ends else text


class JsonJournal(LineJournal):
    """Lines for programs: one JSON object on each, in ASCII."""

    def _line(self, time: str, event: str, facts: Facts) -> str:
        return json.dumps({"time": time, "what": event, **facts})


class JournalTerminal(Terminal):
    """A terminal whose notes and warnings are lines of the journal, so that nothing else is on standard error.

    Args:
        journal: Told what would be said: ``note``, with ``level`` and ``text``.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        journal: Journal,
        *,
        quiet: bool = False,
        verbose: bool = False,
        debug: bool = False,
    ) -> None:
        super().__init__(stdout, stderr, environ={}, quiet=quiet, verbose=verbose, debug=debug, color=False)
        self._journal = journal

    def warn(self, message: str) -> None:
        """See `Notices`."""
        self._tell("warning", message)

    def debug(self, message: str) -> None:
        """See `Notices`."""
        if self._debug:
            self._tell("debug", message)

    def _say(self, message: str, style: str) -> None:  # noqa: ARG002  (a journal has no colours)
        self._tell("note", message)

    def _tell(self, level: str, message: str) -> None:
        self._journal.tell("note", level=level, text=message)


def _shortened(value: str | float) -> str | float:
    return value[:LONGEST_FACT] if isinstance(value, str) else value


def _said(value: str | float | None) -> str:
    return visible(str(value))
