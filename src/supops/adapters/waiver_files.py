"""The file that waivers are written down in: a list of entries, in YAML or JSON (source: interface, "audit")."""

import codecs
import fcntl
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from ruamel.yaml.error import YAMLError

from supops.adapters import yaml_files
from supops.adapters.decoding import MAX_YAML_BYTES
from supops.adapters.waiver_edits import block_lines, entry_text, with_changes, with_entry
from supops.adapters.yaml_files import Mapping, Node, Scalar, YamlError, read_yaml
from supops.errors import ConfigError, SupopsError, UsageError
from supops.files import write_whole
from supops.models.waivers import Waiver, WrittenWaiver
from supops.services.audit_ports import WaiverBook

KEYS = ("check", "subject", "reason", "owner", "expires")
SHAPE = """It should look like this:
  - check: suspended-agent
    subject: jo.doe@example.com
    reason: On leave until the summer
    owner: sam.roe@example.com
    expires: 2027-03-31"""
HEADER = """\
# Findings that somebody answers for, each until its last day. `supops audit waive` adds to this file.
"""
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class WaiverFile(WaiverBook):
    """A file of waivers.

    Args:
        path: The file, which need not be there when the first waiver is added.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, checks: Sequence[str]) -> tuple[Waiver, ...]:
        """See `WaiverBook`."""
        data = self._bytes()
        if data is None:
            raise ConfigError(
                f"There is no file {self._path}, which the setting `waivers` names.",
                hint="Make it (an empty file has no waivers, `supops audit waive` adds one), or remove the setting.",
            )
        return self._waivers(data, checks)

    def add(self, waiver: Waiver, *, checks: Sequence[str], replace: bool, dry_run: bool) -> WrittenWaiver:
        """See `WaiverBook`. The new text is read, and has to say what it should, before it is written."""
        if dry_run:
            return self._planned(waiver, checks, overwrite=replace)[0]
        try:
            with self._alone():
                written, data = self._planned(waiver, checks, overwrite=replace)
                write_whole(self._path, data)
                if self._bytes() != data:
                    raise SupopsError(f"{self._path} holds something else than was written to it.")
        except OSError as error:
            raise SupopsError(f"{self._path} can't be written: {error.strerror}") from None
        return written

    def _planned(
        self, waiver: Waiver, checks: Sequence[str], *, overwrite: bool
    ) -> tuple[WrittenWaiver, bytes]:
        """Return what would be written, and all bytes that the file would have then."""
        data = self._bytes()
        there = self._waivers(data, checks) if data is not None else ()
        place = next((place for place, one in enumerate(there) if _same(one, waiver)), len(there))
        before = there[place] if place < len(there) else None
        if before is not None and not overwrite:
            raise UsageError(
                f"{self._path}:{before.line} waives {before.check} for {before.subject} already, until {before.expires}.",
                hint="Add --replace to change that entry.",
            )
        if before is not None:
            waiver = replace(waiver, check=before.check, subject=before.subject)
        after = [*there[:place], waiver, *there[place + 1 :]]
        text, encoding = _decoded(data if data is not None else self._first_line)
        try:
            text = self._edited(text, place, waiver, before)
            data = text.encode(encoding)
            found = self._waivers(data, checks)
            if [_fields(one) for one in found] != [_fields(one) for one in after]:
                raise _Unsafe
            return WrittenWaiver(found[place], entry_text(text, place), before), data
        except (_Unsafe, ConfigError, YAMLError):
            raise SupopsError(
                f"{self._path} can't be changed without changing more than this entry.",
                hint="Write it yourself:\n" + "\n".join(block_lines(_fields(waiver))),
            ) from None

    def _edited(self, text: str, place: int, waiver: Waiver, before: Waiver | None) -> str:
        fields = _fields(waiver)
        if before is None:
            return with_entry(text, fields, is_json=self._is_json)
        old = _fields(before)
        return with_changes(text, place, {key: fields[key] for key in KEYS if fields[key] != old[key]})

    @property
    def _is_json(self) -> bool:
        return self._path.suffix == ".json"

    @property
    def _first_line(self) -> bytes:
        # JSON has no comments.
        return b"" if self._is_json else HEADER.encode()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file meanwhile: the last to write would undo what the others wrote."""
        folder = self._path.resolve().parent
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _bytes(self) -> bytes | None:
        """Return what the file holds, or more than it may; None where there is no file."""
        try:
            with self._path.open("rb") as stream:
                return stream.read(MAX_YAML_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{self._path} can't be read: {error.strerror}.") from None

    def _waivers(self, data: bytes, checks: Sequence[str]) -> tuple[Waiver, ...]:
        try:
            node = read_yaml(data)
        except YamlError as error:
            raise ConfigError(f"{self._path}:{error.line}: {error.message}.") from None
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ()
        if not isinstance(node, yaml_files.Sequence):
            raise ConfigError(f"{self._path}:{node.line}: expected a list of waivers.", hint=SHAPE)
        reader = _Reader(self._path.name, checks)
        waivers = [reader.waiver(entry) for entry in node.items]
        if reader.mistakes:
            # All of an entry stand together, in the order of their lines.
            lines = [
                f"  {self._path.name}:{line}: {said}" for line, said in sorted(reader.mistakes, key=_line)
            ]
            raise ConfigError("\n".join([f"{self._path} has mistakes:", *lines]), hint=SHAPE)
        return tuple(waiver for waiver in waivers if waiver is not None)


class _Unsafe(Exception):
    """The new text would not say what it should."""


@dataclass(slots=True)
class _Reader:
    """Reads entries, and notes all mistakes with their lines.

    Attributes:
        known: The line of each check and subject that was read.
    """

    file: str
    checks: Collection[str]
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def waiver(self, entry: Node) -> Waiver | None:
        """Return an entry; None where a mistake was noted instead."""
        count = len(self.mistakes)
        if not isinstance(entry, Mapping):
            self._mistake(entry.line, f"expected an entry with the keys {', '.join(KEYS)}")
            return None
        self._check_keys(entry)
        check, subject, reason, owner, last_day = (self._text(entry, key) for key in KEYS)
        if check and check not in self.checks:
            self._mistake(
                entry.items["check"].line,
                f"check: there is none named {check[:60]!r} that can be waived; {_nearest(check, self.checks)}",
            )
        if check and subject:
            first = self.known.get((check, subject.casefold()))
            if first is not None:
                self._mistake(entry.line, f"{check} is waived for {subject} in line {first} already")
            self.known.setdefault((check, subject.casefold()), entry.line)
        expires = self._date(entry, last_day) if last_day else None
        if expires is None or len(self.mistakes) > count:
            return None
        return Waiver(check, subject, reason, owner, expires, self.file, entry.line)

    def _check_keys(self, entry: Mapping) -> None:
        for key, line in entry.key_lines.items():
            if key not in KEYS:
                self._mistake(line, f"there is no key {key[:60]!r}; {_nearest(key, KEYS)}")
        for key, line in entry.repeated:
            self._mistake(line, f"{key} stands in line {entry.key_lines[key]} already")

    def _text(self, entry: Mapping, key: str) -> str:
        node = entry.items.get(key)
        if node is None:
            self._mistake(entry.line, f"{key} is missing")
        elif not isinstance(node, Scalar):
            self._mistake(node.line, f"{key}: expected text, found a list or a mapping")
        elif node.is_null or not node.text.strip():
            self._mistake(node.line, f"{key} is empty")
        else:
            return node.text.strip()
        return ""

    def _date(self, entry: Mapping, text: str) -> date | None:
        try:
            if ISO_DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self._mistake(
            entry.items["expires"].line, f"expires: expected a date such as 2027-03-31, found {text[:60]!r}"
        )
        return None

    def _mistake(self, line: int, message: str) -> None:
        self.mistakes.append((line, message))


def _line(mistake: tuple[int, str]) -> int:
    return mistake[0]


def _nearest(name: str, known: Collection[str]) -> str:
    nearest = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]}?" if nearest else f"known are {', '.join(sorted(known))}"


def _same(one: Waiver, other: Waiver) -> bool:
    return (one.check, one.subject.casefold()) == (other.check, other.subject.casefold())


def _fields(waiver: Waiver) -> dict[str, str]:
    """Return a waiver as it stands in the file, key by key."""
    texts = (waiver.check, waiver.subject, waiver.reason, waiver.owner, waiver.expires.isoformat())
    return dict(zip(KEYS, texts, strict=True))


def _decoded(data: bytes) -> tuple[str, str]:
    """Return a text, its byte-order mark included, and how it was encoded."""
    encoding = "utf-8"
    if data.startswith(codecs.BOM_UTF16_LE):
        encoding = "utf-16-le"
    elif data.startswith(codecs.BOM_UTF16_BE):
        encoding = "utf-16-be"
    return data.decode(encoding), encoding
