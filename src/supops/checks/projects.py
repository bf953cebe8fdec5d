"""Checks of the projects on GitLab (source: domain, "Audits", Projects)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, assert_never

from supops.checks.registry import Check, Rule
from supops.models.findings import Finding, Severity, Subject
from supops.models.projects import Access, Approvals, Expected, Level, MostToPush, ProjectState

PROJECTS = "projects"
ANY = "any"
NO_ONE = "No one"
# Who may change a branch that nothing protects.
EVERYBODY = (Access("Developers + Maintainers", Level.DEVELOPERS),)
Action = Literal["merge", "push"]
ApprovalName = Literal["author_approval", "committer_approval", "rule_overrides", "approvals_on_push"]
# What is said of a setting that is careful, and of one that is not.
APPROVALS: dict[ApprovalName, tuple[str, str]] = {
    "author_approval": ("prevented", "allowed"),
    "committer_approval": ("prevented", "allowed"),
    "rule_overrides": ("prevented", "allowed"),
    "approvals_on_push": ("removed", "kept"),
}


@dataclass(frozen=True, slots=True)
class ProjectSnapshot:
    """The settings of all projects, beside what is expected of each.

    Attributes:
        bot_users: Usernames; empty where nobody said who they are.
    """

    states: tuple[ProjectState, ...]
    expected: Expected
    bot_users: tuple[str, ...] = ()


def approval_word(approvals: Approvals, name: ApprovalName) -> str | None:
    """Return what a setting is, in the words of `gitlab.expected`; None where that is not known."""
    careful = {
        "author_approval": approvals.author_prevented,
        "committer_approval": approvals.committers_prevented,
        "rule_overrides": approvals.overrides_prevented,
        "approvals_on_push": approvals.removed_on_push,
    }[name]
    return None if careful is None else APPROVALS[name][0 if careful else 1]


def who_may(state: ProjectState, action: Action) -> tuple[Access, ...] | None:
    """Return who may change the default branch, each once; None where that is not known, or there is no such branch."""
    branch = state.project.default_branch
    if branch is None or state.protections is None:
        return None
    covering = state.covering(branch)
    if not covering:
        return EVERYBODY
    # Where several protections cover a branch, whoever one of them lets through is let through.
    lists = (one.merge if action == "merge" else one.push for one in covering)
    found = dict.fromkeys(access for accesses in lists for access in accesses)
    return tuple(access for access in found if access.level is not Level.NOBODY)


def called(access: Access) -> str:
    """Return what somebody who may change a branch is called: by the username, which nobody shares, or by the platform's words."""
    return access.username or access.title


def is_beyond(access: Access, most: MostToPush, bot_users: Iterable[str]) -> bool | None:
    """Tell whether somebody may do more than the most who may. None: it depends on who the bot users are, which nobody said.

    Whom a username stands for is a bot user, or may be no Maintainer. What has neither role nor username is a group, a deploy
    key or a role that is not known: more than any role allows.
    """
    bots = {name.casefold() for name in bot_users}
    is_bot = access.username is not None and access.username.casefold() in bots
    match most:
        case "any":
            return False
        case "nobody":
            return access.level is not Level.NOBODY
        case "bot_users":
            if access.username is not None and not bots:
                return None
            return access.level is not Level.NOBODY and not is_bot
        case "maintainers":
            return access.level in (None, Level.DEVELOPERS) and not is_bot
        case "developers":
            return access.level is None and access.username is None
        case _:
            assert_never(most)


def unread(state: ProjectState, expected: Expected) -> tuple[str, ...]:
    """Return the settings that something is expected of, and that could not be read, by the names of `gitlab.expected`."""
    names: list[str] = [
        name
        for name in APPROVALS
        if getattr(expected, name) != ANY and approval_word(state.approvals, name) is None
    ]
    if state.project.default_branch is not None and state.protections is None:
        names += [name for name in ("merge", "push") if getattr(expected, name) != ANY]
    return tuple(names)


def unknown_pushers(state: ProjectState, snapshot: ProjectSnapshot) -> tuple[str, ...]:
    """Return those who may push to the default branch, and could be bot users or not."""
    return tuple(
        called(access)
        for access in who_may(state, "push") or ()
        if is_beyond(access, snapshot.expected.push, snapshot.bot_users) is None
    )


def approval(check: Check, snapshot: ProjectSnapshot, *, name: ApprovalName) -> Iterator[Finding]:
    """Find projects where one of the approval settings is known and not what is expected."""
    expected: str = getattr(snapshot.expected, name)
    for state in snapshot.states:
        actual = approval_word(state.approvals, name)
        if expected != ANY and actual not in (None, expected):
            yield check.finding(
                _subject(state),
                f"{name} is {actual}; expected: {expected}",
                expected=expected,
                actual=actual,
            )


def unprotected(check: Check, snapshot: ProjectSnapshot) -> Iterator[Finding]:
    """Find projects whose default branch is not protected at all."""
    if snapshot.expected.merge == snapshot.expected.push == ANY:
        return
    for state in snapshot.states:
        if _is_unprotected(state):
            branch = state.project.default_branch
            yield check.finding(
                _subject(state),
                f"the default branch {branch} is not protected: every Developer may push to it and delete it",
                expected="protected",
                actual="not protected",
            )


