"""How long platforms are waited for, and how often they are asked again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait, and how often we try. Times in seconds."""

    connect: float = 10.0
    read: float = 30.0
    tries: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0
    longest_retry_after: float = 120.0
