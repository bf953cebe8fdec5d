"""Several things, one after another."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Work = TypeVar("Work")
Done = TypeVar("Done")


def one_by_one(work: Callable[[Work], Done], items: Iterable[Work], /) -> Iterator[Done]:
    """See `Parallel`."""
    return map(work, items)
