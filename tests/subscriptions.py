"""Subscriptions, as many tests want them or find them there."""

from dataclasses import replace

from supops.models.secrets import Secret
from supops.models.subscriptions import Wanted
from tests.fakes.calendly import ACCOUNT, subscription

URL = "https://hooks.example.com/{}"
GROUP = "https://api.calendly.com/groups/G1"
KEY = Secret("secret-key", "KEY")


def wanted(number: int, *events: str, scope: str = "organization", group: str | None = None) -> Wanted:
    """Return one that is wanted; those of one number have one address."""
    return Wanted(URL.format(number), events or ("invitee.created",), scope, group)


ONE = subscription(1, URL.format(1))
OWN = subscription(2, URL.format(2), scope="user", user=ACCOUNT.uri)
OF_ANOTHER = replace(OWN, user="another")
OF_GROUP = subscription(3, URL.format(3), scope="group", group=GROUP)
OTHER = subscription(4, URL.format(4), ("invitee.canceled",))
DISABLED = subscription(5, URL.format(5), state="disabled")
