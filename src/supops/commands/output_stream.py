"""A standard output that can't be written: what is said of it, and what becomes of the rest."""

import os
from contextlib import suppress
from typing import TextIO

from supops.errors import SupopsError


def unwritable(stream: TextIO, error: OSError) -> SupopsError:
    """Return what to say of a standard output that can't be written, and throw away what it still holds."""
    discard(stream)
    return SupopsError(
        f"Standard output can't be written: {error.strerror or error}.",
        hint="The result is not complete. Where the command changes something, that may be done: look before it is run again.",
    )


def discard(stream: TextIO) -> None:
    """Throw away what a stream still holds, so that nothing fails once more when the process ends."""
    # A stream in memory has no file.
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
