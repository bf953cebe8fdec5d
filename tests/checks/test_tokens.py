"""Checks of access tokens: to the second, since whoever is warned a week later is warned too late."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from supops.checks.registry import run_rules
from supops.checks.tokens import RULES, TOKENS, TokenSnapshot
from supops.models.findings import Finding
from supops.models.tokens import Token, TokenKind, ZendeskAccess

MIDNIGHT = datetime(2026, 10, 1, tzinfo=UTC)
MORNING = MIDNIGHT + timedelta(hours=8)
SECOND = timedelta(seconds=1)
NEW_YEAR = date(2027, 1, 1)
WEEKS = timedelta(weeks=3)
DAYS_90 = timedelta(days=90)


def token(
    expires: date | None = NEW_YEAR,
    *,
    used: datetime | None = MIDNIGHT,
    created: datetime | None = MIDNIGHT - timedelta(days=300),
) -> Token:
    return Token(TokenKind.PROJECT, 17, "deploy", "team/tools", ("api",), created, used, expires)


def found(
    *tokens: Token,
    now: datetime = MORNING,
    within: timedelta = WEEKS,
    unused_after: timedelta = DAYS_90,
    zendesk: tuple[ZendeskAccess, ...] = (),
) -> list[Finding]:
    return list(run_rules(RULES, TOKENS, TokenSnapshot(tokens, now, within, unused_after, zendesk)))


def checks(*tokens: Token, now: datetime = MORNING, within: timedelta = WEEKS) -> list[str]:
    return [finding.check for finding in found(*tokens, now=now, within=within)]


def test_all_is_well() -> None:
    assert found(token()) == []


@pytest.mark.parametrize(
    ("now", "is_found"),
    [
        (MIDNIGHT, True),
        (MIDNIGHT - SECOND, False),
        (MIDNIGHT + SECOND, True),
        (MORNING, True),
        # The same moment as midnight in UTC, in another zone.
        (datetime(2026, 9, 30, 17, 0, tzinfo=timezone(timedelta(hours=-7))), True),
        (datetime(2026, 9, 30, 23, 59, tzinfo=UTC), False),
    ],
)
def test_exactly_three_weeks_before_it_ends_a_token_needs_attention(now: datetime, is_found: bool) -> None:
    assert checks(token(date(2026, 10, 22)), now=now) == (["expiring-token"] if is_found else [])


@pytest.mark.parametrize(
    ("within", "is_found"), [(timedelta(hours=16), True), (timedelta(hours=15), False), (timedelta(0), False)]
)
def test_a_token_ends_as_its_day_begins(within: timedelta, is_found: bool) -> None:
    # At eight in the morning, sixteen hours are left until midnight.
    assert checks(token(date(2026, 10, 2)), within=within) == (["expiring-token"] if is_found else [])


@pytest.mark.parametrize(
    ("expires", "says"),
    [
        (date(2026, 9, 30), "has expired, on 2026-09-30 at 00:00 UTC"),
        (date(2026, 10, 1), "has expired, on 2026-10-01 at 00:00 UTC"),
        (date(2026, 10, 2), "expires in 1 day, on 2026-10-02 at 00:00 UTC"),
        (date(2026, 10, 11), "expires in 10 days, on 2026-10-11 at 00:00 UTC"),
    ],
)
def test_how_long_is_left(expires: date, says: str) -> None:
    (finding,) = found(token(expires))

    assert finding.message == says
    assert finding.expected == "more than 21 days left"
    assert str(finding.subject) == "deploy (team/tools)"
    assert finding.subject.names == {"project-token/17"}


def test_a_week_later_it_is_the_same_finding() -> None:
    # So that a box that somebody ticked stays ticked.
    (first,) = found(token(date(2026, 10, 20)))
    (second,) = found(token(date(2026, 10, 20)), now=MORNING + timedelta(days=7))

    assert first.message != second.message
    assert first.fingerprint == second.fingerprint


def test_a_token_that_never_ends() -> None:
    (finding,) = found(token(None))

    assert (finding.check, finding.actual) == ("token-without-expiry", "none")


@pytest.mark.parametrize(
    ("age", "is_found"), [(DAYS_90, True), (DAYS_90 + SECOND, True), (DAYS_90 - SECOND, False)]
)
def test_a_token_is_unused_after_exactly_so_long(age: timedelta, is_found: bool) -> None:
    expected = ["unused-token"] if is_found else []

    assert checks(token(used=MORNING - age)) == expected
    assert checks(token(used=None, created=MORNING - age)) == expected


def test_a_token_that_was_used_may_be_old() -> None:
    assert checks(token(created=MORNING - timedelta(days=1000))) == []


def test_what_is_said_of_unused_tokens() -> None:
    then = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    (used,), (never,) = found(token(used=then)), found(token(used=None, created=then))

    assert used.message == "last used on 2026-03-01"
    assert never.message == "never used since it was made on 2026-03-01"
    assert used.expected == "used in the last 90 days"


def test_a_token_without_any_date_of_use_is_not_called_unused() -> None:
    assert checks(token(used=None, created=None)) == []


def test_a_token_may_have_several_findings() -> None:
    assert checks(token(None, used=None)) == ["token-without-expiry", "unused-token"]


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (MORNING, "these stop working for good on 2027-04-30"),
        (datetime(2027, 4, 29, 23, 59, tzinfo=UTC), "these stop working for good on 2027-04-30"),
        (datetime(2027, 4, 30, tzinfo=UTC), "these stopped working on 2027-04-30"),
    ],
)
def test_access_to_zendesk_by_api_token(now: datetime, says: str) -> None:
    (finding,) = found(now=now, zendesk=(ZendeskAccess("global", "Zendesk Global"),))

    assert finding.check == "zendesk-api-token"
    assert says in finding.message
    assert "zendesk.global.oauth" in finding.message
    assert str(finding.subject) == "Zendesk Global"
    assert finding.subject.names == {"zendesk/global"}
