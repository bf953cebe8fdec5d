"""Stands in for `supops.adapters.roster_files`."""

from supops.errors import SupopsError
from supops.models.roster import Roster
from supops.services.ports import RosterSource


class FakeRoster(RosterSource):
    """A roster in memory."""

    def __init__(self, roster: Roster | SupopsError) -> None:
        self.roster = roster

    def read(self) -> Roster:
        if isinstance(self.roster, SupopsError):
            raise self.roster
        return self.roster
