"""The simulated Zendesk answers as the vendor's own description says. Skipped where the description is not at hand."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from supops.sandbox.server import Sandbox
from tests.conftest import ROOT

CONTRACT = ROOT.parent / "shared" / "contracts" / "zendesk-support.openapi.yaml"
pytestmark = pytest.mark.skipif(
    not CONTRACT.is_file(), reason="the API descriptions are not beside the project"
)

Document = dict[str, Any]
# The description has no null here; recordings and documentation do: for never.
NULL_IN_TRUTH = {"last_login_at"}


@pytest.fixture(scope="module")
def contract() -> Document:
    document: Document = YAML(typ="safe").load(Path(CONTRACT).read_text(encoding="utf-8"))
    return document


def to_json_schema(node: object) -> object:
    """Turn OpenAPI 3.0's `nullable` into JSON schema."""
    if isinstance(node, list):
        return [to_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: {} if key in NULL_IN_TRUTH else value for key, value in node.items()}
    turned = {
        key: to_json_schema(value)
        for key, value in node.items()
        if key not in ("nullable", "example", "readOnly", "format")
    }
    if node.get("nullable"):
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


@pytest.fixture
def check(contract: Document, sandbox: Sandbox) -> Callable[[str, str], Document]:
    """Return a function that asks for a path, and checks the answer against the operation's schema."""

    def checker(path: str, query: str) -> Document:
        request = urllib.request.Request(
            f"{sandbox.urls['zendesk-global']}{path}?{query}",
            headers={"Authorization": "Bearer demo-ready-access-token"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: Document = json.loads(response.read())
        responses = contract["paths"][path]["get"]["responses"]
        schema = next(responses[status] for status in responses if str(status) == "200")["content"][
            "application/json"
        ]["schema"]
        turned = to_json_schema({**schema, "components": contract["components"]})
        assert isinstance(turned, dict)
        jsonschema.Draft202012Validator(turned).validate(answer)
        return answer

    return checker


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v2/users", "role[]=agent&role[]=admin"),
        ("/api/v2/users", "page[size]=10"),
        ("/api/v2/users/count", "role[]=agent"),
        ("/api/v2/users/me", ""),
        ("/api/v2/custom_roles", ""),
        ("/api/v2/search/export", "filter[type]=user&query=agent&page[size]=10"),
    ],
)
def test_answers_are_as_described(check: Callable[[str, str], Document], path: str, query: str) -> None:
    assert check(path, query)
