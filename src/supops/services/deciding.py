"""Deciding which team calendar a meeting belongs into (source: domain, "From a Calendly event to a team calendar")."""

import itertools
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from supops.models.bookings import Host, Meeting
from supops.models.matching import email_key
from supops.models.roster import (
    LIGHT_AGENT_ROLE,
    US_GOVERNMENT_FOCUS,
    US_GOVERNMENT_KEY,
    Member,
    ProblemKind,
    Roster,
    RosterProblem,
)
from supops.models.routings import Criterion, Decision, Reason, Verdict

# Case counts in these, and does not in the third.
US_GOVERNMENT_NAMES = ("US Federal", "US Government")
SUPPORT_NAME = "Support"
# Keys of a roster file that say whether a member is a US Government support agent.
ZENDESK = "zendesk"
IDENTITY = f"{ZENDESK}.{US_GOVERNMENT_KEY}"
FOCUSES = "focuses"
ZENDESK_KEYS = frozenset({ZENDESK, IDENTITY, f"{IDENTITY}.id", f"{IDENTITY}.role"})
FOCUS_ITEM = re.compile(rf"{FOCUSES}\.\d+")
FOCUS_KEY = re.compile(rf"{FOCUSES}(?:\.\d+(?:\.(?:name|percentage))?)?")
# Nobody can tell whom a file is about where it names two.
EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Team:
    """What a decision needs of the roster. Made once, it serves any number of decisions.

    Attributes:
        us_government_agents: Roster file by `email_key`.
        others: The `email_key` of every other member of whom the roster tells without doubt.
        doubtful: By `email_key`, what could not be read of members who may be agents or not, a sentence each.
        unread: What could not be read and may be about anybody.
    """

    us_government_agents: dict[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    doubtful: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """All that could not be read, a sentence each."""
        return (*self.unread, *(doubt for doubts in self.doubtful.values() for doubt in doubts))


def team_of(roster: Roster) -> Team:
    """Take what decisions need out of a roster."""
    problems: dict[str, list[RosterProblem]] = {}
    for problem in roster.problems:
        problems.setdefault(problem.file, []).append(problem)
    agents: dict[str, str] = {}
    others: set[str] = set()
    doubtful: dict[str, tuple[str, ...]] = {}
    for member in roster.members:
        found = problems.get(member.file, [])
        if any(map(_may_be_about_anybody, found)):
            continue
        problems.pop(member.file, None)
        key, is_agent = email_key(member.email), _is_agent(member, found)
        if is_agent:
            agents[key] = member.file
        elif is_agent is None:
            doubtful[key] = (*doubtful.get(key, ()), _sentence(found, _is_decisive))
        else:
            others.add(key)
    # Somebody with two files is an agent if one of them proves it. If none does, all of them have to be read.
    doubtful = {key: doubts for key, doubts in doubtful.items() if key not in agents}
    unread = tuple(_sentence(found, _may_be_about_anybody) for _, found in sorted(problems.items()))
    return Team(agents, frozenset(others - agents.keys() - doubtful.keys()), doubtful, unread)


def unreadable_team(why: str) -> Team:
    """Return the team of a roster of which nothing could be read."""
    return Team(unread=(why,))


def decide(meeting: Meeting, team: Team) -> Verdict:
    """Decide where a meeting belongs.

    Where a part of the roster that could not be read might change the decision, the verdict has doubts, and the decision is
    not to be acted upon.
    """
    host, doubts = _host_criterion(meeting.hosts, team)
    name = _us_government_name(meeting.name)
    support = _support_name(meeting.name)
    if host.met and name.met:
        decision = Decision.US_GOVERNMENT
    elif support.met:
        decision = Decision.GLOBAL
    else:
        decision = Decision.NONE
    if host.met is None and name.met:
        return Verdict(Decision.NONE, (host, name, support), doubts)
    return Verdict(decision, (host, name, support))


def _may_be_about_anybody(problem: RosterProblem) -> bool:
    return problem.kind is ProblemKind.UNREADABLE or problem.key == EMAIL


def _is_decisive(problem: RosterProblem) -> bool:
    return problem.key in ZENDESK_KEYS or FOCUS_KEY.fullmatch(problem.key) is not None


def _sentence(problems: Iterable[RosterProblem], matters: Callable[[RosterProblem], bool]) -> str:
    """Say what is wrong with a file: the first that matters."""
    first = min(problems, key=lambda problem: not matters(problem))
    return f"{first.file}:{first.line}: {first.message}"


def _is_agent(member: Member, problems: Iterable[RosterProblem]) -> bool | None:
    """Whether a member is a US Government support agent; None where the file does not tell, because of its problems.

    As `Member.is_us_government_agent`, with a third answer.
    """
    doubted = {problem.key for problem in problems if _is_decisive(problem)}
    if not doubted:
        return member.is_us_government_agent
    proofs = [_has_working_identity(member, doubted), _has_focus(member, doubted)]
    return True if True in proofs else None if None in proofs else False


def _has_working_identity(member: Member, doubted: Collection[str]) -> bool | None:
    if ZENDESK in doubted or IDENTITY in doubted:
        return None
    identity = member.identity(US_GOVERNMENT_KEY)
    has_id = None if f"{IDENTITY}.id" in doubted else identity.id is not None
    works = None if f"{IDENTITY}.role" in doubted else not identity.has_role(LIGHT_AGENT_ROLE)
    return _both(has_id, works)


def _has_focus(member: Member, doubted: Collection[str]) -> bool | None:
    if FOCUSES in doubted:
        return None
    # A focus that is no mapping is not among the member's, and keeps its place in the file.
    places = (place for place in itertools.count() if f"{FOCUSES}.{place}" not in doubted)
    proofs = [
        _both(
            None if f"{FOCUSES}.{place}.name" in doubted else focus.name == US_GOVERNMENT_FOCUS,
            None if f"{FOCUSES}.{place}.percentage" in doubted else (focus.percentage or 0) > 0,
        )
        for place, focus in zip(places, member.focuses, strict=False)
    ]
    if True in proofs:
        return True
    is_one_unknown = any(FOCUS_ITEM.fullmatch(key) for key in doubted)
    return None if is_one_unknown or None in proofs else False


def _both(one: bool | None, other: bool | None) -> bool | None:
    return False if one is False or other is False else None if None in (one, other) else True


def _host_criterion(hosts: Iterable[Host], team: Team) -> tuple[Reason, tuple[str, ...]]:
    """Return whether a host is an agent, and what would have to be known where that is in doubt."""
    looked_up: list[str] = []
    unknown: list[str] = []
    doubts: list[str] = []
    for host in hosts:
        key = email_key(host.email or "")
        if key in team.us_government_agents:
            detail = f"{host.email} is a US Government support agent ({team.us_government_agents[key]})"
            return Reason(Criterion.HOST, met=True, detail=detail), ()
        looked_up.append(_shown(host))
        if not key:
            unknown.append(f"{_shown(host)} has no email, and can't be looked up in the roster")
            doubts.append(f"{unknown[-1]}: --confirm-with-calendly asks Calendly for it")
        elif key in team.doubtful:
            doubts += team.doubtful[key]
            unknown.append(f"{host.email}: what their roster file says could not be read")
        elif key not in team.others and team.unread:
            doubts += team.unread
            unknown.append(f"{host.email}: not found in what could be read of the roster")
    if unknown:
        met = Reason(Criterion.HOST, met=None, detail="; ".join(unknown))
        return met, tuple(dict.fromkeys(doubts))
    if not looked_up:
        return Reason(Criterion.HOST, met=False, detail="the event has no host"), ()
    verb = (
        "is no US Government support agent" if len(looked_up) == 1 else "are no US Government support agents"
    )
    return Reason(Criterion.HOST, met=False, detail=f"{', '.join(looked_up)} {verb}"), ()


def _shown(host: Host) -> str:
    email = (host.email or "").strip()
    return email or host.name or "a host without a name"


def _us_government_name(name: str) -> Reason:
    found = [f'"{part}"' for part in US_GOVERNMENT_NAMES if part in name]
    if found:
        return Reason(
            Criterion.US_GOVERNMENT_NAME, met=True, detail=f"the name contains {' and '.join(found)}"
        )
    wanted = " nor ".join(f'"{part}"' for part in US_GOVERNMENT_NAMES)
    return Reason(
        Criterion.US_GOVERNMENT_NAME, met=False, detail=f"the name contains neither {wanted} (case counts)"
    )


def _support_name(name: str) -> Reason:
    place = name.casefold().find(SUPPORT_NAME.casefold())
    if place < 0:
        detail = f'the name does not contain "{SUPPORT_NAME}" in any case'
        return Reason(Criterion.SUPPORT_NAME, met=False, detail=detail)
    return Reason(
        Criterion.SUPPORT_NAME,
        met=True,
        detail=f'the name contains "{_as_written(name)}"',
    )


def _as_written(name: str) -> str:
    """Return the word as the name has it. Lower case may be longer than what it was made of, so it is searched for."""
    length = len(SUPPORT_NAME)
    parts = (name[start : start + length] for start in range(len(name)))
    return next((part for part in parts if part.casefold() == SUPPORT_NAME.casefold()), SUPPORT_NAME)
