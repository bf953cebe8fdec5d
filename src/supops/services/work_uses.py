"""What is said with a command, and which moves have a use for it: what nothing would be done with is refused, not ignored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from supops.errors import UsageError
from supops.models.work_moves import Given
from supops.models.workflow import CLOSED, Flow, Move, Need, Template, Validation, an
from supops.services.work_lasting import needs_at


@dataclass(frozen=True, slots=True)
class Use:
    """What an option is for. Type, priority and customer are set with any move; a reason stands in any comment.

    Attributes:
        option: Its name, without the dashes.
        said: What was said with it.
        belongs: Whether a move needs it, or writes it.
        hears: Whether it can be said with a move for an issue of a type (None for any), as something comes of it all the same.
    """

    option: str
    said: Callable[[Given], object]
    belongs: Callable[[Move], bool]
    hears: Callable[[Flow, Move, str | None], bool]


def _needed(need: Need) -> Callable[[Move], bool]:
    return lambda move: need in move.needs


def _text(need: Need, said: Callable[[Given], object]) -> Use:
    """A comment that is written with the move that needs it, or where it is needed next, or should be there already."""

    def hears(flow: Flow, move: Move, kind: str | None) -> bool:
        onward = flow.moves_from(move.target, kind)
        return need in {
            *move.needs,
            *needs_at(flow, move.target, kind),
            *(n for m in onward for n in m.needs),
        }

    return Use(str(need), said, _needed(need), hears)


def _field(need: Need, said: Callable[[Given], object]) -> Use:
    """What plans the work; of what is closed there is none."""
    return Use(str(need), said, _needed(need), lambda _, move, __: move.target != CLOSED)


def _only(option: str, said: Callable[[Given], object], belongs: Callable[[Move], bool]) -> Use:
    return Use(option, said, belongs, lambda _, move, __: belongs(move))


def _blocks(move: Move) -> bool:
    return move.comment is Template.BLOCKED


USES = (
    _only("until", lambda given: given.until, lambda move: _blocks(move) or Need.UNTIL in move.needs),
    _only("then", lambda given: given.then, lambda move: _blocks(move) or Need.THEN in move.needs),
    _only("on", lambda given: given.on, _blocks),
    _only(
        "requester",
        lambda given: given.requester,
        lambda move: move.validation not in (None, Validation.SKIPPED),
    ),
    _only("keep-open", lambda given: given.keep_open, lambda move: move.closes and move.target != CLOSED),
    _text(Need.GAMEPLAN, lambda given: given.gameplan),
    _text(Need.BLUEPRINT, lambda given: given.blueprint),
    _field(Need.ITERATION, lambda given: given.iteration),
    _field(Need.MILESTONE, lambda given: given.milestone),
    _field(Need.DRI, lambda given: given.dri),
)


def unused(flow: Flow, moves: Sequence[Move], given: Given, kind: str | None) -> list[Use]:
    """Return what was said that none of some moves has a use for."""
    return [one for one in USES if one.said(given) and not any(one.hears(flow, move, kind) for move in moves)]


def must_be_heard(flow: Flow, moves: Sequence[Move], given: Given, kind: str | None, iid: int) -> None:
    """Refuse what none of some moves has a use for.

    Args:
        flow: The flow.
        moves: Those that are meant; all lead to the same place.
        given: What was said.
        kind: Key of the issue's type; None where it has none.
        iid: The issue's number.

    Raises:
        UsageError: Something was said that nothing would be done with.
    """
    lost = unused(flow, moves, given, kind)
    if not lost:
        return
    names = ", ".join(f"--{one.option}" for one in lost)
    where = f"a move to {moves[0].target}" if moves else "that"
    means = "means" if len(lost) == 1 else "mean"
    raise UsageError(
        f"{names} {means} nothing for {where}: nothing was changed.",
        hint=" ".join(_place_of(flow, one, kind, iid) for one in lost),
    )


def _place_of(flow: Flow, use: Use, kind: str | None, iid: int) -> str:
    """Say where an option belongs."""
    whose = an(kind) if kind else "an issue"
    moves = [one for one in flow.moves if use.belongs(one) and (kind is None or kind in one.types)]
    commands = dict.fromkeys(f"`{command_of(one, iid)}`" for one in moves)
    if not commands:
        return f"Leave --{use.option} out: no move of {whose} has a use for it."
    return f"--{use.option} is for {', '.join(commands)}."


def command_of(move: Move, iid: int) -> str:
    """Return the command that makes a move."""
    return f"supops issues {move.verb} {iid}{f' {move.target}' if move.verb == 'move' else ''}"
