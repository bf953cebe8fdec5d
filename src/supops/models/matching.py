"""When a name, an email or a person is the same as another (source: domain, "Audits")."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from supops.models.agents import Agent
from supops.models.roster import Member


def name_key(name: str) -> str:
    """Return what is compared of a name: NFC, without surrounding and repeated white space.

    Case and accents count.
    """
    return " ".join(unicodedata.normalize("NFC", name).split())


def email_key(email: str) -> str:
    """Return what is compared of an email: everything but case and surrounding white space."""
    return unicodedata.normalize("NFC", email.strip().casefold())


@dataclass(frozen=True, slots=True)
class Match:
    """A member of the roster, and the agent that is this member in one Zendesk instance, if there is one."""

    member: Member
    agent: Agent | None


def match_members(members: Iterable[Member], agents: Iterable[Agent], roster_key: str) -> tuple[Match, ...]:
    """Find each member's agent: by the id in the roster; by email only where the roster has no id."""
    by_id: dict[int, Agent] = {}
    by_email: dict[str, Agent] = {}
    for agent in agents:
        by_id[agent.id] = agent
        if agent.email:
            by_email[email_key(agent.email)] = agent
    matches = []
    for member in members:
        known_id = member.identity(roster_key).id
        agent_found = by_email.get(email_key(member.email)) if known_id is None else by_id.get(known_id)
        matches.append(Match(member, agent_found))
    return tuple(matches)
