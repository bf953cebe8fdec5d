"""License requests as people write them: in YAML or JSON files, on standard input."""

import json
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from supops.adapters.decoding import MAX_YAML_BYTES
from supops.adapters.license_forms import key_of, said
from supops.adapters.yaml_files import Mapping, Node, Scalar, Sequence, YamlError, read_yaml
from supops.errors import UsageError
from supops.models.license_requests import KEYS, WrittenRequest
from supops.models.licenses import Problem

STANDARD_INPUT = "-"
LONGEST_KEY = 60
# Of a file that is no request at all, the first keys say enough.
MOST_NAMED = 20
SHAPE = """It should look like this:
  name: Jo Doe
  email: jo.doe@example.com
  plan: ultimate
  users_count: 10
  end_date: 2027-06-30
  purpose: self-managed"""


def read_request(named: str) -> WrittenRequest:
    """Read a request.

    Args:
        named: The path of a YAML or JSON file, or ``-`` for standard input.

    Raises:
        UsageError: It can't be read, or is no mapping of keys to values.
    """
    from_input = named == STANDARD_INPUT
    what = "standard input" if from_input else named
    try:
        with open(0 if from_input else named, "rb", closefd=not from_input) as stream:
            data = stream.read(MAX_YAML_BYTES + 1)
    except OSError as error:
        raise UsageError(f"The request {what} can't be read: {error.strerror}") from None
    if not data.strip():
        raise UsageError(f"The request {what} is empty.", hint=SHAPE)
    return parse_request(data, what)


def parse_request(data: bytes, what: str) -> WrittenRequest:
    """Read a request from the bytes of a file.

    Raises:
        UsageError: As `read_request`.
    """
    reader = _Reader()
    # A YAML parser refuses some JSON, such as characters beyond the first 65,536 that are escaped.
    pairs = _json_pairs(data)
    if pairs is not None:
        for key, value in pairs:
            reader.take(key, _json_text(value), _json_texts(value))
        return reader.written(what)
    try:
        node = read_yaml(data)
    except YamlError as error:
        raise UsageError(
            f"The request {what}:{error.line} makes no sense: {error.message}.", hint=SHAPE
        ) from None
    if not isinstance(node, Mapping):
        raise UsageError(f"The request {what} has no keys and values.", hint=SHAPE)
    for key, line in node.repeated:
        reader.problems.append(Problem(_known(key), f"stands twice, the second time in line {line}"))
    for key, value in node.items.items():
        reader.take(key, _yaml_text(value), _yaml_texts(value))
    return reader.written(what)


class _Reader:
    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.unknown: list[str] = []
        self.other: list[str] = []

    def take(self, name: str, text: str | None, texts: Iterable[str]) -> None:
        """Take note of a key.

        Args:
            name: The key, as it is written.
            text: Empty where there is no value, and None where it is not a single one.
            texts: All that is written there, keys inside included.
        """
        key = _known(name)
        if key not in KEYS:
            self.unknown.append(name)
            self.other += said(name, " ".join(texts))
        elif text is None:
            self.problems.append(Problem(key, "should be a single value, and is a list or a mapping"))
            self.other += texts
        elif key in self.values:
            self.problems.append(Problem(key, "stands twice"))
            self.other.append(text)
        elif text.strip():
            self.values[key] = text

    def written(self, what: str) -> WrittenRequest:
        problems = [*self.problems, *map(_meaningless, self.unknown[:MOST_NAMED])]
        more = len(self.unknown) - MOST_NAMED
        if more > 0:
            problems.append(Problem("request", f"has {more} more keys that mean nothing here"))
        return WrittenRequest(self.values, what, tuple(problems), other=tuple(self.other))


def _known(name: str) -> str:
    """Return a key as it is written here: ``end-date`` and ``End Date`` are ``end_date``."""
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _meaningless(name: str) -> Problem:
    """Name a key that means nothing, and the one that somebody may have meant."""
    short = " ".join(name.split())[:LONGEST_KEY]
    near = get_close_matches(_known(short), KEYS, n=1)
    key = key_of(short) or (near[0] if near else None)
    meant = f"did you mean {key}?" if key else f"known are {', '.join(KEYS)}"
    return Problem(short or "(blank)", f"means nothing here; {meant}")


def _json_pairs(data: bytes) -> list[tuple[str, object]] | None:
    """Return the keys and values of a JSON object, repeated ones included; None where it is no JSON."""
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=list, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    is_object = isinstance(found, list) and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return found if is_object else None


def _json_text(value: object) -> str | None:
    if isinstance(value, list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _json_texts(value: object) -> Iterator[str]:
    """Yield all texts in a value, in no order. Objects are lists of pairs."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list | tuple):
            waiting += one
        else:
            yield _json_text(one) or ""


def _yaml_text(node: Node) -> str | None:
    if not isinstance(node, Scalar):
        return None
    return "" if node.is_null else node.text


def _yaml_texts(node: Node) -> Iterator[str]:
    """Yield all texts in a value, in no order, each repeated one once."""
    waiting, seen = [node], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        match one:
            case Scalar():
                yield one.text
            case Sequence():
                waiting += one.items
            case Mapping():
                yield from one.items
                waiting += one.items.values()
