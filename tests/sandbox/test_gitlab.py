"""What GitLab's facts promise, the simulated GitLab keeps; quirks first."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx
import pytest

from supops.sandbox.gitlab_seed import BOT, BOT_ID, GROUP, many_projects
from supops.sandbox.gitlab_state import Grant
from supops.sandbox.server import Sandbox
from tests.sandbox.gitlab import AUDITS, ISSUES, Ask, names, opened, project


def test_nobody_is_let_in_without_a_token_that_works(sandbox: Sandbox, asking: Ask) -> None:
    assert (asking("nonsense", "user").status_code, asking("nonsense", "user").json()) == (
        401,
        {"message": "401 Unauthorized"},
    )
    sandbox.world.gitlab.tokens[0].revoked = True

    refused = asking("demo-gitlab-token", "user")

    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


def test_a_token_is_taken_as_bearer_too(sandbox: Sandbox) -> None:
    answer = httpx.get(
        f"{sandbox.urls['gitlab']}/api/v4/user", headers={"Authorization": "Bearer demo-gitlab-token"}
    )

    assert (answer.json()["username"], answer.json()["id"]) == (BOT, BOT_ID)


def test_a_token_that_reads_does_not_write(asking: Ask) -> None:
    assert asking("demo-gitlab-read-token", ISSUES).status_code == 200

    refused = asking("demo-gitlab-read-token", ISSUES, method="POST", title="x")

    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    assert asking("demo-gitlab-narrow-token", ISSUES).status_code == 403
    assert asking("demo-gitlab-narrow-token", "user").status_code == 200


def test_the_limit_of_requests_is_told_and_kept(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.now = lambda: 1_700_000_005.0
    sandbox.world.gitlab.plan_limit = 2

    first, second, third = (client.get("version") for _ in range(3))

    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert second.status_code == 200
    assert (third.status_code, third.headers["Retry-After"]) == (429, "35")
    assert third.headers["RateLimit-Reset"] == "1700000040"


def test_notes_have_a_lower_limit(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.gitlab.note_limit = 1
    opened(client)

    written = [client.post(f"{ISSUES}/1/notes", json={"body": "x"}).status_code for _ in range(2)]

    assert written == [201, 429]


def test_answers_have_the_time_of_the_world(sandbox: Sandbox, client: httpx.Client) -> None:
    sandbox.world.now = lambda: 1_700_000_000.0

    told = parsedate_to_datetime(client.get("version").headers["Date"])

    assert told == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_users_are_found_by_name(client: httpx.Client) -> None:
    assert names(client.get("users", params={"username": "maria-delgado"}), "id") == [7002]
    assert names(client.get("users", params={"username": "nobody"}), "id") == []


def test_a_group_is_found_by_number_and_path(client: httpx.Client) -> None:
    by_path = client.get(f"groups/{GROUP}").json()

    assert by_path == client.get(f"groups/{by_path['id']}").json()
    missing = client.get("groups/nowhere")
    assert (missing.status_code, missing.json()) == (404, {"message": "404 Group Not Found"})


def test_projects_of_a_group_come_with_and_without_subgroups_shared_and_archived_ones(
    client: httpx.Client,
) -> None:
    deep = {"include_subgroups": "true", "per_page": "100"}
    everything = names(client.get(f"groups/{GROUP}/projects", params=deep), "path_with_namespace")
    own = names(
        client.get(f"groups/{GROUP}/projects", params={**deep, "with_shared": "false"}), "path_with_namespace"
    )
    archived = names(
        client.get(f"groups/{GROUP}/projects", params={**deep, "with_shared": "false", "archived": "true"}),
        "path_with_namespace",
    )
    flat = names(client.get(f"groups/{GROUP}/projects", params={"with_shared": "false"}), "path")

    assert set(everything) - set(own) == {"platform/runners"}
    assert set(archived) == {f"{GROUP}/tools/old-reports", f"{GROUP}/zendesk/old-apps"}
    assert set(flat) == {"system-audits", "roster"}
    # What the token may not see is not listed.
    assert f"{GROUP}/partners/payroll" not in own


def test_a_list_has_twenty_to_a_page_and_says_where_the_next_is(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    many_projects(sandbox.world.gitlab, 45)
    params = {
        "include_subgroups": "true",
        "with_shared": "false",
        "pagination": "keyset",
        "order_by": "id",
        "sort": "asc",
    }

    first = client.get(f"groups/{GROUP}/projects", params=params)
    second = client.get(first.links["next"]["url"])
    last = client.get(first.links["last"]["url"])

    # This list has no other pages than numbered ones, whatever is asked for.
    assert (first.headers["X-Total"], first.headers["X-Total-Pages"], first.headers["X-Next-Page"]) == (
        "46",
        "3",
        "2",
    )
    assert [len(page.json()) for page in (first, second, last)] == [20, 20, 6]
    assert "next" not in last.links
    assert last.headers["X-Next-Page"] == ""
    ids = [one["id"] for page in (first, second, last) for one in page.json()]
    assert ids == sorted(set(ids))


def test_above_ten_thousand_entries_are_not_counted(sandbox: Sandbox, client: httpx.Client) -> None:
    many_projects(sandbox.world.gitlab, 10_001)

    page = client.get(f"groups/{GROUP}/projects", params={"include_subgroups": "true", "per_page": "100"})

    assert "X-Total" not in page.headers
    assert "last" not in page.links
    assert page.headers["X-Next-Page"] == "2"


def test_subgroups_are_listed_at_any_depth(client: httpx.Client) -> None:
    listed = names(client.get(f"groups/{GROUP}/descendant_groups"), "full_path")

    assert listed == [f"{GROUP}/partners", f"{GROUP}/tools", f"{GROUP}/zendesk"]


def test_a_project_that_may_not_be_read_is_as_one_that_is_not_there(client: httpx.Client) -> None:
    for path in (project("partners/payroll"), project("nowhere")):
        answer = client.get(path)
        assert (answer.status_code, answer.json()) == (404, {"message": "404 Project Not Found"})


def test_an_empty_repository_has_no_default_branch(client: httpx.Client) -> None:
    assert client.get(project("tools/handover")).json()["default_branch"] is None


@pytest.mark.parametrize(
    ("path", "field", "allowed"),
    [
        ("zendesk/apps", "allow_author_approval", "merge_requests_author_approval"),
        ("zendesk/macros", "allow_committer_approval", "merge_requests_disable_committers_approval"),
        (
            "zendesk/triggers",
            "allow_overrides_to_approver_list_per_merge_request",
            "disable_overriding_approvers_per_merge_request",
        ),
        ("zendesk/views", "retain_approvals_on_push", "reset_approvals_on_push"),
    ],
)
def test_the_two_approval_endpoints_say_the_same_in_opposite_words(
    client: httpx.Client, path: str, field: str, allowed: str
) -> None:
    setting = client.get(f"{project(path)}/merge_request_approval_setting").json()
    approvals = client.get(f"{project(path)}/approvals").json()

    assert [name for name, one in setting.items() if one["value"]] == [field]
    assert setting[field] == {"value": True, "locked": False, "inherited_from": None}
    # Of the author, both say it in the same way.
    assert approvals[allowed] is (allowed == "merge_requests_author_approval")


@pytest.mark.parametrize("what", ["approvals", "merge_request_approval_setting"])
def test_approval_settings_need_a_plan_and_a_maintainer(
    sandbox: Sandbox, client: httpx.Client, what: str
) -> None:
    refused = client.get(f"{project('partners/portal')}/{what}")
    sandbox.world.gitlab.paid_plan = False
    missing = client.get(f"{project('zendesk/apps')}/{what}")

    assert (refused.status_code, missing.status_code) == (403, 404)
    assert client.get(f"{project('partners/portal')}/protected_branches").status_code == 200


def test_protected_branches_name_levels_users_and_deploy_keys(client: httpx.Client) -> None:
    (main,) = client.get(f"{project('tools/deploy')}/protected_branches").json()

    merge, push = main["merge_access_levels"], main["push_access_levels"]
    assert [(one["access_level"], one["access_level_description"]) for one in merge] == [(40, "Maintainers")]
    assert [(one["access_level"], one["user_id"], one.get("deploy_key_id")) for one in push] == [
        (None, BOT_ID, None),
        (40, None, 31),
    ]


def test_on_a_free_plan_protections_name_nobody_else_than_levels(
    sandbox: Sandbox, client: httpx.Client
) -> None:
    state = sandbox.world.gitlab
    state.paid_plan = False
    (main,) = state.project(f"{GROUP}/zendesk/apps").protections
    state.project(f"{GROUP}/zendesk/apps").protections = (replace(main, push=(Grant(0),)),)

    (shown,) = client.get(f"{project('zendesk/apps')}/protected_branches").json()

    (push,) = shown["push_access_levels"]
    assert (push["access_level"], push["access_level_description"]) == (0, "No one")
    assert "user_id" not in push
    assert "inherited" not in shown


def test_one_lists_the_personal_tokens_of_oneself_only(client: httpx.Client, asking: Ask) -> None:
    own = client.get("personal_access_tokens", params={"state": "active", "user_id": BOT_ID})
    others = client.get("personal_access_tokens", params={"user_id": 7002})

    assert {one["user_id"] for one in own.json()} == {BOT_ID}
    assert "revoked" not in names(own)
    # Not that the token is bad: GitLab says so to whoever is no administrator.
    assert (others.status_code, others.json()) == (401, {"message": "401 Unauthorized"})
    admin = asking("demo-gitlab-admin-token", f"personal_access_tokens?user_id={BOT_ID}&state=inactive")
    assert names(admin) == ["revoked", "expired"]
    assert asking("demo-gitlab-admin-token", "personal_access_tokens?user_id=4711").status_code == 404


def test_the_token_itself_can_be_looked_at(client: httpx.Client) -> None:
    assert client.get("personal_access_tokens/self").json()["name"] == "supops"


def test_tokens_age_with_the_world(sandbox: Sandbox, client: httpx.Client) -> None:
    today = datetime(2031, 5, 1, 12, tzinfo=UTC)
    sandbox.world.now = today.timestamp

    shown = {one["name"]: one for one in client.get("personal_access_tokens").json()}

    assert shown["pipelines"]["expires_at"] == "2031-05-11"
    assert shown["backup of the roster"]["last_used_at"] == (today - timedelta(days=200)).isoformat(
        timespec="milliseconds"
    ).replace("+00:00", "Z")


def test_project_and_group_tokens_are_filtered_and_sorted(client: httpx.Client) -> None:
    active = client.get(f"{project('zendesk/apps')}/access_tokens", params={"state": "active"}).json()
    soonest = client.get(
        f"{project('tools/calendly')}/access_tokens", params={"state": "active", "sort": "expires_asc"}
    )
    group = client.get(f"groups/{quote(f'{GROUP}/tools', safe='')}/access_tokens")

    assert [(one["id"], one["expires_at"] is None, one["access_level"]) for one in active] == [
        (811, False, 40),
        (812, True, 40),
    ]
    assert names(soonest) == ["never used", "new, and not used yet"]
    assert [one["last_used_at"] for one in soonest.json()] == [None, None]
    assert names(group) == ["reports"]


def test_tokens_of_a_place_are_for_who_runs_it(client: httpx.Client, asking: Ask) -> None:
    for answer in (
        client.get(f"{project('partners/portal')}/access_tokens"),
        asking("demo-gitlab-member-token", f"groups/{GROUP}/access_tokens"),
    ):
        assert (answer.status_code, answer.json()) == (401, {"message": "401 Unauthorized"})


def test_labels_are_those_of_the_project_and_its_groups(client: httpx.Client) -> None:
    both = names(client.get(f"projects/{AUDITS}/labels"))
    own = names(client.get(f"projects/{AUDITS}/labels", params={"include_ancestor_groups": "false"}))

    assert set(both) - set(own) == {"Support Readiness"}
    assert names(client.get(f"projects/{AUDITS}/labels", params={"search": "priority::2"})) == ["Priority::2"]
