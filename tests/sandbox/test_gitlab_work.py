"""What GitLab's facts promise of planned work, the simulated GitLab keeps; and its story has what the issue flow needs to see."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from supops.sandbox.gitlab_planning import FOREIGN_ITERATION, current_iteration
from supops.sandbox.gitlab_seed import TRACKER, TRACKER_GROUP
from supops.sandbox.gitlab_work_seed import LABELS, LIMIT, many_issues, seed
from supops.sandbox.server import Sandbox
from supops.sandbox.world import World
from tests.sandbox.gitlab import Ask, client_of, names

PROJECT = f"projects/{quote(TRACKER, safe='')}"
ISSUES = f"{PROJECT}/issues"
ITERATIONS = f"groups/{TRACKER_GROUP}/iterations"
# A Thursday.
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()
SET = "mutation($p: ID!, $i: String!, $w: IterationID) { issueSetIteration(input: {projectPath: $p, iid: $i, iterationId: $w}) { errors issue { iid iteration { id title } } } }"
UNAVAILABLE = "does not exist or you don't have permission"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(World.seeded(lambda: NOW)) as running:
        yield running


def graphql(client: httpx.Client, document: str, **variables: object) -> dict[str, Any]:
    base = str(client.base_url).replace("/api/v4/", "/api/graphql")
    answer = client.post(base, json={"query": document, "variables": variables})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def everything(client: httpx.Client, path: str, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page = "1"
    while page:
        answer = client.get(path, params={**params, "per_page": "100", "page": page})
        found += answer.json()
        page = answer.headers["X-Next-Page"]
    return found


def story(client: httpx.Client) -> list[dict[str, Any]]:
    """Return the issues of this story: those of another are in the same project."""
    return [one for one in everything(client, ISSUES) if one["iid"] < LIMIT]


def test_the_story_has_issues_in_every_stage_and_type(client: httpx.Client) -> None:
    labels = {str(one) for issue in story(client) for one in issue["labels"]}

    for key in ("Stage", "RequestType", "Validation", "Approval"):
        wanted = {one for one in LABELS if one.startswith(f"{key}::")}
        assert wanted <= labels
    known = {str(one) for one in names(client.get(f"{PROJECT}/labels", params={"per_page": "100"}))}
    assert labels - known == {"Customer::Sales"}


def test_the_story_has_what_lint_and_review_look_for(client: httpx.Client) -> None:
    issues = {one["iid"]: one for one in story(client)}
    current = current_iteration(NOW)

    def opened(label: str) -> list[dict[str, Any]]:
        return [one for one in issues.values() if label in str(one["labels"]) and one["state"] == "opened"]

    def weeks_in_blocked(iid: int) -> int:
        events = client.get(
            f"{PROJECT}/issues/{iid}/resource_label_events", params={"per_page": "100"}
        ).json()
        since = max(one["created_at"] for one in events if one["label"]["name"] == "Stage::Blocked")
        return (datetime.fromtimestamp(NOW, UTC) - datetime.fromisoformat(str(since))).days // 7

    blocked = sorted(weeks_in_blocked(one["iid"]) for one in opened("Stage::Blocked"))
    assert blocked == [0, 1, 1, 2, 3, 4]
    weeks = [
        one["iteration"]["id"] - current if one["iteration"] else None for one in opened("Stage::Queued")
    ]
    assert sorted(weeks, key=str) == [-2, 0, 0, 1, None]
    assert [one["iid"] for one in opened("Stage::Completed")] == [31]
    assert issues[7]["labels"] == []
    assert str(issues[45]["labels"]).count("Stage::") == str(issues[46]["labels"]).count("RequestType::") == 2
    assert (issues[47]["confidential"], issues[49]["state"]) == (True, "closed")


def test_histories_tell_how_the_labels_came_to_be(client: httpx.Client) -> None:
    for issue in story(client):
        held: set[str] = set()
        times: list[str] = []
        for event in everything(client, f"{ISSUES}/{issue['iid']}/resource_label_events"):
            label, times = event["label"], [*times, str(event["created_at"])]
            # Nobody knows what the label was called that is gone.
            name = label["name"] if isinstance(label, dict) else "Customer::Sales"
            held = held | {name} if event["action"] == "add" else held - {name}
        assert sorted(held) == sorted(issue["labels"])
        assert times == sorted(times)
        assert all(str(issue["created_at"]) <= one <= str(issue["updated_at"]) for one in times)


def test_every_change_of_labels_is_an_event_and_moves_the_time(client: httpx.Client) -> None:
    before = client.get(f"{ISSUES}/12").json()

    after = client.put(
        f"{ISSUES}/12", json={"add_labels": "Stage::Queued,fresh", "remove_labels": "Priority::3"}
    ).json()

    assert "Stage::Queued" in after["labels"]
    assert "Stage::Scheduling" not in after["labels"]
    assert after["updated_at"] > before["updated_at"]
    events = client.get(f"{ISSUES}/12/resource_label_events", params={"per_page": "100"}).json()
    assert [(one["action"], one["label"]["name"]) for one in events[-4:]] == [
        ("remove", "Priority::3"),
        ("remove", "Stage::Scheduling"),
        ("add", "Stage::Queued"),
        ("add", "fresh"),
    ]
    assert {one["user"]["username"] for one in events[-4:]} == {"support-bot"}
    again = client.put(f"{ISSUES}/12", json={"add_labels": "Stage::Queued"}).json()
    assert again["updated_at"] > after["updated_at"]
    assert len(everything(client, f"{ISSUES}/12/resource_label_events")) == len(events)


def test_two_labels_of_one_key_stay_until_another_comes(sandbox: Sandbox, client: httpx.Client) -> None:
    same = client.put(f"{ISSUES}/45", json={"add_labels": "roadmap_item,Stage::Planning"}).json()
    assert {"Stage::Planning", "Stage::Development"} <= set(same["labels"])

    other = client.put(f"{ISSUES}/45", json={"add_labels": "Stage::Blocked"}).json()
    assert [one for one in other["labels"] if one.startswith("Stage::")] == ["Stage::Blocked"]

    # Plans that are free of charge know no scoped labels.
    sandbox.world.gitlab.paid_plan = False
    free = client.put(f"{ISSUES}/45", json={"add_labels": "Stage::Queued"}).json()
    assert {"Stage::Blocked", "Stage::Queued"} <= set(free["labels"])


def test_issues_are_filtered(client: httpx.Client) -> None:
    def found(**params: str) -> list[str]:
        answer = client.get(
            ISSUES, params={"sort": "asc", "order_by": "updated_at", "per_page": "100", **params}
        )
        assert answer.headers["X-Total"] == str(len(answer.json()))
        return sorted(str(one) for one in names(answer, "iid"))

    current = str(current_iteration(NOW))
    assert found(labels="Stage::Queued") == ["15", "16", "17", "18", "19"]
    assert found(labels="Stage::Queued,RequestType::Administrative") == ["17"]
    assert found(labels="Stage::Queued", **{"not[labels]": "RequestType::Administrative"}) == [
        "15",
        "16",
        "18",
        "19",
    ]
    assert found(labels="Stage::Queued", iteration_id=current) == ["16", "17"]
    assert found(labels="Stage::Queued", iteration_id="None") == ["18"]
    assert found(labels="None") == ["7"]
    assert found(labels="Stage::Scheduling", milestone="None") == ["12"]
    assert found(labels="Stage::Scheduling", milestone="Any", assignee_username="maria-delgado") == ["13"]
    assert found(state="closed", labels="RequestType::Bug") == ["33", "43"]
    assert client.get(ISSUES, params={"state": "open"}).status_code == 400


def test_planning_is_set_and_cleared(sandbox: Sandbox, client: httpx.Client) -> None:
    (milestone, *_) = client.get(
        f"{PROJECT}/milestones", params={"state": "active", "include_ancestors": "true"}
    ).json()

    planned = client.put(f"{ISSUES}/12", json={"milestone_id": milestone["id"], "weight": 5}).json()
    assert (planned["milestone"], planned["weight"]) == (milestone, 5)
    cleared = client.put(f"{ISSUES}/12", json={"milestone_id": 0, "weight": None}).json()
    assert (cleared["milestone"], cleared["weight"]) == (None, None)
    # One that the project may not use clears it, and nobody is told.
    assert client.put(f"{ISSUES}/13", json={"milestone_id": 1}).json()["milestone"] is None
    assert client.put(f"{ISSUES}/12", json={"weight": -1}).status_code == 400

    sandbox.world.gitlab.paid_plan = False
    free = client.put(f"{ISSUES}/12", json={"weight": 5}).json()
    assert "weight" not in free
    assert "iteration" not in free


def test_iterations_are_weeks_from_sunday_to_saturday(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.gitlab.iteration_titles = {1: "Freeze", 2: ""}

    weeks = everything(client, ITERATIONS)

    assert [one["start_date"] for one in weeks] == sorted(str(one["start_date"]) for one in weeks)
    for one in weeks:
        start, due = (date.fromisoformat(str(one[name])) for name in ("start_date", "due_date"))
        assert (start.isoweekday(), due - start) == (7, timedelta(days=6))
    (current,) = client.get(ITERATIONS, params={"state": "current"}).json()
    assert (current["id"], current["start_date"], current["title"]) == (
        current_iteration(NOW),
        "2026-11-22",
        None,
    )
    upcoming = client.get(ITERATIONS, params={"state": "upcoming"}).json()
    assert [one["title"] for one in upcoming[:3]] == ["Freeze", "", None]
    assert len(client.get(ITERATIONS, params={"state": "opened"}).json()) == len(upcoming) + 1
    assert {one["state"] for one in client.get(ITERATIONS, params={"state": "closed"}).json()} == {3}
    assert client.get(ITERATIONS, params={"state": "x"}).status_code == 400
    sandbox.world.now = lambda: NOW + 3 * 86_400
    assert client.get(ITERATIONS, params={"state": "current"}).json()[0]["id"] == current["id"] + 1


def test_groups_may_have_no_iterations(sandbox: Sandbox, client: httpx.Client) -> None:
    assert client.get("groups/support-readiness/iterations").json() == []
    sandbox.world.gitlab.without_iterations = 404
    assert client.get(ITERATIONS).status_code == 404
    assert "iteration" not in client.get(f"{ISSUES}/16").json()
    sandbox.world.gitlab.without_iterations = 0
    sandbox.world.gitlab.paid_plan = False
    assert client.get(ITERATIONS).status_code == 403


def test_milestones_are_deployments(client: httpx.Client) -> None:
    of_group = client.get(f"groups/{TRACKER_GROUP}/milestones", params={"state": "active"}).json()

    assert [one["title"] for one in of_group] == [
        f"CustSuppOps Deployment {month}-01" for month in ("2027-02", "2027-01", "2026-12")
    ]
    assert names(client.get(f"{PROJECT}/milestones"), "title") == ["Tidy up"]
    params = {"include_ancestors": "true", "state": "closed", "title": "CustSuppOps Deployment 2026-11-01"}
    (past,) = client.get(f"{PROJECT}/milestones", params=params).json()
    assert (past["due_date"], past["expired"]) == ("2026-11-01", True)


def test_members_have_levels(client: httpx.Client) -> None:
    members = {one["username"]: one for one in everything(client, f"{PROJECT}/members/all")}

    levels = {
        name: members[name]["access_level"] for name in ("owner", "tessa-young", "sam-nakamura", "peter-vale")
    }
    assert levels == {"owner": 40, "tessa-young": 20, "sam-nakamura": 10, "peter-vale": 10}
    assert "zoe-fraser" not in members
    tessa = members["tessa-young"]
    assert client.get(f"{PROJECT}/members/all/{tessa['id']}").json() == tessa
    assert client.get(f"{PROJECT}/members/all/7041").status_code == 404


def test_graphql_sets_and_takes_away_an_iteration(client: httpx.Client) -> None:
    before = client.get(f"{ISSUES}/12").json()
    number = current_iteration(NOW) + 1

    done = graphql(client, SET, p=TRACKER, i="12", w=f"gid://gitlab/Iteration/{number}")

    shown = {"iid": "12", "iteration": {"id": f"gid://gitlab/Iteration/{number}", "title": None}}
    assert done == {"data": {"issueSetIteration": {"errors": [], "issue": shown}}}
    after = client.get(f"{ISSUES}/12").json()
    assert after["iteration"]["id"] == number
    assert after["updated_at"] > before["updated_at"]
    assert graphql(client, SET, p=TRACKER, i="12", w=None)["data"]
    assert client.get(f"{ISSUES}/12").json()["iteration"] is None


def test_graphql_refuses_as_data_or_beside_it(sandbox: Sandbox, client: httpx.Client) -> None:
    number = current_iteration(NOW)

    def refused(**changed: str) -> str:
        sent = {"p": TRACKER, "i": "12", "w": f"gid://gitlab/Iteration/{number}", **changed}
        return str(graphql(client, SET, **sent))

    for wrong in ({"i": "999"}, {"p": "nothing/here"}, {"w": f"gid://gitlab/Iteration/{number + 99}"}):
        said = refused(**wrong)
        assert UNAVAILABLE in said
        assert "{'issueSetIteration': None}" in said
    assert "not one of the groups" in refused(w=f"gid://gitlab/Iteration/{FOREIGN_ITERATION}")
    assert "does not represent an instance of Iteration" in refused(w="gid://gitlab/Milestone/1")
    sandbox.world.gitlab.iteration_problem = "It is locked"
    assert "'errors': ['It is locked']" in refused()
    sandbox.world.gitlab.without_iterations = 403
    assert UNAVAILABLE in refused()
    assert client.get(f"{ISSUES}/12").json().get("iteration") is None


def test_graphql_changes_nothing_for_who_may_only_look(sandbox: Sandbox) -> None:
    sent = {"p": TRACKER, "i": "12", "w": f"gid://gitlab/Iteration/{current_iteration(NOW)}"}
    for token in ("demo-gitlab-read-token", "demo-gitlab-guest-token"):
        with client_of(sandbox, token) as narrow:
            assert UNAVAILABLE in str(graphql(narrow, SET, **sent))
            assert "currentUser" in str(graphql(narrow, "{ currentUser { username } }"))
    url = f"{sandbox.urls['gitlab']}/api/graphql"
    narrow_token = {"PRIVATE-TOKEN": "demo-gitlab-narrow-token"}
    assert httpx.post(url, json={"query": "{ x }"}, headers=narrow_token).status_code == 403
    wrong = httpx.post(url, json={"query": "{ x }"}, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()) == (401, {"errors": [{"message": "Invalid token"}]})
    assert sandbox.world.gitlab.issue(TRACKER, 12).iteration is None


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("{ currentUser { username nme } }", "Field 'nme' doesn't exist on type 'CurrentUser'"),
        ("{ projects { id } }", "Field 'projects' doesn't exist on type 'Query'"),
        ("mutation { issueDelete(input: {}) { errors } }", "doesn't exist on type 'Mutation'"),
        ("mutation { issueSetIteration { errors } }", "missing required arguments: input"),
        ('mutation { issueSetIteration(input: {projectPath: "x"}) { errors } }', "Argument 'iid'"),
        (
            'mutation { issueSetIteration(input: {projectPath: "x", iid: "1", week: 1}) { errors } }',
            "doesn't accept argument 'week'",
        ),
        ('mutation { issueSetIteration(input: {projectPath: "x", iid: "1"}) }', "must have selections"),
        ("mutation($a: ID!) { issueSetIteration(input: $a) { errors } }", "Variable $a"),
        ("{ currentUser { username }", "Unexpected end of document"),
        ("{ currentUser(a: $b) { username } }", "not declared"),
        ("{ currentUser } ; ", "Expected a token"),
        ("{" + "a {" * 30 + "}" * 31, "exceeds max depth"),
        ("", "No query string"),
    ],
)
def test_graphql_says_what_it_does_not_understand(client: httpx.Client, document: str, says: str) -> None:
    found = graphql(client, document)

    assert "data" not in found
    assert says in str(found["errors"])


def test_graphql_is_read_tolerantly(client: httpx.Client) -> None:
    document = """
        query Me($deep: [Int!]! = [1, 2], $flag: Boolean) { # who
          me: currentUser(a: {b: [true, null, -3, ENUM, "q\\"uo\\n"], c: $deep}) { id, name: username }
        }
    """
    assert graphql(client, document, deep=[3]) == {
        "data": {"me": {"id": "gid://gitlab/User/7100", "name": "support-bot"}}
    }


def test_quick_actions_plan(client: httpx.Client) -> None:
    number = current_iteration(NOW) + 1
    body = f"/iteration *iteration:{number}\n/weight 7\n/unlabel ~Stage::Scheduling"

    answer = client.post(f"{ISSUES}/12/notes", json={"body": body})

    assert answer.status_code == 202
    issue = client.get(f"{ISSUES}/12").json()
    assert (issue["iteration"]["id"], issue["weight"]) == (number, 7)
    assert "Stage::Scheduling" not in issue["labels"]
    client.post(f"{ISSUES}/12/notes", json={"body": "/iteration --current"})
    assert client.get(f"{ISSUES}/12").json()["iteration"]["id"] == number - 1


def test_confidential_issues_are_not_there_for_guests(asking: Ask) -> None:
    assert asking("demo-gitlab-guest-token", f"{ISSUES}/47").status_code == 404
    assert asking("demo-gitlab-guest-token", f"{ISSUES}/47/resource_label_events").status_code == 404
    assert asking("demo-gitlab-member-token", f"{ISSUES}/47").status_code == 200


def test_the_story_stays_changed(tmp_path: Path) -> None:
    with Sandbox(World.open(tmp_path)) as first, client_of(first) as client:
        client.put(f"{ISSUES}/12", json={"add_labels": "Stage::Queued", "weight": 3})
        number = current_iteration(first.world.now())
        graphql(client, SET, p=TRACKER, i="12", w=f"gid://gitlab/Iteration/{number}")
        kept = client.get(f"{ISSUES}/12").json()
        events = client.get(f"{ISSUES}/12/resource_label_events").json()

    with Sandbox(World.open(tmp_path)) as second, client_of(second) as client:
        assert client.get(f"{ISSUES}/12").json() == kept
        assert client.get(f"{ISSUES}/12/resource_label_events").json() == events
        assert (kept["weight"], kept["iteration"]["id"]) == (3, number)


def test_the_story_can_be_told_anew_and_others_stay(sandbox: Sandbox) -> None:
    state = sandbox.world.gitlab
    state.issue(TRACKER, 1).iid = LIMIT + 99
    seed(state, NOW + 86_400)
    assert len([one for one in state.issues if one.iid < LIMIT]) == 50
    many_issues(state, 30, NOW, only="Queued")

    assert state.issue(TRACKER, LIMIT + 99).title
    assert {one.iid for one in state.issues if one.iid < LIMIT} == set(range(1, 31))
    assert len({label.name for label in state.labels if label.place == TRACKER}) == len(
        [label for label in state.labels if label.place == TRACKER]
    )
