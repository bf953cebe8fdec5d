"""Licenses, requests and keys for tests."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from supops.adapters.license_file import RsaSigner
from supops.models.license_requests import RequestIssue, WrittenRequest
from supops.models.licenses import COMPANY, Issued, License, Origin

MUTATIONS = int(os.environ.get("SUPOPS_TEST_MUTATIONS", "2000"))
TODAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
PROJECT = "cust-support-ops/issue-tracker"
LINK = f"https://gitlab.example.com/{PROJECT}/-/issues"
VALUES = {
    "name": "Jane Döe",
    "email": "jane.doe@example.com",
    "plan": "ultimate",
    "users_count": "10",
    "end_date": "2027-06-30",
    "purpose": "self-managed",
}
LICENSE = License(
    "Jane Döe",
    COMPANY,
    "jane.doe@example.com",
    TODAY,
    date(2027, 6, 30),
    "ultimate",
    10,
    block_changes=date(2027, 7, 14),
)
PASSPHRASE = "correct horse"


def written(**values: str) -> WrittenRequest:
    """A request that is fine, but for these values; an empty one is left out."""
    wanted = VALUES | values
    return WrittenRequest({key: value for key, value in wanted.items() if value}, "request.yaml")


def issued(number: int = 0, **changes: object) -> Issued:
    """An entry of the ledger."""
    entry = Issued(
        0,
        f"{number:064x}",
        "Jane Döe",
        "jane.doe@example.com",
        "ultimate",
        10,
        date(2026, 1, 1),
        date(2027, 1, 1),
        f"{LINK}/{number}",
        datetime(2026, 1, 1, 12, tzinfo=UTC),
        "jo",
        Origin.GENERATED,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def form(**values: str) -> str:
    """The description of an issue with a request."""
    return "".join(f"**{key}**: {value}\n" for key, value in (VALUES | values).items() if value)


def request_issue(iid: int = 42, description: str | None = None, **changes: object) -> RequestIssue:
    """An issue with a request."""
    text = form() if description is None else description
    issue = RequestIssue(
        iid, "Team member license", text, f"{LINK}/{iid}", "jane-doe", datetime(2026, 11, 25, 12, tzinfo=UTC)
    )
    return replace(issue, **changes)  # type: ignore[arg-type]


def key(number: int = 0, *, bits: int = 2048) -> RSAPrivateKey:
    """A throwaway key, the same for each number."""
    return _made(number, bits)


@cache
def _made(_number: int, bits: int) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=bits)


def signer(number: int = 0) -> RsaSigner:
    return RsaSigner(key(number))


def private_pem(number: int = 0, *, passphrase: str = "") -> bytes:
    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


def public_pem(number: int = 0) -> bytes:
    return key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_keys(folder: Path, *, passphrase: str = "") -> tuple[Path, Path]:
    """Write a pair of keys, and return their files: private, public."""
    private, public = folder / "signing-secret.pem", folder / "license.pub"
    private.write_bytes(private_pem(passphrase=passphrase))
    private.chmod(0o600)
    public.write_bytes(public_pem())
    return private, public
