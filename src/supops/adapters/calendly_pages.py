"""Calendly's lists, which come in pages (source: platforms, C-1)."""

from collections.abc import Iterator
from typing import Protocol, TypeVar

import msgspec

from supops.adapters.http import HttpClient, Parameters
from supops.errors import PlatformError

PAGE_SIZE = 100


class Pagination(msgspec.Struct):
    """Where a list goes on. At its end there is no token."""

    next_page_token: str | None = None


class Paged(Protocol):
    """A page of a list."""

    pagination: Pagination


Page = TypeVar("Page", bound=Paged)


def read_pages(
    http: HttpClient, path: str, shape: type[Page], *, purpose: str, parameters: Parameters = ()
) -> Iterator[Page]:
    """Read a list to its end, page by page.

    Raises:
        SupopsError: It breaks off, or leads in circles.
    """
    token = ""
    seen = {token}
    while True:
        after: Parameters = (("page_token", token),) if token else ()
        size = ("count", str(PAGE_SIZE))
        page = http.get(path, shape, purpose=purpose, parameters=(*parameters, size, *after))
        yield page
        token = page.pagination.next_page_token or ""
        if not token:
            return
        if token in seen:
            raise PlatformError(f"Calendly was asked to {purpose}, and leads in circles from page to page")
        seen.add(token)
