"""What is said of subscriptions that fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from supops.render.subscriptions import remedy_for
from tests.fakes.calendly import subscription

SINCE = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
FAILING = replace(subscription(1, "https://a.example.com"), retry_started_at=SINCE)


def test_there_is_time_until_the_day_is_over() -> None:
    remedy = remedy_for(FAILING, SINCE + timedelta(hours=23))

    assert "mend the receiver before 2026-11-26 12:00 UTC, when Calendly disables it" in remedy


@pytest.mark.parametrize("later", [timedelta(hours=24), timedelta(days=9)])
def test_a_day_that_is_over_is_no_deadline(later: timedelta) -> None:
    remedy = remedy_for(FAILING, SINCE + later)

    assert "before" not in remedy
    assert "has probably disabled it, or will at any moment" in remedy
    assert "create --replace" in remedy


def test_what_works_needs_nothing() -> None:
    assert remedy_for(subscription(1, "https://a.example.com"), SINCE) == ""
