"""What the receiver answers, and what it stores and tells."""

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.adapters.zendesk_deliveries import signed_headers as signed_by_zendesk
from supops.models.deliveries import LARGEST_BODY
from supops.receiver import MAX_BODY, RETRY_AFTER_SECONDS
from supops.receiver_store import MOST_WAITING
from tests.conftest import ROOT
from tests.receiver.asking import BODY, NOW, SECRET, Answered, Asking, Wrapped, a_body, signed, stored

PATH_SECRET = "a-part-that-nobody-can-guess"
Make = Callable[..., Asking]


@pytest.fixture
def inbox(tmp_path: Path) -> Wrapped:
    return Wrapped(SqliteDatabase(tmp_path / "inbox.db", patience=0.2))


@pytest.fixture
def make(inbox: Wrapped) -> Iterator[Make]:
    made: list[Asking] = []

    def maker(**settings: object) -> Asking:
        made.append(Asking(inbox, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield maker
    for one in made:
        one.close()


@pytest.fixture
def asking(make: Make) -> Asking:
    return make()


def test_a_genuine_delivery_is_stored_as_it_came(asking: Asking, inbox: Wrapped) -> None:
    answered = asking.post(
        headers=signed() | {"User-Agent": "Calendly", "Authorization": "Bearer x", "Cookie": "y"}
    )

    assert (answered.status, answered.body) == (202, b"")
    found = inbox.delivery(1)
    assert (found.source, found.event, found.body, found.received_at) == (
        "calendly",
        "invitee.created",
        BODY,
        NOW,
    )
    assert set(found.headers) == {"content-type", "calendly-webhook-signature", "user-agent"}


def test_a_repeat_is_accepted_and_stored_once(asking: Asking, inbox: Wrapped) -> None:
    assert [asking.post().status for _ in range(3)] == [202, 202, 202]

    assert len(stored(inbox)) == 1
    assert asking.journal.events == ["stored", "repeat", "repeat"]
    assert asking.count("repeats_total", source="calendly") == 2


def test_zendesk_has_a_path_of_its_own(asking: Asking, inbox: Wrapped) -> None:
    body = b'{"id": "e1", "type": "zen:event-type:x", "subject": "zen:ticket:7"}'
    headers = signed_by_zendesk(SECRET, body, NOW)

    assert asking.post(body, headers, path="/zendesk").status == 202
    assert asking.post(body, headers, path="/calendly").status == 401
    assert inbox.delivery(1).source == "zendesk"


def test_unknown_events_are_stored_as_well(asking: Asking, inbox: Wrapped) -> None:
    for number, body in enumerate((b"{}", b"[1]", b'{"event": "a.new.one"}')):
        assert asking.post(body).status == 202
        assert len(stored(inbox)) == number + 1


def raw_of(body: bytes = BODY) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in signed(body).items()]


def flip(text: str) -> str:
    return text[:-1] + ("0" if text[-1] != "0" else "1")


def test_all_that_is_wrong_with_a_signature_is_answered_alike(asking: Asking, inbox: Wrapped) -> None:
    name = "Calendly-Webhook-Signature"
    good = signed()[name]
    wrong = [
        {},
        {name: ""},
        {name: "t=1,v1=2"},
        {name: flip(good)},
        {name: good.upper()},
        signed(now=NOW - timedelta(minutes=4)),
        signed(now=NOW + timedelta(minutes=4)),
        signed(b"{}"),
    ]

    answers = {repr(asking.post(headers=one)) for one in wrong}

    assert len(answers) == 1
    assert "401" in answers.pop()
    assert stored(inbox) == []
    assert {one["detail"] for one in asking.journal.of("refused")} == {"missing", "format", "key", "time"}
    assert asking.count("refused_total", reason="signature") == len(wrong)


def test_a_signature_that_comes_twice_is_none(asking: Asking) -> None:
    one = raw_of()

    assert asking.run(asking.ask(one + one, [BODY])).status == 401


def test_a_jump_of_the_clock_refuses_and_stores_nothing(asking: Asking, inbox: Wrapped) -> None:
    headers = signed()
    for away in (timedelta(days=-3000), timedelta(minutes=-4), timedelta(minutes=4), timedelta(days=3000)):
        asking.clock.time = NOW + away
        assert asking.post(headers=headers).status == 401
    assert stored(inbox) == []
    asking.clock.time = NOW

    assert asking.post(headers=headers).status == 202


@pytest.mark.parametrize("body", [b"", b"{", b"hello", b"\xff\xfe", b"{} {}"])
def test_what_is_not_json_is_told_so_only_to_who_signs(asking: Asking, inbox: Wrapped, body: bytes) -> None:
    assert asking.post(body).status == 400
    assert asking.post(body, {}).status == 401
    assert stored(inbox) == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_only_post_is_taken(asking: Asking, method: str) -> None:
    answered = asking.post(method=method)

    assert (answered.status, answered.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "path", ["/", "", "/calendly/", "/calendly/x", "/Calendly", "/docs", "/metrics", "//calendly", "/\u00fc"]
)
def test_everything_else_is_not_there(asking: Asking, path: str) -> None:
    assert asking.post(path=path).status == 404


def test_with_a_secret_part_only_the_whole_path_is_there(make: Make) -> None:
    asking = make(path_secret=PATH_SECRET)

    assert asking.post(path=f"/calendly/{PATH_SECRET}").status == 202
    others = [
        "/calendly",
        "/calendly/",
        f"/calendly/{PATH_SECRET}x",
        f"/calendly/{PATH_SECRET}/",
        f"/{PATH_SECRET}",
    ]
    for path in (*others, "/calendly/\udcff", "/calendly/\u00fc"):
        assert asking.post(path=path).status == 404
        assert asking.post(path=path, method="GET").status == 404
    assert PATH_SECRET not in repr(asking.journal.lines)


def test_the_largest_body_is_taken_and_one_byte_more_is_not(asking: Asking, inbox: Wrapped) -> None:
    body = b'{"x": "' + b"x" * (MAX_BODY - 9) + b'"}'

    assert asking.post(body).status == 202
    assert asking.post(body + b" ").status == 413
    assert len(stored(inbox)) == 1


def test_verify_knows_how_much_is_taken() -> None:
    assert LARGEST_BODY == MAX_BODY


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "99999999999", "9" * 5000, "-1", "x", ""])
def test_a_length_that_is_too_large_or_none_is_refused_unread(asking: Asking, length: str) -> None:
    answered = asking.post(headers=signed() | {"Content-Length": length})

    assert (answered.status, answered.headers["connection"]) == (413, "close")


