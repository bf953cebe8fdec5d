"""Stands in for `supops.adapters.zendesk`."""

from collections.abc import Iterable

from supops.errors import SupopsError
from supops.models.agents import Agent, AgentListing
from supops.models.health import Contact
from supops.services.ports import AgentDirectory, Probe


class FakeAgents(AgentDirectory):
    """Agents in memory.

    Args:
        agents: Who is there.
        breaks_off_after: How many are read before the list breaks off; None for a list that does not.
        error: Raised when nothing can be read.
    """

    def __init__(
        self,
        agents: Iterable[Agent] = (),
        *,
        breaks_off_after: int | None = None,
        error: SupopsError | None = None,
    ) -> None:
        self.agents = tuple(agents)
        self.breaks_off_after = breaks_off_after
        self.error = error

    def list_agents(self) -> AgentListing:
        if self.error is not None:
            raise self.error
        if self.breaks_off_after is None:
            return AgentListing(self.agents)
        return AgentListing(self.agents[: self.breaks_off_after], ("the list of agents broke off",))


class FakeProbe(Probe):
    """A platform that answers, or does not."""

    def __init__(self, contact: Contact | SupopsError) -> None:
        self._contact = contact

    def contact(self) -> Contact:
        if isinstance(self._contact, SupopsError):
            raise self._contact
        return self._contact
