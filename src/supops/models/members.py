"""Members of the Calendly organisation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalendlyMember:
    """Somebody with an account in the organisation.

    Attributes:
        uri: What the account is known by.
        role: ``owner``, ``admin`` or ``user``.
    """

    uri: str
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class MemberListing:
    """The members.

    Attributes:
        missing: One sentence for each part that could not be read.
    """

    members: tuple[CalendlyMember, ...]
    missing: tuple[str, ...] = ()
