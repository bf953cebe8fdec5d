"""Checks of access tokens (source: domain, "Audits", Tokens, and "Credentials")."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from supops.checks.registry import Check, Rule
from supops.models.findings import Finding, Severity, Subject
from supops.models.tokens import Token, ZendeskAccess

TOKENS = "tokens"
# When Zendesk ends its API tokens (source: platforms, Z-1).
LAST_DAY = date(2027, 4, 30)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TokenSnapshot:
    """Tokens, beside when they need attention.

    Attributes:
        now: Aware of its zone.
        within: What expires in this time needs attention.
        unused_after: And so does what was not used for this time.
        zendesk: Those of our Zendesk instances that are asked with an API token.
    """

    tokens: tuple[Token, ...]
    now: datetime
    within: timedelta
    unused_after: timedelta
    zendesk: tuple[ZendeskAccess, ...] = ()


def last_sign(token: Token) -> datetime | None:
    """Return when a token was last used, or made if it never was; None where neither is known."""
    return token.last_used_at or token.created_at


def expiring(check: Check, snapshot: TokenSnapshot) -> Iterator[Finding]:
    """Find tokens that expire soon. They do so at midnight, UTC."""
    today = snapshot.now.astimezone(UTC).date()
    for token in snapshot.tokens:
        day = token.expires_at
        if day is None or datetime.combine(day, time(), UTC) - snapshot.now > snapshot.within:
            continue
        # The days that are left are not among what is there: they are other ones each time, and it is the same finding.
        yield check.finding(
            _subject(token),
            f"{_when((day - today).days)}, on {day.isoformat()} at 00:00 UTC",
            expected=f"more than {_span(snapshot.within)} left",
            actual=f"expires on {day.isoformat()}",
        )


def endless(check: Check, snapshot: TokenSnapshot) -> Iterator[Finding]:
    """Find tokens that never expire."""
    for token in snapshot.tokens:
        if token.expires_at is None:
            yield check.finding(
                _subject(token),
                "never expires",
                expected="an expiry date",
                actual="none",
            )


def unused(check: Check, snapshot: TokenSnapshot) -> Iterator[Finding]:
    """Find tokens that were not used for long; of one that never was, the time since it was made counts."""
    for token in snapshot.tokens:
        since = last_sign(token)
        if since is None or snapshot.now - since < snapshot.unused_after:
            continue
        day = since.astimezone(UTC).date().isoformat()
        actual = f"last used on {day}" if token.last_used_at else f"never used since it was made on {day}"
        yield check.finding(
            _subject(token),
            actual,
            expected=f"used in the last {_span(snapshot.unused_after)}",
            actual=actual,
        )


def zendesk_api_token(check: Check, snapshot: TokenSnapshot) -> Iterator[Finding]:
    """Find instances of Zendesk that are asked with an API token."""
    for access in snapshot.zendesk:
        ended = snapshot.now.astimezone(UTC).date() >= LAST_DAY
        stops = "stopped working" if ended else "stop working for good"
        yield check.finding(
            Subject(access.title, ref=f"zendesk/{access.key}"),
            f"asked with an API token, and these {stops} on {LAST_DAY.isoformat()}: set zendesk.{access.key}.oauth",
            expected="oauth",
            actual="api_token",
        )


def _when(days: int) -> str:
    if days <= 0:
        return "has expired"
    return "expires in 1 day" if days == 1 else f"expires in {days:,} days"


def _span(span: timedelta) -> str:
    """Return a time in words: days where it is whole days, else hours or minutes."""
    for unit, name in ((DAY, "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if span >= unit and span % unit == timedelta():
            return f"{span // unit:,} {name}{'' if span == unit else 's'}"
    return f"{span.total_seconds():g} seconds"


def _subject(token: Token) -> Subject:
    return Subject(f"{token.name} ({token.owner})", ref=token.ref)


def _check(key: str, title: str, severity: Severity, what: str, why: str, remedy: str) -> Check:
    return Check(key, title, severity, (TOKENS,), what, why, remedy)


RULES: tuple[Rule[TokenSnapshot], ...] = (
    Rule(
        _check(
            "expiring-token",
            "A token expires soon",
            Severity.HIGH,
            "No active token expires within `gitlab.tokens.expiring_within`. GitLab ends a token at midnight, UTC, as its expiry "
            "date begins.",
            "Whatever uses the token stops working on that day.",
            "Make or rotate a token, put the new one in the place of the old one, and revoke that. If nothing uses it, revoke it.",
        ),
        expiring,
    ),
    Rule(
        _check(
            "token-without-expiry",
            "A token never expires",
            Severity.MEDIUM,
            "Each active token has an expiry date.",
            "A token that leaked, or was forgotten, gives access until somebody notices.",
            "Make a token with an expiry date in its place, and revoke it.",
        ),
        endless,
    ),
    Rule(
        _check(
            "unused-token",
            "A token is not used",
            Severity.MEDIUM,
            "Each active token was used within `gitlab.tokens.unused_after`. One that was never used may be that old.",
            "Nobody would miss it, and nobody would notice if somebody else used it.",
            "Revoke it. If it is for emergencies, waive the finding, with a date to look again.",
        ),
        unused,
    ),
    Rule(
        _check(
            "zendesk-api-token",
            "Access to Zendesk rests on an API token",
            Severity.MEDIUM,
            "No configured Zendesk instance is asked with `api_token`.",
            "Zendesk lets nobody make new API tokens, deactivates those that are not used for 30 days, and ends all of them on "
            "2027-04-30. An API token may also act as every user of the account.",
            "Make an OAuth client in Zendesk's Admin Center, under Apps and integrations, APIs, OAuth clients; set "
            "`zendesk.<instance>.oauth` to its client_id and client_secret, and remove `api_token`.",
        ),
        zendesk_api_token,
    ),
)
