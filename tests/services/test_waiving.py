"""Waivers beside the findings of audits; and writing one down, with everything in memory."""

from dataclasses import replace
from datetime import date

import pytest

from supops.errors import ConfigError, UsageError
from supops.models.audits import Audit
from supops.models.findings import Finding, Severity, Source, Subject
from supops.models.waivers import Waiver, WrittenWaiver
from supops.services.waiving import Asked, apply_waivers, waive
from tests.fakes.clock import START
from tests.fakes.console import FakeNotices
from tests.fakes.waivers import FakeWaivers

TODAY = date(2026, 10, 1)
YESTERDAY = date(2026, 9, 30)
GLOBAL, US_GOVERNMENT = "zendesk/global", "zendesk/us-government"
# Both instances have suspended-agent; light-agent is Global's alone.
JO = Finding("suspended-agent", Severity.HIGH, Subject("Jo Doe", "Jo@example.com", 7), "suspended")
LEE = Finding("light-agent", Severity.MEDIUM, Subject("Lee", "lee@example.com", 8), "only a light agent")
WAIVER = Waiver("suspended-agent", "jo@example.com", "on leave", "Sam", TODAY, "waivers.yaml", 3)
OVER = replace(WAIVER, expires=YESTERDAY)


def audit(*findings: Finding, key: str = GLOBAL, broken: bool = False) -> Audit:
    kind, _, instance = key.partition("/")
    reasons = ("the list broke off",) if broken else ()
    found = Audit(kind, instance or None, key, START, START, findings=findings, incomplete_reasons=reasons)
    return replace(found, rules="the rules")


def applied(
    *audits: Audit, waivers: tuple[Waiver, ...], configured: tuple[str, ...] = ()
) -> tuple[Audit, ...]:
    return apply_waivers(audits, waivers, today=TODAY, configured=configured)


def checks(report: Audit) -> list[str]:
    return [finding.check for finding in report.findings]


@pytest.mark.parametrize("subject", ["jo@example.com", "JO@EXAMPLE.COM", " Jo@example.com ", "7"])
def test_a_finding_is_waived_by_what_its_subject_is_known_by(subject: str) -> None:
    waiver = replace(WAIVER, subject=subject)

    (report,) = applied(audit(JO, LEE), waivers=(waiver,))

    assert report.findings == (LEE, replace(JO, waiver=waiver))
    assert report.open_findings == (LEE,)
    assert (report.counts["findings"], report.counts["waived"]) == (2, 1)
    assert report.rules == "the rules"


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (Subject("support/tool", ref="support/Tool"), "support/tool"),
        (Subject("deploy (bot)", ref="project-token/17"), "project-token/17"),
        (Subject("amer/jo.yaml"), "amer/jo.yaml"),
    ],
)
def test_what_is_no_person_is_waived_by_its_ref_or_its_name(subject: Subject, name: str) -> None:
    finding = Finding("unreadable-roster-file", Severity.HIGH, subject, "tabs")
    waiver = replace(WAIVER, check=finding.check, subject=name)

    (report,) = applied(audit(finding, key="roster"), waivers=(waiver,))

    assert report.findings == (replace(finding, waiver=waiver),)


@pytest.mark.parametrize(
    "waiver",
    [
        replace(WAIVER, check="light-agent"),
        replace(WAIVER, subject="Jo Doe"),
        replace(WAIVER, subject="o@example.com"),
        replace(WAIVER, subject="77"),
    ],
)
def test_another_check_or_subject_waives_nothing(waiver: Waiver) -> None:
    (report,) = applied(audit(JO), waivers=(waiver,))

    assert JO in report.open_findings


def test_one_waiver_holds_in_each_audit_that_has_the_check() -> None:
    reports = applied(audit(JO), audit(JO, key=US_GOVERNMENT), waivers=(WAIVER,))

    assert [report.open_findings for report in reports] == [(), ()]


def test_the_last_day_is_waived_and_the_next_one_is_not() -> None:
    (report,) = applied(audit(JO), waivers=(WAIVER,))
    assert report.open_findings == ()

    (report,) = applied(audit(JO), waivers=(OVER,))
    assert JO in report.open_findings


