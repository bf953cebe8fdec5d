"""Why deliveries of Zendesk's webhooks do not succeed, and what to do about that."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Cause(StrEnum):
    """Why a delivery did not succeed."""

    CIRCUIT_BROKEN = "circuit-broken"
    THROTTLED = "throttled"
    UNANSWERED = "unanswered"
    REDIRECTED = "redirected"
    UNAUTHORIZED = "unauthorized"
    GONE = "gone"
    BUSY = "busy"
    REFUSED = "refused"
    BROKEN = "broken"


REMEDIES: Mapping[Cause, str] = MappingProxyType(
    {
        Cause.CIRCUIT_BROKEN: "Most deliveries failed, so Zendesk holds the webhook back for a while, and what is held back is not sent later: "
        "mend the target",
        Cause.THROTTLED: "The webhook is invoked more often than Zendesk sends, and the rest is not sent later: "
        "narrow the triggers that use it, or join what they send",
        Cause.UNANSWERED: "The target did not answer: see that it can be reached from outside, and answers within 10 seconds",
        Cause.REDIRECTED: "The target redirects, which Zendesk does not follow: set the webhook's endpoint to where it leads",
        Cause.UNAUTHORIZED: "The target refuses the webhook's credential: renew it in the webhook's authentication, or at the target",
        Cause.GONE: "The target does not know the address: correct the webhook's endpoint, or delete the webhook",
        Cause.BUSY: "The target asks for fewer deliveries: raise its limit, or narrow the triggers that use the webhook",
        Cause.REFUSED: "The target does not take what is sent: compare the webhook's method, format and payload with what it expects",
        Cause.BROKEN: "The target fails: look at its log of that time, and mend it",
    }
)


def cause_of(status: str, code: int | None) -> Cause:
    """Return why a delivery did not succeed."""
    by_status = {"circuit broken": Cause.CIRCUIT_BROKEN, "throttled": Cause.THROTTLED}
    if status in by_status:
        return by_status[status]
    by_code = {401: Cause.UNAUTHORIZED, 403: Cause.UNAUTHORIZED, 404: Cause.GONE, 410: Cause.GONE}
    by_code |= {407: Cause.UNAUTHORIZED, 429: Cause.BUSY}
    if code is None:
        return Cause.UNANSWERED
    if code in by_code:
        return by_code[code]
    if code >= 500:
        return Cause.BROKEN
    return Cause.REDIRECTED if 300 <= code < 400 else Cause.REFUSED
