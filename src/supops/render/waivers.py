"""A waiver that was written down, for people and for programs (``supops.waiver/1``)."""

from supops.models.waivers import Waiver, WrittenWaiver
from supops.render.audits import waiver_json
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value

WAIVER_SCHEMA = "supops.waiver/1"
COLUMNS = ("action", "check", "subject", "reason", "owner", "expires", "file", "line")


def waiver_blocks(written: WrittenWaiver, *, dry_run: bool) -> list[Block]:
    """Return the entry as it stands in its file, or would stand there; and what it was before."""
    waiver, before = written.waiver, written.before
    said = (
        ("would be replaced" if before else "would be added") if dry_run else _action(written, dry_run=False)
    )
    heading = Heading(
        f"{said}: {waiver.file}:{waiver.line}", [Cell(line) for line in written.text.splitlines()]
    )
    if before is None:
        return [heading]
    old, new = _values(before), _values(waiver)
    rows: list[list[Value]] = [[key, old[key], new[key]] for key in new if old[key] != new[key]]
    return [heading, Table("changes", ("key", "before", "after"), rows)]


def written_json(written: WrittenWaiver, *, dry_run: bool) -> Json:
    """Return the same as ``supops.waiver/1``."""
    return {
        "schema": WAIVER_SCHEMA,
        "action": _action(written, dry_run=dry_run),
        "waiver": waiver_json(written.waiver),
        "before": waiver_json(written.before) if written.before else None,
    }


def waiver_csv(written: WrittenWaiver, *, dry_run: bool) -> str:
    """Return the waiver as CSV with one row."""
    waiver = written.waiver
    row = [_action(written, dry_run=dry_run), *_values(waiver).values(), waiver.file, waiver.line]
    return render_csv(COLUMNS, [row])


def _action(written: WrittenWaiver, *, dry_run: bool) -> str:
    if dry_run:
        return "planned"
    return "replaced" if written.before else "added"


def _values(waiver: Waiver) -> dict[str, str]:
    return {
        "check": waiver.check,
        "subject": waiver.subject,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
    }
