"""Tables on a terminal and through a pipe."""

from collections import Counter

import pytest
from rich.cells import cell_len

from supops.render.tables import Cell, Heading, Table, Value, render_plain, render_terminal

WIDE = Table(
    "Findings",
    ("check", "what", "where"),
    [
        ["name-mismatch", "a long sentence " * 6, "folder/a-file-with-a-long-name.yaml:12"],
        [Cell("x", "bold red"), "[bold]no markup[/bold] \x1b[31m", None],
    ],
    details=("what", "where"),
)


def test_a_pipe_gets_everything_on_one_line_a_row_and_no_colour() -> None:
    text = render_plain([Heading("Title", [Cell("line", "red")]), WIDE])

    assert text.isascii()
    lines = text.splitlines()
    assert lines[:2] == ["Title", "line"]
    assert lines[3] == "Findings (2)"
    assert len(lines) == 8
    assert "a long sentence " * 5 in lines[6]
    assert lines[7].split() == ["x", "[bold]no", "markup[/bold]", "\\x1b[31m", "-"]


def test_wide_characters_keep_columns_aligned() -> None:
    text = render_plain([Table("", ("name", "id"), [["陳美玲", 1], ["Jo", 2]])])

    header, _, first, second = text.splitlines()
    assert cell_len(first[: first.index("1")]) == second.index("2") == header.index("id")


def test_an_empty_table_says_so() -> None:
    assert render_plain([Table("Findings", ("a",), [])]) == "Findings: none\n"
    assert render_terminal([Table("Findings", ("a",), [])], width=80, color=False).strip() == "Findings none"


def test_a_narrow_terminal_loses_nothing() -> None:
    text = render_terminal([WIDE], width=60, color=False)

    assert all(cell_len(line) <= 60 for line in text.splitlines())
    joined = " ".join(text.split())
    assert "a long sentence " * 5 in joined
    assert "folder/a-file-with-a-long-name.yaml:12" in joined
    assert "[bold]no markup[/bold] \\x1b[31m" in joined


def test_more_than_two_details_are_labelled() -> None:
    table = Table(
        "",
        ("id", "what", "why", "remedy"),
        [["x", "a " * 40, "because", "mend it"]],
        details=("what", "why", "remedy"),
    )

    assert "\n  why: because\n  remedy: mend it\n" in render_terminal([table], width=60, color=False)


def test_a_very_narrow_terminal_folds_and_loses_nothing() -> None:
    text = render_terminal(
        [Table("", ("name", "email"), [["Maria Delgado", "maria.delgado@example.com"]])],
        width=24,
        color=False,
    )

    squeezed = "".join(text.split())
    assert all(cell_len(line) <= 24 for line in text.splitlines())
    for part in ("Maria", "Delgado"):
        assert part in squeezed


def test_columns_of_one_width_give_way_alike() -> None:
    text = render_terminal([Table("", ("key", "value"), [["k" * 60, "v" * 90]])], width=80, color=False)

    assert text.splitlines()[1] == f"{'k' * 39}  {'v' * 39}"


def test_a_wide_terminal_has_one_line_a_row() -> None:
    text = render_terminal([WIDE], width=300, color=False)

    assert len(text.splitlines()) == 4


def test_colours_only_when_they_are_wanted() -> None:
    assert "\x1b" not in render_terminal([WIDE], width=80, color=False)
    assert "\x1b[1;31m" in render_terminal([WIDE], width=80, color=True)


def test_a_heading_carries_nothing_out() -> None:
    heading = Heading("x\r\ndecision: global\x1b[31m\u202e", [Cell("y")])

    for text in (render_plain([heading]), render_terminal([heading], width=80, color=False)):
        assert text == "x\\r\\ndecision: global\\x1b[31m\\u202e\ny\n"


@pytest.mark.parametrize("details", [(), ("remedy",)])
@pytest.mark.parametrize("width", [20, 39, 40, 41, 42, 60, 61, 80])
def test_no_cell_is_cut_at_any_width(width: int, details: tuple[str, ...]) -> None:
    rows: list[list[Value]] = [
        ["disabled", "Zendesk US Government", "a,b-" * 12, 12, "mend " * 30],
        ["ok", "Calendly", "x", 3, None],
    ]
    table = Table("", ("state", "platform", "webhook", "tries", "remedy"), rows, details=details)

    text = render_terminal([table], width=width, color=False)

    assert all(cell_len(line) <= width for line in text.splitlines())
    letters = Counter("".join(text.split()))
    for part in (*table.columns[:4], "disabled", "ZendeskUSGovernment", "Calendly"):
        assert not Counter(part) - letters
    shown = sum(letters[mark] for mark in ",")
    assert (shown, letters["-"] >= 12) == (12, True)
    assert letters["m"] >= 30


def test_a_table_that_just_fits_is_whole() -> None:
    table = Table("", ("a" * 9, "tries"), [["b", 1]], details=("none",))

    assert "tries" in render_terminal([table], width=16, color=False)
