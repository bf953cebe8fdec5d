"""Runs commands of supops in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from supops.adapters.process_signals import GRACE_SECONDS, PARENT_PIPE
from supops.errors import SupopsError
from supops.models.redaction import redact
from supops.models.schedules import CommandEnd
from supops.services.inbox_ports import CommandRunner

LONGEST_SECONDS = 3600.0
KEPT_BYTES = 16 * 1024
CHUNK = 64 * 1024
PROGRAM = (sys.executable, "-P", "-m", "supops")


class SupopsRunner(CommandRunner):
    """Runs them with the interpreter that this process runs in.

    Each is in a session of its own: an interrupt that is meant for a worker does not cut what it runs. But it ends with this process,
    however that ends, even where it is killed: somebody else runs the command then.

    Args:
        options: The global options, before the group's name.
        environ: The environment variables.
        program: What is run.
        limit: Seconds after which a command is ended.
    """

    def __init__(
        self,
        options: Sequence[str],
        environ: Mapping[str, str],
        *,
        program: Sequence[str] = PROGRAM,
        limit: float = LONGEST_SECONDS,
    ) -> None:
        self._start = (*program, *options)
        self._environ = dict(environ) | {"PYTHONUTF8": "1"}
        self._limit = limit

    def run(self, words: Sequence[str]) -> CommandEnd:
        """See `CommandRunner`."""
        with self._started(words) as process:
            ends = [_End(stream) for stream in (process.stdout, process.stderr) if stream]
            try:
                process.wait(self._limit)
            except subprocess.TimeoutExpired:
                _end(process)
                raise SupopsError(
                    f"`supops {' '.join(words)}` took more than {self._limit:.0f} s and was ended",
                    hint="Run it by hand with --verbose to see what takes so long.",
                ) from None
            except BaseException:
                _end(process)
                raise
            if not all(end.is_over() for end in ends):
                # What the command left running has its output, and nobody waits for that.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            out, err = (end.text() for end in ends)
            return CommandEnd(process.returncode, out, err)

    @contextmanager
    def _started(self, words: Sequence[str]) -> Iterator["subprocess.Popen[bytes]"]:
        """Start a command. The end of a pipe that is held here tells it that this process lives."""
        theirs, ours = os.pipe()
        try:
            try:
                process = subprocess.Popen(  # noqa: S603
                    [*self._start, *words],
                    env=self._environ | {PARENT_PIPE: str(theirs)},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    pass_fds=(theirs,),
                )
            except OSError as error:
                raise SupopsError(
                    f"`supops {' '.join(words)}` could not be started: {error.strerror}"
                ) from None
            finally:
                os.close(theirs)
            with process:
                yield process
        finally:
            os.close(ours)


class _End:
    """Reads a stream to its end, and keeps the last of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._kept = b""
        self._is_cut = False
        self._stream = stream
        self._thread = threading.Thread(target=self._read, name="output", daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        """Wait a moment for the end of the stream. Return whether it has come."""
        self._thread.join(GRACE_SECONDS)
        return not self._thread.is_alive()

    def text(self) -> str:
        """Return what was kept, without secrets. A line that is not whole is left out: half of a token is not known for one."""
        self._thread.join(GRACE_SECONDS)
        kept = self._kept
        if self._is_cut:
            kept = kept.partition(b"\n")[2]
        return redact(kept.decode("utf-8", "replace"))

    def _read(self) -> None:
        # It is closed where nobody waits for its end any more.
        with suppress(OSError, ValueError):
            while chunk := self._stream.read1(CHUNK):  # type: ignore[attr-defined]
                together = self._kept + chunk
                self._is_cut = self._is_cut or len(together) > KEPT_BYTES
                self._kept = together[-KEPT_BYTES:]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command, with all that it has started: first as a request, then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
            return
