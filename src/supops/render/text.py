"""Text from outside, made harmless for where it is shown."""

import re
from datetime import datetime
from enum import Enum, auto
from itertools import groupby

from supops.models.redaction import is_unseen

# A spreadsheet runs a cell that begins with one of these.
FORMULA_STARTS = ("=", "+", "-", "@")
# A word that GitLab's Markdown shows as it is: no markup, no HTML, no mention, no reference, no link, no emoji.
SAFE_WORD = re.compile(r"(?:[^\W_]|[,;'’()%-]|[.:](?![^\W_]))+")

# A piece of a text: a command as our messages have it, in backticks, with the marks around it; or else a word.
PIECE = re.compile(r"(?P<before>\(?)`(?P<command>[^`\s](?:[^`]*[^`\s])?)`(?P<after>[,.;:)]*)(?!\S)|\S+")


def visible(text: str) -> str:
    """Return a text on one line, with control and direction characters spelled out (an escape as backslash, x, 1b), not carried out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if is_unseen(char) else char for char in text)


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode()


def csv_cell(value: object) -> str:
    """Return a cell that a spreadsheet shows and does not run: one line, and a formula gets an apostrophe in front."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    text = visible(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def markdown(text: str) -> str:
    """Return Markdown that shows a text as it is, on one line, in a list or in a table.

    Words that could mean anything to GitLab (markup, HTML, ``@all``, ``#1``, ``/close``, addresses) go into a code span, where
    nothing has a meaning, and what stands in backticks becomes one of its own. Not for the very beginning of a line, where
    ``1.`` and ``-`` begin a list.
    """
    parts = []
    for kind, pieces in groupby(PIECE.finditer(visible(text)), key=_kind):
        if kind is _Kind.COMMAND:
            parts += [f"{one['before']}{_cell_code(one['command'])}{one['after']}" for one in pieces]
            continue
        joined = " ".join(one[0] for one in pieces)
        parts.append(joined if kind is _Kind.SAFE else _unsafe(joined))
    return " ".join(parts)


def _unsafe(text: str) -> str:
    """Return words as code; the marks after them belong to the sentence, and a bracket that was opened before."""
    after = len(text) - len(text.rstrip(",.;:" if "(" in text else ",.;:)"))
    said = text[: len(text) - after]
    return f"{_cell_code(said)}{text[len(said) :]}" if said else _cell_code(text)


class _Kind(Enum):
    COMMAND = auto()
    SAFE = auto()
    UNSAFE = auto()


def _kind(piece: re.Match[str]) -> _Kind:
    if piece["command"]:
        return _Kind.COMMAND
    return _Kind.SAFE if SAFE_WORD.fullmatch(piece[0]) else _Kind.UNSAFE


def code_span(text: str) -> str:
    """Return Markdown that shows a text of one line as code, whatever is in it. Not for a table, where a bar ends a cell."""
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def _cell_code(text: str) -> str:
    # A bar ends a table's cell even within a code span, unless it is escaped.
    return code_span(text.replace("|", "\\|"))


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number and its noun: ``1 agent``, ``1,200 agents``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def timestamp(moment: datetime) -> str:
    """Return ISO 8601 in UTC, to the second: ``2026-10-01T00:00:00Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
