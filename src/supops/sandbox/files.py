"""The files of the embedded world that commands can be given: payloads, and declared webhook subscriptions."""

from supops.sandbox.bookings import payload_files

FOLDER = "files"
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


def files() -> dict[str, bytes]:
    """Return the content of each by its name."""
    return payload_files() | {"webhooks.yaml": DECLARED.encode()}
