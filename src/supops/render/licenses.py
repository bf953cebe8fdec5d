"""Requests for licenses, and what was issued: tables for people, JSON and CSV for programs."""

from collections.abc import Sequence
from datetime import date, datetime

from supops.models.license_requests import Decision, FormField
from supops.models.licenses import Generated, Issued, Problem, Route, Withdrawn
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.text import count, visible
from supops.services.license_rules import Rules

DECISION_SCHEMA = "supops.license-decision/1"
GENERATED_SCHEMA = "supops.license-generated/1"
LEDGER_SCHEMA = "supops.licenses/1"
WITHDRAWN_SCHEMA = "supops.license-withdrawn/1"
GOOD, BAD, ODD = "green", "bold red", "yellow"
KINDS = {
    Route.LEGACY: "a legacy license file",
    Route.STAGING_CLOUD: "a staging cloud license",
    Route.ZERO_DOLLAR: "a $0 subscription",
}
WANTED_FOR = {
    Route.LEGACY: "Premium or Ultimate on self-managed, without GitLab Duo",
    Route.STAGING_CLOUD: "testing GitLab Duo",
    Route.ZERO_DOLLAR: "testing GitLab Duo where a production license is required",
}
SHORT_SHA = 12
LISTED = (
    *("id", "name", "email", "plan", "users_count", "starts_on", "expires_on", "state", "issue", "issued_at"),
    *("issued_by", "origin", "reason", "sha256", "file", "withdrawn_at", "withdrawn_by", "withdrawn_reason"),
)
TITLES = {"withdrawn": "Withdrawn", "planned": "Would be withdrawn", "already": "Withdrawn before"}


def decision_blocks(decision: Decision) -> list[Block]:
    """Return which license it is, whether it may be made, and all that is wrong."""
    blocks: list[Block] = [Heading(_title(decision), _lines(decision))]
    problems = [one for one in decision.problems if not is_told_above(one, decision)]
    if problems:
        blocks.append(problems_table(problems))
    return blocks


def is_told_above(problem: Problem, decision: Decision) -> bool:
    """Whether a problem says no more than why the license is not made here, and where to ask: that is told for itself."""
    return decision.contact is not None and problem.message.startswith(decision.why)


def route_blocks(decision: Decision, rules: Rules) -> list[Block]:
    """Return the three answers, and which of them it is."""
    contacts = {Route.STAGING_CLOUD: rules.staging_contact, Route.ZERO_DOLLAR: rules.orders_contact}
    rows: list[list[Value]] = [
        [
            Cell("->" if route is decision.route else "", GOOD),
            str(route),
            WANTED_FOR[route],
            KINDS[route],
            contacts.get(route, "made here"),
        ]
        for route in Route
    ]
    columns = ("", "route", "wanted for", "answer", "where to ask")
    table = Table("Which license", columns, rows, details=("wanted for",))
    return [*decision_blocks(decision), table]


def _title(decision: Decision) -> str:
    if decision.route is None:
        return "Not decided: the request does not say what the license is for"
    if decision.route is not Route.LEGACY:
        return f"Not made here: {KINDS[decision.route]} ({decision.route})"
    if decision.is_accepted:
        return f"Accepted: {KINDS[decision.route]} may be made"
    return f"Not accepted: the request for {KINDS[decision.route]} has {count(len(decision.problems), 'problem')}"


def _lines(decision: Decision) -> list[Cell]:
    request = decision.request
    # Where nothing is decided, the title says why.
    lines = [Cell(f"why: {decision.why}")] if decision.route else []
    if decision.contact:
        lines.append(Cell(f"ask in: {decision.contact}", "bold"))
    if request is not None and decision.is_accepted:
        users = count(request.users_count, "user")
        lines.append(Cell(f"for: {request.name} <{request.email}>, {request.plan}, {users}", GOOD))
        lines.append(Cell(f"until: {request.end_date}, requested on {request.requested_on}", GOOD))
    if decision.override:
        held = "; ".join(f"until {one.expires}, by {one.where}" for one in decision.held)
        lines.append(
            Cell(
                f"although the person still has a license ({held}), because: {decision.override.reason}", ODD
            )
        )
    return lines + [Cell(f"note: {remark}", ODD) for remark in decision.remarks]


def problems_table(problems: Sequence[Problem]) -> Table:
    """Return problems with the fields that they are about."""
    rows: list[list[Value]] = [[Cell(one.field, BAD), one.message] for one in problems]
    return Table("Problems", ("field", "problem"), rows, details=("problem",))