def test_a_body_that_is_larger_than_it_says_is_cut_off(asking: Asking, inbox: Wrapped) -> None:
    raw = raw_of()

    answered = asking.run(asking.ask([*raw, (b"content-length", b"10")], [b" " * 65536] * 5))

    assert answered.status == 413
    assert stored(inbox) == []


def test_a_body_in_pieces_is_one(asking: Asking) -> None:
    raw = raw_of()

    assert asking.run(asking.ask(raw, [BODY[place : place + 1] for place in range(len(BODY))])).status == 202


def test_who_hangs_up_before_the_end_has_sent_nothing(asking: Asking, inbox: Wrapped) -> None:
    raw = raw_of()

    assert asking.run(asking.ask(raw, [BODY], hangs_up=True)).status == 0
    assert stored(inbox) == []
    assert asking.count("refused_total", reason="gone") == 1


def test_ten_thousand_malformed_headers_never_are_a_fault(asking: Asking, inbox: Wrapped) -> None:
    """Requests are made up from pieces that are nearly right."""
    dice = random.Random(5)
    good = signed()["Calendly-Webhook-Signature"]
    names = [
        b"calendly-webhook-signature",
        b"content-length",
        b"content-type",
        b"user-agent",
        b"transfer-encoding",
    ]
    names += [
        b"x-zendesk-webhook-signature",
        b"x-zendesk-webhook-signature-timestamp",
        b"\xff\x00",
        b"",
        b"cookie",
    ]
    pieces = [
        b"t=",
        b"v1=",
        b",",
        good.encode(),
        b"=",
        b" ",
        b"\x00",
        b"\xff",
        b"-1",
        b"1" * 30,
        b"e",
        b"2026-11-26T12:00:00Z",
    ]
    pieces += [
        str(int(NOW.timestamp())).encode(),
        good.split("=")[-1].encode(),
        b"a" * 64,
        b"A" * 43 + b"=",
        b"\xd9\xa1",
    ]

    def value() -> bytes:
        return b"".join(dice.choice(pieces) for _ in range(dice.randrange(6)))

    async def all_of_them() -> set[int]:
        statuses = set()
        for _ in range(10_000):
            headers = [(dice.choice(names), value()) for _ in range(dice.randrange(5))]
            path = "/calendly" if dice.random() < 0.7 else "/zendesk"
            statuses.add((await asking.ask(headers, [BODY + b"x"], path=path)).status)
        return statuses

    assert asyncio.run(all_of_them()) == {401, 413}
    assert stored(inbox) == []


