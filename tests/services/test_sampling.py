"""Samples: changed by path, and sent only where that is safe."""

import pytest

from supops.errors import UsageError
from supops.services.sampling import checked_address, known_event, local_address, with_values

DOCUMENT = {"event": "e", "payload": {"list": [{"name": "a"}, {"name": "b"}], "empty": [], "key": None}}
SENDERS = {"invitee.created": "calendly", "ticket.created": "zendesk"}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("payload.list.1.name=US Federal", "US Federal"),
        ('payload.list.1.name="quoted"', "quoted"),
        ("payload.list.1.name=4711", 4711),
        ("payload.list.1.name=a=b", "a=b"),
        ("payload.list.1.name=", ""),
        ("payload.list.1.name=null", None),
        ('payload.list.1.name={"a": [1]}', {"a": [1]}),
    ],
)
def test_a_value_is_changed(setting: str, expected: object) -> None:
    changed = with_values(DOCUMENT, [setting])

    assert changed == {
        "event": "e",
        "payload": {"list": [{"name": "a"}, {"name": expected}], "empty": [], "key": None},
    }
    assert DOCUMENT["payload"]["list"][1] == {"name": "b"}  # type: ignore[index]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("payload.lists.0.name=x", r"no 'lists' in payload\. Did you mean payload\.list\?"),
        ("payload.list.2.name=x", "no '2' in payload.list"),
        ("payload.list.first=x", "no 'first' in payload.list"),
        ("payload.empty.0=x", "no '0' in payload.empty"),
        ("payload.key.x=1", "payload.key has nothing inside"),
        ("evnt=x", r"no 'evnt' at the top\. Did you mean event\?"),
        ("event", "is no PATH=VALUE"),
        ("=x", "is no PATH=VALUE"),
        ("payload..list=x", "no '' in payload"),
    ],
)
def test_a_path_that_leads_nowhere(setting: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        with_values(DOCUMENT, [setting])


def test_events_and_whose_they_are() -> None:
    assert known_event("invitee.created", None, SENDERS) == "calendly"
    assert known_event("ticket.created", "zendesk", SENDERS) == "zendesk"
    with pytest.raises(UsageError, match=r"Did you mean invitee\.created\?"):
        known_event("invitee.creatd", None, SENDERS)
    with pytest.raises(UsageError, match="is no event of zendesk"):
        known_event("invitee.created", "zendesk", SENDERS)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080/c"),
        ("0.0.0.0", "http://127.0.0.1:8080/c"),
        ("::", "http://[::1]:8080/c"),
        ("localhost", "http://localhost:8080/c"),
        ("10.0.0.5", "http://10.0.0.5:8080/c"),
    ],
)
def test_where_the_receiver_on_this_machine_is(host: str, expected: str) -> None:
    assert local_address(host, 8080, "/c") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:99", "http://127.0.0.1:99/c"),
        ("http://localhost:99/", "http://localhost:99/c"),
        ("http://[::1]:99/x", "http://[::1]:99/x"),
        ("https://hooks.example.com/calendly?v=2", "https://hooks.example.com/calendly?v=2"),
        ("https://hooks.example.com", "https://hooks.example.com/c"),
    ],
)
def test_addresses_that_are_good(url: str, expected: str) -> None:
    assert checked_address(url, "/c") == expected


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.com/calendly", "without TLS"),
        ("http://127.0.0.1.example.com/", "without TLS"),
        ("ftp://127.0.0.1/", "is no address"),
        ("hooks.example.com", "is no address"),
        ("https://", "is no address"),
        ("https://[", "is no address"),
        ("https://a b/", "spaces"),
        ("https://user:secret@hooks.example.com/", "a user before the host"),
        ("https://hooks.example.com/#x", "part after #"),
    ],
)
def test_addresses_that_are_not(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        checked_address(url, "/c")
    assert "secret" not in caught.value.message
