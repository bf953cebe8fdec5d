"""The roster in a git repository: a shallow clone in the cache folder, made anew when it is older than a setting.

Each clone is a folder of its own, never changed once it is complete; a small file names the present one. So two processes can't
get in each other's way, and one that is killed leaves nothing half done.
"""

import hashlib
import os
import re
import secrets
import shutil
import subprocess
import time
from pathlib import Path

from supops.adapters.roster_files import RosterFolder
from supops.errors import SupopsError, UsageError
from supops.files import PRIVATE_FOLDER, write_private
from supops.models.roster import Roster
from supops.services.ports import Notices, RosterSource

CLONE_SECONDS = 120
# A clone that was replaced may still be read by another process; nothing reads it for this long.
KEEP_OLD_SECONDS = 3600
PROTOCOLS = "https:ssh:git:file"


class RosterRepository(RosterSource):
    """Reads the roster from a git repository.

    Args:
        url: What ``git clone`` takes.
        cache_folder: Where clones are kept.
        max_age: Seconds after which a clone is made anew.
    """

    def __init__(self, url: str, *, cache_folder: Path, max_age: float, notices: Notices) -> None:
        if url.startswith("-"):
            raise UsageError(f"roster.git is no address of a repository: {url}")
        self._url = url
        self._cache_folder = cache_folder
        self._folder = cache_folder / f"git-{hashlib.blake2b(url.encode(), digest_size=8).hexdigest()}"
        self._max_age = max_age
        self._notices = notices

    def read(self) -> Roster:
        """Read the present clone, after making it anew where that is due.

        Raises:
            SupopsError: git is missing, or could not clone; git's own words are in the message.
        """
        return RosterFolder(self._present() or self._clone(), cache_folder=self._cache_folder).read()

    @property
    def _pointer(self) -> Path:
        return self._folder / "present"

    def _present(self) -> Path | None:
        try:
            age = time.time() - self._pointer.stat().st_mtime
            clone = self._folder / self._pointer.read_text()
        except OSError:
            return None
        return clone if 0 <= age < self._max_age and clone.is_dir() else None

    def _clone(self) -> Path:
        self._folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        clone = self._folder / f"clone-{secrets.token_hex(8)}"
        self._notices.note(f"cloning the roster from {_without_credentials(self._url)}")
        try:
            self._run_git(clone)
        except BaseException:
            shutil.rmtree(clone, ignore_errors=True)
            raise
        write_private(self._pointer, clone.name.encode())
        self._remove_old(keep=clone)
        return clone

    def _run_git(self, clone: Path) -> None:
        command = ["git", "clone", "--quiet", "--depth", "1", "--single-branch", "--", self._url, str(clone)]
        # git must fail, not ask: a pipeline has nobody to answer.
        environment = {
            **os.environ,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": PROTOCOLS,
            "LC_ALL": "C",
        }
        environment.setdefault("GIT_SSH_COMMAND", "ssh -oBatchMode=yes")
        where = _without_credentials(self._url)
        try:
            done = subprocess.run(  # noqa: S603
                command, env=environment, capture_output=True, text=True, timeout=CLONE_SECONDS, check=False
            )
        except FileNotFoundError:
            raise SupopsError(
                "The roster is in a git repository, but there is no git on this machine",
                hint="Install git, or set roster.path to a folder that is already there.",
            ) from None
        except subprocess.TimeoutExpired:
            raise SupopsError(
                f"Cloning the roster from {where} took longer than {CLONE_SECONDS} s",
                hint="Check that the repository's host can be reached from here.",
            ) from None
        if done.returncode:
            said = _without_credentials(done.stderr.strip()) or f"exit status {done.returncode}"
            raise SupopsError(
                f"The roster could not be cloned from {where}. git says:\n{said}",
                hint="Check roster.git, and that the deploy key or credential for it is available here.",
            )

    def _remove_old(self, *, keep: Path) -> None:
        for folder in self._folder.glob("clone-*"):
            if folder != keep and time.time() - folder.stat().st_mtime > KEEP_OLD_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _without_credentials(text: str) -> str:
    """Take the user and password out of addresses (``https://oauth2:TOKEN@host/...``)."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)
