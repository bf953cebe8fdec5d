"""Reads one roster file: from bytes to a member and to what could not be taken as it stands.

Written for files that people edit by hand: whatever the bytes are, the result is a member, problems with their lines, or both;
never an exception.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar

from supops.adapters.roster_readings import FileReading
from supops.adapters.yaml_files import Mapping, Node, Scalar, Sequence, YamlError, read_yaml
from supops.models.roster import (
    Account,
    Focus,
    Member,
    Organization,
    ProblemKind,
    RosterProblem,
    RoundRobin,
    Skill,
    ZendeskIdentity,
)

Value = TypeVar("Value")

WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")
NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
SHOWN = 80


def read_member(data: bytes) -> FileReading:
    """Read the bytes of one roster file."""
    try:
        document = read_yaml(data)
    except YamlError as error:
        return _unreadable(f"not readable as YAML: {error.message}", error.line)
    if document is None:
        return _unreadable("the file is empty", 1)
    if not isinstance(document, Mapping):
        return _unreadable("the file holds no mapping of keys to values", document.line)
    reader = _Reader()
    member = reader.member(document)
    return FileReading(member, tuple(reader.problems))


def _unreadable(message: str, line: int) -> FileReading:
    return FileReading(None, (RosterProblem(ProblemKind.UNREADABLE, line, message),))


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text if len(node.text) <= SHOWN else f"{node.text[:SHOWN]}..."
    return "a list" if isinstance(node, Sequence) else "a mapping"


class _Reader:
    """Takes known keys out of mappings, notes their lines, and collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[RosterProblem] = []
        self.lines: dict[str, int] = {}

    def member(self, top: Mapping) -> Member | None:
        self._note_repeated(top, "")
        name, email = (self._required(top, key) for key in ("name", "email"))
        if name is None or email is None:
            return None
        return Member(
            name=name,
            email=email,
            title=self._text(top, "title"),
            entity=self._text(top, "entity"),
            reports_to=self._text(top, "reports_to"),
            pronouns=self._text(top, "pronouns"),
            working_hours=self._text(top, "working_hours"),
            region=self._text(top, "region"),
            location=self._text(top, "location"),
            country=self._text(top, "country"),
            tzdata_timezone=self._text(top, "tzdata_timezone"),
            start_date=self._value(top, "start_date", "", "an ISO date such as 2024-03-01", _as_date),
            calendly=self._text(top, "calendly"),
            languages=self._texts(top, "languages"),
            modules=self._texts(top, "modules"),
            pagerduty=self._account(top, "pagerduty"),
            gitlab=self._account(top, "gitlab"),
            slack=self._account(top, "slack"),
            focuses=self._each(top, "focuses", "", self._focus),
            zendesk=self._zendesk(top),
            knowledge_areas=self._each(top, "knowledge_areas", "", self._skill),
            product_categories=self._each(top, "product_categories", "", self._skill),
            lines=self.lines,
        )

    def _focus(self, node: Mapping, path: str) -> Focus:
        return Focus(
            name=self._text(node, "name", path),
            percentage=self._number(node, "percentage", path),
            zendesk=self._text(node, "zendesk", path),
            organizations=self._each(node, "organizations", path, self._organization),
        )

    def _organization(self, node: Mapping, path: str) -> Organization:
        return Organization(self._integer(node, "id", path), self._number(node, "percentage", path))

    def _skill(self, node: Mapping, path: str) -> Skill:
        return Skill(self._text(node, "name", path), self._integer(node, "level", path))

    def _account(self, top: Mapping, key: str) -> Account:
        node = self._mapping(top, key, "")
        return Account(self._text(node, "id", key), self._text(node, "username", key)) if node else Account()

    def _zendesk(self, top: Mapping) -> dict[str, ZendeskIdentity]:
        instances = self._mapping(top, "zendesk", "")
        identities = {}
        for key in instances.items if instances else ():
            node = self._mapping(instances, key, "zendesk") if instances else None
            if node:
                identities[key] = self._identity(node, f"zendesk.{key}")
        return identities

    def _identity(self, node: Mapping, path: str) -> ZendeskIdentity:
        signature = self._mapping(node, "show_in_signature", path)
        return ZendeskIdentity(
            id=self._integer(node, "id", path),
            role=self._text(node, "role", path),
            groups=self._texts(node, "groups", path),
            alias=self._text(node, "alias", path),
            shows_gitlab_handle=self._boolean(signature, "gitlab_handle", f"{path}.show_in_signature")
            if signature
            else None,
            salutations=self._texts(node, "salutations", path),
            round_robin=self._round_robin(node, path),
        )

    def _round_robin(self, node: Mapping, path: str) -> RoundRobin | None:
        settings = self._mapping(node, "round_robin", path)
        if settings is None:
            return None
        path = f"{path}.round_robin"
        modifier = self._integer(settings, "modifier", path)
        return RoundRobin(self._boolean(settings, "active", path) or False, modifier or 1)

    def _required(self, top: Mapping, key: str) -> str | None:
        node = top.items.get(key)
        if isinstance(node, Scalar) and not node.is_null and node.text.strip():
            self.lines[key] = top.key_lines[key]
            return node.text.strip()
        problem = "is not a text" if isinstance(node, Sequence | Mapping) else "is missing or empty"
        line = top.key_lines.get(key, top.line)
        self.problems.append(RosterProblem(ProblemKind.UNREADABLE, line, f"{key} {problem}", key))
        return None

    def _text(self, node: Mapping, key: str, path: str = "") -> str | None:
        return self._value(node, key, path, "a text", lambda text: text.strip())

    def _integer(self, node: Mapping, key: str, path: str) -> int | None:
        return self._value(node, key, path, "a whole number", _as_integer)

    def _number(self, node: Mapping, key: str, path: str) -> float | None:
        return self._value(node, key, path, "a number", _as_number)

    def _boolean(self, node: Mapping, key: str, path: str) -> bool | None:
        return self._value(node, key, path, "true or false", lambda text: BOOLEANS.get(text.lower()))

    def _value(
        self, node: Mapping, key: str, path: str, expected: str, convert: Callable[[str], Value | None]
    ) -> Value | None:
        """Take one scalar; None where it is missing, empty, or (with a problem noted) not what is expected."""
        found = self._find(node, key, path)
        if found is None:
            return None
        value = convert(found.text.strip()) if isinstance(found, Scalar) else None
        if value is None:
            self._invalid(_join(path, key), found, expected)
        return value

    def _texts(self, node: Mapping, key: str, path: str = "") -> tuple[str, ...]:
        found = self._sequence(node, key, path)
        texts = []
        for item in found.items if found else ():
            if not isinstance(item, Scalar):
                self._invalid(_join(path, key), item, "a list of texts")
            elif not item.is_null and item.text.strip():
                texts.append(item.text.strip())
        return tuple(texts)

    def _each(
        self, node: Mapping, key: str, path: str, read: Callable[[Mapping, str], Value]
    ) -> tuple[Value, ...]:
        found = self._sequence(node, key, path)
        values = []
        for place, item in enumerate(found.items if found else ()):
            item_path = f"{_join(path, key)}.{place}"
            self.lines[item_path] = item.line
            if isinstance(item, Mapping):
                self._note_repeated(item, item_path)
                values.append(read(item, item_path))
            else:
                self._invalid(item_path, item, "a mapping")
        return tuple(values)

    def _mapping(self, node: Mapping, key: str, path: str) -> Mapping | None:
        found = self._find(node, key, path)
        if isinstance(found, Mapping):
            self._note_repeated(found, _join(path, key))
            return found
        if found is not None:
            self._invalid(_join(path, key), found, "a mapping")
        return None

    def _sequence(self, node: Mapping, key: str, path: str) -> Sequence | None:
        found = self._find(node, key, path)
        if isinstance(found, Sequence):
            return found
        if found is not None:
            self._invalid(_join(path, key), found, "a list")
        return None

    def _find(self, node: Mapping, key: str, path: str) -> Node | None:
        """Return the value of a key; None where it is missing or empty, which is no problem anywhere."""
        found = node.items.get(key)
        if found is None:
            return None
        self.lines[_join(path, key)] = node.key_lines[key]
        if isinstance(found, Scalar) and (found.is_null or not found.text.strip()):
            return None
        return found

    def _note_repeated(self, node: Mapping, path: str) -> None:
        for key, line in node.repeated:
            full = _join(path, key)
            message = f"{full} stands twice; the first one counts"
            self.problems.append(RosterProblem(ProblemKind.INVALID, line, message, full))

    def _invalid(self, key: str, node: Node, expected: str) -> None:
        shown = _shown(node)
        message = f"{key} is not {expected}: {shown}"
        self.problems.append(RosterProblem(ProblemKind.INVALID, node.line, message, key, expected, shown))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _as_integer(text: str) -> int | None:
    return int(text) if WHOLE_NUMBER.fullmatch(text) else None


def _as_number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None


def _as_date(text: str) -> date | None:
    if not ISO_DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
