"""The files of the embedded world that commands can be given: payloads, declared webhook subscriptions, waivers, license requests; and the issue flow."""

from supops.sandbox.bookings import payload_files
from supops.sandbox.license_requests import request_files

FOLDER = "files"
ISSUES_FOLDER = "issues"
FLOW = "flow.yaml"
# What is different from the flow that the tool brings along.
FLOWING = """\
# The team's own flow, as far as it differs from the built-in one. Change it, and look: supops --demo issues flow
ladder: [rosa-martinez, maria-delgado]  # whom the weekly review turns to after two weeks, and after three
"""
DECLARED = """\
# What `supops --demo calendly webhooks sync webhooks.yaml` makes so: one stays, one is replaced, one is new.
webhooks:
  - url: https://hooks.example.com/recaps
    events: [meeting_recap.created]
    scope: user
  - url: https://hooks.example.com/calendly
    events: [invitee.created, invitee.canceled]
    scope: organization
  - url: https://hooks.example.com/forms
    events: [routing_form_submission.created]
    scope: organization
"""
WAIVERS = "waivers.yaml"
# One waives a finding, one is over, and one has nothing to waive any more.
WAIVED = """\
# Findings that somebody answers for. `supops audit waive` adds to this file.
- check: suspended-agent
  subject: noah.schmidt@example.com
  reason: On leave until the summer; the seat is kept
  owner: maria.delgado@example.com
  expires: 2099-12-31

# Asked for twice, and forgotten.
- check: unexpected-admin
  subject: 390000000021
  reason: Stands in for the owner during the migration
  owner: rosa.martinez@example.com
  expires: 2026-06-30

- check: light-agent
  subject: wendy.park@example.com
  reason: Is trained as an agent, and gets the seat afterwards
  owner: rosa.martinez@example.com
  expires: 2099-12-31
"""


def files() -> dict[str, bytes]:
    """Return the content of each by its name."""
    requests = {name: text.encode() for name, text in request_files().items()}
    return payload_files() | requests | {"webhooks.yaml": DECLARED.encode(), WAIVERS: WAIVED.encode()}


def issue_files() -> dict[str, bytes]:
    """Return what belongs to the issue flow, by name. It has a folder of its own: a world of before gets that as well."""
    return {FLOW: FLOWING.encode()}
