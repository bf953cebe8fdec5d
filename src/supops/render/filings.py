"""What became of filing audits: lines for people, JSON, and the texts themselves."""

from supops.models.audits import Audit
from supops.models.filings import Action, Filed
from supops.render.audits import audit_blocks, audit_json
from supops.render.machine import Json
from supops.render.tables import Block, Cell, Heading
from supops.render.text import count
from supops.services.conducting import Conducted

WORDS = {
    Action.CREATED: "created",
    Action.UPDATED: "updated",
    Action.NOTHING: "not filed",
    Action.WOULD_CREATE: "would create",
    Action.WOULD_UPDATE: "would update",
}


def conducted_blocks(conducted: Conducted) -> list[Block]:
    """Return an audit, and what became of it, as it is shown to people."""
    blocks = audit_blocks(conducted.audit)
    lines = _lines(conducted)
    if lines:
        blocks.append(Heading("Issue", lines))
    return blocks


def _lines(conducted: Conducted) -> list[Cell]:
    filed = conducted.filed
    if filed is None:
        return []
    lines = [Cell(f"{WORDS[filed.action]}: {filed.title}{_place(filed)}")]
    draft = filed.draft
    if draft and filed.action is Action.WOULD_CREATE:
        lines += [
            Cell("confidential: yes"),
            Cell(f"labels: {', '.join(draft.labels) or 'none'}"),
            Cell(f"assignees: {', '.join(draft.assignees) or 'none'}"),
            Cell(f"due: {draft.due_date.isoformat() if draft.due_date else 'no date'}"),
        ]
    if filed.action in (Action.WOULD_CREATE, Action.WOULD_UPDATE):
        sizes = f"{sum(map(len, filed.parts)):,} characters in {_parts(filed)}"
        lines.append(Cell(f"text: {sizes}; -o markdown shows it"))
    elif len(filed.parts) > 1:
        lines.append(Cell(f"text: in {_parts(filed)}"))
    return lines + [Cell(remark, "yellow") for remark in filed.remarks]


def _place(filed: Filed) -> str:
    return f", {filed.issue.web_url}" if filed.issue else ""


def _parts(filed: Filed) -> str:
    notes = len(filed.parts) - 1
    return f"the description and {count(notes, 'note')}" if notes else "the description"


def conducted_json(conducted: Conducted) -> dict[str, Json]:
    """Return an audit as ``supops.audit/1``, with its number in the store and its issue."""
    return audit_json(conducted.audit) | {
        "run": conducted.run,
        "issue": filed_json(conducted.filed) if conducted.filed else None,
    }


def filed_json(filed: Filed) -> Json:
    """Return what became of filing an audit."""
    issue, draft = filed.issue, filed.draft
    due = issue.due_date if issue else draft.due_date if draft else None
    return {
        "action": str(filed.action),
        "title": filed.title,
        "iid": issue.iid if issue else None,
        "web_url": issue.web_url if issue else None,
        "closed": issue.is_closed if issue else False,
        "labels": list(issue.labels if issue else draft.labels if draft else ()),
        "assignees": list(issue.assignees if issue else draft.assignees if draft else ()),
        "due_date": due.isoformat() if due else None,
        "notes": max(0, len(filed.parts) - 1),
        "remarks": list(filed.remarks),
    }


def filed_texts(filed: Filed) -> str:
    """Return the description, and the notes that it goes on in, with a rule between them."""
    return "\n\n---\n\n".join(filed.parts) + "\n"


def unfinished(audit: Audit) -> str:
    """Return one word for how far an audit got."""
    return "complete" if audit.complete else "INCOMPLETE"
