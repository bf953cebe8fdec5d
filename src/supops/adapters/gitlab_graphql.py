"""GitLab's GraphQL, for what its other API can't do (source: platforms, G-3 and G-6).

It answers with status 200 whatever happens: what it does not understand or allow is told beside the data, and what a change refuses is data.
"""

from typing import TypeVar

import msgspec

from supops.adapters.answers import Answer
from supops.adapters.gitlab import GitLabConnection
from supops.errors import Forbidden, Rejected
from supops.models.redaction import excerpt

Payload = TypeVar("Payload")


class _Problem(msgspec.Struct):
    message: str = ""


class _Envelope(msgspec.Struct):
    """`data` is missing where nothing was tried at all; the field of a change that is not allowed is null."""

    data: dict[str, msgspec.Raw] | None = None
    errors: list[_Problem] | None = None


class _Payload(msgspec.Struct):
    errors: list[str] | None = None


def change(
    gitlab: GitLabConnection, document: str, variables: dict[str, object], *, name: str, purpose: str
) -> None:
    """Carry out a mutation. It is sent once, if it can have arrived.

    Args:
        gitlab: Is asked.
        document: The mutation; it asks for its ``errors``.
        variables: What stands for its variables.
        name: Of the field that it asks for.
        purpose: What it is for, after "to": ``put the issue #1 into an iteration``.

    Raises:
        Forbidden: The token or its user may not do that; or what it is for is not there, which GitLab does not tell apart.
        Rejected: It was understood and not done, or not understood.
        SupopsError: As `GitLabConnection.ask`.
    """
    answer = gitlab.graphql(document, variables, purpose=purpose)
    envelope = gitlab.decode(answer, _Envelope, purpose=purpose)
    said = _joined([one.message for one in envelope.errors or ()])
    result = (envelope.data or {}).get(name)
    is_null = result is None or bytes(result) == b"null"
    if said and envelope.data is not None and is_null:
        raise Forbidden(f"GitLab does not allow {gitlab.credential} to {purpose}: {said}")
    if said or is_null or result is None:
        reason = said or "its answer says nothing about that"
        raise Rejected(
            f"GitLab refused to {purpose}: {reason}",
            hint="If it names a field that does not exist: this GitLab may be older than what we know.",
        )
    inner = Answer(answer.status, answer.headers, bytes(result))
    refused = _joined(gitlab.decode(inner, _Payload, purpose=purpose).errors or [])
    if refused:
        raise Rejected(f"GitLab did not {purpose}: {refused}")


def _joined(messages: list[str]) -> str:
    return excerpt("; ".join(dict.fromkeys(messages)).encode()) if messages else ""
