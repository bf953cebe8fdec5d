"""GitLab's issues: what is asked, and how GitLab's peculiarities are met."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_issues import GitLabIssues
from supops.adapters.patience import Patience
from supops.errors import Forbidden, NotFound, PlatformError, Rejected
from supops.models.issues import IssueDraft
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_state import GitLabIssue, GitLabNote
from supops.sandbox.server import Sandbox
from tests.connecting import gitlab_of
from tests.fakes.console import FakeNotices
from tests.fakes.gitlab import PROJECT

DRAFT = IssueDraft("Audit", "text", ("audit",), ("owner",))
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def gitlab(sandbox: Sandbox, notices: FakeNotices) -> Iterator[GitLabConnection]:
    connection = gitlab_of(sandbox, notices=notices)
    yield connection
    connection.close()


@pytest.fixture
def issues(gitlab: GitLabConnection) -> GitLabIssues:
    return GitLabIssues(gitlab, PROJECT)


def asked(sandbox: Sandbox, method: str) -> list[str]:
    return [request.path for request in sandbox.requests if request.method == method]


@pytest.mark.parametrize("acts", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("kind", ["reset", "502", "truncated"])
def test_a_create_without_answer_is_not_sent_again(
    sandbox: Sandbox, issues: GitLabIssues, kind: str, acts: bool
) -> None:
    sandbox.faults.add(Fault(kind, method="POST", acts=acts))

    with pytest.raises(PlatformError) as raised:
        issues.create(DRAFT)

    # Those say that nothing was created, which is not known here.
    assert not isinstance(raised.value, Rejected | NotFound)
    assert len(asked(sandbox, "POST")) == 1


def test_an_update_is_repeated(sandbox: Sandbox, issues: GitLabIssues) -> None:
    made = issues.create(DRAFT)
    sandbox.faults.add(Fault("reset", method="PUT", times=1, acts=True), Fault("503", method="PUT", times=1))

    assert issues.update(made, "new").description == "new"


def test_a_comment_is_deleted_although_the_first_answer_was_lost(
    sandbox: Sandbox, issues: GitLabIssues
) -> None:
    made = issues.create(DRAFT)
    issues.add_note(made, "part 2")
    sandbox.faults.add(Fault("reset", method="DELETE", times=1, acts=True))

    issues.delete_note(made, issues.notes(made)[0])

    assert issues.notes(made) == ()
    assert len(asked(sandbox, "DELETE")) == 2


def test_comments_of_people_and_of_the_platform_are_not_ours(sandbox: Sandbox, issues: GitLabIssues) -> None:
    made = issues.create(DRAFT)
    issues.update(made, "changed, which the platform notes in our name")
    issues.add_note(made, "ours")
    issue = sandbox.world.gitlab.issues[-1]
    time = "2026-10-01T08:00:00.000Z"
    issue.notes.append(GitLabNote(1, "maria-delgado", "theirs", time, time))

    assert [note.body for note in issues.notes(made)] == ["ours"]
    assert len(issue.notes) == 3


def test_an_issue_of_somebody_else_is_not_ours_and_may_have_no_text(
    sandbox: Sandbox, issues: GitLabIssues
) -> None:
    time = "2026-10-01T08:00:00.000Z"
    theirs = GitLabIssue(77, 9, PROJECT, "Audit", "maria-delgado", time, time, state="closed")
    sandbox.world.gitlab.issues.append(theirs)

    (found,) = issues.issues_since(LONG_AGO)

    assert (found.is_ours, found.is_closed, found.is_confidential) == (False, True, False)
    assert found.description == ""


def test_nothing_from_before_the_moment_is_listed_whatever_its_zone(
    sandbox: Sandbox, issues: GitLabIssues
) -> None:
    for iid, time in ((1, "2026-09-30T23:59:59.000Z"), (2, "2026-10-01T00:00:00.000Z")):
        sandbox.world.gitlab.issues.append(GitLabIssue(iid, iid, PROJECT, "x", "owner", time, time))
    moment = datetime(2026, 10, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))

    assert [one.iid for one in issues.issues_since(moment)] == [2]


def test_a_list_that_breaks_off_is_gone_on_with(sandbox: Sandbox, issues: GitLabIssues) -> None:
    made = [issues.create(replace(DRAFT, title=f"{number}")).iid for number in range(50)]
    sandbox.faults.add(Fault("reset", method="GET", path="*/issues", after=1, times=2))

    assert [one.iid for one in issues.issues_since(LONG_AGO)] == made


def test_a_description_of_a_million_characters_goes_through(sandbox: Sandbox) -> None:
    patient = gitlab_of(sandbox, patience=Patience())
    issues = GitLabIssues(patient, PROJECT)
    text = "| ü | <& |\n" * 90_000 + "end"

    made = issues.create(replace(DRAFT, description=text))

    assert made.description == text
    assert issues.issues_since(LONG_AGO)[0].description == text
    patient.close()


def test_what_is_too_long_names_the_field(issues: GitLabIssues) -> None:
    with pytest.raises(Rejected, match="title is too long"):
        issues.create(replace(DRAFT, title="x" * 300))


def test_a_comment_that_gitlab_takes_for_commands_is_no_comment(issues: GitLabIssues) -> None:
    made = issues.create(DRAFT)

    with pytest.raises(Rejected, match="quick actions"):
        issues.add_note(made, "/label ~audit")


def test_everything_is_sent_with_the_first_request(sandbox: Sandbox, issues: GitLabIssues) -> None:
    issues.create(replace(DRAFT, labels=("audit", "Priority::2")))

    (sent,) = [request for request in sandbox.requests if request.method == "POST"]
    body = msgspec.json.decode(sent.body)
    assert body["confidential"] is True
    assert body["labels"] == "audit,Priority::2"
    assert body["assignee_ids"] == [sandbox.world.gitlab.user("owner").id]
    assert "due_date" not in body


def test_a_token_that_may_only_read_says_what_it_takes(sandbox: Sandbox) -> None:
    reader = gitlab_of(sandbox, "demo-gitlab-read-token")

    with pytest.raises(Forbidden, match=f"does not allow .* to create an issue in {PROJECT}") as raised:
        GitLabIssues(reader, PROJECT).create(DRAFT)

    assert "scope api" in raised.value.hint
    reader.close()


def test_a_project_that_one_does_not_see(sandbox: Sandbox) -> None:
    outsider = gitlab_of(sandbox, "demo-gitlab-outsider-token")

    with pytest.raises(NotFound, match=f"look at the project {PROJECT}") as raised:
        GitLabIssues(outsider, PROJECT).facts((), ())

    assert "gitlab.audits_project" in raised.value.hint
    outsider.close()


def test_an_archived_project_takes_no_issues(sandbox: Sandbox, issues: GitLabIssues) -> None:
    sandbox.world.gitlab.project(PROJECT).archived = True

    with pytest.raises(Rejected, match="is archived"):
        issues.facts((), ())


def test_the_facts_ask_for_the_project_alone_where_nothing_else_is_needed(
    sandbox: Sandbox, issues: GitLabIssues
) -> None:
    facts = issues.facts((), ())

    assert len(sandbox.requests) == 1
    assert abs(facts.now - datetime.now(UTC)) < timedelta(seconds=10)


def test_labels_of_the_groups_above_are_known(issues: GitLabIssues) -> None:
    assert issues.facts(("Support Readiness", "audit"), ()).unknown_labels == ()


def test_a_project_that_was_renamed_is_found_and_then_called_by_its_number(
    sandbox: Sandbox, gitlab: GitLabConnection
) -> None:
    there = f"{sandbox.urls['gitlab']}/api/v4/projects/5001"
    sandbox.faults.add(Fault("redirect", path="*old-name*", to=there))
    issues = GitLabIssues(gitlab, "support-readiness/old-name")

    assert issues.facts((), ()).name == PROJECT
    assert issues.create(DRAFT).iid == 1
