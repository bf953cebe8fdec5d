"""Samples that were sent, and signatures that were checked, as people and programs see them."""

from collections.abc import Sequence
from datetime import datetime

from supops.models.bodies import masked_body
from supops.models.signatures import Flaw, Verdict
from supops.models.triggers import PlannedTrigger, Trigger
from supops.render.deliveries import flat
from supops.render.machine import Json, table_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import timestamp

SIGNATURE_SCHEMA = "supops.signature/1"
TRIGGER_SCHEMA = "supops.trigger/1"
AT_HINT = "a delivery that arrived long ago is checked with --at TIME, as of when it arrived"
CSV_COLUMNS = ("action", "event", "about", "status", "milliseconds", "taken")
FORMAT_HINT = "give the header's whole value, as it arrived"
MISSING_HINT = (
    "give the header's value; a delivery that came without one was not signed: see whether the subscription has a signing key, and "
    "whether something between took the header out"
)
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


def planned_blocks(planned: Sequence[PlannedTrigger], shown: str) -> list[Block]:
    """Return what would be sent, and where."""
    blocks: list[Block] = []
    for one in planned:
        pairs: list[list[Value]] = [[key, value] for key, value in flat(masked_body(one.body)[0], "")]
        lines = [Cell(f"about {one.about}")] if one.about else []
        blocks.append(Heading(f"planned: {one.event} to {shown}; nothing was sent", lines))
        blocks.append(Table("", ("key", "value"), pairs))
    return blocks


def planned_json(source: str, shown: str, planned: Sequence[PlannedTrigger]) -> Json:
    """Return the same as ``supops.trigger/1``."""
    return {
        **triggers_json(source, shown, ()),
        "dry_run": True,
        "planned": [
            {
                "event": one.event,
                "about": one.about,
                "bytes": len(one.body),
                "body": masked_body(one.body)[0],
            }
            for one in planned
        ],
    }


def planned_csv(planned: Sequence[PlannedTrigger]) -> str:
    """Return the same as CSV."""
    return table_csv(
        Table("", CSV_COLUMNS, [["planned", one.event, one.about, *[None] * 3] for one in planned])
    )


def triggers_json(
    source: str, shown: str, triggers: Sequence[Trigger], *, error: str | None = None
) -> dict[str, Json]:
    """Return the same as ``supops.trigger/1``; an error ended the sending."""
    return {
        "schema": TRIGGER_SCHEMA,
        "dry_run": False,
        "source": source,
        "url": shown,
        "error": error,
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
        ["sent", one.event, one.about, one.answer.status, _milliseconds(one), one.taken] for one in triggers
    ]
    return table_csv(Table("", CSV_COLUMNS, rows))


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
    hints = {
        Flaw.MISSING: MISSING_HINT,
        Flaw.FORMAT: FORMAT_HINT,
        Flaw.TIME: AT_HINT,
        Flaw.KEY: KEY_HINT,
    }
    return hints[verdict.flaw] if verdict.flaw else ""


def _milliseconds(one: Trigger) -> int:
    return round(one.answer.seconds * 1000)
