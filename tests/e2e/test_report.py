"""The HTML report in a real browser: headless Chromium, driven through ChromeDriver."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from supops.checks.registry import all_checks
from supops.models.findings import Severity
from supops.models.waivers import Waiver
from supops.render.html import report_html
from tests.audits import a_finding, an_agent, an_audit
from tests.fakes.clock import START

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
    ),
    # Selenium's own warnings are none of ours.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.xdist_group("browser"),
]
FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
    "window-size=1200,900",
)
HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    '"><svg onload=window.ran=3>',
    "{{ 7 * 7 }}",
    "W" * 5_000,
)
MANY = 20_000
ALL = MANY + len(HOSTILE)
# The tables that the page has. Lists without anybody have none.
FINDINGS, FULL = 0, 1


def written(folder: Path) -> Path:
    agents = (
        *(an_agent(number) for number in range(MANY)),
        *(an_agent(MANY + n, name) for n, name in enumerate(HOSTILE)),
    )
    waiver = Waiver("suspended-agent", "7", HOSTILE[1], "jo@example.com", START.date())
    findings = (
        a_finding(3, Severity.LOW, message=HOSTILE[1]),
        a_finding(10, Severity.HIGH, message=HOSTILE[0]),
        a_finding(2, Severity.MEDIUM, message=HOSTILE[4]),
        replace(a_finding(7, Severity.HIGH), waiver=waiver),
    )
    page = report_html(
        [an_audit(*findings, agents=agents)],
        history=(),
        checks=all_checks(),
        changes=(),
        made_at=START,
        version="0.1.0",
        command=HOSTILE[2],
    )
    file = folder / "report.html"
    file.write_text(page, encoding="utf-8")
    return file


class Browser:
    """The page, and what a reader does with it."""

    def __init__(self, driver: "Chrome") -> None:
        self.driver = driver

    def ask(self, expression: str, grid: int = FINDINGS) -> object:
        """Return what an expression is worth in the page; `grid` in it is one of the tables."""
        tables = "document.querySelectorAll('[data-grid]')"
        answer: object = self.driver.execute_script(f"const grid = {tables}[{grid}]; return {expression}")
        return answer

    def devtools(self, command: str, **arguments: object) -> None:
        self.driver.execute_cdp_cmd(command, arguments)

    def column(self, grid: int, column: int) -> list[str]:
        """Return the first line of each drawn cell."""
        cells = f"[...grid.querySelectorAll('tbody td:nth-child({column + 1})')]"
        found = self.ask(f"{cells}.map((cell) => cell.firstChild.textContent)", grid)
        assert isinstance(found, list)
        return found

    def sort(self, grid: int, column: int) -> object:
        """Press the button in a column's head, and return what screen readers are told."""
        self.ask(f"grid.querySelectorAll('thead button')[{column}].click()", grid)
        return self.ask(f"grid.querySelectorAll('thead th')[{column}].getAttribute('aria-sort')", grid)

    def filter(self, grid: int, text: str) -> object:
        """Write into the filter, and return what the live region says."""
        field = f"Object.assign(grid.querySelector('input'), {{ value: {json.dumps(text)} }})"
        self.ask(f"{field}.dispatchEvent(new Event('input'))", grid)
        return self.ask("grid.querySelector('[role=status]').textContent", grid)

    def choose(self, by: str, value: str) -> object:
        choice = f"Object.assign(grid.querySelector('[data-by={by}]'), {{ value: {json.dumps(value)} }})"
        self.ask(f"{choice}.dispatchEvent(new Event('change'))")
        return self.ask("grid.querySelector('[role=status]').textContent")

    def rows(self, grid: int) -> int:
        rows = self.ask("grid.querySelectorAll('tbody tr').length", grid)
        assert isinstance(rows, int)
        return rows

    def log(self, kind: str) -> list[str]:
        """Return what was logged since it was asked for last."""
        entries: list[dict[str, str]] = self.driver.execute("getLog", {"type": kind})["value"]
        return [entry["message"] for entry in entries]

    def wait(self, expression: str, grid: int = FINDINGS) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, 20).until(lambda _: self.ask(expression, grid))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("report")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"user-data-dir={folder / 'profile'}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.get(written(folder).as_uri())
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture
def browser(opened: Browser) -> Iterator[Browser]:
    """The page as it was opened, whatever a test before did with it; and at the end nothing was complained about."""
    yield opened
    assert opened.log("browser") == []
    opened.devtools("Emulation.setEmulatedMedia", media="", features=[])
    opened.devtools("Emulation.setScriptExecutionDisabled", value=False)
    opened.driver.refresh()


