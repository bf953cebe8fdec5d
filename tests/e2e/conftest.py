"""What the tests of whole processes share."""

from collections.abc import Iterator

import pytest

from tests.e2e.starting import Starter


@pytest.fixture(scope="session")
def starter() -> Iterator[Starter]:
    """Starts commands that run on, without starting an interpreter for each."""
    running = Starter()
    yield running
    running.close()
