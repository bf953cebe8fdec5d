"""The workers that the receiver starts: processes of their own, started again when one ends that should not."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress

from supops.services.inbox_ports import Journal

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0
# Who has worked for so long has not failed at the start.
STEADY_SECONDS = 60.0


class Workers:
    """Worker processes. They end with this process, even where it is killed: they notice that their standard input has ended.

    Args:
        command: The command line of one.
        number: How many.
    """

    def __init__(
        self,
        command: Sequence[str],
        number: int,
        journal: Journal,
        *,
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._command = command
        self._number = number
        self._journal = journal
        self._first_pause = first_pause
        self._ending = asyncio.Event()
        self._running: set[asyncio.subprocess.Process] = set()

    async def run(self) -> None:
        """Start them, and keep their number until it is time to end. Returns when the last one has finished what it was at."""
        await asyncio.gather(*(self._keep(number + 1) for number in range(self._number)))

    def end(self) -> None:
        """Have each finish what it is at, and end."""
        self._ending.set()
        for process in self._running:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)

    async def _keep(self, number: int) -> None:
        pause = self._first_pause
        loop = asyncio.get_running_loop()
        while not self._ending.is_set():
            began = loop.time()
            try:
                status = await self._one()
            except Exception as error:  # noqa: BLE001  (whatever it is: without a worker nothing is processed)
                status = f"{type(error).__name__}: {error}"
            if self._ending.is_set():
                return
            if loop.time() - began >= STEADY_SECONDS:
                pause = self._first_pause
            self._journal.tell(
                "worker ended", number=number, status=status, text=f"it is started again in {pause:g} s"
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _one(self) -> str:
        """Run one to its end; return how it ended."""
        try:
            process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            return error.strerror or str(error)
        self._running.add(process)
        if self._ending.is_set():
            self.end()
        try:
            status = await process.wait()
        finally:
            self._running.discard(process)
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
        return _named(status)


def _named(status: int) -> str:
    """Return how a process has ended: its status, or the signal's name; those for real time have none."""
    if status >= 0:
        return str(status)
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
