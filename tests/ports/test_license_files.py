"""What whoever signs and reads license files promises: the fake, and RSA."""

from dataclasses import replace
from datetime import date

import pytest

from supops.services.license_ports import LicenseSigner
from tests.fakes.licenses import FakeSigner
from tests.licenses import LICENSE, signer


@pytest.fixture(params=["fake", "rsa"])
def signing(request: pytest.FixtureRequest) -> LicenseSigner:
    return FakeSigner() if request.param == "fake" else signer()


@pytest.mark.parametrize(
    "content",
    [
        LICENSE,
        replace(LICENSE, users=None, block_changes=None),
        replace(
            *(LICENSE,),
            previous_users=0,
            trueup=3,
            notify_admins=date(2027, 6, 1),
            notify_users=date(2027, 6, 2),
            name="陳美玲 \U0001f600",
        ),
    ],
)
def test_a_license_reads_back_as_it_was(signing: LicenseSigner, content: object) -> None:
    assert isinstance(content, type(LICENSE))
    opened = signing.reader().read(signing.sign(content).encode())

    assert (opened.license, opened.problems, opened.oddities) == (content, (), ())
    assert opened.attributes


def test_carriage_returns_are_odd_and_no_more(signing: LicenseSigner) -> None:
    opened = signing.reader().read(signing.sign(LICENSE).replace("\n", "\r\n").encode())

    assert opened.license == LICENSE
    assert opened.oddities == ("its lines end with a carriage return",)
    assert "\r" not in opened.text


@pytest.mark.parametrize("data", [b"", b"\x00", b"{}", b"hello", b"[" * 100_000])
def test_what_is_no_license_is_told_and_never_raised(signing: LicenseSigner, data: bytes) -> None:
    opened = signing.reader().read(data)

    assert opened.license is None
    assert opened.problems
