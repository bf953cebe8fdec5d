"""What people call an issue, and what they write for it."""

from pathlib import Path

import pytest

from supops.adapters.text_files import read_own_text
from supops.errors import UsageError
from supops.platforms import issue_number

PROJECT, URL = "cust-support-ops/issue-tracker", "https://gitlab.example.com/"


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "#42",
        " 42 ",
        f"{PROJECT}#42",
        f"{URL}{PROJECT}/-/issues/42",
        f"{URL}{PROJECT}/-/work_items/42/",
        f"{URL}{PROJECT}/-/issues/42#note_7",
    ],
)
def test_an_issue_has_many_names(text: str) -> None:
    assert issue_number(text, PROJECT, (URL,), "gitlab.issues_project") == 42


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "42x", "!42", "4 2", "99999999999"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no number"):
        issue_number(text, PROJECT, (URL,), "gitlab.issues_project")


@pytest.mark.parametrize(
    "text",
    [
        "other/project#42",
        f"{URL}other/project/-/issues/42",
        f"https://gitlab.elsewhere.example.com/{PROJECT}/-/issues/42",
    ],
)
def test_one_of_another_project_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="another project"):
        issue_number(text, PROJECT, (URL,), "gitlab.issues_project")


def test_a_file_of_another_system_is_the_same_text(tmp_path: Path) -> None:
    file = tmp_path / "plan.md"
    file.write_bytes(b"\xef\xbb\xbfDo it\r\n\r\n``` \r\n@cached\r\n```\r\n")

    assert read_own_text(str(file), "gameplan", most=100) == "Do it\n\n```\n@cached\n```\n"
