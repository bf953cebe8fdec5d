"""What was different between deliveries and team calendars, as people and programs see it."""

from supops.models.comparisons import Comparison, Deviation, Difference
from supops.render.machine import Json
from supops.render.routings import card_json, shown_card
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import count, timestamp

COMPARISON_SCHEMA = "supops.comparison/1"
STYLES = {Deviation.MISSING: "green", Deviation.STALE: "yellow", Deviation.LEFT_OVER: "red"}


def comparison_blocks(comparison: Comparison) -> list[Block]:
    """Return what was compared, what was different, and what could not be compared."""
    title = f"Deliveries since {timestamp(comparison.since)}, compared with the team calendars"
    seen = (
        f"{count(comparison.bookings, 'booking')}, {count(comparison.deliveries, 'delivery', 'deliveries')}"
    )
    lines = [Cell(seen)]
    if not comparison.complete:
        lines.append(
            Cell(f"INCOMPLETE: {count(len(comparison.unread), 'booking')} could not be compared", "bold red")
        )
    blocks: list[Block] = [Heading(title, lines), _differences(comparison)]
    if comparison.unread:
        rows: list[list[Value]] = [[one.booking, one.reason] for one in comparison.unread]
        blocks.append(Table("Not compared", ("booking", "why"), rows, details=("why",)))
    return blocks


def _differences(comparison: Comparison) -> Table:
    rows: list[list[Value]] = [
        [
            Cell(str(one.deviation), STYLES[one.deviation]),
            one.calendar_name,
            one.why,
            shown_card(one.before),
            shown_card(one.after),
            one.booking,
        ]
        for one in comparison.differences
    ]
    title = "Would be mended" if comparison.dry_run else "Mended"
    columns = ("entry", "calendar", "why", "before", "after", "booking")
    details = ("why", "before", "after", "booking")
    return Table(title, columns, rows, empty="nothing; the calendars are as they should be", details=details)


def comparison_json(comparison: Comparison) -> Json:
    """Return the same as ``supops.comparison/1``."""
    return {
        "schema": COMPARISON_SCHEMA,
        "since": timestamp(comparison.since),
        "dry_run": comparison.dry_run,
        "complete": comparison.complete,
        "counts": {"bookings": comparison.bookings, "deliveries": comparison.deliveries},
        "differences": [_difference_json(one) for one in comparison.differences],
        "not_compared": [{"booking": one.booking or None, "reason": one.reason} for one in comparison.unread],
    }


def _difference_json(difference: Difference) -> Json:
    return {
        "booking": difference.booking,
        "entry": str(difference.deviation).replace(" ", "-"),
        "calendar": difference.calendar,
        "calendar_event_id": difference.entry_id,
        "why": difference.why,
        "before": card_json(difference.before),
        "after": card_json(difference.after),
    }
