"""Filing through python-gitlab into the simulated GitLab: nobody is called, nothing is run, and there is one issue."""

from dataclasses import replace

import pytest

from supops.adapters.gitlab_issues import GitLabIssues
from supops.errors import SupopsError
from supops.models.audits import Audit
from supops.models.filings import Action, Filed
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.waivers import Waiver
from supops.render.issue_body import IssueBody
from supops.sandbox.faults import Fault
from supops.sandbox.gitlab_seed import AUDITS_PROJECT
from supops.sandbox.server import Sandbox
from supops.services.filing import Filer
from tests.audits import a_finding, an_agent, an_audit
from tests.connecting import gitlab_of
from tests.fakes.clock import FakeClock
from tests.fakes.console import FakeNotices

HOSTILE = (
    "@all",
    "/close",
    "x\n/close\n/confidential",
    "`@all`",
    "``@all`",
    "| @all |",
    "</summary></details>@all",
    "<!-- @all -->",
    "<!-- supops:end 0 -->",
    "- [x] @all",
    "&#64;all",
    "[x](javascript:alert(1)) !secret ~label #1 $1 %1",
    "\u202e@all",
    "```\n@all",
)


def filed(sandbox: Sandbox, audit: Audit, *, longest: int = 1_000_000) -> Filed:
    tracker = GitLabIssues(gitlab_of(sandbox), AUDITS_PROJECT)
    filer = Filer(
        tracker,
        IssueBody("0.1.0", "supops audit", longest=longest),
        FakeClock(),
        FakeNotices(),
        FakeClock().now().date(),
        day_is_given=True,
        labels=("audit",),
    )
    filer.check()
    return filer.file(audit, None)


def hostile_audit() -> Audit:
    findings = []
    for number, text in enumerate(HOSTILE):
        subject = Subject(text, text, number)
        findings.append(
            Finding("suspended-agent", Severity.HIGH, subject, f"named {text}", text, text, Source(text, 1))
        )
    waiver = Waiver("suspended-agent", "@all", "/close @all", "@all", FakeClock().now().date(), "@all", 1)
    findings.append(replace(a_finding(99, message="@all"), waiver=waiver))
    agents = tuple(an_agent(number, text, email=text) for number, text in enumerate(HOSTILE))
    return replace(an_audit(*findings, agents=agents, reasons=HOSTILE), remarks=HOSTILE)


@pytest.mark.parametrize("longest", [1_000_000, 10_000])
def test_texts_from_outside_call_nobody_and_run_nothing(sandbox: Sandbox, longest: int) -> None:
    audit = hostile_audit()
    if longest < 1_000_000:
        audit = replace(audit, listings=(replace(audit.listings[1], items=audit.listings[1].items * 30),))

    for _ in range(2):
        filed(sandbox, audit, longest=longest)

    state = sandbox.world.gitlab
    assert state.mentions == []
    assert state.commands == []
    assert len([one for one in state.issues if one.project == AUDITS_PROJECT]) == 1


def test_people_tick_and_close_and_it_is_filed_again(sandbox: Sandbox) -> None:
    first = filed(sandbox, an_audit(a_finding(1), a_finding(2)))
    assert first.issue
    state = sandbox.world.gitlab
    state.tick(AUDITS_PROJECT, first.issue.iid, "**Agent 1**", by="maria-delgado", at="2026-10-02T08:00:00Z")
    state.close_issue(AUDITS_PROJECT, first.issue.iid, by="maria-delgado", at="2026-10-02T08:00:00Z")

    second = filed(sandbox, an_audit(a_finding(1), a_finding(3)))

    assert second.action is Action.UPDATED
    assert second.remarks == ("it was closed by people, and is left closed",)
    text = second.parts[0]
    assert "- [x] **Agent 1**" in text
    assert "- [ ] **Agent 3**" in text
    assert len([one for one in state.issues if one.project == AUDITS_PROJECT]) == 1


@pytest.mark.parametrize("kind", ["500", "502", "reset", "truncated"])
@pytest.mark.parametrize("path", ["/api/v4/projects/*/issues", "/api/v4/projects/*/issues/*/notes"])
def test_whatever_becomes_of_an_answer_there_is_one_issue_with_all_its_parts(
    sandbox: Sandbox, kind: str, path: str
) -> None:
    sandbox.faults.add(Fault(kind, "gitlab", path, "POST", times=1, acts=kind != "truncated"))
    audit = an_audit(a_finding(), agents=tuple(an_agent(number) for number in range(400)))

    done = filed(sandbox, audit, longest=10_000)

    assert len([one for one in sandbox.world.gitlab.issues if one.project == AUDITS_PROJECT]) == 1
    assert len(done.parts) > 2
    tracker = GitLabIssues(gitlab_of(sandbox), AUDITS_PROJECT)
    assert done.issue
    assert [note.body for note in tracker.notes(done.issue)] == list(done.parts[1:])


def test_an_issue_tracker_that_is_disabled_and_a_project_that_there_is_not(sandbox: Sandbox) -> None:
    sandbox.world.gitlab.project(AUDITS_PROJECT).issues_access = "disabled"
    with pytest.raises(SupopsError, match="disabled"):
        filed(sandbox, an_audit())

    tracker = GitLabIssues(gitlab_of(sandbox), "support-readiness/nowhere")
    with pytest.raises(SupopsError, match="nowhere"):
        tracker.facts((), ())
