"""Approvals of features, and their weight (source: domain, 4: the decision table, modified RICE)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from supops.errors import UsageError
from supops.models.work import Change
from supops.models.work_marks import Fact, Mark, mark_of
from supops.models.work_moves import Comment, Missing, Plan
from supops.models.workflow import ApprovalRule, Approvals, Need, Template, an
from supops.services.work_guards import APPROVED
from supops.services.work_moving import reopening, told_names
from supops.services.work_ports import Wording
from supops.services.work_reading import Desk, Dossier, stage_of

EFFORTS = ("small", "medium", "large")
GRADES = ("low", "medium", "high")
# Modified RICE.
REACH: Mapping[str, int] = {
    "customers": 10,
    "all-agents": 7,
    "region": 4,
    "small-group": 2,
    "minimal": 1,
}
IMPACT: Mapping[str, float] = {"revenue": 3, "large": 2, "small": 1, "minimal": 0.5}
PERCENT = 100
# GitLab keeps weights as whole numbers of 32 bits.
MOST_WEIGHT = 2**31 - 1
ADDRESS = re.compile(r"https?://[^\s/]\S*")


class Outcome(StrEnum):
    """What the decision table says."""

    NONE_NEEDED = "not-needed"
    ROADMAP = "roadmap-or-leadership"
    LEADERSHIP = "leadership"


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a feature request stands to the roadmap, and what it costs.

    Attributes:
        aligned: Whether it aligns with something on the roadmap.
        congruent: Whether it is congruent with the intention of that; None where it aligns with nothing.
        effort: One of `EFFORTS`; so `risk` and `impact` of `GRADES`. None where that was not said.
        approved_by: Username of who approved it; empty where nobody did.
        roadmap_updated: Whether the roadmap was updated for it.
        evidence: Where the approval is documented, or the roadmap that was updated: an address.
    """

    aligned: bool
    congruent: bool | None = None
    effort: str | None = None
    risk: str | None = None
    impact: str | None = None
    approved_by: str = ""
    roadmap_updated: bool = False
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What approval a request needs, and whether it is there.

    Attributes:
        level: Of leadership; empty where none is needed.
        approved: Whether it may go on.
    """

    assessment: Assessment
    outcome: Outcome
    level: str
    approved: bool

    @property
    def facts(self) -> dict[str, Fact]:
        """What is recorded."""
        one = self.assessment
        return {
            "aligned": one.aligned,
            "congruent": one.congruent if one.aligned else None,
            "effort": one.effort,
            "risk": one.risk,
            "impact": one.impact,
            "outcome": str(self.outcome),
            "level": self.level,
            "by": one.approved_by,
            "roadmap": one.roadmap_updated,
            "evidence": one.evidence,
            APPROVED: self.approved,
        }


def decide(assessment: Assessment, rules: Approvals) -> Decision:
    """Decide by the table (source: domain, 4).

    What aligns with the roadmap and is congruent needs nothing; what aligns only needs the roadmap updated, or leadership; what does
    not align needs leadership at a level that fits.

    Raises:
        UsageError: Something is not said that the table asks for, or whoever approved may not.
    """
    if assessment.aligned and assessment.congruent is None:
        raise UsageError(
            "Whether it is congruent with the intention of the roadmap's item is not said.",
            hint="Add --congruent yes or --congruent no.",
        )
    if not assessment.aligned and assessment.congruent:
        raise UsageError(
            "What does not align with the roadmap is not congruent with it.", hint="Leave --congruent out."
        )
    if assessment.aligned and assessment.congruent:
        return Decision(assessment, Outcome.NONE_NEEDED, "", approved=True)
    outcome = Outcome.ROADMAP if assessment.aligned else Outcome.LEADERSHIP
    if not assessment.aligned and assessment.roadmap_updated:
        raise UsageError(
            "A request that does not align with the roadmap needs leadership's approval.",
            hint="Where the roadmap has it now, it aligns: --roadmap aligned --congruent yes.",
        )
    level = _level(assessment, rules, needed=not assessment.aligned)
    _must_be_documented(assessment)
    if assessment.approved_by:
        _must_be_leader(assessment, level, rules)
    approved = bool(assessment.approved_by) or assessment.roadmap_updated
    return Decision(assessment, outcome, level, approved=approved)


def _must_be_documented(said: Assessment) -> None:
    """What is taken for evidence can be followed, and nobody's word is enough that the roadmap was updated."""
    evidence = said.evidence.strip()
    if said.roadmap_updated and not evidence:
        raise UsageError(
            "That the roadmap was updated needs evidence.",
            hint="Link to the updated roadmap: --roadmap-updated --evidence URL.",
        )
    if evidence and ADDRESS.fullmatch(evidence) is None:
        raise UsageError(
            f"{evidence[:100]!r} is no address, so that nobody can follow it.",
            hint="Such as --evidence https://example.com/roadmap.",
        )


