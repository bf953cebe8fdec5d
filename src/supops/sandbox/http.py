"""What the server hands to a simulated platform, and what it gets back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Header names are in lower case; `host` is what the client called the server."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters, decoded, repeated ones repeated."""
        return parse_qsl(self.query, keep_blank_values=True)

    def parameter(self, name: str) -> str | None:
        """Return the last value of a parameter; None where there is none."""
        return dict(self.parameters).get(name)

    @property
    def host(self) -> str:
        """The address that links lead to."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is compressed and sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer of JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8", **(headers or {})})
