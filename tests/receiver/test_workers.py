"""Workers that end in whatever way are started again."""

import asyncio
import signal
import sys
import time
from typing import Any

import pytest

from supops.receiver_workers import Workers
from tests.fakes.journal import FakeJournal


def keep(journal: FakeJournal, code: str, times: int) -> list[object]:
    """Keep a worker until it has ended so often; return how it ended each time."""
    workers = Workers([sys.executable, "-S", "-c", code], 1, journal, first_pause=0.01)

    async def run() -> None:
        working = asyncio.create_task(workers.run())
        deadline = time.monotonic() + 10
        while len(journal.of("worker ended")) < times and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        workers.end()
        await working

    asyncio.run(run())
    return [one["status"] for one in journal.of("worker ended")]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("raise SystemExit(3)", "3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        pytest.param(
            "import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 3)",
            f"signal {getattr(signal, 'SIGRTMIN', 34) + 3}",
            marks=pytest.mark.skipif(not hasattr(signal, "SIGRTMIN"), reason="no such signals here"),
        ),
    ],
)
def test_how_a_worker_ended_is_told_and_it_is_started_again(code: str, status: str) -> None:
    assert keep(FakeJournal(), code, 2)[:2] == [status, status]


def test_whatever_keeps_a_worker_from_being_started_is_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original, failures = (
        asyncio.create_subprocess_exec,
        [ValueError("embedded null byte"), OSError(12, "No memory")],
    )

    async def start(*words: Any, **options: Any) -> asyncio.subprocess.Process:
        if failures:
            raise failures.pop(0)
        return await original(*words, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)

    assert keep(FakeJournal(), "", 3)[:3] == ["ValueError: embedded null byte", "No memory", "0"]