def test_it_opens_without_a_word_on_the_console_and_asks_no_network(browser: Browser) -> None:
    events = [json.loads(entry)["message"] for entry in browser.log("performance")]
    asked = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]

    assert [url for url in asked if url.startswith("file:")] == [browser.driver.current_url]
    # The browser's own first tab is none of ours, and made of chrome: alone.
    assert not [url for url in asked if not url.startswith(("file:", "data:", "chrome:"))]


def test_hostile_names_do_not_run(browser: Browser) -> None:
    assert browser.filter(FULL, "onerror") == f"1 of {ALL:,} shown"
    assert browser.column(FULL, 0) == [HOSTILE[1]]
    assert browser.ask("window.ran === undefined")
    assert browser.ask("document.images.length") == 0
    assert browser.ask("document.querySelectorAll('script').length") == 3


def test_the_policy_stops_what_is_not_ours(browser: Browser) -> None:
    browser.ask("document.body.append(Object.assign(document.createElement('script'), { text: 'ran = 4' }))")

    assert browser.ask("window.ran === undefined")
    assert any("Content Security Policy" in line for line in browser.log("browser"))


@pytest.mark.parametrize("width", [390, 1280])
def test_the_longest_name_breaks_no_layout(browser: Browser, width: int) -> None:
    browser.devtools(
        "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
    )
    try:
        browser.filter(FULL, "WWW")
        assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    finally:
        browser.devtools("Emulation.clearDeviceMetricsOverride")


def test_rows_are_drawn_as_they_are_needed(browser: Browser) -> None:
    assert browser.rows(FULL) <= 300

    browser.ask("grid.querySelector('.more').scrollIntoView()", FULL)
    browser.wait("grid.querySelectorAll('tbody tr').length > 100", FULL)
    assert browser.rows(FULL) <= 600

    browser.ask("grid.querySelector('.more').click()", FULL)
    assert browser.rows(FULL) == ALL
    # Where nothing is left to show, there is no button.
    for grid in (FINDINGS, FULL):
        assert browser.ask("getComputedStyle(grid.querySelector('.more')).display", grid) == "none"


def test_sorting_by_number_and_date(browser: Browser) -> None:
    assert browser.sort(FULL, 2) == "ascending"
    assert browser.column(FULL, 2)[:3] == ["0", "1", "2"]
    assert browser.sort(FULL, 2) == "descending"
    assert browser.column(FULL, 2)[:2] == [str(ALL - 1), str(ALL - 2)]

    browser.sort(FULL, 4)
    assert browser.column(FULL, 4)[0] == "2026-09-01"
    # What is the same stays in the order that it came in.
    assert browser.column(FULL, 2)[:3] == ["0", "28", "56"]
    assert browser.ask("grid.querySelectorAll('[aria-sort]').length", FULL) == 1


def test_sorting_findings(browser: Browser) -> None:
    assert browser.column(FINDINGS, 0) == ["high", "medium", "low", "high"]
    assert browser.sort(FINDINGS, 0) == "ascending"
    assert browser.column(FINDINGS, 0) == ["low", "medium", "high", "high"]
    # Numbers within names count as numbers.
    browser.sort(FINDINGS, 2)
    assert browser.column(FINDINGS, 2) == ["Agent 2", "Agent 3", "Agent 7", "Agent 10"]
    # What is not there comes last either way.
    for _ in range(2):
        browser.sort(FINDINGS, 4)
        assert browser.column(FINDINGS, 4) == ["2026-10-01", "-", "-", "-"]


