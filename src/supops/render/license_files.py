"""What a license file says and is worth: a table for people, JSON and CSV for programs. Who wrote the file chose its keys and values: none is taken for another."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import cast

from supops.models.licenses import Inspection
from supops.models.redaction import is_unseen
from supops.render.licenses import BAD, GOOD, ODD, issued_json, moment
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value

INSPECTION_SCHEMA = "supops.license-inspection/1"
# A key, and a text, that stand without quotation marks.
PLAIN_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
NOT_PLAIN = re.compile(
    r"null|true|false|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|[\s'\"\[{=+@-].*|.*\s|", re.DOTALL
)


def inspection_blocks(inspection: Inspection) -> list[Block]:
    """Return what a license file is worth, and all that it says."""
    opened, issued = inspection.opened, inspection.issued
    if inspection.is_valid:
        title = "A license that is valid today"
    elif opened.license is not None:
        title = "A license, and not as it should be"
    else:
        title = "No license that can be used"
    ledger = (
        Cell(
            f"in the ledger: yes, license {issued.id}, issued by {issued.by} on {moment(issued.issued_at)}",
            GOOD,
        )
        if issued
        else Cell("in the ledger: no", ODD)
    )
    lines = [
        *(Cell(f"problem: {one}", BAD) for one in inspection.problems),
        ledger,
        *(Cell(f"note: {one}", ODD) for one in inspection.remarks),
        Cell(f"today: {inspection.today}"),
        Cell(f"sha256: {inspection.sha256}"),
    ]
    blocks: list[Block] = [Heading(title, lines)]
    rows: list[list[Value]] = [[key, value] for key, value in _flat(opened.attributes)]
    if rows:
        blocks.append(Table("Attributes", ("attribute", "value"), rows))
    return blocks


def inspection_json(inspection: Inspection) -> Json:
    """Return the same as ``supops.license-inspection/1``; what the license says as its own JSON has it."""
    return {
        "schema": INSPECTION_SCHEMA,
        "valid": inspection.is_valid,
        "problems": list(inspection.problems),
        "remarks": list(inspection.remarks),
        "today": inspection.today.isoformat(),
        "sha256": inspection.sha256,
        "issued": issued_json(inspection.issued, inspection.today) if inspection.issued else None,
        "attributes": cast("Json", inspection.opened.attributes),
    }


def inspection_csv(inspection: Inspection) -> str:
    """Return the same as CSV: a line for each thing that is told, and the kind of it, so that no attribute looks like our answer."""
    rows = [
        ("result", "valid", inspection.is_valid),
        ("result", "today", inspection.today.isoformat()),
        ("result", "sha256", inspection.sha256),
        ("result", "ledger", inspection.issued.id if inspection.issued else ""),
        *(("problem", "", one) for one in inspection.problems),
        *(("remark", "", one) for one in inspection.remarks),
        *(("attribute", key, value) for key, value in _flat(inspection.opened.attributes)),
    ]
    return render_csv(("kind", "name", "value"), rows)


def _flat(attributes: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield attributes with dots between the keys, those of objects inside of objects included. A key with a dot in it stands in quotation marks."""
    for key, value in attributes.items():
        name = above + (key if PLAIN_KEY.fullmatch(key) else _json(key))
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, _shown(value)


def _shown(value: object) -> str:
    """Return a value as JSON; a text without quotation marks where it can't be taken for anything else."""
    text = _json(value)
    if isinstance(value, str) and text == f'"{value}"' and not NOT_PLAIN.fullmatch(value):
        return value if not any(map(is_unseen, value)) else text
    return text


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
