"""Bodies of deliveries: what is shown of them, and what never is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.models.bodies import masked, masked_body
from supops.models.redaction import REDACTED

LINK = "https://calendly.com/whatever/AbC123"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"cancel_url": LINK, "reschedule_url": LINK}, {"cancel_url": REDACTED, "reschedule_url": REDACTED}),
        (
            {"a": "https://calendly.com/cancellations/AbC"},
            {"a": f"https://calendly.com/cancellations/{REDACTED}"},
        ),
        ({"data": {"id": 4711, "password": "x"}}, {"data": {"id": 4711, "password": REDACTED}}),
        ({"password": 4711, "passcode": ["1"]}, {"password": REDACTED, "passcode": REDACTED}),
        ({"password": None}, {"password": None}),
        ({"api_key": "abc", "token": "abc"}, {"api_key": REDACTED, "token": REDACTED}),
        ({"join_url": "https://zoom.example.com/j/1?pwd=x#y"}, {"join_url": "https://zoom.example.com/j/1"}),
        (
            {"question": "Your password?", "answer": "hunter2"},
            {"question": "Your password?", "answer": REDACTED},
        ),
        (
            {"email": "ina@example.com", "n": [1, True, 1.5]},
            {"email": "ina@example.com", "n": [1, True, 1.5]},
        ),
        ({"uri": "https://api.calendly.com/users/A"}, {"uri": "https://api.calendly.com/users/A"}),
    ],
)
def test_what_is_shown(body: object, shown: object) -> None:
    assert masked_body(json.dumps(body).encode()) == (shown, None)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b"not JSON ?token=abc", f"not JSON ?token={REDACTED}"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        (b"[" * 100_000, "[" * 200 + "..."),
    ],
)
def test_what_is_no_json(body: bytes, text: str) -> None:
    document, shown = masked_body(body)

    assert (document, (shown or "").strip()) == (None, text)


def test_numbers_that_are_none_and_great_depth() -> None:
    assert masked_body(b'{"a": NaN}') == ({"a": "NaN"}, None)
    assert REDACTED in json.dumps(masked_body(b"[" * 90 + b"]" * 90)[0])


@given(JSON_VALUES)
def test_the_shape_stays_and_is_json(value: object) -> None:
    shown = masked(value)

    json.dumps(shown, allow_nan=False)
    if isinstance(value, dict):
        assert isinstance(shown, dict)
        assert set(shown) == set(value)