def test_nothing_that_a_request_brings_is_told(asking: Asking) -> None:
    marked = {
        "X-Secret": "MARK",
        "Cookie": "MARK",
        "User-Agent": "MARK",
        "Calendly-Webhook-Signature": "MARK",
    }
    body = b'{"event": "invitee.created", "created_at": "MARK", "payload": {"uri": "MARK", "email": "MARK"}}'
    asking.post(body, marked)
    asking.post(body, marked | signed(body))
    asking.post(body + b"MARK", signed(body + b"MARK"))

    assert asking.journal.events == ["refused", "stored", "refused"]
    assert "MARK" not in repr(asking.journal.lines)
    assert asking.journal.of("stored")[0]["client"] == "192.0.2.7"


def test_all_that_wait_are_stored_with_one_commit(asking: Asking, inbox: Wrapped) -> None:
    first, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        first.set()
        assert go_on.wait(5)

    inbox.before = hold

    async def many() -> list[int]:
        def one(number: int) -> "asyncio.Task[int]":
            async def status() -> int:
                body = a_body(number)
                raw = raw_of(body)
                return (await asking.ask(raw, [body])).status

            return asyncio.create_task(status())

        tasks = [one(0)]
        await asyncio.to_thread(first.wait, 5)
        tasks += [one(number) for number in range(1, 50)]
        await asyncio.sleep(0.05)
        # Nobody is answered before the commit.
        assert not any(task.done() for task in tasks)
        go_on.set()
        return await asyncio.gather(*tasks)

    assert set(asyncio.run(many())) == {202}
    assert inbox.batches == [1, 49]
    assert len(stored(inbox)) == 50


def unavailable(asking: Asking, body: bytes = BODY) -> None:
    answered = asking.post(body)
    assert (answered.status, answered.headers["retry-after"]) == (503, str(RETRY_AFTER_SECONDS))
    assert answered.body == b""


def test_a_store_that_takes_too_long(make: Make, inbox: Wrapped) -> None:
    asking = make(store_seconds=0.05)
    go_on = threading.Event()
    inbox.before = lambda: go_on.wait(5)

    unavailable(asking)
    go_on.set()
    asking.close()

    # It was stored all the same, and the repeat finds it.
    assert len(stored(inbox)) == 1


