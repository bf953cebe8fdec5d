"""What was answered on a request already: told by hidden marks in the team's comments, and by what the platform noted.

Anybody may write a mark: those of outsiders count for nothing, nor does one that somebody of the team quotes. Ours are the first line.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from supops.models.license_requests import RequestNote, WrittenRequest
from supops.models.licenses import Problem

MARK = re.compile(r"<!-- supops:license (?:complete|refuse) [0-9a-f]{16} -->")
COMPLETED = re.compile(r"<!-- supops:license complete ([0-9a-f]{16}) -->")
TIME_NOTE = re.compile(r"added .{1,80} of time spent")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the team answered.

    Attributes:
        notes: Of the team, the oldest first.
    """

    notes: Sequence[RequestNote] = ()

    @property
    def last(self) -> int:
        """The id of the last note; 0 for none."""
        return max((note.id for note in self.notes), default=0)

    def reply(self, mark: str) -> RequestNote | None:
        """Return the first comment with a mark; None for none."""
        return next((note for note in self.notes if not note.system and _first(note) == mark), None)

    def completions(self) -> tuple[str, ...]:
        """Return how the SHA-256 of the license files begin that the request was completed with."""
        lines = (_first(note) for note in self.notes if not note.system)
        return tuple(dict.fromkeys(found[1] for line in lines if (found := COMPLETED.fullmatch(line))))

    def has_time(self, after: int, by: str = "") -> bool:
        """Whether the platform noted, after a note, that time was added: by one user, or by anybody of the team."""
        return any(_is_time(note) and note.id > after and by in ("", note.author) for note in self.notes)


def matters(note: RequestNote) -> bool:
    """Whether it makes a difference who wrote a note."""
    return _is_time(note) if note.system else MARK.fullmatch(_first(note)) is not None


def complete_mark(sha256: str) -> str:
    """Return the mark of a reply to a request that gets this license file."""
    return f"<!-- supops:license complete {sha256[:16]} -->"


def refuse_mark(written: WrittenRequest, problems: Sequence[Problem], reason: str) -> str:
    """Return the mark of a reply with problems: the same wherever the same is wrong with the same request, whatever the day's words are."""
    parts = [reason, *sorted(problem.field for problem in problems)]
    parts += [f"{key}={written.values[key]}" for key in sorted(written.values)]
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"<!-- supops:license refuse {digest[:16]} -->"


def _is_time(note: RequestNote) -> bool:
    return note.system and TIME_NOTE.match(note.body) is not None


def _first(note: RequestNote) -> str:
    return note.body.partition("\n")[0].rstrip("\r")
