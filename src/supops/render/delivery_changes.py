"""What was done to deliveries, or would be: replayed, given up and deleted."""

from supops.models.deliveries import Delivery, State
from supops.render.deliveries import STATE_STYLES, became, delivery_json
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Table, Value
from supops.render.text import count, timestamp
from supops.services.tending import Discarded, Pruned, Replay

REPLAY_SCHEMA = "supops.replay/1"
DISCARD_SCHEMA = "supops.discard/1"
PRUNE_SCHEMA = "supops.prune/1"
PLANNED = "planned"
COLUMNS = ("id", "event", "action", "before", "after", "what became of it", "about")


def replay_table(replay: Replay) -> Table:
    """Return what was, or would be, replayed."""
    done = "processed" if replay.here else "replayed"
    rows = [
        _row(
            one.was,
            one.now,
            PLANNED if replay.dry_run else done,
            became(one.now) if replay.here else became(one.was),
        )
        for one in replay.items
    ]
    title = "would be processed again; nothing was changed" if replay.dry_run else "processed again"
    if not replay.here and not replay.dry_run:
        title = "to be processed again"
    return Table(title, COLUMNS, rows, details=("what became of it", "about"))


def replay_json(replay: Replay) -> Json:
    """Return the same as ``supops.replay/1``."""
    return {
        "schema": REPLAY_SCHEMA,
        "dry_run": replay.dry_run,
        "here": replay.here,
        "deliveries": [
            {
                "was": str(one.was.state),
                "planned": str(one.now.state) if replay.dry_run else None,
                **delivery_json(one.was if replay.dry_run else one.now),
            }
            for one in replay.items
        ],
        "busy": list(replay.busy),
        "lacks_worker": replay.lacks_worker,
        "slots_left_alone": replay.slots,
    }


def discard_table(discarded: Discarded) -> Table:
    """Return what was, or would be, given up."""
    action = PLANNED if discarded.planned else "discarded" if discarded.changed else "none"
    row = _row(discarded.was, discarded.delivery, action, became(discarded.delivery))
    title = "would be given up; nothing was changed" if discarded.planned else ""
    return Table(title, COLUMNS, [row], details=("what became of it", "about"))


def discard_json(discarded: Discarded, *, dry_run: bool) -> Json:
    """Return what was given up as ``supops.discard/1``."""
    planned = discarded.planned
    return {
        "schema": DISCARD_SCHEMA,
        "dry_run": dry_run,
        "changed": discarded.changed,
        "planned": str(discarded.delivery.state) if planned else None,
        "reason": discarded.delivery.outcome,
        "delivery": delivery_json(discarded.was if planned else discarded.delivery),
    }


def pruned_blocks(pruned: Pruned) -> list[Block]:
    """Return how many were deleted, and how many of them were dead."""
    verb = "would be deleted" if pruned.dry_run else "deleted"
    said = f"{count(pruned.deliveries, 'delivery', 'deliveries')} {verb}"
    dead = Cell(str(pruned.dead), STATE_STYLES[State.DEAD] if pruned.dead else "")
    columns = ("finished before", "what was done", "of them dead")
    return [Table("", columns, [[timestamp(pruned.before), said, dead]])]


def pruned_json(pruned: Pruned) -> Json:
    """Return the same as ``supops.prune/1``."""
    return {
        "schema": PRUNE_SCHEMA,
        "dry_run": pruned.dry_run,
        "before": timestamp(pruned.before),
        "deliveries": pruned.deliveries,
        "dead": pruned.dead,
    }


def _row(was: Delivery, now: Delivery, action: str, said: str) -> list[Value]:
    return [
        was.id,
        was.event or None,
        Cell(action, "cyan" if action == PLANNED else ""),
        Cell(str(was.state), STATE_STYLES[was.state]),
        Cell(str(now.state), STATE_STYLES[now.state]),
        said or None,
        was.lock_key,
    ]
