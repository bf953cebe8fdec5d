"""Files of ours: written whole or not at all, readable by their owner only."""

import os
import tempfile
from pathlib import Path

PRIVATE_FOLDER = 0o700


def write_whole(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old content or the new one, never a part.

    Args:
        path: Where to; missing folders above it are made, for their owner only.
        data: The new content.
        mode: Permissions of the file.

    Raises:
        OSError: The file could not be written; what was there before is still there.
    """
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
