"""Files that declare webhook subscriptions: what is read, and every mistake with its line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from supops.adapters.subscription_files import read_declared
from supops.config import expanded
from supops.errors import UsageError
from supops.models.subscriptions import Wanted

GOOD = """# What we want.
webhooks:
  - url: https://hooks.example.com/calendly?token=${TOKEN}
    events: [invitee.created, invitee.canceled]
    scope: organization
  - url: "https://hooks.example.com/recaps"
    events:
      - meeting_recap.created
    scope: user
  - {url: https://hooks.example.com/group, events: [contact.created], scope: group, group: "https://g.example.com/1"}
"""
WANTED = [
    Wanted(
        "https://hooks.example.com/calendly?token=t0ken",
        ("invitee.created", "invitee.canceled"),
        "organization",
    ),
    Wanted("https://hooks.example.com/recaps", ("meeting_recap.created",), "user"),
    Wanted("https://hooks.example.com/group", ("contact.created",), "group", "https://g.example.com/1"),
]
ONE = "  - url: https://a.example.com/1\n    events: [invitee.created]\n    scope: user\n"
Read = Callable[[str | bytes], list[Wanted]]


def expand(text: str) -> str:
    return expanded(text, {"TOKEN": "t0ken"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "webhooks.yaml"


@pytest.fixture
def read(path: Path) -> Read:
    def reader(content: str | bytes) -> list[Wanted]:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_declared(path, expand)

    return reader


def refusal(read: Read, content: str | bytes) -> UsageError:
    with pytest.raises(UsageError) as raised:
        read(content)
    return raised.value


def mistakes(read: Read, content: str) -> list[str]:
    return [line.strip() for line in refusal(read, content).message.splitlines()[1:]]


def test_yaml_with_variables_of_the_environment(read: Read) -> None:
    assert read(GOOD) == WANTED


@pytest.mark.parametrize("indent", [None, 1])
def test_json_too(read: Read, indent: int | None) -> None:
    entries = [
        {"url": one.callback_url, "events": list(one.events), "scope": one.scope, "group": one.group}
        for one in WANTED
    ]
    for entry in entries[:2]:
        del entry["group"]

    assert read(json.dumps({"webhooks": entries}, indent=indent)) == WANTED


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_however_an_editor_saved_it(read: Read, encoding: str) -> None:
    assert read(GOOD.replace("\n", "\r\n").encode(encoding)) == WANTED


def test_no_subscription_at_all_can_be_wanted(read: Read) -> None:
    assert read("webhooks: []\n") == []


def test_every_mistake_is_told_with_its_line_all_at_once(read: Read) -> None:
    content = """webhooks:
  - url: https://a.example.com/1
    events: invitee.created
    scope: everywhere
    secret: demo
  - just text
  - events: [invitee.created, [deep]]
    scope: {a: b}
  - url: https://a.example.com/2
    events: []
    scope: group
    group: [x]
  - url: https://a.example.com/1
    events: [invitee.created]
    scope: user
"""
    error = refusal(read, content)

    assert error.message.splitlines()[0].endswith("webhooks.yaml has mistakes:")
    assert mistakes(read, content) == [
        "webhooks.yaml:5: there is no key secret: known are url, events, scope, group",
        "webhooks.yaml:4: scope should be one of organization, user, group, and is everywhere",
        "webhooks.yaml:3: events should be a list of names",
        "webhooks.yaml:6: should have the keys url, events and scope",
        "webhooks.yaml:7: url is missing",
        "webhooks.yaml:8: scope should be text",
        "webhooks.yaml:7: events should be a list of names",
        "webhooks.yaml:10: events should be a list of names",
        "webhooks.yaml:12: group should be text",
        "webhooks.yaml:13: this address stands in line 2 already; each needs one of its own",
    ]
    assert "events: [invitee.created, invitee.canceled]" in error.hint


def test_addresses_that_are_missing_repeat_none(read: Read) -> None:
    content = "webhooks:\n" + 2 * "  - events: [invitee.created]\n    scope: user\n"

    assert mistakes(read, content) == ["webhooks.yaml:2: url is missing", "webhooks.yaml:4: url is missing"]


def test_a_key_that_stands_twice_is_a_mistake(read: Read) -> None:
    (mistake,) = mistakes(read, f"webhooks:\n{ONE}    events: [invitee.canceled]\n")

    assert "webhooks.yaml:5:" in mistake
    assert "events" in mistake


def test_a_list_that_stands_twice_is_a_mistake_and_not_half_a_list(read: Read) -> None:
    (mistake,) = mistakes(read, f"webhooks:\n{ONE}webhooks:\n{ONE.replace('/1', '/2')}")

    assert mistake == "webhooks.yaml:5: webhooks stands in line 1 already"


@pytest.mark.parametrize("events", ["[~]", "[invitee.created, ~]", "[null]", '[""]', "[]", "{a: b}", "~"])
def test_events_should_be_names(read: Read, events: str) -> None:
    assert mistakes(read, "webhooks:\n" + ONE.replace("[invitee.created]", events)) == [
        "webhooks.yaml:3: events should be a list of names"
    ]


def test_an_event_that_stands_twice_is_a_mistake(read: Read) -> None:
    events = "[contact.created, invitee.created, contact.created]"

    assert mistakes(read, "webhooks:\n" + ONE.replace("[invitee.created]", events)) == [
        "webhooks.yaml:3: events has contact.created more than once"
    ]


@pytest.mark.parametrize("url", ["~", "", "null", '""', "[a]", "{a: b}"])
def test_an_address_should_be_text(read: Read, url: str) -> None:
    assert mistakes(read, "webhooks:\n" + ONE.replace("https://a.example.com/1", url)) == [
        "webhooks.yaml:2: url should be text"
    ]


def test_a_repetition_on_the_same_line_is_told_too(read: Read) -> None:
    one = '{"url": "https://a.example.com/1", "events": ["invitee.created"], "scope": "user"}'

    (mistake,) = mistakes(read, f'{{"webhooks": [{one}, {one}]}}')

    assert "stands in line 1 already" in mistake


def test_each_repetition_of_an_address_is_told(read: Read) -> None:
    found = mistakes(read, "webhooks:\n" + 3 * ONE)

    assert [line.partition(":")[2].partition(":")[0] for line in found] == ["5", "8"]


def test_addresses_are_compared_with_their_variables_in_place(read: Read) -> None:
    again = ONE.replace("https://a.example.com/1", "https://a.example.com/${TOKEN}")
    (mistake,) = mistakes(
        read, f"webhooks:\n{again}" + ONE.replace("https://a.example.com/1", "https://a.example.com/t0ken")
    )

    assert "stands in line 2 already" in mistake
    assert "t0ken" not in mistake


def test_a_variable_that_is_not_set(read: Read) -> None:
    error = refusal(read, "webhooks:\n" + ONE.replace("/1", "/${ELSE}"))

    assert error.message.endswith("webhooks.yaml:2: The environment variable ELSE is not set, or empty.")


def test_what_stands_beside_a_variable_is_not_told() -> None:
    with pytest.raises(UsageError) as raised:
        expand("https://a.example.com/services/literal-secret?token=other-secret&x=${ELSE}")

    assert "secret" not in raised.value.message + raised.value.hint
    assert "${ELSE}" in raised.value.hint


def test_a_variable_that_is_not_set_is_one_mistake_among_others(read: Read) -> None:
    error = refusal(read, "webhooks:\n" + ONE.replace("/1", "/${ELSE}") + "  - just text\n")

    assert "webhooks.yaml:2" in error.message
    assert "webhooks.yaml:5: should have the keys" in error.message


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "webhooks",
        "webhooks:\n",
        "webhooks: https://a.example.com/1\n",
        "webhooks: {url: https://a.example.com/1}\n",
        ONE,
        "[]",
        "3",
        f"webhooks:\n{ONE}signing_key: demo\n",
        f"subscriptions:\n{ONE}",
    ],
)
def test_what_is_no_list_of_subscriptions_is_told_with_an_example(
    read: Read, path: Path, content: str
) -> None:
    error = refusal(read, content)

    assert error.message == f"{path} is no list of subscriptions."
    assert "- url: https://hooks.example.com/calendly" in error.hint


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"webhooks:\n  - url: [\n", 3),
        (b"webhooks:\n\t- url: x\n", 2),
        (b"webhooks: []\n---\nwebhooks: []\n", 2),
        (b"webhooks: []\n# \xff\n", 2),
        (b"webhooks: [*none]\n", 1),
        (b"webhooks: " + b"[" * 100 + b"]" * 100, 1),
        (b"#" * 300_000, 1),
    ],
    ids=range(7),
)
def test_what_is_no_yaml_is_told_with_the_line(read: Read, path: Path, content: bytes, line: int) -> None:
    message = refusal(read, content).message

    assert message.startswith(f"{path}:{line}: ")
    assert len(message) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("name", "says"), [("missing.yaml", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(UsageError, match=f"can't be read: {says}"):
        read_declared(tmp_path / name, expand)
