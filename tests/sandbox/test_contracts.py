"""The simulated Zendesk answers as the vendor's own description says. Skipped where the description is not at hand."""

import json
import urllib.request
from collections.abc import Callable

import pytest

from supops.sandbox.server import Sandbox
from tests.contracts import FOLDER, WHY_SKIPPED, Contract, Document

FILE = FOLDER / "zendesk-support.openapi.yaml"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason=WHY_SKIPPED)

# The description has no null here; recordings and documentation do: for never.
NULL_IN_TRUTH = {"last_login_at"}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract.read(FILE, anything=NULL_IN_TRUTH)


@pytest.fixture
def check(contract: Contract, sandbox: Sandbox) -> Callable[[str, str], Document]:
    """Return a function that asks for a path, and checks the answer against the operation's schema."""

    def checker(path: str, query: str) -> Document:
        request = urllib.request.Request(
            f"{sandbox.urls['zendesk-global']}{path}?{query}",
            headers={"Authorization": "Bearer demo-ready-access-token"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: Document = json.loads(response.read())
        contract.check_answer("GET", path, 200, answer)
        return answer

    return checker


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v2/users", "role[]=agent&role[]=admin"),
        ("/api/v2/users", "page[size]=10"),
        ("/api/v2/users/count", "role[]=agent"),
        ("/api/v2/users/me", ""),
        ("/api/v2/custom_roles", ""),
        ("/api/v2/search/export", "filter[type]=user&query=agent&page[size]=10"),
    ],
)
def test_answers_are_as_described(check: Callable[[str, str], Document], path: str, query: str) -> None:
    assert check(path, query)
