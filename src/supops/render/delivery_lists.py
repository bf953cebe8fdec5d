"""Lists of deliveries that are too long to be held: written page by page, in every format."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from supops.models.deliveries import Delivery
from supops.render.deliveries import (
    COLUMNS,
    LIST_SCHEMA,
    aligned,
    aligned_header,
    csv_rows,
    deliveries_table,
    delivery_json,
    delivery_row,
)
from supops.render.machine import render_json


class ListWriter(Protocol):
    """Makes the text of a list, piece by piece."""

    def begin(self) -> str:
        """Return what stands before all."""
        ...

    def page(self, deliveries: Sequence[Delivery]) -> str:
        """Return some more deliveries."""
        ...

    def end(self, next_before: int | None) -> str:
        """Return what stands after all."""
        ...


class PlainList(ListWriter):
    """Lines of text, aligned."""

    def begin(self) -> str:
        """See `ListWriter`."""
        return aligned_header()

    def page(self, deliveries: Sequence[Delivery]) -> str:
        """See `ListWriter`."""
        return aligned(delivery_row(one) for one in deliveries)

    def end(self, next_before: int | None) -> str:  # noqa: ARG002  (only JSON has it in the result)
        """See `ListWriter`."""
        return ""


class CsvList(PlainList):
    """CSV."""

    def begin(self) -> str:
        """See `ListWriter`."""
        return csv_rows((), header=True)

    def page(self, deliveries: Sequence[Delivery]) -> str:
        """See `ListWriter`."""
        return csv_rows(deliveries, header=False)


class MarkdownList(PlainList):
    """A table in Markdown."""

    def begin(self) -> str:
        """See `ListWriter`."""
        return f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n"

    def page(self, deliveries: Sequence[Delivery]) -> str:
        """See `ListWriter`."""
        from supops.render.markdown import render_markdown

        lines = render_markdown([deliveries_table(deliveries)]).splitlines(keepends=True)
        rows = [line for line in lines if line.startswith("|")]
        return "".join(rows[2:])


@dataclass(slots=True)
class JsonList(ListWriter):
    """One JSON document, as `supops.render.deliveries.deliveries_json` makes it."""

    _is_first: bool = field(init=False, default=True)

    def begin(self) -> str:
        """See `ListWriter`."""
        return f'{{\n  "schema": "{LIST_SCHEMA}",\n  "deliveries": ['

    def page(self, deliveries: Sequence[Delivery]) -> str:
        """See `ListWriter`."""
        parts = []
        for one in deliveries:
            text = "".join(
                f"    {line}" for line in render_json(delivery_json(one)).splitlines(keepends=True)
            )
            parts.append(f"{'' if self._is_first else ','}\n{text.rstrip()}")
            self._is_first = False
        return "".join(parts)

    def end(self, next_before: int | None) -> str:
        """See `ListWriter`."""
        return f'\n  ],\n  "next_before": {"null" if next_before is None else next_before}\n}}\n'


def writer_of(format_name: str) -> ListWriter:
    """Return what writes a long list in a format."""
    writers: dict[str, type[ListWriter]] = {
        "json": JsonList,
        "csv": CsvList,
        "markdown": MarkdownList,
        "table": PlainList,
    }
    return writers[format_name]()
