"""Calendly's organisation memberships (source: platforms, C-1)."""

from collections.abc import Callable

import msgspec

from supops.adapters.calendly_pages import Pagination, read_pages
from supops.adapters.http import HttpClient
from supops.errors import Forbidden
from supops.models.members import CalendlyMember, MemberListing
from supops.models.subscriptions import Account
from supops.services.audit_ports import MemberDirectory

SEE_EVERYBODY = ("owner", "admin")


class _User(msgspec.Struct):
    uri: str
    name: str
    email: str


class _Membership(msgspec.Struct):
    role: str
    user: _User


class _Memberships(msgspec.Struct):
    collection: list[_Membership]
    pagination: Pagination


class CalendlyMembers(MemberDirectory):
    """The organisation that a token belongs to.

    Args:
        account: Says whose token it is, and of which organisation.
    """

    def __init__(self, http: HttpClient, *, account: Callable[[], Account]) -> None:
        self._http = http
        self._account = account

    def list_members(self) -> MemberListing:
        """See `supops.services.audit_ports.MemberDirectory`."""
        account = self._account()
        found: dict[str, CalendlyMember] = {}
        try:
            for page in read_pages(
                self._http,
                "/organization_memberships",
                _Memberships,
                purpose="list the members of the organisation",
                parameters=[("organization", account.organization)],
            ):
                found |= {one.user.uri: _member(one) for one in page.collection}
        except Forbidden as error:
            error.hint = (
                "The token needs the scope organizations:read, and its user has to be an owner or admin."
            )
            raise
        own = found.get(account.uri)
        if own is not None and own.role in SEE_EVERYBODY:
            return MemberListing(tuple(found.values()))
        # What a plain member is shown is documented nowhere: it may be everybody, or not.
        missing = f"Calendly may not show everybody to {account.email}, whose token it is: an owner's or admin's is needed"
        return MemberListing(tuple(found.values()), (missing,))


def _member(one: _Membership) -> CalendlyMember:
    return CalendlyMember(one.user.uri, one.user.name, one.user.email, one.role)
