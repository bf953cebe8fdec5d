"""The license requests of the embedded world, as issues: in the ways in which people fill in a form, and one that was completed earlier."""

from dataclasses import dataclass

from supops.sandbox.gitlab_pages import moment
from supops.sandbox.gitlab_state import GitLabIssue, GitLabNote, GitLabState, Label
from supops.sandbox.license_requests import EMAIL_DOMAIN, day_after

COMPLETED = "Stage::Completed"
# Beyond those of the other stories, and of the seed, so that whatever is made later gets the same ids with it and without it.
FIRST_ID = 70_001
EARLIER, GOOD, TOO_LONG, FOR_DUO, SECOND, FORM = range(401, 407)

_FORM = """\
### Name

{name}

### Email
<!-- The official address -->

{email}

### Plan

- [ ] Premium
- [x] Ultimate

### Users count

{users}

### Previous users count

_No response_

### End date

{end}

### What is it for?

- [x] Self-managed, without GitLab Duo
- [ ] Testing GitLab Duo
- [ ] Testing GitLab Duo, and a production license is required
"""


def seed(state: GitLabState, project: str, now: float) -> None:
    """Add the requests to a project.

    Args:
        state: The simulated GitLab.
        project: Path of the project.
        now: What days count from, in seconds since 1970.
    """
    if not any(label.name == COMPLETED and label.place == project for label in state.labels):
        state.labels.append(Label(FIRST_ID - 1, COMPLETED, project))
    days = {number: day_after(now, number) for number in (90, 100, 180, 200, 300, 800)}
    duo = "testing GitLab Duo Chat"
    told = [
        _Told(EARLIER, "kenji-sato", _bold("Kenji Sato", "kenji.sato", days[100]), 200, is_done=True),
        _Told(GOOD, "zoe-fraser", _bold("Zoë Fraser", "zoe.fraser", days[180]), 1),
        _Told(TOO_LONG, "tao-wang", _table("Tao Wang", "tao.wang", days[800]), 2),
        _Told(FOR_DUO, "rahul-mehta", _bold("Rahul Mehta", "rahul.mehta", days[90], duo), 3),
        # Still has the license that was asked for in the first one.
        _Told(SECOND, "kenji-sato", _table("Kenji Sato", "Kenji.Sato", days[300]), 1),
        _Told(
            *(FORM, "soojin-kim"),
            _FORM.format(name="Soo-jin Kim", email="soojin.kim@example.com", users=25, end=days[200]),
            ago=1,
            is_confidential=True,
        ),
    ]
    state.issues += [_issue(project, one, now) for one in told]


@dataclass(frozen=True, slots=True)
class _Told:
    """A request, and how many days ago it was made."""

    iid: int
    author: str
    description: str
    ago: int
    is_done: bool = False
    is_confidential: bool = False


def _bold(name: str, local: str, end: str, purpose: str = "self-managed") -> str:
    lines = {
        "Name": name,
        "Email": f"{local}@{EMAIL_DOMAIN}",
        "Plan": "`ultimate`",
        "Users count": "10",
        "End date": end,
        "Purpose": purpose,
    }
    return "".join(f"- **{label}:** {value}\n" for label, value in lines.items())


def _table(name: str, local: str, end: str) -> str:
    email = f"{local}@{EMAIL_DOMAIN}"
    return (
        "Hello! I would like to have a license.\n\n| Field | Value |\n|---|---|\n"
        f"| Name | {name} |\n| E-mail | [{email}](mailto:{email}) |\n"
        f"| Plan | Premium |\n| Number of users | 5 |\n| End date | {end} |\n| Purpose | self-managed |\n"
    )


def _issue(project: str, told: _Told, now: float) -> GitLabIssue:
    created = moment(now - told.ago * 86_400)
    identity = FIRST_ID + 10 * (told.iid - EARLIER)
    issue = GitLabIssue(
        identity, told.iid, project, "Team member license", told.author, created, created, told.description
    )
    issue.confidential = told.is_confidential
    issue.labels = ["RequestType::Administrative", COMPLETED if told.is_done else "Stage::Triage"]
    if told.is_done:
        issue.state, issue.closed_at, issue.closed_by = "closed", created, "support-bot"
        said = "The license was generated."
        issue.notes.append(GitLabNote(identity + 1, "support-bot", said, created, created))
    return issue
