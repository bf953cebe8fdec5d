"""What mends an issue that contradicts the flow: commands that can be run as they stand, but for words in capitals."""

from supops.models.work_marks import Mark
from supops.models.work_moves import Missing
from supops.models.workflow import ASKED, Move, Need, Template, Validation
from supops.services.work_guards import BY_HAND
from supops.services.work_reading import Dossier
from supops.services.work_uses import command_of

OPTIONS = {
    Need.TYPE: "--type TYPE",
    Need.PRIORITY: "--priority N",
    Need.CUSTOMER: "--customer TEAM",
    Need.ITERATION: "--iteration WHICH",
    Need.MILESTONE: "--milestone TITLE",
    Need.DRI: "--dri USERNAME",
    Need.GAMEPLAN: "--gameplan FILE",
    Need.BLUEPRINT: "--blueprint FILE",
}


def stage_by_force(dossier: Dossier, *needs: Need) -> str:
    """Return the command that puts an issue into one stage."""
    words = [f"supops issues move {dossier.issue.iid} STAGE", *(OPTIONS[one] for one in needs)]
    return f"`{' '.join([*words, '--force --reason TEXT'])}`"


def setting(dossier: Dossier, *needs: Need) -> str:
    """Return the command that sets fields of an issue where it is; of one that is in no single stage, with its stage."""
    flow, iid = dossier.flow, dossier.issue.iid
    stages = flow.stages_of(dossier.issue.labels)
    if len(stages) > 1 or (stages and flow.stage(stages[0]) is None):
        return stage_by_force(dossier, *needs)
    words = [f"supops issues move {iid} {stages[0]}" if stages else f"supops issues triage {iid}"]
    return f"`{' '.join([*words, *(OPTIONS[one] for one in needs)])}`"


def remedy_of(dossier: Dossier, missing: Missing) -> str:
    """Return what to do where an issue is in a stage without what that needs."""
    need = Need(missing.need)
    if need is Need.VALIDATED:
        return _validated_before(dossier)
    if need not in OPTIONS:
        return missing.remedy
    command = setting(dossier, need)
    return f"{BY_HAND[need]}, or {command}" if need in BY_HAND else command


def validation_anew(dossier: Dossier) -> str:
    """Return what to do about validation labels of which one at the most can be right."""
    key, request = dossier.flow.labels.validation, _request_in(dossier, dossier.place)
    by_hand = f"remove all but one of the labels {key} in GitLab"
    return f"request it anew: {request}; or {by_hand}" if request else by_hand


def validation_away(dossier: Dossier) -> str:
    """Return what to do about a requested validation where there is none to be had."""
    flow = dossier.flow
    label = next(one for one in dossier.issue.labels if one.startswith(flow.labels.validation))
    moves = [one for one in flow.moves_from(dossier.place, dossier.type) if one.clears]
    by_hand = f"remove the label {label} in GitLab"
    return f"{by_hand}; to go back takes it away as well: {_command(moves[0], dossier)}" if moves else by_hand


def validation_of_others(dossier: Dossier, label: str) -> str:
    """Return what to do about a label of a validation that nobody of the team set."""
    request = _request_in(dossier, dossier.place)
    by_hand = f"remove the label {label} in GitLab"
    return f"request it: {request}; or {by_hand}" if request else by_hand


def validation_request(dossier: Dossier) -> str:
    """Return the command that requests a validation where an issue is."""
    return _request_in(dossier, dossier.place) or f"set a label {dossier.flow.labels.validation} in GitLab"


def run_again(dossier: Dossier, mark: Mark) -> str:
    """Return the command that a comment on a move comes from which did not happen."""
    flow, source, target = dossier.flow, mark.text("from"), mark.text("to")
    moves = [one for one in flow.moves_from(source, dossier.type) if one.target == target]
    told = [one for one in moves if one.comment == mark.kind]
    if mark.kind == Template.MOVED:
        told = told or [one for one in moves if one.comment is None]
    if not told:
        return "run the command again that moves it: it goes on from there, and comments once only"
    forced = ("--force",) if mark.text("forced") else ()
    has_reason = bool(forced) or mark.kind == Template.MOVED
    command = _command(told[0], dossier, *forced, *([f"--{Need.REASON} TEXT"] if has_reason else []))
    return f"run it again, with the words of the comment, and it comments once only: {command}"


def _validated_before(dossier: Dossier) -> str:
    """Return how an issue gets the validation that it went on without: back to where that is requested."""
    for move in dossier.flow.moves_from(dossier.place, dossier.type):
        if move.clears and (request := _request_in(dossier, move.target)):
            return f"move it back, and request it: {_command(move, dossier)}, {request}"
    return f"move it back, step by step, to where it is requested: `supops issues next {dossier.issue.iid}`"


def _request_in(dossier: Dossier, place: str) -> str:
    moves = dossier.flow.moves_from(place, dossier.type)
    request = next((one for one in moves if one.validation is Validation.REQUESTED), None)
    return f"`{command_of(request, dossier.issue.iid)}`" if request else ""


def _command(move: Move, dossier: Dossier, *more: str) -> str:
    asked = [f"--{need} TEXT" for need in move.needs if need in ASKED]
    words = dict.fromkeys([command_of(move, dossier.issue.iid), *asked, *more])
    return f"`{' '.join(words)}`"
