"""Comments on issues: whatever comes from outside, it runs nothing and calls nobody."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.work_marks import Mark, mark_of
from supops.models.workflow import Template
from supops.render.comment_templates import mention
from supops.render.issue_comments import IssueComments
from supops.sandbox.gitlab_text import carried_out, mentions

COMMENTS = IssueComments()
VALUES: dict[str, Any] = {
    "iid": 1,
    "title": "t",
    "type": "bug",
    "source": "Triage",
    "target": "Planning",
    "requester": "sam-roe",
    "reason": "r",
    "until": "u",
    "then": "t",
    "on": "kim-moe",
    "overridden": ["no gameplan"],
    "round": 2,
    "text": "text",
    "aligned": False,
    "congruent": None,
    "effort": "large",
    "risk": "low",
    "impact": "low",
    "outcome": "leadership",
    "level": "manager",
    "roadmap": False,
    "by": "",
    "evidence": "",
    "approved": False,
    "to": "kim-moe",
    "since": "2026-11-01",
    "weeks": 2,
    "ladder": [],
}
TEXTS = ("title", "reason", "until", "then", "evidence", "level", "source", "target", "type")
NASTY = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "/close",
                "/label ~x",
                "@all",
                "@sam-roe",
                "\n",
                " ",
                "`",
                "```",
                "<!--",
                "-->",
                "**",
                "#1",
                "!2",
                "x",
                ">",
            ]
        ),
        max_size=8,
    ).map("".join),
)


@given(st.sampled_from(Template), st.dictionaries(st.sampled_from(TEXTS), NASTY))
def test_text_from_outside_runs_nothing_and_calls_nobody(kind: Template, values: dict[str, str]) -> None:
    plain = {"requester": "", "on": "", "to": "", "text": "x"}

    text = COMMENTS.compose(kind, {**VALUES, **plain, **values})

    assert not carried_out(text)[1]
    # The simulated GitLab takes the beginning of a comment within code for one.
    assert not mentions(text.replace("<!--", "x"))
    assert not COMMENTS.mentions(text)


FENCED = ["```", "```sh", "````", "~~~", " ```", "- ```", "> ```", "    ```", "``` x`", "\t```"]
SPANNING = ["<div>", "</div>", "<pre>", "- <b>", ">>>", "$$", "<!--", "-->", "<details><summary>`", "- x `"]
ACTING = ["/close", "  /close", "\t/close", "/close\r", "\r/close"]
CALLING = [
    "@support-ops",
    "@sam-roe",
    "`@support-ops`",
    "` @all",
    "&#64;all x",
    "[x](@support-ops)",
    "a/@support-ops",
    "https://example.com/@all",
    "[x](%40all)",
    "\\@all",
    "@support\\-ops",
    "@kim&#45;moe",
    "| ` @all | `",
]
FILES = st.one_of(
    NASTY.map(lambda text: f"Hello {text}\n{text}"),
    st.lists(st.sampled_from([*FENCED, *SPANNING, *ACTING, *CALLING, "text", ""]), max_size=14).map(
        "\n".join
    ),
)


def outside_for_older_versions(text: str) -> Iterator[str]:
    """Yield the lines that older versions of GitLab look for quick actions in: they do not parse Markdown."""
    lines, at = text.split("\n"), 0
    while at < len(lines):
        line, end = lines[at], ""
        for start, closing in (("```", "```"), (">>>", ">>>"), (r"<[^>]+>\Z", "</[^>]+>")):
            end = end or (closing if re.match(start, line) else "")
        # What is between is not empty.
        first = at + 2 if line in ("```", ">>>") or line.startswith("<") else at + 1
        found = (place for place in range(first, len(lines)) if end and re.fullmatch(end, lines[place]))
        closed = next(found, None)
        if closed is None:
            yield line
        at = at + 1 if closed is None else closed + 1


@given(FILES)
def test_a_file_of_the_team_runs_nothing_and_mentions_people_only(text: str) -> None:
    shown = COMMENTS.compose(Template.GAMEPLAN, {"text": text}, people=["sam-roe"])
    body = f"{Mark(Template.GAMEPLAN).line}\n{shown}"

    assert not carried_out(body)[1]
    assert not [line for line in outside_for_older_versions(body) if line.lstrip().startswith("/")]
    assert {*mentions(body)} <= {*COMMENTS.mentions(shown)} <= {"sam-roe"}
    assert mark_of(shown) is None
    assert "<!--" not in shown


def test_code_of_a_file_stays_as_it_is() -> None:
    code = "```sh\n/usr/bin/env x  # @all\n\n\n\t/opt/y\n```"

    shown = COMMENTS.compose(Template.GAMEPLAN, {"text": f"/x\n\n\n{code}\n/y, `@property`, @all."})

    assert shown == f"## Gameplan\n\n\\/x\n\n{code}\n\\/y, `@property`, @ all."


@pytest.mark.parametrize(
    "text",
    [
        "```\n/close",
        "````\n/close\n````",
        "~~~\n/close\n~~~",
        "  ```\n  /close\n  ```",
        "- x\n  ```\n  /close\n  ```",
        "```\n```\n/close\n```",
        "```\n<b>\n</b>\n/close\n```",
        "<details>\n\n```\n/close\n```",
    ],
)
def test_what_may_be_no_code_is_escaped(text: str) -> None:
    shown = COMMENTS.compose(Template.GAMEPLAN, {"text": text})

    assert "\\/close" in shown


@pytest.mark.parametrize("heading", ["## Gameplan", "# gameplan #", "\n## Gameplan"])
def test_a_heading_that_the_file_has_is_not_doubled(heading: str) -> None:
    shown = COMMENTS.compose(Template.GAMEPLAN, {"text": f"{heading}\n\nDo it"})

    assert shown == "## Gameplan\n\nDo it"


def test_mentions_are_those_outside_of_code() -> None:
    text = "Hi @jo-doe, `@not` and a@mail.example\n```\n@neither\n```\n@kim.moe. <!-- @hidden -->"

    assert COMMENTS.mentions(text) == ("jo-doe", "kim.moe")


@pytest.mark.parametrize(("name", "shown"), [("jo-doe", "@jo-doe"), ("@jo-doe", "@jo-doe"), ("all", "all")])
def test_only_people_are_mentioned(name: str, shown: str) -> None:
    assert mention(name) == shown


def test_what_can_be_no_username_is_shown_as_it_is() -> None:
    assert "@" not in mention("jo doe/close").replace("`@", "")


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.one_of(st.text(max_size=40), st.booleans(), st.none(), st.integers()),
        max_size=5,
    )
)
def test_a_mark_is_read_back_and_hides_nothing(facts: dict[str, Any]) -> None:
    line = Mark(Template.BLOCKED, facts).line

    assert line.count("-->") == 1
    assert "@" not in line
    assert "\n" not in line
    found = mark_of(f"{line}\nText")
    assert found is not None
    assert found.facts == facts


@pytest.mark.parametrize(
    "body",
    [
        "",
        "text <!-- supops:issue blocked {} -->",
        " <!-- supops:issue blocked {} -->",
        "<!-- supops:issue blocked {x} -->",
        "<!-- supops:issue blocked [] -->",
        "<!-- supops:audit blocked {} -->",
    ],
)
def test_what_is_no_mark(body: str) -> None:
    assert mark_of(body) is None


def test_templates_can_be_replaced_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "blocked.md.j2").write_text("Stop: {{ until }} {{ mention(on) }}")
    comments = IssueComments(tmp_path)

    assert comments.compose(Template.BLOCKED, {**VALUES, "until": "@all"}) == "Stop: `@all` @kim-moe"
    assert "## Unblocked" in comments.compose(Template.UNBLOCKED, VALUES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{% if %}", r"blocked\.md\.j2:1"),
        ("{{ nothing }}", "nothing"),
        ("{{ ''.__class__.__mro__ }}", "fails"),
        ("  \n", "empty"),
    ],
)
def test_mistakes_in_a_template_are_told(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "blocked.md.j2").write_text(text)

    with pytest.raises(ConfigError, match=said):
        IssueComments(tmp_path).compose(Template.BLOCKED, VALUES)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        IssueComments(tmp_path / "x").compose(Template.BLOCKED, VALUES)


def test_a_template_of_the_users_runs_no_quick_action_either(tmp_path: Path) -> None:
    (tmp_path / "blocked.md.j2").write_text("Hello\n/close\n")

    assert IssueComments(tmp_path).compose(Template.BLOCKED, VALUES) == "Hello\n\\/close"
