"""What people say with a command, understood: iterations, milestones, people and labels by the names that they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from supops.errors import UsageError
from supops.models.work_moves import Given
from supops.models.workflow import CLOSED, Flow
from supops.services.work_ports import Wording
from supops.services.work_reading import Desk, chosen_iteration, chosen_milestone

# What people call themselves: whoever the credential belongs to.
ME = "@me"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was said, word for word; None where nothing was.

    Attributes:
        gameplan: The text, not the file; so `blueprint`.
    """

    type: str | None = None
    priority: str | None = None
    customer: str | None = None
    iteration: str | None = None
    milestone: str | None = None
    dri: str | None = None
    gameplan: str | None = None
    blueprint: str | None = None
    reason: str | None = None
    until: str | None = None
    then: str | None = None
    on: str | None = None
    requester: str | None = None
    force: bool = False
    keep_open: bool = False


def understood(desk: Desk, asked: Asked, wording: Wording) -> Given:
    """Return what was said, with what it names.

    Args:
        desk: Where people, iterations and milestones are.
        asked: What was said.
        wording: Finds whom the files mention.

    Raises:
        UsageError: Something that is named is not there, or an option lacks another one.
        SupopsError: The platform refuses, or can't be reached.
    """
    flow = desk.flow
    if asked.force and not (asked.reason or "").strip():
        raise UsageError(
            "Whoever overrides a guard says why.", hint="Add --reason TEXT: it stands in the comment."
        )
    return Given(
        type=known_type(flow, asked.type),
        priority=known_name(asked.priority, flow.labels.priorities, flow.labels.priority, "priority"),
        customer=known_name(asked.customer, flow.labels.customers, flow.labels.customer, "customer"),
        iteration=chosen_iteration(desk, asked.iteration) if asked.iteration else None,
        milestone=chosen_milestone(desk, asked.milestone) if asked.milestone else None,
        dri=_person(desk, asked.dri),
        gameplan=asked.gameplan or "",
        blueprint=asked.blueprint or "",
        people=_people(desk, wording, asked.gameplan, asked.blueprint),
        reason=_line(asked.reason),
        until=_line(asked.until),
        then=_line(asked.then),
        on=_person(desk, asked.on),
        requester=_person(desk, asked.requester),
        force=asked.force,
        keep_open=asked.keep_open,
    )


def _line(text: str | None) -> str:
    """Return a text on one line: what stands in a comment's sentence begins no line of its own."""
    return " ".join((text or "").split())


def known_type(flow: Flow, name: str | None) -> str:
    """Return the key of a type; empty where nothing was said.

    Raises:
        UsageError: There is none of that name; the nearest, or all, are named.
    """
    if not name:
        return ""
    found = flow.type(_without(name, flow.labels.type))
    if found is not None:
        return found.key
    known = [one.key for one in flow.types]
    raise UsageError(f"There is no type {name[:60]!r}.", hint=_nearest(name, known))


def known_stage(flow: Flow, name: str) -> str:
    """Return a stage's name as the flow spells it.

    Raises:
        UsageError: There is none; the nearest, or all, are named.
    """
    found = flow.stage(_without(name, flow.labels.stage))
    if found is None:
        known = [one.name for one in flow.stages]
        raise UsageError(f"There is no stage {name[:60]!r}.", hint=_nearest(name, known))
    return found.name


def known_target(flow: Flow, name: str) -> str:
    """Return where an issue is moved to: a stage, or `CLOSED`.

    Raises:
        UsageError: There is no such stage.
    """
    return CLOSED if name.casefold() == CLOSED.casefold() else known_stage(flow, name)


def _without(name: str, key: str) -> str:
    """Return a name without the label's key, however that is capitalised."""
    return name[len(key) :] if name.casefold().startswith(key.casefold()) else name


def known_name(name: str | None, known: tuple[str, ...], key: str, what: str) -> str:
    """Return a priority or a customer as the flow spells it; empty where nothing was said.

    Raises:
        UsageError: There is none of that name; the nearest, or all, are named.
    """
    if not name:
        return ""
    found = _found(name, known, key)
    if found is None:
        raise UsageError(f"There is no {what} {name[:60]!r}.", hint=_nearest(name, known))
    return found


def is_known(name: str, known: Sequence[str], key: str) -> bool:
    """Whether a priority or a customer is one of those."""
    return _found(name, known, key) is not None


def _found(name: str, known: Sequence[str], key: str) -> str | None:
    wanted = _without(name, key).casefold()
    return next((one for one in known if one.casefold() == wanted), None)


def known_person(desk: Desk, username: str) -> str:
    """Return a username as GitLab spells it; ``@me`` is whoever the credential belongs to.

    Raises:
        UsageError: GitLab knows nobody with it.
    """
    if username.casefold() == ME:
        return desk.tracker.me()
    found = desk.tracker.person(username.removeprefix("@"))
    if found is None:
        raise UsageError(
            f"GitLab knows no user {username[:60]!r}.", hint="Say the username, as it is after the @."
        )
    return found.username


def _person(desk: Desk, username: str | None) -> str:
    return known_person(desk, username) if username else ""


def _people(desk: Desk, wording: Wording, *texts: str | None) -> tuple[str, ...]:
    """Return those of the names that texts mention which are a user's."""
    names = dict.fromkeys(name for text in texts for name in wording.mentions(text or ""))
    return tuple(one for one in names if desk.tracker.person(one) is not None)


def _nearest(name: str, known: tuple[str, ...] | list[str]) -> str:
    nearest = get_close_matches(name.casefold(), [one.casefold() for one in known], n=1)
    meant = next((one for one in known if nearest and one.casefold() == nearest[0]), None)
    return f"Did you mean {meant}?" if meant else f"There are: {', '.join(known)}."