def branch_access(check: Check, snapshot: ProjectSnapshot, *, action: Action) -> Iterator[Finding]:
    """Find projects where more people than expected may change the default branch, which is protected."""
    most = snapshot.expected.merge if action == "merge" else snapshot.expected.push
    expected = _most_in_words(most, snapshot.bot_users)
    for state in snapshot.states:
        if _is_unprotected(state):
            continue
        allowed = who_may(state, action) or ()
        beyond = [access for access in allowed if is_beyond(access, most, snapshot.bot_users)]
        if beyond:
            verb = "merge into" if action == "merge" else "push to"
            whom = ", ".join(map(called, beyond))
            yield check.finding(
                _subject(state),
                f"may {verb} {state.project.default_branch}: {whom}; expected: {expected}",
                expected=expected,
                actual=", ".join(map(called, allowed)),
            )


def _is_unprotected(state: ProjectState) -> bool:
    branch = state.project.default_branch
    return branch is not None and state.protections is not None and not state.covering(branch)


def _most_in_words(most: MostToPush, bot_users: tuple[str, ...]) -> str:
    return {
        "nobody": "nobody",
        "bot_users": f"nobody but {', '.join(bot_users) or 'the bot users'}",
        "maintainers": "nobody but Maintainers",
        "developers": "nobody but Developers and Maintainers",
    }.get(most, most)


def _subject(state: ProjectState) -> Subject:
    return Subject(state.project.path, ref=state.project.path)


def _check(key: str, title: str, severity: Severity, what: str, why: str, remedy: str) -> Check:
    return Check(key, title, severity, (PROJECTS,), what, why, remedy)


IN_SETTINGS = "in the project's settings, under Merge requests, Merge request approvals"
RULES: tuple[Rule[ProjectSnapshot], ...] = (
    Rule(
        _check(
            "author-approval",
            "Authors may approve their own merge requests",
            Severity.HIGH,
            "Nobody approves a merge request of their own. `gitlab.expected.author_approval` says what is expected.",
            "What one person writes and approves, nobody else has looked at.",
            f"Set *Prevent approval by merge request creator* {IN_SETTINGS}.",
        ),
        partial(approval, name="author_approval"),
    ),
    Rule(
        _check(
            "committer-approval",
            "Committers may approve what they have committed to",
            Severity.MEDIUM,
            "Nobody approves a merge request that they have added commits to. `gitlab.expected.committer_approval` says what is "
            "expected.",
            "Somebody may add a commit to another person's merge request and approve it.",
            f"Set *Prevent approvals by users who add commits* {IN_SETTINGS}.",
        ),
        partial(approval, name="committer_approval"),
    ),
    Rule(
        _check(
            "approval-rule-overrides",
            "Approval rules may be changed in a merge request",
            Severity.MEDIUM,
            "The approval rules of a project hold for each of its merge requests. `gitlab.expected.rule_overrides` says what is "
            "expected.",
            "Whoever opens a merge request could do away with the approvals that it needs.",
            f"Set *Prevent editing approval rules in merge requests* {IN_SETTINGS}.",
        ),
        partial(approval, name="rule_overrides"),
    ),
    Rule(
        _check(
            "approvals-on-push",
            "Approvals stay when a commit is added",
            Severity.MEDIUM,
            "All approvals of a merge request are removed when a commit is added to it. `gitlab.expected.approvals_on_push` says "
            "what is expected.",
            "What is merged would not be what was approved.",
            f"Under *When a commit is added*, choose *Remove all approvals* {IN_SETTINGS}.",
        ),
        partial(approval, name="approvals_on_push"),
    ),
    Rule(
        _check(
            "unprotected-default-branch",
            "The default branch is not protected",
            Severity.HIGH,
            "Each default branch is a protected branch, or matches the pattern of one. A project without a branch has nothing to "
            "protect. Left out where both `gitlab.expected.merge` and `gitlab.expected.push` are `any`.",
            "Every Developer may push to it, past all approvals, rewrite its history, and delete it.",
            "Protect the branch in the project's settings, under Repository, Protected branches.",
        ),
        unprotected,
    ),
    Rule(
        _check(
            "merge-access",
            "Too many may merge into the default branch",
            Severity.HIGH,
            "Nobody beyond `gitlab.expected.merge` may merge into the default branch, by any of the protections that cover it. "
            "Fewer is as good. A user who is named on a protection counts as more than Maintainers, unless it is a bot user.",
            "The last look before something takes effect is a Maintainer's.",
            "Change *Allowed to merge* in the project's settings, under Repository, Protected branches: of each branch and pattern "
            "that covers the default branch.",
        ),
        partial(branch_access, action="merge"),
    ),
    Rule(
        _check(
            "push-access",
            "Too many may push to the default branch",
            Severity.HIGH,
            "Nobody beyond `gitlab.expected.push` may push to the default branch, by any of the protections that cover it. Fewer "
            "is as good. With `bot_users`, only those in `gitlab.bot_users` may: no role, no group, no deploy key, nobody else.",
            "What is pushed is in no merge request, and nobody has approved it.",
            "Change *Allowed to push and merge* in the project's settings, under Repository, Protected branches: of each branch and "
            "pattern that covers the default branch.",
        ),
        partial(branch_access, action="push"),
    ),
)
