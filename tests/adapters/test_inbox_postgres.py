"""The store in PostgreSQL: its tables, what is said when it can't be used, and moving a file into it."""

import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_move import move
from supops.adapters.inbox_postgres import PostgresDatabase
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.adapters.procrastinate_jobs import JobQueue
from supops.errors import ConfigError, Conflict, SupopsError
from supops.models.deliveries import Claim, Filter, NewDelivery, Outcome, Process, ScheduleSwitch, State
from supops.models.secrets import Secret
from tests.postgres import Cluster, cluster_or_skip

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
# When every lease has ended that was taken then.
LATER = NOW + timedelta(minutes=5)
LEASE = timedelta(seconds=30)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


@pytest.fixture
def database(cluster: Cluster) -> Iterator[PostgresDatabase]:
    made = PostgresDatabase(cluster.new_database())
    yield made
    made.close()


def a_delivery(number: int) -> NewDelivery:
    return NewDelivery(
        source="calendly",
        key=f"key {number}",
        lock_key=f"lock {number % 2}",
        event="invitee.created",
        body=b'{"n": %d}' % number,
        headers={"content-type": "application/json"},
        received_at=NOW,
    )


def jobs_of(database: PostgresDatabase) -> list[tuple[object, ...]]:
    with database.reading() as session:
        return session.rows("SELECT args ->> 'delivery', lock, status FROM procrastinate_jobs ORDER BY id")


def test_an_empty_database_is_told_from_one_with_a_store(database: PostgresDatabase) -> None:
    with pytest.raises(ConfigError, match="has no store") as raised:
        SqlInbox(database).check()
    assert "store init" in raised.value.hint

    assert database.upgrade()
    SqlInbox(database).check()
    assert not database.upgrade()


def test_a_store_of_another_version_is_refused(database: PostgresDatabase) -> None:
    database.upgrade()
    for version, said in (("99", "newer version"), ("0", "has no store")):
        with database.writing() as session:
            session.run("UPDATE facts SET value = :version WHERE name = 'version'", {"version": version})
        database.close()
        with pytest.raises(SupopsError, match=said):
            SqlInbox(database).check()
        with pytest.raises(SupopsError), database.writing():
            pass
        # As the version knows it that may.
        import psycopg

        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            connection.execute("UPDATE facts SET value = '1' WHERE name = 'version'")


def test_an_older_engine_is_migrated_step_by_step(cluster: Cluster, tmp_path: Path) -> None:
    first, *steps = (tmp_path / f"98.0{number}.sql" for number in range(3))
    first.write_text("SELECT 1")
    # The second uses what the first has made, which PostgreSQL only allows in another transaction.
    steps[0].write_text("ALTER TYPE procrastinate_job_status ADD VALUE 'slept'")
    steps[1].write_text("ALTER TABLE procrastinate_jobs ALTER COLUMN status SET DEFAULT 'slept'")
    url = cluster.new_database()
    assert PostgresDatabase(url, jobs=JobQueue([first])).upgrade()

    newer = PostgresDatabase(url, jobs=JobQueue([first, *steps]))
    with pytest.raises(ConfigError, match="older version") as raised:
        SqlInbox(newer).check()
    assert "store migrate" in raised.value.hint

    assert newer.upgrade()
    SqlInbox(newer).check()
    assert not newer.upgrade()
    newer.close()


def test_a_delivery_and_its_job_are_stored_together_or_not_at_all(database: PostgresDatabase) -> None:
    database.upgrade()
    inbox = SqlInbox(database)

    with pytest.raises(SupopsError):
        inbox.add([a_delivery(1), replace_body(a_delivery(2))])
    assert inbox.page(Filter(), limit=9) == ()
    assert jobs_of(database) == []

    one, two, repeat = inbox.add([a_delivery(1), a_delivery(2), a_delivery(1)])
    assert repeat is None
    assert jobs_of(database) == [(str(one), "lock 1", "todo"), (str(two), "lock 0", "todo")]


def replace_body(delivery: NewDelivery) -> NewDelivery:
    """A delivery that PostgreSQL refuses: a text with a zero in it."""
    from dataclasses import replace

    return replace(delivery, event="zero \0")


