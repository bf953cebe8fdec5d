"""What every tracker of license requests promises: the fake in memory, and the adapter on the simulated GitLab."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from supops.adapters.gitlab_license_requests import GitLabRequests
from supops.errors import NotFound
from supops.models.license_requests import RequestIssue
from supops.sandbox.gitlab_license_requests import EARLIER, FORM, GOOD, SECOND
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.server import Sandbox
from supops.services.license_ports import RequestTracker
from tests.connecting import gitlab_of
from tests.fakes.licenses import FakeRequests

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LABEL = "Stage::Completed"


@pytest.fixture(params=["fake", "sandbox"])
def tracker(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[RequestTracker]:
    connection = gitlab_of(sandbox)
    real = GitLabRequests(connection, TRACKER)
    # What the fake has is what the story has.
    issues = map(real.issue, range(EARLIER, FORM + 1))
    fake = FakeRequests(issues, user="support-bot", members=real.team())
    yield fake if request.param == "fake" else real
    connection.close()


@pytest.fixture
def issue(tracker: RequestTracker) -> RequestIssue:
    return tracker.issue(GOOD)


def test_an_issue_is_as_somebody_made_it(tracker: RequestTracker, issue: RequestIssue) -> None:
    assert (issue.iid, issue.author, issue.is_closed, issue.is_confidential) == (
        GOOD,
        "zoe-fraser",
        False,
        False,
    )
    assert "zoe.fraser@example.com" in issue.description
    assert issue.created_at.tzinfo is not None
    assert issue.web_url.endswith(f"/-/issues/{GOOD}")
    assert tracker.issue(FORM).is_confidential
    assert tracker.issue(EARLIER).is_closed


def test_an_issue_that_there_is_not(tracker: RequestTracker) -> None:
    with pytest.raises(NotFound):
        tracker.issue(99_999)


def test_issues_with_a_text_the_oldest_first_and_none_from_before(tracker: RequestTracker) -> None:
    found = tracker.mentioning("KENJI.sato", LONG_AGO)

    assert [one.iid for one in found] == [EARLIER, SECOND]
    assert [one.iid for one in tracker.mentioning("kenji.sato", datetime.now(UTC) - timedelta(days=7))] == [
        SECOND
    ]
    assert tracker.mentioning("nobody-at-all", LONG_AGO) == ()
    # An address is one word, which is found by how it begins: not by a part of it.
    assert {one.iid for one in tracker.mentioning("kenji.sato@example.com", LONG_AGO)} >= {EARLIER, SECOND}
    assert tracker.mentioning("enji", LONG_AGO) == ()


def test_issues_of_somebody_the_oldest_first_and_none_from_before(tracker: RequestTracker) -> None:
    assert [one.iid for one in tracker.made_by("kenji-sato", LONG_AGO)] == [EARLIER, SECOND]
    lately = datetime.now(UTC) - timedelta(days=7)
    assert [one.iid for one in tracker.made_by("kenji-sato", lately)] == [SECOND]
    assert tracker.made_by("nobody-at-all", LONG_AGO) == ()


def test_comments_and_what_the_platform_notes_are_listed_oldest_first(
    tracker: RequestTracker, issue: RequestIssue
) -> None:
    for number in range(25):
        tracker.comment(issue, f"comment {number}")
    tracker.spend(issue, "1h30m")

    notes = tracker.notes(issue)

    ours = [one for one in notes if not one.system]
    assert [one.body for one in ours] == [f"comment {number}" for number in range(25)]
    assert [one.id for one in notes] == sorted(one.id for one in notes)
    (time,) = [one for one in notes if one.system and one.body.startswith("added ")]
    assert "of time spent" in time.body
    assert {one.author for one in ours} | {time.author} == {tracker.me()}
    assert time.id > ours[-1].id


def test_the_team_are_those_who_may_label_issues(tracker: RequestTracker) -> None:
    assert {tracker.me(), "maria-delgado"} <= tracker.team()
    # A guest.
    assert "sam-nakamura" not in tracker.team()


def test_finishing_labels_and_closes_and_can_be_done_again(
    tracker: RequestTracker, issue: RequestIssue
) -> None:
    done = tracker.finish(issue, LABEL)

    assert done.is_closed
    assert [label for label in done.labels if label.startswith("Stage::")] == [LABEL]
    assert "RequestType::Administrative" in done.labels
    assert tracker.finish(done, LABEL) == done
    assert tracker.issue(issue.iid) == done
