"""Reports of audits: what was seen, what was found, and whether anything is missing."""

from dataclasses import dataclass
from datetime import datetime

from supops.models.agents import AgentLists, Instance
from supops.models.findings import Finding


@dataclass(frozen=True, slots=True)
class AgentAudit:
    """The result of auditing one Zendesk instance.

    Attributes:
        incomplete_reasons: One sentence for each part that could not be read; empty when the audit is complete.
        roster_size: How many members the roster has.
    """

    instance: Instance
    started_at: datetime
    finished_at: datetime
    lists: AgentLists
    roster_size: int
    findings: tuple[Finding, ...]
    incomplete_reasons: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that the audit speaks of could be read."""
        return not self.incomplete_reasons

    @property
    def agent_count(self) -> int:
        """How many agents were seen in all three lists."""
        return len(self.lists.light_agents) + len(self.lists.full_agents) + len(self.lists.admins)
