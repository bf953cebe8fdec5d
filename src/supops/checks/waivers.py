"""Checks of the waivers themselves, beside what audits found (source: interface, "audit").

Nothing of them can be waived, and they are no rules: what they look at is the outcome of several audits (`supops.services.waiving`).
"""

from supops.checks.agents import GLOBAL, US_GOVERNMENT
from supops.checks.members import CALENDLY
from supops.checks.projects import PROJECTS
from supops.checks.registry import Check
from supops.checks.roster import ROSTER
from supops.checks.tokens import TOKENS
from supops.models.findings import Severity

EVERYWHERE = (GLOBAL, US_GOVERNMENT, PROJECTS, TOKENS, CALENDLY, ROSTER)

EXPIRED_WAIVER = Check(
    id="expired-waiver",
    title="A waiver expired",
    severity=Severity.MEDIUM,
    audits=EVERYWHERE,
    what="The last day of each waiver, in UTC, is today or later. Whether it still has something to waive makes no difference.",
    why="Somebody promised to look at it by that day. What it waived is an open finding again.",
    remedy="Mend what is wrong and delete the entry, or give it a new date and reason: `supops audit waive --replace`.",
)
UNUSED_WAIVER = Check(
    id="unused-waiver",
    title="A waiver waives nothing",
    severity=Severity.LOW,
    audits=EVERYWHERE,
    what="Each waiver that is not over covers a finding. Looked at only where every configured audit that has the waiver's check was run, "
    "and none of them is incomplete.",
    why="What was wrong is mended, or the subject is misspelt. An entry that stays would hide the same thing when it comes back.",
    remedy="Delete the entry from the file; where the subject is misspelt, correct it.",
)
CHECKS = (EXPIRED_WAIVER, UNUSED_WAIVER)
