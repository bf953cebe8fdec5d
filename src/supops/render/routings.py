"""What became of a payload, as people and programs see it."""

from datetime import UTC, datetime

from supops.models.bookings import Meeting
from supops.models.entries import Card
from supops.models.routings import Action, Change, Decision, Reason, Routing
from supops.render.machine import Json, table_csv
from supops.render.tables import Block, Cell, Heading, Table, Value

ROUTING_SCHEMA = "supops.routing/1"
ACTION_STYLES = {
    Action.INSERTED: "green",
    Action.UPDATED: "yellow",
    Action.DELETED: "red",
    Action.PLANNED: "cyan",
}


def routing_blocks(routing: Routing) -> list[Block]:
    """Return the decision, why, and what was done."""
    lines = [Cell(f"event: {routing.event}")]
    if routing.meeting:
        lines += _meeting_lines(routing.meeting)
    lines.append(Cell(f"decision: {_decision(routing)}", "bold"))
    if not routing.complete:
        lines.append(Cell(f"INCOMPLETE: {'; '.join(routing.incomplete_reasons)}", "bold red"))
    lines.append(Cell(f"action: {_action(routing)}", ACTION_STYLES.get(routing.action, "")))
    if routing.note:
        lines.append(Cell(routing.note))
    blocks: list[Block] = [Heading(routing.meeting.name if routing.meeting else routing.event, lines)]
    if routing.reasons:
        blocks.append(_reasons(routing.reasons))
    if routing.changes:
        blocks.append(_changes(routing))
    return blocks


def routing_json(routing: Routing) -> Json:
    """Return the same as ``supops.routing/1``."""
    calendar, meeting = routing.calendar, routing.meeting
    return {
        "schema": ROUTING_SCHEMA,
        "event": routing.event,
        "decision": str(routing.decision),
        "action": str(routing.action),
        "planned": str(routing.planned) if routing.planned else None,
        "complete": routing.complete,
        "incomplete_reasons": list(routing.incomplete_reasons),
        "note": routing.note or None,
        "calendar": {"key": calendar.key, "name": calendar.name, "id": calendar.id} if calendar else None,
        "calendar_event_id": routing.entry_id,
        "scheduled_event": _meeting_json(meeting) if meeting else None,
        "reasons": [
            {"criterion": str(reason.criterion), "met": reason.met, "detail": reason.detail}
            for reason in routing.reasons
        ],
        "changes": [_change_json(change) for change in routing.changes],
    }


def routing_csv(routing: Routing) -> str:
    """Return the same as CSV: one row, without the reasons."""
    meeting, calendar = routing.meeting, routing.calendar
    row: dict[str, Value] = {
        "event": routing.event,
        "decision": str(routing.decision),
        "complete": "yes" if routing.complete else "no",
        "action": str(routing.action),
        "planned": str(routing.planned) if routing.planned else None,
        "calendar": calendar.name if calendar else None,
        "calendar_event_id": routing.entry_id,
        "scheduled_event": meeting.uri if meeting else None,
        "name": meeting.name if meeting else None,
        "start_time": _utc(meeting.start) if meeting else None,
        "end_time": _utc(meeting.end) if meeting else None,
    }
    return table_csv(Table("", tuple(row), [list(row.values())]))


def _meeting_lines(meeting: Meeting) -> list[Cell]:
    hosts = ", ".join(str(host) for host in meeting.hosts) or "none"
    start, end = meeting.start.astimezone(UTC), meeting.end.astimezone(UTC)
    same_day = start.date() == end.date()
    until = f"{end:%H:%M}" if same_day else f"{end:%Y-%m-%d %H:%M}"
    return [Cell(f"time: {start:%Y-%m-%d %H:%M} to {until} UTC"), Cell(f"hosts: {hosts}")]


def _decision(routing: Routing) -> str:
    if not routing.certain:
        return "not certain"
    if routing.calendar:
        return f"{routing.decision}, calendar {routing.calendar.name}"
    return "none" if routing.decision is Decision.NONE else str(routing.decision)


def _action(routing: Routing) -> str:
    if routing.planned:
        return f"planned: {routing.planned}; nothing was changed"
    return str(routing.action)


def _reasons(reasons: tuple[Reason, ...]) -> Table:
    rows: list[list[Value]] = [[str(reason.criterion), _met(reason.met), reason.detail] for reason in reasons]
    return Table("why", ("criterion", "met", "detail"), rows, details=("detail",))


def _met(met: bool | None) -> Cell:
    if met is None:
        return Cell("unknown", "yellow")
    return Cell("yes", "green") if met else Cell("no", "dim")


def _changes(routing: Routing) -> Table:
    rows: list[list[Value]] = [
        [
            Cell(str(change.action), ACTION_STYLES.get(change.action, "")),
            change.calendar.name,
            change.why,
            shown_card(change.before),
            shown_card(change.after),
            change.entry_id,
        ]
        for change in routing.changes
    ]
    title = "what would be done" if routing.planned else "what was done"
    columns = ("action", "calendar", "why", "before", "after", "entry")
    return Table(title, columns, rows, details=("why", "before", "after", "entry"))


def shown_card(card: Card | None) -> str | None:
    """Return what people see of an entry, in a few words; None for nothing."""
    return f"{card.summary}, {card.start:%Y-%m-%d %H:%M} {card.zone}" if card else None


def _meeting_json(meeting: Meeting) -> Json:
    return {
        "uri": meeting.uri,
        "name": meeting.name,
        "start_time": _utc(meeting.start),
        "end_time": _utc(meeting.end),
        "hosts": [str(host) for host in meeting.hosts],
    }


def _change_json(change: Change) -> Json:
    return {
        "action": str(change.action),
        "calendar": change.calendar.key,
        "calendar_event_id": change.entry_id,
        "why": change.why,
        "before": card_json(change.before),
        "after": card_json(change.after),
    }


def card_json(card: Card | None) -> Json:
    """Return what people see of an entry; null for nothing."""
    if card is None:
        return None
    start, end = card.start.isoformat(), card.end.isoformat()
    return {"summary": card.summary, "start": start, "end": end, "zone": card.zone, "location": card.location}


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