def test_what_can_not_be_reached_is_said_without_a_secret(cluster: Cluster) -> None:
    database = PostgresDatabase("postgresql://supops@127.0.0.1:1/nowhere", Secret("s3cret-word", "PASSWORD"))
    with pytest.raises(SupopsError, match=r"127\.0\.0\.1/nowhere can't be used") as raised:
        SqlInbox(database).check()
    assert "s3cret-word" not in raised.value.message + raised.value.hint

    with pytest.raises(ConfigError, match="is no address"):
        SqlInbox(PostgresDatabase("postgresql://[broken")).check()


def filled(path: Path) -> SqliteDatabase:
    source = SqliteDatabase(path)
    inbox = SqlInbox(source)
    inbox.add([a_delivery(number) for number in range(1, 6)])
    done = inbox.begin(1, worker="one", now=NOW, lease=LEASE, tries=3)
    assert isinstance(done, Claim)
    inbox.finish(done, Outcome("inserted", "{}"), now=NOW)
    failed = inbox.begin(2, worker="one", now=NOW, lease=LEASE, tries=3)
    assert isinstance(failed, Claim)
    inbox.fail(failed, "broken", now=NOW, next_at=None)
    assert isinstance(inbox.begin(3, worker="two", now=NOW, lease=LEASE, tries=3), Claim)
    inbox.switch(ScheduleSwitch("compare", enabled=False, changed_at=NOW))
    return source


def test_a_file_is_moved_with_its_history(database: PostgresDatabase, tmp_path: Path) -> None:
    source = filled(tmp_path / "inbox.db")
    before, after = SqlInbox(source), SqlInbox(database)
    rows: list[int] = []

    moved = move(source, database, now=LATER, advance=rows.append)

    assert (moved.deliveries, moved.attempts, sum(rows)) == (5, 3, 8)
    for number in (1, 2, 4, 5):
        assert after.delivery(number) == before.delivery(number)
        assert after.attempts(number) == before.attempts(number)
    assert after.switches() == before.switches()
    # What was being processed was left in the middle: it is begun again.
    assert after.delivery(3).state is State.PENDING
    assert [job[0] for job in jobs_of(database)] == ["3", "4", "5"]
    assert after.add([a_delivery(6)]) == (6,)
    assert after.add([a_delivery(1)]) == (None,)


def test_a_moved_file_is_not_used_any_more(database: PostgresDatabase, tmp_path: Path) -> None:
    source = filled(tmp_path / "inbox.db")
    move(source, database, now=LATER, advance=lambda _: None)

    old = SqlInbox(source)
    uses: tuple[Callable[[], object], ...] = (
        old.check,
        lambda: old.add([a_delivery(9)]),
        lambda: old.begin(4, worker="forgotten", now=LATER, lease=LEASE, tries=3),
        lambda: old.replay([2], now=LATER),
        lambda: old.seen(Process("host:1", "worker", LATER)),
    )
    for use in uses:
        with pytest.raises(ConfigError, match="was moved to") as raised:
            use()
        assert "queue.url" in raised.value.hint
    # Whoever looks for what there was may.
    assert len(old.page(Filter(), limit=9)) == 5
    with pytest.raises(Conflict, match="moved"):
        move(source, database, now=LATER, advance=lambda _: None)


def test_nothing_is_moved_while_somebody_works(database: PostgresDatabase, tmp_path: Path) -> None:
    source = filled(tmp_path / "inbox.db")
    inbox = SqlInbox(source)
    inbox.seen(Process("host:1", "worker", LATER - timedelta(seconds=10)))

    with pytest.raises(Conflict, match="in use by worker host:1"):
        move(source, database, now=LATER, advance=lambda _: None)

    inbox.seen(Process("host:1", "worker", LATER - timedelta(minutes=5)))
    assert move(source, database, now=LATER, advance=lambda _: None).deliveries == 5


def test_nothing_is_moved_while_a_delivery_is_at_work(database: PostgresDatabase, tmp_path: Path) -> None:
    """Its worker may be silent for longer than those that are gone are waited for."""
    source = filled(tmp_path / "inbox.db")

    with pytest.raises(Conflict, match="in use by worker two"):
        move(source, database, now=NOW + LEASE / 2, advance=lambda _: None)
    assert SqlInbox(database).page(Filter(), limit=9) == ()


