"""Small charts for the HTML report: what to draw, and the same numbers as a table for who can't see it."""

from collections.abc import Sequence
from dataclasses import dataclass

from supops.models.audits import Audit, RunSummary
from supops.models.findings import Severity

WIDTH = 480
ROW = 34
# Of a chart over runs: the latest so many.
RUNS = 12
HEIGHT = 190
BASE = 150
TOP = 30
# A part of a bar that is lower than this has no number within.
READABLE = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar, in the chart's units."""

    style: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text, and where it is anchored; `style` is ``within`` for one that stands in a bar."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    style: str = "beside"


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw, and the numbers behind it."""

    title: str
    width: int
    height: int
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def list_chart(audit: Audit) -> Chart:
    """Return how long the audit's lists are, beside each other."""
    sizes = [(listing.title, len(listing.items)) for listing in audit.listings]
    most = max((size for _, size in sizes), default=0) or 1
    bars, labels = [], []
    for place, (title, size) in enumerate(sizes):
        y = 14 + place * ROW
        bars.append(Bar("list", 120, y, round(size / most * (WIDTH - 190), 1), 20))
        labels += [
            Label(112, y + 15, title, "end"),
            Label(128 + size / most * (WIDTH - 190), y + 15, f"{size:,}"),
        ]
    rows = tuple((title, f"{size:,}") for title, size in sizes)
    title = "Size of the lists" if len(sizes) > 1 else "Size of the list"
    height = 28 + ROW * len(sizes)
    return Chart(title, WIDTH, height, tuple(bars), tuple(labels), (), ("List", "How many"), rows)


def severity_chart(audit: Audit, history: Sequence[RunSummary]) -> Chart:
    """Return open findings by severity, over the stored runs up to this audit, the earliest first."""
    counted = {run.started_at: run.severities for run in history if run.started_at <= audit.started_at}
    counted[audit.started_at] = {level: audit.count_of(level) for level in Severity}
    runs = sorted(counted.items())[-RUNS:]
    most = max(sum(severities.values()) for _, severities in runs) or 1
    step = (WIDTH - 20) / len(runs)
    width = min(step * 0.7, 48)
    bars, labels = [], []
    for place, (when, severities) in enumerate(runs):
        x, y = 10 + step * place + (step - width) / 2, float(BASE)
        for level in reversed(Severity):
            number = severities.get(level, 0)
            height = number / most * (BASE - TOP)
            y -= height
            if height:
                bars.append(Bar(str(level), round(x, 1), round(y, 1), round(width, 1), round(height, 1)))
            # Numbers tell the parts apart where colours don't.
            if height >= READABLE and width >= READABLE * 2:
                middle = (round(x + width / 2, 1), round(y + height / 2 + 4, 1))
                labels.append(Label(*middle, f"{number:,}", "middle", "within"))
        labels.append(
            Label(round(x + width / 2, 1), round(y - 5, 1), f"{sum(severities.values()):,}", "middle")
        )
        if len(runs) <= 6 or place in (0, len(runs) - 1):
            labels.append(Label(round(x + width / 2, 1), BASE + 16, f"{when:%Y-%m-%d}", "middle"))
    for place, level in enumerate(reversed(Severity)):
        bars.append(Bar(str(level), 12 + place * 90, HEIGHT - 16, 11, 11))
        labels.append(Label(28 + place * 90, HEIGHT - 6, str(level)))
    rows = tuple(
        (f"{when:%Y-%m-%d %H:%M}", *(f"{severities.get(level, 0):,}" for level in reversed(Severity)))
        for when, severities in runs
    )
    columns = ("Run", "High", "Medium", "Low")
    axis = ((10.0, float(BASE), WIDTH - 10.0, float(BASE)),)
    return Chart("Open findings by severity", WIDTH, HEIGHT, tuple(bars), tuple(labels), axis, columns, rows)
