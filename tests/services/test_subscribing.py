"""Subscribing with a scheduler in memory: what is listed, planned, done, and said when it fails."""

from collections.abc import Sequence

import pytest

from supops.errors import Conflict, Forbidden, PlatformError, Rejected, UsageError
from supops.models.secrets import Secret
from supops.models.subscriptions import SCOPES, Subscription, Wanted
from supops.services.comparing import Item, Outcome, Verb
from supops.services.subscribing import Subscriber
from tests.fakes.calendly import FakeDesk, subscription
from tests.fakes.console import FakeNotices
from tests.fakes.secrets import FakeKeyPlace
from tests.subscriptions import DISABLED, GROUP, KEY, OF_GROUP, ONE, OTHER, OWN, URL, wanted


def on(desk: FakeDesk, key: Secret | None = KEY, place: FakeKeyPlace | None = None) -> Subscriber:
    return Subscriber(desk, FakeNotices(), None if place else key, place)


def told(subscriber: Subscriber) -> str:
    assert isinstance(subscriber.notices, FakeNotices)
    return subscriber.notices.everything


def verbs(items: Sequence[Item]) -> list[str]:
    """Return what is done with which number."""
    urls = [(item.wanted or item.existing or ONE).callback_url for item in items]
    return [f"{item.verb} {url.rpartition('/')[2]}" for item, url in zip(items, urls, strict=True)]


@pytest.mark.parametrize(
    ("scope", "group", "asked", "ids"),
    [
        ("all", None, "organization user", "S1 S2 S4"),
        ("all", GROUP, "organization user group", "S1 S2 S3 S4"),
        ("organization", None, "organization", "S1 S4"),
        ("user", None, "user", "S2"),
        ("group", GROUP, "group", "S3"),
    ],
)
def test_each_scope_is_listed_oldest_first(scope: str, group: str | None, asked: str, ids: str) -> None:
    desk = FakeDesk(OTHER, OF_GROUP, OWN, ONE)

    listing = on(desk).list_scope(scope, group)

    assert " ".join(one.id for one in listing.subscriptions) == ids
    assert listing.missing == ()
    assert listing.scopes == tuple(asked.split())
    assert desk.asked == ["account", *(f"list {one}" for one in asked.split())]


@pytest.mark.parametrize(
    ("scope", "group", "is_told"), [("all", None, True), ("all", GROUP, False), ("user", None, False)]
)
def test_groups_that_are_not_named_are_not_listed_and_that_is_told(
    scope: str, group: str | None, is_told: bool
) -> None:
    subscriber = on(FakeDesk())

    assert subscriber.list_scope(scope, group).missing == ()

    assert ("--group URI adds them" in told(subscriber)) == is_told


def test_a_group_has_to_be_named() -> None:
    with pytest.raises(UsageError, match="for a named group") as raised:
        on(FakeDesk()).list_scope("group")

    assert "--group" in raised.value.hint


def test_what_may_not_be_listed_is_told_beside_the_rest() -> None:
    listing = on(FakeDesk(ONE, OWN, forbidden=["organization"])).list_scope()

    assert listing.subscriptions == (OWN,)
    assert listing.missing == ("the subscriptions of the organization: the organization's may not be listed",)


@pytest.mark.parametrize("scope", ["all", "organization"])
def test_nothing_that_could_be_listed_is_an_error(scope: str) -> None:
    with pytest.raises(Forbidden):
        on(FakeDesk(ONE, forbidden=SCOPES)).list_scope(scope)


PLANNED = [wanted(6), wanted(1), wanted(4), wanted(5), wanted(7)]


@pytest.mark.parametrize(
    ("prune", "order"),
    [
        (False, "create 6, create 7, keep 1, leave 2, replace 4, replace 5"),
        (True, "create 6, create 7, keep 1, replace 4, replace 5, delete 2"),
    ],
)
def test_a_plan_leaves_the_shortest_gaps(prune: bool, order: str) -> None:
    desk = FakeDesk(ONE, OWN, OTHER, DISABLED)

    assert ", ".join(verbs(on(desk).plan(PLANNED, prune=prune).items)) == order
    assert desk.changes == []


