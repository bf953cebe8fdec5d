"""License files as GitLab reads and writes them: every layer, everything that may be wrong with one, and that nothing is guessed."""

import base64
import itertools
import json
import re
import textwrap
from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from supops.adapters.license_file import MOST_BYTES, encoded
from supops.adapters.license_payload import attributes_of
from supops.errors import UsageError
from supops.models.licenses import License, Opened
from tests.licenses import LICENSE, key, signer

GOOD = signer().sign(LICENSE)
READER = signer().reader()
SAID = attributes_of(LICENSE)


def opened(text: str | bytes) -> Opened:
    return READER.read(text if isinstance(text, bytes) else text.encode())


def saying(**changed: object) -> Opened:
    """Read a file that says something else; None takes an attribute out."""
    attributes = {name: value for name, value in (SAID | changed).items() if value is not None}
    return opened(signer().sealed(attributes))


def layers(text: str = GOOD) -> dict[str, str]:
    found = json.loads(base64.b64decode(text))
    assert isinstance(found, dict)
    return found


def wrapped(layer: object) -> str:
    return encoded(json.dumps(layer).encode())


def with_layer(name: str, data: bytes) -> Opened:
    return opened(wrapped(layers() | {name: encoded(data)}))


PAYLOAD = (
    '{"version":1,"licensee":{"Name":"Jane Döe","Company":"GitLab - Team Member License","Email":"jane.doe@example.com"},'
    '"issued_at":"2026-11-26","expires_at":"2027-06-30","block_changes_at":"2027-07-14","cloud_licensing_enabled":false,'
    '"offline_cloud_licensing_enabled":false,"auto_renew_enabled":false,"seat_reconciliation_enabled":false,'
    '"operational_metrics_enabled":false,"generated_from_customers_dot":false,"generated_from_cancellation":false,'
    '"restrictions":{"plan":"ultimate","active_user_count":10}}'
)


def sixty(data: bytes) -> str:
    """Base64 as Ruby's `Base64.encode64` writes it."""
    lines = textwrap.wrap(base64.standard_b64encode(data).decode("ascii"), 60)
    return "\n".join(lines) + "\n"


def test_every_byte_is_as_the_format_says() -> None:
    envelope = json.loads(base64.b64decode(GOOD))
    numbers = key().private_numbers()
    modulus, exponent = numbers.public_numbers.n, numbers.public_numbers.e
    signed = int.from_bytes(base64.b64decode(envelope["key"]), "big")
    block = pow(signed, exponent, modulus).to_bytes(256, "big")
    secret, iv = block[-16:], base64.b64decode(envelope["iv"])

    # Written once more, layer by layer, with nothing of ours.
    length = 16 - len(PAYLOAD.encode()) % 16
    encryptor = Cipher(algorithms.AES128(secret), modes.CBC(iv)).encryptor()
    data = encryptor.update(PAYLOAD.encode() + bytes([length]) * length) + encryptor.finalize()
    # PKCS#1 v1.5, type 1: no hash, no DigestInfo, the 16 bytes of the AES key alone.
    padded = b"\x00\x01" + b"\xff" * (256 - 3 - 16) + b"\x00" + secret
    raised = pow(int.from_bytes(padded, "big"), numbers.d, modulus).to_bytes(256, "big")
    layers = (f'"{name}":"{sixty(part)}"' for name, part in (("data", data), ("key", raised), ("iv", iv)))
    whole = "{" + ",".join(layers).replace("\n", "\\n") + "}"
    assert sixty(whole.encode()) == GOOD


def test_what_a_license_says_in_the_order_of_the_gem() -> None:
    assert list(SAID) == [
        *("version", "licensee", "issued_at", "expires_at", "block_changes_at", "cloud_licensing_enabled"),
        *("offline_cloud_licensing_enabled", "auto_renew_enabled", "seat_reconciliation_enabled"),
        *("operational_metrics_enabled", "generated_from_customers_dot", "generated_from_cancellation"),
        "restrictions",
    ]
    assert SAID["restrictions"] == {"plan": "ultimate", "active_user_count": 10}
    assert (SAID["issued_at"], SAID["expires_at"]) == ("2026-11-26", "2027-06-30")


def test_each_file_has_a_key_of_its_own() -> None:
    assert signer().sign(LICENSE) != signer().sign(LICENSE)


NAMES = st.text(st.characters(codec="utf-8"), max_size=60)
DAYS = st.dates(date(1990, 1, 1), date(2300, 12, 31))
LICENSES = st.builds(
    License,
    name=NAMES,
    company=NAMES,
    email=NAMES,
    starts=DAYS,
    expires=DAYS,
    plan=st.sampled_from(["starter", "premium", "ultimate"]),
    users=st.none() | st.integers(0, 2**31 - 1),
    previous_users=st.none() | st.integers(0, 10**6),
    trueup=st.none() | st.integers(0, 10**6),
    notify_admins=st.none() | DAYS,
    notify_users=st.none() | DAYS,
    block_changes=st.none() | DAYS,
)


