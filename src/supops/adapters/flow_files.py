"""The file with a team's own issue flow: what it says takes the place of what the built-in flow says (source: domain, 4)."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from supops.adapters import yaml_files
from supops.adapters.yaml_files import Node, Scalar, YamlError, read_yaml
from supops.errors import ConfigError
from supops.models.workflow import (
    ApprovalRule,
    Approvals,
    Flow,
    FlowMistake,
    Goal,
    LabelNames,
    Move,
    Need,
    RequestType,
    Stage,
    Template,
    Validation,
    Verb,
)

KEYS = ("labels", "stages", "types", "moves", "approvals", "ladder", "validation_goal")
ROLES = ("first", "queued", "blocked", "working", "last", "validation")
LABEL_KEYS = ("stage", "type", "priority", "customer", "validation", "approval")
STAGE_KEYS = ("name", "goal", "dri", "parking")
MOVE_KEYS = ("from", "to", "types", "needs", "verb", "comment", "validation", "clears", "closes", "back")
RULE_KEYS = ("level", "effort", "risk", "impact")
EFFORTS = ("small", "medium", "large")
GRADES = ("low", "medium", "high")
GOAL = re.compile(r"(?:(\d{1,3})-)?(\d{1,3})")
SWITCH = {"yes": True, "true": True, "no": False, "false": False}
HINT = "What may stand there is in the guide on issues, under `Your own flow`. The built-in flow: `supops issues flow`."
Word = TypeVar("Word", bound=StrEnum)
Check = Callable[[Flow], Iterable[FlowMistake]]


def read_flow(path: Path, default: Flow, check: Check) -> Flow:
    """Read a flow.

    Args:
        path: The file.
        default: What holds for all that it does not say.
        check: Says what makes no sense about a flow.

    Raises:
        ConfigError: It can't be read, or has mistakes: all of them are in the message, with their lines.
    """
    try:
        node = read_yaml(path.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"The flow {path} can't be read: {error.strerror}.", hint="The setting issues.flow names it."
        ) from None
    except YamlError as error:
        raise ConfigError(f"{path}:{error.line}: {error}.", hint=HINT) from None
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return default
    reader = FlowReader(path.name, default)
    flow = reader.flow(node)
    is_whole = not reader.mistakes
    for mistake in check(flow):
        if is_whole or mistake.unknown:
            reader.mistake(reader.line_of(mistake), mistake.message)
    if reader.mistakes:
        lines = [f"  {path.name}:{line}: {said}" for line, said in sorted(set(reader.mistakes))]
        raise ConfigError("\n".join([f"The flow {path} has mistakes:", *lines]), hint=HINT)
    return flow


class FlowReader:
    """Reads a flow, and notes all mistakes with their lines.

    Args:
        file: Its name.
        default: What holds for all that is not said.
    """

    def __init__(self, file: str, default: Flow) -> None:
        self._file = file
        self._default = default
        self._move_lines: list[int] = []
        self._stage_lines: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self.mistakes: list[tuple[int, str]] = []

    def line_of(self, mistake: FlowMistake) -> int:
        """Return the line that a mistake of the whole flow is in; the first where it is in none."""
        if mistake.move is not None and mistake.move < len(self._move_lines):
            return self._move_lines[mistake.move]
        return self._stage_lines.get(mistake.stage, 1)

    def mistake(self, line: int, message: str) -> None:
        """Take note of a mistake."""
        self.mistakes.append((line, message))

    def flow(self, node: Node) -> Flow:
        """Read the whole file."""
        top = self._mapping(node, (*KEYS, *ROLES), "the flow")
        flow = self._default
        if "labels" in top:
            flow = replace(flow, labels=self._labels(top["labels"], flow.labels))
        if "types" in top:
            flow = replace(flow, types=self._types(top["types"]))
        own_moves = "moves" in top
        if "stages" in top:
            flow = replace(flow, stages=self._stages(top["stages"], flow.stages, only=own_moves))
        flow = self._renamed(flow)
        if own_moves:
            flow = replace(flow, moves=tuple(self._moves(top["moves"], flow)))
        for role in ROLES:
            if role in top:
                flow = replace(flow, **{role: self._text(top[role], role)})  # type: ignore[arg-type]
                self._stage_lines.setdefault(self._text(top[role], role), top[role].line)
        if "ladder" in top:
            flow = replace(flow, ladder=self._texts(top["ladder"], "ladder"))
        if "approvals" in top:
            flow = replace(flow, approvals=self._approvals(top["approvals"], flow.approvals))
        if "validation_goal" in top:
            goal = self._goal(top["validation_goal"], "validation_goal")
            flow = replace(flow, validation_goal=goal or flow.validation_goal)
        return flow

    def _labels(self, node: Node, known: LabelNames) -> LabelNames:
        states = tuple(state.value for state in Validation)
        found = self._mapping(node, (*LABEL_KEYS, *states, "priorities", "customers", "approvals"), "labels")
        scopes: dict[str, str] = {}
        for key in LABEL_KEYS:
            if key in found:
                scopes[key] = self._text(found[key], key)
                if not scopes[key].rstrip(":") or not scopes[key].endswith("::"):
                    self.mistake(
                        found[key].line, f"{key}: expected a label's key with its colons, such as Stage::"
                    )
        names = replace(known, **scopes)  # type: ignore[arg-type]
        validations = dict(known.validations)
        for state in Validation:
            if state.value in found:
                said = self._texts(found[state.value], state.value)
                validations[state] = (*said, *(one for one in validations[state] if one not in said))
        names = replace(names, validations=validations)
        if "priorities" in found:
            names = replace(names, priorities=self._texts(found["priorities"], "priorities"))
        if "customers" in found:
            names = replace(names, customers=self._texts(found["customers"], "customers"))
        if "approvals" in found:
            three = self._texts(found["approvals"], "approvals")
            if len(three) != len(known.approvals):
                self.mistake(
                    found["approvals"].line, "approvals: expected three names: not needed, needed, granted"
                )
            else:
                names = replace(names, approvals=(three[0], three[1], three[2]))
        return names

    def _types(self, node: Node) -> tuple[RequestType, ...]:
        types = []
        for key, value in self._mapping(node, None, "types").items():
            if isinstance(value, Scalar):
                types.append(RequestType(key, self._text(value, key)))
                continue
            found = self._mapping(value, ("name", "outside"), key)
            name = self._text(found["name"], "name") if "name" in found else key.capitalize()
            types.append(RequestType(key, name, outside=self._switch(found.get("outside"), "outside")))
        return tuple(types)

    def _stages(self, node: Node, known: tuple[Stage, ...], *, only: bool) -> tuple[Stage, ...]:
        """Read stages: in place of those that are known where the moves are in the file as well, else beside them."""
        stages = {} if only else {one.name: one for one in known}
        defaults = {one.name: one for one in self._default.stages}
        for name, value in self._mapping(node, None, "stages").items():
            self._stage_lines[name] = value.line
            stage = defaults.get(name, Stage(name))
            if not (isinstance(value, Scalar) and value.is_null):
                found = self._mapping(value, STAGE_KEYS, name)
                if "goal" in found:
                    stage = replace(stage, goal=self._goal(found["goal"], "goal"))
                if "dri" in found:
                    stage = replace(stage, dri=self._text(found["dri"], "dri"))
                if "parking" in found:
                    stage = replace(stage, parking=self._switch(found["parking"], "parking"))
                if "name" in found:
                    self._names[name] = self._text(found["name"], "name")
                    self._stage_lines[self._names[name]] = value.line
            stages[name] = stage
        return tuple(stages.values())

    def _renamed(self, flow: Flow) -> Flow:
        """Give stages the names that they are to have; the built-in moves use the built-in names."""
        name = self._names.get
        renamed: dict[str, str] = {role: name(getattr(flow, role), getattr(flow, role)) for role in ROLES}
        return replace(
            flow,
            stages=tuple(replace(one, name=name(one.name, one.name)) for one in flow.stages),
            moves=tuple(
                replace(one, source=name(one.source, one.source), target=name(one.target, one.target))
                for one in flow.moves
            ),
            **renamed,  # type: ignore[arg-type]
        )

    def _moves(self, node: Node, flow: Flow) -> Iterable[Move]:
        everything = tuple(one.key for one in flow.types if not one.outside)
        for item in self._items(node, "moves"):
            found = self._mapping(item, MOVE_KEYS, "a move")
            if not isinstance(item, yaml_files.Mapping):
                continue
            for key in ("from", "to"):
                if key not in found:
                    self.mistake(item.line, f"{key} is missing")
            if not {"from", "to"} <= found.keys():
                continue
            self._move_lines.append(item.line)
            needs = [self._word(one, Need, "needs") for one in self._each(found.get("needs"), "needs")]
            validation = (
                self._word(found["validation"], Validation, "validation") if "validation" in found else None
            )
            comment = self._word(found["comment"], Template, "comment") if "comment" in found else None
            verb = self._word(found["verb"], Verb, "verb") if "verb" in found else None
            target = self._text(found["to"], "to")
            yield Move(
                self._text(found["from"], "from", may_be_empty=True),
                target,
                self._texts(found["types"], "types") if "types" in found else everything,
                tuple(one for one in needs if one is not None),
                verb or Verb.MOVE,
                comment,
                validation,
                clears=self._switch(found.get("clears"), "clears"),
                closes=self._switch(found.get("closes"), "closes") or target == "Closed",
                back=self._switch(found.get("back"), "back"),
            )

    def _approvals(self, node: Node, known: Approvals) -> Approvals:
        found = self._mapping(node, ("levels", "leaders", "rules"), "approvals")
        levels = self._texts(found["levels"], "levels") if "levels" in found else known.levels
        leaders = dict(known.leaders)
        if "leaders" in found:
            for level, people in self._mapping(found["leaders"], levels, "leaders").items():
                leaders[level] = self._texts(people, level)
        rules = known.rules
        if "rules" in found:
            rules = tuple(self._rule(item, levels) for item in self._items(found["rules"], "rules"))
            if not rules or any((rules[-1].effort, rules[-1].risk, rules[-1].impact)):
                self.mistake(
                    found["rules"].line, "rules: the last one has a level only, so that something always fits"
                )
        elif any(one.level not in levels for one in rules):
            self.mistake(found["levels"].line, "levels: the built-in rules have other ones; add rules")
        return Approvals(levels, rules, leaders)

    def _rule(self, node: Node, levels: tuple[str, ...]) -> ApprovalRule:
        found = self._mapping(node, RULE_KEYS, "a rule")
        if "level" not in found:
            self.mistake(node.line, "level is missing")
        said: dict[str, str] = {}
        for key, known in (("level", levels), ("effort", EFFORTS), ("risk", GRADES), ("impact", GRADES)):
            if key in found:
                said[key] = self._text(found[key], key)
                if said[key] not in known:
                    self.mistake(
                        found[key].line,
                        f"{key}: expected one of {', '.join(known)}, found {said[key][:60]!r}",
                    )
        return ApprovalRule(said.get("level", ""), said.get("effort"), said.get("risk"), said.get("impact"))

    def _goal(self, node: Node, key: str) -> Goal | None:
        if isinstance(node, Scalar) and (node.is_null or node.text == "none"):
            return None
        text = self._text(node, key)
        found = GOAL.fullmatch(text)
        if found is None or (found[1] and int(found[1]) > int(found[2])):
            self.mistake(node.line, f"{key}: expected working days such as 5 or 1-2, found {text[:60]!r}")
            return None
        return Goal(int(found[2]), int(found[1]) if found[1] else None)

    def _mapping(self, node: Node, known: Collection[str] | None, what: str) -> Mapping[str, Node]:
        if not isinstance(node, yaml_files.Mapping):
            self.mistake(node.line, f"{what}: expected keys with values")
            return {}
        for key, line in node.repeated:
            self.mistake(line, f"{key} stands in line {node.key_lines[key]} already")
        for key, line in node.key_lines.items():
            if known is not None and key not in known:
                self.mistake(line, f"{what}: there is no key {key[:60]!r}; {_nearest(key, known)}")
        return node.items

    def _items(self, node: Node, what: str) -> list[Node]:
        if isinstance(node, yaml_files.Sequence):
            return node.items
        self.mistake(node.line, f"{what}: expected a list")
        return []

    def _each(self, node: Node | None, what: str) -> list[Node]:
        return self._items(node, what) if node is not None else []

    def _text(self, node: Node, key: str, *, may_be_empty: bool = False) -> str:
        if isinstance(node, Scalar) and (may_be_empty or (node.text.strip() and not node.is_null)):
            return "" if node.is_null else node.text.strip()
        self.mistake(node.line, f"{key}: expected text")
        return ""

    def _texts(self, node: Node, key: str) -> tuple[str, ...]:
        """Read a list of texts; a single one may stand without being a list."""
        if isinstance(node, Scalar):
            return (self._text(node, key),)
        return tuple(self._text(item, key) for item in self._items(node, key))

    def _switch(self, node: Node | None, key: str) -> bool:
        if node is None:
            return False
        text = self._text(node, key).casefold()
        if text not in SWITCH:
            self.mistake(node.line, f"{key}: expected yes or no, found {text[:60]!r}")
        return SWITCH.get(text, False)

    def _word(self, node: Node, words: type[Word], key: str) -> Word | None:
        text = self._text(node, key)
        known = [one.value for one in words]
        if text not in known:
            self.mistake(node.line, f"{key}: there is no {text[:60]!r}; {_nearest(text, known)}")
            return None
        return words(text)


def _nearest(name: str, known: Collection[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(known)}"
