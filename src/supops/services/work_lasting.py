"""What stays true of issues once they got to a stage, whichever way they came (source: domain, 4)."""

from supops.models.workflow import NOWHERE, Flow, Move, Need

# What stays true once a move that needs it was made.
LASTING = frozenset(
    {
        Need.TYPE,
        Need.PRIORITY,
        Need.CUSTOMER,
        Need.APPROVAL,
        Need.GAMEPLAN,
        Need.ITERATION,
        Need.MILESTONE,
        Need.DRI,
        Need.VALIDATED,
        Need.BLUEPRINT,
    }
)


def lasting_needs(flow: Flow) -> dict[tuple[str, str], frozenset[Need]]:
    """Return what every issue of a type has that got to a stage by moves forward, whichever those were, by stage and type.

    Cycles are no trouble: it starts with everything, and takes away until nothing changes.
    """
    needs: dict[tuple[str, str], frozenset[Need]] = {}
    for kind in (one.key for one in flow.types if not one.outside):
        names = [one.name for one in flow.stages]
        into = {name: forward(flow, name, kind) for name in names}
        found = {name: LASTING if into[name] and name != flow.first else frozenset[Need]() for name in names}
        changed = True
        while changed:
            changed = False
            for name in names:
                if name == flow.first or not into[name]:
                    continue
                sets = [(LASTING & {*one.needs}) | found.get(one.source, frozenset()) for one in into[name]]
                common = frozenset.intersection(*map(frozenset, sets))
                if common != found[name]:
                    found[name], changed = common, True
        needs |= {(name, kind): value for name, value in found.items()}
    return needs


def forward(flow: Flow, name: str, kind: str | None) -> list[Move]:
    """Return the moves by which issues of a type, or of any where it is None, get to a stage and are further than before."""
    return [
        one
        for one in flow.moves
        if one.target == name
        and (kind is None or kind in one.types)
        and not one.back
        and not one.in_place
        and one.source != NOWHERE
    ]


def needs_at(flow: Flow, stage: str, kind: str | None) -> tuple[Need, ...]:
    """Return what every issue of a type has that got to a stage; of no type, what all types have there."""
    lasting = lasting_needs(flow)
    kinds = [kind] if kind else [one.key for one in flow.types if not one.outside]
    found = [lasting.get((stage, one), frozenset()) for one in kinds]
    wanted = frozenset.intersection(*found) if found else frozenset()
    return tuple(need for need in Need if need in wanted)
