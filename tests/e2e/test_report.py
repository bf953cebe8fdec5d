"""The HTML report in a real browser: headless Chromium, driven through ChromeDriver."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supops.checks.registry import all_checks
from supops.models.findings import Severity
from supops.render.html import report_html
from tests.audits import a_finding, an_agent, an_audit
from tests.fakes.clock import START

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="needs chromium and chromedriver: apt-get install chromium chromium-driver",
    ),
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.xdist_group("browser"),
]
HOSTILE = (
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    '"><svg onload=window.ran=3>',
    "{{ 7 * 7 }}",
)
MANY = 20_000


def written(folder: Path) -> Path:
    agents = (
        *(an_agent(number) for number in range(MANY)),
        *(an_agent(MANY + n, name) for n, name in enumerate(HOSTILE)),
    )
    findings = (
        a_finding(3, Severity.LOW, message=HOSTILE[1]),
        a_finding(10, Severity.HIGH, message=HOSTILE[0]),
        a_finding(2, Severity.MEDIUM),
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

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def run(self, script: str) -> Any:
        return self.driver.execute_script(script)

    def column(self, grid: int, column: int) -> list[str]:
        script = f"return [...document.querySelectorAll('[data-grid]')][{grid}].querySelectorAll('tbody tr')"
        found: list[str] = self.run(
            f"const rows = (() => {{ {script} }})(); return [...rows].map((row) => row.cells[{column}].textContent)"
        )
        return found

    def sort(self, grid: int, column: int) -> str:
        self.run(
            f"[...document.querySelectorAll('[data-grid]')][{grid}].querySelectorAll('thead button')[{column}].click()"
        )
        return str(
            self.run(
                f"return [...document.querySelectorAll('[data-grid]')][{grid}].querySelectorAll('thead th')[{column}].getAttribute('aria-sort')"
            )
        )

    def filter(self, grid: int, text: str) -> str:
        self.run(
            f"const grid = [...document.querySelectorAll('[data-grid]')][{grid}]; const field = grid.querySelector('input');"
            f"field.value = {json.dumps(text)}; field.dispatchEvent(new Event('input'))"
        )
        return str(
            self.run(
                f"return [...document.querySelectorAll('[data-grid]')][{grid}].querySelector('[role=status]').textContent"
            )
        )

    def rows(self, grid: int) -> int:
        script = (
            f"return document.querySelectorAll('[data-grid]')[{grid}].querySelectorAll('tbody tr').length"
        )
        return int(self.run(script))

    def console(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    folder = tmp_path_factory.mktemp("report")
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "disable-dev-shm-usage",
        f"user-data-dir={folder / 'profile'}",
        "window-size=1200,900",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        driver.get(written(folder).as_uri())
        yield Browser(driver)
    finally:
        driver.quit()


# The tables that the page has. Lists without anybody have none.
FINDINGS, FULL = 0, 1


def test_it_opens_without_a_word_on_the_console_and_asks_no_network(browser: Browser) -> None:
    assert browser.console() == []
    requests = [
        json.loads(entry["message"])["message"]["params"]["request"]["url"]
        for entry in browser.driver.get_log("performance")
        if '"Network.requestWillBeSent"' in entry["message"]
    ]
    assert any(url.startswith("file:") for url in requests)
    assert not [url for url in requests if url.startswith(("http", "ws"))]


def test_hostile_names_do_not_run(browser: Browser) -> None:
    assert browser.run("return window.ran === undefined")
    assert browser.run("return document.images.length") == 0
    assert browser.filter(FULL, "onerror") == f"1 of {MANY + len(HOSTILE):,} shown"
    assert browser.column(FULL, 0) == [HOSTILE[1]]
    browser.filter(FULL, "")


def test_rows_are_drawn_as_they_are_needed(browser: Browser) -> None:
    assert browser.rows(FULL) <= 300

    browser.run("document.querySelectorAll('[data-grid]')[1].querySelector('.more').click()")

    assert browser.rows(FULL) == MANY + len(HOSTILE)
    browser.filter(FULL, "")
    assert browser.rows(FULL) <= 300


def test_sorting_by_number_name_and_severity(browser: Browser) -> None:
    assert browser.sort(FULL, 2) == "ascending"
    assert browser.column(FULL, 2)[:3] == ["0", "1", "2"]
    assert browser.sort(FULL, 2) == "descending"
    assert browser.column(FULL, 2)[:2] == [str(MANY + 3), str(MANY + 2)]

    assert browser.sort(FINDINGS, 0) == "ascending"
    assert browser.column(FINDINGS, 0) == ["low", "medium", "high"]
    # Numbers within names count as numbers.
    browser.sort(FINDINGS, 2)
    assert browser.column(FINDINGS, 2) == ["Agent 2", "Agent 3", "Agent 10"]
    assert (
        browser.run(
            "return document.querySelectorAll('[data-grid]')[0].querySelectorAll('th[aria-sort]').length"
        )
        == 1
    )


def test_filtering_by_text_and_severity(browser: Browser) -> None:
    assert browser.filter(FULL, "agent12@") == f"1 of {MANY + len(HOSTILE):,} shown"
    browser.filter(FULL, "")
    browser.run(
        "const select = document.querySelector('select'); select.value = 'high'; select.dispatchEvent(new Event('change'))"
    )
    assert browser.column(FINDINGS, 0) == ["high"]
    browser.run(
        "const select = document.querySelector('select'); select.value = ''; select.dispatchEvent(new Event('change'))"
    )


def test_dark_and_light(browser: Browser) -> None:
    def ground() -> str:
        return str(browser.run("return getComputedStyle(document.body).backgroundColor"))

    def prefer(scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    prefer("light")
    light = ground()
    prefer("dark")
    assert ground() != light
    prefer("light")


def test_all_rows_are_printed_and_no_controls(browser: Browser) -> None:
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.run("window.dispatchEvent(new Event('beforeprint'))")

    assert browser.rows(FULL) == MANY + len(HOSTILE)
    assert browser.run("return getComputedStyle(document.querySelector('.controls')).display") == "none"
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "screen"})


def test_what_screen_readers_need(browser: Browser) -> None:
    assert browser.run("return document.documentElement.lang") == "en"
    assert browser.run("return document.querySelectorAll('h1').length") == 1
    assert browser.run("return [...document.querySelectorAll('table')].every((table) => table.caption)")
    assert browser.run(
        "return [...document.querySelectorAll('thead th')].every((head) => head.scope === 'col')"
    )
    assert browser.run(
        "return [...document.querySelectorAll('input, select')].every((field) => field.labels.length === 1)"
    )
    assert browser.run(
        "return [...document.querySelectorAll('svg')].every((image) => image.getAttribute('role') === 'img')"
    )
    assert browser.console() == []
