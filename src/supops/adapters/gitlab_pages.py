"""GitLab's lists, which come in pages (source: platforms, G-6)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import requests.utils

from supops.adapters.answers import MAX_IN_FLIGHT, Answer
from supops.adapters.gitlab import GitLabConnection, Query
from supops.adapters.gitlab_errors import TooLarge
from supops.adapters.parallel import in_parallel
from supops.errors import PlatformError

PAGE_SIZE = 100
# How often a list is read from its beginning because something was deleted from it meanwhile.
READINGS = 3
# Texts may have a million characters each: a page of a hundred would be more than is taken of an answer. So many always fit.
TEXTS_PER_PAGE = 20
# Times in headers have no fractions, and are those of the answer's end.
LEEWAY = timedelta(seconds=2)
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


def read_texts(
    gitlab: GitLabConnection, path: str, shape: type[Item], *, purpose: str, query: Query
) -> list[Item]:
    """Read a list as `read_all` does, in large pages; in small ones where the texts in it are too long for that."""
    try:
        return read_all(gitlab, path, shape, purpose=purpose, query=query)
    except TooLarge:
        gitlab.notices.detail(f"long texts: in smaller pages, to {purpose}")
        return read_all(gitlab, path, shape, purpose=purpose, query=query, page_size=TEXTS_PER_PAGE)


def read_at_once(
    gitlab: GitLabConnection,
    path: str,
    shape: type[Item],
    *,
    purpose: str,
    query: Query,
    changed_at: Callable[[Item], datetime],
) -> list[Item]:
    """Read a list whose order never changes, all pages but the first at the same time.

    Where anything was changed meanwhile, entries may have moved from page to page, past us: then it is read again, one page after
    the other, by cursor. So it is where GitLab does not say how many pages there are, and where texts are too long for large pages.

    Args:
        gitlab: Is asked.
        path: Of the list.
        shape: Of an entry.
        purpose: As `read_all`.
        query: The parameters, the order among them.
        changed_at: When an entry was changed last.
    """
    try:
        found = _reading_at_once(gitlab, path, shape, purpose, {**query, "per_page": PAGE_SIZE}, changed_at)
    except TooLarge:
        found = None
    if found is not None:
        return found
    return read_texts(gitlab, path, shape, purpose=purpose, query={**query, "pagination": "keyset"})


def _reading_at_once(
    gitlab: GitLabConnection,
    path: str,
    shape: type[Item],
    purpose: str,
    query: Query,
    changed_at: Callable[[Item], datetime],
) -> list[Item] | None:
    """Read a list once. None: it can't be read that way, or something was changed meanwhile."""

    def read(number: int) -> tuple[int, Answer, list[Item]]:
        answer = gitlab.ask("GET", path, purpose=purpose, query={**query, "page": number})
        return number, answer, gitlab.decode(answer, list[shape], purpose=purpose)  # type: ignore[valid-type]

    _, first, entries = read(1)
    total, pages = _number(first.headers, "x-total"), _number(first.headers, "x-total-pages")
    if total is None or pages is None:
        return None
    if pages <= 1:
        return entries if len(entries) == total else None
    found = {1: entries}
    for number, answer, more in in_parallel(read, range(2, pages + 1), limit=MAX_IN_FLIGHT):
        found[number] = more
        if _number(answer.headers, "x-total") != total:
            return None
    everything = [entry for number in sorted(found) for entry in found[number]]
    began = gitlab.now_of(first) - LEEWAY
    was_changed = any(changed_at(entry) >= began for entry in everything)
    return None if was_changed or len(everything) != total else everything


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
