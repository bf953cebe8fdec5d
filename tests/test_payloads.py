"""The sample payloads, the events that supops knows, the simulated Calendly, and the docs: all speak of the same."""

import json
from pathlib import Path

import pytest

from supops.adapters.calendly_payloads import read_calendly
from supops.models.bookings import Booking, OtherEvent
from supops.models.subscriptions import CALENDAR_EVENTS, EVENTS
from supops.sandbox.bookings import payloads, sample
from tests.conftest import ROOT
from tests.fakes.console import FakeNotices

SAMPLES = sorted((ROOT / "tests" / "payloads").glob("*.json"))
GUIDES = ROOT / "docs" / "guides"


def test_there_is_a_sample_of_every_event_and_variants() -> None:
    assert {path.stem for path in SAMPLES} == {*EVENTS, *(Path(name).stem for name in payloads())}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_is_what_the_simulated_calendly_sends(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))

    assert document == (sample(path.stem) if path.stem in EVENTS else payloads()[path.name])


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_can_be_read(path: Path) -> None:
    notices = FakeNotices()

    read = read_calendly(path.read_bytes(), notices)

    assert notices.warnings == []
    assert isinstance(read, Booking if read.event in CALENDAR_EVENTS else OtherEvent)


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_event_is_in_the_guide_with_the_scopes_it_may_have(event: str) -> None:
    guide = (GUIDES / "calendly-webhooks.md").read_text(encoding="utf-8")
    family, _, verb = event.partition(".")
    row = next(line for line in guide.splitlines() if line.startswith(f"| `{family}."))

    assert f"`.{verb}`" in row or f"`{event}`" in row
    for scope in ("organization", "user", "group"):
        assert (scope in row.split("|")[2]) == (scope in EVENTS[event].scopes)
    assert f"`{EVENTS[event].token_scope}`" in row


@pytest.mark.parametrize("name", sorted(payloads()))
def test_every_payload_of_the_embedded_world_is_in_the_guide(name: str) -> None:
    assert f"`{name}`" in (GUIDES / "embedded-world.md").read_text(encoding="utf-8")
