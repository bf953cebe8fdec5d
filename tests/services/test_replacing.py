"""Creating, deleting and replacing with a scheduler that fails in every way: what is so afterwards, and what is said."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from supops.errors import (
    Conflict,
    Forbidden,
    NetworkError,
    PlatformError,
    RateLimited,
    Rejected,
    SupopsError,
    Unauthorized,
    Unsure,
)
from supops.models.secrets import Secret
from supops.models.subscriptions import Subscription, Wanted
from supops.services.comparing import Item, Outcome, Verb, not_mirrored
from supops.services.subscribing import Subscriber
from tests.fakes.calendly import FakeDesk
from tests.fakes.console import FakeNotices
from tests.fakes.secrets import FakeKeyPlace
from tests.subscriptions import KEY, OF_ANOTHER, OF_GROUP, OTHER, URL, wanted

HAD = "It had the events invitee.canceled and the scope organization."
LOST = f"nothing is delivered to {URL.format(4)} now. {HAD}"


@dataclass
class Stage:
    """Someone who subscribes, with everything around."""

    desk: FakeDesk
    notices: FakeNotices
    place: FakeKeyPlace
    subscriber: Subscriber

    def create(self, one: Wanted | None = None) -> Item:
        return self.subscriber.apply(Item(Verb.CREATE, one or wanted(1), None, "not there yet"))

    def replace(self, one: Wanted | None = None) -> Item:
        (old,) = self.desk.there
        one = one or Wanted(old.callback_url, ("invitee.created",), old.scope, old.group)
        return self.subscriber.apply(Item(Verb.REPLACE, one, old, "it has other events"))

    @property
    def addresses(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(one.callback_url, one.events) for one in self.desk.there]


def stage(*there: Subscription, key: Secret | None = KEY, makes_key: bool = False) -> Stage:
    desk, notices, place = FakeDesk(*there), FakeNotices(), FakeKeyPlace()
    subscriber = Subscriber(desk, notices, None if makes_key else key, place if makes_key else None)
    return Stage(desk, notices, place, subscriber)


def lost() -> PlatformError:
    return NetworkError("The answer was lost.")


def gateway() -> PlatformError:
    return PlatformError("It failed (504).", hint="Look at the status page.")


def nonsense() -> PlatformError:
    return PlatformError("It answered what we don't understand.")


def refused() -> PlatformError:
    return Rejected("Calendly refused.", hint="Ask for something else.")


DOUBTS = [lost, gateway, nonsense]
REFUSED: list[Callable[[], SupopsError]] = [
    refused,
    lambda: Forbidden("Not allowed."),
    lambda: Unauthorized("Who are you?"),
    lambda: RateLimited("Later."),
]


def test_creating_gives_the_key_and_what_was_made() -> None:
    on = stage()

    done = on.create()

    assert (done.outcome, done.differences, done.made) == (Outcome.DONE, (), on.desk.there[0])
    assert list(on.desk.signing_keys.values()) == ["secret-key"]
    assert not_mirrored([done]) is None


def test_replacing_deletes_first_for_an_address_is_taken_once() -> None:
    on = stage(OTHER)

    on.replace()

    assert on.desk.changes == ["delete S4", f"create {URL.format(4)}"]


@pytest.mark.parametrize("doubt", DOUBTS)
@pytest.mark.parametrize("makes_key", [False, True])
def test_what_was_made_although_it_failed_is_found(
    doubt: Callable[[], PlatformError], makes_key: bool
) -> None:
    on = stage(makes_key=makes_key)
    on.desk.lost = [doubt()]

    done = on.create()

    assert (done.outcome, done.made) == (Outcome.DONE, on.desk.there[0])
    assert on.notices.notes[0] == "the answer was lost, but the subscription was created"
    assert on.desk.asked == ["account", f"create {URL.format(1)}", "list organization"]
    assert on.place.kept == ("new-key" if makes_key else None)


def test_what_is_found_is_compared_with_what_was_asked_for() -> None:
    on = stage()
    on.desk.lost = [lost()]
    on.desk.forgets_events = ("invitee.canceled",)

    done = on.create(wanted(1, "invitee.created", "invitee.canceled"))

    assert done.differences


def test_what_was_not_made_is_created_once_more() -> None:
    on = stage(makes_key=True)
    on.desk.refusals = [gateway()]

    done = on.create()

    assert done.made == on.desk.there[0]
    assert len(on.desk.changes) == 2
    assert on.place.kept == "new-key"


def test_nothing_made_in_two_tries_is_an_error_and_the_key_stays() -> None:
    on = stage(makes_key=True)
    on.desk.refusals = [gateway(), gateway(), gateway()]

    with pytest.raises(PlatformError, match=r"It failed \(504\)\. It was looked at .* not created\.$"):
        on.create()

    assert len(on.desk.changes) == 2
    assert on.place.kept == "new-key"
    assert on.notices.warnings == ["the new signing key is kept in the drawer: it may be in use"]


@pytest.mark.parametrize("refusal", REFUSED)
def test_a_refusal_is_a_no_and_the_key_goes(refusal: Callable[[], SupopsError]) -> None:
    on = stage(makes_key=True)
    on.desk.refusals = [refusal()]

    with pytest.raises(type(refusal())):
        on.create()

    assert len(on.desk.changes) == 1
    assert on.place.kept is None
    assert on.notices.everything == ""


@pytest.mark.parametrize("replaces", [False, True])
def test_where_it_cannot_be_looked_at_it_is_not_known(replaces: bool) -> None:
    on = stage(*[OTHER] * replaces, makes_key=True)
    on.desk.lost = [gateway()]
    on.desk.list_failures = [Unauthorized("Who are you?")]

    with pytest.raises(Unsure, match=r"It failed \(504\)\. Whether .* not known.*Who are you\?") as raised:
        on.replace() if replaces else on.create()

    assert str(raised.value.__cause__) == "It failed (504)."
    assert "Look at the status page." in raised.value.hint
    assert (HAD in raised.value.message) == ("create it again" in raised.value.hint) == replaces
    assert on.place.kept == "new-key"
    assert on.notices.warnings == ["the new signing key is kept in the drawer: it may be in use"]


def test_the_second_try_may_meet_the_first() -> None:
    on = stage()
    on.desk.refusals = [gateway()]
    on.desk.appears = [replace(OTHER, callback_url=URL.format(1), events=("invitee.created",))]

    assert on.create().made == on.desk.there[0]


def test_an_address_that_others_have_is_told() -> None:
    on = stage(makes_key=True)
    on.desk.foreign_addresses = {URL.format(1)}

    with pytest.raises(Conflict) as raised:
        on.create()

    assert "another user or group, or to an app, or this token may not list it" in raised.value.hint
    assert on.place.kept is None


def test_one_that_somebody_else_made_at_the_same_time_will_do() -> None:
    on = stage(makes_key=True)
    on.desk.appears = [replace(OTHER, callback_url=URL.format(1), events=("invitee.created",))]

    done = on.create()

    assert (done.verb, done.made, done.existing) == (Verb.KEEP, None, on.desk.there[0])
    assert "somebody else created it just now" in done.why
    assert on.place.kept is None


def test_another_one_that_somebody_else_made_at_the_same_time_is_told() -> None:
    on = stage()
    on.desk.appears = [replace(OTHER, callback_url=URL.format(1))]

    with pytest.raises(Conflict) as raised:
        on.create()

    assert "just now: it has the events invitee.canceled" in raised.value.hint


@pytest.mark.parametrize(
    ("key", "makes_key", "how"),
    [
        (KEY, False, "with the signing key from KEY"),
        (None, False, "without a signing key"),
        (None, True, "with the signing key from the drawer"),
    ],
)
def test_one_that_could_not_be_replaced_is_put_back(key: Secret | None, makes_key: bool, how: str) -> None:
    on = stage(OTHER, key=key, makes_key=makes_key)
    on.desk.refusals = [refused()]

    with pytest.raises(Rejected) as raised:
        on.replace()

    assert raised.value.message == f"Calendly refused. The one that was to be replaced was put back, {how}."
    assert on.addresses == [(OTHER.callback_url, OTHER.events)]
    assert on.place.kept == ("new-key" if makes_key else None)
    assert list(on.desk.signing_keys.values()) == ["new-key" if makes_key else "secret-key" if key else ""]


def test_one_that_failed_twice_is_put_back() -> None:
    on = stage(OTHER)
    on.desk.refusals = [gateway(), gateway()]

    with pytest.raises(PlatformError, match="was put back"):
        on.replace()

    assert on.addresses == [(OTHER.callback_url, OTHER.events)]


def test_what_is_made_late_is_no_failure() -> None:
    on = stage(OTHER)
    on.desk.refusals = [gateway(), gateway()]
    on.desk.appears = [replace(OTHER, uri="late", events=("invitee.created",))]

    done = on.replace()

    assert done.made == on.desk.there[0]


@pytest.mark.parametrize(
    ("old", "refusals", "says", "group"),
    [
        (OTHER, [refused(), refused()], LOST, ""),
        (OF_ANOTHER, [refused()], "now. It had the events invitee.created and the scope user.", ""),
        (
            OF_GROUP,
            [refused(), refused()],
            f"scope group of the group {OF_GROUP.group}.",
            f" --group {OF_GROUP.group}",
        ),
    ],
)
def test_one_that_could_not_be_put_back_can_be_made_again_from_the_message(
    old: Subscription, refusals: list[BaseException | None], says: str, group: str
) -> None:
    on = stage(old, makes_key=True)
    on.desk.refusals = refusals

    with pytest.raises(Rejected) as raised:
        on.replace()

    assert raised.value.message.endswith(says)
    assert "Ask for something else." in raised.value.hint
    events = " ".join(f"--event {event}" for event in old.events)
    assert raised.value.hint.endswith(f"--url ADDRESS {events} --scope {old.scope}{group}")
    assert on.desk.there == []
    assert on.place.kept is None


def test_whether_it_was_put_back_may_not_be_known() -> None:
    on = stage(OTHER, makes_key=True)
    on.desk.refusals = [refused()]
    on.desk.lost = [lost()]
    on.desk.list_failures = [lost()]

    with pytest.raises(Rejected, match="whether it could be put back is not known"):
        on.replace()

    assert on.place.kept == "new-key"


def test_another_in_its_place_is_told() -> None:
    on = stage(OTHER)
    on.desk.appears = [replace(OTHER, uri="another", events=("contact.created",))]

    with pytest.raises(Conflict, match="The one that was to be replaced is deleted") as raised:
        on.replace()

    assert HAD in raised.value.message
    assert "just now: it has the events contact.created" in raised.value.hint


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit, RuntimeError])
@pytest.mark.parametrize("is_lost", [False, True])
def test_an_early_end_says_what_may_be_gone(ending: type[BaseException], is_lost: bool) -> None:
    secret = "https://hooks.example.com/4?token=secret-token"
    on = stage(replace(OTHER, callback_url=secret), makes_key=True)
    (on.desk.lost if is_lost else on.desk.refusals).append(ending())

    with pytest.raises(ending):
        on.replace()

    first, second = on.notices.warnings
    assert "nothing be delivered to https://hooks.example.com/4?token=[redacted]" in first
    assert HAD in first
    assert "--event invitee.canceled --scope organization" in first
    assert second == "the new signing key is kept in the drawer: it may be in use"
    assert on.place.kept == "new-key"


def test_an_early_end_of_a_deletion_is_told_too() -> None:
    on = stage(OTHER)
    on.desk.deletions = [(KeyboardInterrupt(), True)]

    with pytest.raises(KeyboardInterrupt):
        on.replace()

    assert HAD in on.notices.warnings[0]


def test_an_early_end_of_a_creation_keeps_the_key() -> None:
    on = stage(makes_key=True)
    on.desk.lost = [KeyboardInterrupt()]

    with pytest.raises(KeyboardInterrupt):
        on.create()

    assert "whether the subscription was created is not known" in on.notices.warnings[0]
    assert on.place.kept == "new-key"


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_deletion_that_took_effect_although_it_failed(doubt: Callable[[], PlatformError]) -> None:
    on = stage(OTHER)
    on.desk.deletions = [(doubt(), True)]

    assert on.replace().outcome is Outcome.DONE
    assert on.notices.notes == ["the answer was lost, but the subscription is deleted"]


@pytest.mark.parametrize("verb", [Verb.DELETE, Verb.REPLACE])
def test_a_deletion_that_took_no_effect(verb: Verb) -> None:
    on = stage(OTHER, makes_key=True)
    on.desk.deletions = [(gateway(), False)]

    with pytest.raises(PlatformError, match=r"It failed \(504\)\. The subscription is still there\."):
        on.subscriber.apply(Item(verb, wanted(4) if verb is Verb.REPLACE else None, OTHER, "as asked for"))

    assert on.desk.there == [OTHER]
    assert on.place.kept is None


def test_a_deletion_of_which_nothing_is_known() -> None:
    class Silent(FakeDesk):
        def subscription(self, identity: str) -> Subscription:
            raise lost()

    desk = Silent(OTHER)
    desk.deletions = [(lost(), True)]

    with pytest.raises(Unsure, match="may be deleted") as raised:
        Subscriber(desk, FakeNotices(), KEY).apply(Item(Verb.REPLACE, wanted(4), OTHER, "it differs"))

    assert HAD in raised.value.message
    assert "create it again" in raised.value.hint


def test_a_key_that_cannot_be_kept_deletes_nothing() -> None:
    on = stage(OTHER, makes_key=True)
    on.place.is_taken = True

    with pytest.raises(SupopsError, match="there is a key in the drawer"):
        on.replace()

    assert on.desk.changes == []
