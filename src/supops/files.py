"""Files of ours: written whole or not at all."""

import errno
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# What a file system without hard links says.
NO_LINKS = frozenset((errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS))


def check_place(path: Path) -> None:
    """See whether a new file could be made at a path, folders above it included, and make none.

    Raises:
        OSError: It could not.
    """
    folder = next(parent for parent in path.resolve().parents if parent.exists())
    with tempfile.TemporaryFile(dir=folder):
        return


def write_private(path: Path, data: bytes) -> None:
    """Write a file for its owner only, in folders for their owner only; otherwise as `write_whole`."""
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    _replace(path, data, PRIVATE_FILE)


def write_new_private(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, for its owner only.

    Raises:
        FileExistsError: There is one, or a link; whoever of two writers comes second gets this too.
        OSError: It could not be written, and is not there.
    """
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # Its name is there at once with all of it, or not at all; an existing one is never replaced.
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            _take_name(Path(temporary), path)
        _sync_folder(path.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _take_name(temporary: Path, path: Path) -> None:
    """Give a new file its name where there are no hard links: whoever makes the name may put the file in its place, and only then is it replaced."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
    try:
        temporary.replace(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def remove_copies(path: Path, data: bytes) -> None:
    """Remove what a writer of this file that was killed left beside it, where that is the very same."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        if left.is_file() and left.read_bytes() == data:
            left.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """See to it that a new name outlasts a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Args:
        path: Where to; missing folders above it are made. A link is followed. What is no regular file, such as
            ``/dev/stdout``, is written to as it is.
        data: The new content.

    Raises:
        OSError: The file could not be written; what was there before is still there.
    """
    with writing_whole(path) as stream:
        stream.write(data)


@contextmanager
def writing_whole(path: Path, *, private: bool = False) -> Iterator[IO[bytes]]:
    """Open a file to be written piece by piece; otherwise as `write_whole`. After an error in the block, nothing was changed.

    Args:
        path: Where to.
        private: For its owner only, whatever it was before.
    """
    target = path.resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as stream:
            yield stream
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    mode = PRIVATE_FILE if private else mode
    with _replacing(target, mode) as stream:
        yield stream


def _replace(path: Path, data: bytes, mode: int) -> None:
    with _replacing(path, mode) as stream:
        stream.write(data)


@contextmanager
def _replacing(path: Path, mode: int) -> Iterator[IO[bytes]]:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """Return the process's mask for new files; there is no way to ask for it but to set it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
