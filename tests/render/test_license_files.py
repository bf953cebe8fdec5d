"""What a license file says is shown so that nothing in it is taken for another thing."""

import csv
import json
from io import StringIO

import pytest

from supops.models.licenses import Inspection, Opened
from supops.render.license_files import inspection_blocks, inspection_csv, inspection_json
from supops.render.machine import render_json
from supops.render.tables import Table, cell_text
from tests.licenses import LICENSE, TODAY


def inspection(attributes: dict[str, object]) -> Inspection:
    return Inspection("0" * 64, Opened(LICENSE, attributes), TODAY, None, ())


def shown(value: object) -> str:
    table = inspection_blocks(inspection({"a": value}))[-1]
    assert isinstance(table, Table)
    ((_, text),) = table.rows
    return cell_text(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((1, "1"), ("1", '"1"'), (True, "true"), ("true", '"true"'), (None, "null"), ("null", '"null"')),
        *(
            ("", '""'),
            (" a", '" a"'),
            ("a ", '"a "'),
            ("a b", "a b"),
            ("Jane Döe", "Jane Döe"),
            ("1e3", '"1e3"'),
        ),
        *(("2027-06-30", "2027-06-30"), ([1, "1"], '[1, "1"]'), ("[1]", '"[1]"'), ({}, "{}"), ("{}", '"{}"')),
        *(
            ('"a"', '"\\"a\\""'),
            ("a\\b", '"a\\\\b"'),
            ("a\nb", '"a\\nb"'),
            ("=1", '"=1"'),
            (1.5, "1.5"),
            (-5, "-5"),
        ),
        (10**30, "1" + "0" * 30),
    ],
)
def test_a_text_is_told_from_what_looks_like_it(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_key_with_a_dot_is_told_from_an_object_and_neither_from_our_answer() -> None:
    attributes: dict[str, object] = {
        "licensee": {"Name": "Jane", "a.b": {"c": 1}},
        "licensee.Name": "Sam",
        "": "none",
        "valid": True,
        "ledger": 7,
        "Größe": 1,
    }

    rows = [tuple(row) for row in csv.reader(StringIO(inspection_csv(inspection(attributes))))]
    assert [row[1:] for row in rows if row[0] == "attribute"] == [
        ("licensee.Name", "Jane"),
        ('licensee."a.b".c', "1"),
        ('"licensee.Name"', "Sam"),
        ('""', "none"),
        ("valid", "true"),
        ("ledger", "7"),
        ('"Größe"', "1"),
    ]
    assert ("result", "ledger", "") in rows


def test_json_has_it_as_the_license_says_it() -> None:
    attributes: dict[str, object] = {"b": {"x": "1", "a": 1}, "a.b": [None, True, 1.5], "n": 10**30}

    said = json.loads(render_json(inspection_json(inspection(attributes))))["attributes"]

    assert json.dumps(said) == json.dumps(attributes)
