"""What `supops doctor` found."""

from collections.abc import Sequence

from supops.models.health import Health
from supops.render.machine import Json
from supops.render.tables import Cell, Table, Value

HEALTH_SCHEMA = "supops.health/1"


def health_table(healths: Sequence[Health]) -> Table:
    """Return one line for each thing, with what to do where it fails."""
    rows: list[list[Value]] = [
        [
            health.name,
            Cell("fails", "bold red") if health.problem else Cell("ok", "green"),
            _one_line(health.problem or health.facts),
            _one_line(health.remedy) or None,
        ]
        for health in healths
    ]
    return Table("", ("what", "state", "details", "remedy"), rows, details=("details", "remedy"))


def _one_line(text: str) -> str:
    return "; ".join(" ".join(line.split()) for line in text.splitlines()).replace(":; ", ": ")


def health_json(healths: Sequence[Health]) -> Json:
    """Return the same as ``supops.health/1``."""
    return {
        "schema": HEALTH_SCHEMA,
        "ok": not any(health.problem for health in healths),
        "checks": [
            {
                "name": health.name,
                "ok": health.problem is None,
                "facts": health.facts,
                "problem": health.problem,
                "remedy": health.remedy or None,
            }
            for health in healths
        ],
    }
