"""Requests as people fill in forms on issues."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supops.adapters.license_forms import PLACEHOLDERS, IssueForms, key_of
from supops.models.license_requests import WrittenRequest
from supops.services.license_fields import mentions_duo
from tests.licenses import VALUES, form, request_issue

READ = IssueForms(UTC)


def read(description: str) -> WrittenRequest:
    return READ(request_issue(description=description))


HEADINGS = """\
Hi team!

## Name

Jane Döe

## Email address (required)
<!-- The official one,
never an alias -->
jane.doe@example.com

### Plan

- [ ] Premium
- [x] Ultimate

### Number of users:

10

### Previous users count

_No response_

#### License end date (YYYY-MM-DD)

2027-06-30
(that is when the project ends)

### What do you need it for?

- [X] self-managed
- [ ] GitLab Duo
"""
BOLD = """\
**Name:** Jane Döe
**E-mail**: [jane.doe@example.com](mailto:jane.doe@example.com)
- **Tier:** `ultimate`
* __Seats__: 10
1. Expires on: 2027-06-30
**Previous users count:** n/a
**Use case:**
self-managed
"""
TABLE = """\
| Field | What to fill in |
| :--- | --- |
| **Name** | Jane Döe |
| Email | <jane.doe@example.com> |
| Plan code | Ultimate |
| Users count | 10 |
| True-up count | - |
| End date | 2027-06-30 |
| Purpose | self-managed |
"""
COLUMNS = """\
| Name | Email | Plan | Users | End date | Purpose |
|---|---|---|---|---|---|
| Jane Döe | jane\\.doe@example.com | *ultimate* | 10 | 2027-06-30 | self-managed |
"""
PLAIN = """\
/label ~"Stage::Triage"
name: Jane Döe
Email: jane.doe@example.com
Plan: ultimate
Users: 10
Until: 2027-06-30
Purpose: self-managed
Thanks: in advance
"""
CARELESS = """\
##Name
**Jane Döe** (that's me)
<Hello there>
## Email ##
jane.doe@example.com

**Plan** - ultimate
Users = 10
**End date** 2027-06-30
Purpose - self-managed
"""
BARE_TABLE = """\
Field | Value
--- | ---
Name | Jane Döe
Email | jane.doe@example.com <!-- the official one -->
Plan | [ ] Premium [x] Ultimate
**Users** | 10
End date | 2027-06-30
[x] | Purpose: self-managed
"""
UNDERLINED = """\
Request
=======

Name
----
Jane Döe

Email (required)
----------------
jane.doe@example.com

Plan
----
```text
ultimate
```

Users
-----
10
---

## End date
2027-06-30
---
## Purpose
self-managed
---
"""
HTML = """\
<details>
<summary>Request</summary>
<h2>Name</h2>
Jane Döe
<h2 id="email">Email</h2><p>jane.doe@example.com</p>
<table>
<tr><th>Plan</th><td><b>ultimate</b></td></tr>
<tr>
  <td>Users</td>
  <td>10</td>
</tr>
</table>
</details>

<dl><dt>End date</dt><dd>2027-06-30</dd></dl>

<h3>Purpose</h3>

self&#45;managed
"""
NESTED = """\
> The request:
>
> - **Name**
>   - Jane Döe
> - *Email:* [jane.doe@example.com](mailto:jane.doe@example.com "write")
> - Plan
>   1. [ ] Premium
>   2. [x] Ultimate
> - **Users&nbsp;count** (seats): 10\\
>   End\u00a0date:\u00a02027-06-30
> - `Purpose`: "self-managed"
"""
FENCED = """\
```yaml
name: Jane Döe
email: jane.doe@example.com
plan: "ultimate"
users_count: 10
end_date: 2027-06-30
purpose: self-managed
```
"""
MIXED = (
    "## Request\n\n"
    + BOLD.partition("**Use case")[0]
    + "\n## Purpose\n\nself-managed\n\n---\n\n"
    + "Cheers, Jane\n"
)


@pytest.mark.parametrize(
    "description",
    [
        HEADINGS,
        BOLD,
        TABLE,
        COLUMNS,
        PLAIN,
        CARELESS.replace(" (that's me)", ""),
        BARE_TABLE,
        UNDERLINED,
        HTML,
        NESTED,
        FENCED,
        UNDERLINED.replace("\n", "\r\n"),
        HEADINGS.replace("\n", "\r\n"),
        TABLE.replace("\n", "\r\n"),
        form(),
    ],
)
def test_a_form_is_read_however_it_is_filled_in(description: str) -> None:
    found = read(description)

    assert {key: text.casefold() for key, text in found.values.items()} == {
        key: text.casefold() for key, text in VALUES.items()
    }
    assert found.problems == ()


def test_labels_under_a_heading_of_others() -> None:
    found = read(MIXED)

    assert found.values["purpose"].startswith("self-managed")
    assert {key: found.values[key] for key in ("name", "users_count")} == {
        "name": "Jane Döe",
        "users_count": "10",
    }


def test_what_stands_in_a_value_stays_there() -> None:
    assert read("Users: -1\n").values == {"users_count": "-1"}
    assert read("### Purpose\n\nself-managed - for tests\n").values == {"purpose": "self-managed - for tests"}
    assert read(CARELESS).values["name"] == "Jane Döe (that's me)"


def test_what_is_missing_is_missing() -> None:
    assert read("").values == {}
    assert read("Please give me a license").values == {}
    assert (
        read("### Name\n\n### Email\n\n_No response_\n\n### Plan\n\n- [ ] Premium\n- [ ] Ultimate\n").values
        == {}
    )


def test_what_stands_twice_and_differs_is_a_problem_and_no_value() -> None:
    found = read("Plan: premium\nPlan: ultimate\nName: Jane\nName: Jane\n")

    assert found.values == {"name": "Jane"}
    (problem,) = found.problems
    assert problem.field == "plan"
    assert "'premium' and 'ultimate'" in problem.message


def test_two_boxes_that_are_ticked_are_a_problem() -> None:
    found = read("### Purpose\n- [x] Self-managed\n- [x] Testing GitLab Duo\n")

    assert "purpose" not in found.values
    assert [problem.field for problem in found.problems] == ["purpose"]


def test_comments_and_boxes_that_are_not_ticked_say_nothing() -> None:
    found = read(
        "### Purpose\n<!-- - [x] Testing Duo -->\n- [ ] Testing Duo\n- [x] Self-managed\n<!-- Name: nobody"
    )

    assert found.values == {"purpose": "Self-managed"}
    assert found.other == ()


@pytest.mark.parametrize(
    "description",
    [
        "### Anything else?\n\nI want to test GitLab Duo\n",
        "### GitLab Duo?\n\nyes\n",
        "# A license for GitLab Duo\n\n### Name\n\nJane\n",
        "**Duo Chat:** yes, please\n",
        "**Without Duo?** no\n",
        "Duo | x\n--- | ---\n",
        "| Duo | |\n",
        "``` GitLab Duo\nx\n```\n",
        "### Plan (with Duo)\n\nultimate\n",
        "Issue: about Duo\n",
        "- [x] Duo\n",
        "see [this](https://docs.gitlab.com/user/gitlab_duo/)\n",
        "[a]: GitLab&nbsp;D&#117;o\n",
        "a <!-- not closed: Duo\n",
        "<img src=x alt='GitLab Duo'>\n",
        "> " * 150 + "Duo\n",
        "- " * 150 + "Duo\n",
        "a D**uo**\n",
        "`<!-- ` Duo ` -->`\n\n<b>D</b>uo\n",
    ],
)
def test_what_belongs_to_no_field_is_kept_for_who_looks_for_duo(description: str) -> None:
    assert any(mentions_duo(text) for text in read(description).other)


@pytest.mark.parametrize(
    "description",
    [
        "### GitLab Duo needed?\n\nNo.\n",
        "### GitLab Duo features\n\n- [ ] Chat\n- [ ] Code Suggestions\n",
        "### Which Duo features?\n\n_No response_\n",
        "| Duo | [ ] |\n| [ ] | Duo |\n",
        "### Purpose (self-managed, or GitLab Duo)\n\nself-managed\n",
        "<!--\n\n### Duo\n\nyes\n-->\n",
        "email: [duo.wang@example.com](mailto:duo.wang@example.com)\n",
    ],
)
def test_a_question_that_is_answered_with_no_asks_for_nothing(description: str) -> None:
    assert not any(mentions_duo(text) for text in read(description).other)


def test_nothing_that_is_written_is_dropped() -> None:
    short = read("### Plan\n\nultimate\nand GitLab Duo\n")
    table = read("| Plan | ultimate | with Duo |\n| Duo |\n")
    columns = read("| Name | Email |\n|---|---|\n| Jane | a@example.com | Duo |\n")

    assert (short.values, short.other) == ({"plan": "ultimate"}, ("and GitLab Duo",))
    assert (table.values, table.other) == ({"plan": "ultimate"}, ("with Duo", "Duo"))
    assert columns.other == ("Duo",)
    assert any("Duo" in text for text in read("Purpose: self-managed" + " x" * 600 + " Duo").other)


def test_the_issue_says_when_and_where() -> None:
    issue = request_issue(
        7, form(requested_on="2020-01-01"), created_at=datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    )

    assert READ(issue).requested_on == date(2026, 11, 25)
    assert IssueForms(ZoneInfo("Europe/Berlin"))(issue).requested_on == date(2026, 11, 26)
    assert READ(issue).link == issue.web_url
    assert READ(request_issue(7, form(issue="https://example.net/1"))).values.get("issue") is None


def test_a_label_of_the_issue_may_say_what_it_is_about() -> None:
    issue = replace(request_issue(description=HEADINGS), labels=("license", "feature::GitLab Duo"))

    assert [text for text in READ(issue).other if mentions_duo(text)] == ["feature::GitLab Duo"]


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("Name", "name"),
        ("**E-Mail Address:**", "email"),
        ("Users count (seats)", "users_count"),
        ("True-up count", "trueup_count"),
        ("END_DATE", "end_date"),
        ("Names", None),
        ("", None),
    ],
)
def test_labels(label: str, key: str | None) -> None:
    assert key_of(label) == key


def escaped(text: str) -> str:
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


STYLES: dict[str, Callable[[str, str], str]] = {
    "heading": lambda label, value: f"### {label}\n\n{value}\n\n",
    "underlined": lambda label, value: f"{label}\n---\n{value}\n\n",
    "html": lambda label, value: f"<h2>{label}</h2>\n\n{value}\n\n",
    "bold": lambda label, value: f"- **{label}:** {value}\n",
    "bold, the value below": lambda label, value: f"**{label}**\n{value}\n\n",
    "plain": lambda label, value: f"{label}: {value}\n",
    "table": lambda label, value: f"| {label} | {value} |\n",
    "table without bars": lambda label, value: f"{label} | {value}\n",
}
TEXTS = st.text(st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" |*:`\\[]-"), max_size=40)


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from(["name", "email", "plan", "end_date", "purpose"]), TEXTS))
def test_what_is_filled_in_reads_back_in_every_style(style: str, values: dict[str, str]) -> None:
    wanted = {key: " ".join(text.split()) for key, text in values.items()}
    wanted = {key: text for key, text in wanted.items() if text.casefold().strip("_*. ") not in PLACEHOLDERS}
    head = "Field | Value\n--- | ---\n" if "table" in style else ""

    description = head + "".join(
        STYLES[style](key.replace("_", " ").title(), escaped(text)) for key, text in wanted.items()
    )

    assert read(description).values == wanted


@given(
    st.text(max_size=200)
    | st.text(st.sampled_from("#*_|:-=[]x()<>!`\\/ \n\tname email plan duo h2"), max_size=300)
)
def test_no_description_raises_anything(description: str) -> None:
    for value in read(description).values.values():
        assert value.strip()


@pytest.mark.parametrize(
    "piece",
    ["[", "<!--", "| a ", "**", "# ", "- [x] ", "[a](", "<a@", "a: ", "\\", "x" * 50 + " ", "<h2>", "> - "],
)
def test_eight_times_the_description_is_not_much_more_than_eight_times_the_work(piece: str) -> None:
    for ending in ("", "\n"):
        short, long = ((piece + ending) * (size // len(piece + ending)) for size in (4_000, 32_000))

        # Quadratic work would take 64 times as long. In a few milliseconds, times are noise.
        taken = seconds(long)
        assert taken < 0.03 or taken < 30 * seconds(short)


def seconds(description: str) -> float:
    """Return the lesser time of two on the processor, whatever else it does meanwhile."""
    taken = []
    for _ in range(2):
        before = time.thread_time()
        read(description)
        taken.append(time.thread_time() - before)
    return min(taken)
