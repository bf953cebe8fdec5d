"""What is wrong with a delivery's signature."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Flaw(StrEnum):
    """Which part of a signature fails. Senders are never told; people who look into it are."""

    MISSING = "missing"
    FORMAT = "format"
    TIME = "time"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a delivery is genuine.

    Attributes:
        flaw: What fails; None for a good signature.
        detail: The same in a sentence, without anything secret.
    """

    flaw: Flaw | None
    detail: str

    @property
    def good(self) -> bool:
        """Whether it is."""
        return self.flaw is None


def distance(time: datetime, checked: datetime) -> str:
    """Return how far a signature's time is from the one that it is checked at, in words."""
    seconds = (checked - time).total_seconds()
    word = "before" if seconds > 0 else "after"
    return (
        f"{abs(seconds):.0f} s {word} the time of the check, {checked.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    )


@dataclass(frozen=True, slots=True)
class Description:
    """What a delivery says of itself, as far as it could be read.

    Attributes:
        key: The same for every repeat of the same delivery.
        lock_key: What it is about.
        event: What happened; empty where that could not be read.
    """

    key: str
    lock_key: str
    event: str
