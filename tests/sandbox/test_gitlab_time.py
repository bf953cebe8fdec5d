"""The simulated GitLab's time tracking, and its license requests."""

from urllib.parse import quote

import httpx
import pytest

from supops.sandbox.files import files
from supops.sandbox.gitlab_license_requests import EARLIER, FORM, GOOD
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_time import seconds_of, spoken
from tests.sandbox.gitlab import Ask

ISSUES = f"projects/{quote(TRACKER, safe='')}/issues"


def test_time_is_added_and_told_in_a_note(client: httpx.Client) -> None:
    answer = client.post(f"{ISSUES}/{GOOD}/add_spent_time", json={"duration": "1h30m"})

    assert answer.status_code == 201
    assert answer.json()["total_time_spent"] == 5_400
    assert answer.json()["human_total_time_spent"] == "1h 30m"
    client.post(f"{ISSUES}/{GOOD}/add_spent_time", json={"duration": "-30m"})
    assert client.get(f"{ISSUES}/{GOOD}/time_stats").json()["total_time_spent"] == 3_600
    assert client.get(f"{ISSUES}/{GOOD}").json()["time_stats"]["human_total_time_spent"] == "1h"
    notes = client.get(f"{ISSUES}/{GOOD}/notes?sort=asc").json()
    told = [note["body"] for note in notes if note["system"]]
    assert [text.partition(" at ")[0] for text in told] == [
        "added 1h 30m of time spent",
        "subtracted 30m of time spent",
    ]


def test_what_is_no_time_is_refused(client: httpx.Client, asking: Ask) -> None:
    path = f"{ISSUES}/{GOOD}/add_spent_time"
    for body in ({}, {"duration": "soon"}, {"duration": "-1h"}):
        assert client.post(path, json=body).status_code == 400
    assert client.get(path).status_code == 405
    assert client.post(f"{ISSUES}/99999/add_spent_time", json={"duration": "1h"}).status_code == 404
    assert asking("demo-gitlab-guest-token", path, method="POST", duration="1h").status_code == 403


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1h", 3_600),
        ("1d", 28_800),
        ("1w 2d", 201_600),
        ("1mo", 576_000),
        ("90s", 90),
        ("", None),
        ("1", None),
        ("1h x", None),
    ],
)
def test_durations(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


def test_durations_as_they_are_shown() -> None:
    assert (spoken(0), spoken(90), spoken(576_000)) == (None, "1m 30s", "4w")


def test_the_story_has_requests_of_every_kind(client: httpx.Client) -> None:
    issues = [client.get(f"{ISSUES}/{iid}").json() for iid in range(EARLIER, FORM + 1)]

    assert [issue["state"] for issue in issues] == ["closed", *["opened"] * 5]
    assert [issue["confidential"] for issue in issues] == [*[False] * 5, True]
    assert {"license-good.yaml", "license-too-long.yaml", "license-for-duo.yaml"} <= files().keys()
