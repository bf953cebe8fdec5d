"""What the tests of webhook subscriptions share: the embedded world's addresses, and a look at what it has."""

import json
from pathlib import Path

from tests.cli.schemas import validate
from tests.conftest import Run

WEBHOOKS = ("--demo", "calendly", "webhooks")
NEW = "https://new.example.com/calendly?token=SECRET-IN-ADDRESS"
NEW_SHOWN = "https://new.example.com/calendly?token=[redacted]"
ASKED = ("--event", "invitee.created", "--scope", "organization")
CREATE = (*WEBHOOKS, "create", "--url", NEW, *ASKED)
FAILING = "https://hooks.example.com/calendly"
DISABLED = "https://old.example.com/calendly"
# There is one with this address, and it has other events.
REPLACE = (*WEBHOOKS, "create", "--url", FAILING, *ASKED, "--replace", "--yes")
GROUP = "https://api.calendly.com/groups/G1"


def listed(run: Run, *words: str) -> dict[str, dict[str, object]]:
    """Return the subscriptions by their address."""
    document = json.loads(run(*WEBHOOKS, "list", *words, "-o", "json").out)
    validate(document, "supops.webhook-subscriptions-1.json")
    assert document["complete"]
    return {one["callback_url"]: one for one in document["webhooks"]}


def world(home: dict[str, str]) -> dict[str, dict[str, object]]:
    """Return what the embedded Calendly has: its subscriptions by address, each with the key that it was given."""
    saved = json.loads((Path(home["XDG_STATE_HOME"]) / "supops" / "demo" / "world.json").read_text())
    keys = saved["calendly"]["signing_keys"]
    return {
        one["callback_url"]: {**one, "key": keys.get(one["uri"])}
        for one in saved["calendly"]["subscriptions"]
    }
