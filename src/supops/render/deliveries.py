"""Deliveries, and what becomes of them, as people and programs see them."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from supops.models.bodies import masked_body
from supops.models.deliveries import SCHEDULE, Attempt, Delivery, State
from supops.models.redaction import redact
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value, cell_text
from supops.render.text import count, timestamp, visible
from supops.services.following import Happening, What
from supops.services.tending import Whole

LIST_SCHEMA = "supops.deliveries/1"
DELIVERY_SCHEMA = "supops.delivery/1"
HAPPENING_SCHEMA = "supops.delivery-happening/1"
STATE_STYLES = {
    State.DONE: "green",
    State.DEAD: "bold red",
    State.DISCARDED: "dim",
    State.RUNNING: "cyan",
    State.PENDING: "yellow",
}
COLUMNS = ("id", "received", "source", "event", "state", "tries", "what became of it", "about")
# What most rows of a list have at most; a list that is longer than a page is aligned by these.
WIDTHS = (7, 20, 8, 24, 9, 5, 40, 0)
ROUTING = "supops.routing/"


def deliveries_table(deliveries: Iterable[Delivery]) -> Table:
    """Return a list of deliveries."""
    rows = [delivery_row(one) for one in deliveries]
    return Table("", COLUMNS, rows, details=("what became of it", "about"))


def delivery_row(one: Delivery) -> list[Value]:
    """Return a delivery as a row under `COLUMNS`."""
    return [
        one.id,
        timestamp(one.received_at),
        one.source,
        one.event or None,
        Cell(str(one.state), STATE_STYLES[one.state]),
        one.attempts,
        became(one) or None,
        one.lock_key,
    ]


def became(one: Delivery) -> str:
    """Return what became of a delivery, in a few words; empty for nothing yet."""
    if one.state is State.DONE:
        return one.outcome or "done"
    if one.state is State.DISCARDED:
        return f"given up: {one.outcome}"
    if one.state is State.DEAD:
        return one.last_error
    if one.state is State.RUNNING:
        return f"processed by {one.worker}{or_else(one)}"
    if one.attempts:
        return f"again at {timestamp(one.next_at)}: {one.last_error}"
    return ""


def or_else(one: Delivery) -> str:
    """Return from when on another worker takes a delivery over: the one that processes it may have been killed."""
    return (
        f"; should that be lost, by another from {timestamp(one.lease_until)} on" if one.lease_until else ""
    )


def aligned(rows: Iterable[Sequence[Value]]) -> str:
    """Return rows of a long list for a pipe: each on a line, aligned as far as `WIDTHS` goes, nothing cut."""
    from rich.cells import cell_len

    lines = []
    for row in rows:
        texts = [cell_text(value) for value in row]
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(texts, WIDTHS, strict=True))
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def aligned_header() -> str:
    """Return what stands above `aligned` rows."""
    rules = ["-" * max(len(name), width) for name, width in zip(COLUMNS, WIDTHS, strict=True)]
    return aligned([list(COLUMNS), list(rules)])


def csv_rows(deliveries: Iterable[Delivery], *, header: bool) -> str:
    """Return deliveries as CSV."""
    columns = [column.replace(" ", "_") for column in COLUMNS]
    rows = (
        [value.text if isinstance(value, Cell) else value for value in delivery_row(one)]
        for one in deliveries
    )
    text = render_csv(columns, rows)
    return text if header else text.partition("\r\n")[2]


def deliveries_json(deliveries: Sequence[Delivery], next_before: int | None) -> Json:
    """Return the same as ``supops.deliveries/1``."""
    return {
        "schema": LIST_SCHEMA,
        "deliveries": [delivery_json(one) for one in deliveries],
        "next_before": next_before,
    }


def delivery_json(one: Delivery) -> dict[str, Json]:
    """Return a delivery as it stands in every list."""
    return {
        "id": one.id,
        "source": one.source,
        "event": one.event,
        "about": one.lock_key,
        "received_at": timestamp(one.received_at),
        "state": str(one.state),
        "attempts": one.attempts,
        "next_at": timestamp(one.next_at) if one.state is State.PENDING else None,
        "worker": one.worker or None,
        "finished_at": timestamp(one.finished_at) if one.finished_at else None,
        "outcome": one.outcome or None,
        "error": one.last_error or None,
    }


def whole_json(whole: Whole, *, raw: bool = False) -> dict[str, Json]:
    """Return a delivery with all that is known of it, as ``supops.delivery/1``.

    Args:
        whole: The delivery.
        raw: With its body as it arrived, secrets and all, instead of a masked one.
    """
    one = whole.delivery
    document, text = (None, None) if raw else masked_body(one.body)
    facts: dict[str, Json] = {
        "schema": DELIVERY_SCHEMA,
        **delivery_json(one),
        "key": one.key,
        "headers": {name: redact(value) for name, value in one.headers.items()},
        "history": [{**_attempt_json(attempt), "round": place} for place, attempt in _rounds(whole.attempts)],
        "result": _result(one),
        "remedy": remedy(one) or None,
        "bytes": len(one.body),
        "body": document,
        "text": text,
    }
    return {**facts, "raw_body": _raw(one.body)} if raw else facts


def _raw(body: bytes) -> Json:
    try:
        return {"encoding": "utf-8", "data": body.decode()}
    except UnicodeDecodeError:
        return {"encoding": "base64", "data": base64.b64encode(body).decode("ascii")}


def _attempt_json(attempt: Attempt) -> dict[str, Json]:
    return {
        "number": attempt.number,
        "worker": attempt.worker,
        "started_at": timestamp(attempt.started_at),
        "finished_at": timestamp(attempt.finished_at) if attempt.finished_at else None,
        "succeeded": attempt.succeeded,
        "error": attempt.error or None,
    }


def _result(one: Delivery) -> Json:
    """Return what became of a delivery, as it was kept."""
    try:
        return _redacted(json.loads(one.result)) if one.result else None
    except ValueError:
        return None


def _redacted(value: Json) -> Json:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(one) for key, one in value.items()}
    return [_redacted(one) for one in value] if isinstance(value, Sequence) else value


def remedy(one: Delivery) -> str:
    """Return what to do about a delivery that is dead; empty for others."""
    if one.state is not State.DEAD:
        return ""
    return (
        f"mend what the error says, then `supops webhooks replay {one.id}`; "
        f"or give it up: `supops webhooks discard {one.id} --reason TEXT`"
    )


def whole_blocks(whole: Whole) -> list[Block]:
    """Return a delivery with all that is known of it."""
    one = whole.delivery
    rows: list[list[Value]] = [
        ["source", one.source],
        ["event", one.event],
        ["about", one.lock_key],
        ["received", timestamp(one.received_at)],
        ["state", Cell(str(one.state), STATE_STYLES[one.state])],
        ["finished", timestamp(one.finished_at) if one.finished_at else None],
        ["outcome", became(one)],
        ["what to do", remedy(one)],
    ]
    rows += [[f"header {name}", redact(value)] for name, value in one.headers.items()]
    blocks: list[Block] = [
        Heading(f"delivery {one.id}", ()),
        Table("", ("what", "value"), [row for row in rows if row[1]]),
        _attempts_table(whole.attempts),
        *_result_blocks(one),
    ]
    document, text = masked_body(one.body)
    size = count(len(one.body), "byte")
    if text is not None:
        shown = text or ("nothing" if not one.body else "nothing that can be shown")
        return [*blocks, Heading(f"body, {size}, which is no JSON:", [Cell(shown)])]
    pairs: list[list[Value]] = [[key, value] for key, value in flat(document, "")]
    return [*blocks, Heading(f"body, {size}, without secrets:", ()), Table("", ("key", "value"), pairs)]


def _rounds(attempts: Sequence[Attempt]) -> list[tuple[int, Attempt]]:
    """Return attempts, each with its round: from 1, and one more with each replay."""
    found: list[tuple[int, Attempt]] = []
    for one in attempts:
        last = found[-1] if found else None
        begins = last is None or one.number <= last[1].number
        found.append(((last[0] if last else 0) + begins, one))
    return found


def _attempts_table(attempts: Sequence[Attempt]) -> Table:
    rows: list[list[Value]] = [
        [
            f"{one.number}, replay {place - 1}" if place > 1 else one.number,
            timestamp(one.started_at),
            _seconds(one),
            _ended(one),
            one.error or None,
            one.worker,
        ]
        for place, one in _rounds(attempts)
    ]
    columns = ("try", "began", "took", "ended", "error", "worker")
    return Table("attempts", columns, rows, details=("error", "worker"))


def _seconds(attempt: Attempt) -> str | None:
    if attempt.finished_at is None:
        return None
    return f"{max(0.0, (attempt.finished_at - attempt.started_at).total_seconds()):.1f} s"


def _ended(attempt: Attempt) -> Cell:
    if attempt.succeeded is None:
        return Cell("not", "yellow")
    return Cell("well", "green") if attempt.succeeded else Cell("failed", "red")


def _result_blocks(one: Delivery) -> list[Block]:
    """Return the decision and the calendar entry; of another result its keys and values."""
    found = _result(one)
    if not isinstance(found, dict):
        return []
    rows: list[list[Value]] = [[key, value] for key, value in flat(found, "") if key != "schema"]
    is_routing = str(found.get("schema", "")).startswith(ROUTING)
    if is_routing:
        wanted = (
            "decision",
            "action",
            "calendar.",
            "calendar_event_id",
            "scheduled_event.",
            "note",
            "reasons[",
        )
        rows = [row for row in rows if str(row[0]).startswith(wanted) and row[1]]
    title = "decision and calendar entry" if is_routing else "result"
    return [Heading(f"{title}:", ()), Table("", ("what", "value"), rows)] if rows else []


def flat(value: object, path: str) -> list[tuple[str, str]]:
    """Return the values inside of a JSON value as texts, each with its path below `path`."""
    if isinstance(value, dict) and value:
        return [pair for key, one in value.items() for pair in flat(one, f"{path}.{key}" if path else key)]
    if isinstance(value, list) and value:
        return [pair for place, one in enumerate(value) for pair in flat(one, f"{path}[{place}]")]
    if isinstance(value, bool):
        return [(path, "true" if value else "false")]
    return [(path, "" if value is None else str(value))]


def happening_line(happening: Happening, tries: int, now: datetime) -> str:
    """Return what happened on one line: when, an arrow, the delivery's id, and the outcome.

    Args:
        happening: What happened.
        tries: After so many a delivery is dead.
        now: The present time, for what has no time of its own.
    """
    one, attempt = happening.delivery, happening.attempt
    if happening.what is What.ARRIVED or attempt is None:
        named = one.event or "(no event)"
        source = "" if "." in one.event and one.source != SCHEDULE else f"{one.source} "
        return visible(f"{_clock(one.received_at)} --> #{one.id} {source}{named}")
    error = attempt.error or one.last_error
    if happening.what is What.DONE:
        said = f"done: {one.outcome}" if one.state is State.DONE and one.outcome else "done"
    elif happening.what is What.DEAD:
        said = f"dead: {error}"
    elif happening.what is What.BROKEN_OFF:
        said = f"broken off (try {attempt.number} of {tries}): its worker was lost"
    else:
        again = f"; again at {_clock(one.next_at)} UTC" if _waits(one, attempt) else ""
        said = f"failed (try {attempt.number} of {tries}): {error.rstrip('.') if again else error}{again}"
    return visible(f"{_clock(attempt.finished_at or now)} <-- #{one.id} {said}")


def _waits(one: Delivery, attempt: Attempt) -> bool:
    """Whether the delivery's next try is the one after this attempt."""
    return one.state is State.PENDING and one.attempts == attempt.number


def _clock(time: datetime) -> str:
    return f"{time.astimezone(UTC):%H:%M:%S}"


def happening_json(happening: Happening) -> Json:
    """Return the same as ``supops.delivery-happening/1``."""
    return {
        "schema": HAPPENING_SCHEMA,
        "what": str(happening.what),
        "delivery": delivery_json(happening.delivery),
        "attempt": _attempt_json(happening.attempt) if happening.attempt else None,
    }


def json_line(value: Json) -> str:
    """Return JSON on one line."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False) + "\n"


def whole_csv(whole: Whole) -> str:
    """Return a delivery with all that is known of it as CSV: a row for each value, with the path that JSON has it at."""
    pairs = flat(whole_json(whole), "")
    return render_csv(("key", "value"), [[key, value] for key, value in pairs if key != "schema"])