@given(LICENSES, st.integers(1, 100_000))
def test_whatever_is_written_reads_back(content: License, length: int) -> None:
    content = replace(content, expires=content.starts + timedelta(days=length))

    found = opened(signer().sign(content))

    assert (found.license, found.problems, found.oddities) == (content, (), ())
    assert found.attributes == attributes_of(content)


@given(st.binary(max_size=400))
def test_no_bytes_raise_anything(data: bytes) -> None:
    assert opened(data).license is None
    assert opened(signer().sealed_bytes(data)).license is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=10), inside, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(SAID)), JSON)
def test_no_value_of_an_attribute_raises_anything(name: str, value: object) -> None:
    try:
        text = signer().sealed(SAID | {name: value})
    except UsageError:
        return
    found = opened(text)
    assert (found.license is None) == bool(found.problems)
    if found.license:
        assert found.license.expires > found.license.starts


def test_half_a_character_is_refused_when_it_is_written() -> None:
    with pytest.raises(UsageError, match="half a character"):
        signer().sign(replace(LICENSE, name="Jane \ud83d"))


BOUNDARY = f"---------------------BEGIN TEST LICENSE---------------------\n{GOOD.strip()}\n----------------------END TEST LICENSE----------------------"


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        (BOUNDARY, ()),
        (f"BEGIN A LICENSE\n{GOOD}END A LICENSE\n", ()),
        ("\ufeff" + GOOD, ("a byte-order mark stands before the license",)),
        (GOOD.replace("\n", "\r\n"), ("its lines end with a carriage return",)),
        (GOOD.replace("\n", "\r"), ("its lines end with a carriage return",)),
        (f"Hello!\n\n{BOUNDARY}\n\nBye\n", ("there is text around the license",)),
        (BOUNDARY.partition("\n---")[0], ("its END line is missing",)),
        (
            "\ufeff" + BOUNDARY.replace("\n", "\r\n"),
            ("a byte-order mark stands before the license", "its lines end with a carriage return"),
        ),
    ],
)
def test_what_is_odd_about_a_file_is_told_and_the_license_read(text: str, odd: tuple[str, ...]) -> None:
    found = opened(text)

    assert (found.license, found.problems, found.oddities) == (LICENSE, (), odd)
    assert "\r" not in found.text
    assert "Hello" not in found.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        (" \n\r\n\t", "it is empty"),
        ("\ufeff", "it is empty"),
        (GOOD[:100], "cut short"),
        (GOOD[: len(GOOD) // 2], "cut short"),
        (GOOD[:-60], "cut short"),
        (GOOD * 2, "several licenses"),
        (GOOD + "\n" + GOOD, "several licenses"),
        (BOUNDARY + "\n" + BOUNDARY, "2 licenses"),
        ("Hello: " + GOOD, "not base64"),
        (GOOD + "\n--\nKind regards", "text"),
        (GOOD[:200] + "*" + GOOD[200:], "not base64"),
        (b"\xff\xfe" + GOOD.encode("utf-16-le"), "no text"),
        (b"\x89PNG\r\n\x1a\n", "no text"),
        ("A" * (MOST_BYTES + 1), "longer than 256 KiB"),
        (encoded(b"hello"), "not JSON"),
        (encoded(b'{"data": "a", "data": "b", "key": "c", "iv": "d"}'), 'has a key twice: "data"'),
        (encoded(b"[" * 50_000), "nested too deep"),
        (encoded(b"[]"), "no object"),
        (encoded(b"{}"), "no data and no key and no iv"),
        (wrapped({"data": 1, "key": 2, "iv": 3}), "no data"),
        (encoded(json.dumps(layers()).encode() * 2), "several licenses"),
    ],
    # Keys are made anew in each process; what runs in several goes by the same name.
    ids=itertools.count(),
)
def test_what_is_no_license_is_told_in_one_line(text: str | bytes, said: str) -> None:
    found = opened(text)

    assert found.license is None
    (problem,) = found.problems
    assert said in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("iv", b"", "its iv is empty"),
        ("iv", b"x" * 15, "its iv has 15 bytes"),
        ("iv", b"x" * 17, "its iv has 17 bytes"),
        ("data", b"", "its data is empty"),
        ("data", b"x" * 17, "its data has 17 bytes"),
        ("data", b"x" * 16, "can't be decrypted"),
        ("key", b"x" * 128, "its key has 128 bytes"),
        ("key", b"\xff" * 256, "another key"),
        ("key", b"\x00" * 256, "another key"),
    ],
)
def test_layers_of_a_wrong_length_or_content(name: str, data: bytes, said: str) -> None:
    found = with_layer(name, data)

    assert found.license is None
    assert said in found.problems[0]


