"""How tests reach the simulated GitLab."""

from supops.adapters.clock import SystemClock
from supops.adapters.gitlab import GitLabConnection
from supops.adapters.patience import Patience
from supops.models.secrets import Secret
from supops.sandbox.server import Sandbox
from supops.services.ports import Notices
from tests.conftest import IMPATIENT
from tests.fakes.console import FakeNotices

# The bot's, which may do all.
TOKEN = "demo-gitlab-token"


def gitlab_of(
    sandbox: Sandbox, token: str = TOKEN, *, notices: Notices | None = None, patience: Patience = IMPATIENT
) -> GitLabConnection:
    return GitLabConnection(
        sandbox.urls["gitlab"],
        Secret(token, "GL_TOKEN"),
        notices=notices or FakeNotices(),
        clock=SystemClock(),
        patience=patience,
    )
