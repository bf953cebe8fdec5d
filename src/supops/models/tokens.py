"""Access tokens on GitLab (source: domain, "Tokens")."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token belongs to."""

    PERSONAL = "personal"
    PROJECT = "project"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is neither revoked nor expired.

    Attributes:
        owner: Username, or path of the project or group.
        last_used_at: None for never.
        expires_at: The first day, in UTC, on which it no longer works; None for never.
    """

    kind: TokenKind
    id: int
    name: str
    owner: str
    scopes: tuple[str, ...] = ()
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    expires_at: date | None = None

    @property
    def ref(self) -> str:
        """What it is known by from run to run: ``project-token/17``."""
        return f"{self.kind}-token/{self.id}"


@dataclass(frozen=True, slots=True)
class TokenListing:
    """Tokens.

    Attributes:
        missing: One sentence for each part that could not be read.
    """

    tokens: tuple[Token, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ZendeskAccess:
    """A Zendesk instance of ours that is configured to be asked with an API token.

    Attributes:
        key: ``global`` or ``us-government``.
        title: The name that people use.
    """

    key: str
    title: str