@pytest.mark.parametrize("size", [0, 15, 17, 245])
def test_an_inner_key_of_a_wrong_length(size: int) -> None:
    from cryptography.hazmat.primitives.asymmetric import padding, utils

    signed = key().sign(b"k" * size, padding.PKCS1v15(), utils.NoDigestInfo())

    (problem,) = with_layer("key", signed).problems
    # Older versions of the library take none at all for a wrong padding.
    assert f"has {size} bytes, and should have 16" in problem or (size == 0 and "another key" in problem)


def test_a_file_of_another_key() -> None:
    (problem,) = signer(1).reader().read(GOOD.encode()).problems

    assert problem == "it was signed with another key than this public key's, or is damaged"


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "not JSON"),
        (b"hello", "not JSON"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"null", "no object"),
        (b"[1]", "no object"),
        (b'{"version": NaN}', "no JSON"),
        (b'{"version": 1e999}', "has 1e999 in it, a number that is too large"),
        (b'{"version": 1, "version": 1}', 'a key twice: "version"'),
        (b'{"a": {"x": 1, "x": 2}, "b": [{"\\u0078y": 1, "xy": 2, "xy": 3}]}', 'keys twice: "x", "xy"'),
        (b"{" + b'"a":{' * 20_000, "nested too deep"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested too deep"),
        (b'{"version": ' + b"9" * 5_000 + b"}", "a number with 5,000 digits"),
        (b'{"licensee": {"Name": "Jane \\ud83d"}}', "half a character"),
        (b'{"\\ud83d": 1}', "half a character"),
    ],
)
def test_content_that_is_no_object(payload: bytes, said: str) -> None:
    found = opened(signer().sealed_bytes(payload))

    assert found.license is None
    (problem,) = found.problems
    assert said in problem


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": 2}, "its version is 2"),
        ({"version": "1"}, 'its version is "1"'),
        ({"version": True}, "its version is true"),
        ({"licensee": None}, "no licensee"),
        ({"licensee": {}}, "its licensee is empty"),
        ({"licensee": []}, "its licensee is a list"),
        ({"licensee": {"Name": 7}}, "licensee's Name is 7"),
        ({"issued_at": None}, "no issued_at"),
        ({"issued_at": "26/11/2026"}, "no day written as YYYY-MM-DD"),
        # The trap: GitLab takes each of these for a license without an end.
        ({"expires_at": None}, "a license without an end"),
        ({"expires_at": "soon"}, "a license without an end"),
        ({"expires_at": "2027-02-30"}, "a license without an end"),
        ({"expires_at": ""}, "a license without an end"),
        ({"expires_at": 20270630}, "a license without an end"),
        ({"expires_at": "20270630"}, "no day"),
        ({"expires_at": "2027-06-30T00:00:00Z"}, "no day"),
        ({"expires_at": "2027-W26-3"}, "no day"),
        ({"expires_at": "11/12/2027"}, "no day"),
        ({"expires_at": "2026-11-26"}, "its start is 2026-11-26"),
        ({"expires_at": "2020-01-01"}, "its start is 2026-11-26"),
        ({"block_changes_at": "never"}, "its block_changes_at"),
        ({"cloud_licensing_enabled": "true"}, "neither true nor false"),
        ({"offline_cloud_licensing_enabled": True}, "its cloud_licensing_enabled is not"),
        ({"restrictions": []}, "without a limit"),
        ({"restrictions": "none"}, "without a limit"),
        ({"restrictions": {"plan": "gold"}}, "none of starter, premium, ultimate"),
        ({"restrictions": {"plan": 1}}, "its plan is 1"),
        ({"restrictions": {"active_user_count": "10"}}, 'its active_user_count is "10"'),
        ({"restrictions": {"active_user_count": -1}}, "no number of users"),
        ({"restrictions": {"active_user_count": True}}, "no number of users"),
        ({"restrictions": {"active_user_count": 10**30}}, "no number of users"),
    ],
)
def test_attributes_that_are_missing_or_wrong(changed: dict[str, object], said: str) -> None:
    found = saying(**changed)

    assert found.license is None
    assert any(said in problem for problem in found.problems)
    assert all("\n" not in problem for problem in found.problems)


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(saying(version=3, expires_at=None, restrictions=[], licensee={}).problems) == 4


def test_what_may_be_missing() -> None:
    found = saying(version=None, restrictions=None, block_changes_at=None, cloud_licensing_enabled=None)

    assert found.license
    assert (found.license.plan, found.license.users, found.license.block_changes) == ("starter", None, None)


def test_what_is_not_known_is_left_alone() -> None:
    found = saying(more={"a": [1]}, trial=True)

    assert found.license == LICENSE
    assert found.attributes["more"] == {"a": [1]}


def test_a_license_is_found_however_its_white_space_is() -> None:
    assert opened(GOOD.replace("\n", "")).license == LICENSE
    assert opened(re.sub("(.)", r"\1 ", GOOD)).license == LICENSE