def test_a_move_that_was_cut_off_before_the_file_was_marked_is_finished(
    database: PostgresDatabase, tmp_path: Path
) -> None:
    source = filled(tmp_path / "inbox.db")
    first = move(source, database, now=LATER, advance=lambda _: None)
    with source.writing() as session:
        session.run("DELETE FROM facts WHERE name = 'moved'")

    again = move(source, database, now=LATER, advance=lambda _: None)

    assert again == first
    with pytest.raises(ConfigError, match="was moved to"):
        SqlInbox(source).check()


def test_two_receivers_that_are_told_the_same_do_not_wait_for_each_other(
    cluster: Cluster, database: PostgresDatabase
) -> None:
    database.upgrade()
    second_database = PostgresDatabase(database.url)
    one, other = SqlInbox(database), SqlInbox(second_database)
    for start in range(0, 3000, 150):
        deliveries = [a_delivery(number) for number in range(start, start + 150)]
        with ThreadPoolExecutor(2) as both:
            first = both.submit(one.add, deliveries)
            second = both.submit(other.add, deliveries[::-1])
            stored = [*first.result(), *second.result()]
        assert len([number for number in stored if number is not None]) == 150
    second_database.close()


def due_jobs(database: PostgresDatabase) -> list[object]:
    return [job[0] for job in jobs_of(database) if job[2] == "todo"]


def test_what_no_job_stands_for_gets_one(database: PostgresDatabase) -> None:
    database.upgrade()
    inbox = SqlInbox(database)
    one, two, three, four = (number for number in inbox.add([a_delivery(n) for n in range(1, 5)]) if number)
    assert isinstance(inbox.begin(two, worker="gone", now=NOW, lease=LEASE, tries=3), Claim)
    claim = inbox.begin(three, worker="done", now=NOW, lease=LEASE, tries=3)
    assert isinstance(claim, Claim)
    inbox.finish(claim, Outcome("done"), now=NOW)
    with database.writing() as session:
        # The first and the second have lost theirs, that of the fourth is said to be for tomorrow.
        session.run("DELETE FROM procrastinate_jobs WHERE args ->> 'delivery' <> :id", {"id": str(four)})
        session.run(
            "UPDATE procrastinate_jobs SET scheduled_at = now() + :day * interval '1 second'", {"day": 86400}
        )

    assert database.sweep(NOW, timedelta(seconds=10)) == 0
    assert database.sweep(LATER, timedelta(seconds=10)) == 3
    assert sorted(map(str, due_jobs(database))) == sorted(map(str, [one, two, four, four]))
    # Now they have.
    assert database.sweep(LATER, timedelta(seconds=10)) == 0


def test_nothing_is_moved_into_a_store_with_deliveries(database: PostgresDatabase, tmp_path: Path) -> None:
    database.upgrade()
    SqlInbox(database).add([a_delivery(9)])

    with pytest.raises(Conflict, match="has deliveries already"):
        move(filled(tmp_path / "inbox.db"), database, now=LATER, advance=lambda _: None)
    assert len(SqlInbox(database).page(Filter(), limit=9)) == 1


def test_a_connection_that_broke_is_made_anew(cluster: Cluster, database: PostgresDatabase) -> None:
    import psycopg

    database.upgrade()
    inbox = SqlInbox(database)
    inbox.check()
    with psycopg.connect(database.conninfo, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )

    with pytest.raises(SupopsError, match="can't be used"):
        inbox.check()
    inbox.check()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system's TCP has no such bounds")
@pytest.mark.parametrize(("said", "idle"), [("", 5), ("?keepalives_idle=60", 60)])
def test_a_server_that_vanishes_without_a_word_is_noticed_within_seconds(
    cluster: Cluster, said: str, idle: int
) -> None:
    """What TCP is told of it; cutting a wire is not for a test. What the address says counts."""
    import psycopg

    database = PostgresDatabase(f"{cluster.new_database()}{said}")
    with (
        psycopg.connect(database.conninfo) as connection,
        socket.socket(fileno=os.dup(connection.fileno())) as wire,
    ):
        unheard = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        keeps_asking = wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        after = wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)

    assert (unheard, keeps_asking, after) == (12_000, 1, idle)
