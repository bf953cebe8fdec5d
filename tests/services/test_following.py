"""Following: each arrival and each end of a try is told once, whatever becomes visible late."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supops.models.deliveries import Claim, Filter, NewDelivery, Outcome, State
from supops.services.following import Follower, What, last_attempt
from tests.fakes.clock import START
from tests.fakes.inbox import FakeInbox

LEASE = timedelta(seconds=30)


def stored(inbox: FakeInbox, *numbers: int, event: str = "invitee.created") -> list[int]:
    ids = inbox.add(
        [
            NewDelivery(
                source="calendly",
                key=f"key {number}",
                lock_key=f"about {number}",
                event=event,
                body=b"{}",
                headers={},
                received_at=START,
            )
            for number in numbers
        ]
    )
    return [one for one in ids if one is not None]


def begun(inbox: FakeInbox, identity: int, *, after: int = 0) -> Claim:
    now = START + timedelta(minutes=after)
    claim = inbox.begin(identity, worker="w", now=now, lease=LEASE, tries=3)
    assert isinstance(claim, Claim)
    return claim


def following(inbox: FakeInbox, wanted: Filter | None = None) -> Follower:
    follower = Follower(inbox, wanted or Filter())
    follower.begin()
    return follower


def told(follower: Follower) -> list[tuple[What, int]]:
    return [(one.what, one.delivery.id) for one in follower.look()]


def test_what_is_there_already_is_not_told_but_its_end_is() -> None:
    inbox = FakeInbox()
    old, running = stored(inbox, 1, 2)
    inbox.finish(begun(inbox, old), Outcome("x"), now=START)
    claim = begun(inbox, running)
    follower = following(inbox)

    assert told(follower) == []
    inbox.finish(claim, Outcome("inserted"), now=START)
    assert told(follower) == [(What.DONE, running)]
    assert told(follower) == []


def test_a_life() -> None:
    inbox = FakeInbox()
    follower = following(inbox)
    (one,) = stored(inbox, 1)
    assert told(follower) == [(What.ARRIVED, one)]
    claim = begun(inbox, one)
    assert told(follower) == []
    inbox.fail(claim, "no calendar", now=START, next_at=START + LEASE)
    assert told(follower) == [(What.FAILED, one)]
    inbox.fail(begun(inbox, one, after=2), "no calendar", now=START, next_at=None)
    assert told(follower) == [(What.DEAD, one)]
    inbox.replay([one], now=START)
    inbox.finish(begun(inbox, one, after=3), Outcome("inserted"), now=START)
    assert told(follower) == [(What.DONE, one)]


def test_a_try_that_never_ended_is_told_when_another_takes_over() -> None:
    inbox = FakeInbox()
    follower = following(inbox)
    (one,) = stored(inbox, 1)
    begun(inbox, one)
    assert told(follower) == [(What.ARRIVED, one)]
    inbox.finish(begun(inbox, one, after=5), Outcome("inserted"), now=START)

    assert sorted(told(follower)) == [(What.BROKEN_OFF, one), (What.DONE, one)]


def test_a_try_that_never_ended_and_was_the_last_is_told_as_dead() -> None:
    inbox = FakeInbox()
    follower = following(inbox)
    (one,) = stored(inbox, 1)
    for minute in (0, 2, 4):
        begun(inbox, one, after=minute)
    assert inbox.begin(one, worker="w", now=START + timedelta(minutes=6), lease=LEASE, tries=3) is None

    happened = told(follower)

    assert happened[0] == (What.ARRIVED, one)
    assert sorted(happened[1:]) == [(What.BROKEN_OFF, one), (What.BROKEN_OFF, one), (What.DEAD, one)]


def test_what_is_deleted_meanwhile_is_forgotten() -> None:
    inbox = FakeInbox()
    follower = following(inbox)
    (one,) = stored(inbox, 1)
    inbox.finish(begun(inbox, one), Outcome("inserted"), now=START)
    inbox.prune(START + LEASE)

    assert told(follower) == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(event="a"), [(What.ARRIVED, 1), (What.DONE, 1)]),
        (Filter(state=State.DONE), [(What.DONE, 1), (What.DONE, 2)]),
        (Filter(lock_key="about 2"), [(What.ARRIVED, 2), (What.DONE, 2)]),
        (Filter(source="zendesk"), []),
    ],
)
def test_only_what_is_wanted_is_told(wanted: Filter, expected: list[tuple[What, int]]) -> None:
    inbox = FakeInbox()
    follower = following(inbox, wanted)
    stored(inbox, 1, event="a")
    stored(inbox, 2, event="b")
    for identity in (1, 2):
        inbox.finish(begun(inbox, identity), Outcome("x"), now=START)

    assert told(follower) == expected


# Around what is looked at again, and around what is read at once.
SIZES = st.sampled_from([0, 1, 2, 49, 50, 51, 99, 100, 101, 499, 500, 501])


@settings(max_examples=20)
@given(st.lists(SIZES, min_size=1, max_size=4))
def test_each_arrival_is_told_once_however_many_come_at_once(bursts: list[int]) -> None:
    inbox = FakeInbox()
    follower = following(inbox)
    seen: list[int] = []
    expected: list[int] = []
    for burst in bursts:
        expected += stored(inbox, *range(len(expected), len(expected) + burst))
        seen += [one for _, one in told(follower)]

    assert seen == expected


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 7, 8, 9, 100])
def test_the_last_try_is_found(number: int) -> None:
    inbox = FakeInbox()
    for identity in stored(inbox, *range(number)):
        begun(inbox, identity)

    assert last_attempt(inbox) == number
