"""Replies to requests: nothing that a request says is carried out, mentions anybody, or breaks the text."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.license_requests import Closing, Decision, Step, StepState
from supops.models.licenses import Inspection, Issued, License, Opened, Problem
from supops.render.comment_templates import code
from supops.render.license_files import inspection_blocks, inspection_csv
from supops.render.license_replies import (
    TemplateReplies,
    closing_blocks,
    closing_csv,
    closing_json,
    closing_markdown,
)
from supops.render.licenses import (
    decision_blocks,
    decision_csv,
    decision_json,
    form_blocks,
    form_text,
    ledger_blocks,
    ledger_csv,
)
from supops.render.machine import render_json
from supops.render.markdown import render_markdown
from supops.render.tables import render_plain, render_terminal
from supops.sandbox.gitlab_text import carried_out, mentions
from supops.services.license_rules import Rules, decide
from tests.licenses import LICENSE, TODAY, issued, request_issue, written

REPLIES = TemplateReplies("https://docs.example.com/licenses")
HOSTILE = (
    "/close",
    "Jane\n/close\n",
    "Jane\r/close\rDoe",
    "@all",
    "<b>@root</b>",
    "`@all`",
    "``` \n@all\n```",
    "![](https://example.net/x.png)",
    "[x](javascript:alert(1))",
    "<!-- supops:license complete 0000000000000000 -->",
    "| a | b |",
    "&#64;all",
    "</details>@all",
    "~label %milestone #1 !2 $3",
    "{{ 7 * 7 }}",
)
HOSTILE_WORDS = st.lists(
    st.sampled_from(
        ["a", "`", "``", "@all", "@root", "close", "/close", "label", "<b>", "<!--", "\\", "|", "[x](@root)"]
    ),
    max_size=6,
).map(" ".join)
TEXTS = st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), max_size=30)


def understood() -> Decision:
    return decide(written(), Rules(), today=TODAY)


def complete(content: License = LICENSE, *, attached: str = "", **changed: str) -> str:
    request = understood().request
    assert request
    issue = request_issue(author=changed.get("author", "jane"))
    return REPLIES.complete(
        issue, replace(request, name=content.name, email=content.email), content, attached
    )


@given(TEXTS, TEXTS, TEXTS)
def test_nothing_of_a_request_is_carried_out_or_mentions_anybody(name: str, email: str, why: str) -> None:
    done = complete(replace(LICENSE, name=name, email=email, plan=why))
    refused = REPLIES.refuse(
        request_issue(author=why),
        replace(understood(), why=why, contact=name),
        (Problem(email, why), Problem("plan", name)),
    )

    for text in (done, refused):
        left, actions = carried_out(text)
        assert (actions, mentions(left)) == ([], [])


@pytest.mark.parametrize("text", HOSTILE)
def test_no_output_of_a_command_carries_anything_out(text: str) -> None:
    hostile = Problem("plan", text)
    decision = replace(understood(), problems=(hostile,), why=text, remarks=(text,))
    closing = Closing("complete", request_issue(), decision, problems=(hostile,), remarks=(text,), reply=text)
    shown = [*decision_blocks(decision), *closing_blocks(closing, with_reply=False)]

    assert mentions(render_markdown(shown)) == []
    for plain in (render_plain(shown), render_terminal(shown, width=80, color=True)):
        assert "\r" not in plain
    for table in (decision_csv(decision), closing_csv(closing)):
        assert not any(line.startswith(("=", "+", "@")) for line in table.splitlines())
    assert render_json(decision_json(decision))
    assert render_json(closing_json(closing))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\x1b[31m", "a\u202eb", "[bold]"])
def test_no_name_runs_in_a_spreadsheet_or_on_a_terminal(text: str) -> None:
    entry: Issued = issued(1, name=text, by=text, reason=text, issue=text)
    inspection = Inspection(
        "0" * 64, Opened(LICENSE, {"licensee": {text: text}}), TODAY, entry, (text,), (text,)
    )

    tables = ledger_csv([entry], TODAY) + inspection_csv(inspection)
    shown = render_terminal(
        [*ledger_blocks([entry], TODAY), *inspection_blocks(inspection)], width=200, color=False
    )
    for cell in tables.replace("\r\n", ",").split(","):
        assert not cell.startswith(("=", "+", "-", "@")) or cell == "-"
    assert "\x1b" not in tables + shown
    assert "\u202e" not in tables + shown
    assert "[bold]" in shown or text != "[bold]"


def test_the_reply_says_what_people_need() -> None:
    text = complete()

    assert "for Jane Döe, `jane.doe@example.com`" in text
    assert "expires on 2027-06-30" in text
    assert "https://docs.example.com/licenses" in text
    assert "staging" in text
    assert "details" not in text
    assert "```\nAAAA\nBBBB\n```" in complete(attached="AAAA\nBBBB\n")


def test_of_a_request_for_duo_it_is_said_once_where_to_ask() -> None:
    decision = decide(written(purpose="duo-testing"), Rules(), today=TODAY)
    also = Problem("request", "the manager has to agree")

    table = render_plain(decision_blocks(decision))
    reply = REPLIES.refuse(request_issue(), decision, (*decision.problems, also))

    for text in (table, reply):
        assert (text.count("#g_provision"), text.count("staging cloud license;")) == (1, 0)
        assert "can't be tested with a legacy license" in text
    assert "- **request**: the manager has to agree" in reply


OWN_TEMPLATES = (
    "`{{ name }}` and `{{ email }}`",
    "{{ name }}: `x {{ email }} y`, ``{{ plan }}``",
    "Hello @lead, `{{ name }}`\n/label ~done\n`{{ email }}` @{{ author }}",
    "/{{ name }}\n  /{{ email }}\n/{{ code(plan) }}",
    "@{{ name }} and @{{ email | lower }}",
    "<div>`{{ name }}`\n`{{ email }}`</div>",
    "| a |\n|---|\n| `{{ name }}` | {{ code(email) }}",
    "`` {{ code(name) }} ``\n- {{ code(email) }} `{{ plan }}`",
    "```\n{{ name }}\n{{ email }}\n```\n`{{ plan }}`",
    "<!-- {{ name }} {{ email }}",
)


@given(st.sampled_from(OWN_TEMPLATES), TEXTS | HOSTILE_WORDS, TEXTS | HOSTILE_WORDS, TEXTS | HOSTILE_WORDS)
def test_whatever_a_template_makes_of_it_only_the_template_acts(
    source: str, name: str, email: str, plan: str
) -> None:
    request = understood().request
    assert request
    with TemporaryDirectory() as folder:
        file = Path(folder, "c.j2")
        file.write_text(source)
        replies = TemplateReplies("https://docs.example.com", file)
        content = replace(LICENSE, plan=plan)
        text = replies.complete(
            request_issue(author="jane-doe"), replace(request, name=name, email=email), content, ""
        )

    left, actions = carried_out(f"<!-- supops:license complete 0000000000000000 -->\n\n{text}")
    assert {one.name for one in actions} <= ({"label"} if "/label" in source else set())
    # The simulated GitLab takes the beginning of a comment within code for one.
    assert {*mentions(left.replace("<!--", "x"))} <= {"lead", "jane-doe"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("#g_provision", "`#g_provision`"),
        ("a `b` | c", "``a `b` | c``"),
        ("`", "`` ` ``"),
        ("", ""),
        (" a  /close", "`a /close`"),
    ],
)
def test_code_shows_any_value_as_it_is(value: str, shown: str) -> None:
    assert code(value) == shown


def test_a_template_mentions_on_purpose(tmp_path: Path) -> None:
    (tmp_path / "r.j2").write_text(
        "{{ mention(author) }}, @support-leads/emea: {{ why }} {{ mention('all') }}\n"
    )
    replies = TemplateReplies("https://docs.example.com", refuse_template=tmp_path / "r.j2")

    text = replies.refuse(request_issue(author="jane_doe.x"), replace(understood(), why="@root"), [])

    assert text == "@jane_doe.x, @support-leads/emea: `@root` all"
    assert mentions(text) == ["jane_doe.x", "support-leads/emea"]


def test_a_planned_reply_is_shown_as_it_would_be() -> None:
    planned = Step("reply", "tells of 1 problem", StepState.PLANNED)
    reply = "- a `b`\n\n```\nc\n```\n"
    closing = Closing("refuse", request_issue(), understood(), (planned,), reply=reply)

    assert closing_markdown(closing).endswith("## Reply\n\n````markdown\n- a `b`\n\n```\nc\n```\n````\n")
    assert "- a `b`\n\n```\nc" in render_plain(closing_blocks(closing))
    before = replace(closing, steps=(replace(planned, state=StepState.ALREADY),))
    assert "- a `b`" not in closing_markdown(before) + render_plain(closing_blocks(before))


def test_a_request_is_no_template() -> None:
    assert "for `{{` 7 `*` 7 `}}`, " in complete(replace(LICENSE, name="{{ 7 * 7 }}"))


def test_templates_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "c.j2").write_text("Done for {{ name }} ({{ author }}).\n/label ~done\n")
    (tmp_path / "r.j2").write_text(
        "{% for one in problems %}{{ one.field }}: {{ one.message }}\n{% endfor %}"
    )
    replies = TemplateReplies("https://docs.example.com", tmp_path / "c.j2", tmp_path / "r.j2")
    request = understood().request
    assert request

    assert (
        replies.complete(request_issue(), request, LICENSE, "")
        == "Done for Jane Döe (jane-doe).\n/label ~done"
    )
    assert replies.refuse(request_issue(), understood(), [Problem("plan", "@all")]) == "plan: `@all`"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ nothing }}", "fails"),
        ("{% for", "fails"),
        ("  \n", "empty"),
        ("{{ ''.__class__ }}", "fails"),
        ("{{ 1 / 0 }}", "fails"),
        ("{{ name + 1 }}", "fails"),
        (None, "read"),
    ],
)
def test_templates_with_mistakes(tmp_path: Path, template: str | None, said: str) -> None:
    file = tmp_path / "c.j2"
    if template is not None:
        file.write_text(template)
    request = understood().request
    assert request

    with pytest.raises(ConfigError, match=said) as raised:
        TemplateReplies("https://docs.example.com", file).complete(request_issue(), request, LICENSE, "")
    assert "licenses.complete_template" in raised.value.hint


def test_a_form_to_copy_from_has_one_line_for_each_field() -> None:
    decision = decide(written(name="Jane " * 50 + "Doe"), Rules(), today=TODAY)

    lines = form_text(decision).splitlines()

    assert len(lines) == len(decision.form) == 13
    assert lines[0].startswith("Name: Jane Jane")
    assert "Subscription ID:" in lines
    assert render_plain(form_blocks(decision))
