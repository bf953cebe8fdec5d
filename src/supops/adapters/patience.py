"""How long platforms are waited for, and how often they are asked again."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait, and how often we try. Times in seconds."""

    connect: float = 10.0
    read: float = 30.0
    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    longest_retry_after: float = 120.0


def spoken(seconds: float) -> str:
    """Return a pause in words."""
    return f"{seconds:.0f} s" if seconds >= 1 else "a moment"


def retry_after_of(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which is a number or a date; None where there is none that makes sense."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
