"""The simulated GitLab reads texts as the real one does: what is a command, and who is notified."""

import pytest

from supops.sandbox.gitlab_text import carried_out, mentions


@pytest.mark.parametrize(
    ("text", "left", "commands"),
    [
        ("a\r\nb \n\n", "a\nb", []),
        ("/close", "", ["close"]),
        ("/CLOSE", "", ["close"]),
        ("x /close", "x /close", []),
        (" /close", " /close", []),
        ("/closed", "/closed", []),
        ("/etc/passwd\n/usr", "/etc/passwd\n/usr", []),
        ("```\n/close\n```", "```\n/close\n```", []),
        ("~~~~\n/close\n~~~\n/close\n~~~~", "~~~~\n/close\n~~~\n/close\n~~~~", []),
        ("```\n```\n/close\nb", "```\n```\nb", ["close"]),
        ("> /close", "> /close", []),
        ("<!--\n/close\n-->", "<!--\n-->", ["close"]),
    ],
)
def test_quick_actions_begin_a_line_outside_of_code(text: str, left: str, commands: list[str]) -> None:
    kept, actions = carried_out(text)

    assert (kept, [one.name for one in actions]) == (left, commands)


@pytest.mark.parametrize(
    "text",
    [
        "@all",
        "(@all)",
        "and/@all",
        "[x](@all)",
        "[x](%40all)",
        "&#64;all",
        "- x `\n- @all`",
        "| a `b | @all` c |",
        "<summary>`@all`</summary>",
        "<details><summary>\\@all</summary>",
        "- item\n\n      @all",
        "<b>@all</b>",
    ],
)
def test_these_mention_everybody(text: str) -> None:
    assert mentions(text) == ["all"]


@pytest.mark.parametrize(
    "text",
    [
        "`@all`",
        "`` ` @all ``",
        "\\@all",
        "jo@all",
        "```\n@all\n```",
        "text\n\n    @all",
        "<!-- @all\n\n@all -->",
        "<code>@all</code>",
        "[x](https://example.com/@all)",
        "see https://example.com/@all.",
        '<a title="@all">x</a>',
        "<summary><code>@all</code></summary>",
        "@\u200ball",
    ],
)
def test_these_mention_nobody(text: str) -> None:
    assert mentions(text) == []
