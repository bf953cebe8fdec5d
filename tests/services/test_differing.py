"""What is different between two runs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.errors import UsageError
from supops.models.audits import Audit
from supops.models.findings import Severity
from supops.models.waivers import Waiver
from supops.services.differing import baseline, compare, differences
from tests.audits import a_finding, an_agent, an_audit
from tests.fakes.clock import START
from tests.fakes.state import FakeStore


def test_who_came_who_went_and_what_changed() -> None:
    old = an_audit(agents=(an_agent(1), an_agent(2), an_agent(3)))
    new = an_audit(
        agents=(an_agent(2, "Other", role="admin"), an_agent(4)), light=(an_agent(3, suspended=True),)
    )

    changes = compare(old, new)

    assert [one.item.identity for one in changes.added] == ["4"]
    assert [one.item.identity for one in changes.removed] == ["1"]
    assert {
        one.item.identity: [(fact.name, fact.before, fact.after) for fact in one.facts]
        for one in changes.changed
    } == {
        "3": [("suspended", False, True), ("list", "Full agents", "Light agents")],
        "2": [("name", "Agent 2", "Other"), ("role", "agent", "admin")],
    }


def test_that_somebody_signed_in_is_no_change() -> None:
    later = an_agent(1, last_login_at="2026-12-01T00:00:00Z")

    assert compare(an_audit(agents=(an_agent(1),)), an_audit(agents=(later,))).changed == ()


def test_findings_that_are_new_fixed_and_still_there() -> None:
    old = an_audit(a_finding(1), a_finding(2), a_finding(3, actual="a"))
    new = an_audit(a_finding(2, message="other words"), a_finding(3, actual="b"), a_finding(4))

    changes = compare(old, new)

    assert [one.subject.zendesk_id for one in changes.new_findings] == [4]
    assert [one.subject.zendesk_id for one in changes.fixed_findings] == [1]
    assert [one.subject.zendesk_id for one in changes.remaining_findings] == [2, 3]


def test_a_waiver_that_ended_makes_a_finding_new_and_one_that_began_fixed() -> None:
    waived = replace(a_finding(), waiver=Waiver("suspended-agent", "1", "r", "o", START.date()))

    assert compare(an_audit(waived), an_audit(a_finding())).new_findings == (a_finding(),)
    assert compare(an_audit(a_finding()), an_audit(waived)).fixed_findings == (a_finding(),)


def test_what_an_incomplete_run_did_not_see_is_neither_removed_nor_fixed() -> None:
    whole = an_audit(a_finding(), agents=(an_agent(1),))
    part = an_audit(reasons=("cut off",))

    forward, back = compare(whole, part), compare(part, whole)

    assert (forward.removed, forward.fixed_findings) == ((), ())
    assert "later run is incomplete" in forward.caveats[0]
    assert len(back.added) == len(back.new_findings) == 1
    assert "earlier run is incomplete" in back.caveats[0]


def test_a_fact_that_an_incomplete_run_could_not_see_is_not_gone() -> None:
    whole = an_audit(agents=(an_agent(1, role="agent", push="maintainers"),))
    part = an_audit(agents=(an_agent(1, role="admin", push=None),), reasons=("cut off",))

    (change,) = compare(whole, part).changed

    assert [fact.name for fact in change.facts] == ["role"]
    assert [fact.name for fact in compare(whole, replace(part, incomplete_reasons=())).changed[0].facts] == [
        "role",
        "push",
    ]


def test_other_rules_are_said() -> None:
    assert "settings" in compare(an_audit(), replace(an_audit(), rules="r2")).caveats[0]


def test_different_audits_are_not_compared() -> None:
    with pytest.raises(UsageError, match="different audits"):
        compare(an_audit(), replace(an_audit(), instance="us-government"))


FINDINGS = st.builds(
    a_finding,
    st.integers(1, 4),
    st.sampled_from(list(Severity)),
    st.sampled_from(["a", "b"]),
    actual=st.sampled_from(["x", "y"]),
)
AUDITS = st.builds(
    lambda findings, numbers: an_audit(*findings, agents=tuple(map(an_agent, sorted(numbers)))),
    st.lists(FINDINGS, max_size=8),
    st.sets(st.integers(1, 9)),
)


@given(AUDITS, AUDITS)
def test_every_finding_is_told_once_and_both_ways_agree(old: Audit, new: Audit) -> None:
    changes, back = compare(old, new), compare(new, old)

    assert len(changes.new_findings) + len(changes.remaining_findings) == len(new.findings)
    assert len(changes.fixed_findings) + len(changes.remaining_findings) == len(old.findings)
    assert len(back.new_findings) == len(changes.fixed_findings)
    assert [one.item for one in changes.added] == [one.item for one in back.removed]


@given(AUDITS)
def test_an_audit_does_not_differ_from_itself(audit: Audit) -> None:
    changes = compare(audit, audit)

    assert not (changes.added)
    assert not (changes.removed)
    assert not (changes.changed)
    assert not (changes.new_findings)
    assert not (changes.fixed_findings)
    assert len(changes.remaining_findings) == len(audit.findings)


QUARTER = datetime(2026, 10, 1, tzinfo=UTC)


def stored(*runs: tuple[int, bool, str | None]) -> FakeStore:
    """Runs so many days after the quarter's beginning, complete or not, filed for a quarter or not."""
    store = FakeStore()
    for days, complete, quarter in runs:
        audit = replace(
            an_audit(reasons=() if complete else ("x",)), started_at=QUARTER + timedelta(days=days)
        )
        store.add(audit, command="", quarter=quarter)
    return store


@pytest.mark.parametrize(
    ("runs", "number"),
    [
        ([], None),
        ([(1, True, None)], None),
        ([(-90, True, "2026 Q3"), (-1, True, None), (0, True, "2026 Q4")], 1),
        ([(-9, True, None), (-5, True, None), (-1, False, None)], 2),
        ([(-1, False, None)], None),
        # Filed late, and filed ahead of its quarter.
        ([(-9, True, "2026 Q3"), (2, True, "2026 Q2"), (-1, True, "2026 Q4")], 1),
        ([(-9, True, None), (-1, True, "2026 Q4")], 1),
        ([(-9, True, None), (2, False, "2026 Q3")], 2),
    ],
)
def test_what_a_filed_audit_is_compared_with(
    runs: list[tuple[int, bool, str | None]], number: int | None
) -> None:
    found = baseline(stored(*runs), "zendesk/global", QUARTER)

    assert (found.id if found else None) == number


def test_without_a_number_the_last_two_of_each_audit_are_compared() -> None:
    store = stored((1, True, None), (2, True, None), (3, True, None))
    store.add(replace(an_audit(), kind="projects", instance=None), command="")

    assert [(one.old_run, one.new_run) for one in differences(store, None, None)] == [(2, 3)]
    assert [(one.old_run, one.new_run) for one in differences(store, 1, None)] == [(1, 3)]
    assert [(one.old_run, one.new_run) for one in differences(store, 1, 2)] == [(1, 2)]
    with pytest.raises(UsageError, match="latest"):
        differences(store, 3, None)
    with pytest.raises(UsageError, match="different audits"):
        differences(store, 1, 4)
