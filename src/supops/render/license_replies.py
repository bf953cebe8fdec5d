"""Replies to license requests, in Markdown for GitLab: from templates, which users can replace. And what was done, for people and programs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from supops.errors import ConfigError
from supops.models.license_requests import Closing, Decision, LicenseRequest, RequestIssue, StepState
from supops.models.licenses import License, Problem, Route
from supops.render.comment_templates import Raw, comment_environment, mention, own_actions, own_text
from supops.render.licenses import GOOD, ODD, problems_json, problems_table
from supops.render.machine import Json, render_csv
from supops.render.tables import Block, Cell, Heading, Table, Value
from supops.render.team_markdown import mentioned, without_actions, without_mentions
from supops.services.license_closing import REFUSE, Replies

if TYPE_CHECKING:
    from jinja2 import Environment

CLOSING_SCHEMA = "supops.license-closing/1"
BUILT_IN = {"complete": "license_complete.md.j2", "refuse": "license_refuse.md.j2"}
STATES = {StepState.DONE: "done", StepState.PLANNED: "would be done", StepState.ALREADY: "was done before"}
STATE_STYLES = {StepState.DONE: GOOD, StepState.PLANNED: ODD, StepState.ALREADY: "dim"}
WHATS = {"ledger": "record", "reply": "reply", "time": "time spent", "close": "label, and close"}


@dataclass(frozen=True, slots=True)
class TemplateReplies(Replies):
    """Replies from Jinja2 templates.

    Whatever a template puts in of a request is escaped. What it says then is looked through once more: it runs only the quick actions,
    and mentions only the people, that the template itself has, and the author of the request.

    Attributes:
        complete_template: The user's own; None for the built-in one.
        refuse_template: The user's own; None for the built-in one.
        docs_url: Where it is written how a license is applied.
    """

    docs_url: str
    complete_template: Path | None = None
    refuse_template: Path | None = None

    def complete(self, issue: RequestIssue, request: LicenseRequest, content: License, attached: str) -> str:
        """See `supops.services.license_closing.Replies`."""
        values: dict[str, object] = {
            "name": request.name,
            "email": request.email,
            "author": issue.author,
            "plan": content.plan,
            "users": content.users if content.users is not None else "no limit",
            "starts": content.starts,
            "expires": content.expires,
            "docs_url": Raw(self.docs_url),
            "attached": Raw(attached.strip()),
        }
        return self._rendered("complete", self.complete_template, values)

    def refuse(self, issue: RequestIssue, decision: Decision, problems: Sequence[Problem]) -> str:
        """See `supops.services.license_closing.Replies`."""
        values: dict[str, object] = {
            "author": issue.author,
            "is_elsewhere": decision.route not in (Route.LEGACY, None),
            "route": str(decision.route or ""),
            "why": decision.why,
            "contact": decision.contact or "",
            "problems": [Problem(one.field, one.reply or one.message) for one in problems],
            "docs_url": Raw(self.docs_url),
        }
        return self._rendered("refuse", self.refuse_template, values)

    def _rendered(self, kind: str, file: Path | None, values: dict[str, object]) -> str:
        import jinja2

        environment = comment_environment(jinja2.PackageLoader("supops.render"))
        on_purpose: list[str] = []

        def recorded(username: str) -> Raw:
            text = mention(username)
            on_purpose.extend(mentioned(text))
            return text

        environment.globals["mention"] = recorded
        name = str(file) if file else BUILT_IN[kind]
        hint = (
            f"It is what licenses.{kind}_template names. Without that setting, the built-in template is used."
        )
        try:
            source = file.read_text(encoding="utf-8") if file else _built_in(environment, name)
            own = own_text(environment, source)
            text = environment.from_string(source).render(values)
        except OSError as error:
            raise ConfigError(f"The template {name} can't be read: {error.strerror}", hint=hint) from None
        except UnicodeDecodeError:
            raise ConfigError(f"The template {name} is not UTF-8", hint=hint) from None
        except (
            jinja2.TemplateError,
            ArithmeticError,
            TypeError,
            ValueError,
            LookupError,
            AttributeError,
        ) as error:
            # What stands in a template may fail in any way that an expression can.
            raise ConfigError(f"The template {name} fails: {error}", hint=hint) from None
        if not text.strip():
            raise ConfigError(f"The template {name} makes an empty reply", hint=hint)
        # Between backticks, what is escaped can break out. The template itself may mention people, and whoever asks.
        people = {*mentioned(own), *on_purpose, *mentioned(mention(str(values["author"])))}
        return without_actions(without_mentions(text.strip(), people), own_actions(own))


def _built_in(environment: "Environment", name: str) -> str:
    if environment.loader is None:
        raise ValueError("there are no templates")
    return environment.loader.get_source(environment, name)[0]


def closing_blocks(closing: Closing, *, with_reply: bool = True) -> list[Block]:
    """Return what was done about a request, and the reply where it is only planned."""
    issue = closing.issue
    lines = [Cell(issue.web_url), *(Cell(f"note: {remark}", ODD) for remark in closing.remarks)]
    blocks: list[Block] = [Heading(_title(closing), lines)]
    if closing.steps:
        rows: list[list[Value]] = [
            [WHATS[one.what], one.detail, Cell(STATES[one.state], STATE_STYLES[one.state])]
            for one in closing.steps
        ]
        blocks.append(Table("Steps", ("step", "detail", "state"), rows))
    if closing.problems:
        blocks.append(problems_table(closing.problems))
    if with_reply and _is_planned(closing):
        blocks.append(Heading("Reply", [Cell(line) for line in closing.reply.strip().split("\n")]))
    return blocks


def closing_markdown(closing: Closing) -> str:
    """Return the same as Markdown; the reply as it is, as code."""
    from supops.render.markdown import render_markdown

    text = render_markdown(closing_blocks(closing, with_reply=False))
    if not _is_planned(closing):
        return text
    reply = closing.reply.strip()
    longest = max(map(len, re.findall("`+", reply)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{text}\n## Reply\n\n{fence}markdown\n{reply}\n{fence}\n"


def _is_planned(closing: Closing) -> bool:
    return any(one.what == "reply" and one.state is StepState.PLANNED for one in closing.steps)


def _title(closing: Closing) -> str:
    name = f"#{closing.issue.iid}"
    if not closing.steps:
        return f"{name}: nothing was done" if closing.problems or closing.kind == REFUSE else name
    states = {one.state for one in closing.steps}
    verb = "refused" if closing.kind == REFUSE else "completed"
    if StepState.PLANNED in states:
        return f"{name} would be {verb}"
    return f"{name} was {verb} before" if states == {StepState.ALREADY} else f"{name} {verb}"


def closing_json(closing: Closing) -> Json:
    """Return the same as ``supops.license-closing/1``."""
    issue = closing.issue
    return {
        "schema": CLOSING_SCHEMA,
        "kind": closing.kind,
        "issue": {"iid": issue.iid, "web_url": issue.web_url, "confidential": issue.is_confidential},
        "steps": [{"what": one.what, "detail": one.detail, "state": str(one.state)} for one in closing.steps],
        "problems": problems_json(closing.problems),
        "remarks": list(closing.remarks),
        "reply": closing.reply or None,
    }


def closing_csv(closing: Closing) -> str:
    """Return the same as CSV: a line for each step, or for each problem in the way."""
    iid = closing.issue.iid
    rows = [(iid, one.what, str(one.state), one.detail) for one in closing.steps]
    rows += [(iid, one.field, "problem", one.message) for one in closing.problems]
    return render_csv(("iid", "what", "state", "detail"), rows)