def test_each_item_of_a_plan_says_why() -> None:
    items = on(FakeDesk(ONE, OWN, OTHER, DISABLED)).plan(PLANNED, prune=False).items

    assert [item.why for item in items[1:]] == [
        "not there yet",
        "already as it should be",
        "not declared; --prune deletes it",
        "it has the events invitee.canceled",
        "it is disabled, after a day of failed deliveries, and has to be created again",
    ]


@pytest.mark.parametrize(
    ("one", "verb", "why"),
    [
        (wanted(1, "invitee.created", "invitee.created"), Verb.KEEP, "already as it should be"),
        (wanted(1, scope="user"), Verb.REPLACE, "it has the scope organization"),
        (wanted(1, "contact.created"), Verb.REPLACE, "it has the events invitee.created"),
    ],
)
def test_how_one_that_is_there_differs(one: Wanted, verb: Verb, why: str) -> None:
    (item,) = on(FakeDesk(ONE)).plan([one], prune=False).items

    assert (item.verb, item.why) == (verb, why)


def test_groups_that_are_declared_are_looked_at() -> None:
    other_group = f"{GROUP}2"
    there = subscription(8, URL.format(8), scope="group", group=other_group)
    declared = [wanted(3, scope="group", group=GROUP), wanted(9, scope="group", group=other_group)]

    desk = FakeDesk(OF_GROUP, there)

    assert verbs(on(desk).plan(declared, prune=True).items) == ["create 9", "keep 3", "delete 8"]
    assert desk.asked == ["account", "list organization", "list user", "list group", "list group"]


def test_pruning_needs_to_see_everything() -> None:
    subscriber = on(FakeDesk(ONE, OWN, forbidden=["organization"]))

    assert verbs(subscriber.plan([], prune=False).items) == ["leave 2"]
    with pytest.raises(Forbidden):
        subscriber.plan([], prune=True)


@pytest.mark.parametrize(
    ("forbidden", "declared"),
    [
        ("organization", wanted(1)),
        ("user", wanted(2, scope="user")),
        ("group", wanted(3, scope="group", group=GROUP)),
    ],
)
@pytest.mark.parametrize("is_one", [False, True])
def test_what_is_declared_for_a_scope_that_cannot_be_seen_is_not_taken_for_missing(
    forbidden: str, declared: Wanted, is_one: bool
) -> None:
    subscriber = on(FakeDesk(ONE, OWN, OF_GROUP, forbidden=[forbidden]))

    with pytest.raises(Forbidden, match="nothing can be decided about what is wanted there"):
        subscriber.plan_one(declared) if is_one else subscriber.plan([declared], prune=False)


def test_a_plan_says_what_else_could_not_be_seen() -> None:
    plan = on(FakeDesk(ONE, OWN, forbidden=["organization"])).plan([wanted(2, scope="user")], prune=False)

    assert verbs(plan.items) == ["keep 2"]
    assert plan.missing == ("the subscriptions of the organization: the organization's may not be listed",)


@pytest.mark.parametrize(
    ("there", "declared", "says"),
    [
        ((), wanted(1), "deliveries will be unsigned"),
        ((OTHER,), wanted(4), "Those of the one that is replaced may have been signed."),
        ((ONE,), wanted(1), ""),
    ],
)
def test_that_there_is_no_key_is_told_before_anybody_is_asked(
    there: tuple[Subscription, ...], declared: Wanted, says: str
) -> None:
    for plans in (False, True):
        subscriber = on(FakeDesk(*there), None)
        subscriber.plan([declared], prune=False) if plans else subscriber.plan_one(declared, replace_it=True)

        assert says in told(subscriber)
        assert bool(told(subscriber)) == bool(says)


def test_whether_a_new_key_can_be_kept_is_looked_at_with_the_plan() -> None:
    place = FakeKeyPlace(is_taken=True)

    with pytest.raises(UsageError, match="in the drawer"):
        on(FakeDesk(), place=place).plan_one(wanted(1), has_new_key=True)
    assert on(FakeDesk(ONE), place=place).plan_one(wanted(1), has_new_key=True).verb is Verb.KEEP


