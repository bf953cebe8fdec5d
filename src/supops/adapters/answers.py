"""What a platform answers, and the bounds that hold whatever library asks it: httpx, or requests below python-gitlab."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

MAX_IN_FLIGHT = 8
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_REDIRECTS = 3
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def clock_skew(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `now` is ahead of an answer's Date header; None where there is none."""
    try:
        return (now - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
