"""What every directory of tokens promises: the fake in memory, and the adapter on the simulated GitLab."""

from collections.abc import Callable, Iterator

import pytest

from supops.adapters.gitlab import GitLabConnection
from supops.adapters.gitlab_tokens import GitLabTokens
from supops.errors import NotFound
from supops.models.tokens import Token, TokenKind
from supops.sandbox.server import Sandbox
from supops.services.audit_ports import TokenDirectory
from tests.connecting import gitlab_of
from tests.fakes.console import FakeProgress
from tests.fakes.gitlab import FakeTokens

GROUP = "support-readiness"
TOKENS = [
    Token(TokenKind.PERSONAL, 802, "pipelines", "support-bot", ("read_api",)),
    Token(TokenKind.PERSONAL, 900, "theirs", "second-bot", ("read_api",)),
    Token(TokenKind.GROUP, 822, "dashboards", GROUP, ("read_api",)),
    Token(TokenKind.GROUP, 821, "reports", f"{GROUP}/tools", ("read_api",)),
    Token(TokenKind.PROJECT, 811, "deploy", f"{GROUP}/zendesk/apps", ("write_repository",)),
]
Open = Callable[..., TokenDirectory]


@pytest.fixture(params=["fake", "sandbox"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a maker; the group may be one that there is not."""
    connections: list[GitLabConnection] = []

    def fake(*, exists: bool = True) -> TokenDirectory:
        error = None if exists else NotFound("there is no such group")
        return FakeTokens(TOKENS, hidden=["second-bot", f"{GROUP}/partners/portal"], error=error)

    def real(*, exists: bool = True) -> TokenDirectory:
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        connections.append(gitlab_of(sandbox))
        return GitLabTokens(connections[-1], GROUP if exists else "no-such", progress=FakeProgress())

    yield fake if request.param == "fake" else real
    for connection in connections:
        connection.close()


def test_tokens_of_every_kind_are_listed_once_with_their_owner(opened: Open) -> None:
    listing = opened().list_tokens(["support-bot"])

    refs = [token.ref for token in listing.tokens]
    assert len(refs) == len(set(refs))
    found = {(one.kind, one.id, one.name, one.owner, one.scopes) for one in listing.tokens}
    expected = [token for token in TOKENS if token.owner != "second-bot"]
    assert {(one.kind, one.id, one.name, one.owner, one.scopes) for one in expected} <= found


def test_personal_tokens_of_nobody_else_are_listed(opened: Open) -> None:
    listing = opened().list_tokens([])

    assert TokenKind.PERSONAL not in {token.kind for token in listing.tokens}
    assert {TokenKind.GROUP, TokenKind.PROJECT} <= {token.kind for token in listing.tokens}


def test_what_is_not_shown_is_named_as_missing(opened: Open) -> None:
    listing = opened().list_tokens(["support-bot", "second-bot", "nobody"])

    said = "\n".join(listing.missing)
    for name in ("second-bot", "nobody", f"{GROUP}/partners/portal"):
        assert name in said
    assert "second-bot" not in {token.owner for token in listing.tokens}


def test_a_group_that_there_is_not(opened: Open) -> None:
    with pytest.raises(NotFound):
        opened(exists=False).list_tokens([])
