"""Long Markdown in several texts, each of which can be read by itself."""

import re

from hypothesis import given
from hypothesis import strategies as st

from supops.render.issue_parts import split_text


def table(rows: int) -> str:
    return "\n".join(["| a | b |", "|---|---|", *(f"| {row} | {'x' * 20} |" for row in range(rows))])


def folded(title: str, body: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{body}\n\n</details>"


def test_what_fits_is_one_text() -> None:
    assert split_text("# a\n\nb", 100) == ["# a\n\nb"]


def test_a_table_in_a_folded_section_is_split_between_rows_and_opened_again() -> None:
    texts = split_text(folded("Agents (60)", table(60)), 700)

    assert len(texts) > 2
    for text in texts:
        assert len(text) <= 700
        assert text.count("<details>") == text.count("</details>") == 1
        assert text.count("|---|---|") == 1
    assert "<summary>Agents (60) (continued)</summary>" in texts[1]
    assert [int(row) for text in texts for row in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)] == list(
        range(60)
    )


def test_a_list_of_boxes_repeats_its_heading() -> None:
    boxes = "\n".join(f"- [ ] number {number}" for number in range(80))

    texts = split_text(f"## Failed checks\n\n### One (80)\n\n{boxes}\n", 600)

    assert all(text.startswith("### One (80) (continued)") for text in texts[1:])


def test_a_heading_is_not_left_behind() -> None:
    filler = "\n".join("- item" for _ in range(12))

    first, second = split_text(f"{filler}\n\n## Next\n\n- [ ] box that does not fit on the page", 100)

    assert not first.rstrip().endswith("## Next")
    assert second.startswith("## Next")


def test_a_line_that_is_longer_than_a_text_is_cut_and_says_so() -> None:
    (text,) = split_text(f"- {'x' * 500}", 200)

    assert len(text) <= 200
    assert text.endswith("[cut: the line is 502 characters long]")


@given(
    st.lists(st.sampled_from(["box", "row", "heading", "fold", "text"]), max_size=60), st.integers(300, 900)
)
def test_nothing_is_lost_and_nothing_is_too_long(kinds: list[str], longest: int) -> None:
    pieces = []
    for number, kind in enumerate(kinds):
        mark = f"mark{number}x"
        pieces.append(
            {
                "box": f"- [ ] {mark}",
                "row": f"| head |\n|---|\n| {mark} |",
                "heading": f"## {mark}",
                "fold": folded(mark, table(9)),
                "text": f"{mark} {'word ' * 20}",
            }[kind]
        )

    texts = split_text("\n\n".join(pieces), longest)

    together = "\n".join(texts)
    assert all(len(text) <= longest for text in texts)
    assert all(f"mark{number}x" in together for number in range(len(kinds)))
    assert all(text.count("<details>") == text.count("</details>") for text in texts)
