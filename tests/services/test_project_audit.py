"""The audit of projects, with everything in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

import pytest

from supops.errors import NotFound, SupopsError
from supops.models.audits import Audit
from supops.models.projects import (
    Access,
    Approvals,
    Expected,
    Level,
    Project,
    ProjectListing,
    ProjectState,
    Protection,
)
from supops.services.audit_ports import ProjectDirectory
from supops.services.project_audit import project_plan, shortened
from tests.fakes.clock import START

Work = TypeVar("Work")
Done = TypeVar("Done")
MAINTAINERS = Access("Maintainers", Level.MAINTAINERS)
BOT = Access("Support Bot", username="support-bot")
CAREFUL = Approvals(
    author_prevented=True, committers_prevented=True, overrides_prevented=True, removed_on_push=True
)
MAIN = Protection("main", (MAINTAINERS,), (BOT,))
EXPECTED = Expected()
REFUSED = "its approval settings: GitLab refuses (403)."


def good(number: int = 1, path: str = "team/tools", branch: str | None = "main") -> ProjectState:
    project = Project(number, path, f"https://gitlab.example/{path}", branch)
    return ProjectState(project, (MAIN,), CAREFUL)


class Projects(ProjectDirectory):
    """Projects in memory."""

    def __init__(
        self, *states: ProjectState, archived: tuple[str, ...] = (), error: SupopsError | None = None
    ) -> None:
        self.states: Mapping[Project, ProjectState] = {state.project: state for state in states}
        self.archived = archived
        self.error = error

    def list_projects(self) -> ProjectListing:
        if self.error is not None:
            raise self.error
        return ProjectListing(tuple(self.states), self.archived)

    def examine(self, project: Project) -> ProjectState:
        return self.states[project]


def backwards(work: Callable[[Work], Done], items: Iterable[Work], /) -> Iterator[Done]:
    """The last one is ready first: see `Parallel`."""
    return map(work, reversed(list(items)))


def audit(
    *states: ProjectState,
    archived: tuple[str, ...] = (),
    expected: Expected = EXPECTED,
    bot_users: tuple[str, ...] = ("support-bot",),
) -> Audit:
    directory = Projects(*states, archived=archived)
    plan = project_plan(
        directory=lambda: directory, parallel=backwards, expected=expected, bot_users=bot_users
    )
    return plan.run(START)


def test_all_is_well() -> None:
    report = audit(good())

    assert (report.key, report.findings, report.complete, report.remarks) == ("projects", (), True, ())
    assert report.counts == {"projects": 1, "findings": 0, "waived": 0}


def test_all_that_was_seen_of_a_project_is_listed() -> None:
    state = replace(
        good(),
        protections=(MAIN, Protection("*", (), (Access("No one", Level.NOBODY),)), Protection("x", (), ())),
    )

    (listing,) = audit(state).listings

    (item,) = listing.items
    assert (listing.key, item.identity, item.title) == ("projects", "1", "team/tools")
    assert dict(item.facts) == {
        "id": 1,
        "name": "team/tools",
        "web_url": "https://gitlab.example/team/tools",
        "default_branch": "main",
        "protected_branches": ("main", "*", "x"),
        "author_approval": "prevented",
        "committer_approval": "prevented",
        "rule_overrides": "prevented",
        "approvals_on_push": "removed",
        "merge": ("Maintainers",),
        "push": ("support-bot",),
    }


@pytest.mark.parametrize(
    ("state", "push"),
    [
        (replace(good(), protections=None), None),
        (replace(good(), protections=()), ("Developers + Maintainers",)),
        (replace(good(), protections=(Protection("main", (), ()),)), ("No one",)),
        (good(branch=None), None),
    ],
    ids=["not read", "not protected", "nobody", "no branch"],
)
def test_who_may_push_is_told_in_each_case(state: ProjectState, push: tuple[str, ...] | None) -> None:
    (listing,) = audit(state).listings

    assert listing.items[0].facts["push"] == push


def test_projects_and_findings_are_in_order_whichever_is_ready_first() -> None:
    careless = replace(CAREFUL, author_prevented=False, removed_on_push=False)
    states = [
        replace(good(number, path), approvals=careless) for number, path in ((1, "a"), (2, "B"), (3, "c"))
    ]

    report = audit(*states)

    assert [item.facts["name"] for item in report.listings[0].items] == ["a", "B", "c"]
    assert [(finding.check, finding.subject.ref) for finding in report.findings] == [
        (check, path) for check in ("approvals-on-push", "author-approval") for path in ("a", "B", "c")
    ]


def test_what_could_not_be_checked_is_one_sentence_for_each_reason() -> None:
    unread = [
        replace(good(number, f"p{number}"), approvals=Approvals(), missing=(REFUSED,))
        for number in range(1, 8)
    ]
    closed = replace(good(9, "p9"), protections=None, missing=("its protected branches: not found",))

    report = audit(good(), *unread, closed)

    settings = ("author_approval", "committer_approval", "rule_overrides", "approvals_on_push")
    left_out = ", ".join(f"gitlab.expected.{name}: any" for name in settings)
    assert report.findings == ()
    assert report.incomplete_reasons == (
        f"could not check {', '.join(settings)} of 7 projects (p1, p2, p3, p4, p5 and 2 more): "
        f"its approval settings: GitLab refuses (403). To leave that out: {left_out}",
        "could not check merge, push of 1 project (p9): its protected branches: not found. "
        "To leave that out: gitlab.expected.merge: any, gitlab.expected.push: any",
    )


def test_what_nobody_asks_for_may_be_unread() -> None:
    nothing = Expected("any", "any", "any", "any", "any", "any")
    state = replace(good(), protections=None, approvals=Approvals(), missing=(REFUSED,))

    report = audit(state, expected=nothing)

    assert (report.complete, report.findings) == (True, ())
    assert report.listings[0].items[0].facts["author_approval"] is None


def test_without_bot_users_it_is_not_known_who_may_push() -> None:
    report = audit(good(), bot_users=())

    assert report.findings == ()
    assert report.incomplete_reasons == (
        "could not check push of 1 project (team/tools): gitlab.bot_users does not say whether support-bot may push. "
        "To leave that out: gitlab.expected.push: any",
    )


def test_what_is_left_out_is_said() -> None:
    report = audit(good(1, "a", None), good(2, "b"), archived=tuple(f"old-{number}" for number in range(7)))

    assert report.complete
    assert report.remarks == (
        "7 archived projects are left out: old-0, old-1, old-2, old-3, old-4 and 2 more",
        "1 project has no branch, and so none to protect: a",
    )


def test_a_group_without_a_project_is_said_to_have_none() -> None:
    report = audit(archived=("old",))

    assert report.remarks == (
        "the token sees no project in the group that is not archived",
        "1 archived project is left out: old",
    )


@pytest.mark.parametrize(
    ("number", "said"), [(0, ""), (1, "0"), (5, "0, 1, 2, 3, 4"), (6, "0, 1, 2, 3, 4 and 1 more")]
)
def test_long_lists_are_shortened(number: int, said: str) -> None:
    assert shortened(map(str, range(number))) == said


def test_the_rules_are_expectations_and_bots() -> None:
    rules = audit(good()).rules

    assert audit(good(2, "other"), bot_users=("SUPPORT-BOT",)).rules == rules
    assert audit(good(), bot_users=("other",)).rules != rules
    assert audit(good(), expected=Expected(push="any")).rules != rules


def test_a_group_that_there_is_not_is_an_error() -> None:
    directory = Projects(error=NotFound("there is no group team"))
    plan = project_plan(directory=lambda: directory, parallel=backwards, expected=Expected(), bot_users=())

    with pytest.raises(NotFound):
        plan.run(START)