def test_the_one_that_is_wanted_is_picked_among_others() -> None:
    # Those that are left come before a replacement in a plan.
    desk = FakeDesk(ONE, OWN, OTHER, DISABLED)

    item = on(desk).plan_one(wanted(4), replace_it=True)

    assert (item.verb, item.existing) == (Verb.REPLACE, OTHER)


@pytest.mark.parametrize(("number", "why"), [(4, "it has the events"), (5, "it is disabled")])
def test_another_one_with_the_address_is_not_replaced_unasked(number: int, why: str) -> None:
    with pytest.raises(Conflict, match=rf"already \(S{number}\): {why}") as raised:
        on(FakeDesk(OTHER, DISABLED)).plan_one(wanted(number))

    assert "--replace" in raised.value.hint
    assert "?v=2" in raised.value.hint


@pytest.mark.parametrize(
    ("replace_it", "has_new_key", "verb", "is_told"),
    [
        (False, False, Verb.KEEP, False),
        (True, False, Verb.KEEP, False),
        (False, True, Verb.KEEP, True),
        (True, True, Verb.REPLACE, False),
    ],
)
def test_another_key_replaces_only_where_that_is_asked_for(
    replace_it: bool, has_new_key: bool, verb: Verb, is_told: bool
) -> None:
    subscriber = on(FakeDesk(ONE))
    item = subscriber.plan_one(wanted(1), replace_it=replace_it, has_new_key=has_new_key)

    assert item.verb is verb
    assert ("it keeps the signing key it has" in told(subscriber)) == is_told


def test_carrying_out_stops_at_the_first_failure() -> None:
    desk = FakeDesk(ONE, OWN, OTHER)
    desk.refusals = [None, Rejected("Calendly refused.")]
    subscriber = on(desk)

    items, error = subscriber.carry_out(subscriber.plan([wanted(6), wanted(7), wanted(1)], prune=True).items)

    assert verbs(items) == ["create 6", "create 7", "keep 1", "delete 2", "delete 4"]
    assert [str(item.outcome) for item in items] == ["done", "failed", "planned", "not-tried", "not-tried"]
    assert (str(error), items[1].problem) == ("Calendly refused.", "Calendly refused.")
    assert desk.changes == [f"create {URL.format(6)}", f"create {URL.format(7)}"]


def test_nothing_is_deleted_after_something_that_was_created_otherwise() -> None:
    desk = FakeDesk(ONE)
    desk.forgets_events = ("invitee.created",)

    items, error = on(desk).carry_out(on(desk).plan([wanted(6)], prune=True).items)

    assert "Calendly created something else than was asked for" in str(error)
    assert [str(item.outcome) for item in items] == ["done", "not-tried"]
    assert items[0].mirrored is False
    assert ONE in desk.there


def test_groups_that_nobody_names_are_not_pruned_and_that_is_said() -> None:
    subscriber = on(FakeDesk(ONE))

    subscriber.plan([wanted(1)], prune=True)

    assert "those of other groups stay" in told(subscriber)


def test_a_plan_that_was_carried_out_is_all_kept_the_next_time() -> None:
    subscriber = on(FakeDesk(ONE, OWN, OTHER, DISABLED))

    _, error = subscriber.carry_out(subscriber.plan(PLANNED, prune=True).items)

    assert error is None
    assert {item.verb for item in subscriber.plan(PLANNED, prune=True).items} == {Verb.KEEP}


def test_one_that_is_to_be_deleted_is_looked_at_first() -> None:
    desk = FakeDesk(ONE, OWN)
    subscriber = on(desk)

    found, item = subscriber.plan_deletion(ONE.id)

    assert (found, desk.changes) == (ONE, [])
    assert subscriber.apply(item).outcome is Outcome.DONE
    assert desk.there == [OWN]


def test_a_list_that_still_shows_the_deleted_one_is_not_taken_for_success() -> None:
    class Stale(FakeDesk):
        def subscriptions(self, *_: object) -> tuple[Subscription, ...]:
            return (OTHER,)

    desk = Stale(OTHER)
    desk.refusals = [PlatformError("It failed (504).")]

    done = on(desk).apply(Item(Verb.REPLACE, wanted(4), OTHER, "it differs"))

    assert desk.there == [done.made]
    assert done.differences == ()
