"""Agents: the people and bots with a seat in a Zendesk instance."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agent:
    """One Zendesk user whose role is ``admin`` or ``agent``.

    Attributes:
        last_login_at: ISO 8601 in UTC as the platform gives it; None for never. It moves with API use as well,
            so it is no proof that a person signed in.
    """

    id: int
    name: str
    email: str | None
    role: str
    custom_role_id: int | None
    suspended: bool
    last_login_at: str | None

    @property
    def sort_key(self) -> tuple[str, int]:
        """Lists of agents are ordered by name without regard to case, then by id."""
        return (self.name.casefold(), self.id)


@dataclass(frozen=True, slots=True)
class AgentListing:
    """What listing the agents of an instance gave.

    Attributes:
        missing: One sentence for each part that could not be read; empty when the listing is complete.
    """

    agents: tuple[Agent, ...]
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every agent is in the listing."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class Instance:
    """A Zendesk instance, and what an audit needs to know of it (source: domain, "Audits").

    Attributes:
        key: ``global`` or ``us-government``, as in ``--instance``.
        title: The name people use, such as ``Zendesk Global``.
        roster_key: The key below ``zendesk`` in a roster file: ``main`` or ``us-federal``.
        allowed_admins: Emails that may hold the admin role although no roster file says so.
    """

    key: str
    title: str
    roster_key: str
    light_agent_role_id: int
    admin_role_id: int
    allowed_admins: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AgentLists:
    """The agents of an instance in the three lists that every Zendesk audit starts from."""

    light_agents: tuple[Agent, ...]
    full_agents: tuple[Agent, ...]
    admins: tuple[Agent, ...]


def split_by_role(agents: tuple[Agent, ...], instance: Instance) -> AgentLists:
    """Sort agents into light agents and admins by custom role id, and full agents: everybody else."""
    light: list[Agent] = []
    full: list[Agent] = []
    admins: list[Agent] = []
    for agent in sorted(agents, key=lambda agent: agent.sort_key):
        if agent.custom_role_id == instance.light_agent_role_id:
            light.append(agent)
        elif agent.custom_role_id == instance.admin_role_id:
            admins.append(agent)
        else:
            full.append(agent)
    return AgentLists(tuple(light), tuple(full), tuple(admins))
