"""Requests decided with what is known of the person, licenses signed and recorded, and files that are told from ours."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from supops.adapters.license_file import encoded
from supops.adapters.license_forms import IssueForms
from supops.errors import SupopsError, UsageError
from supops.models.license_requests import Decision, Held, Override
from supops.models.licenses import Issued, Origin, State, Withdrawal
from supops.services.license_ports import StillRunning
from supops.services.license_rules import Rules
from supops.services.licensing import Licenser, exit_code, fingerprint, inspection_exit_code
from tests.fakes.licenses import FakeLedger, FakeRequests, FakeSigner
from tests.licenses import LICENSE, LINK, MUTATIONS, NOW, TODAY, form, issued, request_issue, signer, written

LABEL = "Stage::Completed"
READ = IssueForms(UTC)


def licenser(ledger: FakeLedger | None = None, *, now: datetime = NOW, zone: str = "UTC") -> Licenser:
    return Licenser(Rules(), ledger or FakeLedger(), lambda: now, ZoneInfo(zone), LABEL)


def accepted(one: Licenser, **values: str) -> Decision:
    decision = one.decide(written(**values))
    assert decision.is_accepted
    return decision


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("UTC", date(2027, 12, 31)),
        ("Pacific/Auckland", date(2028, 1, 1)),
        ("America/Los_Angeles", date(2027, 12, 31)),
        ("Pacific/Kiritimati", date(2028, 1, 1)),
    ],
)
def test_a_day_is_the_organisations_day(zone: str, today: date) -> None:
    one = licenser(now=datetime(2027, 12, 31, 13, 30, tzinfo=UTC), zone=zone)

    assert one.today == today
    assert one.decide(written(end_date="2028-06-30")).is_accepted
    (start,) = [item.value for item in accepted(one, end_date="2028-06-30").form if item.key == "start_date"]
    assert start == today.isoformat()
    # Tomorrow for some of them, and today for others.
    assert one.decide(written(end_date="2028-01-01")).is_accepted == (today < date(2028, 1, 1))


def test_the_leap_day_of_a_zone() -> None:
    now = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)

    accepted(licenser(now=now), end_date="2029-02-28")
    assert not licenser(now=now).decide(written(end_date="2029-03-01")).is_accepted
    accepted(licenser(now=now, zone="Europe/Berlin"), end_date="2029-03-01")


def test_the_ledger_tells_of_a_license_that_runs() -> None:
    ledger = FakeLedger([issued(1, id=3, email="Jane.Doe+lab@example.com", expires=date(2026, 11, 27))])

    (problem,) = licenser(ledger).decide(written()).problems
    assert "until 2026-11-27, by the ledger (license 3" in problem.message

    # On the day on which it is expired, it is expired.
    assert licenser(ledger, now=NOW + timedelta(days=1)).decide(written()).is_accepted


def test_a_request_that_has_its_license_is_told_how_to_hand_it_out() -> None:
    kept = issued(42, id=3, file="/tmp/jane's.lic")
    asked = written(issue=f"{LINK}/42#note_7")

    decision = licenser(FakeLedger([kept])).decide(asked)
    assert decision.is_served
    assert decision.problems[0].message == (
        "this request has license 3 (/tmp/jane's.lic), until 2027-01-01: "
        "`supops licenses complete --issue 42 --license '/tmp/jane'\"'\"'s.lic'`"
    )

    by_form = licenser(FakeLedger([replace(kept, file="")])).decide(asked).problems[0].message
    assert "this request has license 3, until 2027-01-01; another one can be made with --override" in by_form
    for other in (written(issue=f"{LINK}/43"), written()):
        decision = licenser(FakeLedger([kept])).decide(other)
        assert not decision.is_served
        assert "the person still has a license" in decision.problems[0].message


def test_earlier_requests_of_the_person_tell_as_well() -> None:
    label = (LABEL,)
    tracker = FakeRequests(
        [
            request_issue(1, form(end_date="2027-01-01"), labels=label, is_closed=True),
            request_issue(2, form(end_date="2026-11-26"), labels=label, is_closed=True),
            request_issue(3, form(email="jane.doe+x@EXAMPLE.com", end_date="2027-02-01"), labels=label),
            request_issue(4, form(email="notjane.doe@example.com"), labels=label),
            request_issue(5, form(), is_closed=True),
            request_issue(6, form()),
            request_issue(7, "see jane.doe@example.com", labels=label),
            request_issue(8, form(end_date="soon"), labels=label),
            request_issue(9, form(), labels=label, created_at=datetime(2025, 1, 1, tzinfo=UTC)),
            request_issue(42),
        ]
    )

    held, remarks = licenser().earlier(READ(tracker.issue(42)), tracker, READ, issue=tracker.issue(42))

    assert [(one.where, one.expires) for one in held] == [
        (f"the request {LINK}/1, which was completed", date(2027, 1, 1)),
        (f"the request {LINK}/3, which was completed", date(2027, 2, 1)),
    ]
    assert remarks == (
        f"another request of the same person is open: {LINK}/6",
        f"until when the license of {LINK}/8 runs can't be told: look there",
    )


@pytest.mark.parametrize(
    ("email", "earlier", "end"),
    [
        ("jo.doe@example.com", "jo.doe@example.com", "2027-01-01"),
        ("jo.doe@example.com", "Jo.Doe+lab@example.com", "2027-01-01"),
        ("jo.doe+lab@example.com", "jo.doe@example.com", "2027-01-01"),
        ("jo_doe@example.com", r"jo\_doe@example.com", "2027-01-01"),
        ("jo@example.com", "jo@example.com", "2027-01-01"),
        ("emily@example.com", "emily+x@example.com", "2027-01-01"),
        # Completed by hand, and so it may be written in any way; of two days that it may be, the later one counts.
        ("jo.doe@example.com", "Jo Doe <jo.doe@example.com>", "1 January 2027"),
        ("jo.doe@example.com", "[jo.doe@example.com](mailto:jo.doe@example.com)", "12/01/2026"),
    ],
)
def test_an_earlier_request_is_found_however_it_is_written(email: str, earlier: str, end: str) -> None:
    before = request_issue(1, form(email=earlier, end_date=end, name="J."), labels=(LABEL,))
    tracker = FakeRequests([before, request_issue(42)])

    held, _ = licenser().earlier(written(email=email), tracker, READ, issue=tracker.issue(42))

    assert [one.expires for one in held] == [date(2026, 12, 1) if "/" in end else date(2027, 1, 1)]


def test_an_earlier_request_is_found_by_who_made_it_as_well() -> None:
    # No search for a word finds this address.
    odd = form(email="ja<!-- -->ne.d<!-- -->oe@example.com", end_date="2027-01-01", name="J.")
    others = (request_issue(2, form(email="jo@example.com"), labels=(LABEL,)), request_issue(42))
    tracker = FakeRequests([request_issue(1, odd, labels=(LABEL,)), *others])

    def held(author: str) -> list[str]:
        issue = request_issue(42, author=author)
        return [one.issue for one in licenser().earlier(READ(issue), tracker, READ, issue=issue)[0]]

    assert held("jane-doe") == [f"{LINK}/1"]
    assert held("maria-delgado") == held("") == []


def test_a_license_that_both_know_is_told_once() -> None:
    ledger = FakeLedger([issued(1, id=3)])
    tracker = FakeRequests([request_issue(1, labels=(LABEL,)), request_issue(42)])
    one, request = licenser(ledger), READ(tracker.issue(42))

    held, _ = one.earlier(request, tracker, READ, issue=tracker.issue(42))

    assert [problem.field for problem in one.decide(request, earlier=held).problems] == ["email"]


def test_a_request_that_was_completed_itself_gets_no_second_license() -> None:
    tracker = FakeRequests([request_issue(42, labels=(LABEL,), is_closed=True)])
    one, request = licenser(), READ(tracker.issue(42))

    held, _ = one.earlier(request, tracker, READ, issue=tracker.issue(42))
    assert held == (Held(f"the request {LINK}/42, which was completed", date(2027, 6, 30), f"{LINK}/42"),)
    decision = one.decide(request, earlier=held)
    assert (decision.is_accepted, decision.is_served) == (False, True)
    assert "this request was completed already" in decision.problems[0].message
    assert one.earlier(request, tracker, READ, issue=tracker.issue(42), is_answered=True) == ((), ())

    # The ledger knows better: what was withdrawn does not count.
    kept = issued(1, issue=f"{LINK}/42", withdrawn=Withdrawal(NOW, "sam", "lost"))
    assert licenser(FakeLedger([kept])).earlier(request, tracker, READ, issue=tracker.issue(42)) == ((), ())


def test_without_an_address_nobody_is_looked_for() -> None:
    assert licenser().earlier(written(email=""), FakeRequests(), READ, issue=request_issue(1)) == ((), ())


def test_a_license_is_signed_read_back_recorded_and_written() -> None:
    ledger, files = FakeLedger(), dict[str, str]()

    def write(text: str) -> None:
        files["license"] = text

    one = licenser(ledger)
    made = one.generate(accepted(one, issue=f"{LINK}/42"), signer(), by="jo", file="a", write=write)

    assert signer().reader().read(files["license"].encode()).license == LICENSE
    (entry,) = ledger.kept
    assert made.issued == entry
    assert entry.sha256 == fingerprint(files["license"].encode())
    assert (entry.by, entry.issue, entry.origin, entry.issued_at) == (
        "jo",
        f"{LINK}/42",
        Origin.GENERATED,
        NOW,
    )
    assert (entry.starts, entry.expires, entry.users) == (TODAY, date(2027, 6, 30), 10)


def test_a_dry_run_signs_and_keeps_nothing() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)

    made = one.generate(accepted(one), signer(), by="jo", file="a", write=None)

    assert (made.is_recorded, ledger.kept) == (False, [])
    assert signer().reader().read(made.text.encode()).license == LICENSE


def test_what_reads_back_as_something_else_is_not_handed_out() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)

    with pytest.raises(SupopsError, match="reads back as another one"):
        one.generate(accepted(one), FakeSigner(damages=True), by="jo", file="a", write=_forbidden)

    assert ledger.kept == []


def test_the_ledger_is_listed_by_person_and_state() -> None:
    jo = {"email": "jo@example.com"}
    ledger = FakeLedger(
        [
            issued(1, id=1, expires=date(2026, 11, 26)),
            issued(2, id=2, email="Jane.Doe+lab@example.com"),
            issued(3, id=3, starts=date(2026, 11, 27)),
            issued(4, id=4, is_pending=True, **jo),
            issued(5, id=5, withdrawn=Withdrawal(NOW, "sam", "lost"), **jo),
        ]
    )
    one = licenser(ledger)

    assert {state: [entry.id for entry in one.listed(state=state)] for state in State} == {
        State.EXPIRED: [1],
        State.RUNNING: [2],
        State.UPCOMING: [3],
        State.PENDING: [4],
        State.WITHDRAWN: [5],
    }
    assert [entry.id for entry in one.listed(email="JANE.doe@example.com")] == [1, 2, 3]
    assert [entry.id for entry in one.listed(email="jo@example.com", state=State.WITHDRAWN)] == [5]
    assert one.listed(email="nobody@example.com") == ()


def test_an_end_date_that_is_over_by_midnight_is_told_as_that() -> None:
    ledger, tomorrow = FakeLedger(), NOW + timedelta(days=1)
    decision = accepted(licenser(ledger), end_date=tomorrow.date().isoformat())

    with pytest.raises(SupopsError, match="Meanwhile it is 2026-11-27, and the end date 2026-11-27"):
        licenser(ledger, now=tomorrow).generate(decision, signer(), by="jo", file="a", write=_forbidden)

    assert ledger.kept == []


def _forbidden(_text: str) -> None:
    raise AssertionError("nothing may be written")


class Killed(BaseException):
    """Whoever generates is ended here."""


def killed(_text: str) -> None:
    raise Killed


@dataclass
class KilledLedger(FakeLedger):
    """A ledger whose user is killed at a call, once.

    Attributes:
        call: The name of the call.
        acts: Whether that happens after what was asked for.
    """

    call: str = ""
    acts: bool = False

    def add(self, issued: Issued, *, today: date, unwritten: str = "") -> Issued:
        self._die("add", acts=False)
        entry = super().add(issued, today=today, unwritten=unwritten)
        self._die("add", acts=True)
        return entry

    def confirm(self, issued: Issued, file: str) -> Issued:
        self._die("confirm", acts=False)
        entry = super().confirm(issued, file)
        self._die("confirm", acts=True)
        return entry

    def _die(self, call: str, *, acts: bool) -> None:
        if (self.call, self.acts) == (call, acts):
            self.call = ""
            raise Killed


@pytest.mark.parametrize("acts", [False, True])
@pytest.mark.parametrize("call", ["add", "write", "confirm"])
def test_whoever_is_killed_repeats_it_and_there_is_one_license(call: str, acts: bool) -> None:
    ledger, files = KilledLedger(call=call, acts=acts), dict[str, str]()
    one, later = licenser(ledger), licenser(ledger, now=NOW + timedelta(days=1))

    def write(text: str) -> None:
        if call == "write" and not acts:
            raise Killed
        files["a"] = text
        if call == "write":
            raise Killed

    def again(text: str) -> None:
        files["a"] = text

    with pytest.raises(Killed):
        one.generate(accepted(one), signer(), by="jo", file="a", write=write)
    before = dict(files)
    decision = later.decide(written())
    if (call, acts) == ("confirm", True):
        # All was done but the answer.
        assert [problem.field for problem in decision.problems] == ["email"]
    else:
        later.generate(decision, signer(), by="sam", file="a", write=again)

    (entry,) = ledger.kept
    assert (entry.is_pending, entry.file) == (False, "a")
    assert entry.sha256 == fingerprint(files["a"].encode())
    assert before in ({}, files)
    assert later.inspect(files["a"].encode(), signer().reader()).is_valid


def test_what_can_not_be_written_is_finished_when_that_is_repeated() -> None:
    ledger, files = FakeLedger(), list[str]()
    one = licenser(ledger)

    def write(_text: str) -> None:
        raise SupopsError("the disk is full")

    with pytest.raises(SupopsError, match="disk") as raised:
        one.generate(accepted(one), FakeSigner(), by="jo", file="a", write=write)
    assert "supops licenses withdraw 1" in raised.value.hint

    made = one.generate(accepted(one), FakeSigner(), by="jo", file="b", write=files.append)
    assert (made.was_begun, [made.issued], files) == (True, ledger.kept, [made.text])


def test_another_request_waits_until_what_was_begun_is_withdrawn() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    with pytest.raises(Killed):
        one.generate(accepted(one), FakeSigner(), by="jo", file="a", write=killed)

    (problem,) = one.decide(written(plan="premium")).problems
    assert "license 1; it was begun and not finished: generate the same request again, or" in problem.message
    assert "begun for this request" in one.decide(written()).remarks[-1]

    (entry,) = ledger.kept
    after = one.withdraw(one.named(entry.sha256[:12]), by="sam", reason="a typo")
    assert after.withdrawn == Withdrawal(NOW, "sam", "a typo")
    assert ledger.kept == [after]
    accepted(one, plan="premium")
    # The first reason stays.
    assert one.withdraw(one.named("1"), by="jo", reason="another") == after


def test_what_was_begun_with_another_key_or_other_counts_is_not_finished() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    with pytest.raises(Killed):
        one.generate(accepted(one), signer(), by="jo", file="a", write=killed)

    for decision, key in ((accepted(one), signer(1)), (accepted(one, trueup_count="3"), signer())):
        with pytest.raises(SupopsError, match="begun for this request, but with another key") as raised:
            one.generate(decision, key, by="jo", file="a", write=_forbidden)
        assert "supops licenses withdraw 1" in raised.value.hint


def test_a_withdrawn_license_is_told_from_one_that_counts() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    text = one.generate(accepted(one), signer(), by="jo", file="a", write=lambda _: None).text

    one.withdraw(one.named("1"), by="sam", reason="never handed out")

    inspection = one.inspect(text.encode(), signer().reader())
    assert inspection.problems == ("it was withdrawn by sam on 2026-11-26: never handed out",)
    assert one.listed() == tuple(ledger.kept)
    assert one.listed(expiring_within=timedelta(days=400)) == ()


@pytest.mark.parametrize("name", ["", "7", "x", "abcdef", "0" * 12, "1" * 65, "-1"])
def test_a_license_that_is_named_wrongly(name: str) -> None:
    one = licenser(FakeLedger([issued(1, id=1), issued(2, id=2)]))

    with pytest.raises(UsageError):
        one.named(name)


def test_what_can_not_be_recorded_is_not_written() -> None:
    one = licenser(FakeLedger(error=SupopsError("locked")))
    for write in (_forbidden, None):
        with pytest.raises(SupopsError, match="locked"):
            one.generate(accepted(one), FakeSigner(), by="jo", file="a", write=write)


def test_somebody_who_is_faster_is_noticed() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    decision = accepted(one)
    one.generate(decision, FakeSigner(), by="jo", file="a", write=lambda _: "a")

    with pytest.raises(StillRunning):
        one.generate(decision, FakeSigner(), by="sam", file="a", write=_forbidden)


def test_the_reason_of_an_override_is_recorded() -> None:
    ledger = FakeLedger([issued(1)])
    one = licenser(ledger)

    decision = one.decide(written(), override=Override("lost"))
    one.generate(decision, FakeSigner(), by="jo", file="a", write=lambda _: "a")

    assert ledger.kept[-1].reason == "lost"


def test_what_is_not_accepted_is_never_signed() -> None:
    one = licenser()
    with pytest.raises(ValueError, match="not accepted"):
        one.generate(one.decide(written(plan="gold")), FakeSigner(), by="jo", file="a", write=_forbidden)


@pytest.mark.parametrize(
    ("data", "same"),
    [
        (b"a\nb\n", True),
        (b"a\nb", True),
        (b"a\r\nb\r\n", True),
        (b"a\nb\n\n\n", True),
        (b"a\n\nb\n", False),
        (b"a b\n", False),
        (b"\xef\xbb\xbfa\nb\n", False),
        (b" a\nb\n", False),
    ],
)
def test_a_fingerprint_knows_line_ends_and_no_other_difference(data: bytes, same: bool) -> None:
    assert (fingerprint(data) == fingerprint(b"a\nb\n")) is same


def test_a_file_of_ours() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    text = one.generate(accepted(one), signer(), by="jo", file="a", write=lambda _: "a").text

    inspection = one.inspect(text.encode(), signer().reader())

    assert inspection.is_valid
    assert (inspection.issued, inspection.problems, inspection.remarks) == (ledger.kept[0], (), ())
    assert inspection_exit_code(inspection, must_be_ours=True) == 0


def test_a_file_that_is_not_in_the_ledger_proves_nothing() -> None:
    inspection = licenser().inspect(signer().sign(LICENSE).encode(), signer().reader())

    assert inspection.is_valid
    assert inspection.issued is None
    assert "no proof" in inspection.remarks[0]
    assert inspection_exit_code(inspection, must_be_ours=False) == 0
    assert inspection_exit_code(inspection, must_be_ours=True) == 3


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (datetime(2026, 11, 25, 23, 59, tzinfo=UTC), "not valid yet: it starts on 2026-11-26"),
        (datetime(2026, 11, 26, tzinfo=UTC), ""),
        (datetime(2027, 6, 29, 23, 59, tzinfo=UTC), ""),
        (datetime(2027, 6, 30, tzinfo=UTC), "expired on 2027-06-30"),
    ],
)
def test_validity_today(now: datetime, said: str) -> None:
    inspection = licenser(now=now).inspect(FakeSigner().sign(LICENSE).encode(), FakeSigner().reader())

    assert inspection.is_valid == (not said)
    assert said in "".join(inspection.problems)


def test_what_is_odd_about_a_file_is_told_and_whose_it_would_be_without() -> None:
    ledger = FakeLedger()
    one = licenser(ledger)
    text = one.generate(accepted(one), signer(), by="jo", file="a", write=lambda _: "a").text

    odd = one.inspect(b"\xef\xbb\xbf" + text.encode(), signer().reader())
    assert (odd.is_valid, odd.issued) == (False, None)
    assert "it is license 1 of the ledger" in odd.remarks[0]

    lines = one.inspect(text.replace("\n", "\r\n").encode(), signer().reader())
    assert lines.issued == ledger.kept[0]
    assert not lines.is_valid


def test_the_list_has_the_first_to_expire_first_and_can_look_ahead() -> None:
    days = (date(2027, 3, 1), date(2026, 11, 26), date(2026, 12, 26), date(2026, 12, 27))
    ledger = FakeLedger([issued(number, expires=day) for number, day in enumerate(days)])

    assert [one.expires for one in licenser(ledger).listed()] == sorted(days)
    soon = licenser(ledger).listed(expiring_within=timedelta(days=30))
    assert [one.expires for one in soon] == [date(2026, 12, 26)]


def test_exit_codes() -> None:
    assert exit_code(licenser().decide(written())) == 0
    assert exit_code(licenser().decide(written(plan="gold"))) == 3
    assert exit_code(licenser().decide(written(purpose="duo-testing"))) == 3


def flipped(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def inner(data: bytes, chance: random.Random) -> bytes:
    """Change one bit below both layers of base64, where nothing but the key is protected."""
    layers = json.loads(base64.b64decode(data))
    name = chance.choice(["data", "iv", "key"])
    layers[name] = encoded(flipped(base64.b64decode(layers[name]), chance))
    return encoded(json.dumps(layers, separators=(",", ":")).encode()).encode()


def without(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randrange(1, 80) :]


def with_more(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    more = chance.choice(
        [b"A", b"=", b"\n", b"\r\n", b" ", b"*", b"\xef\xbb\xbf", b"\x00", data[:60], b"BEGIN X LICENSE\n"]
    )
    return data[:place] + more + data[place:]


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def line_ends(data: bytes, chance: random.Random) -> bytes:
    return data.replace(b"\n", chance.choice([b"\r\n", b"\r", b"", b"\n\n", b" \n"]))


def respelled(data: bytes, chance: random.Random) -> bytes:
    """Say the same in other words: another license file with the same content."""
    layers = json.loads(base64.b64decode(data))
    return base64.encodebytes(json.dumps(layers, indent=chance.choice([None, 1])).encode())


MUTATORS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(flipped, inner, inner, inner, without, with_more, cut, line_ends, respelled),
)


def test_no_change_of_a_good_file_is_valid_and_ours_but_the_file_itself() -> None:
    """Without a traceback, whatever is changed; source: licenses, 5."""
    one = licenser(FakeLedger())
    good = one.generate(accepted(one), signer(), by="jo", file="a", write=lambda _: "a").text.encode()
    reader, seed = signer().reader(), random.randrange(2**32)
    chance = random.Random(seed)
    still_valid = 0
    for _ in range(MUTATIONS):
        changed = chance.choice(MUTATORS)(good, chance)
        if chance.random() < 0.2 and changed:
            changed = flipped(changed, chance)
        inspection = one.inspect(changed, reader)
        # Blank lines at the end are no change: GitLab itself looks past them.
        same, is_ours = changed.rstrip(b"\n") == good.rstrip(b"\n"), inspection.issued is not None
        still_valid += inspection.is_valid and not is_ours
        assert (inspection.is_valid and is_ours) == same, (seed, changed)
        assert is_ours == (changed.replace(b"\r\n", b"\n").rstrip(b"\n") == good.rstrip(b"\n")), (
            seed,
            changed,
        )
        assert (inspection.opened.license is None) == bool(inspection.opened.problems), (seed, changed)
    # The format itself lets some through: that is why the ledger is asked.
    assert still_valid or MUTATIONS < 1_000, seed


def test_a_license_is_the_same_in_every_zone() -> None:
    one = replace(licenser(), zone=timezone(timedelta(hours=14)))

    assert one.today == TODAY
