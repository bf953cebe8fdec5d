"""The comments that moves write: what each says, what its mark remembers, and that none is written twice."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from supops.models.work_marks import Fact, Mark, marked
from supops.models.work_moves import Comment, Given, Plan, Values
from supops.models.workflow import CLOSED, Template
from supops.services.work_guards import block_of, came_from
from supops.services.work_ports import Wording
from supops.services.work_reading import Dossier


@dataclass(frozen=True, slots=True)
class Commenter:
    """Knows which comments go with a plan."""

    wording: Wording

    def comments(self, dossier: Dossier, plan: Plan, given: Given) -> tuple[Comment, ...]:
        """Return what is to be written and is not there yet."""
        wanted: list[Comment] = []
        for kind, text in ((Template.GAMEPLAN, given.gameplan), (Template.BLUEPRINT, given.blueprint)):
            if text:
                wanted.append(self._own_comment(kind, text, given.people))
        template = _template(plan, given)
        if template is not None:
            facts: dict[str, Fact] = {"from": plan.source, "to": plan.target, "n": dossier.steps}
            if said := said_in(given):
                facts["said"] = said
            if plan.overridden:
                facts["forced"] = ",".join(one.need for one in plan.overridden)
            values = _values(dossier, plan, given)
            if template is Template.BLOCKED:
                facts |= {"until": given.until.strip(), "then": given.then.strip(), "on": given.on}
            if template is not Template.BLOCKED or not (plan.move and plan.move.in_place):
                wanted.append(self._comment(template, facts, values))
            elif not _says_already(block_of(dossier), facts):
                source = came_from(dossier)
                # What changes twice to the same is two updates.
                updates = sum(1 for _ in marked(dossier.team_notes, Template.BLOCKED))
                facts |= {"from": source, "update": updates}
                values = {**values, "source": source or "not known"}
                wanted.append(self._comment(template, facts, values))
        return tuple(one for one in wanted if not is_written(dossier, one))

    def _own_comment(self, kind: Template, text: str, people: Sequence[str]) -> Comment:
        """Return a comment that somebody wrote: it mentions people, and no groups."""
        body = self.wording.compose(kind, {"text": text}, people=people)
        known = {one.casefold() for one in people}
        lost = tuple(one for one in self.wording.mentions(text) if one.casefold() not in known)
        mark = Mark(kind, {"hash": hash_of(text)})
        return Comment(kind, mark, f"{mark.line}\n{body}", self.wording.mentions(body), lost)

    def _comment(self, kind: Template, facts: dict[str, Fact], values: Values) -> Comment:
        mark = Mark(kind, facts)
        text = self.wording.compose(kind, values)
        return Comment(kind, mark, f"{mark.line}\n{text}", self.wording.mentions(text))


def _template(plan: Plan, given: Given) -> Template | None:
    """Return the template of the comment on a move; None where it writes none."""
    template = plan.move.comment if plan.move else None
    if template is Template.CLOSED and not (plan.change.close or plan.target == CLOSED):
        template = None
    if template is None and (plan.overridden or given.reason.strip()):
        template = Template.MOVED
    return template


def _values(dossier: Dossier, plan: Plan, given: Given) -> Values:
    issue = dossier.issue
    asked = sum(1 for _ in marked(dossier.team_notes, Template.REQUEST_VALIDATION))
    return {
        "iid": issue.iid,
        "title": issue.title,
        "type": plan.type or "",
        "source": plan.source,
        "target": plan.target,
        "requester": given.requester or issue.author,
        "reason": given.reason.strip(),
        "until": given.until.strip(),
        "then": given.then.strip(),
        "on": given.on,
        "overridden": [one.message for one in plan.overridden],
        "round": asked + 1,
    }


def still_waiting(dossier: Dossier, given: Given) -> Given:
    """Return what was said about a block; where nothing was said now, what was said of it before."""
    block = block_of(dossier)
    if block is None:
        return given
    return replace(
        given,
        until=given.until or block.text("until"),
        then=given.then or block.text("then"),
        on=given.on or block.text("on"),
    )


def _says_already(block: Mark | None, facts: dict[str, Fact]) -> bool:
    """Whether the comment on a block says what is to be said; the reason counts where one is given."""
    names = ("until", "then", "on", *(["said"] if "said" in facts else []))
    return block is not None and all(block.text(name) == facts[name] for name in names)


def hash_of(*texts: str) -> str:
    """Return a short hash of texts."""
    joined = "\0".join(texts)
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def said_in(given: Given) -> str:
    """Return a hash of what was said for a comment on a move; empty where nothing was."""
    said = (given.reason.strip(), given.requester)
    return hash_of(*said) if any(said) else ""


def is_written(dossier: Dossier, comment: Comment) -> bool:
    """Whether a comment is there already: the latest of its kind, and, on a move, the latest on any move."""
    mark = comment.mark
    if "n" not in mark.facts:
        latest = next((found for _, found in marked(dossier.team_notes, comment.kind)), None)
        return latest is not None and latest.line == mark.line
    if dossier.latest_move is None:
        return False
    _, latest = dossier.latest_move
    if comment.kind is Template.MOVED and mark.text("from") == mark.text("to"):
        # Of where an issue stays, the same is not said again, were it by the comment that it came there with.
        return all(latest.facts.get(name) == mark.facts.get(name) for name in ("to", "said", "forced"))
    return latest.line == mark.line
