"""What happens too often is counted."""

from supops.services.sparing import MOST, SECONDS, Sparing
from tests.fakes.journal import FakeJournal

KIND = (("source", "calendly"), ("reason", "signature"))
OTHER = (("source", "calendly"), ("reason", "size"))


class Seconds:
    """Shows what it is set to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_few_of_each_kind_are_told_and_then_how_many_more_there_were() -> None:
    journal, seconds = FakeJournal(), Seconds()
    sparing = Sparing(journal, "refused", seconds)

    for _ in range(MOST + 7):
        sparing.tell(KIND, client="192.0.2.7")
    sparing.tell(OTHER)
    sparing.settle()
    seconds.now += SECONDS
    sparing.settle()
    sparing.settle()

    assert len(journal.lines) == MOST + 2
    assert journal.lines[0] == ("refused", {**dict(KIND), "client": "192.0.2.7"})
    assert journal.lines[MOST] == ("refused", dict(OTHER))
    assert {**journal.lines[-1][1], "text": ""} == {**dict(KIND), "more": 7, "text": ""}


def test_after_its_minute_each_kind_is_told_again_and_at_the_end_what_is_left() -> None:
    journal, seconds = FakeJournal(), Seconds()
    sparing = Sparing(journal, "refused", seconds)

    for _ in range(MOST + 1):
        sparing.tell(KIND)
    seconds.now += SECONDS
    for _ in range(MOST + 2):
        sparing.tell(KIND)
    sparing.settle(ends=True)

    assert [facts["more"] for facts in journal.of("refused") if "more" in facts] == [1, 2]
    assert len(journal.lines) == 2 * MOST + 2