def _level(assessment: Assessment, rules: Approvals, *, needed: bool) -> str:
    said = {"effort": assessment.effort, "risk": assessment.risk, "impact": assessment.impact}
    unsaid = [f"--{name}" for name, value in said.items() if value is None]
    if unsaid and (needed or len(unsaid) < len(said)):
        raise UsageError(
            f"Which level of leadership has to approve depends on effort, risk and impact; {', '.join(unsaid)} is not said.",
            hint=f"Effort: {', '.join(EFFORTS)}. Risk and impact: {', '.join(GRADES)}.",
        )
    if unsaid:
        # It aligns: any level will do.
        return rules.levels[0]
    return next(one.level for one in rules.rules if _fits(one, assessment))


def _fits(rule: ApprovalRule, assessment: Assessment) -> bool:
    def reaches(scale: tuple[str, ...], least: str | None, value: str | None) -> bool:
        return least is None or (value is not None and scale.index(value) >= scale.index(least))

    return (
        reaches(EFFORTS, rule.effort, assessment.effort)
        and reaches(GRADES, rule.risk, assessment.risk)
        and reaches(GRADES, rule.impact, assessment.impact)
    )


def _must_be_leader(said: Assessment, level: str, rules: Approvals) -> None:
    username = said.approved_by
    enough = rules.levels[rules.levels.index(level) :]
    known = [name for one in enough for name in rules.leaders.get(one, ())]
    if username.casefold() in {one.casefold() for one in known}:
        return
    if rules.leaders.get(level):
        raise UsageError(
            f"{username} is not of the level that has to approve this: {level}, or above.",
            hint=f"Those are: {', '.join(known)} (approvals.leaders in the flow file).",
        )
    if not said.evidence.strip():
        raise UsageError(
            f"Nothing says who is of the level that has to approve this ({level}), so that nobody can check {username}.",
            hint="Say where the approval is documented (--evidence URL), or name the leaders in the flow file (approvals.leaders).",
        )


def _must_not_be_author(decision: Decision, author: str) -> None:
    """Whoever asks for something does not approve it."""
    by = decision.assessment.approved_by
    if by and by.casefold() == author.casefold():
        raise UsageError(
            f"{author} is the author of the issue, and can't approve it.",
            hint="Name somebody else of leadership: --approved-by USERNAME.",
        )


