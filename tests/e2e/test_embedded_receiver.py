"""The embedded world from end to end: receiver, signed samples, a calendar that fails, dead letters, replay."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.e2e.starting import Started, Starter
from tests.postgres import until

LISTENS = re.compile(r"http://127\.0\.0\.1:\d+/calendly")


@pytest.fixture
def receiver(starter: Starter, home: dict[str, str], tmp_path: Path) -> Iterator[Started]:
    started = starter.start("--demo", "webhooks", "serve", "--port", "0", env=home, folder=tmp_path)
    assert until(lambda: LISTENS.search(started.text) is not None), started.text
    yield started
    started.kill()


def deliveries(run: Run) -> list[dict[str, object]]:
    done = run("--demo", "webhooks", "deliveries", "-o", "json")
    assert done.status == 0, done.err
    found: list[dict[str, object]] = json.loads(done.out)["deliveries"]
    return found


def test_a_booking_arrives_fails_and_is_replayed(run: Run, receiver: Started) -> None:
    found = LISTENS.search(receiver.text)
    assert found
    sent = run("--demo", "webhooks", "trigger", "invitee.created", "--to", found[0])
    assert sent.status == 0, sent.err
    assert "202" in sent.out + sent.err
    assert until(lambda: deliveries(run)[0]["state"] == "done", 30), receiver.text

    assert run("--demo", "demo", "break", "calendar").status == 0
    assert run("--demo", "webhooks", "trigger", "invitee.created", "--to", found[0]).status == 0
    assert until(lambda: deliveries(run)[0]["state"] == "dead", 30), receiver.text
    dead = deliveries(run)[0]

    assert run("--demo", "demo", "mend", "calendar").status == 0
    assert run("--demo", "webhooks", "replay", "--failed").status == 0
    assert until(lambda: deliveries(run)[0]["state"] == "done", 30), receiver.text
    shown = run("--demo", "webhooks", "show", str(dead["id"]))
    assert "GitLab Support" in shown.out
