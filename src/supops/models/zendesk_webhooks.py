"""Zendesk's webhooks: what is sent where, and what became of it (source: platforms, Z-8)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from supops.models.redaction import REDACTED, excerpt, masked_address

# How long Zendesk keeps invocations, about.
HISTORY = timedelta(days=7)
# What Zendesk sends at most.
MAX_PAYLOAD_BYTES = 256 * 1024
SUCCESS = "success"
# More of an answer than is shown: markup is left out of it first.
LONGEST_READ = 8_000
# Nothing was sent: Zendesk holds a webhook back that is invoked too often, or whose target failed too often.
HELD_BACK = ("throttled", "circuit broken")
# In a text of JSON, whole or cut, the values that a key calls secret.
SECRET_VALUE = re.compile(
    r'("[^"\\]{0,60}?(?:token|secret|passw|pwd|passcode|signature|credential|authorization|cookie|api[_-]?key)[^"\\]{0,60}"'
    r'\s{0,9}:\s{0,9}")(?:[^"\\]|\\.)*',
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook of one instance.

    Attributes:
        status: ``active`` or ``inactive``. Zendesk itself switches none off.
        authentication: The kind of credential that deliveries carry; None for none.
        subscriptions: Events, or ``conditional_ticket_events`` for triggers and automations.
    """

    id: str
    name: str
    description: str = ""
    status: str = "active"
    endpoint: str
    http_method: str = "POST"
    request_format: str = "json"
    authentication: str | None = None
    subscriptions: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether deliveries are sent."""
        return self.status == "active"

    @property
    def public_url(self) -> str:
        """The address that deliveries go to, without the tokens in it."""
        return masked_address(self.endpoint)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What became of one event that a webhook was to deliver, all attempts together.

    Attributes:
        status: In Zendesk's words: ``success``, ``terminated``, ``throttled``, ``circuit broken``, or another.
        status_code: What the target answered last; None where nothing was sent, or nothing was answered.
        completed_at: When the last attempt ended; None where Zendesk does not say.
    """

    id: str
    status: str
    status_code: int | None = None
    completed_at: datetime | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the target took the delivery. A status that we don't know is no success by itself."""
        if self.status in HELD_BACK:
            return False
        if self.status_code is None:
            return self.status == SUCCESS
        return is_success(self.status_code)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver.

    Attributes:
        status_code: As of an invocation.
        response: The beginning of what the target answered, as `shown_response` returns it.
    """

    status: str
    status_code: int | None = None
    completed_at: datetime | None = None
    response: str = ""


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What a target answered to a test request.

    Attributes:
        status_code: None where it did not answer.
        response: As of an attempt.
    """

    status_code: int | None
    response: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the target took it."""
        return self.status_code is not None and is_success(self.status_code)


def is_success(status_code: int) -> bool:
    """Whether a target's answer says that it took a delivery."""
    return 200 <= status_code < 300


def shown_response(text: str) -> str:
    """Return the beginning of a target's answer on one line, without secrets and emails: some targets repeat what they were sent."""
    masked = SECRET_VALUE.sub(rf"\1{REDACTED}", text[:LONGEST_READ])
    return excerpt(EMAIL.sub(REDACTED, masked).encode())
