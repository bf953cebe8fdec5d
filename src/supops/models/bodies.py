"""Bodies of deliveries, with what lets its bearer in taken out."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from supops.models.redaction import REDACTED, answered, excerpt, publishable

Plain: TypeAlias = "Mapping[str, Plain] | Sequence[Plain] | str | int | float | bool | None"

# Whoever has one of these links can cancel the booking, or move it.
BEARER_LINKS = frozenset({"cancel_url", "reschedule_url"})
LONGEST_TEXT = 4000
DEEPEST = 60


def masked(value: object, *, key: str = "", depth: int = 0) -> Plain:
    """Return a document's value without passwords, tokens, and private links.

    Args:
        value: As it was read from JSON.
        key: What it is called.
        depth: How far within the document it is; what is too deep is left out.
    """
    if depth > DEEPEST:
        return REDACTED
    if value and (key in BEARER_LINKS or _names_a_secret(key)):
        return REDACTED
    if isinstance(value, str):
        return publishable(value, longest=LONGEST_TEXT)
    if isinstance(value, Mapping):
        inside = {str(name): masked(one, key=str(name), depth=depth + 1) for name, one in value.items()}
        question, answer = value.get("question"), value.get("answer")
        if isinstance(question, str) and isinstance(answer, str):
            inside["answer"] = answered(question, answer, longest=LONGEST_TEXT)
        return inside
    if isinstance(value, Sequence):
        return [masked(one, depth=depth + 1) for one in value]
    return value if isinstance(value, int | float | None) else str(value)


def masked_body(body: bytes) -> tuple[Plain, str | None]:
    """Return a body without secrets: what its JSON says, or the beginning of its text where it is no JSON."""
    try:
        return masked(json.loads(body, parse_constant=str)), None
    except (ValueError, RecursionError):
        return None, excerpt(body)


def _names_a_secret(key: str) -> bool:
    from supops.models.passwords import PASSWORD_WORD, TOKEN_WORD

    return bool(PASSWORD_WORD.search(key) or TOKEN_WORD.search(key))
