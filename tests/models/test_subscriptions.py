"""What may be asked for: addresses, scopes and events, as Calendly's documentation has them."""

from dataclasses import replace

import pytest

from supops.models.subscriptions import EVENTS, SCOPES, problems_of, token_scopes
from tests.subscriptions import GROUP, wanted

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
    "https://[x/?token=tok",
    "https://a.example.com:99999/?token=tok",
    "https://a.example.com:x/",
    "https://a.example.com:0/",
]
UNSEEN = [
    "https://a.example.com/a b?token=tok",
    "https://a.example.com/\n",
    "https://a.example.com/\x07",
    "https://a.example.com/\u202e?token=tok",
    " https://a.example.com/",
]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        *((url, "") for url in SECURE),
        *((url, "without TLS") for url in OPEN),
        *((url, "is no address") for url in NONE),
        *((url, "control characters or direction marks") for url in UNSEEN),
        ("https://user:tok@a.example.com/?token=tok", "a user or a password"),
        ("https://a.example.com/?token=tok#part", "a part after #"),
        ("https://a.example.com/#", "a part after #"),
    ],
)
def test_addresses_that_deliveries_can_go_to(url: str, says: str) -> None:
    problems = problems_of(replace(wanted(1), callback_url=url))

    assert len(problems) == bool(says)
    assert says in "".join(problems)
    assert "token=tok" not in "".join(problems)


@pytest.mark.parametrize("scope", ["organization", "user"])
def test_a_group_goes_with_the_scope_group_only(scope: str) -> None:
    (problem,) = problems_of(wanted(1, scope=scope, group=GROUP))

    assert problem == f"a group goes with the scope group only, and this one has the scope {scope}"


def test_the_scopes_that_a_token_needs() -> None:
    events = ("contact.created", "invitee.created", "contact.deleted", "newer.event")

    assert token_scopes(events) == ("users:read", "webhooks:write", "contacts:read", "scheduled_events:read")
