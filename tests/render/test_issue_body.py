"""The text of an issue: harmless, complete, and it keeps what people did."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supops.errors import ConfigError
from supops.models.audits import Audit, Item, Listing
from supops.models.changes import AuditChanges
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.waivers import Waiver
from supops.render.issue_body import IssueBody
from tests.fakes.clock import START

QUARTER = "2026 Q4"
JO = Finding(
    "name-mismatch",
    Severity.LOW,
    Subject("Jo", "jo@example.com", 7),
    "named x",
    "a",
    "b",
    Source("jo.yaml", 3),
)
SAM = Finding(
    "suspended-agent", Severity.HIGH, Subject("Sam", "sam@example.com", 8), "suspended", actual="suspended"
)


def audit(*findings: Finding, names: tuple[str, ...] = ("Ada",), kind: str = "zendesk") -> Audit:
    items = tuple(Item(str(place), {"name": name}) for place, name in enumerate(names))
    return Audit(
        kind,
        "global" if kind == "zendesk" else None,
        "Zendesk Global" if kind == "zendesk" else "Tokens",
        START,
        START,
        (Listing("light_agents", "Light agents", ("name",), items),),
        findings,
        roster_size=3,
    )


def body(**options: object) -> IssueBody:
    made = IssueBody("0.1.0", "supops audit zendesk --instance global")
    return replace(made, **options)  # type: ignore[arg-type]


BODY = body()


def text(of: Audit, *previous: str, **options: object) -> str:
    # The same wherever it can be: reading a template takes as long as filling it in a hundred times.
    (part,) = (body(**options) if options else BODY).compose(of, None, QUARTER, previous=previous).parts
    return part


def boxes(part: str) -> list[str]:
    return [line.partition(" <!--")[0] for line in part.splitlines() if line.startswith("- [")]


def test_boxes_are_grouped_by_check_and_nothing_is_ticked() -> None:
    part = text(audit(JO, SAM))

    assert boxes(part) == [
        "- [ ] **Jo** `jo@example.com`: named x (`jo.yaml:3`)",
        "- [ ] **Sam** `sam@example.com`: suspended",
    ]
    assert "(`name-mismatch`, low) (1)" in part
    assert ": supops audit zendesk --instance global" in part


def test_ticked_boxes_stay_ticked_where_the_finding_is_the_same() -> None:
    ticked = text(audit(JO, SAM)).replace("- [ ]", "- [x]")

    same, changed = text(audit(JO, SAM), ticked), text(audit(replace(JO, actual="c"), SAM), ticked)

    assert [line[:5] for line in boxes(same)] == ["- [x]", "- [x]"]
    assert [line[:5] for line in boxes(changed)] == ["- [ ]", "- [x]"]


def test_a_moved_line_or_another_message_is_the_same_finding() -> None:
    ticked = text(audit(JO)).replace("- [ ]", "- [x]")

    assert boxes(text(audit(replace(JO, source=Source("jo.yaml", 9), message="other words")), ticked))[
        0
    ].startswith("- [x]")


def test_what_people_wrote_around_and_under_boxes_stays() -> None:
    lines = text(audit(JO, SAM)).splitlines()
    place = next(place for place, line in enumerate(lines) if "**Jo**" in line)
    edited = "\n".join(
        ["Above", "", *lines[: place + 1], "  - looked into it, ticket 12", *lines[place + 1 :], "", "Below"]
    )

    composed = body().compose(audit(JO, SAM), None, QUARTER, previous=[edited])

    part = composed.parts[0]
    assert composed.remarks == ()
    assert part.startswith("Above\n\n<!-- supops:audit")
    assert part.endswith("-->\n\nBelow")
    assert "(`jo.yaml:3`) <!--" in part
    assert part.splitlines()[part.splitlines().index("  - looked into it, ticket 12") - 1].startswith(
        "- [ ] **Jo**"
    )


def test_what_people_wrote_under_a_box_outlives_the_finding() -> None:
    lines = text(audit(JO)).splitlines()
    place = next(place for place, line in enumerate(lines) if "**Jo**" in line)
    edited = "\n".join([*lines[: place + 1], "  fixed on Monday", *lines[place + 1 :]])

    first = text(audit(SAM), edited)
    second = text(audit(SAM), first)

    assert "  fixed on Monday" in first
    assert second == first


def test_other_edits_within_our_part_are_replaced_and_that_is_said() -> None:
    edited = text(audit(JO)).replace("named x", "named y")

    composed = body().compose(audit(JO), None, QUARTER, previous=[edited])

    assert "named y" not in composed.parts[0]
    assert "edited by hand" in composed.remarks[0]


@pytest.mark.parametrize("mark", ["<!-- supops:end", "<!-- supops:audit"])
def test_when_a_mark_was_removed_all_that_stood_there_is_kept(mark: str) -> None:
    edited = (
        "\n".join(line for line in text(audit(JO)).splitlines() if not line.startswith(mark)) + "\nby hand"
    )

    composed = body().compose(audit(SAM), None, QUARTER, previous=[edited])

    ours, _, below = composed.parts[0].partition("## What stood here before")
    assert "**Sam**" in ours
    assert "**Jo**" in below
    assert below.endswith("by hand")
    assert "removed by hand" in composed.remarks[0]
    assert body().compose(audit(SAM), None, QUARTER, previous=composed.parts).parts == composed.parts


def test_a_quick_action_under_a_box_is_not_carried_out_in_our_name() -> None:
    lines = text(audit(JO)).splitlines()
    place = next(place for place, line in enumerate(lines) if "**Jo**" in line)
    edited = "\n".join([*lines[: place + 1], "  /close", *lines[place + 1 :]])

    assert "  \\/close" in text(audit(JO), edited)


def test_long_audits_go_on_in_notes() -> None:
    many = audit(JO, names=tuple(f"Agent {number}" for number in range(900)))

    parts = body(longest=10_000).compose(many, None, QUARTER).parts

    assert len(parts) > 1
    assert all(len(part) <= 10_000 for part in parts)
    assert [body().is_part_of(part, many, QUARTER, place) for place, part in enumerate(parts, 1)] == [
        True
    ] * len(parts)
    assert "_Part 2 of " in parts[1]
    names = [name for part in parts for name in re.findall(r"Agent \d+", part)]
    assert names == [f"Agent {number}" for number in range(900)]


def test_a_token_has_one_box_whatever_is_wrong_with_it() -> None:
    token = Subject("deploy (tools)", ref="project-token/17")
    findings = (
        Finding("expiring-token", Severity.MEDIUM, token, "expires in 3 days", actual="2026-12-01"),
        Finding("unused-token", Severity.LOW, token, "unused for 100 days", actual="2026-08-01"),
    )

    (box,) = boxes(text(audit(*findings, kind="tokens")))

    assert box == "- [ ] **deploy (tools)**: expires in 3 days; unused for 100 days"


def test_what_changed_is_on_top_and_waived_findings_are_listed() -> None:
    waived = replace(SAM, waiver=Waiver("suspended-agent", "8", "on leave", "jo", START.date()))
    changes = AuditChanges(
        "zendesk/global", "Zendesk Global", START, START, new_findings=(JO,), caveats=("careful",)
    )

    (part,) = body().compose(audit(JO, waived), changes, QUARTER).parts

    assert part.index("**New since then: 1**") < part.index("## Failed checks")
    assert "- careful" in part
    assert boxes(part) == ["- [ ] **Jo** `jo@example.com`: named x (`jo.yaml:3`)"]
    assert "on leave" in part.partition("## Waived findings")[2]


HOSTILE = st.text(st.sampled_from("@all/<>!-[]()|`*_#:\n\r&;x \\~$") | st.characters(), max_size=40)


@given(HOSTILE, HOSTILE)
def test_names_from_outside_are_data(name: str, email: str) -> None:
    finding = replace(SAM, subject=Subject(name or "x", email, 8), message=f"named {name}", actual=name)

    part = text(audit(finding, names=(name,)))

    harmless = text(audit(finding, names=(name,)), part)
    assert harmless == part
    assert not re.search(r"^\s*/", part, re.MULTILINE)
    without_code = re.sub(
        r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"<!-- supops:[^>]*-->$", "", part, flags=re.MULTILINE)
    )
    assert "@" not in without_code
    assert set(re.findall(r"</?\w+>", without_code)) == {"<details>", "</details>", "<summary>", "</summary>"}


def test_a_template_of_the_users_own_is_escaped_as_well(tmp_path: Path) -> None:
    template = tmp_path / "own.md.j2"
    template.write_text(
        "{{ title }}\n{% for g in groups %}{% for t in g.tasks %}{{ t.line }}\n{% endfor %}{% endfor %}{{ remarks }}\n"
    )

    part = text(replace(audit(JO), title="@all", remarks=("<b>",)), template=template)

    assert "`@all`" in part
    assert boxes(part) == ["- [ ] **Jo** `jo@example.com`: named x (`jo.yaml:3`)"]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"{% for %}", "own.md.j2:1"),
        (b"{{ nothing_of_that_name }}", "nothing_of_that_name"),
        (b"\xff", "not UTF-8"),
    ],
)
def test_mistakes_in_a_template_are_named(tmp_path: Path, written: bytes, said: str) -> None:
    template = tmp_path / "own.md.j2"
    template.write_bytes(written)

    with pytest.raises(ConfigError, match=said):
        text(audit(), template=template)


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        text(audit(), template=tmp_path / "no.md.j2")
