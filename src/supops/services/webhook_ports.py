"""What watching the platforms' webhooks asks of the outside world."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from supops.models.zendesk_webhooks import Attempt, Invocation, TargetAnswer, Webhook
from supops.services.ports import Task


@dataclass(frozen=True, slots=True)
class WebhookListing:
    """The webhooks of one instance.

    Attributes:
        missing: Why the list is not whole; nothing where it is.
    """

    webhooks: tuple[Webhook, ...]
    missing: tuple[str, ...] = ()


class WebhookDirectory(Protocol):
    """The webhooks of one Zendesk instance."""

    def webhooks(self) -> WebhookListing:
        """List every webhook, each once. When the list broke off: what was read, and why the rest is missing.

        Raises:
            CredentialError: The credential is missing, wrong or not allowed to see webhooks.
            PlatformError: Nothing at all could be read.
        """
        ...

    def webhook(self, identity: str) -> Webhook:
        """Return one webhook.

        Raises:
            UsageError: No id looks like that.
            NotFound: There is none.
            SupopsError: The instance refuses, or can't be reached.
        """
        ...

    def invocations(self, identity: str, *, since: datetime, task: Task) -> Iterator[Invocation]:
        """Yield a webhook's invocations since a time, newest first, each once; one without a time counts where it stands.

        Args:
            identity: The webhook's id.
            since: Those that ended before are left out, whatever the platform filters.
            task: Told of each page.

        Raises:
            SupopsError: The list breaks off. What was yielded before is true.
        """
        ...

    def attempts(self, identity: str, invocation: str) -> tuple[Attempt, ...]:
        """Return the attempts of a webhook's invocation, oldest first.

        Raises:
            SupopsError: They can't be read.
        """
        ...

    def test(self, identity: str, payload: str | None) -> TargetAnswer:
        """Have a test request sent, once, to a webhook's target, and return what that answered.

        Args:
            identity: The webhook's id.
            payload: What is sent; None for what the platform makes up.

        Raises:
            SupopsError: The instance refuses, or can't be reached.
        """
        ...
