"""The HTML report: harmless, whole, and readable in light and in dark."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.checks.registry import all_checks
from supops.models.audits import Audit, RunSummary
from supops.models.changes import AuditChanges, FactChange, ItemChange
from supops.models.findings import Severity
from supops.models.waivers import Waiver
from supops.render.html import report_html
from tests.audits import a_finding, an_agent, an_audit
from tests.fakes.clock import START

VOID = {"meta", "link", "input", "line", "rect"}


class Page(HTMLParser):
    """Tags that are open, all that were seen, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.data: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.data if self.open[-1:] == ["script"] else self.text).append(data)


def page_of(*audits: Audit, history: Sequence[RunSummary] = (), changes: Sequence[AuditChanges] = ()) -> str:
    return report_html(
        audits,
        history=history,
        checks=all_checks(),
        changes=changes,
        made_at=START,
        version="0.1.0",
        command="supops audit <x>",
    )


def test_it_is_well_formed_and_asks_nobody() -> None:
    page = page_of(an_audit(a_finding(), agents=(an_agent(1),)))

    read = Page(page)
    assert read.open == []
    assert not re.search(r"https?://", page)
    addresses = [
        value for _, attributes in read.tags for name, value in attributes.items() if name in ("src", "href")
    ]
    assert all((address or "").startswith(("#", "data:")) for address in addresses)


def test_the_policy_lets_only_our_own_script_and_style_run() -> None:
    page = page_of(an_audit())

    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    for element in ("style", "script"):
        (content,) = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]
    assert not re.search(r"\son\w+=|\sstyle=", page.partition("<main")[2].partition("<script>")[0])


def test_what_is_waived_is_listed_with_who_answers_for_it() -> None:
    waiver = Waiver("suspended-agent", "1", "on leave", "jo@example.com", START.date())

    text = " ".join(Page(page_of(an_audit(replace(a_finding(), waiver=waiver)))).text)

    assert "on leave" in text
    assert "jo@example.com" in text
    assert "waived" in text
    assert "2026-10-01" in text


def test_an_incomplete_audit_says_so_and_why() -> None:
    text = " ".join(Page(page_of(an_audit(reasons=("the list broke off",)))).text)

    assert "Incomplete: not everything could be read." in text
    assert "the list broke off" in text


def test_the_charts_have_their_numbers_in_tables() -> None:
    earlier = RunSummary(
        1,
        "zendesk/global",
        "Zendesk Global",
        START - timedelta(days=92),
        True,
        {},
        {Severity.HIGH: 7},
        "0.1.0",
    )
    later = replace(earlier, id=3, started_at=START + timedelta(days=1), severities={Severity.HIGH: 99})

    page = page_of(an_audit(a_finding(), agents=(an_agent(1), an_agent(2))), history=(later, earlier))

    table = re.search(
        r'<caption class="unseen">Open findings by severity</caption>(.*?)</table>', page, re.DOTALL
    )
    assert table
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table[1])
    assert cells == [
        "Run",
        "High",
        "Medium",
        "Low",
        "2026-07-01 08:00",
        "7",
        "0",
        "0",
        "2026-10-01 08:00",
        "1",
        "0",
        "0",
    ]


def test_a_chart_of_nothing_is_left_out() -> None:
    page = page_of(an_audit(agents=(an_agent(1),)))

    assert "Size of the lists" in page
    assert "Open findings by severity" not in page


def test_changes_since_the_run_before() -> None:
    changes = AuditChanges(
        "zendesk/global",
        "Zendesk Global",
        START,
        START,
        old_run=4,
        added=(ItemChange(an_agent(6), "Full agents"),),
        changed=(ItemChange(an_agent(7), "Full agents", (FactChange("suspended", False, True),)),),
        new_findings=(a_finding(5),),
        caveats=("careful",),
    )

    text = " ".join(" ".join(Page(page_of(an_audit(), changes=(changes,))).text).split())

    assert "That was run 4, 2026-10-01 08:00:00 UTC" in text
    assert "New findings 1 Agent 5 about agent 5 (suspended-agent, high)" in text
    assert "Added 1 Agent 6 agent6@example.com, Full agents" in text
    assert "Changed 1 Agent 7 suspended: no -> yes" in text
    assert "Removed" not in text
    assert "careful" in text


def test_more_changes_than_anybody_reads_are_counted() -> None:
    added = tuple(ItemChange(an_agent(number), "Full agents") for number in range(1_000))
    changes = AuditChanges("zendesk/global", "Zendesk Global", START, START, added=added)

    text = " ".join(" ".join(Page(page_of(an_audit(), changes=(changes,))).text).split())

    assert "Added 1,000" in text
    assert "and 800 more" in text


def test_each_check_is_explained_and_findings_lead_there() -> None:
    page = Page(page_of(an_audit(a_finding(), a_finding(2, check="by-nobody-known"))))

    (check,) = [one for one in all_checks() if one.id == "suspended-agent"]
    assert check.why.split("`")[0] in " ".join(page.text)
    ids = {attributes.get("id") for _, attributes in page.tags}
    links = [str(attributes["href"])[1:] for tag, attributes in page.tags if tag == "a"]
    assert "check-1-suspended-agent" in links
    assert set(links) <= ids
    assert "by-nobody-known" in " ".join(page.text)
    assert "check-1-by-nobody-known" not in links


def test_many_rows_are_in_the_data_and_few_in_the_page() -> None:
    page = page_of(an_audit(agents=tuple(an_agent(number) for number in range(2_000))))

    assert page.count("<tr") < 400
    assert "1,900 more rows are in this file" in page
    rows = [json.loads(data)["rows"] for data in Page(page).data if data.startswith("{")]
    assert max(map(len, rows)) == 2_000


def test_findings_are_in_the_page_itself() -> None:
    page = page_of(an_audit(*(a_finding(number) for number in range(600))))

    assert page.count('<span class="level high">') >= 600


HOSTILE = st.one_of(
    st.sampled_from(
        [
            "</script><script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "\"'><b>",
            "<!--",
            "]]>",
            "\u202egnp",
        ]
    ),
    st.text(max_size=30),
)


@cache
def plain_tags(name: str, message: str) -> list[str]:
    """The tags of a page on which nothing is hostile."""
    audit = an_audit(replace(a_finding(), message=message, expected=name), agents=(an_agent(1, "x"),))
    return [tag for tag, _ in Page(page_of(replace(audit, remarks=("x",), incomplete_reasons=("x",)))).tags]


@given(HOSTILE, HOSTILE)
def test_names_from_outside_are_text(name: str, message: str) -> None:
    finding = replace(a_finding(), message=message, expected=name)
    audit = replace(
        an_audit(finding, agents=(an_agent(1, name or "x"),)), incomplete_reasons=(message,), remarks=(name,)
    )

    hostile = Page(page_of(audit))

    assert hostile.open == []
    assert [tag for tag, _ in hostile.tags] == plain_tags(name and "x", message and "x")
    assert "\u202e" not in "".join(hostile.text + hostile.data)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_texts_stand_out_from_their_ground(scheme: int) -> None:
    style = page_of(an_audit()).partition("<style>")[2].partition("@media print")[0]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style.split("@media")[scheme]))

    for ground in ("ground", "panel"):
        for text in ("text", "soft", "link", "high", "medium", "low", "good"):
            lighter, darker = sorted((luminance(colours[ground]), luminance(colours[text])), reverse=True)
            assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (ground, text)
