"""Whether a flow makes sense: names mean one thing each, every stage is known and reached, nothing ends nowhere, every step has a way back."""

from collections.abc import Iterable, Mapping

from supops.models.workflow import CLOSED, NOWHERE, Flow, FlowMistake, Need, Validation, an
from supops.services.work_lasting import lasting_needs

# Places that are no stages.
ENDS = frozenset({CLOSED, NOWHERE})
# Stages that the flow treats as special.
ROLES = ("first", "blocked", "queued", "working", "last", "validation")


def check_flow(flow: Flow) -> tuple[FlowMistake, ...]:
    """Return all that makes no sense about a flow. Cycles are fine, as long as there is a way out of them."""
    unknown = [*_names(flow), *_unknown(flow), *_needs(flow)]
    return tuple(unknown or [*_unreached(flow), *_dead_ends(flow), *_one_way(flow)])


def _names(flow: Flow) -> Iterable[FlowMistake]:
    """Yield names that mean two things, and labels that are none: moves would set another one than is meant."""
    stages = [one.name for one in flow.stages]
    for name in stages:
        if name.casefold() == CLOSED.casefold():
            yield FlowMistake(
                f"{name!r} is where issues end, and no stage: call the stage otherwise", stage=name
            )
    labels = flow.labels
    groups = {
        "there are two stages": stages,
        "there are two types": [one.name for one in flow.types],
        "there are two priorities": labels.priorities,
        "there are two customers": labels.customers,
        "two states of a validation are called": [
            one for known in labels.validations.values() for one in known
        ],
        "two kinds of approval are called": labels.approvals,
    }
    for said, names in groups.items():
        for name in _twice(names):
            yield FlowMistake(f"{said} {name!r}", stage=name)
        for name in names:
            if "," in name or "::" in name:
                yield FlowMistake(f"what a label is called has no comma and no colons: {name!r}", stage=name)
    keys = (labels.stage, labels.type, labels.priority, labels.customer, labels.validation, labels.approval)
    for key in dict.fromkeys(keys):
        if sum(one.startswith(key) for one in keys) > 1:
            yield FlowMistake(f"labels for two things begin with {key!r}")


def _twice(names: Iterable[str]) -> list[str]:
    """Return names that stand twice, whatever their capitals."""
    found = [*names]
    known = [one.casefold() for one in found]
    return [one for place, one in enumerate(found) if one.casefold() in known[:place]]


def _unknown(flow: Flow) -> Iterable[FlowMistake]:
    stages, types = {one.name for one in flow.stages}, {one.key for one in flow.types if not one.outside}
    for place, move in enumerate(flow.moves):
        for name in dict.fromkeys((move.source, move.target)):
            if name not in stages | ENDS:
                yield FlowMistake(f"there is no stage {name!r}", place, unknown=True)
        for key in move.types:
            if key not in types:
                yield FlowMistake(f"there is no type {key!r} in the flow", place, unknown=True)
        if move.target == NOWHERE:
            yield FlowMistake("a move leads to a stage, or to Closed", place)
        if move.target == CLOSED and not move.closes:
            yield FlowMistake("a move to Closed has to close the issue", place)
    yield from _roles(flow)


def _roles(flow: Flow) -> Iterable[FlowMistake]:
    """Yield special stages that there are not, or that are two things at once: what is blocked is reviewed, and closed in the end."""
    stages = {one.name for one in flow.stages}
    for role in ROLES:
        name = getattr(flow, role)
        if name not in stages:
            yield FlowMistake(f"{role}: there is no stage {name!r}", stage=name, unknown=True)
        elif role != "blocked" and name == flow.blocked:
            yield FlowMistake(f"{role}: {name} is the stage of what is blocked", stage=name)
    if flow.first == flow.last:
        yield FlowMistake(f"last: {flow.last} is the first stage", stage=flow.last)


def _needs(flow: Flow) -> Iterable[FlowMistake]:
    for place, move in enumerate(flow.moves):
        if Need.CURRENT in move.needs and Need.LATER in move.needs:
            yield FlowMistake("the iteration can't be the current one and a later one", place)
        if move.validation is Validation.SKIPPED and Need.REASON not in move.needs:
            yield FlowMistake("a validation is skipped with a reason: add it to the needs", place)
    lasting = lasting_needs(flow)
    for key in _type_keys(flow):
        states = {move.validation for move in flow.moves_of(key)}
        met = {
            Need.PRIORITY: flow.labels.priorities,
            Need.CUSTOMER: flow.labels.customers,
            Need.REQUESTED: states & {Validation.REQUESTED},
            Need.VALIDATED: states & {Validation.RECEIVED, Validation.SKIPPED},
        }
        for place, move in enumerate(flow.moves):
            if key not in move.types:
                continue
            if move.clears and Need.VALIDATED in lasting.get((move.target, key), ()):
                yield FlowMistake(f"it clears the validation that {an(key)} has in {move.target}", place)
            for need in move.needs:
                if not met.get(need, True):
                    yield FlowMistake(f"nothing gives {an(key)} what this move needs: {need}", place)


def _unreached(flow: Flow) -> Iterable[FlowMistake]:
    """Yield stages that no issue gets to, whatever its type."""
    starts = {flow.first, *(move.target for move in flow.moves if move.source == NOWHERE)}
    reached: set[str] = set()
    for key in _type_keys(flow):
        reached |= _reach(starts, _edges(flow, key))
    for stage in flow.stages:
        if stage.name not in reached:
            yield FlowMistake(f"no move leads to the stage {stage.name}", stage=stage.name)


def _dead_ends(flow: Flow) -> Iterable[FlowMistake]:
    """Yield stages that issues of a type get to, and never out of to an end."""
    starts = {flow.first, *(move.target for move in flow.moves if move.source == NOWHERE)}
    for key in _type_keys(flow):
        edges = _edges(flow, key)
        ending = _reach({CLOSED} | _closing(flow, key), _reversed(edges))
        for name in [one.name for one in flow.stages if one.name in _reach(starts, edges)]:
            if name not in ending:
                yield FlowMistake(
                    f"the stage {name} is a dead end: from there {an(key)} never gets closed", stage=name
                )


def _one_way(flow: Flow) -> Iterable[FlowMistake]:
    """Yield moves from where nothing leads back, whatever is done."""
    for key in _type_keys(flow):
        edges = _edges(flow, key)
        for place, move in enumerate(flow.moves):
            if (
                key in move.types
                and move.source != NOWHERE
                and move.source not in _reach({move.target}, edges)
            ):
                yield FlowMistake(
                    f"from {move.target} there is no way back to {move.source} for {an(key)}", place
                )


def _type_keys(flow: Flow) -> list[str]:
    return [one.key for one in flow.types if not one.outside]


def _closing(flow: Flow, key: str) -> set[str]:
    """Return the stages in which an issue is closed with the move that leads there."""
    return {move.target for move in flow.moves if move.closes and key in move.types}


def _edges(flow: Flow, key: str) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for move in flow.moves:
        if key in move.types:
            edges.setdefault(move.source, set()).add(move.target)
    return edges


def _reversed(edges: Mapping[str, set[str]]) -> dict[str, set[str]]:
    turned: dict[str, set[str]] = {}
    for source, targets in edges.items():
        for target in targets:
            turned.setdefault(target, set()).add(source)
    return turned


def _reach(starts: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    """Return everything that can be got to; whatever was seen is not followed again, so that cycles end."""
    seen: set[str] = set()
    waiting = [*starts]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += edges.get(name, ())
    return seen
