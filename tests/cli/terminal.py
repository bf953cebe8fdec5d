"""Runs supops in a terminal of its own: a pseudo-terminal of a given width."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path


def run_in_terminal(
    words: tuple[str, ...],
    *,
    env: Mapping[str, str],
    cwd: Path,
    columns: int = 80,
    typed: str = "",
    after: str = "",
) -> tuple[int, str]:
    """Return the exit status, and all that appeared on the terminal.

    What is typed is typed once a text has appeared (`after`): whoever asks for a password throws away what was typed before.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "supops", *words],
        env={**env, "TERM": "xterm-256color"},
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
        start_new_session=True,
    )
    os.close(theirs)
    parts: list[bytes] = []
    while True:
        if typed and after.encode() in b"".join(parts):
            os.write(ours, typed.encode())
            typed = ""
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    return process.wait(timeout=30), b"".join(parts).decode().replace("\r\n", "\n")
