"""Requests answered: only with the file that was asked for, each step once, and nothing of a request is carried out."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import pytest

from supops.adapters.license_forms import IssueForms
from supops.errors import (
    ConfigError,
    Conflict,
    Forbidden,
    NetworkError,
    PlatformError,
    SupopsError,
    UsageError,
)
from supops.models.license_requests import Closing, Override, RequestIssue, StepState
from supops.models.licenses import License, Origin, Withdrawal
from supops.render.license_replies import TemplateReplies
from supops.services.license_closing import Closer, check_duration, closing_exit_code
from supops.services.license_completing import Completion, Handed, license_line, plan_completion
from supops.services.license_rules import Rules
from supops.services.licensing import Licenser, fingerprint
from tests.fakes.console import FakeNotices
from tests.fakes.licenses import Broken, FakeLedger, FakeReader, FakeRequests, FakeSigner
from tests.licenses import LICENSE, LINK, NOW, form, issued, request_issue

LABEL = "Stage::Completed"
REFUSED = Forbidden("you may not")
CUT_OFF = NetworkError("no answer arrived")
FAILED = PlatformError("GitLab answers 500")


class Desk:
    """All that answers requests, in memory."""

    def __init__(self, issue: RequestIssue | None = None, *, content: License = LICENSE) -> None:
        self.ledger = FakeLedger()
        self.tracker = FakeRequests([issue or request_issue(labels=("Stage::Triage",))])
        self.notices = FakeNotices()
        self.pauses: list[float] = []
        self.data = FakeSigner().sign(content).encode()
        self.now = NOW
        self.template: Path | None = None

    def closer(self, *, dry_run: bool = False) -> Closer:
        return Closer(
            Licenser(Rules(), self.ledger, lambda: self.now, UTC, LABEL),
            self.tracker,
            IssueForms(UTC),
            TemplateReplies("https://docs.example.com/licenses", self.template),
            self.notices,
            dry_run=dry_run,
            pause=self.pauses.append,
        )

    def complete(
        self,
        *,
        dry_run: bool = False,
        spent: str = "10m",
        attach: bool = False,
        override: Override | None = None,
    ) -> Closing:
        return self.plan(dry_run=dry_run, spent=spent, attach=attach, override=override).carry_out()

    def plan(
        self,
        *,
        dry_run: bool = False,
        spent: str = "10m",
        attach: bool = False,
        override: Override | None = None,
    ) -> Completion:
        handed = Handed(self.data, FakeReader(), spent, attach=attach, by="jo")
        return plan_completion(self.closer(dry_run=dry_run), 42, handed, override)

    def refuse(self, reason: str = "", *, dry_run: bool = False) -> Closing:
        return self.closer(dry_run=dry_run).refuse(42, reason=reason)

    @property
    def comments(self) -> list[str]:
        return [note.body for note in self.tracker.written.get(42, []) if not note.system]


def states(closing: Closing) -> dict[str, str]:
    return {step.what: str(step.state) for step in closing.steps}


def test_a_request_is_completed() -> None:
    desk = Desk()

    closing = desk.complete()

    assert states(closing) == dict.fromkeys(("ledger", "reply", "time", "close"), "done")
    assert closing_exit_code(closing) == 0
    (comment,) = desk.comments
    assert comment == closing.reply
    assert "The license was generated" in comment
    assert "staging" in comment
    assert "https://docs.example.com/licenses" in comment
    assert desk.tracker.spent == {42: ["10m"]}
    issue = desk.tracker.issues[42]
    assert (issue.is_closed, issue.labels) == (True, (LABEL,))
    (entry,) = desk.ledger.kept
    assert (entry.sha256, entry.issue, entry.by) == (fingerprint(desk.data), f"{LINK}/42", "jo")
    assert entry.origin is Origin.COMPLETED


def test_to_complete_it_again_changes_nothing() -> None:
    desk = Desk()
    desk.complete()
    calls = list(desk.tracker.calls)

    again = desk.complete()

    assert set(states(again).values()) == {"already"}
    assert desk.tracker.calls == calls
    assert len(desk.ledger.kept) == 1


def test_what_is_asked_is_whether_to_do_what_is_left() -> None:
    desk = Desk(request_issue(is_confidential=True))
    assert desk.plan().question == f"{LINK}/42: reply, log 10m, set {LABEL} and close?"
    assert "reply with the license, " in desk.plan(attach=True).question
    desk.tracker.broken = [Broken("spend", REFUSED)]
    with suppress(Forbidden):
        desk.complete()

    assert desk.plan().question == f"{LINK}/42: log 10m, set {LABEL} and close?"
    desk.complete()
    assert desk.plan().question == ""


def test_a_dry_run_changes_nothing_and_shows_the_reply() -> None:
    desk = Desk()

    closing = desk.complete(dry_run=True)

    assert set(states(closing).values()) == {"planned"}
    assert "The license was generated" in closing.reply
    assert (desk.tracker.calls, desk.ledger.kept) == ([], [])


@pytest.mark.parametrize("call", ["comment", "spend", "finish"])
@pytest.mark.parametrize("error", [REFUSED, CUT_OFF, FAILED, KeyboardInterrupt()])
@pytest.mark.parametrize("acts", [True, False])
def test_whatever_fails_each_step_is_done_once_in_the_end(
    call: str, error: BaseException, acts: bool
) -> None:
    desk = Desk()
    # Where it is refused, or does not come back for good.
    desk.tracker.broken = [Broken(call, error, acts)] * (1 if error is CUT_OFF else 2)

    for user in ("support-bot", "maria-delgado") * 2:
        # Whoever goes on with it.
        desk.tracker.user = user
        with suppress(SupopsError, KeyboardInterrupt):
            desk.complete()

    assert set(states(desk.complete()).values()) == {"already"}
    assert len(desk.comments) == 1
    assert desk.tracker.spent == {42: ["10m"]}
    assert desk.tracker.issues[42].is_closed
    assert len(desk.ledger.kept) == 1


def test_where_no_answer_arrived_it_is_looked_for_before_it_is_tried_again() -> None:
    desk = Desk()
    desk.tracker.broken = [Broken("comment", CUT_OFF, acts=True), Broken("spend", CUT_OFF, acts=False)]

    desk.complete()

    assert desk.tracker.calls == ["comment", "spend", "spend", "finish"]
    assert desk.pauses == [1.0, 1.0, 4.0, 10.0]
    assert "looking whether it was done" in desk.notices.notes[0]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (replace(LICENSE, email="john@example.com"), "email"),
        (replace(LICENSE, name="John"), "name"),
        (replace(LICENSE, plan="premium"), "plan"),
        (replace(LICENSE, users=None), "users_count"),
        (replace(LICENSE, users=1_000), "users_count"),
        (replace(LICENSE, expires=date(2027, 7, 1)), "end_date"),
        (replace(LICENSE, company="Other"), "license"),
        (replace(LICENSE, starts=date(2026, 11, 24)), "license"),
        (replace(LICENSE, starts=date(2026, 12, 24)), "license"),
    ],
)
def test_a_file_that_is_not_what_was_asked_for_is_not_handed_out(content: License, field: str) -> None:
    desk = Desk(content=content)

    closing = desk.complete()

    assert field in [problem.field for problem in closing.problems]
    assert closing_exit_code(closing) == 3
    assert (desk.tracker.calls, desk.ledger.kept) == ([], [])


def test_a_file_that_is_no_license_or_expired_is_not_handed_out() -> None:
    desk = Desk()
    desk.now += timedelta(days=400)
    assert "expired" in desk.complete().problems[0].message

    desk.data = b"hello"
    (problem,) = desk.complete().problems
    assert (problem.field, desk.tracker.calls) == ("license", [])


@pytest.mark.parametrize(
    "description",
    [
        form(purpose="Testing GitLab Duo"),
        form(purpose=""),
        form(end_date="2028-06-30"),
        "",
        form(plan="gold"),
    ],
)
def test_a_request_that_may_not_be_accepted_is_not_completed(description: str) -> None:
    desk = Desk(request_issue(description=description))

    closing = desk.complete()

    assert closing.problems
    assert (closing.steps, desk.tracker.calls, desk.ledger.kept) == ((), [], [])


def test_the_rules_count_for_the_day_on_which_the_license_starts() -> None:
    desk = Desk()
    desk.now += timedelta(days=3)

    assert states(desk.complete())["close"] == "done"


def test_the_license_that_is_handed_out_is_no_second_one() -> None:
    desk = Desk()
    entry = issued(sha256=fingerprint(desk.data), issue=f"{LINK}/42")
    desk.ledger.add(entry, today=date(2026, 1, 1))

    assert states(desk.complete())["ledger"] == "already"


def test_another_license_that_was_begun_for_the_request_is_in_the_way() -> None:
    desk = Desk()
    begun = issued(1, id=7, expires=LICENSE.expires, issue=f"{LINK}/42", is_pending=True)
    desk.ledger.kept = [begun]

    for override in (None, Override("lost")):
        (problem,) = desk.complete(override=override, dry_run=True).problems
        assert "license 7 was begun for this request, and is another file" in problem.message


def test_an_issue_has_two_addresses() -> None:
    desk = Desk(request_issue(web_url=f"{LINK.replace('issues', 'work_items')}/42"))
    desk.ledger.kept = [issued(1, id=1, sha256=fingerprint(desk.data), issue=f"{LINK}/42")]

    assert "made for it" in desk.refuse("no").remarks[0]
    assert states(desk.complete())["ledger"] == "already"


def test_another_license_of_the_person_is_in_the_way_unless_it_was_overridden() -> None:
    desk = Desk()
    desk.ledger.kept = [issued(1, id=1)]
    assert [problem.field for problem in desk.complete().problems] == ["email"]

    assert states(desk.complete(override=Override("lost")))["ledger"] == "done"
    assert desk.ledger.kept[-1].reason == "lost"


def test_an_override_that_is_recorded_is_not_asked_for_again() -> None:
    desk = Desk()
    mine = issued(2, id=2, sha256=fingerprint(desk.data), reason="lost", issue=f"{LINK}/42")
    desk.ledger.kept = [issued(1, id=1), mine]

    assert states(desk.complete())["reply"] == "done"


def test_a_license_that_was_begun_is_finished_when_it_is_handed_out_and_a_withdrawn_one_is_not() -> None:
    desk = Desk()
    mine = issued(2, id=2, sha256=fingerprint(desk.data), issue=f"{LINK}/42", file="/a", is_pending=True)
    desk.ledger.kept = [mine]

    assert states(desk.complete(dry_run=True))["ledger"] == "planned"
    assert states(desk.complete())["ledger"] == "done"
    assert desk.ledger.kept == [replace(mine, is_pending=False)]

    other = Desk()
    other.ledger.kept = [
        replace(mine, sha256=fingerprint(other.data), withdrawn=Withdrawal(NOW, "jo", "lost"))
    ]
    (problem,) = other.complete().problems
    assert "withdrawn by jo" in problem.message


def test_a_license_that_was_issued_for_another_request_is_not_handed_out() -> None:
    desk = Desk()
    desk.ledger.kept = [issued(1, id=1, sha256=fingerprint(desk.data), issue=f"{LINK}/7")]

    (problem,) = desk.complete().problems
    assert f"{LINK}/7" in problem.message


def test_the_content_is_posted_only_when_asked_for_and_only_where_nobody_else_sees_it() -> None:
    desk = Desk()
    text = desk.data.decode().strip()
    with pytest.raises(UsageError, match="not confidential"):
        desk.complete(attach=True)
    assert (desk.tracker.calls, desk.ledger.kept) == ([], [])

    desk.complete()
    assert text not in desk.comments[0]

    confidential = Desk(request_issue(is_confidential=True))
    confidential.complete()
    assert text not in confidential.comments[0]

    attached = Desk(request_issue(is_confidential=True))
    attached.complete(attach=True)
    assert f"```\n{text}\n```" in attached.comments[0]


def test_an_issue_that_is_made_public_meanwhile_gets_no_content() -> None:
    desk = Desk(request_issue(is_confidential=True))
    completion = desk.plan(attach=True)
    desk.tracker.issues[42] = replace(desk.tracker.issues[42], is_confidential=False)

    with pytest.raises(UsageError, match="not confidential"):
        completion.carry_out()
    assert (desk.comments, desk.ledger.kept) == ([], [])


def test_an_issue_that_is_made_public_between_two_attempts_gets_no_content() -> None:
    desk = Desk(request_issue(is_confidential=True))
    desk.tracker.broken = [Broken("comment", CUT_OFF)]
    completion = desk.plan(attach=True)

    def opened(_seconds: float) -> None:
        desk.tracker.issues[42] = replace(desk.tracker.issues[42], is_confidential=False)

    completion.closer.pause = opened
    with pytest.raises(UsageError, match="not confidential"):
        completion.carry_out()
    assert (desk.comments, desk.tracker.calls) == ([], ["comment"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"description": form(users_count="11")}, "its text was edited"),
        ({"is_closed": True}, "it was closed"),
        ({"labels": (LABEL,)}, f"it got the label {LABEL}"),
    ],
)
def test_what_is_changed_meanwhile_is_not_answered(changes: dict[str, Any], said: str) -> None:
    desk = Desk()
    completion = desk.plan()
    desk.tracker.issues[42] = replace(desk.tracker.issues[42], **changes)

    with pytest.raises(Conflict, match=re.escape(f"({said}): nothing was posted")):
        completion.carry_out()
    assert (desk.tracker.calls, desk.ledger.kept) == ([], [])


def test_a_request_that_is_corrected_between_reply_and_close_stays_open() -> None:
    desk = Desk()
    desk.tracker.broken = [Broken("finish", REFUSED)]
    with suppress(Forbidden):
        desk.complete()
    desk.tracker.issues[42] = replace(desk.tracker.issues[42], description=form(users_count="11"))

    assert [problem.field for problem in desk.complete().problems] == ["users_count"]
    assert not desk.tracker.issues[42].is_closed


def test_only_the_comment_has_the_content() -> None:
    desk = Desk(request_issue(is_confidential=True))
    text = desk.data.decode().strip()

    for closing in (desk.complete(attach=True, dry_run=True), desk.complete(attach=True)):
        assert license_line(f"{text}\n") in closing.reply
        assert f"{len(desk.data)} bytes, SHA-256 {fingerprint(desk.data)}" in closing.reply
        assert text not in closing.reply
    assert desk.comments[0] == closing.reply.replace(license_line(f"{text}\n"), text)


def test_a_template_without_the_content_is_refused_where_it_is_to_be_posted(tmp_path: Path) -> None:
    desk = Desk(request_issue(is_confidential=True))
    desk.template = tmp_path / "c.j2"
    desk.template.write_text("Done.")

    with pytest.raises(ConfigError, match="attached"):
        desk.complete(attach=True)
    assert desk.tracker.calls == []
    assert states(desk.complete())["reply"] == "done"


def test_what_was_replied_without_the_content_stays_without_it() -> None:
    desk = Desk(request_issue(is_confidential=True))
    desk.complete()

    closing = desk.complete(attach=True)

    assert "nothing was attached" in closing.remarks[-1]
    assert closing.steps[1].detail == "without the license's content"
    assert len(desk.comments) == 1


def test_carriage_returns_in_the_file_are_remarked_and_no_more() -> None:
    desk = Desk()
    desk.data = desk.data.replace(b"\n", b"\r\n")

    closing = desk.complete()

    assert states(closing)["close"] == "done"
    assert "carriage return" in closing.remarks[0]


def test_a_file_with_more_in_it_than_the_license_is_not_handed_out() -> None:
    desk = Desk(request_issue(is_confidential=True))
    desk.data = b"\n" + desk.data

    (problem,) = desk.complete(attach=True).problems

    assert "hand out the file as it was made" in problem.message
    assert (desk.comments, desk.ledger.kept) == ([], [])


def test_without_time_none_is_logged() -> None:
    desk = Desk()

    assert "time" not in states(desk.complete(spent=""))
    assert desk.tracker.spent == {}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("10m", "10m"),
        ("1h30m", "1h30m"),
        (" 1h  30m ", "1h 30m"),
        ("2d", "2d"),
        ("1mo", "1mo"),
        ("0m", ""),
        ("0", ""),
        ("", ""),
    ],
)
def test_times_spent(text: str, time: str) -> None:
    assert check_duration(text) == time


@pytest.mark.parametrize("text", ["ten", "10", "-10m", "10m\n/close", "10m /close", "1.5h", "99999d"])
def test_what_is_no_time_spent_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        check_duration(text)


def test_a_request_is_refused_with_its_problems_and_stays_open() -> None:
    desk = Desk(request_issue(description=form(end_date="2029-01-01", plan="gold")))

    closing = desk.refuse()

    (comment,) = desk.comments
    assert "**plan**" in comment
    assert "**end date**: 2029-01-01 is more than one year" in comment
    assert closing_exit_code(closing) == 0
    assert not desk.tracker.issues[42].is_closed


def test_the_same_problems_are_told_once_and_others_again() -> None:
    desk = Desk(request_issue(description=form(end_date="2026-11-01")))
    desk.refuse()
    # On another day the message has other days in it.
    desk.now += timedelta(days=1)
    assert states(desk.refuse()) == {"reply": "already"}
    assert len(desk.comments) == 1

    desk.tracker.issues[42] = replace(desk.tracker.issues[42], description=form(end_date="2026-11-02"))
    assert states(desk.refuse()) == {"reply": "done"}
    assert len(desk.comments) == 2


def test_a_request_for_duo_is_told_where_to_ask() -> None:
    desk = Desk(request_issue(description=form(purpose="testing GitLab Duo")))

    desk.refuse()

    assert "`#g_provision`" in desk.comments[0]


def test_there_is_nothing_to_refuse_about_a_good_request_but_for_a_reason_of_ones_own() -> None:
    desk = Desk()

    closing = desk.refuse()
    assert (closing_exit_code(closing), closing.steps, desk.comments) == (3, (), [])

    assert states(desk.refuse("not a team member any more")) == {"reply": "done"}
    assert "not a team member any more" in desk.comments[0]


def test_what_was_completed_is_not_refused() -> None:
    desk = Desk(request_issue(description=form(plan="gold"), labels=(LABEL,)))

    closing = desk.refuse()

    assert "completed already" in closing.remarks[0]
    assert desk.comments == []


def test_a_request_that_a_license_was_made_for_is_not_refused_with_that_license() -> None:
    desk = Desk()
    desk.ledger.kept = [issued(1, id=7, issue=f"{LINK}/42")]

    closing = desk.refuse("no")

    assert "licenses withdraw 7" in closing.remarks[0]
    assert (closing_exit_code(closing), desk.comments) == (3, [])
    desk.ledger.kept = [replace(desk.ledger.kept[0], withdrawn=Withdrawal(NOW, "jo", "lost"))]
    assert states(desk.refuse("no")) == {"reply": "done"}


def test_whoever_still_has_a_license_is_told_so_without_our_numbers_and_other_requests() -> None:
    desk = Desk()
    desk.tracker.issues[41] = request_issue(41, labels=(LABEL,), is_closed=True)
    desk.ledger.kept = [issued(40, id=7, is_pending=True)]

    problems = desk.refuse().problems

    (comment,) = desk.comments
    assert (
        "a license for this address runs until 2027-01-01; the next one can be made from that day" in comment
    )
    assert not any(word in comment for word in ("supops licenses", "ledger", "/40", "/41", "license 7"))
    # Whoever works on it is told all.
    assert "the ledger (license 7" in problems[0].message
    assert f"{LINK}/41" in problems[1].message


def test_a_dry_run_of_a_refusal() -> None:
    desk = Desk(request_issue(description=form(plan="gold")))

    assert states(desk.refuse(dry_run=True)) == {"reply": str(StepState.PLANNED)}
    assert desk.comments == []


def test_a_mark_that_somebody_else_wrote_counts_for_nothing() -> None:
    desk = Desk()
    mark = desk.complete(dry_run=True).reply.split("\n")[0]
    description = form() + f"\n{mark}\n"
    desk.tracker.issues[42] = request_issue(description=description)
    # A guest, who may comment: with the mark, and with what looks as if the platform had noted it.
    desk.tracker.user = "zoe-fraser"
    for body in (mark, "added 10m of time spent"):
        desk.tracker.comment(desk.tracker.issues[42], body)
    desk.tracker.user = "maria-delgado"
    desk.tracker.comment(desk.tracker.issues[42], f"What is this?\n{mark}")
    desk.tracker.user = "support-bot"

    assert set(states(desk.complete()).values()) == {"done"}
    assert desk.tracker.spent == {42: ["10m"]}


def test_a_refusal_that_somebody_else_pretends_counts_for_nothing() -> None:
    desk = Desk(request_issue(description=form(plan="gold")))
    desk.tracker.user = "zoe-fraser"
    desk.tracker.comment(desk.tracker.issues[42], desk.refuse(dry_run=True).reply)
    desk.tracker.user = "support-bot"

    assert states(desk.refuse()) == {"reply": "done"}


def test_a_colleague_who_repeats_it_changes_nothing() -> None:
    desk, refused = Desk(), Desk(request_issue(description=form(plan="gold")))
    desk.complete()
    refused.refuse()
    desk.tracker.user = refused.tracker.user = "maria-delgado"
    # Their ledger is one of their own.
    desk.ledger = FakeLedger()

    steps = states(desk.complete())

    assert (steps.pop("ledger"), set(steps.values())) == ("done", {"already"})
    assert states(refused.refuse()) == {"reply": "already"}
    assert (len(desk.comments), desk.tracker.spent, len(refused.comments)) == (1, {42: ["10m"]}, 1)


def test_what_was_completed_is_not_completed_with_another_file_nor_refused() -> None:
    desk = Desk()
    desk.tracker.broken = [Broken("finish", REFUSED)]
    with suppress(Forbidden):
        desk.complete()
    desk.ledger = FakeLedger()
    desk.data = FakeSigner().sign(replace(LICENSE, starts=date(2026, 11, 25))).encode()

    (problem,) = desk.complete().problems
    assert "with another file" in problem.message
    assert "--override-existing --reason TEXT" in problem.message
    assert "completed already" in desk.refuse("no").remarks[0]
    assert len(desk.comments) == 1
    assert states(desk.complete(override=Override("lost")))["reply"] == "done"


@pytest.mark.parametrize("error", [REFUSED, CUT_OFF, FAILED, KeyboardInterrupt()])
@pytest.mark.parametrize("acts", [True, False])
def test_whatever_fails_a_refusal_is_told_once(error: BaseException, acts: bool) -> None:
    desk = Desk(request_issue(description=form(plan="gold")))
    desk.tracker.broken = [Broken("comment", error, acts)] * 2

    for _ in range(3):
        with suppress(SupopsError, KeyboardInterrupt):
            desk.refuse()

    assert len(desk.comments) == 1
    assert states(desk.refuse()) == {"reply": "already"}
