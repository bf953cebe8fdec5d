"""What settings are made of: the base of every section, and what texts and numbers stand for."""

from typing import Annotated

import msgspec
from msgspec import Meta

# What a text stands for, where that needs more than a type: read by the loader in `supops.config`.
PATH = {"kind": "path"}
# A path that is shown and logged nowhere, but in the settings file itself.
PRIVATE_PATH = {"kind": "path", "private": True}
URL = {"kind": "url"}
DURATION = {"kind": "duration"}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

Text = Annotated[str, Meta(min_length=1)]
Port = Annotated[int, Meta(ge=1, le=65535)]
Id = Annotated[int, Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping of settings."""


def seconds_of(duration: str) -> int:
    """Return the seconds of a duration such as ``30m``, which the loader has checked."""
    return int(duration[:-1]) * SECONDS[duration[-1]]
