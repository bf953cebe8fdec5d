"""JSON for programs: as the standard library indents it."""

import json

from hypothesis import given
from hypothesis import strategies as st

from supops.render.machine import Json, render_json

VALUES: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_any_json_is_indented_as_ever(value: Json) -> None:
    text = render_json(value)

    assert text == json.dumps(value, indent=2) + "\n"
    assert text.isascii()