def test_an_expired_waiver_is_a_finding_beside_the_one_that_is_back() -> None:
    (report,) = applied(audit(JO), waivers=(OVER,))

    expired, back = report.findings
    assert back == JO
    assert (expired.check, expired.severity, expired.subject) == (
        "expired-waiver",
        Severity.MEDIUM,
        JO.subject,
    )
    assert expired.source == Source("waivers.yaml", 3)
    assert expired.waiver is None
    for said in ("suspended-agent", "jo@example.com", "Sam", "2026-09-30"):
        assert said in expired.message


def test_it_is_told_once_in_each_audit_where_it_matched() -> None:
    again = replace(JO, message="suspended twice")

    reports = applied(audit(key="roster"), audit(JO, again), audit(JO, key=US_GOVERNMENT), waivers=(OVER,))

    assert [checks(report).count("expired-waiver") for report in reports] == [0, 1, 1]


@pytest.mark.parametrize("broken", [True, False])
def test_where_it_matched_nothing_the_first_audit_with_its_check_tells_of_it(broken: bool) -> None:
    reports = applied(audit(key="roster"), audit(broken=broken), audit(key=US_GOVERNMENT), waivers=(OVER,))

    assert [checks(report) for report in reports] == [[], ["expired-waiver"], []]
    (finding,) = reports[1].findings
    assert str(finding.subject) == "jo@example.com"


def test_audits_that_do_not_have_the_check_say_nothing_of_its_waivers() -> None:
    waivers = (OVER, replace(WAIVER, subject="8"), replace(WAIVER, check="gone"))

    (report,) = applied(audit(key="roster"), waivers=waivers, configured=("roster",))

    assert report.findings == ()


def test_a_waiver_that_waives_nothing_is_told_once() -> None:
    reports = applied(
        audit(key="roster"), audit(LEE), audit(key=US_GOVERNMENT), waivers=(WAIVER,), configured=(GLOBAL,)
    )

    assert [checks(report) for report in reports] == [[], ["light-agent", "unused-waiver"], []]
    unused = reports[1].findings[1]
    assert unused.severity is Severity.LOW
    assert (unused.subject.name, unused.subject.ref) == ("jo@example.com", "jo@example.com")
    assert unused.source == Source("waivers.yaml", 3)
    for said in ("suspended-agent", "jo@example.com", "Sam"):
        assert said in unused.message


def test_it_waives_something_where_one_audit_of_two_has_the_finding() -> None:
    reports = applied(audit(), audit(JO, key=US_GOVERNMENT), waivers=(WAIVER,), configured=(GLOBAL,))

    assert [checks(report) for report in reports] == [[], ["suspended-agent"]]


@pytest.mark.parametrize(
    ("audits", "configured", "is_told"),
    [
        # All that have the check were run, and could read everything.
        ([audit()], [GLOBAL], True),
        ([audit(), audit(key=US_GOVERNMENT)], [GLOBAL, US_GOVERNMENT], True),
        ([audit()], [GLOBAL, "roster", "projects"], True),
        ([audit()], [], True),
        # The finding may be where nobody looked.
        ([audit()], [GLOBAL, US_GOVERNMENT], False),
        ([audit(broken=True)], [GLOBAL], False),
        ([audit(), audit(key=US_GOVERNMENT, broken=True)], [GLOBAL, US_GOVERNMENT], False),
        ([audit(), audit(key=US_GOVERNMENT, broken=True)], [GLOBAL], False),
    ],
)
def test_absence_proves_nothing_unless_everything_was_seen(
    audits: list[Audit], configured: list[str], is_told: bool
) -> None:
    reports = applied(*audits, waivers=(WAIVER,), configured=tuple(configured))

    assert any("unused-waiver" in checks(report) for report in reports) is is_told


