"""YAML as people write it by hand: values with the lines they stand on.

ruamel.yaml does the parsing, with its C parser first. What is built from its events keeps every scalar as the text in the file, so that the
reader who knows what a key should hold decides what it means: ``country: NO`` is a country and ``0800`` no octal number.
Depth and number of values, repetition by aliases included, are bounded, so that no file, however made, exhausts memory or the stack.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from supops.adapters.decoding import MAX_YAML_BYTES

MAX_BYTES = MAX_YAML_BYTES
MAX_DEPTH = 50
MAX_NODES = 200_000
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class YamlError(Exception):
    """The bytes are no YAML that we read. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, as the text in the file; `plain` when it stood without quotes."""

    text: str
    line: int
    plain: bool

    @property
    def is_null(self) -> bool:
        """Whether the file says that there is no value."""
        return self.plain and self.text in NULLS


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in the file's order.

    Attributes:
        key_lines: The line of each key.
        repeated: Keys that stand more than once, with the line of the repetition. The first one counts.
    """

    line: int
    items: dict[str, "Node"] = field(default_factory=dict)
    key_lines: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


def read_yaml(data: bytes) -> Node | None:
    """Read one YAML document.

    Args:
        data: The file's bytes: UTF-8 or UTF-16, with or without a byte-order mark.

    Returns:
        The document's value; None when the file is empty but for comments.

    Raises:
        YamlError: The bytes are not YAML, are more than one document, or pass our bounds.
    """
    if len(data) > MAX_BYTES:
        raise YamlError(f"the file is larger than {MAX_BYTES // 1024} KiB", 1)
    try:
        return _build(data, pure=False)
    except YAMLError:
        pass
    # libyaml refuses some YAML 1.2 that people write, such as {scope: users:read}. The slow parser has the last word.
    try:
        return _build(data, pure=True)
    except MarkedYAMLError as error:
        raise _syntax_error(error) from None
    except ReaderError as error:
        raise _character_error(error, data) from None
    except YAMLError as error:
        raise YamlError(str(error).splitlines()[0], 1) from None


def _build(data: bytes, *, pure: bool) -> Node | None:
    builder = _Builder()
    events: Iterator[Event] = YAML(typ="safe", pure=pure).parse(data)
    for event in events:
        builder.take(event)
    return builder.document


def _syntax_error(error: MarkedYAMLError) -> YamlError:
    problem, context = error.problem_mark, error.context_mark
    message = ", ".join(part for part in (error.problem, error.context) if part) or "not YAML"
    if problem and context and context.line != problem.line:
        message += f" that begins in line {context.line + 1}"
    mark = problem or context
    return YamlError(message, mark.line + 1 if mark else 1)


def _character_error(error: ReaderError, data: bytes) -> YamlError:
    line = data.count(b"\n", 0, error.position) + 1
    if "special characters" in error.reason:
        return YamlError("a control character, which YAML does not allow", line)
    return YamlError(f"not {str(error.encoding).upper()}: {error.reason}", line)


class _Builder:
    """Turns events into nodes, one open collection for each level."""

    def __init__(self) -> None:
        self.document: Node | None = None
        self._documents = 0
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []
        self._anchors: dict[str, Node] = {}
        # How many nodes there are, each repeated one counted again, and how many had come before an open collection.
        self._count = 0
        self._begun_at: list[int] = []
        self._sizes: dict[int, int] = {}

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, ScalarEvent):
            self._add(Scalar(event.value, line, event.style is None or event.style == ""), event.anchor)
        elif isinstance(event, MappingStartEvent):
            self._begin(Mapping(line), event.anchor)
        elif isinstance(event, SequenceStartEvent):
            self._begin(Sequence(line), event.anchor)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._end()
        elif isinstance(event, AliasEvent):
            self._add(self._aliased(event, line), None)
        elif isinstance(event, DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlError("a second document begins here; a file holds one", line)

    def _begin(self, node: Sequence | Mapping, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(f"nested more than {MAX_DEPTH} deep", node.line)
        self._add(node, anchor)
        self._open.append(node)
        self._keys.append(None)
        self._begun_at.append(self._count)

    def _end(self) -> None:
        node = self._open.pop()
        self._keys.pop()
        self._sizes[id(node)] = self._count - self._begun_at.pop()

    def _aliased(self, event: AliasEvent, line: int) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise YamlError(f"the alias *{event.anchor} is not defined before", line)
        if isinstance(target, Scalar):
            return Scalar(target.text, line, target.plain)
        if id(target) not in self._sizes:
            raise YamlError(f"the alias *{event.anchor} stands inside of what it stands for", line)
        self._count += self._sizes[id(target)]
        return target

    def _add(self, node: Node, anchor: str | None) -> None:
        self._count += 1
        if self._count > MAX_NODES:
            raise YamlError(f"more than {MAX_NODES:,} values", node.line)
        if anchor:
            self._anchors[anchor] = node
        if not self._open:
            self.document = node
            return
        parent = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is None:
            if not isinstance(node, Scalar):
                raise YamlError("a key must be a single value", node.line)
            if node.text == "<<" and node.plain:
                raise YamlError("merge keys (<<) are not read; write the keys out", node.line)
            self._keys[-1] = node
            return
        self._keys[-1] = None
        if key.text in parent.items:
            parent.repeated.append((key.text, key.line))
        else:
            parent.items[key.text] = node
            parent.key_lines[key.text] = key.line
