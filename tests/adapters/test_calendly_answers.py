"""What Calendly's answers say beside their content: of its limit, and of errors."""

import pytest

from supops.adapters.calendly import error_detail, read_limit
from supops.adapters.pacing import RateLimit


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        ("500 7 31", RateLimit(500, 7, 31)),
        ("500 7", RateLimit(500, 7)),
        ("500", None),
        ("", None),
        ("many some soon", None),
    ],
)
def test_the_limit_where_the_platform_tells_it(headers: str, limit: RateLimit | None) -> None:
    names = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")

    assert read_limit(dict(zip(names, headers.split(), strict=False))) == limit


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"title":"A","message":"B","details":[{"parameter":"url","message":"C"},3]}', "A; B; url: C"),
        (b'{"title":"Same","message":"Same","details":"none"}', "Same"),
        (b'{"message":"No","required_scopes":["a:read","b:read"]}', "No; needed: a:read, b:read"),
        (b"{}", ""),
        (b"[]", None),
        (b"<html>", None),
        (b"", None),
        (b'{"message":"\xff"}', None),
        (b'{"message":' + b"[" * 100_000, None),
    ],
)
def test_what_calendly_says_of_an_error(body: bytes, said: str | None) -> None:
    assert error_detail(body) == said
