"""Checks documents against the schemas in the docs."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
from referencing import Registry, Resource

from tests.conftest import ROOT

Schema = bool | Mapping[str, Any]
SCHEMAS = ROOT / "docs" / "schemas"


def validate(document: object, name: str) -> None:
    """Check a document against the schema in the docs that it names."""
    schemas = {path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("supops.*.json")}
    resources = [(key, Resource[Schema].from_contents(schema)) for key, schema in schemas.items()]
    registry: Registry[Schema] = Registry[Schema]().with_resources(resources)
    jsonschema.Draft202012Validator(schemas[name], registry=registry).validate(document)
