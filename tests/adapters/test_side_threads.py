"""Threads beside other work."""

import threading
import time
from collections.abc import Callable

import pytest

from supops.adapters.side_threads import repeated, side_by_side


def test_something_is_done_again_and_again_until_the_block_ends() -> None:
    done: list[float] = []

    with repeated(lambda: done.append(1), seconds=0.01):
        deadline = time.monotonic() + 5
        while len(done) < 3 and time.monotonic() < deadline:
            time.sleep(0.005)
    at_the_end = len(done)
    time.sleep(0.05)

    assert at_the_end >= 3
    assert len(done) == at_the_end


def test_it_is_done_once_even_in_the_shortest_block() -> None:
    done: list[int] = []

    with repeated(lambda: done.append(1), seconds=60):
        pass

    assert done == [1]


def test_two_things_are_done_at_the_same_time_until_both_have_ended() -> None:
    both = threading.Barrier(2, timeout=5)

    def meets() -> None:
        both.wait()

    side_by_side(meets, meets, lambda: pytest.fail("not asked for"))

    assert not both.broken


@pytest.mark.parametrize("is_here", [True, False])
def test_when_one_fails_the_other_is_asked_to_end(is_here: bool) -> None:
    over = threading.Event()

    def fails() -> None:
        raise ValueError("no")

    def works() -> None:
        assert over.wait(5)

    works_and_fails: tuple[Callable[[], None], Callable[[], None]] = (
        (fails, works) if is_here else (works, fails)
    )
    with pytest.raises(ValueError, match="no"):
        side_by_side(*works_and_fails, over.set)
