"""Comparing two stored runs of 20,000 agents, loading included, against only decoding the same data with the standard library's JSON."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result
from bench.report import AGENTS, an_audit
from supops.adapters.state import RunDatabase
from supops.render.audits import audit_json
from supops.services.differing import differences


def measure() -> Iterator[Result]:
    """Store two runs, and compare them."""
    with tempfile.TemporaryDirectory() as folder:
        store = RunDatabase(Path(folder) / "state.db")
        old, new = an_audit(), an_audit(shift=40)
        for audit in (old, new):
            store.add(audit, command="bench")
        started = time.process_time()
        (changes,) = differences(store, 1, 2)
        seconds = time.process_time() - started
    if (len(changes.added), len(changes.removed)) != (40, 40) or not changes.changed:
        raise RuntimeError(f"the comparison of {AGENTS} agents is wrong")
    texts = [json.dumps(audit_json(audit)) for audit in (old, new)]
    started = time.process_time()
    for text in texts:
        json.loads(text)
    plain = time.process_time() - started
    detail = f"{len(changes.changed):,} changed, {len(changes.remaining_findings):,} findings still there"
    yield Result("diff: 20,000 agents, CPU", seconds, 1, unit="s", detail=detail)
    yield Result("diff: 20,000 agents / json.loads", seconds / plain, 6, detail=f"{plain:.2f} s")
