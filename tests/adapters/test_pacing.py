"""Leaving a shared account room."""

from supops.adapters.pacing import Pacer, RateLimit


class Time:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pacer(time: Time) -> Pacer:
    return Pacer(now=lambda: time.now, sleep=time.sleep)


def test_goes_at_full_speed_while_half_of_the_limit_is_left() -> None:
    time = Time()
    pace = pacer(time)

    for remaining in range(699, 349, -1):
        pace.observe(RateLimit(700, remaining, 30))
        assert pace.wait() == 0


def test_spreads_the_rest_over_the_window_below_half() -> None:
    time = Time()
    pace = pacer(time)
    pace.observe(RateLimit(700, 340, 27))

    pace.wait()
    waits = [pace.wait() for _ in range(10)]

    # 340 left, 70 of them kept for others: 270 requests in 27 s.
    assert all(abs(wait - 0.1) < 1e-6 for wait in waits)


def test_waits_for_the_window_to_end_when_only_the_reserve_is_left() -> None:
    time = Time()
    pace = pacer(time)
    pace.observe(RateLimit(700, 60, 20))

    pace.wait()

    assert pace.wait() == 20
    assert pace.wait() == 0


def test_speeds_up_again_with_a_new_window() -> None:
    time = Time()
    pace = pacer(time)
    pace.observe(RateLimit(700, 60, 20))
    pace.observe(RateLimit(700, 699, 60))

    assert pace.wait() == 0
    assert pace.wait() == 0


def test_a_reset_that_looks_like_a_date_does_not_stop_us_for_years() -> None:
    time = Time()
    pace = pacer(time)
    pace.observe(RateLimit(700, 10, 1_790_000_000))

    pace.wait()

    assert pace.wait() <= 60


def test_a_limit_of_zero_says_nothing() -> None:
    pace = pacer(Time())

    pace.observe(RateLimit(0, 0, 60))

    assert pace.wait() == 0
