"""Reads the part of GraphQL that the simulated GitLab is asked in: one operation, with variables, arguments and fields."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

TOKEN = re.compile(
    r'[\s,]+|#[^\n]*|(?P<name>[_A-Za-z][_0-9A-Za-z]*)|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>-?[0-9]+)|(?P<mark>[{}()\[\]:=!$@&|]|\.\.\.)'
)
ESCAPES = {"n": "\n", "t": "\t"}
DEEPEST = 20


class GraphQLSyntaxError(Exception):
    """The text is no operation; the message is what is answered."""


@dataclass(slots=True)
class Field:
    """A field that is asked for, by its name and the name in the answer; `inner` has what is asked for in it."""

    name: str
    shown: str
    arguments: dict[str, object] = field(default_factory=dict)
    inner: list["Field"] = field(default_factory=list)


@dataclass(slots=True)
class Operation:
    """What is asked: ``query`` or ``mutation``. `declared` are its variables, True for those that must be given."""

    kind: str
    declared: dict[str, bool]
    fields: list[Field]


def operation_of(text: str, variables: Mapping[str, object]) -> Operation:
    """Read an operation, and put the values of its variables in place.

    Raises:
        GraphQLSyntaxError: It is none, or a variable is missing.
    """
    reader = _Reader(text, variables)
    found = reader.operation()
    for name, is_needed in found.declared.items():
        if is_needed and variables.get(name) is None:
            raise GraphQLSyntaxError(f"Variable ${name} of required type was provided invalid value")
    return found


class _Reader:
    def __init__(self, text: str, variables: Mapping[str, object]) -> None:
        self._tokens = _tokens(text)
        self._place = 0
        self._depth = 0
        self._variables = variables
        self._declared: dict[str, bool] = {}

    def operation(self) -> Operation:
        kind = "query"
        if self._next() in ("query", "mutation"):
            kind = self._take()
            if self._next() not in ("{", "("):
                self._take()
            if self._next() == "(":
                self._declare()
        fields = self._fields()
        if self._next():
            raise GraphQLSyntaxError(f"Expected one of SCHEMA, SCALAR, TYPE, actual: {self._next()!r}")
        return Operation(kind, self._declared, fields)

    def _declare(self) -> None:
        self._expect("(")
        while self._next() != ")":
            self._expect("$")
            name = self._name()
            self._expect(":")
            while self._next() == "[":
                self._take()
            self._name()
            is_needed = False
            while self._next() in ("!", "]"):
                is_needed = self._take() == "!"
            if self._next() == "=":
                self._take()
                self._variables = {name: self._value(), **self._variables}
            self._declared[name] = is_needed
        self._expect(")")

    def _fields(self) -> list[Field]:
        self._expect("{")
        self._depth += 1
        if self._depth > DEEPEST:
            raise GraphQLSyntaxError(
                f"Query has depth of {self._depth}, which exceeds max depth of {DEEPEST}"
            )
        found = []
        while self._next() != "}":
            shown = name = self._name()
            if self._next() == ":":
                self._take()
                name = self._name()
            arguments = self._arguments() if self._next() == "(" else {}
            inner = self._fields() if self._next() == "{" else []
            found.append(Field(name, shown, arguments, inner))
        self._expect("}")
        self._depth -= 1
        return found

    def _arguments(self) -> dict[str, object]:
        return self._pairs("(", ")")

    def _pairs(self, begin: str, end: str) -> dict[str, object]:
        self._expect(begin)
        found = {}
        while self._next() != end:
            name = self._name()
            self._expect(":")
            found[name] = self._value()
        self._expect(end)
        return found

    def _value(self) -> object:
        token = self._next()
        if token == "{":
            return self._pairs("{", "}")
        if token == "[":
            self._take()
            values = []
            while self._next() != "]":
                values.append(self._value())
            self._take()
            return values
        self._take()
        if token == "$":
            name = self._name()
            if name not in self._declared:
                raise GraphQLSyntaxError(f"Variable ${name} is used but not declared")
            return self._variables.get(name)
        if token.startswith('"'):
            return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), token[1:-1])
        if token.lstrip("-").isdecimal():
            return int(token)
        return {"true": True, "false": False, "null": None}.get(token, token)

    def _name(self) -> str:
        token = self._take()
        if not re.fullmatch(r"[_A-Za-z][_0-9A-Za-z]*", token):
            raise GraphQLSyntaxError(f"Expected NAME, actual: {token or 'end of file'!r}")
        return token

    def _expect(self, mark: str) -> None:
        token = self._take()
        if token != mark:
            raise GraphQLSyntaxError(f"Expected {mark!r}, actual: {token or 'end of file'!r}")

    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next()
        if not token:
            raise GraphQLSyntaxError("Unexpected end of document")
        self._place += 1
        return token


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise GraphQLSyntaxError(f"Expected a token, actual: {text[place]!r}")
        if match.lastgroup:
            found.append(match[0])
        place = match.end()
    return found