def approval_plan(desk: Desk, wording: Wording, dossier: Dossier, decision: Decision) -> Plan:
    """Plan to record a decision: as a comment and as a label. The same decision is recorded once.

    Raises:
        UsageError: The issue's author is said to have approved it.
    """
    issue, flow = dossier.issue, desk.flow
    _must_not_be_author(decision, issue.author)
    place = stage_of(flow, issue)
    kind = dossier.type
    if issue.is_closed:
        why = Missing(
            "stage",
            "it is closed",
            f"open it again: {reopening(dossier)}",
        )
        return Plan(issue, kind, place, place, missing=(why,))
    with_approval = {key for move in flow.moves if Need.APPROVAL in move.needs for key in move.types}
    if kind is not None and kind not in with_approval:
        why = Missing(
            "type",
            f"{an(kind)} needs no approval",
            f"if it is a feature: `supops issues triage {issue.iid} --type feature`",
        )
        return Plan(issue, kind, place, place, missing=(why,))
    not_needed, needed, granted = (f"{flow.labels.approval}{name}" for name in flow.labels.approvals)
    label = granted if decision.approved else needed
    if decision.outcome is Outcome.NONE_NEEDED:
        label = not_needed
    mark = Mark(Template.APPROVAL, decision.facts)
    others = [one for one in issue.labels if one.startswith(flow.labels.approval) and one != label]
    change = Change(add_labels=() if label in issue.labels else (label,), remove_labels=tuple(others))
    latest = next(
        (
            found
            for one in reversed(dossier.team_notes)
            if (found := mark_of(one.body)) and found.kind == mark.kind
        ),
        None,
    )
    comments: tuple[Comment, ...] = ()
    notify: set[str] = set()
    if latest is None or latest.line != mark.line:
        text = wording.compose(Template.APPROVAL, {**decision.facts, "iid": issue.iid, "title": issue.title})
        comments = (Comment(Template.APPROVAL, mark, f"{mark.line}\n{text}", wording.mentions(text)),)
        notify = {
            issue.author,
            *issue.assignees,
            *(one.author for one in dossier.notes),
            *comments[0].mentions,
        }
    return Plan(
        issue,
        kind,
        place,
        place,
        comments=comments,
        change=change,
        notify=told_names(desk, notify) if notify else (),
    )


@dataclass(frozen=True, slots=True)
class Rice:
    """The weight of a feature.

    Attributes:
        score: Exactly.
        weight: As GitLab takes it: a whole number.
    """

    reach: str
    impact: str
    confidence: float
    effort: float
    score: float
    weight: int

    @property
    def rounding(self) -> str:
        """What the rounding makes of the score; empty where that is a whole number."""
        if self.weight == self.score:
            return ""
        said = (
            f"the score, {self.score:.4g}, is rounded to {self.weight:,}: GitLab's weights are whole numbers"
        )
        if 0 < self.confidence < 1:
            said += (
                f"; the confidence is {self.confidence:g} percent (is {self.confidence * PERCENT:g} meant?)"
            )
        return said


def rice(reach: str, impact: str, confidence: float, effort: float) -> Rice:
    """Compute the weight of a feature: reach x impact x confidence / effort (source: domain, 4).

    Raises:
        UsageError: The confidence is no percentage, the effort is not above 0, or the weight is more than GitLab takes.
    """
    if not 0 <= confidence <= PERCENT:
        raise UsageError(f"The confidence is a percentage, from 0 to 100, and not {confidence:g}.")
    if not 0 < effort < float("inf"):
        raise UsageError(f"The effort is a number above 0, and not {effort:g}.")
    score = REACH[reach] * IMPACT[impact] * confidence / PERCENT / effort
    if score > MOST_WEIGHT:
        raise UsageError(
            f"The weight would be {score:g}, and GitLab takes {MOST_WEIGHT:,} at the most.",
            hint=f"Is the effort right? It is {effort:g}: small numbers make large weights.",
        )
    # Half is rounded up: a weight of 2.5 is 3.
    return Rice(reach, impact, confidence, effort, score, int(score + 0.5))


def weight_plan(dossier: Dossier, found: Rice) -> Plan:
    """Plan to set an issue's weight."""
    issue = dossier.issue
    place = stage_of(dossier.flow, issue)
    weight = None if issue.weight == found.weight else found.weight
    return Plan(issue, dossier.type, place, place, change=Change(weight=weight))