def test_of_two_waivers_of_one_finding_the_one_that_runs_counts() -> None:
    by_id = replace(WAIVER, subject="7", expires=date(2027, 1, 1))

    (report,) = applied(audit(JO), waivers=(WAIVER, by_id))
    assert report.findings == (replace(JO, waiver=by_id),)

    (report,) = applied(audit(JO), waivers=(OVER, by_id))
    assert [(finding.check, finding.waiver) for finding in report.findings] == [
        ("expired-waiver", None),
        ("suspended-agent", by_id),
    ]


def test_what_is_said_of_two_waivers_is_told_apart_from_run_to_run() -> None:
    waivers = (OVER, replace(OVER, subject="7"), replace(OVER, check="light-agent"))

    (report,) = applied(audit(JO, replace(LEE, subject=JO.subject)), waivers=waivers)

    expired = [finding for finding in report.findings if finding.check == "expired-waiver"]
    assert len({finding.fingerprint for finding in expired}) == 3


def test_findings_stay_sorted() -> None:
    waivers = tuple(replace(OVER, subject=name) for name in ("b", "a", "c"))

    (report,) = applied(audit(JO, LEE), waivers=waivers)

    assert list(report.findings) == sorted(report.findings, key=lambda finding: finding.sort_key)
    assert len(report.findings) == 5


ASKED = Asked("light-agent", " jo@example.com ", " is trained\n", "Sam", "2027-03-31")


def write(asked: Asked, book: FakeWaivers | None = None, notices: FakeNotices | None = None) -> WrittenWaiver:
    return waive(
        book or FakeWaivers(),
        asked,
        today=TODAY,
        notices=notices or FakeNotices(),
        overwrite=False,
        dry_run=False,
    )


def refusal(asked: Asked) -> UsageError:
    book = FakeWaivers()
    with pytest.raises(UsageError) as raised:
        write(asked, book)
    assert book.waivers == []
    return raised.value


def test_a_waiver_is_written_down() -> None:
    book = FakeWaivers()

    written = write(ASKED, book)

    assert book.waivers == [Waiver("light-agent", "jo@example.com", "is trained", "Sam", date(2027, 3, 31))]
    assert (written.waiver.file, written.waiver.line) == ("the book", 1)


def test_a_check_that_there_is_not_names_the_nearest() -> None:
    assert "light-agent" in refusal(replace(ASKED, check="light-agnt")).hint
    assert "supops audit checks" in refusal(replace(ASKED, check="§")).hint


@pytest.mark.parametrize("check", ["expired-waiver", "unused-waiver"])
def test_what_is_said_of_waivers_can_not_be_waived(check: str) -> None:
    assert refusal(replace(ASKED, check=check)).message == f"A finding of {check} can't be waived."


@pytest.mark.parametrize(
    ("name", "said"), [("subject", "SUBJECT"), ("reason", "--reason"), ("owner", "--owner")]
)
def test_texts_have_to_say_something(name: str, said: str) -> None:
    asked = {"subject": ASKED.subject, "reason": ASKED.reason, "owner": ASKED.owner}

    for text, problem in (("", "is empty"), (" \n", "is empty"), ("\udcff", "not UTF-8")):
        texts = asked | {name: text}
        message = refusal(replace(ASKED, **texts)).message
        assert message.startswith(said)
        assert problem in message


@pytest.mark.parametrize("expires", ["2026-09-30", "31.03.2027", "20270331", "2027-02-30", "tomorrow", ""])
def test_the_last_day_is_a_date_that_is_not_over(expires: str) -> None:
    assert refusal(replace(ASKED, expires=expires)).message.startswith("--expires ")


@pytest.mark.parametrize(
    ("expires", "warns"),
    [("2026-10-01", False), ("2027-10-02", False), ("2027-10-03", True), ("9999-12-31", True)],
)
def test_a_waiver_of_more_than_a_year_is_warned_of(expires: str, warns: bool) -> None:
    notices = FakeNotices()

    write(replace(ASKED, expires=expires), notices=notices)

    assert any(expires in warning for warning in notices.warnings) is warns


def test_a_book_with_a_mistake_is_not_written_to() -> None:
    with pytest.raises(ConfigError):
        write(ASKED, FakeWaivers([replace(WAIVER, check="expired-waiver")]))
