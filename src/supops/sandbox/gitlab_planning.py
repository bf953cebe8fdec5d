"""The simulated GitLab's iterations and milestones. Both follow from what day it is, as an automatic cadence makes them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from supops.sandbox.bookings import Json
from supops.sandbox.gitlab_context import Context
from supops.sandbox.gitlab_pages import FORBIDDEN, NOT_FOUND, failed, flag, page
from supops.sandbox.gitlab_state import GitLabGroup, GitLabProject, GitLabState
from supops.sandbox.http import Answer

# The only group with a cadence and milestones, and one that others may not use.
PLANNING_GROUP, PLANNING_GROUP_ID = "cust-support-ops", 410
FOREIGN_ITERATION = 99_001
FIRST_SUNDAY = date(2020, 1, 5)
FIRST_ITERATION, FIRST_MILESTONE = 53_000, 8_000
PAST_WEEKS, COMING_WEEKS = 26, 6
PAST_MONTHS, COMING_MONTHS = 6, 3
MILESTONE_TITLE = "CustSuppOps Deployment {:%Y-%m-%d}"
UNDATED_MILESTONE, UNDATED_TITLE = 7_999, "Tidy up"
STATES = {1: "upcoming", 2: "current", 3: "closed"}


@dataclass(frozen=True, slots=True)
class Week:
    """An iteration: from a Sunday to a Saturday. `state` is 1 for upcoming, 2 for current, 3 for closed."""

    id: int
    sequence: int
    start: date
    state: int
    title: str | None = None

    @property
    def due(self) -> date:
        """The last day."""
        return self.start + timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A milestone. `project` is the path of its project; empty where it is the group's."""

    id: int
    title: str
    start: date | None
    due: date | None
    is_active: bool = True
    project: str = ""


def day_of(now: float) -> date:
    """Return the day that it is, in UTC."""
    return datetime.fromtimestamp(now, UTC).date()


def current_iteration(now: float) -> int:
    """Return the id of the iteration that it is in."""
    return FIRST_ITERATION + (day_of(now) - FIRST_SUNDAY).days // 7


def iteration(state: GitLabState, number: int, now: float) -> Week | None:
    """Return an iteration of the team's; None where there is no such one."""
    ahead = number - current_iteration(now)
    if number < FIRST_ITERATION or ahead > COMING_WEEKS:
        return None
    sequence = number - FIRST_ITERATION
    phase = 1 if ahead > 0 else 2 if ahead == 0 else 3
    return Week(
        number,
        sequence + 1,
        FIRST_SUNDAY + timedelta(weeks=sequence),
        phase,
        state.iteration_titles.get(ahead),
    )


def deployment(month: date, today: date) -> Deployment:
    """Return the milestone of a month's deployment."""
    due = month.replace(day=1)
    number = FIRST_MILESTONE + (due.year - 2020) * 12 + due.month - 1
    start = (due - timedelta(days=1)).replace(day=1)
    return Deployment(number, MILESTONE_TITLE.format(due), start, due, is_active=due >= today)


