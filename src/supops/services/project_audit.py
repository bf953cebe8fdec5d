"""The audit of the projects on GitLab (source: domain, "Audits", Projects)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from supops.checks.projects import (
    NO_ONE,
    PROJECTS,
    RULES,
    Action,
    ProjectSnapshot,
    approval_word,
    called,
    unknown_pushers,
    unread,
    who_may,
)
from supops.checks.registry import run_rules
from supops.models.audits import Audit, Item, Listing
from supops.models.projects import Expected, ProjectListing, ProjectState
from supops.services.audit_ports import ProjectDirectory
from supops.services.auditing import AuditPlan, fingerprint_of
from supops.services.ports import Parallel

TITLE = "Projects"
SHOWN = (
    "name",
    "default_branch",
    "author_approval",
    "committer_approval",
    "rule_overrides",
    "approvals_on_push",
    "merge",
    "push",
)
# So many are named in a sentence; of the others only how many there are.
NAMED = 5


def project_plan(
    *,
    directory: Callable[[], ProjectDirectory],
    parallel: Parallel,
    expected: Expected,
    bot_users: tuple[str, ...],
) -> AuditPlan:
    """Return the audit of all projects of a group.

    Args:
        directory: Connects to the group; raises SupopsError where that can't be done.
        parallel: Examines several projects at once.
        expected: What each project is expected to have.
        bot_users: Usernames of those who may push to default branches.
    """

    def run(started_at: datetime) -> Audit:
        group = directory()
        listing = group.list_projects()
        states = sorted(parallel(group.examine, listing.projects), key=_place)
        return _audit(listing, ProjectSnapshot(tuple(states), expected, bot_users), started_at)

    return AuditPlan(PROJECTS, None, TITLE, run)


def _place(state: ProjectState) -> tuple[str, int]:
    return (state.project.path.casefold(), state.project.id)


def _audit(listing: ProjectListing, snapshot: ProjectSnapshot, started_at: datetime) -> Audit:
    findings = run_rules(RULES, PROJECTS, snapshot)
    items = tuple(_item(state) for state in snapshot.states)
    bots = sorted({name.casefold() for name in snapshot.bot_users})
    return Audit(
        PROJECTS,
        None,
        TITLE,
        started_at,
        started_at,
        (Listing("projects", TITLE, SHOWN, items),),
        findings=tuple(sorted(findings, key=lambda finding: finding.sort_key)),
        incomplete_reasons=(*_unread(snapshot), *_undecided(snapshot)),
        remarks=_remarks(listing),
        rules=fingerprint_of(snapshot.expected, bots),
    )


def _item(state: ProjectState) -> Item:
    project, approvals = state.project, state.approvals
    protections = state.protections
    return Item(
        str(project.id),
        {
            "id": project.id,
            "name": project.path,
            "web_url": project.web_url,
            "default_branch": project.default_branch,
            "protected_branches": None if protections is None else tuple(one.name for one in protections),
            "author_approval": approval_word(approvals, "author_approval"),
            "committer_approval": approval_word(approvals, "committer_approval"),
            "rule_overrides": approval_word(approvals, "rule_overrides"),
            "approvals_on_push": approval_word(approvals, "approvals_on_push"),
            "merge": _names(state, "merge"),
            "push": _names(state, "push"),
        },
    )


def _names(state: ProjectState, action: Action) -> tuple[str, ...] | None:
    allowed = who_may(state, action)
    return None if allowed is None else tuple(map(called, allowed)) or (NO_ONE,)


def _unread(snapshot: ProjectSnapshot) -> list[str]:
    """Say of which projects what could not be read, and why: a sentence for all with the same."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for state in snapshot.states:
        settings = unread(state, snapshot.expected)
        if settings:
            groups[settings, state.missing].append(state.project.path)
    return [
        _reason(settings, paths, "; ".join(missing) or "GitLab does not show that")
        for (settings, missing), paths in groups.items()
    ]


def _undecided(snapshot: ProjectSnapshot) -> list[str]:
    """Say where it depends on who the bot users are, which nobody said."""
    pushers = {state.project.path: unknown_pushers(state, snapshot) for state in snapshot.states}
    paths = [path for path, names in pushers.items() if names]
    if not paths:
        return []
    names = dict.fromkeys(name for found in pushers.values() for name in found)
    why = f"gitlab.bot_users does not say whether {shortened(tuple(names))} may push"
    return [_reason(("push",), paths, why)]


def _reason(settings: Sequence[str], paths: Sequence[str], why: str) -> str:
    projects = f"{len(paths):,} project{'' if len(paths) == 1 else 's'}"
    leave_out = ", ".join(f"gitlab.expected.{name}: any" for name in settings)
    return (
        f"could not check {', '.join(settings)} of {projects} ({shortened(paths)}): {why.removesuffix('.')}. "
        f"To leave that out: {leave_out}"
    )


def _remarks(listing: ProjectListing) -> tuple[str, ...]:
    empty = [project.path for project in listing.projects if project.default_branch is None]
    found = []
    if not listing.projects:
        found.append("the token sees no project in the group that is not archived")
    if listing.archived:
        found.append(_remark(listing.archived, "archived ", "is left out", "are left out"))
    if empty:
        nothing = "no branch, and so none to protect"
        found.append(_remark(empty, "", f"has {nothing}", f"have {nothing}"))
    return tuple(found)


def _remark(paths: Sequence[str], kind: str, is_said: str, are_said: str) -> str:
    one = len(paths) == 1
    return (
        f"{len(paths):,} {kind}project{'' if one else 's'} {is_said if one else are_said}: {shortened(paths)}"
    )


def shortened(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are."""
    all_names = list(names)
    more = len(all_names) - NAMED
    return ", ".join(all_names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")
