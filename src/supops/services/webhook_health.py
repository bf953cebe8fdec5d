"""Health of webhooks: Zendesk's, and Calendly's subscriptions, in one view, worst first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from supops.errors import ExitCode, SupopsError
from supops.models.subscriptions import Subscription
from supops.services.comparing import Listing
from supops.services.monitoring import Watched, Watcher, with_hint


class Condition(StrEnum):
    """How a webhook is, worst first."""

    DISABLED = "disabled"
    INACTIVE = "inactive"
    FAILING = "failing"
    LOSING = "losing"
    UNKNOWN = "unknown"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Patient:
    """How one webhook is: one of Zendesk's, or a subscription of Calendly's.

    Attributes:
        since: Of a failing subscription, when that began.
    """

    condition: Condition
    watched: Watched | None = None
    subscription: Subscription | None = None
    since: datetime | None = None

    @property
    def is_healthy(self) -> bool:
        """Whether there is nothing to do."""
        return self.condition is Condition.OK


@dataclass(frozen=True, slots=True)
class Healths:
    """How all webhooks are, worst first.

    Attributes:
        platforms: The titles of those that were looked at.
        left_out: The titles of those that are not configured.
        missing: A sentence for whatever could not be read.
    """

    since: datetime
    until: datetime
    patients: tuple[Patient, ...]
    platforms: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """What a pipeline is told."""
        if self.missing:
            return ExitCode.INCOMPLETE
        is_well = all(patient.is_healthy for patient in self.patients)
        return ExitCode.DONE if is_well else ExitCode.FINDINGS


CALENDLY = "Calendly"


def examine_all(
    watcher: Watcher,
    window: timedelta,
    subscriptions: Callable[[], Listing] | None,
    *,
    left_out: Sequence[str] = (),
) -> Healths:
    """Say how all webhooks are, worst first.

    Args:
        watcher: Looks at Zendesk's.
        window: How long before now the invocations begin that count.
        subscriptions: Lists Calendly's; None where it is not configured.
        left_out: The titles of platforms that are not configured.
    """
    seen = watcher.survey(window)
    patients = [_zendesk_patient(one) for one in seen.watched]
    missing, platforms = seen.missing, seen.places
    if subscriptions is not None:
        platforms = (*platforms, CALENDLY)
        try:
            listing = subscriptions()
            missing = (*missing, *(f"{CALENDLY}: {reason}" for reason in listing.missing))
            patients += [_calendly_patient(one) for one in listing.subscriptions]
        except SupopsError as error:
            missing = (*missing, f"the subscriptions of {CALENDLY}: {with_hint(error)}")
    ordered = tuple(sorted(patients, key=_severity))
    return Healths(seen.since, seen.until, ordered, platforms, tuple(left_out), missing)


def _zendesk_patient(watched: Watched) -> Patient:
    if not watched.placed.webhook.is_active:
        return Patient(Condition.INACTIVE, watched)
    if watched.failures:
        return Patient(Condition.LOSING, watched)
    return Patient(Condition.UNKNOWN if watched.missing else Condition.OK, watched)


def _calendly_patient(subscription: Subscription) -> Patient:
    if subscription.state != "active":
        return Patient(Condition.DISABLED, subscription=subscription)
    since = subscription.retry_started_at
    return Patient(Condition.FAILING if since else Condition.OK, subscription=subscription, since=since)


def _severity(patient: Patient) -> tuple[int, datetime, float, str, str, str]:
    """Return what to sort by: the worst condition first, then what fails longest, then what loses most."""
    place = list(Condition).index(patient.condition)
    since = patient.since or datetime.max.replace(tzinfo=UTC)
    if patient.watched is not None:
        placed = patient.watched.placed
        return place, since, -patient.watched.share, placed.title, placed.webhook.name, placed.webhook.id
    one = patient.subscription
    return place, since, 0.0, CALENDLY, one.public_url if one else "", one.id if one else ""
