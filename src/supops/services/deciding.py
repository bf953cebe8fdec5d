"""Deciding which team calendar a meeting belongs into (source: domain, "From a Calendly event to a team calendar")."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from supops.models.bookings import Host, Meeting
from supops.models.matching import email_key
from supops.models.roster import US_GOVERNMENT_KEY, ProblemKind, Roster, RosterProblem
from supops.models.routings import Criterion, Decision, Reason, Verdict

# Case counts in these, and does not in the third.
US_GOVERNMENT_NAMES = ("US Federal", "US Government")
SUPPORT_NAME = "Support"
# Keys of a roster file that say whether a member is a US Government support agent.
DECISIVE_KEYS = (f"zendesk.{US_GOVERNMENT_KEY}", "focuses")


@dataclass(frozen=True, slots=True)
class Team:
    """What a decision needs of the roster. Made once, it serves any number of decisions.

    Attributes:
        us_government_agents: Roster file by `email_key`.
        others: The `email_key` of every other member whose file was read without doubt.
        doubts: What could not be read, a sentence each.
    """

    us_government_agents: dict[str, str] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    doubts: tuple[str, ...] = ()


def team_of(roster: Roster) -> Team:
    """Take what decisions need out of a roster."""
    doubtful = {problem.file: problem for problem in roster.problems if _is_decisive(problem)}
    agents = {
        email_key(member.email): member.file for member in roster.members if member.is_us_government_agent
    }
    others = {email_key(member.email) for member in roster.members if member.file not in doubtful}
    doubts = tuple(
        f"{problem.file}:{problem.line}: {problem.message}" for _, problem in sorted(doubtful.items())
    )
    return Team(agents, frozenset(others - agents.keys()), doubts)


def unreadable_team(why: str) -> Team:
    """Return the team of a roster of which nothing could be read."""
    return Team(doubts=(why,))


def decide(meeting: Meeting, team: Team) -> Verdict:
    """Decide where a meeting belongs.

    Where a part of the roster that could not be read might change the decision, the verdict has doubts, and the decision is
    not to be acted upon.
    """
    host = _host_criterion(meeting.hosts, team)
    name = _us_government_name(meeting.name)
    support = _support_name(meeting.name)
    if host.met and name.met:
        decision = Decision.US_GOVERNMENT
    elif support.met:
        decision = Decision.GLOBAL
    else:
        decision = Decision.NONE
    if host.met is None and name.met:
        return Verdict(Decision.NONE, (host, name, support), team.doubts)
    return Verdict(decision, (host, name, support))


def _is_decisive(problem: RosterProblem) -> bool:
    if problem.kind is ProblemKind.UNREADABLE:
        return True
    return any(problem.key == key or problem.key.startswith(f"{key}.") for key in DECISIVE_KEYS)


def _host_criterion(hosts: Iterable[Host], team: Team) -> Reason:
    unknown: list[str] = []
    known: list[str] = []
    for host in hosts:
        key = email_key(host.email) if host.email else ""
        if key in team.us_government_agents:
            detail = f"{host.email} is a US Government support agent ({team.us_government_agents[key]})"
            return Reason(Criterion.HOST, met=True, detail=detail)
        (known if key in team.others else unknown).append(str(host))
    if not known and not unknown:
        return Reason(Criterion.HOST, met=False, detail="the event has no host")
    names = ", ".join([*known, *unknown])
    if unknown and team.doubts:
        detail = f"{', '.join(unknown)}: not found in what could be read of the roster"
        return Reason(Criterion.HOST, met=None, detail=detail)
    verb = "is no US Government support agent" if len(known) + len(unknown) == 1 else "are none"
    return Reason(Criterion.HOST, met=False, detail=f"{names} {verb}")


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
