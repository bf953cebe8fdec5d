"""What is wanted beside what is there: differences, and what makes no sense."""

from dataclasses import replace

import pytest

from supops.errors import UsageError
from supops.models.subscriptions import Wanted
from supops.services.comparing import Item, Verb, check, check_event, differences, not_mirrored, sampled_scope
from tests.fakes.calendly import ACCOUNT, subscription
from tests.subscriptions import GROUP, URL, wanted


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


@pytest.mark.parametrize(("scope", "own"), [("organization", []), ("user", ["user"]), ("group", ["group"])])
def test_all_is_compared_and_told_without_tokens(scope: str, own: list[str]) -> None:
    other = subscription(9, "https://x.example.com/?token=secret-token", scope="other", state="disabled")
    other = replace(other, organization="another", user="another", group="another")
    one = wanted(1, scope=scope, group=GROUP if scope == "group" else None)

    found = differences(one, ACCOUNT, other)

    assert [difference.partition(" ")[0] for difference in found] == [
        "callback_url",
        "scope",
        "organization",
        "state",
        *own,
    ]
    assert "secret-token" not in "".join(found)


def test_a_difference_in_what_is_not_shown_is_told_all_the_same() -> None:
    one = replace(wanted(1), callback_url="https://x.example.com/?token=first-token")
    made = subscription(9, "https://x.example.com/?token=other-token")

    (found,) = differences(one, ACCOUNT, made)

    assert found == (
        "callback_url differs from 'https://x.example.com/?token=[redacted]' in a part that is not shown"
    )


def test_an_answer_that_does_not_mirror_the_request_is_an_error() -> None:
    one = wanted(1, "invitee.created", "invitee.canceled")
    found = differences(one, ACCOUNT, subscription(1, URL.format(1)))

    error = not_mirrored([Item(Verb.CREATE, one, None, "not there yet", differences=found)])

    assert error is not None
    assert "events should be ['invitee.canceled', 'invitee.created'] and is ['invitee.created']" in str(error)
    assert "webhooks list" in error.hint


@pytest.mark.parametrize(
    ("event", "scope", "group", "chosen"),
    [
        ("invitee.created", None, None, "organization"),
        ("meeting_recap.created", None, None, "user"),
        ("invitee.created", "user", None, "user"),
        ("invitee.created", None, GROUP, "group"),
    ],
)
def test_a_sample_is_of_a_scope_that_the_event_has(
    event: str, scope: str | None, group: str | None, chosen: str
) -> None:
    assert sampled_scope(event, scope, group) == chosen


@pytest.mark.parametrize(
    ("event", "scope", "group", "says"),
    [
        ("invitee.rescued", None, None, "no event 'invitee.rescued'"),
        ("meeting_recap.created", "organization", None, "of the scope user only"),
        ("invitee.created", "group", None, "needs the group's URI"),
        ("invitee.created", "user", GROUP, "goes with the scope group only"),
    ],
)
def test_a_sample_that_there_is_not(event: str, scope: str | None, group: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        sampled_scope(event, scope, group)
    assert sampled_scope("invitee.rescued", None, None, allow_unknown_events=True) == "organization"
