"""What a change of an issue needs besides the move itself: a type that changes, and a stage that is set by force."""

import hashlib

from supops.models.work_marks import Mark, mark_of
from supops.models.work_moves import Comment, Given, Missing
from supops.models.workflow import CLOSED, NOWHERE, Flow, Need, Template
from supops.services.work_guards import GUARDS, Case, came_from
from supops.services.work_linting import lasting_needs
from supops.services.work_reading import Dossier


def needs_at(flow: Flow, stage: str, kind: str | None) -> tuple[Need, ...]:
    """Return what every issue of a type has that got to a stage; of no type, what all types have there."""
    lasting = lasting_needs(flow)
    kinds = [kind] if kind else [one.key for one in flow.types if not one.outside]
    found = [lasting.get((stage, one), frozenset()) for one in kinds]
    wanted = frozenset.intersection(*found) if found else frozenset()
    return tuple(need for need in Need if need in wanted)


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
        message = (
            f"it is a {dossier.type}, and in {stage} it becomes no {kind}: types are changed in {flow.first}"
        )
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


def hash_of(*texts: str) -> str:
    """Return a short hash of texts."""
    joined = "\0".join(texts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def said_in(given: Given) -> str:
    """Return a hash of what was said for a comment on a move; empty where nothing was."""
    said = (given.reason.strip(), given.requester)
    return hash_of(*said) if any(said) else ""


def unheard(dossier: Dossier, given: Given, remark: str, *, with_comment: bool) -> Missing | None:
    """Return what was said that nothing would be done with, as an issue is where it should be; what stands there already is heard.

    A comment says the reason where fields are set as well.
    """
    iid, marks = dossier.issue.iid, [mark for one in dossier.team_notes if (mark := mark_of(one.body))]
    waits = {Need.UNTIL: given.until.strip(), Need.THEN: given.then.strip(), "on": given.on}
    if any(waits.values()):
        is_blocked = dossier.place == dossier.flow.blocked
        latest = next((one for one in reversed(marks) if one.kind == Template.BLOCKED), None)
        known = latest.facts if latest and is_blocked else {}
        lost = [f"--{name}" for name, text in waits.items() if text and known.get(name) != text]
        block = f"`supops issues block {iid} --until TEXT --then TEXT`"
        remedy = f"block it: {block}"
        if is_blocked:
            remedy = f"unblock it (`supops issues unblock {iid}`), and block it again: {block}"
        if lost:
            message = f"{remark}, and {', '.join(lost)} would change nothing"
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


def is_written(dossier: Dossier, comment: Comment) -> bool:
    """Whether a comment is there already: the latest of its kind, and, on a move, the latest on any move."""
    of_moves = "n" in comment.mark.facts

    def counts(mark: Mark) -> bool:
        return "n" in mark.facts if of_moves else mark.kind == comment.kind

    marks = (mark_of(one.body) for one in reversed(dossier.team_notes))
    latest = next((one for one in marks if one is not None and counts(one)), None)
    return latest is not None and latest.line == comment.mark.line
