"""The audit of the team's roster itself: what ``team check`` finds, as an audit that can be filed and compared."""

from datetime import datetime

from supops.checks.roster import ROSTER
from supops.models.audits import Audit, Item, Listing
from supops.models.roster import Member
from supops.services.auditing import AuditPlan, fingerprint_of
from supops.services.ports import RosterSource
from supops.services.rostering import by_name, check_roster

TITLE = "Roster"
SHOWN = ("name", "email", "region", "id")


def roster_plan(*, roster: RosterSource) -> AuditPlan:
    """Return the audit of the roster's files. A file that can't be read is a finding, and no part that is missing.

    Args:
        roster: Says who is in the team.
    """

    def run(started_at: datetime) -> Audit:
        team = roster.read()
        items = tuple(_item(member) for member in by_name(team))
        return Audit(
            ROSTER,
            None,
            TITLE,
            started_at,
            started_at,
            (Listing("members", "Members", SHOWN, items),),
            findings=check_roster(team),
            rules=fingerprint_of(ROSTER),
        )

    return AuditPlan(ROSTER, None, TITLE, run)


def _item(member: Member) -> Item:
    facts = {"id": member.file, "name": member.name, "email": member.email, "region": member.region}
    return Item(member.file, facts)
