"""What audits find in the embedded world has to be there: members of the organisation, and waivers."""

from pathlib import Path
from typing import cast

import httpx
from ruamel.yaml import YAML

from supops.sandbox.bookings import BOT_EMAIL, ORGANIZATION
from supops.sandbox.files import FOLDER, ISSUES_FOLDER, WAIVERS, files, issue_files
from supops.sandbox.people import PEOPLE, write_folder
from supops.sandbox.server import Sandbox
from supops.sandbox.world import demo_settings


def members(sandbox: Sandbox, *, count: int) -> dict[str, str]:
    """Return the roles of all members by their addresses, read in pages."""
    roles: dict[str, str] = {}
    parameters = {"organization": ORGANIZATION, "count": str(count)}
    while True:
        page = httpx.get(
            f"{sandbox.urls['calendly']}/organization_memberships",
            params=parameters,
            headers={"Authorization": "Bearer demo-calendly-token"},
        ).json()
        roles |= {one["user"]["email"]: one["role"] for one in page["collection"]}
        token = page["pagination"]["next_page_token"]
        if token is None:
            return roles
        parameters["page_token"] = token


def test_members_are_the_team_but_for_some_and_others(sandbox: Sandbox) -> None:
    roles = members(sandbox, count=7)
    team = {person.email for person in PEOPLE}

    without_account = team - {email.lower() for email in roles}
    assert without_account == {"kiara.johnson@example.com", "zoe.fraser@example.com"}
    assert {email for email in roles if email.lower() not in team} == {
        BOT_EMAIL,
        "gary.former@example.com",
        "sales.person@example.com",
    }
    assert "Henrik.Sorensen@Example.com" in roles
    assert (roles["owner@example.com"], roles[BOT_EMAIL], roles["tessa.young@example.com"]) == (
        "owner",
        "admin",
        "user",
    )


def test_the_ladder_is_of_people_who_are_there(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = cast("dict[str, str]", demo_settings(sandbox.urls, tmp_path)["issues"])
    write_folder(tmp_path / ISSUES_FOLDER, issue_files())

    ladder = YAML(typ="safe").load(Path(settings["flow"]))["ladder"]

    assert len(ladder) == 2
    assert {*ladder} <= {one.username for one in sandbox.world.gitlab.users if one.state == "active"}


def test_waivers_that_people_add_stay(sandbox: Sandbox, tmp_path: Path) -> None:
    file = Path(str(demo_settings(sandbox.urls, tmp_path)["waivers"]))
    write_folder(tmp_path / FOLDER, files())
    assert file == tmp_path / FOLDER / WAIVERS
    assert len(YAML(typ="safe").load(file)) == 3
    file.write_text("[]\n")

    write_folder(tmp_path / FOLDER, files())

    assert file.read_text() == "[]\n"
