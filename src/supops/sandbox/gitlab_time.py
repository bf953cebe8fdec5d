"""The simulated GitLab's time tracking: time spent on issues, in its own words for durations."""

import re

from supops.sandbox.bookings import Json

# A day has eight hours, a week five days, and a month four weeks.
SECONDS = {"mo": 576_000, "w": 144_000, "d": 28_800, "h": 3_600, "m": 60, "s": 1}
PART = re.compile(r"(-?\d+)(mo|[wdhms])")


def seconds_of(text: str) -> int | None:
    """Return the seconds of a duration (``1h30m``); None where it is none."""
    packed = "".join(text.split())
    parts = PART.findall(packed)
    if not packed or PART.sub("", packed):
        return None
    return sum(int(number) * SECONDS[unit] for number, unit in parts) or None


def spoken(seconds: int) -> str | None:
    """Return a duration as the platform shows it: ``1h 30m``; None for none."""
    parts = []
    for unit, size in SECONDS.items():
        number, seconds = divmod(seconds, size)
        if number and unit != "mo":
            parts.append(f"{number}{unit}")
        elif number:
            parts.append(f"{number * 4}w")
    return " ".join(parts) or None


def time_stats(seconds: int) -> Json:
    """Return the time spent on an issue as the API shows it."""
    return {
        "time_estimate": 0,
        "total_time_spent": seconds,
        "human_time_estimate": None,
        "human_total_time_spent": spoken(seconds),
    }
