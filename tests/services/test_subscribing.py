"""Subscribing with a scheduler in memory: what is listed, planned, done, and said when it fails."""

from dataclasses import replace

import pytest

from supops.errors import Conflict, Forbidden, NetworkError, PlatformError, UsageError
from supops.models.secrets import Secret
from supops.models.subscriptions import EVENTS, SCOPES, Subscription, Wanted, problems_of, token_scopes
from supops.services.subscribing import Item, Outcome, Subscriber, Verb, check, check_event, not_mirrored
from tests.fakes.calendly import ACCOUNT, FakeDesk, subscription
from tests.fakes.console import FakeNotices

URL = "https://hooks.example.com/{}"
GROUP = "https://api.calendly.com/groups/G1"
KEY = Secret("secret-key", "KEY")


def wanted(number: int, *events: str, scope: str = "organization", group: str | None = None) -> Wanted:
    return Wanted(URL.format(number), events or ("invitee.created",), scope, group)


ONE = subscription(1, URL.format(1))
OWN = subscription(2, URL.format(2), scope="user", user=ACCOUNT.uri)
OF_ANOTHER = replace(OWN, user="another")
OF_GROUP = subscription(3, URL.format(3), scope="group", group=GROUP)
OTHER = subscription(4, URL.format(4), ("invitee.canceled",))
DISABLED = subscription(5, URL.format(5), state="disabled")


def on(desk: FakeDesk, key: Secret | None = None) -> Subscriber:
    return Subscriber(desk, FakeNotices(), key)


def told(subscriber: Subscriber) -> str:
    assert isinstance(subscriber.notices, FakeNotices)
    return subscriber.notices.everything


def verbs(items: list[Item]) -> list[str]:
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
    assert desk.asked == ["account", *(f"list {one}" for one in asked.split())]


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

    assert ", ".join(verbs(on(desk).plan(PLANNED, prune=prune))) == order
    assert desk.changes == []


def test_each_item_of_a_plan_says_why() -> None:
    items = on(FakeDesk(ONE, OWN, OTHER, DISABLED)).plan(PLANNED, prune=False)

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
    (item,) = on(FakeDesk(ONE)).plan([one], prune=False)

    assert (item.verb, item.why) == (verb, why)


def test_groups_that_are_declared_are_looked_at() -> None:
    other_group = f"{GROUP}2"
    there = subscription(8, URL.format(8), scope="group", group=other_group)
    declared = [wanted(3, scope="group", group=GROUP), wanted(9, scope="group", group=other_group)]

    items = on(FakeDesk(OF_GROUP, there)).plan(declared, prune=True)

    assert verbs(items) == ["create 9", "keep 3", "delete 8"]


def test_pruning_needs_to_see_everything() -> None:
    subscriber = on(FakeDesk(ONE, OWN, forbidden=["organization"]))

    assert verbs(subscriber.plan([], prune=False)) == ["leave 2"]
    with pytest.raises(Forbidden):
        subscriber.plan([], prune=True)


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


def made_on(desk: FakeDesk, *events: str, key: Secret | None = None) -> Item:
    return on(desk, key).apply(on(desk).plan_one(wanted(1, *events)))


def test_creating_gives_the_key_and_what_was_made() -> None:
    desk = FakeDesk()

    done = made_on(desk, key=KEY)

    assert (done.outcome, done.differences, done.made) == (Outcome.DONE, (), desk.there[0])
    assert list(desk.signing_keys.values()) == ["secret-key"]
    assert not_mirrored([done]) is None


def test_replacing_deletes_first_for_an_address_is_taken_once() -> None:
    desk = FakeDesk(OTHER)

    on(desk).apply(on(desk).plan_one(wanted(4), replace_it=True))

    assert desk.changes == ["delete S4", f"create {URL.format(4)}"]


