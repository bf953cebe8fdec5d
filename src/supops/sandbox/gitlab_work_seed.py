"""The project of the team's work on the simulated GitLab: its labels, who asks for things there, and its issues."""

from supops.sandbox.gitlab_seed import TRACKER, TRACKER_GROUP
from supops.sandbox.gitlab_state import GUEST, GitLabState, GitLabUser, Label
from supops.sandbox.gitlab_work_early import EARLY
from supops.sandbox.gitlab_work_late import LATE
from supops.sandbox.gitlab_work_odd import ODD
from supops.sandbox.gitlab_work_telling import (
    INES,
    NADIA,
    OLIVIA,
    PETER,
    TESSA,
    Step,
    Told,
    history,
    issue_of,
    kind,
    stage,
)

# Issues from this number on are another story's.
LIMIT = 400
STAGES = (
    *("Triage", "Planning", "Scheduling", "Queued", "Development", "Validation", "Implementation"),
    *("Completed", "Blocked", "Backlogged"),
)
LABELS = (
    *(stage(name) for name in STAGES),
    *(f"RequestType::{name}" for name in ("Bug", "Feature", "Administrative", "Incident")),
    *(f"Validation::{name}" for name in ("Requested", "Awaiting", "Received", "Rejected", "Skipped")),
    *(f"Priority::{number}" for number in range(1, 5)),
    *(
        f"Customer::{name}"
        for name in ("Support", "Security", "Engineering", "Finance", "People", "Field", "Marketing", "ETA")
    ),
    *(f"Approval::{name}" for name in ("Not needed", "Needed", "Granted")),
    *("roadmap_item", stage("Triague")),
)
# They may open issues, and comment.
REQUESTERS = (
    GitLabUser(7301, INES, "Inês Castro"),
    GitLabUser(7302, PETER, "Peter Vale"),
    GitLabUser(7303, NADIA, "Nadia Haddad"),
)
BUSY_STAGES = ("Triage", "Planning", "Scheduling", "Queued", "Development", "Implementation", "Blocked")


def seed(state: GitLabState, now: float) -> None:
    """Tell the story from its beginning, with times that count back from `now`, in seconds since 1970."""
    _prepare(state)
    told = sorted((*EARLY, *LATE, *ODD), key=lambda one: one.iid)
    _replace(state, [*told], now)


def many_issues(state: GitLabState, count: int, now: float, *, only: str = "") -> None:
    """Have so many open issues in place of the story's, for benchmarks: in all stages, or `only` in one."""
    _prepare(state)
    _replace(state, [_busy(number, only) for number in range(1, count + 1)], now)


def _busy(number: int, only: str) -> Told:
    name = only or BUSY_STAGES[number % len(BUSY_STAGES)]
    age = 5 + number % 40
    return Told(
        number,
        f"Request {number} of many",
        (INES, PETER, NADIA)[number % 3],
        age,
        "Some text, as requests have it. " * 20,
        (
            Step(age, (stage("Triage"), *kind("Feature", 1 + number % 4, "Support"))),
            *history((name, number % 5)),
        ),
        (),
        (OLIVIA, TESSA)[number % 2 : number % 2 + 1],
        week=0 if name in ("Queued", "Development") else None,
        month=1,
    )


def _prepare(state: GitLabState) -> None:
    """Have the labels and the people there that the story needs; whatever there is already, stays."""
    known = {label.name for label in state.labels if label.place == TRACKER}
    state.labels += [
        Label(3400 + place, name, TRACKER) for place, name in enumerate(LABELS) if name not in known
    ]
    names = {user.username for user in state.users}
    state.users += [user for user in REQUESTERS if user.username not in names]
    group = next(one for one in state.groups if one.path == TRACKER_GROUP)
    group.levels |= {user.username: GUEST for user in REQUESTERS}


def _replace(state: GitLabState, told: list[Told], now: float) -> None:
    kept = [one for one in state.issues if one.project != TRACKER or one.iid >= LIMIT]
    state.issues = [*(issue_of(TRACKER, one, now) for one in told), *kept]
