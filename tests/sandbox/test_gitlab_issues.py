"""What GitLab's facts promise of issues and notes, the simulated GitLab keeps."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from supops.sandbox.gitlab_seed import AUDITS_PROJECT, BOT, BOT_ID, TRACKER
from supops.sandbox.gitlab_state import Mention
from supops.sandbox.server import Sandbox
from supops.sandbox.world import World, demo_settings
from tests.sandbox.gitlab import AUDITS, ISSUES, Ask, client_of, names, opened


def test_an_issue_is_created_as_asked(client: httpx.Client) -> None:
    made = opened(
        client,
        description="- [ ] one\n",
        labels="audit,Priority::2",
        assignee_ids=[7002, 7003],
        confidential=True,
        due_date="2027-01-31",
    )

    assert client.get(f"{ISSUES}/1").json() == made
    assert (made["confidential"], made["due_date"], made["state"]) == (True, "2027-01-31", "opened")
    assert made["labels"] == ["audit", "Priority::2"]
    assert str(made["web_url"]).endswith(f"{AUDITS_PROJECT}/-/issues/1")


def test_unknown_labels_are_created_silently(client: httpx.Client) -> None:
    opened(client, labels=["audit", "aduit"])

    assert "aduit" in names(client.get(f"projects/{AUDITS}/labels"))


def test_of_scoped_labels_the_last_is_kept(client: httpx.Client) -> None:
    assert opened(client, labels="Priority::2,audit,Priority::1")["labels"] == ["audit", "Priority::1"]
    changed = client.put(f"{ISSUES}/1", json={"add_labels": "Priority::3", "remove_labels": "audit"})
    assert changed.json()["labels"] == ["Priority::3"]


def test_a_free_plan_has_one_assignee(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.gitlab.paid_plan = False

    made = opened(client, assignee_ids=[7002, 7003])

    assert isinstance(made["assignees"], list)
    assert [one["username"] for one in made["assignees"]] == ["maria-delgado"]


def test_who_is_no_member_is_not_assigned_and_nobody_is_told(client: httpx.Client) -> None:
    assert opened(client, assignee_ids=[7041])["assignees"] == []


def test_texts_have_a_longest_length(client: httpx.Client) -> None:
    most = opened(client, description="x" * 1_048_576)
    above = client.post(ISSUES, json={"title": "x", "description": "x" * 1_048_577})
    note = client.post(f"{ISSUES}/1/notes", json={"body": "x" * 1_000_001})

    assert len(str(most["description"])) == 1_048_576
    assert (above.status_code, list(above.json()["message"])) == (400, ["description"])
    assert note.status_code == 400
    assert client.post(ISSUES, json={"title": "x" * 256}).status_code == 400
    assert client.post(ISSUES, json={"description": "x"}).status_code == 400
    assert client.post(ISSUES, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert len(client.get(ISSUES).json()) == 1


def test_issues_are_filtered_searched_sorted_and_paged(sandbox: Sandbox, client: httpx.Client) -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    for day in range(3):
        sandbox.world.now = (start + timedelta(days=day)).timestamp
        opened(client, title=f"Issue {day}", description="<!-- supops:x -->", labels="audit" if day else "")
    client.put(f"{ISSUES}/2", json={"state_event": "close"})

    def found(**params: object) -> list[object]:
        return names(client.get(ISSUES, params={name: str(value) for name, value in params.items()}), "iid")

    assert found() == [3, 2, 1]
    assert found(sort="asc", per_page=2, page=2) == [3]
    assert found(state="opened") == [3, 1]
    assert found(labels="audit", state="all") == [3, 2]
    assert found(created_after="2026-10-02T00:00:00+00:00") == [3, 2]
    assert found(search="supops:x", **{"in": "description"}) == [3, 2, 1]
    assert found(search="supops:x", **{"in": "title"}) == []
    assert found(author_id=BOT_ID, scope="all") == [3, 2, 1]
    assert found(author_id=7002) == []
    assert client.get(ISSUES, params={"created_after": "yesterday"}).status_code == 400


def test_issues_have_cursor_pages_when_asked_for(client: httpx.Client) -> None:
    for number in range(3):
        opened(client, title=str(number))

    first = client.get(
        ISSUES, params={"pagination": "keyset", "order_by": "created_at", "sort": "asc", "per_page": "2"}
    )
    second = client.get(first.links["next"]["url"])

    assert "X-Total" not in first.headers
    assert [names(page, "iid") for page in (first, second)] == [[1, 2], [3]]
    assert "next" not in second.links


def test_confidential_issues_are_for_members(client: httpx.Client, asking: Ask) -> None:
    opened(client, confidential=True)
    opened(client)

    assert names(asking("demo-gitlab-member-token", ISSUES), "iid") == [2, 1]
    assert names(asking("demo-gitlab-guest-token", ISSUES), "iid") == [2]
    assert asking("demo-gitlab-guest-token", f"{ISSUES}/1").status_code == 404
    assert asking("demo-gitlab-guest-token", f"{ISSUES}/1/notes").status_code == 404
    assert asking("demo-gitlab-outsider-token", ISSUES).json() == {"message": "404 Project Not Found"}
    assert asking("demo-gitlab-guest-token", f"{ISSUES}/2", method="PUT", title="x").status_code == 403


def test_a_disabled_tracker_refuses(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.gitlab.project(AUDITS_PROJECT).issues_access = "disabled"

    for answer in (client.get(ISSUES), client.post(ISSUES, json={"title": "x"})):
        assert (answer.status_code, answer.json()) == (403, {"message": "403 Forbidden"})
    assert client.get(f"projects/{AUDITS}").json()["issues_access_level"] == "disabled"


def test_quick_actions_are_carried_out_and_gone(client: httpx.Client) -> None:
    made = opened(
        client,
        description='Hello\n/close\n/label ~audit ~"Priority::1" ~unknown\n/assign @owner\n/confidential\n',
    )

    assert made["description"] == "Hello"
    assert (made["state"], made["confidential"], made["labels"]) == ("closed", True, ["audit", "Priority::1"])
    assert isinstance(made["assignees"], list)
    assert [one["username"] for one in made["assignees"]] == ["owner"]


def test_a_note_of_nothing_but_quick_actions_is_no_note(sandbox: Sandbox, client: httpx.Client) -> None:
    opened(client)

    answer = client.post(f"{ISSUES}/1/notes", json={"body": "/close"})

    assert (answer.status_code, answer.json()["commands_changes"]) == (202, {"state_event": "close"})
    assert client.get(f"{ISSUES}/1/notes").json() == []
    assert client.get(f"{ISSUES}/1").json()["state"] == "closed"
    assert sandbox.world.gitlab.commands == ["/close"]


def test_notes_are_written_changed_and_deleted(client: httpx.Client, asking: Ask) -> None:
    opened(client)
    notes = f"{ISSUES}/1/notes"
    first, second = (client.post(notes, json={"body": body}).json() for body in ("one", "two"))
    theirs = asking("demo-gitlab-member-token", notes, method="POST", body="three").json()

    changed = client.put(f"{notes}/{first['id']}", json={"body": "eins"})
    deleted = client.delete(f"{notes}/{second['id']}")
    refused = asking("demo-gitlab-member-token", f"{notes}/{first['id']}", method="PUT", body="x")

    assert (changed.status_code, deleted.status_code, refused.status_code) == (200, 204, 403)
    assert client.delete(f"{notes}/{second['id']}").json() == {"message": "404 Note Not Found"}
    listed = client.get(notes, params={"sort": "asc"}).json()
    assert [(one["body"], one["author"]["username"]) for one in listed] == [
        ("eins", BOT),
        ("three", "tessa-young"),
    ]
    assert theirs["system"] is False


def test_changes_are_told_in_notes_of_the_platform(client: httpx.Client) -> None:
    opened(client, description="one")
    client.put(f"{ISSUES}/1", json={"description": "two", "state_event": "close"})

    listed = client.get(f"{ISSUES}/1/notes", params={"sort": "asc"}).json()

    assert [(one["body"], one["system"], one["author"]["username"]) for one in listed] == [
        ("changed the description", True, BOT),
    ]
    events = client.get(f"{ISSUES}/1/resource_state_events").json()
    assert [(one["state"], one["user"]["username"], one["resource_type"]) for one in events] == [
        ("closed", BOT, "Issue")
    ]
    assert client.put(f"{ISSUES}/1/notes/{listed[0]['id']}", json={"body": "x"}).status_code == 403
    assert client.get(f"{ISSUES}/1/notes", params={"activity_filter": "only_comments"}).json() == []


def test_who_is_mentioned_is_remembered_once(sandbox: Sandbox, client: httpx.Client) -> None:
    opened(client, description="@all and @maria-delgado, `@owner`, @nobody-here")
    client.put(f"{ISSUES}/1", json={"description": "@all again"})

    assert sandbox.world.gitlab.mentions == [
        Mention("all", AUDITS_PROJECT, 1),
        Mention("maria-delgado", AUDITS_PROJECT, 1),
    ]


def test_people_tick_boxes_and_close(sandbox: Sandbox, client: httpx.Client) -> None:
    opened(client, description="- [ ] one\n- [ ] two")
    state, at = sandbox.world.gitlab, "2026-10-02T08:00:00.000Z"

    state.tick(AUDITS_PROJECT, 1, "two", by="maria-delgado", at=at)
    state.close_issue(AUDITS_PROJECT, 1, by="maria-delgado", at=at)

    shown = client.get(f"{ISSUES}/1").json()
    assert shown["description"] == "- [ ] one\n- [x] two"
    assert (shown["state"], shown["closed_by"]["username"]) == ("closed", "maria-delgado")
    with pytest.raises(ValueError, match="no open task"):
        state.tick(AUDITS_PROJECT, 1, "two", by="owner", at=at)


def test_what_was_filed_is_there_the_next_time(tmp_path: Path) -> None:
    with Sandbox(World.open(tmp_path)) as sandbox, client_of(sandbox) as client:
        opened(client, description="one @all", labels="audit,new")
        client.post(f"{ISSUES}/1/notes", json={"body": "two"})
        shown = client.get(f"{ISSUES}/1").json()

    with Sandbox(World.open(tmp_path)) as sandbox, client_of(sandbox) as client:
        assert client.get(f"{ISSUES}/1").json() == shown
        assert names(client.get(f"{ISSUES}/1/notes"), "body") == ["two"]
        assert "new" in names(client.get(f"projects/{AUDITS}/labels"))
        assert sandbox.world.gitlab.mentions == [Mention("all", AUDITS_PROJECT, 1)]
        assert opened(client)["iid"] == 2


def test_the_demo_is_set_to_what_there_is(sandbox: Sandbox, client: httpx.Client, tmp_path: Path) -> None:
    gitlab = demo_settings(sandbox.urls, tmp_path)["gitlab"]
    assert isinstance(gitlab, dict)

    assert client.get(f"groups/{quote(gitlab['group'], safe='')}").status_code == 200
    for name in ("audits_project", "issues_project", "licenses_project"):
        assert client.get(f"projects/{quote(gitlab[name], safe='')}").status_code == 200
    known = names(client.get(f"projects/{AUDITS}/labels"))
    assert set(gitlab["filing"]["labels"]) <= set(known)
    made = opened(client, assignee_ids=[7002, 7003])
    assert isinstance(made["assignees"], list)
    assert [one["username"] for one in made["assignees"]] == gitlab["filing"]["assignees"]
    assert len(client.get(f"projects/{quote(TRACKER, safe='')}/issues").json()) == 20