def decision_json(decision: Decision) -> Json:
    """Return a decision as ``supops.license-decision/1``."""
    request = decision.request
    return {
        "schema": DECISION_SCHEMA,
        "route": str(decision.route) if decision.route else None,
        "accepted": decision.is_accepted,
        "problems": problems_json(decision.problems),
        "contact": decision.contact,
        "form": {one.key: one.value for one in decision.form} if decision.form else None,
        "why": decision.why,
        "remarks": list(decision.remarks),
        "request": None
        if request is None
        else {
            "name": request.name,
            "email": request.email,
            "plan": request.plan,
            "users_count": request.users_count,
            "previous_users_count": request.previous_users_count,
            "trueup_count": request.trueup_count,
            "end_date": request.end_date.isoformat(),
            "requested_on": request.requested_on.isoformat(),
            "issue": request.issue or None,
        },
        "still_held": [
            {
                "where": one.where,
                "expires_on": one.expires.isoformat(),
                "issue": one.issue or None,
                "license": one.issued.id if one.issued else None,
                "file": (one.issued.file or None) if one.issued else None,
            }
            for one in decision.held
        ],
        "override_reason": decision.override.reason if decision.override else None,
    }


def problems_json(problems: Sequence[Problem]) -> list[Json]:
    """Return problems with their fields."""
    return [{"field": one.field, "message": one.message} for one in problems]


def decision_csv(decision: Decision) -> str:
    """Return a decision as CSV: a line for each problem, or one line where there is none."""
    head = (str(decision.route or ""), decision.is_accepted, decision.contact or "")
    rows = [(*head, one.field, one.message) for one in decision.problems] or [(*head, "", "")]
    return render_csv(("route", "accepted", "contact", "field", "problem"), rows)


def form_blocks(decision: Decision) -> list[Block]:
    """Return every field of the administration form with its value, or why there is none."""
    if not decision.form:
        return decision_blocks(decision)
    rows: list[list[Value]] = [[one.label, _entered(one)] for one in decision.form]
    notes = [Heading("Notes", [Cell(remark, ODD) for remark in decision.remarks])] if decision.remarks else []
    return [Table("License form", ("field", "value"), rows), *notes]


def form_csv(decision: Decision) -> str:
    """Return the form as CSV; of a request that is not accepted, its problems."""
    if not decision.form:
        return decision_csv(decision)
    return render_csv(("key", "field", "value"), [(one.key, one.label, one.value) for one in decision.form])


def form_text(decision: Decision) -> str:
    """Return the form to copy from: one line for each field, never folded."""
    return "".join(f"{one.label}: {_entered(one, nothing='')}".rstrip() + "\n" for one in decision.form)


def _entered(one: FormField, *, nothing: str = "(leave blank)") -> str:
    if isinstance(one.value, bool):
        return "yes" if one.value else "no (leave unticked)"
    return visible(str(one.value)) if one.value != "" else nothing


def issued_json(issued: Issued, today: date) -> dict[str, Json]:
    """Return a license in the ledger."""
    return {
        "id": issued.id or None,
        "name": issued.name,
        "email": issued.email,
        "plan": issued.plan,
        "users_count": issued.users,
        "starts_on": issued.starts.isoformat(),
        "expires_on": issued.expires.isoformat(),
        "state": str(issued.state_on(today)),
        "issue": issued.issue or None,
        "issued_at": moment(issued.issued_at),
        "issued_by": issued.by,
        "origin": str(issued.origin),
        "reason": issued.reason or None,
        "sha256": issued.sha256,
        "file": issued.file or None,
        "withdrawn_at": moment(issued.withdrawn.at) if issued.withdrawn else None,
        "withdrawn_by": issued.withdrawn.by if issued.withdrawn else None,
        "withdrawn_reason": issued.withdrawn.reason if issued.withdrawn else None,
    }


