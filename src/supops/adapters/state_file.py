"""The file of what supops keeps between runs: made when it is first written to, and reading it leaves no trace."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from supops.adapters.sqlite_file import SqliteFile
from supops.files import check_place


class StateFile(SqliteFile):
    """The file; see `SqliteFile`. Runs of audits and issued licenses are in the same one."""

    def is_missing(self) -> bool:
        """Whether there is no file yet; then see that one could be made, and make none."""
        with self.translated("written"):
            if self.path.exists():
                return False
            check_place(self.path)
            return True

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """Open it to read; None where there is none."""
        with self.translated("read"):
            exists = self.path.exists()
            left = self.path.with_name(f"{self.path.name}-journal").exists()
        if not exists:
            yield None
            return
        if left:
            # Somebody writes, or was killed while writing: what is half written has to be taken back first.
            with self.writing() as connection:
                yield connection
            return
        with self.translated("read"):
            # An older store is read by newer code only after it was migrated, which needs writing.
            with closing(self.connect("ro")) as connection:
                version = self.known_version(connection)
                if version == self.kind.version:
                    yield connection
                    return
            if version == 0:
                yield None
                return
            with self.writing() as connection:
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open it to write; it is made where there is none, and brought to the newest version."""
        with self.translated("written"):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.path.exists():
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self.connect("rw")) as connection:
                self.upgrade(connection)
                yield connection
