"""Requests answered on the simulated GitLab: whatever becomes of its answers, and whoever of the team goes on."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from supops.adapters.gitlab_license_requests import GitLabRequests
from supops.adapters.license_forms import IssueForms
from supops.errors import SupopsError
from supops.models.license_requests import Closing, RequestNote
from supops.render.license_replies import TemplateReplies
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_license_requests import GOOD, TOO_LONG
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.server import Sandbox
from supops.services.license_closing import Closer
from supops.services.license_completing import Handed, plan_completion
from supops.services.license_rules import Rules, license_of
from supops.services.licensing import Licenser
from tests.connecting import TOKEN, gitlab_of
from tests.fakes.console import FakeNotices
from tests.fakes.licenses import FakeLedger, FakeReader, FakeSigner

# The same for all that a test does, which may go on over midnight.
NOW = datetime.now(UTC)
COLLEAGUE, OUTSIDER = "demo-gitlab-member-token", "demo-gitlab-guest-token"
NOTES = f"/api/v4/projects/*/issues/{GOOD}/notes"


def closer(sandbox: Sandbox, token: str = TOKEN) -> Closer:
    """Each with a ledger of their own."""
    return Closer(
        Licenser(Rules(), FakeLedger(), lambda: NOW, UTC, "Stage::Completed"),
        GitLabRequests(gitlab_of(sandbox, token), TRACKER),
        IssueForms(UTC),
        TemplateReplies("https://docs.example.com/licenses"),
        FakeNotices(),
    )


def complete(one: Closer) -> Closing:
    request = one.licenser.decide(one.read(one.tracker.issue(GOOD))).request
    assert request
    content = license_of(request, one.licenser.rules, today=one.licenser.today)
    handed = Handed(FakeSigner().sign(content).encode(), FakeReader(), "10m", attach=False, by="jo")
    return plan_completion(one, GOOD, handed, None).carry_out()


@pytest.mark.parametrize("acts", [True, False])
@pytest.mark.parametrize("kind", ["500", "reset"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", NOTES),
        ("POST", NOTES.replace("notes", "add_spent_time")),
        ("PUT", NOTES.removesuffix("/notes")),
    ],
)
def test_whatever_becomes_of_an_answer_everything_is_done_once(
    sandbox: Sandbox, method: str, path: str, kind: str, acts: bool
) -> None:
    sandbox.faults.add(Fault(kind, "gitlab", path, method, times=1, acts=acts))

    for token in (TOKEN, COLLEAGUE, TOKEN):
        with suppress(SupopsError):
            closing = complete(closer(sandbox, token))

    assert {str(step.state) for step in closing.steps if step.what != "ledger"} == {"already"}
    issue = sandbox.world.gitlab.issue(TRACKER, GOOD)
    assert (issue.state, issue.time_spent, "Stage::Completed" in issue.labels) == ("closed", 600, True)
    assert sum("The license was generated" in note.body for note in issue.notes) == 1


def test_an_outsider_forges_no_answer(sandbox: Sandbox) -> None:
    mine = closer(sandbox)
    issue = mine.tracker.issue(TOO_LONG)
    mine.dry_run = True
    forged = mine.refuse(TOO_LONG).reply
    GitLabRequests(gitlab_of(sandbox, OUTSIDER), TRACKER).comment(issue, forged)
    mine.dry_run = False

    assert [str(step.state) for step in mine.refuse(TOO_LONG).steps] == ["done"]
    assert [str(step.state) for step in closer(sandbox, COLLEAGUE).refuse(TOO_LONG).steps] == ["already"]
    authors = [one.author for one in mine.tracker.notes(issue) if _is_refusal(one)]
    assert authors == ["sam-nakamura", "support-bot"]


def _is_refusal(note: RequestNote) -> bool:
    return note.body.startswith("<!-- supops:license refuse ")
