"""Answers of the simulated GitLab: pages of lists, errors, and times."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from supops.sandbox.bookings import Json
from supops.sandbox.http import Answer, Request, json_answer

DEFAULT_SIZE, LARGEST_SIZE = 20, 100
# Above this many entries GitLab does not say how many there are.
COUNTED = 10_000
One = TypeVar("One")


def page(request: Request, entries: Sequence[One], show: Callable[[One], Json]) -> Answer:
    """Return a page of a list by number, with the headers that say where the others are."""
    size = _size(request)
    number = max(1, _number(request.parameter("page"), 1))
    shown = [show(entry) for entry in entries[(number - 1) * size : number * size]]
    last = max(1, -(-len(entries) // size))
    following = number + 1 if number < last else None
    previous = number - 1 if 1 < number <= last + 1 else None
    links = {"prev": previous, "next": following, "first": 1, "last": last}
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Next-Page": str(following or ""),
        "X-Prev-Page": str(previous or ""),
    }
    if len(entries) <= COUNTED:
        headers |= {"X-Total": str(len(entries)), "X-Total-Pages": str(last)}
    else:
        del links["last"]
    named = [(rel, _link(request, page=str(n), per_page=str(size))) for rel, n in links.items() if n]
    headers["Link"] = ", ".join(f'<{link}>; rel="{rel}"' for rel, link in named)
    return json_answer(200, shown, headers)


def keyset_page(request: Request, entries: Sequence[One], show: Callable[[One], Json]) -> Answer:
    """Return a page of a list that a cursor leads through: only the next page is told, and not how many there are."""
    size = _size(request)
    start = _number(request.parameter("cursor"), 0)
    shown = [show(entry) for entry in entries[start : start + size]]
    headers = {"X-Per-Page": str(size)}
    if start + size < len(entries):
        headers["Link"] = f'<{_link(request, cursor=str(start + size), per_page=str(size))}>; rel="next"'
    return json_answer(200, shown, headers)


def _link(request: Request, **changed: str) -> str:
    parameters = [(name, value) for name, value in request.parameters if name not in changed]
    return f"{request.host}{request.path}?{urlencode([*parameters, *changed.items()])}"


def _size(request: Request) -> int:
    return min(LARGEST_SIZE, max(1, _number(request.parameter("per_page"), DEFAULT_SIZE)))


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def failed(status: int, message: object) -> Answer:
    """Return an error as most of GitLab's API words it."""
    return json_answer(status, {"message": message})


NOT_FOUND, FORBIDDEN, UNAUTHORIZED = "404 Not Found", "403 Forbidden", "401 Unauthorized"


def flag(request: Request, name: str, *, default: bool) -> bool:
    """Return a parameter that is true or false."""
    value = request.parameter(name)
    return default if value is None else value.lower() in ("true", "1", "t", "yes", "on")


def moment(seconds: float) -> str:
    """Return a time as the API shows it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
