"""Monitoring: what became of the invocations of Zendesk's webhooks, and whether their targets answer."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from supops.errors import ExitCode, SupopsError, UsageError
from supops.models.zendesk_webhooks import HISTORY, Attempt, Invocation, TargetAnswer, Webhook
from supops.services.causes import REMEDIES, Cause, cause_of
from supops.services.ports import Notices, Parallel, Progress, Task
from supops.services.webhook_ports import WebhookDirectory

LABEL = "Zendesk's webhooks"


@dataclass(frozen=True, slots=True)
class Place:
    """A Zendesk instance.

    Attributes:
        key: ``global`` or ``us-government``.
        title: The name that people use.
        connect: Connects to it.
    """

    key: str
    title: str
    connect: Callable[[], WebhookDirectory]


@dataclass(frozen=True, slots=True)
class Placed:
    """A webhook, and where it is."""

    key: str
    title: str
    webhook: Webhook


@dataclass(frozen=True, slots=True)
class Overview:
    """The webhooks of some instances, and a sentence for whatever could not be listed."""

    webhooks: tuple[Placed, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """An invocation that did not succeed.

    Attributes:
        attempts: None where they were not asked for, or could not be read.
    """

    invocation: Invocation
    attempts: tuple[Attempt, ...] | None = None

    @property
    def cause(self) -> Cause:
        """Why."""
        return cause_of(self.invocation.status, self.invocation.status_code)


@dataclass(frozen=True, slots=True)
class Watched:
    """What became of a webhook's invocations.

    Attributes:
        invocations: How many were read.
        failures: Those that did not succeed, newest first.
        missing: A sentence for whatever could not be read.
        broke_off: Whether there may be more invocations than were read.
    """

    placed: Placed
    invocations: int = 0
    failures: tuple[Failure, ...] = ()
    missing: tuple[str, ...] = ()
    broke_off: bool = False

    @property
    def share(self) -> float:
        """Which part of the invocations did not succeed."""
        return len(self.failures) / self.invocations if self.invocations else 0.0

    @property
    def main_cause(self) -> Cause | None:
        """The most frequent cause; of several, that of the newest failure."""
        causes = Counter(failure.cause for failure in self.failures)
        return causes.most_common(1)[0][0] if causes else None


@dataclass(frozen=True, slots=True)
class Monitored:
    """What became of all invocations within a window.

    Attributes:
        places: The titles of the instances that were looked at.
        missing: A sentence for whatever could not be read.
        closely: Of how many failed invocations of each webhook the attempts were to be read.
    """

    since: datetime
    until: datetime
    places: tuple[str, ...]
    watched: tuple[Watched, ...]
    missing: tuple[str, ...] = ()
    closely: int = 0

    @property
    def invocations(self) -> int:
        """How many were read."""
        return sum(one.invocations for one in self.watched)

    @property
    def failures(self) -> int:
        """How many did not succeed."""
        return sum(len(one.failures) for one in self.watched)

    @property
    def not_looked_at(self) -> int:
        """Of how many of these the attempts were not to be read."""
        return sum(max(0, len(one.failures) - self.closely) for one in self.watched)

    @property
    def is_beyond_history(self) -> bool:
        """Whether the window begins before what Zendesk keeps."""
        return self.until - self.since > HISTORY

    @property
    def exit_code(self) -> ExitCode:
        """What a pipeline is told."""
        if self.missing:
            return ExitCode.INCOMPLETE
        return ExitCode.FINDINGS if self.failures else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Listed:
    place: Place
    directory: WebhookDirectory | None = None
    webhooks: tuple[Webhook, ...] = ()
    missing: tuple[str, ...] = ()
    error: SupopsError | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks at the webhooks of some Zendesk instances.

    Attributes:
        places: The instances.
        now: What time it is.
    """

    places: Sequence[Place]
    parallel: Parallel
    progress: Progress
    now: Callable[[], datetime]

    def overview(self) -> Overview:
        """List all webhooks.

        Raises:
            SupopsError: Nothing at all could be listed.
        """
        lists = self._lists()
        _raise_if_nothing(lists)
        placed = [
            Placed(one.place.key, one.place.title, webhook) for one in lists for webhook in one.webhooks
        ]
        return Overview(tuple(placed), _missing(lists))

    def monitor(self, window: timedelta, *, closely: int) -> Monitored:
        """Look at all invocations of a window.

        Args:
            window: How long before now it begins.
            closely: Of how many failed invocations of each webhook the attempts are read, newest first.

        Raises:
            SupopsError: Nothing at all could be read.
        """
        lists = self._lists()
        _raise_if_nothing(lists)
        return self._monitored(lists, window, closely)

    def survey(self, window: timedelta) -> Monitored:
        """Look at all invocations of a window, but not at attempts. An instance that can't be read is missing, even if it is the only one."""
        return self._monitored(self._lists(), window, 0)

    def _lists(self) -> list[_Listed]:
        order = {place.key: number for number, place in enumerate(self.places)}
        found = self.parallel(_list, self.places)
        return sorted(found, key=lambda one: order[one.place.key])

    def _monitored(self, lists: Sequence[_Listed], window: timedelta, closely: int) -> Monitored:
        until = self.now()
        since = until - window
        looks = list(enumerate((one, webhook) for one in lists for webhook in one.webhooks))
        with self.progress.task(LABEL, item="invocation") as task:

            def look(item: tuple[int, tuple[_Listed, Webhook]]) -> tuple[int, Watched]:
                number, (listed, webhook) = item
                return number, _watched(listed, webhook, since, closely, task)

            watched = dict(self.parallel(look, looks))
        ordered = [watched[number] for number, _ in looks]
        missing = (*_missing(lists), *(reason for one in ordered for reason in one.missing))
        places = tuple(place.title for place in self.places)
        return Monitored(since, until, places, tuple(ordered), missing, closely)


