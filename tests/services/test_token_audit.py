"""The audit of tokens, with everything in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from supops.errors import NotFound, SupopsError
from supops.models.tokens import Token, TokenKind, TokenListing, ZendeskAccess
from supops.services.audit_ports import TokenDirectory
from supops.services.auditing import AuditPlan
from supops.services.token_audit import token_plan
from tests.fakes.clock import START, FakeClock

DEPLOY = Token(
    TokenKind.PROJECT,
    17,
    "deploy",
    "team/tools",
    ("read_api", "write_repository"),
    START - timedelta(days=30),
    START - timedelta(days=1),
    date(2027, 1, 1),
)


class Tokens(TokenDirectory):
    """Tokens in memory, and whose personal ones were asked for."""

    def __init__(
        self, *tokens: Token, missing: tuple[str, ...] = (), error: SupopsError | None = None
    ) -> None:
        self.listing = TokenListing(tokens, missing)
        self.error = error
        self.asked: list[tuple[str, ...]] = []

    def list_tokens(self, usernames: Sequence[str]) -> TokenListing:
        self.asked.append(tuple(usernames))
        if self.error is not None:
            raise self.error
        return self.listing


def plan(
    directory: Tokens,
    *,
    bot_users: tuple[str, ...] = ("support-bot",),
    zendesk: tuple[ZendeskAccess, ...] = (),
    within: timedelta = timedelta(weeks=3),
) -> AuditPlan:
    return token_plan(
        directory=lambda: directory,
        bot_users=bot_users,
        zendesk=zendesk,
        within=within,
        unused_after=timedelta(days=90),
        clock=FakeClock(),
    )


def test_all_is_well() -> None:
    directory = Tokens(DEPLOY)

    report = plan(directory).run(START)

    assert (report.key, report.findings, report.complete, report.remarks) == ("tokens", (), True, ())
    assert report.counts == {"tokens": 1, "findings": 0, "waived": 0}
    assert directory.asked == [("support-bot",)]


def test_all_that_was_seen_of_a_token_is_listed() -> None:
    (listing,) = plan(Tokens(DEPLOY)).run(START).listings

    (item,) = listing.items
    assert item.identity == "project-token/17"
    assert dict(item.facts) == {
        "id": 17,
        "name": "deploy",
        "kind": "project",
        "owner": "team/tools",
        "scopes": ("read_api", "write_repository"),
        "created_at": "2026-09-01T08:00:00Z",
        "last_used_at": "2026-09-30T08:00:00Z",
        "expires": "2027-01-01",
    }


def test_tokens_are_listed_by_name_also_those_with_the_same() -> None:
    tokens = [
        replace(DEPLOY, id=2, name="b"),
        replace(DEPLOY, id=9, name="A"),
        replace(DEPLOY, id=8, name="A"),
        replace(DEPLOY, id=8, name="a", kind=TokenKind.GROUP),
    ]

    (listing,) = plan(Tokens(*tokens)).run(START).listings

    assert [item.identity for item in listing.items] == [
        "group-token/8",
        "project-token/8",
        "project-token/9",
        "project-token/2",
    ]


def test_findings_are_ordered_by_check_and_speak_of_zendesk_too() -> None:
    tokens = [
        replace(DEPLOY, id=1, expires_at=None),
        replace(DEPLOY, id=2, expires_at=date(2026, 10, 5)),
        replace(DEPLOY, id=3, last_used_at=datetime(2026, 1, 1, tzinfo=UTC)),
    ]

    report = plan(Tokens(*tokens), zendesk=(ZendeskAccess("global", "Zendesk Global"),)).run(START)

    assert [(finding.check, finding.subject.ref) for finding in report.findings] == [
        ("expiring-token", "project-token/2"),
        ("token-without-expiry", "project-token/1"),
        ("unused-token", "project-token/3"),
        ("zendesk-api-token", "zendesk/global"),
    ]


def test_what_could_not_be_read_makes_the_audit_incomplete() -> None:
    report = plan(Tokens(DEPLOY, missing=("the tokens of team/secret could not be read",))).run(START)

    assert report.incomplete_reasons == ("the tokens of team/secret could not be read",)


def test_a_token_whose_use_is_not_known_is_not_fine() -> None:
    report = plan(Tokens(replace(DEPLOY, created_at=None, last_used_at=None))).run(START)

    (reason,) = report.incomplete_reasons
    assert reason.startswith("could not check whether these are used: project-token/17.")


def test_without_bot_users_nobodys_personal_tokens_are_looked_at_and_that_is_said() -> None:
    report = plan(Tokens(), bot_users=()).run(START)

    assert report.remarks == ("no personal tokens are looked at: gitlab.bot_users is empty",)


def test_the_rules_are_times_and_bots() -> None:
    def rules(**other: timedelta | tuple[str, ...]) -> str:
        return plan(Tokens(), **other).run(START).rules  # type: ignore[arg-type]

    assert rules(bot_users=("b", "a")) == rules(bot_users=("A", "b"))
    assert len({rules(), rules(within=timedelta(days=1)), rules(bot_users=("other",))}) == 3


def test_a_group_that_there_is_not_is_an_error() -> None:
    with pytest.raises(NotFound):
        plan(Tokens(error=NotFound("there is no group team"))).run(START)
