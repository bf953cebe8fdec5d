"""The journal's lines."""

import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

import pytest

from supops.render.journal import LAST_WORDS_SECONDS, LONGEST_FACT, JournalTerminal, JsonJournal, TextJournal
from tests.fakes.journal import FakeJournal

NOW = datetime(2026, 11, 26, 12, 0, 1, tzinfo=UTC)


def text(event: str, /, **facts: str | float | None) -> str:
    stream = io.StringIO()
    journal = TextJournal(stream, lambda: NOW)
    journal.tell(event, **facts)
    journal.close()
    return stream.getvalue()


def test_lines_for_people() -> None:
    assert (
        text("stored", source="calendly", id=7, event="invitee.created", client="192.0.2.7", ms=1.5)
        == "2026-11-26T12:00:01Z --> #7 calendly invitee.created stored client=192.0.2.7 ms=1.5\n"
    )
    assert (
        text("done", id=7, attempt=1, outcome="inserted")
        == "2026-11-26T12:00:01Z <-- #7 done attempt=1: inserted\n"
    )
    assert text("failed", id=7, error="no", next_at=None) == "2026-11-26T12:00:01Z <-x #7 failed: no\n"
    assert text("refused", source="zendesk", reason="signature") == (
        "2026-11-26T12:00:01Z -x- zendesk refused reason=signature\n"
    )
    assert text("ended") == "2026-11-26T12:00:01Z *** ended\n"


def test_what_others_wrote_can_not_make_lines_or_colours() -> None:
    line = text("failed", event="\x1b[31mred", error="one\ntwo\u202e")

    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_lines_for_programs() -> None:
    stream = io.StringIO()
    journal = JsonJournal(stream, lambda: NOW)

    journal.tell("stored", id=7, event="\u00fc\n", detail=None, error="")
    journal.tell("ended", text="x" * 10_000)
    journal.close()

    first, second = stream.getvalue().splitlines()
    assert first.isascii()
    assert json.loads(first) == {
        "time": "2026-11-26T12:00:01Z",
        "what": "stored",
        "id": 7,
        "event": "\u00fc\n",
    }
    assert len(json.loads(second)["text"]) == LONGEST_FACT


@pytest.mark.parametrize("problem", [BrokenPipeError(), ValueError("closed")])
def test_a_reader_that_goes_away_stops_nothing(problem: Exception) -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise problem

    journal = TextJournal(Gone(), lambda: NOW)
    journal.tell("ended")
    journal.tell("ended")
    journal.close()


@pytest.fixture
def pipe() -> Iterator[tuple[int, TextIO]]:
    """A pipe that is read only where a test does, and what writes to it."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        yield reader, stream
        with suppress(OSError):
            os.close(reader)


def read_until(reader: int, word: bytes) -> bytes:
    found = b""
    while word not in found:
        found += os.read(reader, 65536)
    return found


def test_whoever_does_not_read_keeps_nobody_waiting_and_is_told_what_was_left_out(
    pipe: tuple[int, TextIO],
) -> None:
    reader, stream = pipe
    journal = TextJournal(stream, lambda: NOW, most=100_000)

    began = time.monotonic()
    for number in range(5000):
        journal.tell("stored", id=number, source="calendly", client="192.0.2.7")
    took = time.monotonic() - began
    found = read_until(reader, b"left out").decode().splitlines()
    journal.tell("ended")
    journal.close()
    rest = os.read(reader, 65536).decode()

    written = [line for line in found if "stored" in line]
    assert took < 5
    # In order, and without a gap until those that were left out.
    assert [line.split()[2] for line in written] == [f"#{number}" for number in range(len(written))]
    assert 500 < len(written) < 5000
    assert f"left out lines={5000 - len(written)}: nobody read them in time" in "\n".join(found) + rest
    assert rest.endswith("*** ended\n")


def test_at_the_end_nobody_is_waited_for_long(pipe: tuple[int, TextIO]) -> None:
    reader, stream = pipe
    journal = JsonJournal(stream, lambda: NOW)
    for _ in range(2000):
        journal.tell("stored", client="x" * 100)

    began = time.monotonic()
    journal.close()
    took = time.monotonic() - began
    os.close(reader)
    journal.close()

    assert LAST_WORDS_SECONDS * 0.9 < took < LAST_WORDS_SECONDS + 2


def test_what_a_terminal_would_say_is_in_the_journal() -> None:
    journal = FakeJournal()
    terminal = JournalTerminal(io.StringIO(), io.StringIO(), journal, quiet=False, debug=False)

    terminal.note("a note")
    terminal.warn("careful")
    terminal.debug("not asked for")

    assert journal.lines == [
        ("note", {"level": "note", "text": "a note"}),
        ("note", {"level": "warning", "text": "careful"}),
    ]


def test_what_is_said_has_a_time_and_a_level() -> None:
    assert text("note", level="warning", text="careful") == "2026-11-26T12:00:01Z *** warning: careful\n"
    assert text("note", level="note", text="a note") == "2026-11-26T12:00:01Z *** note: a note\n"

    journal = FakeJournal()
    loud = JournalTerminal(io.StringIO(), io.StringIO(), journal, verbose=True, debug=True)
    loud.detail("how it went")
    loud.debug("a request")

    assert [facts["level"] for facts in journal.of("note")] == ["note", "debug"]
