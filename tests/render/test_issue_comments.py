"""Comments on issues: whatever comes from outside, it runs nothing and calls nobody."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.work_marks import Mark, mark_of
from supops.models.workflow import Template
from supops.render.issue_comments import IssueComments, mention, own_markdown
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
    assert not mentions(text.replace("<!--", ""))
    assert not COMMENTS.mentions(text)


@given(NASTY)
def test_a_file_of_the_team_runs_nothing_and_calls_no_groups(text: str) -> None:
    shown = own_markdown(f"Hello {text}\n{text}")

    assert not carried_out(shown)[1]
    assert "all" not in {one.casefold() for one in (*COMMENTS.mentions(shown), *mentions(shown))}
    assert mark_of(shown) is None


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
