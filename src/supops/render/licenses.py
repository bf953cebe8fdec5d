"""Requests for licenses, and license files: tables for people, JSON and CSV for programs."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from supops.models.license_requests import Decision, FormField
from supops.models.licenses import Generated, Inspection, Issued, Problem, Route
from supops.render.machine import Json, render_csv
from supops.render.tables import NOTHING, Block, Cell, Heading, Table, Value, cell_text
from supops.render.text import count, visible
from supops.services.license_rules import Rules

DECISION_SCHEMA = "supops.license-decision/1"
GENERATED_SCHEMA = "supops.license-generated/1"
INSPECTION_SCHEMA = "supops.license-inspection/1"
LEDGER_SCHEMA = "supops.licenses/1"
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
    *("issued_by", "origin", "reason", "sha256"),
)


def decision_blocks(decision: Decision) -> list[Block]:
    """Return which license it is, whether it may be made, and all that is wrong."""
    blocks: list[Block] = [Heading(_title(decision), _lines(decision))]
    if decision.problems:
        blocks.append(problems_table(decision.problems))
    return blocks


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
    table = Table("Which license", ("", "route", "wanted for", "answer", "where to ask"), rows)
    return [*decision_blocks(decision), table]


def _title(decision: Decision) -> str:
    if decision.route is None:
        return "Not decided: the request does not say what the license is for"
    if decision.route is not Route.LEGACY:
        return f"Not made here: {KINDS[decision.route]} ({decision.route})"
    if decision.is_accepted:
        return f"Accepted: {KINDS[decision.route]} may be made"
    return f"Not accepted: {KINDS[decision.route]}, and the request has {count(len(decision.problems), 'problem')}"


def _lines(decision: Decision) -> list[Cell]:
    request = decision.request
    lines = [Cell(f"why: {decision.why}")]
    if decision.contact:
        lines.append(Cell(f"ask in: {decision.contact}", "bold"))
    if request is not None and decision.is_accepted:
        users = count(request.users_count, "user")
        lines.append(Cell(f"for: {request.name} <{request.email}>, {request.plan}, {users}", GOOD))
        lines.append(Cell(f"until: {request.end_date}, requested on {request.requested_on}", GOOD))
    if decision.override:
        held = "; ".join(f"until {one.expires}, by {one.where}" for one in decision.held)
        over = f"the person still has a license ({held})" if held else "cloud features are mentioned"
        lines.append(Cell(f"overridden: {over}: {decision.override.reason}", ODD))
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
        "still_held": [{"where": one.where, "expires_on": one.expires.isoformat()} for one in decision.held],
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
        "state": _state(issued, today),
        "issue": issued.issue or None,
        "issued_at": _moment(issued.issued_at),
        "issued_by": issued.by,
        "origin": str(issued.origin),
        "reason": issued.reason or None,
        "sha256": issued.sha256,
    }


def _state(issued: Issued, today: date) -> str:
    if not issued.is_running_on(today):
        return "expired"
    return "running" if issued.starts <= today else "upcoming"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


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
            _state(one, today),
            one.by,
            one.sha256[:SHORT_SHA],
            one.issue or None,
        ]
        for one in entries
    ]
    columns = ("id", "name", "email", "plan", "users", "starts", "expires", "state", "by", "sha256", "issue")
    return [Table("Licenses", columns, rows, details=("email", "sha256", "issue"))]


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
    sha256 = f"sha256: {issued.sha256}" if generated.is_recorded else "sha256: another one with each signing"
    users = count(issued.users, "user") if issued.users is not None else "no limit"
    lines = [
        Cell(f"for: {issued.name} <{issued.email}>, {issued.plan}, {users}"),
        Cell(f"valid: from {issued.starts}, and expired on {issued.expires}"),
        Cell("read back with the public half of the key: the same", GOOD),
        Cell(sha256),
        Cell(recorded),
    ]
    if issued.reason:
        lines.append(Cell(f"overridden, because: {issued.reason}", ODD))
    return [Heading(said, lines)]


def generated_json(generated: Generated, today: date) -> Json:
    """Return the same as ``supops.license-generated/1``."""
    return {
        "schema": GENERATED_SCHEMA,
        "action": "generated" if generated.is_recorded else "planned",
        "file": generated.file,
        "license": issued_json(generated.issued, today),
    }


def generated_csv(generated: Generated, today: date) -> str:
    """Return the same as CSV with one line."""
    found = issued_json(generated.issued, today)
    action = "generated" if generated.is_recorded else "planned"
    return render_csv(
        ("action", "file", *LISTED), [[action, generated.file, *(found[column] for column in LISTED)]]
    )


def inspection_blocks(inspection: Inspection) -> list[Block]:
    """Return what a license file is worth, and all that it says."""
    opened, issued = inspection.opened, inspection.issued
    if inspection.is_valid:
        title = Cell("a license that is valid today", GOOD)
    elif opened.license is not None:
        title = Cell("a license, and not as it should be", BAD)
    else:
        title = Cell("no license that can be used", BAD)
    ledger = (
        Cell(
            f"in the ledger: yes, license {issued.id}, issued by {issued.by} on {_moment(issued.issued_at)}",
            GOOD,
        )
        if issued
        else Cell("in the ledger: no", ODD)
    )
    lines = [
        *(Cell(f"problem: {one}", BAD) for one in inspection.problems),
        ledger,
        *(Cell(f"note: {one}", ODD) for one in inspection.remarks),
        Cell(f"today: {inspection.today}"),
        Cell(f"sha256: {inspection.sha256}"),
    ]
    blocks: list[Block] = [Heading(title.text.capitalize(), lines)]
    rows: list[list[Value]] = [[key, value] for key, value in _flat(opened.attributes)]
    if rows:
        blocks.append(Table("Attributes", ("attribute", "value"), rows))
    return blocks


def inspection_json(inspection: Inspection) -> Json:
    """Return the same as ``supops.license-inspection/1``."""
    return {
        "schema": INSPECTION_SCHEMA,
        "valid": inspection.is_valid,
        "problems": list(inspection.problems),
        "remarks": list(inspection.remarks),
        "today": inspection.today.isoformat(),
        "sha256": inspection.sha256,
        "issued": issued_json(inspection.issued, inspection.today) if inspection.issued else None,
        "attributes": dict(_flat(inspection.opened.attributes)),
    }


def inspection_csv(inspection: Inspection) -> str:
    """Return the same as CSV: a line for each thing that is told."""
    rows = [
        ("valid", inspection.is_valid),
        ("sha256", inspection.sha256),
        ("ledger", inspection.issued.id if inspection.issued else ""),
        *(("problem", one) for one in inspection.problems),
        *(("remark", one) for one in inspection.remarks),
        *_flat(inspection.opened.attributes),
    ]
    return render_csv(("attribute", "value"), rows)


def _flat(attributes: Mapping[str, object], above: str = "") -> Iterator[tuple[str, str]]:
    """Yield attributes with dots in their names, those of objects inside of objects included."""
    for key, value in attributes.items():
        name = f"{above}{key}"
        if isinstance(value, dict) and value and name.count(".") < 3:
            yield from _flat(value, f"{name}.")
        else:
            yield name, _value(value)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return NOTHING if value is None else cell_text(str(value)[:1_000])