def moment(at: datetime) -> str:
    """Return a moment as programs read it."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def ledger_blocks(entries: Sequence[Issued], today: date) -> list[Block]:
    """Return what was issued."""
    rows: list[list[Value]] = [
        [
            one.id,
            one.name,
            one.email,
            one.plan,
            one.users if one.users is not None else "no limit",
            one.starts.isoformat(),
            Cell(one.expires.isoformat(), "dim" if not one.is_running_on(today) else ""),
            Cell(str(one.state_on(today)), ODD if one.is_pending else ""),
            one.by,
            one.sha256[:SHORT_SHA],
            one.issue or None,
        ]
        for one in entries
    ]
    columns = ["id", "name", "email", "plan", "users", "starts", "expires", "state", "by", "sha256", "issue"]
    details = ["email", "sha256", "issue"]
    whys = {
        "made although": [one.reason or None for one in entries],
        "withdrawn because": [one.withdrawn.reason if one.withdrawn else None for one in entries],
    }
    for column, reasons in whys.items():
        if any(reasons):
            columns.append(column)
            details.append(column)
            for row, reason in zip(rows, reasons, strict=True):
                row.append(reason)
    return [Table("Licenses", columns, rows, details=tuple(details))]


def ledger_json(entries: Sequence[Issued], today: date) -> Json:
    """Return the same as ``supops.licenses/1``."""
    return {"schema": LEDGER_SCHEMA, "licenses": [issued_json(one, today) for one in entries]}


def ledger_csv(entries: Sequence[Issued], today: date) -> str:
    """Return the same as CSV."""
    found = [issued_json(one, today) for one in entries]
    return render_csv(LISTED, [[one[column] for column in LISTED] for one in found])


def generated_blocks(generated: Generated) -> list[Block]:
    """Return what was signed, or would be."""
    issued = generated.issued
    said = f"Written: {generated.file}" if generated.is_recorded else f"Would be written: {generated.file}"
    recorded = (
        f"ledger: license {issued.id}, by {issued.by}"
        if generated.is_recorded
        else "ledger: nothing recorded, this is a dry run"
    )
    if generated.was_begun:
        recorded += f"; license {issued.id} was begun before, and is finished with this"
    sha256 = f"sha256: {issued.sha256}" if issued.id else "sha256: another one with each signing"
    users = count(issued.users, "user") if issued.users is not None else "no limit"
    lines = [
        Cell(f"for: {issued.name} <{issued.email}>, {issued.plan}, {users}"),
        Cell(f"valid: from {issued.starts}, and expired from {issued.expires} on"),
        Cell("read back with the public half of the key: the same", GOOD),
        Cell(sha256),
        Cell(recorded),
    ]
    if issued.reason:
        lines.append(Cell(f"although the person still has a license, because: {issued.reason}", ODD))
    return [Heading(said, lines)]


def generated_json(generated: Generated, today: date) -> Json:
    """Return the same as ``supops.license-generated/1``."""
    return {
        "schema": GENERATED_SCHEMA,
        "action": "generated" if generated.is_recorded else "planned",
        "file": generated.file,
        "license": _signed_json(generated, today),
    }


def _signed_json(generated: Generated, today: date) -> dict[str, Json]:
    """Return the entry; a dry run has no SHA-256, as each signing makes another file."""
    found = issued_json(generated.issued, today)
    return found if generated.issued.id else found | {"sha256": None}


def generated_csv(generated: Generated, today: date) -> str:
    """Return the same as CSV with one line."""
    found = _signed_json(generated, today)
    action = "generated" if generated.is_recorded else "planned"
    # One column has the file: where it was written to, or would be.
    columns = [column for column in LISTED if column != "file"]
    return render_csv(
        ("action", "file", *columns), [[action, generated.file, *(found[column] for column in columns)]]
    )


def withdrawn_blocks(found: Withdrawn) -> list[Block]:
    """Return what became of withdrawing a license."""
    one = found.license
    lines = [
        Cell(f"for: {one.name} <{one.email}>, {one.plan}, until {one.expires}"),
        *([Cell(f"by {one.withdrawn.by}, because: {one.withdrawn.reason}")] if one.withdrawn else []),
        *(Cell(f"note: {remark}", ODD) for remark in _left(found)),
    ]
    return [Heading(f"{TITLES[found.action]}: license {one.id}", lines)]


def withdrawn_json(found: Withdrawn, today: date) -> Json:
    """Return the same as ``supops.license-withdrawn/1``."""
    return {
        "schema": WITHDRAWN_SCHEMA,
        "action": found.action,
        "remarks": _left(found),
        "license": issued_json(found.license, today),
    }


def withdrawn_csv(found: Withdrawn, today: date) -> str:
    """Return the same as CSV with one line."""
    one = issued_json(found.license, today)
    return render_csv(("action", *LISTED), [[found.action, *(one[column] for column in LISTED)]])


def _left(found: Withdrawn) -> list[str]:
    if not found.file_is_there:
        return []
    return [f"its file is there, and an instance would take it: delete {found.license.file}"]
