"""What a change of an issue needs besides the move itself: a type that changes, and what is said where nothing moves."""

from supops.models.work_marks import mark_of
from supops.models.work_moves import Given, Missing
from supops.models.workflow import CLOSED, NOWHERE, Flow, Need, an
from supops.services.work_commenting import said_in
from supops.services.work_guards import GUARDS, Case, block_of, came_from
from supops.services.work_lasting import needs_at
from supops.services.work_reading import Dossier


def retyped(case: Case, kind: str | None) -> tuple[Missing, ...]:
    """Return what is missing for an issue to become of a type where it is: types are changed in the first stage.

    Elsewhere it has to have what every issue of the new type has there; one that has a type already keeps it.
    """
    dossier, flow, issue = case.dossier, case.flow, case.issue
    place = dossier.place
    free = (flow.first, NOWHERE, CLOSED)
    if (
        not case.given.type
        or kind is None
        or kind == dossier.type
        or place in free
        or case.move.target == flow.first
    ):
        return ()
    stage = (came_from(dossier) if place == flow.blocked else "") or place
    found = [one for need in needs_at(flow, stage, kind) if (one := GUARDS[need](case)) is not None]
    if dossier.type is not None:
        command = f"`supops issues move {issue.iid} {flow.first} --reason TEXT`"
        message = f"it is {an(dossier.type)}, and in {stage} it does not become {an(kind)}: types are changed in {flow.first}"
        found.insert(0, Missing(Need.TYPE, message, f"move it back to there, by {command} or step by step"))
    return tuple(found)


def outside(flow: Flow, given: Given) -> Missing | None:
    """Return why a type is not set, where it is one that the flow is not for."""
    kind = flow.type(given.type) if given.type else None
    if kind is None or not kind.outside:
        return None
    label = f"{flow.labels.type}{kind.name}"
    message = f"{kind.key} is outside of the flow: such issues have no stage, and nothing was changed"
    remedy = f"set the label {label} in GitLab, and remove the stage"
    return Missing(Need.TYPE, message, remedy, forcible=False)


def unheard(dossier: Dossier, given: Given, remark: str, *, with_comment: bool) -> Missing | None:
    """Return what was said that nothing would be done with, as an issue is where it should be; what stands there already is heard.

    A comment says the reason where fields are set as well.
    """
    iid, marks = dossier.issue.iid, [mark for one in dossier.team_notes if (mark := mark_of(one.body))]
    waits = {Need.UNTIL: given.until.strip(), Need.THEN: given.then.strip(), "on": given.on}
    # Nothing but a block hears these; where the flow has a move for that, it is made.
    block = block_of(dossier)
    lost = [f"--{name}" for name, text in waits.items() if text and (not block or block.text(name) != text)]
    if lost:
        message = f"{remark}, and {', '.join(lost)} would change nothing"
        again = f"`supops issues block {iid} --until TEXT --then TEXT`"
        remedy = f"unblock it (`supops issues unblock {iid}`), and block it again: {again}"
        return Missing(lost[0].removeprefix("--"), message, remedy, forcible=False)
    said = said_in(given)
    if not said or with_comment or any(one.text("said") == said for one in marks):
        return None
    names = [
        name for name, text in (("--reason", given.reason.strip()), ("--requester", given.requester)) if text
    ]
    message = f"{remark}, and {' and '.join(names)} would be written nowhere"
    return Missing(
        names[0].removeprefix("--"), message, f"write a comment on #{iid} in GitLab", forcible=False
    )