def _list(place: Place) -> _Listed:
    try:
        directory = place.connect()
        listing = directory.webhooks()
    except SupopsError as error:
        return _Listed(place, error=error)
    webhooks = sorted(listing.webhooks, key=lambda one: (one.name.casefold(), one.id))
    missing = tuple(f"{place.title}: {reason}" for reason in listing.missing)
    return _Listed(place, directory, tuple(webhooks), missing)


def _raise_if_nothing(lists: Sequence[_Listed]) -> None:
    errors = [one.error for one in lists if one.error is not None]
    if errors and len(errors) == len(lists):
        raise errors[0]


def _missing(lists: Iterable[_Listed]) -> tuple[str, ...]:
    """Return what could not be listed, and what to do about that."""
    reasons: list[str] = []
    for one in lists:
        reasons += one.missing
        if one.error is not None:
            reasons.append(f"the webhooks of {one.place.title}: {with_hint(one.error)}")
    return tuple(reasons)


def with_hint(error: SupopsError) -> str:
    """Return an error in one line, with what to do about it."""
    return f"{error.message.rstrip('.')}. {error.hint}" if error.hint else error.message


def _watched(listed: _Listed, webhook: Webhook, since: datetime, closely: int, task: Task) -> Watched:
    """Read a webhook's invocations, as far as that can be done."""
    placed = Placed(listed.place.key, listed.place.title, webhook)
    directory = listed.directory
    if directory is None:
        return Watched(placed)
    count = 0
    failed: list[Invocation] = []
    missing: list[str] = []
    of = f"the webhook {webhook.name} ({webhook.id}) of {placed.title}"
    try:
        for invocation in directory.invocations(webhook.id, since=since, task=task):
            count += 1
            if not invocation.succeeded:
                failed.append(invocation)
    except SupopsError as error:
        read = f", but for {count:,} that were" if count else ""
        missing.append(f"the invocations of {of}{read}: {error.message}")
    broke_off = bool(missing)
    failures = [Failure(invocation) for invocation in failed]
    for place, invocation in enumerate(failed[:closely]):
        try:
            failures[place] = Failure(invocation, directory.attempts(webhook.id, invocation.id))
        except SupopsError as error:
            # What failed once, in spite of repeats, is not asked for hundreds of times.
            left = len(failed[:closely]) - place
            missing.append(f"the attempts of {left:,} of the failed invocations of {of}: {error.message}")
            break
    return Watched(placed, count, tuple(failures), tuple(missing), broke_off)


@dataclass(frozen=True, slots=True)
class Tested:
    """What a webhook's target answered to a test request."""

    placed: Placed
    answer: TargetAnswer
    has_payload: bool

    @property
    def cause(self) -> Cause | None:
        """Why it did not succeed; None where it did."""
        return None if self.answer.succeeded else cause_of("", self.answer.status_code)

    @property
    def failure(self) -> SupopsError | None:
        """What to tell of it; None where it succeeded. That Zendesk sent it is no success."""
        if self.cause is None:
            return None
        code, url = self.answer.status_code, self.placed.webhook.public_url
        answered = f"answered {code}, and did not take" if code else "did not answer"
        return SupopsError(f"{url} {answered} the test request.", hint=f"{REMEDIES[self.cause]}.")


def send_test(place: Place, identity: str, payload: str | None, notices: Notices) -> Tested:
    """Have a test request sent to a webhook's target, once, and say before what goes where.

    Raises:
        UsageError: The webhook sends JSON, and the payload is none.
        SupopsError: There is no such webhook, or the instance refuses.
    """
    directory = place.connect()
    webhook = directory.webhook(identity)
    if payload is not None and webhook.request_format == "json":
        _refuse_broken(payload, webhook)
    what = "the given payload" if payload is not None else "a payload that Zendesk makes up"
    notices.note(
        f"{place.title} is asked to send {what} to {webhook.public_url} ({webhook.http_method}, {webhook.request_format}), "
        f"as its webhook {webhook.name}"
    )
    answer = directory.test(webhook.id, payload)
    return Tested(Placed(place.key, place.title, webhook), answer, payload is not None)


def _refuse_broken(payload: str, webhook: Webhook) -> None:
    """Refuse what is no JSON before it is sent as JSON."""
    try:
        json.loads(payload, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError) as error:
        where = str(error)
    else:
        return
    raise UsageError(
        f"The payload is no JSON, which the webhook {webhook.name} sends: {where}. Nothing was sent.",
        hint="Mend the payload, or leave it out: then Zendesk makes one up.",
    )


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")
