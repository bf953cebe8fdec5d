"""The keys that license files are signed and read with: RSA, in PEM. No message names the private key's file, and none is ever written but by the embedded world."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from supops.adapters.license_file import RsaReader, RsaSigner
from supops.errors import CredentialError, SupopsError, UsageError
from supops.files import write_new_private
from supops.services.ports import Notices

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

LEAST_BITS = 2048
# A key of 16,384 bits has 13 KiB.
MOST_BYTES = 64 * 1024
PEM_HINT = (
    "It should be a PEM file that begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----."
)
OPEN = "file may be read by others than its owner: chmod 600"
PUBLIC_HINT = "It should be a PEM file that begins with -----BEGIN PUBLIC KEY-----."
# Returns the passphrase; called only where the key has one.
Passphrase = Callable[[], str]


def load_signer(file: Path, passphrase: Passphrase, notices: Notices) -> RsaSigner:
    """Load a private key.

    Args:
        file: A PEM file. It is named in no message.
        passphrase: Asked for it where the key has one.
        notices: Told where others may read the file.

    Raises:
        CredentialError: It can't be read, is no RSA key of at least 2048 bits, or the passphrase is wrong.
    """
    data, is_open = _read_private(file)
    if is_open:
        notices.warn(f"the private key's {OPEN}")
    return RsaSigner(_private(data, passphrase))


def key_facts(private: Path | None, public: Path | None) -> str:
    """Say what the keys are, as far as that can be told without a passphrase.

    Raises:
        CredentialError: The private key can't be used.
        UsageError: The public key can't be used.
    """
    facts, half = [], None
    if private is not None:
        data, is_open = _read_private(private)
        if _is_encrypted(data):
            facts.append("private key: has a passphrase, and was not looked at further")
        else:
            key = _private(data, lambda: "")
            half = key.public_key()
            facts.append(f"private key: RSA, {key.key_size:,} bits")
        if is_open:
            facts.append(f"its {OPEN}")
    if public is not None:
        reader = load_reader(public)
        same = (
            "" if half is None else ", its other half" if reader.key == half else ", of another private key"
        )
        facts.append(f"public key: RSA, {reader.key.key_size:,} bits{same}")
    return "; ".join(facts)


def _read_private(file: Path) -> tuple[bytes, bool]:
    """Return what the private key's file holds, and whether others than its owner may read it."""
    try:
        return _read(file), bool(file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError as error:
        hint = "Name its file with --private-key, or with licenses.private_key."
        raise CredentialError(f"The private key can't be read: {error.strerror}", hint=hint) from None


def _private(data: bytes, passphrase: Passphrase) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PUBLIC KEY-----" in data:
        raise CredentialError("The file that was named as private key holds a public key.", hint=PEM_HINT)
    secret = passphrase().encode() if _is_encrypted(data) else None
    try:
        key = load_pem_private_key(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may show a part of the key.
        if secret is not None:
            raise CredentialError(
                "The private key can't be opened: its passphrase is another one, or the file is damaged."
            ) from None
        raise CredentialError("The private key can't be understood.", hint=PEM_HINT) from None
    if not isinstance(key, RSAPrivateKey):
        raise CredentialError(
            "The private key is no RSA key, and licenses are signed with RSA.", hint=PEM_HINT
        )
    if key.key_size < LEAST_BITS:
        raise CredentialError(
            f"The private key has {key.key_size} bits; with fewer than {LEAST_BITS} it is not safe, and not used."
        )
    return key


def _is_encrypted(data: bytes) -> bool:
    return b"BEGIN ENCRYPTED PRIVATE KEY" in data or b"Proc-Type: 4,ENCRYPTED" in data


def load_reader(file: Path) -> RsaReader:
    """Load a public key.

    Args:
        file: A PEM file.

    Raises:
        UsageError: It can't be read, or is no RSA public key of at least 2048 bits.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        data = _read(file)
    except OSError as error:
        raise UsageError(f"The public key {file} can't be read: {error.strerror}") from None
    if b"PRIVATE KEY-----" in data:
        raise UsageError(
            "The file that was named as public key holds a private key, and was not looked at further.",
            hint="Write its public half with: openssl pkey -in PRIVATE -pubout -out PUBLIC",
        )
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UsageError(f"The public key {file} can't be understood.", hint=PUBLIC_HINT) from None
    if not isinstance(key, RSAPublicKey):
        raise UsageError(f"The public key {file} is no RSA key, and licenses are signed with RSA.")
    if key.key_size < LEAST_BITS:
        raise UsageError(
            f"The public key {file} has {key.key_size} bits; it should have at least {LEAST_BITS}."
        )
    return RsaReader(key)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(MOST_BYTES)


def make_throwaway(private: Path, public: Path) -> None:
    """Make a pair of keys for the embedded world, where there is none: good for nothing else.

    Raises:
        SupopsError: It can't be kept there.
    """
    if private.exists() and public.exists():
        return
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=LEAST_BITS)
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    known = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    try:
        try:
            write_new_private(private, secret)
        except FileExistsError:
            # Another command is faster, or was ended between the two: the public half is that of the key that is there.
            known = _public_half(private)
        public.unlink(missing_ok=True)
        write_new_private(public, known)
    except FileExistsError:
        return
    except OSError as error:
        raise SupopsError(f"The embedded world's keys can't be kept: {error.strerror}") from None


def _public_half(private: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization

    key = _private(private.read_bytes(), lambda: "")
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
