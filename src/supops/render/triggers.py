"""Samples that were sent, and signatures that were checked, as people and programs see them."""

from collections.abc import Sequence
from datetime import datetime

from supops.models.signatures import Flaw, Verdict
from supops.models.triggers import Trigger
from supops.render.audits import timestamp
from supops.render.machine import Json, table_csv
from supops.render.tables import Block, Cell, Heading, Table, Value

SIGNATURE_SCHEMA = "supops.signature/1"
TRIGGER_SCHEMA = "supops.trigger/1"
AT_HINT = "a delivery that arrived long ago is checked with --at TIME, as of when it arrived"
KEY_HINT = "another key, or another body: it must be byte for byte what arrived"


def trigger_lines(triggers: Sequence[Trigger], shown: str) -> list[Block]:
    """Return what was sent and answered, with arrows."""
    lines = []
    for one in triggers:
        lines.append(Cell(f"--> {one.event} to {shown}"))
        if one.about:
            lines.append(Cell(f"    about {one.about}"))
        said = f": {one.answer.said}" if one.answer.said and not one.taken else ""
        lines.append(
            Cell(
                f"<-- {one.answer.status} in {_milliseconds(one)} ms{said}",
                "green" if one.taken else "bold red",
            )
        )
    # The first line is no title: all are alike.
    return [Heading(lines[0].text, lines[1:])] if lines else []


def triggers_json(source: str, shown: str, triggers: Sequence[Trigger]) -> Json:
    """Return the same as ``supops.trigger/1``."""
    return {
        "schema": TRIGGER_SCHEMA,
        "source": source,
        "url": shown,
        "sent": [
            {
                "event": one.event,
                "about": one.about,
                "status": one.answer.status,
                "milliseconds": _milliseconds(one),
                "taken": one.taken,
                "answer": one.answer.said or None,
                "remedy": one.remedy or None,
            }
            for one in triggers
        ],
    }


def triggers_csv(triggers: Sequence[Trigger]) -> str:
    """Return the same as CSV."""
    rows: list[list[Value]] = [
        [one.event, one.about, one.answer.status, _milliseconds(one), one.taken] for one in triggers
    ]
    return table_csv(Table("", ("event", "about", "status", "milliseconds", "taken"), rows))


def verdict_blocks(verdict: Verdict, as_of: datetime) -> list[Block]:
    """Return whether a signature is good, and what fails."""
    rows: list[list[Value]] = [
        ["signature", Cell("good", "green") if verdict.good else Cell("not good", "bold red")],
        ["fails", str(verdict.flaw) if verdict.flaw else None],
        ["detail", verdict.detail],
        ["what to do", _hint(verdict) or None],
        ["checked as of", timestamp(as_of)],
    ]
    return [Table("", ("what", "value"), [row for row in rows if row[1] is not None])]


def verdict_json(platform: str, verdict: Verdict, as_of: datetime, size: int) -> Json:
    """Return the same as ``supops.signature/1``."""
    return {
        "schema": SIGNATURE_SCHEMA,
        "platform": platform,
        "good": verdict.good,
        "fails": str(verdict.flaw) if verdict.flaw else None,
        "detail": verdict.detail,
        "remedy": _hint(verdict) or None,
        "checked_as_of": timestamp(as_of),
        "bytes": size,
    }


def _hint(verdict: Verdict) -> str:
    return {Flaw.TIME: AT_HINT, Flaw.KEY: KEY_HINT}.get(verdict.flaw, "") if verdict.flaw else ""


def _milliseconds(one: Trigger) -> int:
    return round(one.answer.seconds * 1000)
