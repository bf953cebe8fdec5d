"""Compares output with a file, times and folders and ports scrubbed. Set UPDATE_GOLDEN=1 to write the files anew."""

import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def scrub(text: str) -> str:
    """Take out what changes from run to run. The times of the story itself stay."""
    text = re.sub(
        r"(audit, |from | to |(?:started|finished)_at\": \")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
        r"\1<time>",
        text,
    )
    return re.sub(r"20\d\d Q[1-4]", "<quarter>", text)


def scrub_minutes(text: str) -> str:
    """Take out times of the embedded world that count back from now. What fails for hours ends at a full hour."""
    return re.sub(r"20\d\d-\d\d-\d\d \d\d:00 UTC", "<time>", text)


def assert_golden(name: str, text: str) -> None:
    path = FOLDER / name
    scrubbed = scrub(text)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(scrubbed, encoding="utf-8")
    assert scrubbed == path.read_text(encoding="utf-8"), f"{name} differs; UPDATE_GOLDEN=1 writes it anew"
