"""Working days: Monday to Friday, by the day in UTC."""

from datetime import UTC, date, datetime, timedelta

SATURDAY = 5
WEEK = 7
WORKING_WEEK = 5


def working_days(start: datetime, end: datetime) -> int:
    """Return how many working days have begun after the day of `start`, up to the day of `end`: from Friday to Monday it is one."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    if last <= first:
        return 0
    weeks, rest = divmod((last - first).days, WEEK)
    days = (first + timedelta(days=number) for number in range(1, rest + 1))
    return weeks * WORKING_WEEK + sum(1 for day in days if is_working(day))


def is_working(day: date) -> bool:
    """Whether it is a working day."""
    return day.weekday() < SATURDAY
