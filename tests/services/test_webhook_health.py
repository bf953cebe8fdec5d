"""Health of all webhooks in one view: worst first, complete or not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from supops.errors import CredentialError, ExitCode
from supops.models.subscriptions import Subscription
from supops.services.comparing import Listing
from supops.services.monitoring import Watcher
from supops.services.webhook_health import Condition, Healths, examine_all
from tests.fakes.calendly import subscription
from tests.fakes.console import FakeProgress
from tests.fakes.parallel import one_by_one
from tests.fakes.zendesk_webhooks import NOW, FakeWebhooks, invocation, place_of, webhook

DAY = timedelta(days=1)


def healths(
    directory: FakeWebhooks | None = None, subscriptions: Callable[[], Listing] | None = None
) -> Healths:
    places = [place_of(directory)] if directory else []
    watcher = Watcher(places, one_by_one, FakeProgress(), lambda: NOW)
    return examine_all(watcher, DAY, subscriptions)


def listed(*found: Subscription, missing: tuple[str, ...] = ()) -> Callable[[], Listing]:
    return lambda: Listing(found, missing)


def names(seen: Healths) -> list[str]:
    return [
        one.watched.placed.webhook.name if one.watched else one.subscription.id if one.subscription else ""
        for one in seen.patients
    ]


def test_worst_first() -> None:
    directory = FakeWebhooks(
        [webhook(1, "well"), webhook(2, "some"), webhook(3, "most"), webhook(4, "off", status="inactive")],
        {
            "W1": [invocation(1, 1)],
            "W2": [invocation(2, 1, status="terminated", code=500), invocation(3, 2)],
            "W3": [invocation(4, 1, status="terminated", code=500)],
            "W4": [invocation(5, 1, status="terminated", code=500)],
        },
    )
    disabled = subscription(1, "https://a.example.com", state="disabled")
    longer = replace(subscription(2, "https://b.example.com"), retry_started_at=NOW - DAY)
    shorter = replace(subscription(3, "https://c.example.com"), retry_started_at=NOW)
    active = subscription(4, "https://d.example.com")

    seen = healths(directory, listed(active, shorter, longer, disabled))

    assert names(seen) == ["S1", "off", "S2", "S3", "most", "some", "S4", "well"]
    assert [str(one.condition) for one in seen.patients] == [
        *("disabled", "inactive", "failing", "failing", "losing", "losing", "ok", "ok")
    ]
    assert seen.exit_code is ExitCode.FINDINGS


def test_all_well() -> None:
    seen = healths(FakeWebhooks([webhook(1)]), listed(subscription(1, "https://a.example.com")))

    assert seen.exit_code is ExitCode.DONE
    assert all(one.is_healthy for one in seen.patients)
    assert seen.platforms == ("Zendesk global", "Calendly")


def test_nothing_there_is_well() -> None:
    assert healths(FakeWebhooks(), listed()).exit_code is ExitCode.DONE


def test_a_platform_that_refuses_is_missing_and_the_rest_is_shown() -> None:
    def refuse() -> Listing:
        raise CredentialError("no.", hint="Do this.")

    without_calendly = healths(FakeWebhooks([webhook(1)]), refuse)
    without_zendesk = healths(
        FakeWebhooks(error=CredentialError("no")), listed(subscription(1, "https://a.example.com"))
    )

    assert without_calendly.missing == ("the subscriptions of Calendly: no. Do this.",)
    assert (names(without_calendly), names(without_zendesk)) == (["webhook 1"], ["S1"])
    assert without_calendly.exit_code is without_zendesk.exit_code is ExitCode.INCOMPLETE


def test_a_scope_that_is_missing() -> None:
    seen = healths(FakeWebhooks(), listed(missing=("the organization's: no",)))

    assert seen.missing == ("Calendly: the organization's: no",)


def test_what_could_not_be_read_is_not_well() -> None:
    directory = FakeWebhooks([webhook(1)], {"W1": [invocation(1, 1), invocation(2, 2)]})
    directory.breaks_off = {"W1": 1}

    seen = healths(directory)

    assert [one.condition for one in seen.patients] == [Condition.UNKNOWN]
    assert seen.exit_code is ExitCode.INCOMPLETE


def test_attempts_are_not_read() -> None:
    directory = FakeWebhooks([webhook(1)], {"W1": [invocation(1, 1, status="terminated", code=500)]})

    healths(directory)

    assert directory.asked == []
