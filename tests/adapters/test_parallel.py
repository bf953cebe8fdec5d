"""Work in parallel that never outstays an error."""

import threading
import time

import pytest

from supops.adapters.parallel import in_parallel


def test_does_everything_once() -> None:
    assert sorted(in_parallel(lambda item: item * 2, range(100), limit=8)) == [
        item * 2 for item in range(100)
    ]


def test_nothing_to_do() -> None:
    assert list(in_parallel(lambda item: item, [], limit=8)) == []


def test_at_most_so_many_at_once() -> None:
    running = 0
    peak = 0
    lock = threading.Lock()

    def work(_: int) -> None:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    list(in_parallel(work, range(30), limit=4))

    assert peak == 4


def test_the_first_error_ends_it_and_begins_nothing_more() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 3:
            raise ValueError(item)
        time.sleep(0.005)
        return item

    with pytest.raises(ValueError, match="3"):
        list(in_parallel(work, range(1000), limit=2))

    time.sleep(0.05)
    assert len(begun) < 20


def test_leaving_early_begins_nothing_more() -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        time.sleep(0.005)
        return item

    for _ in in_parallel(work, range(1000), limit=2):
        break

    time.sleep(0.05)
    assert len(begun) < 20
