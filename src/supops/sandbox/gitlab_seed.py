"""The story of the simulated GitLab: the team's group, its projects with a defect of every kind, its bot, and all tokens."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from supops.sandbox.gitlab_state import (
    DEVELOPER,
    GUEST,
    MAINTAINER,
    OWNER,
    REPORTER,
    AccessToken,
    ApprovalSettings,
    BranchProtection,
    GitLabGroup,
    GitLabProject,
    GitLabState,
    GitLabUser,
    Grant,
    Label,
)
from supops.sandbox.people import PEOPLE

GROUP = "support-readiness"
AUDITS_PROJECT = f"{GROUP}/system-audits"
TRACKER_GROUP = "cust-support-ops"
TRACKER = f"{TRACKER_GROUP}/issue-tracker"
BOT, BOT_ID = "support-bot", 7100
ASSIGNEES = ("maria-delgado", "owner")
# Made up, and good for nothing but the simulated platform: secret, user, scope, name. By what each user may do.
OTHER_TOKENS = (
    ("demo-gitlab-read-token", BOT, "read_api", "dashboards"),
    ("demo-gitlab-narrow-token", BOT, "read_user", "sign-in"),
    ("demo-gitlab-member-token", "tessa-young", "api", "scripts of a Reporter"),
    ("demo-gitlab-guest-token", "sam-nakamura", "api", "scripts of a Guest"),
    ("demo-gitlab-outsider-token", "zoe-fraser", "api", "scripts of somebody outside"),
    ("demo-gitlab-admin-token", "root", "api", "scripts of an administrator"),
)

_BOT_PUSHES = (Grant(user=BOT_ID),)
_MAIN = BranchProtection("main", push=_BOT_PUSHES)
_DEVELOPERS = (Grant(DEVELOPER),)
_MAINTAINERS = (Grant(MAINTAINER),)


def _as(
    name: str, *, merge: tuple[Grant, ...] = _MAINTAINERS, push: tuple[Grant, ...] = _BOT_PUSHES
) -> BranchProtection:
    return BranchProtection(name, merge, push)


# By path below the group: what is other than in a project where all is well.
_PROJECTS: MappingProxyType[str, Mapping[str, object]] = MappingProxyType(
    {
        "system-audits": {},
        "roster": {"protections": (_MAIN, _as("release/*"))},
        "zendesk/apps": {"approvals": ApprovalSettings(author=True)},
        "zendesk/macros": {"approvals": ApprovalSettings(committer=True)},
        "zendesk/triggers": {"approvals": ApprovalSettings(overrides=True)},
        "zendesk/views": {"approvals": ApprovalSettings(retained=True)},
        "zendesk/organizations": {"protections": (_as("main", merge=_DEVELOPERS),)},
        "zendesk/us-government": {
            "protections": (_as("main", push=_MAINTAINERS),),
            "approvals": ApprovalSettings(author=True, committer=True, overrides=True, retained=True),
        },
        "zendesk/<img src=x onerror=alert(1)> @all": {
            "path": "zendesk/__all__",
            "approvals": ApprovalSettings(author=True),
        },
        "tools/calendly": {"protections": ()},
        "tools/dispatcher": {"protections": (_as("*"),), "default_branch": "trunk"},
        "tools/license-forms": {"protections": (_as("main*", push=(Grant(0),)),)},
        "tools/mailer": {"protections": (_MAIN, _as("*", merge=_DEVELOPERS, push=_DEVELOPERS))},
        "tools/deploy": {
            "protections": (_as("main", push=(*_BOT_PUSHES, Grant(deploy_key=31, title="Old laptop"))),)
        },
        "tools/handover": {"protections": (), "default_branch": None},
        "partners/portal": {"levels": {BOT: DEVELOPER}},
        "partners/payroll": {"levels": {BOT: 0}},
        "tools/old-reports": {"archived": True, "protections": ()},
        "zendesk/old-apps": {"archived": True, "approvals": ApprovalSettings(author=True)},
    }
)


def seeded(secret: str) -> GitLabState:
    """Return the story's beginning.

    Args:
        secret: The token of the bot.
    """
    state = GitLabState(users=_users(), groups=_groups(), projects=list(_projects()), labels=_labels())
    state.tokens = _tokens(secret)
    return state


def settings(url: str) -> dict[str, object]:
    """Return what the settings of the tool say about this GitLab."""
    return {
        "url": url,
        "token": {"env": "DEMO_GITLAB_TOKEN"},
        "audits_project": AUDITS_PROJECT,
        "issues_project": TRACKER,
        "licenses_project": TRACKER,
        "group": GROUP,
        "bot_users": [BOT],
        "filing": {"labels": ["audit", "Priority::2"], "assignees": list(ASSIGNEES), "due_after": "30d"},
    }


def many_projects(state: GitLabState, count: int) -> None:
    """Replace the team's projects, but for the one of the audits, by so many; a tenth of them has a defect."""
    kept = [one for one in state.projects if one.path in (AUDITS_PROJECT, TRACKER)]
    made = [
        GitLabProject(
            100_000 + number,
            f"{GROUP}/tools/project-{number:04d}",
            f"Project {number}",
            protections=(
                _as("main", merge=_DEVELOPERS if number % 10 == 0 else _MAINTAINERS),
                _as("release/*"),
            ),
            approvals=ApprovalSettings(author=number % 10 == 5),
        )
        for number in range(count)
    ]
    state.projects = [*kept, *made]
    state.tokens = [one for one in state.tokens if one.project is None]


