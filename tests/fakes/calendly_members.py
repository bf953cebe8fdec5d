"""Stands in for `supops.adapters.calendly_members`."""

from collections.abc import Iterable

from supops.errors import SupopsError
from supops.models.members import CalendlyMember, MemberListing
from supops.services.audit_ports import MemberDirectory


def calendly_member(
    name: str = "Jo Doe", email: str = "jo@example.com", role: str = "user"
) -> CalendlyMember:
    """Somebody in the organisation."""
    return CalendlyMember(f"https://api.calendly.com/users/{email.partition('@')[0]}", name, email, role)


class FakeMembers(MemberDirectory):
    """An organisation in memory.

    Args:
        members: Who is there.
        missing: What can't be read.
        error: Raised when nothing can be read.
    """

    def __init__(
        self,
        members: Iterable[CalendlyMember] = (),
        *,
        missing: tuple[str, ...] = (),
        error: SupopsError | None = None,
    ) -> None:
        self.members = tuple(members)
        self.missing = missing
        self.error = error

    def list_members(self) -> MemberListing:
        if self.error is not None:
            raise self.error
        return MemberListing(self.members, self.missing)