def test_an_answer_that_does_not_mirror_the_request_is_told() -> None:
    desk = FakeDesk()
    desk.forgets_events = ("invitee.canceled",)

    error = not_mirrored([made_on(desk, "invitee.created", "invitee.canceled")])

    assert error is not None
    assert "events should be ['invitee.canceled', 'invitee.created'] and is ['invitee.created']" in str(error)
    assert "webhooks list" in error.hint


@pytest.mark.parametrize(("scope", "own"), [("organization", []), ("user", ["user"]), ("group", ["group"])])
def test_all_is_compared_and_told_without_tokens(scope: str, own: list[str]) -> None:
    other = subscription(9, "https://x.example.com/?token=secret-token", scope="other", state="disabled")

    class Elsewhere(FakeDesk):
        def create(self, *_: object) -> Subscription:
            return replace(other, organization="another", user="another", group="another")

    one = wanted(1, scope=scope, group=GROUP if scope == "group" else None)
    done = on(Elsewhere()).apply(Item(Verb.CREATE, one, None, "not there yet"))

    named = [difference.partition(" ")[0] for difference in done.differences]
    assert named == ["callback_url", "scope", "organization", "state", *own]
    assert "secret-token" not in str(not_mirrored([done]))


def test_a_lost_answer_is_found_again() -> None:
    desk = FakeDesk()
    desk.loses_answer = True
    subscriber = on(desk)

    done = subscriber.apply(subscriber.plan_one(wanted(1)))

    assert (done.outcome, done.made) == (Outcome.DONE, desk.there[0])
    assert told(subscriber) == "the answer was lost, but the subscription was created"
    assert len(desk.changes) == 1


def test_no_answer_and_nothing_made_is_an_error() -> None:
    desk = FakeDesk()
    desk.refusals = [NetworkError("no answer arrived")]

    with pytest.raises(NetworkError):
        made_on(desk)


def test_an_address_that_others_have_is_told() -> None:
    desk = FakeDesk()
    desk.foreign_addresses = {URL.format(1)}

    with pytest.raises(Conflict) as raised:
        made_on(desk)

    assert "another user or group, or to an app" in raised.value.hint


def refused() -> PlatformError:
    return PlatformError("Calendly refused.")


def refusal_of_a_replacement(desk: FakeDesk, *refusals: PlatformError, key: Secret | None = None) -> str:
    desk.refusals = list(refusals)
    (old,) = desk.there
    with pytest.raises(PlatformError) as raised:
        on(desk, key).apply(Item(Verb.REPLACE, wanted(4, scope=old.scope), old, "it has other events"))
    return raised.value.message


@pytest.mark.parametrize(
    ("key", "how"), [(KEY, "with the signing key that is given now"), (None, "without a signing key")]
)
def test_one_that_could_not_be_replaced_is_put_back(key: Secret | None, how: str) -> None:
    desk = FakeDesk(OTHER)

    message = refusal_of_a_replacement(desk, refused(), key=key)

    assert [(one.callback_url, one.events) for one in desk.there] == [(OTHER.callback_url, OTHER.events)]
    assert message == f"Calendly refused. The one that was to be replaced was put back, {how}."


@pytest.mark.parametrize(
    ("refusals", "old", "says"),
    [
        (
            [refused(), refused()],
            OTHER,
            "is deleted: nothing is delivered to https://hooks.example.com/4 now.",
        ),
        ([refused()], OF_ANOTHER, "is deleted: nothing is delivered to https://hooks.example.com/2 now."),
        ([NetworkError("Lost.")], OTHER, "is deleted, and whether the new one was created is not known."),
    ],
)
def test_one_that_could_not_be_put_back_is_told(
    refusals: list[PlatformError], old: Subscription, says: str
) -> None:
    desk = FakeDesk(old)

    assert refusal_of_a_replacement(desk, *refusals).endswith(f"The one that was to be replaced {says}")
    assert desk.there == []


