"""The roster in a folder: one YAML file for each person, searched recursively."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from supops import __version__
from supops.adapters.decoding import MAX_YAML_BYTES, UNDECODABLE
from supops.adapters.roster_readings import FileReading
from supops.errors import ConfigError
from supops.files import write_private
from supops.models.roster import ProblemKind, Roster, RosterProblem
from supops.services.ports import RosterSource

SUFFIXES = (".yaml", ".yml")
# Part of the cache's file name, like our own version: raise it when the same bytes read differently than before.
READER_VERSION = 1


class RosterFolder(RosterSource):
    """Reads every YAML file below a folder, hidden ones left out.

    Args:
        folder: Where the files are.
        cache_folder: Where to keep what files gave, by their content, for the next time; None for no cache.
    """

    def __init__(self, folder: Path, *, cache_folder: Path | None = None) -> None:
        self._folder = folder
        self._cache_folder = cache_folder

    def read(self) -> Roster:
        """Read all files. See `supops.services.ports.RosterSource.read`."""
        if not self._folder.is_dir():
            raise ConfigError(
                f"The roster's folder does not exist: {self._folder}",
                hint="Set roster.path to the folder with one YAML file for each person, or roster.git to its repository.",
            )
        cache = _Cache(self._cache_folder, self._folder)
        members, problems = [], []
        files = 0
        closed_folders: list[OSError] = []
        for name, path in _yaml_files(self._folder, closed_folders.append):
            files += 1
            reading = self._read_file(path, cache)
            if reading.member is not None:
                members.append(replace(reading.member, file=name))
            problems += [replace(problem, file=name) for problem in reading.problems]
        for error in closed_folders:
            name = os.path.relpath(str(error.filename), self._folder)
            problems += [replace(problem, file=name) for problem in _unopened(error).problems]
        if not files and not problems:
            raise ConfigError(
                f"The roster's folder has no .yaml or .yml file in it: {self._folder}",
                hint="Set roster.path to the folder with one YAML file for each person.",
            )
        cache.save()
        return Roster(tuple(members), tuple(problems))

    def _read_file(self, path: str, cache: "_Cache") -> FileReading:
        try:
            if os.path.islink(path) and not self._leads_inside(path):  # noqa: PTH114
                return _unreadable("a link that leads out of the roster's folder")
            with open(path, "rb") as stream:  # noqa: PTH123
                data = stream.read(MAX_YAML_BYTES + 1)
        except OSError as error:
            return _unopened(error)
        return cache.reading(data)

    def _leads_inside(self, path: str) -> bool:
        return Path(path).resolve().is_relative_to(self._folder.resolve())


def _read(data: bytes) -> FileReading:
    # Not at the top: with all files in the cache, the time to import a parser is most of what reading the roster takes.
    from supops.adapters.roster_reader import read_member

    return read_member(data)


def _unreadable(message: str) -> FileReading:
    return FileReading(None, (RosterProblem(ProblemKind.UNREADABLE, 1, message),))


def _unopened(error: OSError) -> FileReading:
    return _unreadable(f"can't be opened: {error.strerror}")


def _yaml_files(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[tuple[str, str]]:
    """Yield each file's path relative to the folder (with ``/``) and its full path, sorted.

    Strings and not `pathlib.Path`: making those costs more than reading a file that is in the cache.
    """
    found = []
    for where, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        relative = os.path.relpath(where, folder).replace(os.sep, "/")
        prefix = "" if relative == "." else f"{relative}/"
        found += [
            (prefix + name, f"{where}{os.sep}{name}")
            for name in names
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    yield from sorted(found)


class _Cache:
    """What files gave the last time, by the digest of their content."""

    def __init__(self, folder: Path | None, roster: Path) -> None:
        roster_id = hashlib.blake2b(str(roster.resolve()).encode(), digest_size=8).hexdigest()
        self._path = folder / f"roster-{__version__}-{READER_VERSION}-{roster_id}.msgpack" if folder else None
        self._old = self._load()
        self._used: dict[str, FileReading] = {}

    def _load(self) -> dict[str, FileReading]:
        if self._path is None:
            return {}
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=dict[str, FileReading])
        except (OSError, *UNDECODABLE):
            return {}

    def reading(self, data: bytes) -> FileReading:
        """Return what the bytes give, from the cache where it has them."""
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        reading = self._used.get(digest) or self._old.get(digest) or _read(data)
        self._used[digest] = reading
        return reading

    def save(self) -> None:
        """Keep what was used this time, and only that. A cache that can't be written is no error."""
        if self._path is None or self._used.keys() == self._old.keys():
            return
        try:
            write_private(self._path, msgspec.msgpack.encode(self._used))
        except OSError:
            return
