"""What roster files gave, apart from the reading itself: who finds it in the cache needs no YAML parser, which takes long to import."""

from dataclasses import dataclass

from supops.models.roster import Member, RosterProblem


@dataclass(frozen=True, slots=True)
class FileReading:
    """What one file gave. Paths are not in it: the same bytes under another path read the same."""

    member: Member | None
    problems: tuple[RosterProblem, ...]
