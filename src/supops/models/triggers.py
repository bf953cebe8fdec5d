"""Samples that were sent to a receiver, and what it answered."""

from dataclasses import dataclass
from http import HTTPStatus

REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "the receiver has another key, or its clock differs: compare the settings of both, and their clocks",
    HTTPStatus.NOT_FOUND: "there is nothing at this path: see receiver.path, receiver.zendesk_path and receiver.path_secret, or name the whole "
    "address with --to",
    HTTPStatus.METHOD_NOT_ALLOWED: "the address is not that of a receiver: name the whole address with --to",
    HTTPStatus.SERVICE_UNAVAILABLE: "the receiver can't store: look at its journal",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """What a receiver answered.

    Attributes:
        seconds: How long that took.
        said: The beginning of the answer's body, without secrets.
    """

    status: int
    seconds: float
    said: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A sample that was sent.

    Attributes:
        about: The scheduled event, or the ticket; None for other events.
        cause: Why it was not taken, where that is known.
    """

    event: str
    about: str | None
    answer: Answered
    cause: str = ""

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return HTTPStatus.OK <= self.answer.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def remedy(self) -> str:
        """What to do where it has not; empty where it has."""
        if self.taken:
            return ""
        if self.cause:
            return self.cause
        status = self.answer.status
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            return "redirects are not followed, by nobody who sends deliveries: name the address that it leads to"
        return REMEDIES.get(status, "look at the receiver's journal")


@dataclass(frozen=True, slots=True)
class PlannedTrigger:
    """A sample that would be sent; each real one is new.

    Attributes:
        about: The scheduled event, or the ticket; None for other events.
    """

    event: str
    about: str | None
    body: bytes
