"""The connection to GitLab with all its care, against the simulated one and every fault."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from supops.adapters.clock import SystemClock
from supops.adapters.gitlab import GitLabConnection, User
from supops.adapters.gitlab_pages import read_all
from supops.adapters.parallel import in_parallel
from supops.errors import (
    Conflict,
    CredentialError,
    Forbidden,
    NetworkError,
    NotFound,
    PlatformError,
    RateLimited,
    SupopsError,
    Unauthorized,
)
from supops.models.secrets import Secret
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_seed import AUDITS_PROJECT
from supops.sandbox.server import Sandbox
from tests.connecting import TOKEN, gitlab_of
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

ISSUES = "/projects/5001/issues"
SIGN_IN = "not JSON but text/html: 'Sign in Please sign in'"


@pytest.fixture
def gitlab(sandbox: Sandbox, notices: FakeNotices) -> Iterator[GitLabConnection]:
    connection = gitlab_of(sandbox, notices=notices)
    yield connection
    connection.close()


@pytest.fixture
def slept(gitlab: GitLabConnection) -> list[float]:
    """Collects the pauses, which then take no time."""
    pauses: list[float] = []
    gitlab.sleep = pauses.append
    return pauses


def ask(gitlab: GitLabConnection) -> User:
    return gitlab.get("/user", User, purpose="see who I am")


def create(gitlab: GitLabConnection) -> int:
    return gitlab.ask("POST", ISSUES, purpose="create an issue", body={"title": "a"}).status


@pytest.mark.parametrize(
    "fault",
    [
        Fault("429", times=1, retry_after="0"),
        Fault("500", times=2),
        Fault("502", times=2),
        Fault("503", times=2),
        Fault("504", times=1),
        Fault("reset", times=2),
        Fault("truncated", times=2),
        Fault("slow", times=1, seconds=0.8),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_passing_fault_is_outlasted(sandbox: Sandbox, gitlab: GitLabConnection, fault: Fault) -> None:
    sandbox.faults.add(fault)

    assert ask(gitlab).username == "support-bot"


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        (Fault("429"), RateLimited, "429"),
        (Fault("500"), PlatformError, r"failed to see who I am \(500\)"),
        (Fault("503"), PlatformError, "503"),
        (Fault("slow", seconds=0.8), NetworkError, "the answer took too long"),
        (Fault("truncated"), NetworkError, "the answer broke off"),
        (Fault("reset"), NetworkError, "the answer broke off"),
        (Fault("expired"), Unauthorized, r"refused the access token from GL_TOKEN \(401\): invalid_token"),
        (Fault("redirect"), PlatformError, r"to http://127\.0\.0\.2:9; not followed"),
        (Fault("html"), PlatformError, SIGN_IN),
        (Fault("empty"), NotFound, r"\(404\)$"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_a_lasting_fault_is_told_in_words(
    sandbox: Sandbox, gitlab: GitLabConnection, fault: Fault, error: type[SupopsError], says: str
) -> None:
    sandbox.faults.add(fault)

    with pytest.raises(error, match=says) as raised:
        ask(gitlab)

    assert raised.value.hint


def test_a_conflict_is_final(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("409"))

    with pytest.raises(Conflict):
        ask(gitlab)

    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault("503"), "503"),
        (Fault("500"), "500"),
        (Fault("reset"), "broke off"),
        (Fault("truncated"), "broke off"),
        (Fault("slow", seconds=0.8), "too long"),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else None,
)
def test_what_creates_something_is_sent_once_if_it_may_have_arrived(
    sandbox: Sandbox, gitlab: GitLabConnection, fault: Fault, says: str
) -> None:
    sandbox.faults.add(fault)

    with pytest.raises(PlatformError, match=says):
        create(gitlab)

    assert len(sandbox.requests) == 1


def test_what_creates_something_is_sent_again_where_the_limit_kept_it_out(
    sandbox: Sandbox, gitlab: GitLabConnection
) -> None:
    sandbox.faults.add(Fault("429", times=1))

    assert create(gitlab) == 201
    assert [request.method for request in sandbox.requests] == ["POST", "POST"]
    assert len([one for one in sandbox.world.gitlab.issues if one.project == AUDITS_PROJECT]) == 1


def test_nobody_is_there_and_what_was_not_sent_is_tried_again(
    notices: FakeNotices, gitlab: GitLabConnection
) -> None:
    absent = GitLabConnection(
        "http://127.0.0.1:9",
        Secret(TOKEN, "T"),
        notices=notices,
        clock=SystemClock(),
        patience=gitlab.patience,
    )

    with pytest.raises(
        NetworkError,
        match=r"GitLab \(127.0.0.1\) could not be asked to create an issue: no connection \(.*refused",
    ) as raised:
        create(absent)

    assert "gitlab.url" in raised.value.hint
    assert len([line for line in notices.debugs if "ConnectionError" in line]) == gitlab.patience.tries
    absent.close()


def test_retry_after_is_obeyed_and_told(
    sandbox: Sandbox, gitlab: GitLabConnection, slept: list[float], notices: FakeNotices
) -> None:
    sandbox.faults.add(Fault("429", times=1, retry_after="2"), Fault("503", times=1, retry_after="1"))

    ask(gitlab)

    assert slept == [2.0, 1.0]
    assert notices.notes == ["waiting 2 s, GitLab's limit", "waiting 1 s, as GitLab asks"]


def test_nobody_waits_for_hours(sandbox: Sandbox, gitlab: GitLabConnection, slept: list[float]) -> None:
    sandbox.faults.add(Fault("429", retry_after="3600"))

    with pytest.raises(RateLimited) as raised:
        ask(gitlab)

    assert raised.value.hint == "It asks to wait 3600 s. Try again after that."
    assert slept == []


def test_pauses_without_a_wish_have_jitter_and_say_why(
    sandbox: Sandbox, gitlab: GitLabConnection, slept: list[float], notices: FakeNotices
) -> None:
    sandbox.faults.add(Fault("502"))

    with pytest.raises(PlatformError):
        ask(gitlab)

    assert len(slept) == gitlab.patience.tries - 1
    assert all(0 <= pause <= gitlab.patience.longest_pause for pause in slept)
    assert all(note.startswith("trying again in a moment: GitLab failed") for note in notices.notes)


def test_the_limit_is_left_in_peace_when_it_is_nearly_used_up(
    sandbox: Sandbox, gitlab: GitLabConnection, notices: FakeNotices
) -> None:
    sandbox.world.gitlab.plan_limit = 10
    pauses: list[float] = []
    connection = GitLabConnection(
        sandbox.urls["gitlab"],
        Secret(TOKEN, "T"),
        notices=notices,
        clock=SystemClock(),
        patience=gitlab.patience,
        sleep=pauses.append,
    )

    for _ in range(8):
        ask(connection)

    assert pauses
    assert all(pause <= 61 for pause in pauses)
    connection.close()


@pytest.mark.parametrize(
    ("headers", "reset"),
    [
        ({"ratelimit-reset": "1790000030", "date": "Mon, 21 Sep 2026 14:13:20 GMT"}, 30.0),
        ({"ratelimit-reset": "1780000000", "date": "Mon, 21 Sep 2026 14:13:20 GMT"}, 0.0),
        ({}, None),
        ({"ratelimit-reset": "soon"}, "nothing"),
    ],
)
def test_the_reset_is_counted_by_the_platforms_own_clock(
    sandbox: Sandbox, gitlab: GitLabConnection, headers: dict[str, str], reset: float | str | None
) -> None:
    limit = gitlab.read_limit({"ratelimit-limit": "2000", "ratelimit-remaining": "7", **headers})

    if reset == "nothing":
        assert limit is None
    else:
        assert limit is not None
        assert (limit.limit, limit.remaining, limit.reset) == (2000, 7, reset)


@pytest.mark.parametrize(
    "location", ["", "http://[", "http://127.0.0.1:x/", "https://127.0.0.1/", "//evil.example.com/x"]
)
def test_a_redirect_to_nowhere_or_elsewhere_is_refused(
    sandbox: Sandbox, gitlab: GitLabConnection, location: str
) -> None:
    sandbox.faults.add(Fault("redirect", to=location))

    with pytest.raises(PlatformError, match="not followed"):
        ask(gitlab)

    assert len(sandbox.requests) == 1


def test_the_token_goes_to_no_other_host(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("redirect", platform="gitlab", to=sandbox.urls["calendly"]))

    with pytest.raises(PlatformError, match="not followed"):
        ask(gitlab)

    assert [request.platform for request in sandbox.requests] == ["gitlab"]


def test_a_redirect_within_the_host_is_followed_where_nothing_changes(
    sandbox: Sandbox, gitlab: GitLabConnection
) -> None:
    there = f"{sandbox.urls['gitlab']}/api/v4/user"
    sandbox.faults.add(Fault("redirect", path="/api/v4/old", to=there))

    assert gitlab.get("/old", User, purpose="see who I am").username == "support-bot"
    with pytest.raises(PlatformError, match="not followed"):
        gitlab.ask("POST", "/old", purpose="create", body={})
    assert [request.method for request in sandbox.requests] == ["GET", "GET", "POST"]


def test_redirects_in_circles_end(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("redirect", to=f"{sandbox.urls['gitlab']}/api/v4/user"))

    with pytest.raises(NetworkError, match="leads in circles"):
        ask(gitlab)

    assert len(sandbox.requests) < 6


def test_only_paths_below_the_configured_address_are_asked_for(gitlab: GitLabConnection) -> None:
    with pytest.raises(ValueError, match="not a path"):
        gitlab.ask("GET", "https://evil.example.com/x", purpose="test")


def test_answers_are_bounded(
    sandbox: Sandbox, gitlab: GitLabConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supops.adapters.gitlab_session.MAX_ANSWER_BYTES", 100)

    with pytest.raises(PlatformError, match="more than .* MiB"):
        ask(gitlab)


def test_a_proxy_does_not_see_what_is_for_this_machine(
    monkeypatch: pytest.MonkeyPatch, gitlab: GitLabConnection
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert ask(gitlab).id


def test_at_most_eight_requests_are_in_flight(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.latency = 0.02
    names = list(in_parallel(lambda _: ask(gitlab).username, range(40), limit=20))

    assert names == ["support-bot"] * 40
    assert 2 <= sandbox.in_flight_peak("gitlab") <= 8


def test_the_log_has_every_request_and_no_secret(
    sandbox: Sandbox, gitlab: GitLabConnection, notices: FakeNotices
) -> None:
    ask(gitlab)
    gitlab.ask("GET", "/users?private_token=hunter22", purpose="look")

    assert len(notices.debugs) == len(sandbox.requests) == 2
    assert "/api/v4/user -> 200" in notices.debugs[0]
    for secret in (TOKEN, "hunter22"):
        assert secret not in notices.everything
        assert secret not in repr(gitlab)


def test_the_tool_names_itself_and_takes_compressed_answers(
    sandbox: Sandbox, gitlab: GitLabConnection
) -> None:
    ask(gitlab)

    headers = sandbox.requests[0].headers
    assert headers["user-agent"].startswith("supops/")
    assert "gzip" in headers["accept-encoding"]
    assert headers["private-token"] == TOKEN
    assert "cookie" not in headers


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "ünï"])
def test_a_token_that_can_not_be_one_is_not_sent_and_not_shown(token: str) -> None:
    with pytest.raises(CredentialError, match="from GL_TOKEN") as raised:
        GitLabConnection(
            "http://127.0.0.1:9", Secret(token, "GL_TOKEN"), notices=FakeNotices(), clock=FakeClock()
        )

    assert not token or token not in raised.value.message


def test_a_missing_scope_is_named(sandbox: Sandbox) -> None:
    narrow = gitlab_of(sandbox, "demo-gitlab-narrow-token")

    with pytest.raises(Forbidden, match="insufficient_scope.*needed: api") as raised:
        narrow.ask("GET", "/projects/5001", purpose="look at the project")

    assert "scope" in raised.value.hint
    narrow.close()


def test_a_wrong_token_names_where_it_came_from(sandbox: Sandbox) -> None:
    wrong = gitlab_of(sandbox, "glpat-no-such-token")

    with pytest.raises(Unauthorized, match="the access token from GL_TOKEN") as raised:
        ask(wrong)

    assert "gitlab.token" in raised.value.hint
    wrong.close()


def test_contact_says_who_what_and_how_much_is_left(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    contact = gitlab.contact()

    assert "Support Bot (@support-bot)" in contact.facts
    assert "scopes api" in contact.facts
    assert "expires on 20" in contact.facts
    assert "requests a minute left" in contact.facts
    assert contact.clock_skew is not None
    assert abs(contact.clock_skew) < 5


def test_contact_tells_of_a_clock_that_is_wrong(sandbox: Sandbox) -> None:
    connection = GitLabConnection(
        sandbox.urls["gitlab"],
        Secret(TOKEN, "T"),
        notices=FakeNotices(),
        clock=FakeClock(datetime(2020, 1, 1, tzinfo=UTC)),
    )

    skew = connection.contact().clock_skew

    assert skew is not None
    assert skew < -86_400
    connection.close()


def test_contact_without_knowing_the_scopes(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("empty", path="*/self"))

    assert "scopes unknown" in gitlab.contact().facts


def test_whose_token_it_is_is_asked_once(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    assert len({*in_parallel(lambda _: gitlab.me().id, range(8), limit=8)}) == 1
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(("name", "found"), [("OWNER", True), ("own", False), ("nobody", False)])
def test_a_user_is_found_by_the_whole_name(gitlab: GitLabConnection, name: str, found: bool) -> None:
    assert (gitlab.user_id(name) is not None) == found


def test_a_page_that_breaks_off_is_asked_for_again(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("truncated", path="*/users", after=2, times=1))

    found = read_all(gitlab, "/users", User, purpose="list the users", page_size=5)

    assert {one.id for one in found} == {user.id for user in sandbox.world.gitlab.users}


def test_a_list_that_breaks_off_for_good_is_no_list(sandbox: Sandbox, gitlab: GitLabConnection) -> None:
    sandbox.faults.add(Fault("502", path="*/users", after=2))

    with pytest.raises(PlatformError, match="502"):
        read_all(gitlab, "/users", User, purpose="list the users", page_size=5)
