"""The vendors' descriptions of their APIs, to check answers and requests against. The project ships none of them."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
from ruamel.yaml import YAML

from supops.sandbox.server import RecordedRequest
from tests.conftest import ROOT

FOLDER = ROOT.parent / "shared" / "contracts"
WHY_SKIPPED = "the API descriptions are not beside the project"
JSON = "application/json"
Document = dict[str, Any]


def to_json_schema(node: object, anything: Collection[str] = ()) -> object:
    """Turn OpenAPI 3.0's `nullable` into JSON schema. What the names in `anything` stand for is not checked."""
    if isinstance(node, list):
        return [to_json_schema(one, anything) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: {} if key in anything else value for key, value in node.items()}
    turned = {
        key: to_json_schema(value, anything)
        for key, value in node.items()
        if key not in ("nullable", "example", "readOnly", "format")
    }
    if node.get("nullable"):
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


@dataclass(frozen=True)
class Contract:
    """A description of an API.

    Attributes:
        anything: Names of properties that are not checked.
    """

    document: Document
    anything: Collection[str] = ()

    @classmethod
    def read(cls, file: Path, anything: Collection[str] = ()) -> "Contract":
        return cls(YAML(typ="safe").load(file.read_text(encoding="utf-8")), anything)

    def check(self, schema: Document, instance: object) -> None:
        """Fail unless this is as a schema of the description says."""
        turned = to_json_schema(schema, self.anything)
        assert isinstance(turned, dict)
        jsonschema.Draft202012Validator({**turned, "components": self._components}).validate(instance)

    @cached_property
    def _components(self) -> object:
        return to_json_schema(self.document["components"], self.anything)

    def check_answer(self, method: str, path: str, status: int, answer: object) -> None:
        """Fail unless an answer is as described; None stands for an empty one."""
        responses = {str(key): value for key, value in self.operation(method, path)["responses"].items()}
        assert str(status) in responses, f"{method} {path} is not described to answer {status}"
        content = self._followed(responses[str(status)]).get("content")
        if content is None:
            assert answer is None
        else:
            self.check(content[JSON]["schema"], answer)

    def check_request(self, request: RecordedRequest) -> None:
        """Fail unless the operation is described, and takes what was sent."""
        operation = self.operation(request.method, request.path)
        given = parse_qsl(request.query, keep_blank_values=True, strict_parsing=bool(request.query))
        declared = {one["name"]: one for one in operation["parameters"] if one["in"] == "query"}
        assert len(dict(given)) == len(given), "a parameter is there twice"
        assert dict(given).keys() <= declared.keys()
        assert {name for name, one in declared.items() if one.get("required")} <= dict(given).keys()
        for name, value in given:
            self.check(declared[name]["schema"], _value_of(value, declared[name]["schema"]))
        described = operation.get("requestBody")
        assert bool(request.body) == bool(described)
        if described:
            assert request.headers["content-type"] == JSON
            self.check(described["content"][JSON]["schema"], json.loads(request.body))

    def operation(self, method: str, path: str) -> Document:
        """Return what is described for a path, such as ``/users/me``, with all parameters."""
        for template, item in sorted(self.document["paths"].items(), key=lambda pair: pair[0].count("{")):
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in item:
                operation: Document = item[method.lower()]
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                return {**operation, "parameters": [self._followed(one) for one in parameters]}
        raise AssertionError(f"{method} {path} is not described")

    def _followed(self, node: Document) -> Document:
        """Follow a reference, if it is one."""
        if "$ref" not in node:
            return node
        found = self.document
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return found


def _value_of(text: str, schema: Document) -> object:
    """Return what a query says, of the type that it should have."""
    return float(text) if schema["type"] in ("number", "integer") else text
