"""Webhook subscriptions as a file declares them: a list of addresses, each with its events and scope."""

from collections.abc import Callable
from pathlib import Path

from supops.adapters.yaml_files import Mapping, Node, Scalar, Sequence, YamlError, read_yaml
from supops.errors import UsageError
from supops.models.subscriptions import SCOPES, Wanted

KEYS = ("url", "events", "scope", "group")
SHAPE = """It should look like this:
  webhooks:
    - url: https://hooks.example.com/calendly
      events: [invitee.created, invitee.canceled]
      scope: organization"""


def read_declared(path: Path, expand: Callable[[str], str]) -> list[Wanted]:
    """Read a file of declared subscriptions.

    Args:
        path: A YAML or JSON file with the one key ``webhooks``.
        expand: Puts environment variables into addresses.

    Raises:
        UsageError: It can't be read, or has mistakes: all of them are in the message, with their lines.
    """
    try:
        node = read_yaml(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except YamlError as error:
        raise UsageError(f"{path}:{error.line}: {error}") from None
    webhooks = node.items.get("webhooks") if isinstance(node, Mapping) else None
    if not isinstance(webhooks, Sequence) or not isinstance(node, Mapping) or len(node.items) > 1:
        raise UsageError(f"{path} is no list of subscriptions.", hint=SHAPE)
    reader = _Reader(path, expand)
    reader.check_repeated(node)
    declared = [reader.wanted(entry) for entry in webhooks.items]
    if reader.mistakes:
        raise UsageError("\n".join([f"{path} has mistakes:", *reader.mistakes]), hint=SHAPE)
    return [wanted for wanted in declared if wanted is not None]


class _Reader:
    def __init__(self, path: Path, expand: Callable[[str], str]) -> None:
        self._path = path
        self._expand = expand
        self._addresses: dict[str, int] = {}
        self.mistakes: list[str] = []

    def wanted(self, entry: Node) -> Wanted | None:
        if not isinstance(entry, Mapping):
            self._mistake(entry, "should have the keys url, events and scope")
            return None
        for key in entry.items:
            if key not in KEYS:
                self._mistake(entry.items[key], f"there is no key {key}: known are {', '.join(KEYS)}")
        self.check_repeated(entry)
        address = self._text(entry, "url", required=True)
        if address:
            address = self._address(entry, address)
        scope = self._text(entry, "scope", required=True)
        if scope and scope not in SCOPES:
            self._mistake(entry.items["scope"], f"scope should be one of {', '.join(SCOPES)}, and is {scope}")
        return Wanted(address, self._events(entry), scope, self._text(entry, "group") or None)

    def check_repeated(self, entry: Mapping) -> None:
        for key, line in entry.repeated:
            self.mistakes.append(
                f"  {self._path.name}:{line}: {key} stands in line {entry.key_lines[key]} already"
            )

    def _address(self, entry: Mapping, written: str) -> str:
        try:
            address = self._expand(written)
        except UsageError as error:
            self._mistake(entry.items["url"], error.message)
            return ""
        if address in self._addresses:
            line = self._addresses[address]
            self._mistake(entry, f"this address stands in line {line} already; each needs one of its own")
        else:
            self._addresses[address] = entry.line
        return address

    def _text(self, entry: Mapping, key: str, *, required: bool = False) -> str:
        value = entry.items.get(key)
        if value is None and not required:
            return ""
        if isinstance(value, Scalar) and not value.is_null and value.text:
            return value.text
        self._mistake(value or entry, f"{key} should be text" if value else f"{key} is missing")
        return ""

    def _events(self, entry: Mapping) -> tuple[str, ...]:
        value = entry.items.get("events")
        items = value.items if isinstance(value, Sequence) else []
        names = [item.text for item in items if isinstance(item, Scalar) and item.text and not item.is_null]
        if value is None or not names or len(names) != len(items):
            self._mistake(
                value or entry, "events should be a list of names" if value else "events is missing"
            )
        twice = sorted({name for name in names if names.count(name) > 1})
        if value is not None and twice:
            self._mistake(value, f"events has {', '.join(twice)} more than once")
        return tuple(names)

    def _mistake(self, node: Node, message: str) -> None:
        self.mistakes.append(f"  {self._path.name}:{node.line}: {message}")