def _users() -> list[GitLabUser]:
    team = [GitLabUser(7000 + one.number, one.local.replace(".", "-"), one.name) for one in PEOPLE]
    others = [
        GitLabUser(1, "root", "Administrator", is_admin=True),
        GitLabUser(BOT_ID, BOT, "Support Bot"),
        GitLabUser(7101, "gary-former", "Gary Former", state="blocked"),
        GitLabUser(7102, "second-bot", "Second Bot"),
        GitLabUser(7201, "project_5003_bot", "Deploys", is_bot=True),
        GitLabUser(7202, "project_5010_bot", "Calendly", is_bot=True),
        GitLabUser(7203, "group_402_bot", "Reports", is_bot=True),
        GitLabUser(7204, "group_400_bot", "Dashboards", is_bot=True),
    ]
    return [*others, *team]


def _groups() -> list[GitLabGroup]:
    team = {one.local.replace(".", "-"): REPORTER for one in PEOPLE}
    levels = team | {BOT: OWNER, "maria-delgado": OWNER, "owner": MAINTAINER, "sam-nakamura": GUEST}
    del levels["zoe-fraser"]
    below = [f"{GROUP}/{name}" for name in ("partners", "tools", "zendesk")]
    return [
        GitLabGroup(400, GROUP, "Support Readiness", levels),
        *(
            GitLabGroup(401 + place, path, path.rpartition("/")[2].title())
            for place, path in enumerate(below)
        ),
        GitLabGroup(410, TRACKER_GROUP, "Customer Support Operations", dict(levels)),
        GitLabGroup(420, "platform", "Platform"),
    ]


def _projects() -> Iterator[GitLabProject]:
    for place, (path, other) in enumerate(_PROJECTS.items()):
        project = GitLabProject(
            5001 + place, f"{GROUP}/{path}", path.partition("/")[2] or path, protections=(_MAIN,)
        )
        for name, value in other.items():
            setattr(project, name, f"{GROUP}/{value}" if name == "path" else value)
        yield project
    # Of another group, and shared with the team's.
    yield GitLabProject(
        6001, "platform/runners", "runners", levels={BOT: REPORTER}, shared_with=(GROUP,), protections=()
    )
    yield GitLabProject(6002, TRACKER, "issue-tracker", protections=(_MAIN,))


def _labels() -> list[Label]:
    ours = ["audit", *(f"Priority::{number}" for number in range(1, 5))]
    tracker = [f"Priority::{number}" for number in range(1, 5)]
    return [
        *(Label(300 + place, name, AUDITS_PROJECT) for place, name in enumerate(ours)),
        Label(320, "Support Readiness", GROUP),
        *(Label(330 + place, name, TRACKER) for place, name in enumerate(tracker)),
    ]


def _tokens(secret: str) -> list[AccessToken]:
    deploy, other, apps, calendly = (
        "project_5003_bot",
        "project_5010_bot",
        f"{GROUP}/zendesk/apps",
        f"{GROUP}/tools/calendly",
    )
    return [
        AccessToken(801, "supops", BOT, ("api",), used_ago=0, secret=secret),
        AccessToken(802, "pipelines", BOT, used_ago=3, expires_in=10),
        AccessToken(803, "backup of the roster", BOT, used_ago=200, created_ago=350, expires_in=60),
        AccessToken(804, "revoked", BOT, expires_in=5, revoked=True),
        AccessToken(805, "expired", BOT, created_ago=365, expires_in=-2),
        AccessToken(811, "deploy", deploy, ("write_repository",), apps, used_ago=1, expires_in=150),
        AccessToken(812, "without an end | `@all`", deploy, ("api",), apps, used_ago=2, expires_in=None),
        AccessToken(813, "new, and not used yet", other, project=calendly, created_ago=5, used_ago=None),
        AccessToken(
            814, "never used", other, project=calendly, created_ago=120, used_ago=None, expires_in=20
        ),
        AccessToken(815, "revoked", other, project=calendly, expires_in=3, revoked=True),
        AccessToken(821, "reports", "group_402_bot", group=f"{GROUP}/tools", expires_in=15),
        AccessToken(822, "dashboards", "group_400_bot", group=GROUP, expires_in=300),
        *(
            AccessToken(831 + place, name, user, (scope,), secret=one, used_ago=0)
            for place, (one, user, scope, name) in enumerate(OTHER_TOKENS)
        ),
    ]
