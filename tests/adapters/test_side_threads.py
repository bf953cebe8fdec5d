"""Threads beside other work."""

import time

from supops.adapters.side_threads import repeated


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
