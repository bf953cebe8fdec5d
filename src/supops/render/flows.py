"""The issue flow, drawn: as Mermaid and as tables; and what contradicts it."""

from collections.abc import Iterable, Sequence
from zlib import crc32

from supops.models.workflow import ASKED, CLOSED, NOWHERE, Flow, Move, RequestType
from supops.render.issues import incomplete_blocks
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Table, Value, severity_cell
from supops.services.work_linting import Lint, LintFinding

FLOW_SCHEMA = "supops.issue-flow/1"
LINT_SCHEMA = "supops.issue-lint/1"
END = "[*]"


def drawn_types(flow: Flow, key: str | None) -> list[RequestType]:
    """Return the types that are drawn: one, or all that the flow is for."""
    return [one for one in flow.types if (key is None and not one.outside) or one.key == key]


def moves_of(flow: Flow, key: str) -> list[Move]:
    """Return the moves of a type, in the order of the stages that they come from."""
    order = {
        NOWHERE: -1,
        **{one.name: place for place, one in enumerate(flow.stages)},
        CLOSED: len(flow.stages),
    }
    return sorted((one for one in flow.moves if key in one.types), key=lambda one: order[one.source])


def mermaid(flow: Flow, types: Sequence[RequestType]) -> str:
    """Return a state diagram for each type."""
    return "\n".join(_diagram(flow, one) for one in types)


def _diagram(flow: Flow, kind: RequestType) -> str:
    lines = ["---", f"title: {kind.name}", "---", "stateDiagram-v2"]
    if kind.outside:
        return "\n".join([*lines, '    state "outside of the flow" as Outside', ""])
    moves = moves_of(flow, kind.key)
    used = dict.fromkeys(name for one in moves for name in (one.source, one.target))
    for stage in flow.stages:
        if stage.name in used:
            goal = f", {stage.goal} working days" if stage.goal else ""
            lines.append(f"    state {_quoted(f'{stage.name}{goal}')} as {_id(stage.name)}")
    lines += [f"    {_id(one.source)} --> {_id(one.target)}: {_label(one)}" for one in moves]
    if CLOSED in used:
        lines.append(f"    {CLOSED} --> {END}")
    return "\n".join([*lines, ""])


def _id(name: str) -> str:
    if name == NOWHERE:
        return END
    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in name)
    # Names that differ stay different.
    return plain if plain == name else f"{plain}_{crc32(name.encode('utf-8', 'surrogatepass')):x}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', "'") + '"'


def _label(move: Move) -> str:
    needs = [str(one) for one in move.needs]
    # A semicolon or a colon would end the label.
    return f"{move.verb}, needs {' + '.join(needs)}" if needs else str(move.verb)


def flow_blocks(flow: Flow, types: Sequence[RequestType]) -> list[Block]:
    """Return the flow as tables: stages, then the moves of each type."""
    stages: list[list[Value]] = [
        [one.name, flow.stage_label(one.name), str(one.goal) if one.goal else None, one.dri, one.parking]
        for one in flow.stages
    ]
    columns = ("stage", "label", "goal (working days)", "responsible", "parking")
    blocks: list[Block] = [Table("Stages", columns, stages)]
    titles = ("from", "to", "command", "needs", "validation", "comment", "closes", "back")
    for kind in types:
        rows: list[list[Value]] = [
            [
                one.source or "no stage",
                one.target,
                str(one.verb),
                _needs(one.needs),
                str(one.validation) if one.validation else None,
                str(one.comment) if one.comment else None,
                one.closes,
                one.back,
            ]
            for one in moves_of(flow, kind.key)
        ]
        empty = "outside of the flow" if kind.outside else "no moves"
        blocks.append(Table(kind.name, titles, rows, empty, details=("needs", "validation", "comment")))
    return blocks


def _needs(needs: Iterable[str]) -> str | None:
    return ", ".join(f"--{one}" if one in ASKED else str(one) for one in needs) or None


def flow_json(flow: Flow, types: Sequence[RequestType]) -> Json:
    """Return the flow as ``supops.issue-flow/1``."""
    return {
        "schema": FLOW_SCHEMA,
        "stages": [
            {
                "name": one.name,
                "label": flow.stage_label(one.name),
                "goal": {"least": one.goal.least, "most": one.goal.most} if one.goal else None,
                "responsible": one.dri or None,
                "parking": one.parking,
            }
            for one in flow.stages
        ],
        "validation_goal": {"least": flow.validation_goal.least, "most": flow.validation_goal.most},
        "ladder": list(flow.ladder),
        "types": [
            {
                "type": kind.key,
                "label": f"{flow.labels.type}{kind.name}",
                "outside": kind.outside,
                "moves": [_move_json(one) for one in moves_of(flow, kind.key)],
            }
            for kind in types
        ],
    }


def _move_json(move: Move) -> Json:
    return {
        "from": move.source or None,
        "to": move.target,
        "command": str(move.verb),
        "needs": [str(one) for one in move.needs],
        "validation": str(move.validation) if move.validation else None,
        "comment": str(move.comment) if move.comment else None,
        "close": move.closes,
        "back": move.back,
    }


def flow_csv(flow: Flow, types: Sequence[RequestType]) -> str:
    """Return the moves as CSV."""
    columns = ("type", "from", "to", "command", "needs", "validation", "comment", "closes", "back")
    return render_csv(
        columns,
        [
            [
                kind.key,
                one.source,
                one.target,
                str(one.verb),
                " ".join(one.needs),
                one.validation and str(one.validation),
                one.comment and str(one.comment),
                one.closes,
                one.back,
            ]
            for kind in types
            for one in moves_of(flow, kind.key)
        ],
    )


def lint_blocks(lint: Lint) -> list[Block]:
    """Return what contradicts the flow."""
    rows: list[list[Value]] = [
        [
            severity_cell(one.severity),
            f"#{one.issue.iid}" if one.issue else "project",
            one.rule,
            one.message,
            one.remedy,
        ]
        for one in lint.findings
    ]
    table = Table(
        "Findings", ("severity", "issue", "rule", "what", "what to do"), rows, details=("what", "what to do")
    )
    return [table, *incomplete_blocks(lint.incomplete_reasons)]


def lint_json(lint: Lint) -> Json:
    """Return the same as ``supops.issue-lint/1``."""
    return {
        "schema": LINT_SCHEMA,
        "complete": not lint.incomplete_reasons,
        "incomplete_reasons": list(lint.incomplete_reasons),
        "counts": {"issues": lint.checked, "findings": len(lint.findings)},
        "findings": [_finding_json(one) for one in lint.findings],
    }


def _finding_json(one: LintFinding) -> Json:
    return {
        "rule": one.rule,
        "severity": str(one.severity),
        "iid": one.issue.iid if one.issue else None,
        "title": one.issue.title if one.issue else None,
        "url": one.issue.web_url if one.issue else None,
        "message": one.message,
        "remedy": one.remedy,
    }


def lint_csv(lint: Lint) -> str:
    """Return the same as CSV."""
    columns = ("severity", "iid", "rule", "message", "remedy", "url")
    return render_csv(
        columns,
        [
            [
                str(one.severity),
                one.issue.iid if one.issue else None,
                one.rule,
                one.message,
                one.remedy,
                one.issue.web_url if one.issue else None,
            ]
            for one in lint.findings
        ],
    )
