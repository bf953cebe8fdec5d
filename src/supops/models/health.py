"""How a part of the surroundings is: what `supops doctor` reports."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one thing that supops depends on.

    Attributes:
        name: Such as ``Zendesk Global``.
        problem: What is wrong; None when nothing is.
        remedy: What to do about it.
        facts: What was seen, in a few words.
        is_credential_problem: Whether a credential is missing, wrong or not allowed.
    """

    name: str
    facts: str = ""
    problem: str | None = None
    remedy: str = ""
    is_credential_problem: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """What a platform said when it was asked something small.

    Attributes:
        facts: In a few words.
        clock_skew: Seconds that our clock is ahead of the platform's; None where it does not tell the time.
    """

    facts: str
    clock_skew: float | None = None
