"""What is done from time to time."""

from supops.errors import SupopsError
from supops.services.ticking import Ticker
from tests.fakes.journal import FakeJournal


def test_each_has_its_turn_but_not_too_often_and_whatever_the_others_do() -> None:
    done: list[str] = []
    time = [100.0]

    def fails() -> None:
        done.append("a")
        raise SupopsError("no store")

    journal = FakeJournal()
    ticker = Ticker([fails, lambda: done.append("b")], journal, lambda: time[0], seconds=10)
    for now in (100.0, 101.0, 109.9, 110.0, 115.0, 200.0):
        time[0] = now
        ticker()

    assert done == ["a", "b"] * 3
    assert journal.lines == [("note", {"error": "no store"})] * 3
