"""The licenses of the embedded world: requests as files (one that is good, one that asks for too long, one for Duo), and what was issued before."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

EMAIL_DOMAIN = "example.com"
KEY_FOLDER = "license-keys"
_REQUEST = """\
# What `supops --demo licenses check {file}` is given: {what}.
name: {name}
email: {email}
plan: ultimate
users_count: 10
previous_users_count: 0
trueup_count: 0
end_date: {end}
purpose: {purpose}
issue: https://gitlab.example.com/cust-support-ops/issue-tracker/-/issues/{iid}
"""


@dataclass(frozen=True, slots=True)
class EarlierLicense:
    """A license that was issued before the story begins. Days are written as YYYY-MM-DD."""

    name: str
    email: str
    plan: str
    users: int
    starts: str
    expires: str
    by: str


def earlier_licenses() -> tuple[EarlierLicense, ...]:
    """Return what was issued before: a license that expires in three weeks, and one that is expired. Days count from today."""
    now = time.time()
    told = (
        ("Sam Nakamura", "sam.nakamura", "ultimate", 20, -340, 21),
        ("Devon Brooks", "devon.brooks", "premium", 5, -200, -20),
    )
    return tuple(
        EarlierLicense(
            *(name, f"{local}@{EMAIL_DOMAIN}", plan, users),
            *(day_after(now, starts), day_after(now, expires), "maria-delgado"),
        )
        for name, local, plan, users, starts, expires in told
    )


def day_after(seconds: float, days: int) -> str:
    """Return the day that comes so many days after a time, which is in seconds since 1970; in UTC."""
    return (datetime.fromtimestamp(seconds, UTC) + timedelta(days=days)).date().isoformat()


def request_files() -> dict[str, str]:
    """Return the text of each request by its file's name. Days count from today."""
    now = time.time()
    requests = {
        "license-good.yaml": ("one that may be made", "Zoë Fraser", "zoe.fraser", 180, "self-managed", 402),
        "license-too-long.yaml": (
            *("one that asks for more than a year", "Tao Wang", "tao.wang", 800, "self-managed", 403),
        ),
        "license-for-duo.yaml": (
            *("one that no legacy license is made for", "Rahul Mehta", "rahul.mehta", 90, "duo-testing", 404),
        ),
    }
    return {
        file: _REQUEST.format(
            file=file,
            what=what,
            name=name,
            email=f"{local}@{EMAIL_DOMAIN}",
            end=day_after(now, days),
            purpose=purpose,
            iid=iid,
        )
        for file, (what, name, local, days, purpose, iid) in requests.items()
    }


def license_settings(folder: Path) -> dict[str, object]:
    """Return what the settings of the tool say about licenses. The keys are made when they are first used.

    Args:
        folder: Where the world is kept.
    """
    return {
        "email_domains": [EMAIL_DOMAIN],
        "private_key": str(folder / KEY_FOLDER / "license-key.pem"),
        "public_key": str(folder / KEY_FOLDER / "license-key.pub"),
    }
