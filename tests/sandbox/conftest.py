"""What tests of the simulated platforms share."""

from collections.abc import Iterator
from functools import partial

import httpx
import pytest

from supops.sandbox.server import Sandbox
from tests.sandbox.gitlab import Ask, ask, client_of


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx.Client]:
    """The bot, with its token."""
    with client_of(sandbox) as client:
        yield client


@pytest.fixture
def asking(sandbox: Sandbox) -> Ask:
    """Ask once, with any token."""
    return partial(ask, sandbox)