def months(today: date, first: int, last: int) -> list[date]:
    """Return the first days of months, counted from this one."""
    begin = today.year * 12 + today.month - 1
    return [date((begin + ahead) // 12, (begin + ahead) % 12 + 1, 1) for ahead in range(first, last + 1)]


def milestone(number: int | None, now: float, project: str) -> Deployment | None:
    """Return a milestone that a project may use; None where there is no such one."""
    return _milestones(day_of(now), project).get(number or 0)


@lru_cache(maxsize=64)
def _milestones(today: date, project: str) -> dict[int, Deployment]:
    """Return the milestones that a project may use, by id."""
    if not project.startswith(f"{PLANNING_GROUP}/"):
        return {}
    undated = Deployment(UNDATED_MILESTONE, UNDATED_TITLE, None, None, project=project)
    dated = (deployment(month, today) for month in months(today, -PAST_MONTHS, COMING_MONTHS))
    return {one.id: one for one in (*dated, undated)}


def group_iterations(context: Context, found: GitLabGroup) -> Answer:
    """Answer ``GET /groups/:id/iterations``, the earliest first. Where the plan has none, that is 403, or 404."""
    state = context.state
    refused = state.without_iterations or (0 if state.paid_plan else 403)
    if refused:
        return failed(refused, FORBIDDEN if refused == 403 else NOT_FOUND)
    wanted = context.request.parameter("state") or "all"
    if wanted not in ("all", "opened", *STATES.values()):
        return failed(400, "state does not have a valid value")
    with_ancestors = flag(context.request, "include_ancestors", default=True)
    is_theirs = found.path == PLANNING_GROUP or (
        with_ancestors and found.path.startswith(f"{PLANNING_GROUP}/")
    )
    current = current_iteration(context.now)
    numbers = range(current - PAST_WEEKS, current + COMING_WEEKS + 1) if is_theirs else range(0)
    weeks = [one for number in numbers if (one := iteration(state, number, context.now))]
    named = {"all": STATES.keys(), "opened": (1, 2)}
    phases = named.get(wanted) or [phase for phase, name in STATES.items() if name == wanted]
    return page(
        context.request, [one for one in weeks if one.state in phases], lambda one: week_json(context, one)
    )


def week_json(context: Context, week: Week) -> Json:
    """Return an iteration as the API shows it."""
    made = f"{week.start - timedelta(weeks=COMING_WEEKS)}T00:05:00.000Z"
    return {
        "id": week.id,
        "iid": week.sequence,
        "sequence": week.sequence,
        "group_id": PLANNING_GROUP_ID,
        "title": week.title,
        "description": None,
        "state": week.state,
        "created_at": made,
        "updated_at": made,
        "start_date": week.start.isoformat(),
        "due_date": week.due.isoformat(),
        "web_url": f"{context.state.host}/groups/{PLANNING_GROUP}/-/iterations/{week.id}",
    }


def project_milestones(context: Context, found: GitLabProject) -> Answer:
    """Answer ``GET /projects/:id/milestones``; those of the groups above only where they are asked for."""
    deep = flag(context.request, "include_ancestors", default=False) or flag(
        context.request, "include_parent_milestones", default=False
    )
    known = _milestones(day_of(context.now), found.path).values()
    chosen = [one for one in known if one.project or deep]
    return _listed(context, chosen)


def group_milestones(context: Context, found: GitLabGroup) -> Answer:
    """Answer ``GET /groups/:id/milestones``."""
    known = _milestones(day_of(context.now), f"{found.path}/any") if found.path == PLANNING_GROUP else {}
    return _listed(context, [one for one in known.values() if not one.project])


def _listed(context: Context, chosen: list[Deployment]) -> Answer:
    request = context.request
    state, title = request.parameter("state"), request.parameter("title")
    search = (request.parameter("search") or "").lower()
    shown = [
        one
        for one in chosen
        if (state is None or (state == "active") == one.is_active)
        and (title is None or one.title == title)
        and search in one.title.lower()
    ]
    # As the platform orders them by default: the latest due first, those without a date at the end.
    shown.sort(key=lambda one: (one.due is None, -(one.due.toordinal() if one.due else 0)))
    return page(request, shown, lambda one: milestone_json(context, one))


def milestone_json(context: Context, one: Deployment) -> Json:
    """Return a milestone as the API shows it."""
    place = f"{one.project}/-/milestones" if one.project else f"groups/{PLANNING_GROUP}/-/milestones"
    owner: Json = (
        {"project_id": context.state.project(one.project).id}
        if one.project
        else {"group_id": PLANNING_GROUP_ID}
    )
    number = one.id - FIRST_MILESTONE + 1 if one.due else 1
    return {
        "id": one.id,
        "iid": number,
        **owner,
        "title": one.title,
        "description": "",
        "state": "active" if one.is_active else "closed",
        "created_at": "2025-11-03T08:00:00.000Z",
        "updated_at": "2025-11-03T08:00:00.000Z",
        "due_date": one.due.isoformat() if one.due else None,
        "start_date": one.start.isoformat() if one.start else None,
        "expired": not one.is_active,
        "web_url": f"{context.state.host}/{place}/{number}",
    }
