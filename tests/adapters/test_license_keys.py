"""Keys for license files: RSA of at least 2048 bits, in PEM; and the private key's file is named nowhere."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from supops.adapters.license_keys import key_facts, load_reader, load_signer, make_throwaway
from supops.errors import CredentialError, SupopsError, UsageError
from tests.fakes.console import FakeNotices
from tests.licenses import LICENSE, PASSPHRASE, key, private_pem, public_pem, write_keys

NAME = "very-secret-place.pem"


def never() -> str:
    raise AssertionError("nobody has a passphrase to ask for")


def kept(folder: Path, data: bytes) -> Path:
    file = folder / NAME
    file.write_bytes(data)
    file.chmod(0o600)
    return file


def test_a_key_signs_what_its_public_half_reads(tmp_path: Path, notices: FakeNotices) -> None:
    private, public = write_keys(tmp_path)

    text = load_signer(private, never, notices).sign(LICENSE)

    assert load_reader(public).read(text.encode()).license == LICENSE
    assert notices.everything == ""


def test_what_keys_are_is_told_without_asking_for_a_passphrase(tmp_path: Path) -> None:
    private, public = write_keys(tmp_path)
    assert key_facts(private, public) == (
        "private key: RSA, 2,048 bits; public key: RSA, 2,048 bits, its other half"
    )
    public.write_bytes(public_pem(1))
    private.chmod(0o644)
    assert key_facts(private, public) == (
        "private key: RSA, 2,048 bits; its file may be read by others than its owner: chmod 600; "
        "public key: RSA, 2,048 bits, of another private key"
    )
    locked = kept(tmp_path, private_pem(passphrase=PASSPHRASE))
    assert key_facts(locked, None) == "private key: has a passphrase, and was not looked at further"
    assert key_facts(None, public) == "public key: RSA, 2,048 bits"


def test_a_key_of_the_settings_that_can_not_be_used(tmp_path: Path) -> None:
    weak = key(2, bits=1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for file, said in ((tmp_path / NAME, "can't be read"), (kept(tmp_path, weak), "has 1024 bits")):
        with pytest.raises(CredentialError, match=said) as raised:
            key_facts(file if said != "can't be read" else tmp_path / "missing-secret.pem", None)
        assert "secret" not in raised.value.message + raised.value.hint


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_passphrase_is_asked_for_where_there_is_one(
    tmp_path: Path, notices: FakeNotices, form: PrivateFormat
) -> None:
    pem = key().private_bytes(Encoding.PEM, form, BestAvailableEncryption(PASSPHRASE.encode()))
    file = kept(tmp_path, pem)

    assert load_signer(file, lambda: PASSPHRASE, notices).key.private_numbers() == key().private_numbers()
    for wrong in ("", "wrong", "ü" * 2_000):
        with pytest.raises(CredentialError, match="passphrase is another one"):
            load_signer(file, _says(wrong), notices)


def _says(text: str) -> Callable[[], str]:
    return lambda: text


def _elliptic() -> bytes:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _small() -> bytes:
    return key(bits=1024).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "can't be understood"),
        (b"hello", "can't be understood"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "can't be understood"),
        (public_pem(), "holds a public key"),
        (private_pem()[:400], "can't be understood"),
        (_elliptic(), "no RSA key"),
        (_small(), "1024 bits"),
    ],
)
def test_what_is_no_such_key_is_refused_and_its_file_not_named(
    tmp_path: Path, notices: FakeNotices, data: bytes, said: str
) -> None:
    with pytest.raises(CredentialError, match=said) as raised:
        load_signer(kept(tmp_path, data), never, notices)

    shown = f"{raised.value.message} {raised.value.hint} {notices.everything}"
    assert NAME not in shown
    assert str(tmp_path) not in shown


def test_a_file_that_is_not_there_is_not_named(tmp_path: Path, notices: FakeNotices) -> None:
    for file in (tmp_path / NAME, tmp_path):
        with pytest.raises(CredentialError, match="can't be read") as raised:
            load_signer(file, never, notices)
        assert NAME not in raised.value.message
        assert str(tmp_path) not in raised.value.message


def test_a_file_that_others_may_read_is_told_and_not_named(tmp_path: Path, notices: FakeNotices) -> None:
    file = kept(tmp_path, private_pem())
    file.chmod(0o644)

    load_signer(file, never, notices)

    assert len(notices.warnings) == 1
    assert NAME not in notices.warnings[0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (private_pem(), "holds a private key"),
        (b"", "can't be understood"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "can't be understood"),
        (
            key(bits=1024).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "1024 bits",
        ),
        (
            ec.generate_private_key(ec.SECP256R1())
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "no RSA key",
        ),
    ],
)
def test_what_is_no_such_public_key_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_reader(kept(tmp_path, data))


def test_a_public_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_reader(tmp_path / "missing.pub")


def test_a_public_key_in_the_older_form(tmp_path: Path) -> None:
    pem = key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)

    assert load_reader(kept(tmp_path, pem)).key.public_numbers() == key().public_key().public_numbers()


def test_throwaway_keys_are_made_once_and_for_their_owner(tmp_path: Path, notices: FakeNotices) -> None:
    private, public = tmp_path / "keys" / "a.pem", tmp_path / "keys" / "a.pub"

    make_throwaway(private, public)
    first = private.read_bytes()
    public.unlink()
    make_throwaway(private, public)
    make_throwaway(private, public)

    assert private.read_bytes() == first
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    text = load_signer(private, never, notices).sign(LICENSE)
    assert load_reader(public).read(text.encode()).license == LICENSE


def test_throwaway_keys_that_can_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")

    with pytest.raises(SupopsError, match="can't be kept"):
        make_throwaway(tmp_path / "keys" / "a.pem", tmp_path / "keys" / "a.pub")
