"""``supops webhooks store``, as a user runs it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from supops.adapters.inbox import SqlInbox
from supops.adapters.inbox_sqlite import SqliteDatabase
from supops.models.deliveries import NewDelivery, Process
from tests.cli.schemas import validate
from tests.conftest import Run
from tests.postgres import Cluster, cluster_or_skip


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    running = cluster_or_skip()
    yield running
    running.close()


@pytest.fixture
def file_store(tmp_path: Path) -> SqlInbox:
    inbox = SqlInbox(SqliteDatabase(tmp_path / "inbox.db"))
    now = datetime.now(UTC)
    inbox.add(
        [
            NewDelivery(
                source="calendly",
                key=f"key {number}",
                lock_key="meeting",
                event="invitee.created",
                body=b"{}",
                headers={},
                received_at=now,
            )
            for number in range(3)
        ]
    )
    return inbox


def test_tables_are_made_once(run: Run, cluster: Cluster) -> None:
    env = {"SUPOPS_QUEUE__URL": cluster.new_database()}

    first = run("webhooks", "store", "init", "-o", "json", env=env)
    again = run("webhooks", "store", "migrate", "-o", "json", env=env)

    assert (first.status, again.status) == (0, 0)
    for done, changed in ((first, True), (again, False)):
        document = json.loads(done.out)
        validate(document, "supops.store-1.json")
        assert document["changed"] is changed
    assert "The tables were there already" in run("webhooks", "store", "init", env=env).out


def test_without_an_address_the_setting_is_named(run: Run) -> None:
    done = run("webhooks", "store", "init", env={"SUPOPS_QUEUE__LEASE": "30s"})

    assert done.status == 2
    assert "queue.url" in done.err


def test_the_embedded_world_has_none(run: Run) -> None:
    done = run("--demo", "webhooks", "store", "init")

    assert (done.status, done.out) == (2, "")
    assert "The embedded world keeps its deliveries in a file" in done.err


def test_a_password_is_a_reference_and_is_never_shown(run: Run, cluster: Cluster) -> None:
    done = run(
        "webhooks", "store", "init", env={"SUPOPS_QUEUE__URL": "postgresql://me:s3cret-word@127.0.0.1/x"}
    )

    assert done.status == 2
    assert "s3cret-word" not in done.out + done.err

    env = {
        "SUPOPS_QUEUE__URL": "postgresql://me@127.0.0.1:1/x",
        "SUPOPS_QUEUE__PASSWORD__ENV": "PW",
        "PW": "s3cret-word",
    }
    for option in ((), ("--debug",)):
        refused = run(*option, "webhooks", "store", "init", env=env)
        assert refused.status == 1
        assert "can't be used" in refused.err
        assert "s3cret-word" not in refused.out + refused.err


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3cret-word@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?password=s3cret-word",
        "host=127.0.0.1 port=1 password=s3cret-word",
    ],
)
def test_a_password_in_the_address_that_is_moved_to_is_refused(run: Run, address: str) -> None:
    pytest.importorskip("psycopg")

    done = run("webhooks", "store", "move", "--to", address)

    assert done.status == 2
    assert "set queue.password" in done.err
    assert "s3cret-word" not in done.out + done.err


def test_an_address_that_is_moved_to_is_named_where_it_fails(run: Run) -> None:
    pytest.importorskip("psycopg")

    silent = run("webhooks", "store", "move", "--to", "postgresql://me@127.0.0.1:1/x")
    broken = run("webhooks", "store", "move", "--to", "nonsense")

    assert "look at --to" in silent.err
    assert "Connection refused. Nothing was changed." in silent.err
    assert "--to is no address" in broken.err
    assert run("webhooks", "store", "move", "--to", "").status == 2
    assert "queue.url" not in silent.err + broken.err


def test_a_file_is_moved(run: Run, cluster: Cluster, file_store: SqlInbox, tmp_path: Path) -> None:
    env = {"SUPOPS_QUEUE__PATH": str(tmp_path / "inbox.db")}
    url = cluster.new_database()

    done = run("webhooks", "store", "move", "--to", url, "-o", "json", env=env)

    assert done.status == 0, done.err
    document = json.loads(done.out)
    validate(document, "supops.store-moved-1.json")
    assert (document["deliveries"], document["attempts"]) == (3, 0)
    assert "set queue.url" in done.err
    again = run("webhooks", "store", "move", "--to", url, env=env)
    assert again.status == 1
    assert "moved" in again.err


def test_a_file_in_use_is_not_moved(run: Run, cluster: Cluster, file_store: SqlInbox, tmp_path: Path) -> None:
    file_store.seen(Process("host:17", "receiver", datetime.now(UTC)))

    done = run(
        "webhooks",
        "store",
        "move",
        "--to",
        cluster.new_database(),
        env={"SUPOPS_QUEUE__PATH": str(tmp_path / "inbox.db")},
    )

    assert done.status == 1
    assert "in use by receiver host:17" in done.err
    assert "Stop them first" in done.err
