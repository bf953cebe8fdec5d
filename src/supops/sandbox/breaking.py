"""Breaks the embedded world's team calendars for all who use them, and mends them.

The simulated Google Calendar refuses everything while a file lies beside the world's. Of calendars in files, each becomes a folder
with the file in it, which nobody can write to as a calendar.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CALENDARS = "calendars"
KEYS = ("global", "us-government")
KEPT = "kept.ics"
FLAG = "calendar-is-broken"


def break_calendars(folder: Path) -> bool:
    """Break them. Return False where they are broken already.

    Args:
        folder: Where the world is kept.

    Raises:
        OSError: That can't be done; once more takes it from there.
    """
    changed = [_break(folder / CALENDARS, key) for key in KEYS]
    flag = folder / FLAG
    was_there = flag.exists()
    flag.touch()
    return any(changed) or not was_there


def mend_calendars(folder: Path) -> bool:
    """Mend them: they have what they had before. Return False where they are not broken.

    Args:
        folder: Where the world is kept.

    Raises:
        OSError: That can't be done; once more takes it from there.
    """
    changed = [_mend(folder / CALENDARS, key) for key in KEYS]
    flag = folder / FLAG
    was_there = flag.exists()
    flag.unlink(missing_ok=True)
    return any(changed) or was_there


def _break(folder: Path, key: str) -> bool:
    with _locked(folder, key) as file:
        if file.is_dir():
            return False
        made = folder / f".{key}.ics.broken"
        made.mkdir(exist_ok=True)
        if file.exists():
            file.rename(made / KEPT)
        made.rename(file)
        return True


def _mend(folder: Path, key: str) -> bool:
    with _locked(folder, key) as file:
        # One that was interrupted in the middle has left this.
        made = folder / f".{key}.ics.broken"
        was_broken = file.is_dir()
        if was_broken:
            file.rename(made)
        if (made / KEPT).exists():
            (made / KEPT).rename(file)
        if made.exists():
            made.rmdir()
        return was_broken


@contextmanager
def _locked(folder: Path, key: str) -> Iterator[Path]:
    """Keep others from changing the file, as they keep each other: by the list of its ids."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = os.open(folder / f".{key}.ics.ids", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(ids, fcntl.LOCK_EX)
        yield folder / f"{key}.ics"
    finally:
        os.close(ids)
