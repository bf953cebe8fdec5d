"""Monitoring: every invocation of the window, each failure with its attempts, and what could not be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from supops.errors import CredentialError, ExitCode, PlatformError, UsageError
from supops.models.zendesk_webhooks import Attempt, Invocation, TargetAnswer
from supops.services.causes import REMEDIES, Cause, cause_of
from supops.services.monitoring import Monitored, Place, Watcher, send_test
from tests.fakes.console import FakeNotices, FakeProgress
from tests.fakes.parallel import one_by_one
from tests.fakes.zendesk_webhooks import NOW, FakeWebhooks, invocation, place_of, webhook

HOUR = timedelta(hours=1)
FAILED = invocation(2, 20, status="terminated", code=503)
HELD_BACK = invocation(3, 30, status="throttled", code=None)


def watcher(*places: Place) -> Watcher:
    return Watcher(places, one_by_one, FakeProgress(), lambda: NOW)


def monitored(*directories: FakeWebhooks, window: timedelta = HOUR, closely: int = 10) -> Monitored:
    places = [place_of(one, key) for one, key in zip(directories, ("global", "us-government"), strict=False)]
    return watcher(*places).monitor(window, closely=closely)


def directory(runs: Sequence[Invocation] = ()) -> FakeWebhooks:
    return FakeWebhooks([webhook(1)], {"W1": runs})


def test_all_succeeded() -> None:
    seen = monitored(directory([invocation(1, 10), invocation(2, 59)]))

    assert (seen.invocations, seen.failures, seen.missing) == (2, 0, ())
    assert seen.exit_code is ExitCode.DONE


def test_no_webhooks_and_no_invocations_are_well() -> None:
    seen = monitored(FakeWebhooks(), directory())

    assert (len(seen.watched), seen.exit_code) == (1, ExitCode.DONE)


def test_each_failure_with_its_attempts() -> None:
    one = directory([invocation(1, 10), FAILED, HELD_BACK])
    one.tries = {FAILED.id: (Attempt("terminated", 503, NOW, "no"),)}

    (watched,) = monitored(one).watched

    assert [failure.invocation for failure in watched.failures] == [FAILED, HELD_BACK]
    assert watched.failures[0].attempts == one.tries[FAILED.id]
    assert watched.failures[1].attempts == ()
    assert watched.invocations == 3
    assert monitored(one).exit_code is ExitCode.FINDINGS


def test_what_is_older_than_the_window_does_not_count() -> None:
    assert monitored(directory([FAILED]), window=timedelta(minutes=10)).exit_code is ExitCode.DONE


def test_of_many_failures_the_newest_are_looked_at_closely() -> None:
    one = directory([invocation(number, number, status="terminated", code=500) for number in range(1, 6)])

    seen = monitored(one, closely=2)

    (watched,) = seen.watched
    assert one.asked == ["I1", "I2"]
    assert [failure.attempts for failure in watched.failures] == [(), (), None, None, None]
    assert (watched.missing, seen.not_looked_at) == ((), 3)


def test_attempts_that_cannot_be_read_are_not_asked_for_again_and_again() -> None:
    one = directory([FAILED, HELD_BACK])
    one.attempts_fail = True

    seen = monitored(one)

    assert one.asked == [FAILED.id]
    assert [failure.attempts for failure in seen.watched[0].failures] == [None, None]
    # To ask for more of them is no remedy.
    assert seen.not_looked_at == 0
    assert "the attempts of 2 of the failed invocations of the webhook webhook 1 (W1)" in seen.missing[0]
    assert seen.exit_code is ExitCode.INCOMPLETE


def test_a_list_that_breaks_off_is_incomplete_before_it_has_findings() -> None:
    one = directory([FAILED, invocation(1, 40)])
    one.breaks_off = {"W1": 1}

    seen = monitored(one)

    assert (seen.invocations, seen.failures) == (1, 1)
    assert "but for 1 that were: the list broke off" in seen.missing[0]
    assert seen.watched[0].broke_off
    assert seen.exit_code is ExitCode.INCOMPLETE


def test_webhooks_that_are_missing_from_the_list() -> None:
    one = directory([invocation(1, 10)])
    one.list_breaks_off = True

    assert monitored(one).missing == ("Zendesk global: the list of webhooks broke off",)


def test_one_instance_that_refuses_is_missing() -> None:
    seen = monitored(directory([FAILED]), FakeWebhooks(error=CredentialError("no.", hint="Do this.")))

    assert (seen.failures, seen.exit_code) == (1, ExitCode.INCOMPLETE)
    assert seen.missing == ("the webhooks of Zendesk us-government: no. Do this.",)


def test_nothing_at_all_is_an_error() -> None:
    refusing = FakeWebhooks(error=CredentialError("no"))

    with pytest.raises(CredentialError):
        monitored(refusing, FakeWebhooks(error=PlatformError("no")))
    with pytest.raises(CredentialError):
        watcher(place_of(refusing)).overview()
    assert watcher(place_of(refusing)).survey(HOUR).missing


def test_a_credential_that_is_not_there_is_one_instance_less() -> None:
    def connect() -> FakeWebhooks:
        raise CredentialError("it is not set")

    overview = watcher(place_of(directory()), Place("us-government", "Other", connect)).overview()

    assert [one.webhook.id for one in overview.webhooks] == ["W1"]
    assert overview.missing == ("the webhooks of Other: it is not set",)


def test_the_order_is_the_same_however_answers_arrive() -> None:
    names = ["b", "A", "c"]
    one = FakeWebhooks([webhook(number, name) for number, name in enumerate(names)])
    other = FakeWebhooks([webhook(7, "z")])
    places = [place_of(one), place_of(other, "us-government")]
    late = Watcher(
        places, lambda work, items: reversed([work(item) for item in items]), FakeProgress(), lambda: NOW
    )

    seen = late.monitor(HOUR, closely=0)

    assert [watched.placed.webhook.name for watched in seen.watched] == ["A", "b", "c", "z"]


@pytest.mark.parametrize(("days", "beyond"), [(7, False), (8, True)])
def test_a_window_beyond_the_history_is_said(days: int, beyond: bool) -> None:
    assert monitored(directory(), window=timedelta(days=days)).is_beyond_history is beyond


def test_the_most_frequent_cause() -> None:
    runs = [
        invocation(1, 1, status="terminated", code=404),
        *(invocation(number, number, status="terminated", code=500) for number in (2, 3)),
        invocation(4, 4),
    ]

    (watched,) = monitored(directory(runs)).watched

    assert (watched.main_cause, watched.share) == (Cause.BROKEN, 0.75)
    assert monitored(directory()).watched[0].main_cause is None


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        ("circuit broken", None, Cause.CIRCUIT_BROKEN),
        ("throttled", None, Cause.THROTTLED),
        ("timeout", None, Cause.UNANSWERED),
        ("terminated", 301, Cause.REDIRECTED),
        ("terminated", 401, Cause.UNAUTHORIZED),
        ("terminated", 403, Cause.UNAUTHORIZED),
        ("terminated", 404, Cause.GONE),
        ("terminated", 410, Cause.GONE),
        ("terminated", 429, Cause.BUSY),
        ("terminated", 422, Cause.REFUSED),
        ("terminated", 503, Cause.BROKEN),
        ("terminated", 599, Cause.BROKEN),
    ],
)
def test_causes(status: str, code: int | None, cause: Cause) -> None:
    assert cause_of(status, code) is cause
    assert REMEDIES[cause]


def test_every_cause_has_a_remedy() -> None:
    assert set(REMEDIES) == set(Cause)


def test_a_test_says_what_goes_where_and_is_sent_once() -> None:
    one, notices = directory(), FakeNotices()

    tested = send_test(place_of(one), "W1", "{}", notices)

    assert one.sent == [("W1", "{}")]
    assert tested.failure is None
    (note,) = notices.notes
    assert "https://hooks.example.com/1?token=[redacted] (POST, json)" in note
    assert "SECRET" not in note


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (TargetAnswer(503), "answered 503"),
        (TargetAnswer(302), "answered 302"),
        (TargetAnswer(None), "did not answer"),
    ],
)
def test_a_test_that_the_target_does_not_take_fails(answer: TargetAnswer, said: str) -> None:
    one = directory()
    one.answer = answer

    failure = send_test(place_of(one), "W1", None, FakeNotices()).failure

    assert failure is not None
    assert failure.exit_code is ExitCode.ERROR
    assert said in failure.message
    assert failure.hint


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ('{"a": 1,\n "b": }', "line 2, column 7: Expecting value"),
        ("", "line 1, column 1"),
        ('{"a": NaN}', "NaN is no number"),
        ("[" * 200_000, "recursion"),
    ],
)
def test_a_payload_that_is_no_json_is_not_sent_as_json(payload: str, said: str) -> None:
    one, notices = directory(), FakeNotices()

    with pytest.raises(UsageError) as caught:
        send_test(place_of(one), "W1", payload, notices)

    assert said in caught.value.message
    assert (one.sent, notices.notes) == ([], [])


def test_a_webhook_of_another_format_sends_any_text() -> None:
    one = FakeWebhooks([replace(webhook(1), request_format="form_encoded")])

    send_test(place_of(one), "W1", "a=b&c", FakeNotices())

    assert one.sent == [("W1", "a=b&c")]
