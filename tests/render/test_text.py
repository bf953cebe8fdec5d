"""Text from outside can do nothing where it is shown."""

import csv
import re
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.render.machine import render_csv
from supops.render.text import csv_cell, markdown, visible

HOSTILE = [
    "<script>alert(1)</script>",
    "@all",
    "jo @group/team",
    "/close",
    "[x](https://evil.example.com)",
    "![x](https://evil.example.com/p.png)",
    "#123 !45 ~label %milestone $12 &7",
    "group/project#1",
    ":rocket:",
    "**bold** _it_ `code`",
    "`` ` ``",
    "a | b",
    "www.evil.example.com",
    "https://evil.example.com",
    "<!-- comment",
    "</details>",
    "- [ ] task",
    "line\n/close\nbreak",
    "jo@example.com",
    "^1 ~~x~~ $$x$$",
    "\\@all",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_means_something_in_markdown_is_in_a_code_span(text: str) -> None:
    escaped = markdown(text)

    # Take the code spans away: nothing that GitLab could read a meaning into is left.
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", escaped)
    assert not re.search(r"[@#!~$&<>\[\]*_`|\\^/]|www\.|:\w|\n", outside)


@pytest.mark.parametrize(
    "text", ["Jo Doe", "Megan O'Connor-Reyes", "Zoë (she)", "陳美玲", "J. R. Smith", "50 %", "expected: x, y"]
)
def test_ordinary_names_stay_as_they_are(text: str) -> None:
    assert markdown(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "mend it, then `supops webhooks replay 5`; or wait",
            "mend it, then `supops webhooks replay 5`; or wait",
        ),
        ("see the roster (`supops team check`).", "see the roster (`supops team check`)."),
        ("`a | b` `@all`", "`a \\| b` `@all`"),
        ("`open and `shut", "`` `open `` and `` `shut ``"),
        ("`a`@all", "`` `a`@all ``"),
        # The marks of a sentence are no part of an address that stands before them.
        ("(see https://example.com/1); then a@b, c_d.", "(see `https://example.com/1`); then `a@b, c_d`."),
        ("license 2, for https://example.com/1); go on", "license 2, for `https://example.com/1`); go on"),
        ("f_(x); g", "`f_(x)`; g"),
    ],
)
def test_code_ends_where_a_command_or_an_address_ends(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_bar_does_not_end_a_cell() -> None:
    assert markdown("a|b") == "`a\\|b`"


@given(st.text())
def test_markdown_is_one_line_and_balanced(text: str) -> None:
    escaped = markdown(text)

    assert "\n" not in escaped
    assert "\r" not in escaped
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", escaped)
    assert "`" not in outside
    assert not re.search(r"[@#<>\[\]*|]", outside)


@pytest.mark.parametrize(
    "char", ["\x00", "\x1b", "\x9b", "\n", "\r", "\t", "\u202e", "\u2066", "\u200b", "\u2028", "\ufeff"]
)
def test_control_and_direction_characters_are_spelled_out(char: str) -> None:
    shown = visible(f"a{char}b")

    assert char not in shown
    assert shown.startswith("a\\")


@given(st.text())
def test_what_is_visible_prints_on_one_line(text: str) -> None:
    shown = visible(text)

    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)


def test_letters_of_all_languages_are_visible() -> None:
    assert visible("Zoë 陳美玲 Nguyễn שלום 👋") == "Zoë 陳美玲 Nguyễn שלום 👋"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_formulas_are_defused(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), (True, "true"), (False, "false"), (-5, "-5"), ("Jo", "Jo")]
)
def test_other_cells(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@given(
    st.lists(st.tuples(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"))), min_size=1)
)
def test_csv_gives_back_what_was_put_in(rows: list[tuple[str]]) -> None:
    text = render_csv(["a"], rows)

    read = list(csv.reader(StringIO(text, newline="")))[1:]
    assert [row[0] if row else "" for row in read] == [csv_cell(row[0]) for row in rows]


def test_a_csv_cell_is_one_line_and_carries_nothing_out() -> None:
    assert csv_cell("a\r\nb\x1b[31m\u202e") == "a\\r\\nb\\x1b[31m\\u202e"
