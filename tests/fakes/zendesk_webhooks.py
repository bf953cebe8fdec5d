"""Stands in for `supops.adapters.zendesk_webhooks`: webhooks in memory."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from supops.errors import NotFound, SupopsError, UsageError
from supops.models.zendesk_webhooks import Attempt, Invocation, TargetAnswer, Webhook
from supops.services.monitoring import Place
from supops.services.ports import Task
from supops.services.webhook_ports import WebhookDirectory, WebhookListing

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def webhook(number: int, name: str = "", *, status: str = "active") -> Webhook:
    """A webhook with an id of its own."""
    return Webhook(
        id=f"W{number}",
        name=name or f"webhook {number}",
        status=status,
        endpoint=f"https://hooks.example.com/{number}?token=SECRET",
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


def invocation(
    number: int, minutes_ago: float, *, status: str = "success", code: int | None = 200
) -> Invocation:
    """An invocation that ended so many minutes before `NOW`."""
    return Invocation(f"I{number}", status, code, NOW - timedelta(minutes=minutes_ago))


class FakeWebhooks(WebhookDirectory):
    """One instance.

    Attributes:
        there: Its webhooks.
        runs: Their invocations by the webhook's id, newest first.
        tries: Attempts by the invocation's id.
        error: What every question ends in.
        list_breaks_off: Whether the list of webhooks is not whole.
        breaks_off: How many invocations of a webhook are read before the list breaks off, by its id.
        attempts_fail: Whether attempts can't be read.
        answer: What targets answer to test requests.
        sent: The test requests: webhook's id and payload.
        asked: The invocations whose attempts were asked for.
    """

    def __init__(
        self,
        there: Iterable[Webhook] = (),
        runs: Mapping[str, Iterable[Invocation]] | None = None,
        *,
        error: SupopsError | None = None,
    ) -> None:
        self.there = list(there)
        self.runs = {identity: list(found) for identity, found in (runs or {}).items()}
        self.tries: dict[str, tuple[Attempt, ...]] = {}
        self.error = error
        self.list_breaks_off = False
        self.breaks_off: dict[str, int] = {}
        self.attempts_fail = False
        self.answer = TargetAnswer(200, "ok")
        self.sent: list[tuple[str, str | None]] = []
        self.asked: list[str] = []

    def webhooks(self) -> WebhookListing:
        self._refuse()
        missing = ("the list of webhooks broke off",) if self.list_breaks_off else ()
        return WebhookListing(tuple(self.there), missing)

    def webhook(self, identity: str) -> Webhook:
        self._refuse()
        if "/" in identity:
            raise UsageError(f"{identity} is no id")
        found = next((one for one in self.there if one.id == identity), None)
        if found is None:
            raise NotFound(f"there is no {identity}")
        return found

    def invocations(self, identity: str, *, since: datetime, task: Task) -> Iterator[Invocation]:
        self._refuse()
        self.webhook(identity)
        task.advance()
        last: datetime | None = None
        for place, one in enumerate(self.runs.get(identity, ())):
            if place == self.breaks_off.get(identity):
                raise SupopsError("the list broke off")
            last = one.completed_at or last
            if last is None or last >= since:
                yield one

    def attempts(self, identity: str, invocation: str) -> tuple[Attempt, ...]:
        self._refuse()
        self.asked.append(invocation)
        if self.attempts_fail:
            raise SupopsError("attempts can't be read")
        if invocation not in {one.id for one in self.runs.get(identity, ())}:
            raise NotFound(f"there is no {invocation}")
        return self.tries.get(invocation, ())

    def test(self, identity: str, payload: str | None) -> TargetAnswer:
        self.webhook(identity)
        self.sent.append((identity, payload))
        return self.answer

    def _refuse(self) -> None:
        if self.error is not None:
            raise self.error


def place_of(directory: WebhookDirectory, key: str = "global") -> Place:
    """An instance that a service can connect to."""
    return Place(key, f"Zendesk {key}", lambda: directory)