def test_too_many_that_wait(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_WAITING >= 1000
    monkeypatch.setattr("supops.receiver_store.MOST_WAITING", 0)

    unavailable(asking)


def test_a_locked_store(asking: Asking, inbox: Wrapped, tmp_path: Path) -> None:
    asking.post()
    with closing(sqlite3.connect(tmp_path / "inbox.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        unavailable(asking, a_body(2))
        other.execute("ROLLBACK")

    assert len(stored(inbox)) == 1
    assert "another process" in str(asking.journal.of("unstored")[0]["error"])
    assert asking.post(a_body(2)).status == 202
    assert asking.count("unstored_total", source="calendly") == 1


def test_a_fault_of_ours_is_an_answer_as_well(asking: Asking, inbox: Wrapped) -> None:
    def fail() -> None:
        raise RuntimeError("MARK")

    inbox.before = fail
    unavailable(asking)

    assert "MARK" not in repr(asking.journal.lines)
    assert "RuntimeError" in repr(asking.journal.lines)


def test_one_that_is_a_fault_keeps_no_other_from_being_stored(asking: Asking, inbox: Wrapped) -> None:
    first, go_on = threading.Event(), threading.Event()
    # The second batch, of three, fails as a whole, and then the first of its deliveries.
    faults = iter([False, True, True])

    def fail_now_and_then() -> None:
        first.set()
        go_on.wait(5)
        if next(faults, False):
            raise RuntimeError

    async def four() -> list[int]:
        def one(number: int) -> "asyncio.Task[Answered]":
            body = a_body(number)
            return asyncio.create_task(asking.ask(raw_of(body), [body]))

        waiting = [one(0)]
        await asyncio.to_thread(first.wait, 5)
        waiting += [one(number) for number in (1, 2, 3)]
        await asyncio.sleep(0.02)
        go_on.set()
        return [answered.status for answered in await asyncio.gather(*waiting)]

    inbox.before = fail_now_and_then

    assert asyncio.run(four()) == [202, 503, 202, 202]
    assert inbox.batches == [1, 3, 1, 1, 1]
    assert len(stored(inbox)) == 3


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from tests.receiver.asking import Asking, a_body, stored
inbox = SqlInbox(SqliteDatabase(Path(sys.argv[1])))
asking = Asking(inbox)
statuses = [asking.post(a_body(0)).status]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
size = Path(sys.argv[1] + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 6000, most))
statuses += [asking.post(a_body(number)).status for number in range(1, 4)]
ready = asking.run(asking.ask([], [b""], path="/readyz", method="GET")).status
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
statuses += [asking.post(a_body(4)).status]
print(statuses, ready, len(stored(inbox)))
asking.close()
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """A limit of the size of files is a full disk as far as SQLite can tell."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "inbox.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[202, 503, 503, 503, 202] 503 2"


READ_ONLY = """
import os, sys
from pathlib import Path
from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from tests.receiver.asking import Asking
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
asking = Asking(SqlInbox(SqliteDatabase(Path(sys.argv[1]))))
print(asking.post().status, asking.run(asking.ask([], [b""], path="/readyz", method="GET")).status)
asking.close()
"""


def test_a_read_only_folder() -> None:
    with tempfile.TemporaryDirectory() as name:
        # Everybody may enter; pytest's own are private.
        Path(name).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, f"{name}/inbox.db"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        Path(name).chmod(0o755)

    assert done.stdout.split() == ["503", "503"]


def get(asking: Asking, path: str) -> tuple[int, bytes]:
    answered = asking.run(asking.ask([], [b""], path=path, method="GET"))
    return answered.status, answered.body


def test_health_and_readiness(asking: Asking, inbox: Wrapped, tmp_path: Path) -> None:
    assert get(asking, "/healthz") == (200, b"ok\n")
    assert json.loads(get(asking, "/readyz")[1]) == {"ready": True, "backlog": 0, "oldest_due_seconds": 0.0}
    asking.post()
    asking.clock.time = NOW + timedelta(seconds=90)
    assert json.loads(get(asking, "/readyz")[1]) == {"ready": True, "backlog": 1, "oldest_due_seconds": 90.0}

    with closing(sqlite3.connect(tmp_path / "inbox.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert get(asking, "/readyz") == (503, b'{"ready": false}')
        assert get(asking, "/healthz")[0] == 200
