"""GitLab's lists, which come in pages (source: platforms, G-6)."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import requests.utils

from supops.adapters.gitlab import GitLabConnection, Query
from supops.errors import PlatformError

PAGE_SIZE = 100
# How often a list is read from its beginning because something was deleted from it meanwhile.
READINGS = 3
Item = TypeVar("Item")
# Is told of each page: how many entries it has, and how many pages there are, where GitLab says that.
Seen = Callable[[int, int | None], None]


def _nobody(_items: int, _pages: int | None) -> None:
    """Nobody watches."""


def read_all(
    gitlab: GitLabConnection,
    path: str,
    shape: type[Item],
    *,
    purpose: str,
    query: Query | None = None,
    page_size: int = PAGE_SIZE,
    seen: Seen = _nobody,
) -> list[Item]:
    """Read a list of entries of one shape to its end, page by page. A page that breaks off is asked for again.

    Raises:
        SupopsError: It can't be read to its end, leads in circles, or changes faster than it can be read.
    """
    sized = {**(query or {}), "per_page": page_size}
    for _ in range(READINGS):
        found = _reading(gitlab, path, shape, purpose, sized, seen)
        if found is not None:
            return found
        gitlab.notices.detail(f"something was deleted meanwhile: beginning again to {purpose}")
    raise PlatformError(f"GitLab was asked to {purpose}, and the list changed each time while it was read")


def _reading(
    gitlab: GitLabConnection, path: str, shape: type[Item], purpose: str, query: Query, seen: Seen
) -> list[Item] | None:
    """Read a list once. None: it became shorter meanwhile, and what moved up by a page was not seen."""
    found: list[Item] = []
    asked: list[Query] = []
    total: int | None = None
    following: Query | None = query
    while following is not None:
        if following in asked:
            raise PlatformError(f"GitLab was asked to {purpose}, and leads in circles from page to page")
        asked.append(following)
        answer = gitlab.ask("GET", path, purpose=purpose, query=following)
        page = gitlab.decode(answer, list[shape], purpose=purpose)  # type: ignore[valid-type]
        seen(len(page), _number(answer.headers, "x-total-pages"))
        found += page
        before, total = total, _number(answer.headers, "x-total")
        if before is not None and total is not None and total < before:
            return None
        following = _next_page(answer.headers, following)
    return found


def _number(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "")
    return int(value) if value.isdecimal() else None


def _next_page(headers: Mapping[str, str], query: Query) -> Query | None:
    """Return what to ask for the page that follows; None where there is none.

    Of the link, nothing but the parameters is taken: its host may be another name of the platform's. Where a proxy takes the links out,
    the number of the next page is left.
    """
    for link in requests.utils.parse_header_links(headers.get("link", "")):
        if link.get("rel") == "next":
            return parse_qs(urlsplit(link["url"]).query, keep_blank_values=True)
    number = headers.get("x-next-page")
    return {**query, "page": number} if number else None
