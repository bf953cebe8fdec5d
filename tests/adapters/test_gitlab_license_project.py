"""Whether the project of the license requests can be worked in, on the simulated GitLab."""

import pytest

from supops.adapters.gitlab_license_project import LicenseProject
from supops.errors import Forbidden, NotFound, SupopsError
from supops.sandbox.gitlab_seed import TRACKER
from supops.sandbox.gitlab_state import GitLabProject
from supops.sandbox.server import Sandbox
from tests.connecting import gitlab_of


def project_of(sandbox: Sandbox) -> GitLabProject:
    return next(one for one in sandbox.world.gitlab.projects if one.path == TRACKER)


def facts(sandbox: Sandbox, name: str = TRACKER) -> str:
    connection = gitlab_of(sandbox)
    try:
        return LicenseProject(connection, name).contact().facts
    finally:
        connection.close()


def test_a_project_where_requests_can_be_answered(sandbox: Sandbox) -> None:
    assert facts(sandbox) == f"{TRACKER}, the user is an Owner, scope api"


@pytest.mark.parametrize(("level", "role"), [(10, "a Guest"), (12, "of level 12")])
def test_a_role_that_is_not_enough(sandbox: Sandbox, level: int, role: str) -> None:
    for user in sandbox.world.gitlab.users:
        project_of(sandbox).levels[user.username] = level

    with pytest.raises(Forbidden, match=f"is {role} in {TRACKER}") as raised:
        facts(sandbox)
    assert "Reporter" in raised.value.hint


def test_a_token_that_only_reads(sandbox: Sandbox) -> None:
    for token in sandbox.world.gitlab.tokens:
        token.scopes = ("read_api",)

    with pytest.raises(Forbidden, match="the scopes read_api, which is not enough"):
        facts(sandbox)


def test_a_project_that_is_not_there_or_takes_no_issues(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound) as raised:
        facts(sandbox, "nobody/knows")
    assert "gitlab.licenses_project" in raised.value.hint

    project_of(sandbox).archived = True
    with pytest.raises(SupopsError, match="is archived"):
        facts(sandbox)
