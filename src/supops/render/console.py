"""The terminal: results on stdout, everything else on stderr, and colours only where somebody sees them."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from supops.errors import SupopsError
from supops.render.text import count, visible
from supops.services.ports import Notices, Progress, Task

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from supops.render.tables import Block

SECONDS_BEFORE_PROGRESS = 1.0
RED, YELLOW, DIM = "31", "33", "2"


class Terminal(Notices, Progress):
    """Where a command speaks.

    Args:
        stdout: Gets the result, and nothing else.
        stderr: Gets progress, notes, warnings and errors.
        environ: Says whether colours are wanted (``NO_COLOR``, ``TERM``).
        quiet: Leaves out notes and progress; warnings and errors stay.
        verbose: Also tells how the work was done.
        debug: Also tells of each request.
        color: False for none, even on a terminal.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        *,
        environ: Mapping[str, str],
        quiet: bool = False,
        verbose: bool = False,
        debug: bool = False,
        color: bool = True,
    ) -> None:
        self.stdout = stdout
        self._stderr = stderr
        self._quiet = quiet
        self._verbose = verbose or debug
        self._debug = debug
        wanted = color and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self.color = wanted and stdout.isatty()
        self._stderr_color = wanted and stderr.isatty()
        self._board = _Board(stderr, color=self._stderr_color)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at the result."""
        return self.stdout.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal; 80 where it does not say."""
        import shutil

        return shutil.get_terminal_size((80, 24)).columns

    def note(self, message: str) -> None:
        """See `Notices`."""
        if not self._quiet:
            self._say(message, DIM)

    def warn(self, message: str) -> None:
        """See `Notices`."""
        self._say(f"warning: {message}", YELLOW)

    def detail(self, message: str) -> None:
        """See `Notices`."""
        if self._verbose and not self._quiet:
            self._say(message, DIM)

    def debug(self, message: str) -> None:
        """See `Notices`."""
        if self._debug:
            self._say(f"debug: {message}", DIM)

    def show(self, blocks: "Sequence[Block]") -> None:
        """Show tables on standard error, before a question that is about them."""
        from supops.render.tables import render_plain, render_terminal

        if self._stderr.isatty():
            text = render_terminal(blocks, width=self.width, color=self._stderr_color)
        else:
            text = render_plain(blocks)
        print(text, end="", file=self._stderr, flush=True)

    def error(self, error: SupopsError) -> None:
        """Tell what went wrong and what to do next."""
        self._say(f"error: {error.message}", RED)
        if error.hint:
            self._say(error.hint, "")

    def _say(self, message: str, style: str) -> None:
        text = "\n".join(visible(line) for line in message.splitlines())
        if style and self._stderr_color:
            text = f"\x1b[{style}m{text}\x1b[0m"
        print(text, file=self._stderr, flush=True)

    @contextmanager
    def task(self, label: str, *, item: str) -> Iterator[Task]:
        """See `Progress`. A bar appears on a terminal when the work takes longer than a second."""
        if self._quiet or not self._stderr.isatty():
            yield _Unseen()
            return
        bar = _Bar(label, item, self._board)
        try:
            yield bar
        finally:
            bar.close()


class _Unseen(Task):
    def advance(self, steps: int = 1, *, items: int = 0, total: int | None = None) -> None:
        """Nobody watches."""


class _Bar(Task):
    """A progress bar that takes a second to appear, and goes away when the work is done. Threads may share it."""

    def __init__(self, label: str, item: str, board: "_Board") -> None:
        self._label = label
        self._item = item
        self._board = board
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._steps = 0
        self._items = 0
        self._total: int | None = None
        self._shown: TaskID | None = None

    def advance(self, steps: int = 1, *, items: int = 0, total: int | None = None) -> None:
        with self._lock:
            self._steps += steps
            self._items += items
            self._total = total if total is not None else self._total
            if self._shown is None and time.monotonic() - self._began >= SECONDS_BEFORE_PROGRESS:
                self._shown = self._board.add(self._label)
            if self._shown is not None:
                note = f"{count(self._steps, 'page')}, {count(self._items, self._item)}"
                self._board.update(self._shown, self._steps, self._total, note)

    def close(self) -> None:
        with self._lock:
            if self._shown is not None:
                self._board.remove(self._shown)
                self._shown = None


class _Board:
    """All bars of a terminal, below each other: what is done at the same time is shown at the same time."""

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream = stream
        self._color = color
        self._lock = threading.Lock()
        self._bars: Bars | None = None

    def add(self, label: str) -> "TaskID":
        with self._lock:
            if self._bars is None:
                self._bars = self._start()
            return self._bars.add_task(label, total=None, note="")

    def update(self, task: "TaskID", steps: int, total: int | None, note: str) -> None:
        with self._lock:
            if self._bars is not None:
                self._bars.update(task, completed=steps, total=total, note=note)

    def remove(self, task: "TaskID") -> None:
        with self._lock:
            if self._bars is None:
                return
            if len(self._bars.task_ids) > 1:
                self._bars.remove_task(task)
            else:
                self._bars.stop()
                self._bars = None

    def _start(self) -> "Bars":
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bars

        console = Console(file=self._stream, no_color=not self._color, highlight=False)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        bars = Bars(*columns, console=console, transient=True)
        bars.start()
        return bars


def terminal_of_process(
    *, quiet: bool = False, verbose: bool = False, debug: bool = False, color: bool = True
) -> Terminal:
    """Return the terminal of this process."""
    import sys

    return Terminal(
        sys.stdout, sys.stderr, environ=os.environ, quiet=quiet, verbose=verbose, debug=debug, color=color
    )
