"""What a store of runs does, whether in memory or in a file."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from supops.adapters.state import RunDatabase
from supops.models.findings import Severity, Source
from supops.models.waivers import Waiver
from supops.services.audit_ports import NoSuchRun, RunStore
from tests.audits import a_finding, an_agent, an_audit
from tests.fakes.state import FakeStore

AUDIT = an_audit(
    replace(a_finding(), source=Source("a.yaml", 3)),
    replace(a_finding(2), waiver=Waiver("suspended-agent", "2", "why", "jo", date(2027, 1, 1), "w.yaml", 2)),
    agents=(an_agent(1, "Zoë \U0001f600"), an_agent(2, tags=("a", "b"))),
    reasons=("cut off",),
)
OTHER = replace(an_audit(), kind="projects", instance=None, title="Projects")


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    return FakeStore() if request.param == "memory" else RunDatabase(tmp_path / "folder" / "state.db")


def test_an_audit_comes_back_as_it_was(store: RunStore) -> None:
    store.check()
    number = store.add(AUDIT, command="supops audit zendesk")

    run = store.run(number)

    assert run.audit == AUDIT
    assert (run.id, run.command, run.quarter) == (number, "supops audit zendesk", None)


@pytest.mark.parametrize("text", ["Jo \ud83d", "file-\udcff.yaml", "nul \x00", "\u202e"])
def test_texts_that_are_hardly_any_are_no_reason_to_lose_a_run(store: RunStore, text: str) -> None:
    audit = replace(an_audit(a_finding(message=text), agents=(an_agent(1, text),)), title=text)

    run = store.run(store.add(audit, command=text))

    assert (run.audit.findings[0].subject, run.audit.counts) == (audit.findings[0].subject, audit.counts)
    assert store.runs()[0].counts == audit.counts


def test_an_empty_store_is_an_empty_history(store: RunStore) -> None:
    assert store.runs() == ()
    assert store.runs("zendesk/global") == ()
    with pytest.raises(NoSuchRun):
        store.run(1)


def test_the_latest_comes_first_of_all_or_of_one(store: RunStore) -> None:
    first = store.add(AUDIT, command="")
    second = store.add(OTHER, command="")
    third = store.add(AUDIT, command="")

    assert [run.id for run in store.runs()] == [third, second, first]
    assert [run.id for run in store.runs("zendesk/global")] == [third, first]
    assert [run.id for run in store.runs("zendesk/global", limit=1)] == [third]
    assert store.runs("calendly") == ()


def test_a_summary_tells_what_lists_and_charts_need(store: RunStore) -> None:
    store.add(AUDIT, command="")

    (run,) = store.runs()

    assert (run.key, run.title, run.started_at, run.complete) == (
        "zendesk/global",
        "Zendesk Global",
        AUDIT.started_at,
        False,
    )
    assert run.counts == AUDIT.counts
    assert run.severities == {Severity.HIGH: 1, Severity.MEDIUM: 0, Severity.LOW: 0}


def test_the_quarter_that_a_run_was_filed_for(store: RunStore) -> None:
    number = store.add(AUDIT, command="")

    store.filed(number, "2026 Q4")

    assert store.run(number).quarter == store.runs()[0].quarter == "2026 Q4"


@pytest.mark.parametrize("number", [-1, 0, 2, 2**70])
def test_a_number_that_there_is_not(store: RunStore, number: int) -> None:
    store.add(AUDIT, command="")

    with pytest.raises(NoSuchRun):
        store.run(number)