def test_filtering_by_text_severity_and_waiver(browser: Browser) -> None:
    assert browser.filter(FULL, "AGENT12@") == f"1 of {ALL:,} shown"
    assert browser.filter(FULL, "nobody like that") == f"0 of {ALL:,} shown"

    assert browser.choose("severity", "high") == "2 of 4 shown"
    assert browser.choose("waived", "1") == "1 of 4 shown"
    assert browser.column(FINDINGS, 2) == ["Agent 7"]
    assert browser.choose("waived", "0") == "1 of 4 shown"
    assert browser.column(FINDINGS, 2) == ["Agent 10"]


def test_a_finding_leads_to_what_is_said_of_its_check(browser: Browser) -> None:
    browser.ask("grid.querySelector('tbody a').click()")

    browser.wait("document.getElementById('check-1-suspended-agent').open")


def test_dark_and_light(browser: Browser) -> None:
    def ground(scheme: str) -> object:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.devtools("Emulation.setEmulatedMedia", features=[feature])
        return browser.ask("getComputedStyle(document.body).backgroundColor")

    assert ground("light") == "rgb(255, 255, 255)"
    assert ground("dark") == "rgb(20, 24, 31)"


def test_on_paper_nothing_is_folded_and_no_row_is_missing(browser: Browser) -> None:
    browser.filter(FULL, "agent12")
    assert browser.rows(FULL) <= 300

    browser.devtools("Emulation.setEmulatedMedia", media="print")

    browser.wait("grid.querySelectorAll('tbody tr').length === 1111", FULL)
    assert browser.ask("document.querySelectorAll('details:not([open])').length") == 0
    assert browser.ask("grid.querySelector('input').offsetParent", FULL) is None
    # That these are not all is said on paper too.
    assert browser.ask("grid.innerText.includes('1,111 of ')", FULL)

    browser.devtools("Emulation.setEmulatedMedia", media="screen")
    browser.wait("document.querySelectorAll('details:not([open])').length > 0")


def test_before_it_is_printed_all_rows_are_drawn(browser: Browser) -> None:
    browser.ask("window.dispatchEvent(new Event('beforeprint'))")

    assert browser.rows(FULL) == ALL


def test_without_javascript_there_is_the_beginning_of_all(browser: Browser) -> None:
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    browser.driver.refresh()

    assert browser.column(FINDINGS, 2) == ["Agent 10", "Agent 2", "Agent 3", "Agent 7"]
    assert browser.rows(FULL) == 100
    assert browser.ask("getComputedStyle(grid.querySelector('.controls')).display", FULL) == "none"
    assert f"{ALL - 100:,} more rows are in this file" in str(browser.ask("grid.innerText", FULL))


def test_what_screen_readers_need(browser: Browser) -> None:
    def every(selector: str, condition: str) -> object:
        return browser.ask(f"[...document.querySelectorAll('{selector}')].every((one) => {condition})")

    assert browser.ask("document.documentElement.lang") == "en"
    assert browser.ask("document.querySelectorAll('h1').length") == 1
    assert browser.ask("document.querySelectorAll('main, header, footer').length") == 3
    assert every("table", "one.caption")
    assert every("thead th", "one.scope === 'col'")
    assert every("input, select", "one.labels.length === 1")
    assert every("svg", "document.getElementById(one.getAttribute('aria-labelledby')).textContent")
    assert every("[aria-labelledby]", "document.getElementById(one.getAttribute('aria-labelledby'))")
    # The first thing that the keyboard reaches leads past everything else.
    assert browser.ask("document.querySelector('a, button, input').hash") == "#content"