def test_carrying_out_stops_at_the_first_failure() -> None:
    desk = FakeDesk(ONE, OWN, OTHER)
    desk.refusals = [None, refused()]
    subscriber = on(desk)

    items, error = subscriber.carry_out(subscriber.plan([wanted(6), wanted(7), wanted(1)], prune=True))

    assert verbs(items) == ["create 6", "create 7", "keep 1", "delete 2", "delete 4"]
    assert [str(item.outcome) for item in items] == ["done", "failed", "planned", "not-tried", "not-tried"]
    assert (str(error), items[1].problem) == ("Calendly refused.", "Calendly refused.")
    assert desk.changes == [f"create {URL.format(6)}", f"create {URL.format(7)}"]


def test_a_plan_that_was_carried_out_is_all_kept_the_next_time() -> None:
    subscriber = on(FakeDesk(ONE, OWN, OTHER, DISABLED))

    _, error = subscriber.carry_out(subscriber.plan(PLANNED, prune=True))

    assert error is None
    assert {item.verb for item in subscriber.plan(PLANNED, prune=True)} == {Verb.KEEP}


# From the platform's documentation: what may not be, all else may.
NOT_ALLOWED = {
    **{f"meeting_recap.{verb}": {"organization", "group"} for verb in ("created", "updated", "deleted")},
    "routing_form_submission.created": {"user", "group"},
}


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("event", EVENTS)
def test_each_event_has_the_scopes_that_it_may_have(event: str, scope: str) -> None:
    problems = problems_of(wanted(1, event, scope=scope, group=GROUP if scope == "group" else None))

    if scope in NOT_ALLOWED.get(event, set()):
        (problem,) = problems
        assert f"{event} is delivered to subscriptions of the scope" in problem
        assert "with an address of its own" in problem
    else:
        assert problems == []


SECURE = [
    "https://hooks.example.com/x?token=1",
    "http://127.0.0.1:80/",
    "http://[::1]/",
    "http://localhost/x",
]
OPEN = ["http://hooks.example.com/x", "http://localhost.example.com/", "http://127.0.0.1.example.com/"]
NONE = [
    "",
    "https://",
    "hooks.example.com",
    "ftp://a.example.com/",
    "https://a.example.com/a b",
    "https://[x/?token=tok",
]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        *((url, "") for url in SECURE),
        *((url, "without TLS") for url in OPEN),
        *((url, "is no address") for url in NONE),
    ],
)
def test_addresses_that_deliveries_can_go_to(url: str, says: str) -> None:
    problems = problems_of(replace(wanted(1), callback_url=url))

    assert len(problems) == bool(says)
    assert says in "".join(problems)
    assert "token=tok" not in "".join(problems)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (Wanted(URL, (), "user"), "No event is named: known are invitee.created"),
        (wanted(1, "invitee.cancelled"), "Did you mean invitee.canceled?"),
        (wanted(1, "zzz"), "There is no event 'zzz' that we know of. --allow-unknown-event"),
        (wanted(1, scope="team"), "There is no scope 'team': known are organization, user, group"),
        (wanted(1, scope="group"), "The scope group needs the group's URI: --group"),
    ],
)
def test_what_makes_no_sense_is_refused(one: Wanted, says: str) -> None:
    with pytest.raises(UsageError) as raised:
        check([wanted(2), one])

    assert says in raised.value.message


def test_all_that_makes_no_sense_is_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        check([wanted(1, "x", scope="team"), replace(wanted(2), callback_url="")])

    assert len(raised.value.message.splitlines()) == 4
    check([wanted(1, "invitee.rescued")], allow_unknown_events=True)


@pytest.mark.parametrize(
    ("event", "meant"), [("invitee.cancelled", "Did you mean invitee.canceled? "), ("zzz", "")]
)
def test_an_event_that_there_is_not(event: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"There is no event '{event}' that we know of") as raised:
        check_event(event)

    assert raised.value.hint.startswith(f"{meant}Known are invitee.created, ")
    check_event("invitee.created")


def test_the_scopes_that_a_token_needs() -> None:
    events = ("contact.created", "invitee.created", "contact.deleted", "newer.event")

    assert token_scopes(events) == ("users:read", "webhooks:write", "contacts:read", "scheduled_events:read")
