"""What every directory of webhooks promises: the fake in memory, and the adapter on the simulated Zendesk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import pytest

from supops.adapters.http import HttpClient
from supops.adapters.zendesk_auth import ZendeskAccount
from supops.adapters.zendesk_webhooks import ZendeskWebhooks
from supops.errors import CredentialError, NotFound, SupopsError, UsageError
from supops.models.secrets import Secret
from supops.models.zendesk_webhooks import Attempt, Invocation, TargetAnswer
from supops.sandbox.faults import Fault
from supops.sandbox.server import Sandbox
from supops.sandbox.webhook_story import Run, simulated
from supops.services.webhook_ports import WebhookDirectory
from tests.fakes.console import FakeTask
from tests.fakes.zendesk_webhooks import NOW, FakeWebhooks, webhook

HOUR = timedelta(hours=1)
AN_HOUR_AGO = NOW - HOUR
FAILED = (503, 500)


@dataclass(frozen=True)
class Stage:
    """A directory with one webhook, that was invoked every minute and failed the first times."""

    directory: WebhookDirectory
    id: str


Open = Callable[..., Stage]


def _runs(count: int) -> list[Run]:
    failed = [Run(30.0, "terminated", FAILED, "no"), Run(45.0, "throttled", ())]
    return [*failed, *(Run(60.0 * number) for number in range(1, count - 1))]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest, sandbox: Sandbox, account: ZendeskAccount) -> Iterator[Open]:
    """Return a maker: so many invocations; broken off after so many; refused."""
    clients: list[HttpClient] = []

    def fake(count: int = 5, *, breaks_off_after: int | None = None, refused: bool = False) -> Stage:
        one = webhook(1, "the webhook")
        found = [
            Invocation(
                f"I{number}",
                run.status,
                run.codes[-1] if run.codes else None,
                NOW - timedelta(seconds=run.ago),
            )
            for number, run in enumerate(_runs(count))
        ]
        made = FakeWebhooks([one], {one.id: found}, error=CredentialError("no") if refused else None)
        made.tries["I0"] = tuple(
            Attempt("terminated", code, NOW - timedelta(seconds=ago), "no")
            for code, ago in zip(FAILED, (60, 30), strict=True)
        )
        if breaks_off_after is not None:
            made.breaks_off[one.id] = breaks_off_after
        made.answer = TargetAnswer(503, "no")
        return Stage(made, one.id)

    def real(count: int = 5, *, breaks_off_after: int | None = None, refused: bool = False) -> Stage:
        sandbox.world.now = NOW.timestamp
        one = simulated(1, "the webhook", "https://hooks.example.com/1", _runs(count))
        one.target = (503, "no")
        sandbox.world.zendesk["global"].webhooks = [one]
        if breaks_off_after is not None:
            sandbox.faults.add(Fault("503", path="*/invocations", after=breaks_off_after // 100))
        token = Secret("wrong" if refused else "demo-api-token", "TOKEN")
        clients.append(account.with_api_token("bot@example.com", token))
        return Stage(ZendeskWebhooks(clients[-1], setting="zendesk.global"), one.id)

    yield fake if request.param == "fake" else real
    for client in clients:
        client.close()


def recent(stage: Stage, since: datetime = AN_HOUR_AGO) -> list[Invocation]:
    return list(stage.directory.invocations(stage.id, since=since, task=FakeTask()))


def test_lists_and_shows(opened: Open) -> None:
    stage = opened()
    listing = stage.directory.webhooks()

    assert [one.name for one in listing.webhooks] == ["the webhook"]
    assert listing.missing == ()
    assert stage.directory.webhook(stage.id) == listing.webhooks[0]


@pytest.mark.parametrize(("count", "expected"), [(2, 2), (5, 5), (100, 62), (350, 62)])
def test_the_window_is_complete_newest_first_and_nothing_else(
    opened: Open, count: int, expected: int
) -> None:
    found = recent(opened(count))

    times = [one.completed_at or NOW for one in found]
    assert len({one.id for one in found}) == len(found) == expected
    assert times == sorted(times, reverse=True)
    assert min(times) >= AN_HOUR_AGO


def test_a_long_window_is_complete(opened: Open) -> None:
    assert len(recent(opened(350), NOW - timedelta(days=7))) == 350


def test_what_did_not_succeed(opened: Open) -> None:
    failed = [one for one in recent(opened()) if not one.succeeded]

    assert [(one.status, one.status_code) for one in failed] == [("terminated", 500), ("throttled", None)]
    assert failed[0].completed_at is not None
    assert round((NOW - failed[0].completed_at).total_seconds()) == 30


def test_attempts_are_oldest_first(opened: Open) -> None:
    stage = opened()
    first = recent(stage)[0]

    attempts = stage.directory.attempts(stage.id, first.id)

    assert [(one.status_code, one.response) for one in attempts] == [(503, "no"), (500, "no")]


def test_what_breaks_off_is_an_error_after_what_was_read(opened: Open) -> None:
    stage = opened(350, breaks_off_after=200)
    reading = stage.directory.invocations(stage.id, since=NOW - timedelta(days=7), task=FakeTask())

    assert len(list(islice(reading, 200))) == 200
    with pytest.raises(SupopsError):
        next(reading)


def test_a_test_is_what_the_target_answers(opened: Open) -> None:
    stage = opened()

    answer = stage.directory.test(stage.id, '{"a": 1}')

    assert (answer.status_code, answer.response, answer.succeeded) == (503, "no", False)


def test_what_is_not_there(opened: Open) -> None:
    stage = opened()

    with pytest.raises(NotFound):
        stage.directory.webhook("nothing")
    with pytest.raises(UsageError):
        stage.directory.webhook("../users")
    with pytest.raises(NotFound):
        recent(Stage(stage.directory, "nothing"))
    with pytest.raises(NotFound):
        stage.directory.attempts(stage.id, "nothing")


def test_a_refused_credential_is_an_error(opened: Open) -> None:
    stage = opened(refused=True)

    with pytest.raises(CredentialError):
        stage.directory.webhooks()
    with pytest.raises(CredentialError):
        recent(stage)
