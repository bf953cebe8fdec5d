"""Results for programs: JSON with a schema's name in it, and CSV that spreadsheets show and do not run."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import TypeAlias

import msgspec

from supops.render.tables import Cell, Table
from supops.render.text import csv_cell

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"


def render_json(value: Json) -> str:
    """Return indented JSON with a line break at its end."""
    # ASCII only: it survives every terminal and log, and no direction character hides in it. It is indented afterwards, as json is slow
    # where it does that itself.
    return msgspec.json.format(json.dumps(value, ensure_ascii=True, allow_nan=False), indent=2) + "\n"


def render_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV as RFC 4180 describes it, with a header."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return out.getvalue()


def table_csv(table: Table) -> str:
    """Return a table as CSV."""
    rows = ([value.text if isinstance(value, Cell) else value for value in row] for row in table.rows)
    return render_csv([column.replace(" ", "_") for column in table.columns], rows)
