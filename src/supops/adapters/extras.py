"""The packages of the extras, which may not be there."""

from collections.abc import Iterator
from contextlib import contextmanager

from supops.errors import UsageError


@contextmanager
def needed(purpose: str, extra: str = "scale") -> Iterator[None]:
    """Say what to install where an import in the block fails.

    Raises:
        UsageError: A package is missing.
    """
    try:
        yield
    except ImportError as error:
        raise UsageError(
            f"For {purpose} the package {error.name or error} is missing.",
            hint=f"Install it with: pip install 'supops[{extra}]'",
        ) from None
