"""The audit of access tokens on GitLab, and of what access to Zendesk rests on (source: domain, "Audits", Tokens)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from supops.checks.registry import run_rules
from supops.checks.tokens import RULES, TOKENS, TokenSnapshot, last_sign
from supops.models.audits import Audit, Item, Listing
from supops.models.tokens import Token, TokenListing, ZendeskAccess
from supops.services.audit_ports import TokenDirectory
from supops.services.auditing import AuditPlan, fingerprint_of
from supops.services.ports import Clock

TITLE = "Tokens"
SHOWN = ("name", "kind", "owner", "scopes", "last_used_at", "expires")


def token_plan(
    *,
    directory: Callable[[], TokenDirectory],
    bot_users: tuple[str, ...],
    zendesk: tuple[ZendeskAccess, ...],
    within: timedelta,
    unused_after: timedelta,
    clock: Clock,
) -> AuditPlan:
    """Return the audit of the tokens of bot users, and of a group, its subgroups and all their projects.

    Args:
        directory: Connects to the group; raises SupopsError where that can't be done.
        bot_users: Whose personal tokens are looked at.
        zendesk: The Zendesk instances that are configured to be asked with an API token.
        within: Tokens that expire in this time need attention.
        unused_after: Tokens that were not used for this time need attention.
        clock: Says what time it is.
    """

    def run(started_at: datetime) -> Audit:
        seen = directory().list_tokens(bot_users)
        tokens = tuple(sorted(seen.tokens, key=_place))
        snapshot = TokenSnapshot(tokens, clock.now(), within, unused_after, zendesk)
        findings = run_rules(RULES, TOKENS, snapshot)
        bots = sorted({name.casefold() for name in bot_users})
        return Audit(
            TOKENS,
            None,
            TITLE,
            started_at,
            started_at,
            (Listing("tokens", TITLE, SHOWN, tuple(_item(token) for token in tokens)),),
            findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
            incomplete_reasons=_reasons(seen),
            remarks=() if bot_users else ("no personal tokens are looked at: gitlab.bot_users is empty",),
            rules=fingerprint_of(within, unused_after, bots),
        )

    return AuditPlan(TOKENS, None, TITLE, run)


def _place(token: Token) -> tuple[str, str, int]:
    return (token.name.casefold(), token.kind, token.id)


def _reasons(seen: TokenListing) -> tuple[str, ...]:
    undated = [token.ref for token in seen.tokens if last_sign(token) is None]
    if not undated:
        return seen.missing
    why = "GitLab says neither when they were used nor when they were made"
    return (*seen.missing, f"could not check whether these are used: {', '.join(undated)}. {why}")


def _item(token: Token) -> Item:
    return Item(
        token.ref,
        {
            "id": token.id,
            "name": token.name,
            "kind": str(token.kind),
            "owner": token.owner,
            "scopes": token.scopes,
            "created_at": _timestamp(token.created_at),
            "last_used_at": _timestamp(token.last_used_at),
            "expires": token.expires_at.isoformat() if token.expires_at else None,
        },
    )


def _timestamp(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
