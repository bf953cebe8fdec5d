"""Schedules and their slots, as people and programs see them."""

import json
from collections.abc import Mapping, Sequence
from typing import cast

from supops.models.deliveries import Delivery, State
from supops.models.schedules import Slot
from supops.render.deliveries import or_else
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import timestamp
from supops.services.running import SlotRun
from supops.services.scheduling import Standing

SCHEDULES_SCHEMA = "supops.schedules/1"
RUN_SCHEMA = "supops.schedule-run/1"
STATE_STYLES = {
    State.DONE: "green",
    State.DEAD: "bold red",
    State.DISCARDED: "dim",
    State.RUNNING: "cyan",
    State.PENDING: "yellow",
}
STREAMS = ("stdout", "stderr")


def schedules_table(standings: Sequence[Standing], *, planned: bool | None = None) -> Table:
    """Return how schedules stand.

    Args:
        standings: How they do.
        planned: Whether they would be on; None where nothing would be switched.
    """
    columns = ("name", "runs", "when", "state", "since", "last", "outcome", "next")
    rows: list[list[Value]] = [
        [
            one.schedule.name,
            one.schedule.command,
            one.schedule.when,
            _state(one, planned),
            timestamp(one.since) if one.since else None,
            label_of(one.last) if one.last else None,
            _outcome(one.last) if one.last else None,
            timestamp(one.following.due) if one.following else None,
        ]
        for one in standings
    ]
    return Table("Schedules", columns, rows, details=("runs", "when", "since", "outcome"))


def _state(standing: Standing, planned: bool | None) -> Cell:
    if planned is not None:
        before, after = ("off", "on") if planned else ("on", "off")
        return Cell(f"{before}, planned: {after}", "cyan")
    if not standing.available:
        return Cell("not in this version", "dim")
    return Cell("on", "green") if standing.enabled else Cell("off", "dim")


def label_of(delivery: Delivery) -> str:
    """Return which slot of its schedule a stored one is."""
    return delivery.key.removeprefix(f"{delivery.lock_key}:")


def _outcome(delivery: Delivery) -> Cell:
    """Return what became of a slot, in a few words."""
    style = STATE_STYLES[delivery.state]
    tries = f"{delivery.attempts} {'try' if delivery.attempts == 1 else 'tries'}"
    if delivery.state is State.DONE:
        return Cell(delivery.outcome or "done", style)
    if delivery.state is State.DISCARDED:
        return Cell(f"discarded: {delivery.outcome}", style)
    if delivery.state is State.RUNNING:
        return Cell(f"run by {delivery.worker}{or_else(delivery)}", style)
    if delivery.state is State.DEAD:
        return Cell(f"given up after {tries}: {delivery.last_error}", style)
    if delivery.attempts:
        return Cell(f"failed, {tries}; again at {timestamp(delivery.next_at)}: {delivery.last_error}", style)
    return Cell("waits for a worker", style)


def schedules_json(standings: Sequence[Standing], *, planned: bool | None = None) -> Json:
    """Return the same as ``supops.schedules/1``."""
    return {
        "schema": SCHEDULES_SCHEMA,
        "schedules": [
            {
                "name": one.schedule.name,
                "command": one.schedule.command,
                "when": one.schedule.when,
                "available": one.available,
                "enabled": one.enabled,
                "planned_enabled": planned,
                "default_enabled": one.schedule.default_on,
                "since": timestamp(one.since) if one.since else None,
                "last": _last_json(one.last) if one.last else None,
                "next": _slot_json(one.following) if one.following else None,
            }
            for one in standings
        ],
    }


def _last_json(delivery: Delivery) -> dict[str, Json]:
    finished = delivery.finished_at
    return {
        "slot": label_of(delivery),
        "delivery": delivery.id,
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "stored_at": timestamp(delivery.received_at),
        "finished_at": timestamp(finished) if finished else None,
        "outcome": delivery.outcome or None,
        "error": delivery.last_error or None,
    }


def _slot_json(slot: Slot) -> dict[str, Json]:
    return {"slot": slot.label, "due_at": timestamp(slot.due)}


def run_blocks(run: SlotRun) -> list[Block]:
    """Return what became of a slot that somebody asked to run, with the end of what its command wrote."""
    delivery, result = run.delivery, _result(run.delivery)
    outcome = _outcome(delivery)
    said = outcome.text if run.ran else f"not run again: {outcome.text}"
    rows: list[list[Value]] = [
        [run.slot.schedule.name, run.slot.label, run.slot.command, Cell(said, outcome.style), delivery.id]
    ]
    blocks: list[Block] = [
        Table("", ("schedule", "slot", "command", "outcome", "delivery"), rows, details=("outcome",))
    ]
    for stream in STREAMS:
        lines = str(result.get(stream) or "").splitlines()
        if lines:
            blocks.append(Heading(f"{stream}, its end:", [Cell(line) for line in lines]))
    return blocks


def run_json(run: SlotRun) -> Json:
    """Return the same as ``supops.schedule-run/1``."""
    result = _result(run.delivery)
    return {
        "schema": RUN_SCHEMA,
        "schedule": run.slot.schedule.name,
        "command": run.slot.command,
        "ran": run.ran,
        **_last_json(run.delivery),
        "exit_status": result.get("exit_status"),
        "stdout": result.get("stdout"),
        "stderr": result.get("stderr"),
    }


def planned_blocks(slot: Slot, known: Delivery | None, *, would_run: bool) -> list[Block]:
    """Return what would become of a slot."""
    stands = _outcome(known) if known else Cell("not begun")
    rows: list[list[Value]] = [
        [slot.schedule.name, slot.label, slot.command, stands, "run" if would_run else "nothing"]
    ]
    return [Table("", ("schedule", "slot", "command", "stands", "would be done"), rows)]


def planned_json(slot: Slot, known: Delivery | None, *, would_run: bool) -> Json:
    """Return the same as ``supops.schedule-run/1``."""
    nothing: dict[str, Json] = dict.fromkeys(
        ("delivery", "state", "stored_at", "finished_at", "outcome", "error")
    )
    stored = _last_json(known) if known else {**nothing, "attempts": 0}
    return {
        "schema": RUN_SCHEMA,
        "schedule": slot.schedule.name,
        "command": slot.command,
        "ran": False,
        **stored,
        "slot": slot.label,
        "exit_status": None,
        "stdout": None,
        "stderr": None,
        "would_run": would_run,
    }


def _result(delivery: Delivery) -> "Mapping[str, Json]":
    """Return how the command ended; nothing where it is not done."""
    if delivery.state is not State.DONE or not delivery.result:
        return {}
    return cast("Mapping[str, Json]", json.loads(delivery.result))
