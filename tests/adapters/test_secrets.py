"""Secrets are fetched from where the settings say, and shown nowhere."""

from pathlib import Path
from threading import Barrier, Thread

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from supops.adapters.secrets import SecretStore
from supops.errors import CredentialError, SupopsError, UsageError
from supops.models.secrets import SecretRef

PURPOSE = "the API token for Zendesk Global"


def test_from_the_environment() -> None:
    secret = SecretStore({"ZD_TOKEN": " hunter2\n"}).fetch(SecretRef(env="ZD_TOKEN"), purpose=PURPOSE)

    assert secret.reveal() == "hunter2"
    assert secret.origin == "ZD_TOKEN"
    assert "hunter2" not in f"{secret!r} {secret}"


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("hunter2\n")

    assert SecretStore({}).fetch(SecretRef(file=str(file)), purpose=PURPOSE).reveal() == "hunter2"


def test_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_password", lambda service, entry: f"{service}/{entry}")

    assert SecretStore({}).fetch(SecretRef(keyring="zd"), purpose=PURPOSE).reveal() == "supops/zd"


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        (SecretRef(env="ZD_TOKEN"), "the environment variable ZD_TOKEN is not set, or empty"),
        (SecretRef(env="EMPTY"), "the environment variable EMPTY is not set, or empty"),
        (
            SecretRef(file="/nowhere/token"),
            "the file /nowhere/token can't be read (No such file or directory)",
        ),
    ],
)
def test_a_missing_secret_says_what_it_is_for_and_where_it_was_looked_for(ref: SecretRef, says: str) -> None:
    with pytest.raises(CredentialError) as raised:
        SecretStore({"EMPTY": ""}).fetch(ref, purpose=PURPOSE)

    assert raised.value.message == f"The API token for Zendesk Global is missing: {says}"
    assert raised.value.hint


def test_a_locked_keyring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, entry: str) -> str:
        raise KeyringLocked("locked")

    monkeypatch.setattr(keyring, "get_password", locked)

    with pytest.raises(CredentialError, match="keyring can't be used here"):
        SecretStore({}).fetch(SecretRef(keyring="zd"), purpose=PURPOSE)


def test_an_entry_that_is_not_there_says_how_to_store_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_password", lambda service, entry: None)

    with pytest.raises(CredentialError) as raised:
        SecretStore({}).fetch(SecretRef(keyring="zd"), purpose=PURPOSE)

    assert raised.value.hint == "Store it with: keyring set supops zd"


def test_a_secret_of_several_lines_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(CredentialError) as raised:
        SecretStore({"T": "hunter2\nhunter3"}).fetch(SecretRef(env="T"), purpose=PURPOSE)

    assert "hunter" not in raised.value.message + raised.value.hint


def test_the_keyring_that_is_patched_is_the_real_one() -> None:
    assert isinstance(keyring.get_keyring(), KeyringBackend)


def test_of_two_who_keep_a_new_one_at_once_the_second_is_refused(tmp_path: Path) -> None:
    ref = SecretRef(file=str(tmp_path / "keys" / "key"))
    barrier = Barrier(8)
    kept: list[str] = []
    refused: list[str] = []

    def keep() -> None:
        barrier.wait()
        try:
            kept.append(SecretStore({}).keep_new(ref, purpose=PURPOSE).reveal())
        except UsageError as error:
            refused.append(error.message)

    threads = [Thread(target=keep) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(tmp_path / "keys" / "key").read_text().strip()] == kept
    assert len(refused) == 7
    assert {message.partition(" is there already")[1] for message in refused} == {" is there already"}


def test_a_new_one_is_written_where_nothing_is_not_even_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UsageError, match="is there already"):
        SecretStore({}).keep_new(SecretRef(file=str(tmp_path / "link")), purpose=PURPOSE)

    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        (SecretRef(env="KEY"), "can't be kept in KEY: it is an environment variable"),
        (SecretRef(file="taken"), "is there already"),
        (SecretRef(file="taken/key"), "taken is no folder"),
        (SecretRef(keyring="taken"), "The keyring has taken already"),
    ],
)
def test_a_place_that_will_not_do_is_told_before_anything_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: SecretRef, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(keyring, "get_password", lambda service, entry: entry)
    (tmp_path / "taken").write_text("in use")

    for attempt in (SecretStore({}).check_new, SecretStore({}).keep_new):
        with pytest.raises(SupopsError, match=says):
            attempt(ref, purpose=PURPOSE)

    assert [file.name for file in tmp_path.iterdir()] == ["taken"]
